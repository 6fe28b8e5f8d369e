"""Estimate of the memory that a training takes, from its settings, and what would make it less. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import CHUNK, ModelConfig
from mmrec_engine.settings.presets import smaller_presets
from mmrec_engine.system.memory import USABLE, available_bytes

BYTES_A_WEIGHT = 4
# A batch of validation: fixed, so that the rounding of a loss does not depend on the batch size of training.
TOKENS_AN_EVALUATION = 4096
SHORTEST_WINDOW = 64  # to which windows are shortened, where memory is short


def fits(settings: Settings, vocabulary: int) -> tuple[int, int]:
    """Estimated peak bytes of training steps, without those of importing torch; and available bytes.

    vocabulary: ids, including special ones. The estimate is for AdamW, so an upper bound with Muon. Above `USABLE` of the
    available memory a training should not be tried without asking: if memory runs out, the system kills the process, and no
    error can be handled.
    """
    return step_bytes(settings, settings.model(vocabulary)), available_bytes()


def step_bytes(settings: Settings, config: ModelConfig) -> int:
    """Estimated peak bytes of a training step of a model of these sizes."""
    windows, length, last = settings.windows_at_once, settings.seq_len, settings.train_layers
    averaged = BYTES_A_WEIGHT * config.parameters() if settings.weight_average else 0
    if not settings.gradient_checkpointing:
        return config.training_bytes(windows, length, last) + averaged
    one = replace(config, layers=1)  # one layer's activations at a time, and the input of each
    activations = one.training_bytes(windows, length) - one.training_bytes(0, 0)
    kept = 4 * windows * length * config.width * (last or config.layers)
    return config.training_bytes(0, 0, last) + activations + kept + averaged


def needed_bytes(
    settings: Settings, vocabulary: int, sharded: bool = False, *, config: ModelConfig | None = None
) -> int:
    """Estimated peak bytes of one rank: the larger of a training step and an evaluation batch.

    sharded: the ranks share weights, gradients and optimizer state; each holds one whole layer while it computes it.
    config: other sizes than those of the settings.
    """
    config = config or settings.model(vocabulary)
    length = settings.evaluated_length
    tokens = max(TOKENS_AN_EVALUATION, length)
    reach = min(length, CHUNK) if config.architecture == "mmrec" else length
    layer = 8 * config.width + 2 * config.mlp_width + 2 * config.heads * reach
    evaluation = config.training_bytes(0, 0, settings.train_layers) + 4 * tokens * (3 * config.vocabulary + layer)
    whole = max(step_bytes(settings, config), evaluation)
    if not sharded:
        return whole
    elsewhere = 16 * config.parameters() * (settings.processes - 1) // settings.processes
    return whole - elsewhere + 8 * config.parameters() // config.layers


def fitting_changes(
    settings: Settings, vocabulary: int, free: float, sharded: bool = False
) -> dict[str, dict[str, Any]]:
    """Changes of the settings, by remedy, each of which alone makes the run fit into the free bytes, the nearest first."""

    def first_that_fits(changes: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        for change in changes:
            if needed_bytes(replace(settings, **change), vocabulary, sharded) <= USABLE * free:
                return change
        return None

    stride = settings.stride
    batches = ({"microbatch": size} for size in halvings(settings.windows_at_once, 1))
    lengths = (
        {"seq_len": size, **({} if stride is None else {"stride": min(stride, size)})}
        for size in halvings(settings.seq_len, SHORTEST_WINDOW)
    )
    smaller = ({"config": name} for name in reversed(smaller_presets(settings.config)))
    alone = settings.processes == 1
    trained = settings.train_layers or settings.model(vocabulary).layers
    fewer = ({"train_layers": count} for count in halvings(trained, 1) if settings.init_from is not None and alone)
    recomputing = iter(() if settings.gradient_checkpointing else ({"gradient_checkpointing": True},))
    ways: dict[str, Iterator[dict[str, Any]]] = {
        "smaller-batch": batches,
        "shorter-windows": lengths,
        "gradient-checkpointing": recomputing,
        "fewer-trained-layers": fewer,
        "smaller-config": smaller,
    }
    found = {remedy: first_that_fits(changes) for remedy, changes in ways.items()}
    return {remedy: change for remedy, change in found.items() if change is not None}


def halvings(size: int, least: int) -> Iterator[int]:
    """Half of it, half of that, and so on, as long as it is at least so much."""
    while size // 2 >= least:
        size //= 2
        yield size
