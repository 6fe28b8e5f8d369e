"""How much memory a training takes, estimated from its settings. Loads no torch."""

from __future__ import annotations

from mmrec_engine.settings import Settings
from mmrec_engine.system.memory import available_bytes

BYTES_A_WEIGHT = 4


def fits(settings: Settings, vocabulary: int) -> tuple[int, int]:
    """Bytes that training takes at its peak, estimated, beyond those of importing torch; and bytes available.

    vocabulary: ids, the special ones counted. The estimate is for AdamW without gradient checkpointing, so an upper bound with
    Muon or with it. Above `USABLE` of what is available a training should not be tried without asking: where memory runs
    out, the system ends the process, and nothing can be caught.
    """
    model = settings.model(vocabulary)
    averaged = BYTES_A_WEIGHT * model.parameters() if settings.weight_average else 0
    return model.training_bytes(settings.windows_at_once, settings.seq_len) + averaged, available_bytes()
