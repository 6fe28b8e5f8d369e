"""What the narration merges."""

from __future__ import annotations

import io
from pathlib import Path

from mmrec_engine import events
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRunsReader
from mmrec_tui.cli.narrator import Narrator
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import Narration


def replanned(step: int, before: int, steps: int) -> events.Replanned:
    return events.Replanned(
        step=step, reason="time", changes={"max_steps": steps}, before={"max_steps": before}, planned_steps=steps,
        seconds_left=60.0, seconds_a_step=0.5,
    )  # fmt: skip


def validation(step: int) -> events.Validation:
    return events.Validation(
        step=step, loss=2.0, perplexity=7.4, accuracy=0.5, bits_per_character=2.9, batches=3, best=True,
        patience_used=0, patience=5, epoch=1,
    )  # fmt: skip


def test_new_numbers_of_steps_are_merged_until_the_next_line_and_told_if_they_differ_by_a_tenth() -> None:
    stream, history = io.StringIO(), History()
    narrator = Narrator(Narration(stream), Wording("en"), Path("run"), OtherRunsReader())
    resumed = events.Resumed(step=1, checkpoint="x.pt", planned_steps=247)
    told = [
        resumed, replanned(5, 247, 212), replanned(7, 212, 163), validation(8), replanned(9, 163, 155), validation(10),
        replanned(11, 155, 120), replanned(12, 120, 160), validation(13), replanned(14, 160, 100),
        events.Paused(step=15),
    ]  # fmt: skip
    for event in told:
        history.add(event)
        narrator.tell(event, history)
    lines = [line for line in stream.getvalue().splitlines() if "instead of" in line]
    assert len(lines) == 2, lines
    words = "slower than planned: "
    assert f"{words}163 steps instead of 247" in lines[0] and f"{words}100 steps instead of 163" in lines[1]
