"""Recorded runs: generated, the same on every machine, and written to disk on request."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.finding import finding
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.settings import Settings

BEGAN = 1_750_000_000.0  # seconds since the epoch
PLANNED = 600
EPOCH = 200
_EVERY = 50
_SAMPLE = (
    "Evin önünde küçük bir çeşme vardı, sular gece gündüz akardı.\nThe old mill stood by the river, and nobody went in."
)


def recorded_settings(**chosen: Any) -> dict[str, Any]:
    return {**vars(Settings()), "name": "tiny", **chosen}


def opening(**settings: Any) -> Iterator[events.Event]:
    yield events.State(state="PREPARING", time=BEGAN)
    yield events.RunStarted(
        time=BEGAN + 1, planned_steps=PLANNED, steps_an_epoch=EPOCH, parameters=860_544,
        corpus={"name": "sample", "documents": 48, "train_characters": 180_000, "validation_characters": 20_000},
        settings=recorded_settings(**settings), machine={"device": "cpu", "threads": 2, "precision": "fp32"},
        baselines={"unigram": 3.05, "bigram": 2.45},
    )  # fmt: skip
    yield events.State(state="TRAINING", time=BEGAN + 2)


def a_training(steps: int = 420, overfit_from: int = 300, **settings: Any) -> Iterator[events.Event]:
    """So many steps of a run that learns, and then memorises."""
    yield from opening(**settings)
    best = math.inf
    used = 0
    for step in range(1, steps + 1):
        now = BEGAN + 2 + step / 10
        loss = 1.6 + 2.9 * math.exp(-step / 90) + 0.05 * math.sin(step * 1.7)
        rate = 3e-4 * min(1.0, step / 100) * (1 - 0.5 * step / PLANNED)
        yield events.Step(
            step=step, time=now, loss=loss, learning_rate=rate, grad_norm=0.6 + 0.2 * math.cos(step * 0.9),
            tokens_per_second=18_200 + 300 * math.sin(step), tokens=step * 1024, epoch=1 + (step - 1) // EPOCH,
        )  # fmt: skip
        if step % _EVERY:
            continue
        validation = 1.75 + 2.8 * math.exp(-step / 90) + 0.002 * max(0, step - overfit_from)
        is_best = validation < best
        best, used = min(best, validation), 0 if is_best else used + 1
        yield events.State(state="VALIDATING", step=step, time=now)
        yield events.Validation(
            step=step, time=now + 1, loss=validation, perplexity=math.exp(validation), accuracy=0.6 - validation / 10,
            bits_per_character=validation / math.log(2), training_loss=validation - 0.1, batches=12, best=is_best,
            patience_used=used, patience=5, epoch=1 + (step - 1) // EPOCH,
        )  # fmt: skip
        yield events.Sample(step=step, time=now + 1, prompt="Evin ", text=_SAMPLE)
        if is_best:
            yield events.Checkpoint(step=step, time=now + 1, path="best_model.pt", kind="best")
        yield events.State(state="TRAINING", step=step, time=now + 1)
    if steps > overfit_from + _EVERY:
        yield events.Finding(step=steps, time=BEGAN + 60, finding=OVERFITTING)


OVERFITTING: dict[str, Any] = {
    "id": "overfitting", "item": "validation-below-training", "phase": "during", "status": "warn", "title": "Overfitting",
    "evidence": "validation 2.4 % above its best for 2 evaluations, training still falls", "values": {}, "remedies": [
        {"title": "dropout 0.1 → 0.2"}, {"title": "weight decay 0.1 → 0.2"},
    ],
}  # fmt: skip


def an_ending(
    status: events.Status = "completed", step: int = 420, reason: str = "", **values: Any
) -> list[events.Event]:
    finished = events.RunFinished(step=step, time=BEGAN + 70, status=status, reason=reason, seconds=68.0, values=values)
    return [finished, events.State(step=step, time=BEGAN + 70, state=finished.state_word)]


def record(folder: Path, stream: Iterable[events.Event], *, note: bool = True, **settings: Any) -> Path:
    """A run folder with this record. note: in the list of runs that the app shows."""
    from mmrec_engine.runs.noted_runs import note_run

    folder.mkdir(parents=True, exist_ok=True)
    description = {"settings": {**recorded_settings(**settings), "name": folder.name}, "sources": {}}
    (folder / "run.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "lock").touch()
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(events.to_line(event) + "\n" for event in stream)
    if note:
        note_run(folder)
    return folder


def a_rate_search(steps: int = 100) -> list[Any]:
    """The states of a search for a learning rate that finds one, the last one done."""
    from mmrec_engine.planning.lr_finder import RateSearch, rates_of, smoothed_points

    rates = rates_of(Settings(), steps)
    losses = [
        4.4 - 2 * math.exp(-0.5 * ((math.log10(rate) + 1.7) / 0.6) ** 2) + 0.04 * math.sin(7 * step)
        for step, rate in enumerate(rates)
    ]
    states = []
    for count in range(1, steps + 1):
        points, diverged_at = smoothed_points(rates, losses[:count])
        states.append(RateSearch(Settings().learning_rate, steps, points, diverged_at))
        if diverged_at is not None:
            break
    return [*states[:-1], RateSearch(states[-1].current, steps, states[-1].points, states[-1].diverged_at, done=True)]


def a_batch_search(windows: int = 660, current: tuple[int, int] = (32, 1)) -> list[Any]:
    """The states of a search for a batch size that ends for lack of memory."""
    from mmrec_engine.planning.batch_size_finder import BatchSearch, BatchTrial

    states, tried = [], []
    for number, speed in enumerate((1_000.0, 1_900.0, 2_950.0, 3_000.0, 2_900.0)):
        size = 2**number
        states.append(BatchSearch(windows, current, tuple(tried), size))
        estimated, measured = (96 + 24 * size) * 2**20, (90 + 22 * size) * 2**20
        tried.append(BatchTrial(size, "measured", estimated, measured, 32 * size / speed, speed))
        states.append(BatchSearch(windows, current, tuple(tried)))
    tried.append(BatchTrial(32, "no-memory", 864 * 2**20))
    return [*states, BatchSearch(windows, current, tuple(tried), None, "memory")]


def some_findings_before() -> Iterator[dict[str, Any]]:
    """A part of the checks before training: one passed, one worth a note, one warned, one failed."""
    yield finding("corpus-readable", "before", "pass", {"documents": 54, "skipped": 0})
    damaged = {"unknown": 31, "tokens": 18_000, "share": 31 / 18_000, "vocabulary": 88, "advice": "in-training"}
    yield finding(
        "unknown-characters",
        "before",
        "warn",
        damaged,
        [remedy("larger-vocabulary", vocab_size=200)],
    )
    rates = {"learning_rate": 0.5, "optimizer": "adamw", "highest": 0.03, "variant": "rate-high", "warmup_steps": 100}
    usual = remedy("usual-learning-rate", learning_rate=3e-4)
    yield finding("hyperparameters", "before", "warn", rates | {"planned_steps": 600}, [usual])
    room = {"batch_size": 64, "at_once": 16, "needed_gib": 5.25, "left_gib": 2.5, "variant": "pieces"}
    yield finding("memory-fits", "before", "note", room)
    model = {"loss": 9.5, "expected": 4.48, "vocabulary": 88, "variant": "above"}
    yield finding("initial-loss", "before", "fail", model)


def a_text_as_read() -> Any:
    """What the screen of tokens shows: a text whose tokens have probabilities of every level, and four memories."""
    from mmrec_engine.evaluation.generation import Scored
    from mmrec_engine.evaluation.inspection import Inspection, Memory
    from mmrec_engine.tokenizer import CharacterTokenizer
    from mmrec_tui.app.screens.tokens import Looked

    text = "Why can't I wash a greasy pan with plain water?\n\nBecause water keeps to its own company. " * 12
    tokenizer = CharacterTokenizer("".join(sorted(set(text))))
    likeliest = ((0, math.log(0.6)), (1, math.log(0.2)), (2, math.log(0.1)))
    tokens = [Scored(0, text[0])]
    tokens += [Scored(0, one, -0.1 - 5.9 * ((7 * n) % 23) / 22, likeliest) for n, one in enumerate(text[1:], 1)]
    norms = [tuple(2.0**head * (1 - math.exp(-n / (1 + head))) for n in range(48)) for head in range(4)]
    constants = ((2.0, 1.95), (12.7, 1.76), (80.6, 1.75), (512.0, 1.69))
    memories = tuple(Memory(constant, loss, norms[n]) for n, (constant, loss) in enumerate(constants))
    trained: Any = SimpleNamespace(tokenizer=tokenizer)
    return Looked(Inspection(tuple(tokens), 1.7, 2.45, memories, tuple(range(48)), 16_000), trained)
