"""How fast this machine trains a config, and which share of its peak that is.

the fastest matrix product ─► real steps (throughput) ─► tokens a second, share of the peak, memory, time of an epoch
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from mmrec_engine.planning.batch_size_finder import BatchTrial, TrialMemory, try_batch
from mmrec_engine.planning.machine_speed import fastest_product
from mmrec_engine.settings import Settings
from mmrec_engine.system.memory import give_back_freed
from mmrec_engine.training.device import Machine
from mmrec_engine.training.state import model_config

_SECONDS_OF_THE_PEAK = 0.5
_LONGEST = 600.0  # seconds; a config that takes longer is not measured


@dataclass(frozen=True)
class ConfigSpeed:
    """One config. trial: its measured steps, or why there are none. flops_a_token: of the model (`training_flops`).

    share: of the fastest matrix product in this process, None if nothing was measured; peak: that product's
    operations a second.
    """

    config: str
    parameters: int
    flops_a_token: int
    peak: float
    trial: BatchTrial

    @property
    def share(self) -> float | None:
        speed = self.trial.tokens_per_second
        return None if speed is None else speed * self.flops_a_token / self.peak

    def seconds_an_epoch(self, windows: int, windows_a_step: int) -> float | None:
        """For a text of so many training windows, without validations."""
        step = self.trial.seconds_a_step
        return None if step is None else step * -(-windows // windows_a_step)


def measure_config(settings: Settings, vocabulary: int, machine: Machine, *, seconds: float) -> ConfigSpeed:
    """Steps of this config for about `seconds`, on the machine as `resolve_machine` has set it.

    vocabulary: ids, including special ones.
    """
    give_back_freed()  # otherwise memory freed by another config would not be counted
    model = model_config(settings, vocabulary)
    peak = fastest_product(machine, _SECONDS_OF_THE_PEAK)
    deadline = time.monotonic() + _LONGEST
    trial = try_batch(settings, vocabulary, TrialMemory(machine), seconds, deadline, stop=lambda: False)
    assert trial is not None  # there are no stop requests
    peak = max(peak, fastest_product(machine, _SECONDS_OF_THE_PEAK))  # the load may have changed since
    return ConfigSpeed(settings.config, model.parameters(), model.training_flops(settings.seq_len), peak, trial)
