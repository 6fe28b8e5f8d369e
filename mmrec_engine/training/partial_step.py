"""A part of a training step, for its time: on a CPU, a whole step of a large model takes minutes.

The passes of a step take time in proportion to its operations; the update of the weights takes the same for any batch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig

_MOST_OPERATIONS = 2e11  # of a step that is tried on a CPU: some five seconds on two cores
_FORWARD_SHARE = 1 / 3  # of a step's operations
_SHORTEST = 64  # tokens; shorter windows do not occupy the cores


@dataclass(frozen=True)
class PartialStep:
    """settings: of the steps that are tried. times: operations of a whole step relative to one of these."""

    settings: Settings
    times: float

    def seconds(self, step: float, update: float) -> float:
        """Of a whole step, from those of one that was tried and of its update."""
        return step if self.times == 1.0 else max(0.0, step - update) * self.times + update


def partial_step(settings: Settings, config: ModelConfig, device: str) -> PartialStep:
    """The largest part of a step that is quick on the device: fewer windows, or one that is shorter.

    device: its type. On a GPU, and for a model that is not large, it is a whole step.
    """
    length, windows = settings.seq_len, settings.windows_a_step
    operations = windows * length * config.training_flops(length)
    if device != "cpu" or operations <= _MOST_OPERATIONS:
        return PartialStep(settings, 1.0)
    windows = quick_windows(config, length, windows)
    while length > _SHORTEST and length * config.training_flops(length) > _MOST_OPERATIONS:
        length = max(_SHORTEST, length // 2)
    tried = replace(
        settings, batch_size=windows, accumulate=1, microbatch=None, processes=1, seq_len=length, stride=None
    )
    return PartialStep(tried, operations / (windows * length * config.training_flops(length)))


def quick_windows(config: ModelConfig, length: int, most: int, *, forward: bool = False) -> int:
    """How many windows of this length, one at least, a CPU trains on quickly. forward: for the forward pass alone."""
    each = length * config.training_flops(length) * (_FORWARD_SHARE if forward else 1.0)
    return max(1, min(most, int(_MOST_OPERATIONS // each)))
