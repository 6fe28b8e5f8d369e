"""The results of compared runs, in comparable units."""

from __future__ import annotations

from mmrec_tui.app.screens.compare import results_of
from mmrec_tui.locales import Wording
from tests.app.recorded import a_training
from tests.app.test_plotting import history_of


def test_runs_are_compared_by_bits_per_character_too() -> None:
    """Losses of different tokenizers cannot be compared."""
    history = history_of(*a_training(300))
    assert history.best is not None
    told = dict(results_of([history], Wording("en")))
    assert told["bits per character"] == [f"{history.best.bits_per_character:.3f}"]
