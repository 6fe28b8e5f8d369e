"""What the screens tell of a run on several corpora."""

from __future__ import annotations

from mmrec_engine import events
from mmrec_engine.history import History
from mmrec_tui.screens.report import numbers_text
from mmrec_tui.text import Wording
from mmrec_tui.widgets.panels import log_line, patience_text

SAY = Wording("en")


def validation(parts: dict[str, float] | None) -> events.Validation:
    return events.Validation(
        step=5, loss=2.0, perplexity=7.4, accuracy=0.5, bits_per_character=2.9, batches=3, best=True, patience_used=0,
        patience=5, epoch=1, parts=parts,
    )  # fmt: skip


def test_the_loss_of_each_corpus_stands_where_validation_is_told() -> None:
    history = History()
    history.add(validation({"en": 1.5, "tr\x1b": 2.5}))
    assert " · en 1.500 · tr\\x1b 2.500" in str(patience_text(history, SAY))
    assert log_line(validation({"en": 1.5}), SAY).endswith("new best ★ · en 1.5000")
    lines = str(numbers_text(history, SAY)).splitlines()
    assert any(line.split() == ["en", "1.5000"] for line in lines), lines


def test_of_one_corpus_nothing_more_is_told() -> None:
    history = History()
    history.add(validation(None))
    assert log_line(validation(None), SAY).endswith("new best ★")
    assert str(patience_text(history, SAY)).endswith("step 5")
