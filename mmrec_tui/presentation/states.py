"""The state words of a run: which of them are final, and their colours. Small, because the first screen uses it."""

from __future__ import annotations

ENDED = ("FINISHED", "STOPPED", "FAILED")
OVER = (*ENDED, "DIED")  # no step, and no validation, comes any more
STATE_STYLES = {
    "TRAINING": "bold $success", "FINISHED": "bold $success", "PAUSED": "bold $warning", "STOPPED": "bold $warning",
    "FAILED": "bold $error", "DIED": "bold $error",
}  # fmt: skip
