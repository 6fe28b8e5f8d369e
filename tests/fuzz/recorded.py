"""Records with everything that a record can contain: steps and validations of a run, and every finding."""

from __future__ import annotations

import string
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.remedies import remedies_for
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.locales.guide.findings import texts
from mmrec_engine.settings import Settings

STEPS = 130
_SETTINGS = {**Settings().as_dict(), "warmup_steps": 5, "learning_rate": 0.01}
_CORPUS = {
    "name": "prose.txt", "fingerprint": "0", "documents": 2, "train_characters": 9000, "validation_characters": 1000,
    "vocabulary": 60, "repaired_words": 1, "train_windows": 30, "validation_windows": 4,
}  # fmt: skip


def findings() -> list[dict[str, Any]]:
    """Every finding in each of its wordings."""
    found = []
    for number, (id, text) in enumerate(texts().items()):
        for variant, words in text.evidence.items():
            names = {
                name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(words["en"]) if name
            }
            values = {"variant": variant, **dict.fromkeys(names, 2)}
            status = variant if variant in ("pass", "note", "warn", "fail") else ("warn", "fail", "note")[number % 3]
            item, phase = CHECKS[id].item, CHECKS[id].phase
            remedies = remedies_for(id, _SETTINGS, variant)
            found.append({
                "id": id, "phase": phase, "item": item, "status": status, "values": values, "threshold": {"above": 0.1},
                "title": "t", "evidence": "e", "remedies": [dict(one) for one in remedies],
            })  # fmt: skip
    skipped = {"file": "a.txt", "reason": "undecodable", "hint": "cp857"}
    found.append({**found[0], "id": "file-skipped", "status": "note", "values": skipped})
    found.append({**found[0], "status": "skipped", "values": {"reason": "too-short"}})
    found.append({**found[0], "status": "error", "values": {"reason": "x"}})
    return found


def _told(number: int) -> dict[str, Any]:
    """Step and time of an event."""
    return {"step": number, "time": 1e9 + number}


def run(found: list[dict[str, Any]]) -> list[events.Event]:
    told: list[events.Event] = [
        events.State(**_told(0), state="PREPARING"),
        events.Progress(**_told(0), task="reading", done=1, total=2),
        events.RunStarted(
            **_told(0), planned_steps=STEPS, steps_an_epoch=8, parameters=1000, corpus=_CORPUS, settings=_SETTINGS,
            machine={"device": "cpu", "threads": 1, "precision": "fp32"}, baselines={"unigram": 3.0, "bigram": 2.4},
            origin={"run": "/x", "changes": {"dropout": [0.1, 0.2]}},
        ),
    ]  # fmt: skip
    told += [events.Check(**_told(0), finding=finding) for finding in found if finding["phase"] == "before"]
    told.append(events.State(**_told(0), state="TRAINING"))
    for step in range(1, STEPS + 1):
        ratio = 1e-3 if step % 50 == 0 else None
        told.append(events.Step(
            **_told(step), loss=4.0 - step / 100, learning_rate=0.01, grad_norm=0.8, tokens_per_second=900.0,
            tokens=1024 * step, epoch=1 + step // 8, update_ratio=ratio,
        ))  # fmt: skip
        if step % 20 == 0:
            told += _evaluated(step)
    told += [
        events.SettingsChanged(
            **_told(50), changes={"microbatch": 2}, reason="out-of-memory", before={"microbatch": 4}
        ),
        events.SettingsChanged(
            **_told(51), changes={"dropout": 0.2}, reason="remedy more-dropout", before={"dropout": 0.1}
        ),
        events.Control(**_told(52), id="1", command="pause", accepted=True, refused=None),
        events.Paused(**_told(52)),
        events.Resumed(**_told(52)),
        events.Unwritten(**_told(53), path="events.jsonl", reason="No space left", saved_step=40),
        events.Resumed(
            **_told(40), checkpoint="checkpoint_step_40.pt", planned_steps=STEPS, skipped=("best_model.pt",)
        ),
    ]
    told += [events.Finding(**_told(STEPS), finding=finding) for finding in found if finding["phase"] != "before"]
    failed = {"error": "training-non-finite", "what": "loss", "value": "nan", "step": 9, "module": "head", "rate": 0.1}
    starved = {"error": "training-no-memory", "batch_size": 4, "seq_len": 16}
    ended = (
        ("failed", failed),
        ("failed", starved),
        ("interrupted", {"by": "SIGINT"}),
        ("completed", {"steps": STEPS}),
    )
    told += [
        events.RunFinished(**_told(STEPS), status=status, reason="r", seconds=9.5, values=values)  # type: ignore[arg-type]
        for status, values in ended
    ]
    return [*told, events.State(**_told(STEPS), state="FINISHED")]


def _evaluated(step: int) -> list[events.Event]:
    loss = 3.9 - step / 100
    return [
        events.State(**_told(step), state="VALIDATING"),
        events.Progress(**_told(step), task="evaluation", done=1, total=4),
        events.Validation(
            **_told(step), loss=loss, perplexity=20.0, accuracy=0.2, bits_per_character=loss / 0.7, training_loss=loss,
            batches=4, best=True, patience_used=0, patience=5, epoch=1,
        ),
        events.Sample(**_told(step), prompt="The ", text="same"),
        events.Checkpoint(**_told(step), path="best_model.pt", kind="best"),
        events.State(**_told(step), state="TRAINING"),
    ]  # fmt: skip


def _lines(found: list[dict[str, Any]]) -> list[bytes]:
    return [events.to_line(event).encode() for event in run(found)]


LINES = _lines(findings())
RECORD = _lines(list({finding["id"]: finding for finding in findings()}.values()))  # each in one wording
