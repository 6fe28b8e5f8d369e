"""How much memory a training takes, estimated from its settings. Loads no torch."""

from __future__ import annotations

from dataclasses import replace

from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import CHUNK
from mmrec_engine.system.memory import available_bytes

BYTES_A_WEIGHT = 4
# A batch of validation: fixed, so that the rounding of a loss does not depend on the batch size of training.
TOKENS_AN_EVALUATION = 4096


def fits(settings: Settings, vocabulary: int) -> tuple[int, int]:
    """Bytes that training takes at its peak, estimated, beyond those of importing torch; and bytes available.

    vocabulary: ids, the special ones counted. The estimate is for AdamW without gradient checkpointing, so an upper bound with
    Muon or with it. Above `USABLE` of what is available a training should not be tried without asking: where memory runs
    out, the system ends the process, and nothing can be caught.
    """
    model = settings.model(vocabulary)
    averaged = BYTES_A_WEIGHT * model.parameters() if settings.weight_average else 0
    return model.training_bytes(settings.windows_at_once, settings.seq_len) + averaged, available_bytes()


def needed_bytes(settings: Settings, vocabulary: int, sharded: bool = False) -> int:
    """Estimated bytes of the peak of one of the run's processes: the larger of a training step and an evaluation batch.

    sharded: the processes share weights, gradients and moments; of one layer each has all while it computes.
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
