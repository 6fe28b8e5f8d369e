"""Estimate of the memory that a training takes, from its settings. Loads no torch."""

from __future__ import annotations

from dataclasses import replace

from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import CHUNK
from mmrec_engine.system.memory import available_bytes

BYTES_A_WEIGHT = 4
# A batch of validation: fixed, so that the rounding of a loss does not depend on the batch size of training.
TOKENS_AN_EVALUATION = 4096


def fits(settings: Settings, vocabulary: int) -> tuple[int, int]:
    """Estimated peak bytes of a training, without those of importing torch; and available bytes.

    vocabulary: ids, including special ones. The estimate is for AdamW without gradient checkpointing, so an upper bound with
    Muon or with it. Above `USABLE` of the available memory a training should not be tried without asking: if memory runs
    out, the system kills the process, and no error can be handled.
    """
    model = settings.model(vocabulary)
    averaged = BYTES_A_WEIGHT * model.parameters() if settings.weight_average else 0
    return model.training_bytes(settings.windows_at_once, settings.seq_len) + averaged, available_bytes()


def needed_bytes(settings: Settings, vocabulary: int, sharded: bool = False) -> int:
    """Estimated peak bytes of one rank: the larger of a training step and an evaluation batch.

    sharded: the ranks share weights, gradients and optimizer state; each holds one whole layer while it computes it.
    """
    config = settings.model(vocabulary)
    training, _ = fits(settings, vocabulary)
    if settings.gradient_checkpointing:  # one layer's activations at a time, and the input of each
        one = replace(config, layers=1)
        kept = 4 * settings.windows_at_once * settings.seq_len * config.width * config.layers
        training = one.training_bytes(settings.windows_at_once, settings.seq_len) + kept
        training += 16 * (config.parameters() - one.parameters())
    tokens = max(TOKENS_AN_EVALUATION, settings.seq_len)
    reach = min(settings.seq_len, CHUNK) if settings.arch == "mmrec" else settings.seq_len
    layer = 8 * config.width + 2 * config.mlp_width + 2 * config.heads * reach
    whole = max(training, config.training_bytes(0, 0) + 4 * tokens * (3 * vocabulary + layer))
    if not sharded:
        return whole
    elsewhere = 16 * config.parameters() * (settings.processes - 1) // settings.processes
    return whole - elsewhere + 8 * config.parameters() // config.layers
