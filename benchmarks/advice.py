"""Whether the advice is good: runs on which remedies are offered, with each remedy, and with none, as a table.

    python -m benchmarks.advice --texts FOLDER [--results advice.jsonl] [--only WORD] [--part 1/2] [--unseen] [--seed N]
    python -m benchmarks.advice --results advice.jsonl --write

Every file of FOLDER is a text. Each run is trained once as it is. Every remedy that its checks offer is then applied as the app
does: before training, in the running training, or in a follow-up run. All runs that are compared have the same compute:
training operations after the moment of the offer. A remedy is better if the best validation loss that follows, in bits per
character, is lower than without it:

- offered before training, or in the running training: than in the same run without the change;
- offered after training: than in the same run, extended by as much compute as the follow-up run has. `longer-run` is that
  extension, and is compared with the run as it ended.

The seed, the threads and the number of steps are fixed, so the results do not depend on the load of the machine. Lines that
are in the results already are not measured again. --write: replaces the section of docs/diagnosis.md. --unseen: other faults
than those on which the conditions of the remedies were chosen; for texts that were not among them either.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmrec_engine import events, train
from mmrec_engine.errors import MmrecError
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.run.follow_up import Offer, follow, offers
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.training.control import Control

DOCUMENT = Path(__file__).parents[1] / "docs" / "diagnosis.md"
HEADING = "## Remedies"
STEPS = 300
CHARACTERS = 150_000  # of a text, at most: more would only make the evaluations longer
USUAL: dict[str, Any] = {
    "config": "tiny", "seq_len": 64, "batch_size": 8, "threads": 1, "precision": "fp32", "max_steps": STEPS, "epochs": 10_000,
    "eval_every": 30, "warmup_steps": 30, "checkpoint_every": 10_000, "val_split": 0.1,
}  # fmt: skip
# Remedies that do not aim at a lower loss: what they are for, and why they are not compared here.
OTHER_AIMS = {
    "smaller-batch": "the same steps in less memory",
    "gradient-checkpointing": "the same steps in less memory",
    "shorter-windows": "less memory",
    "evaluate-sooner": "an earlier first evaluation",
    "less-patience": "less time",
    "reachable-patience": "early stopping that can take effect",
    "reachable-plateau": "a schedule that can take effect",
    "name-encoding": "reads files that are left out",
    "skip-invalid-bytes": "reads files that are left out",
}
_WORST = 99.0  # bits per character of a run that ended without an evaluation


@dataclass(frozen=True)
class Case:
    """A run on which something may be offered. smaller: only the first so many characters of the text."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    smaller: int = CHARACTERS


_SMALL = {"dropout": 0.0, "max_steps": 500}
CASES = (
    Case("guide", {"recipe": "guide"}),
    Case("fast", {"recipe": "fast"}),
    Case("fast, 100 steps", {"recipe": "fast", "max_steps": 100}),
    Case("rate 1e-5", {"recipe": "guide", "learning_rate": 1e-5}),
    Case("rate 5e-5", {"recipe": "guide", "learning_rate": 5e-5}),
    Case("rate 0.03", {"recipe": "guide", "learning_rate": 0.03}),
    Case("rate 0.1", {"recipe": "guide", "learning_rate": 0.1}),
    Case("rate 0.1, no clipping", {"recipe": "guide", "learning_rate": 0.1, "grad_clip": 0.0}),
    Case("Muon, rate 0.3", {"recipe": "fast", "learning_rate": 0.3}),
    Case("Muon, rate 0.001", {"recipe": "fast", "learning_rate": 0.001}),
    Case("no clipping", {"recipe": "fast", "grad_clip": 0.0}),
    Case("no clipping, AdamW", {"recipe": "guide", "learning_rate": 0.01, "grad_clip": 0.0}),
    Case("warmup of 200", {"recipe": "fast", "warmup_steps": 200}),
    Case("dropout 0.7", {"recipe": "fast", "dropout": 0.7}),
    Case("weight decay 3", {"recipe": "guide", "learning_rate": 0.01, "weight_decay": 3.0}),
    Case("12,000 characters", {**_SMALL, "recipe": "fast"}, smaller=12_000),
    Case("12,000 characters, AdamW", {**_SMALL, "recipe": "guide", "learning_rate": 0.01}, smaller=12_000),
)  # fmt: skip
UNSEEN = (
    Case("guide, batch of 16", {"recipe": "guide", "batch_size": 16, "max_steps": 200}),
    Case("fast, windows of 128", {"recipe": "fast", "seq_len": 128, "batch_size": 4}),
    Case("fast, cosine", {"recipe": "fast", "schedule": "cosine"}),
    Case("rate 2e-5", {"recipe": "guide", "learning_rate": 2e-5}),
    Case("rate 0.05", {"recipe": "guide", "learning_rate": 0.05}),
    Case("rate 0.2", {"recipe": "guide", "learning_rate": 0.2}),
    Case("Muon, rate 0.5", {"recipe": "fast", "learning_rate": 0.5}),
    Case("Muon, rate 0.15", {"recipe": "fast", "learning_rate": 0.15}),
    Case("Muon, rate 0.002", {"recipe": "fast", "learning_rate": 0.002}),
    Case("clipping at 0.05", {"recipe": "fast", "grad_clip": 0.05}),
    Case("warmup of 150", {"recipe": "guide", "learning_rate": 0.01, "warmup_steps": 150}),
    Case("dropout 0.55", {"recipe": "guide", "learning_rate": 0.01, "dropout": 0.55}),
    Case("weight decay 2", {"recipe": "guide", "learning_rate": 0.01, "weight_decay": 2.0}),
    Case("Muon, weight decay 1.5", {"recipe": "fast", "weight_decay": 1.5}),
    Case("20,000 characters", {**_SMALL, "recipe": "fast", "max_steps": 700}, smaller=20_000),
    Case("20,000 characters, AdamW", {**_SMALL, "recipe": "guide", "learning_rate": 0.005}, smaller=20_000),
    Case("llama, guide", {"recipe": "guide", "arch": "llama"}),
)  # fmt: skip


@dataclass(frozen=True)
class Offered:
    """A remedy, when it was offered (`before`, `during`, `after`), and at which step."""

    offer: Offer
    phase: str
    step: int


@dataclass(frozen=True)
class Trained:
    """bits: the lowest of the evaluations, per character; after: the lowest of those after the change of settings."""

    bits: float
    after: float
    history: History


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, metavar="FOLDER")
    parser.add_argument("--results", type=Path, default=Path("advice.jsonl"))
    parser.add_argument("--only", default="", metavar="WORD", help="cases or texts with this word in their name")
    parser.add_argument("--part", default="1/1", help="the first of two parts is 1/2: for several processes at once")
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--seed", type=int, default=1337)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = read(given.results)
    if given.texts is not None:
        known = {(row["text"], row["case"], row.get("seed", 1337)) for row in rows}
        number, parts = map(int, given.part.split("/"))
        cases = UNSEEN if given.unseen else CASES
        pairs = [(text, case) for case in cases for text in sorted(given.texts.iterdir()) if text.is_file()]
        for text, case in pairs[number - 1 :: parts]:
            if (text.stem, case.name, given.seed) not in known and given.only in f"{text.stem} {case.name}":
                for row in rows_of(text, case, given.seed):
                    with given.results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
                    print(json.dumps(row), file=sys.stderr, flush=True)
        rows = read(given.results)
    table = report(rows)
    if given.write:
        DOCUMENT.write_text(with_section(DOCUMENT.read_text(encoding="utf-8"), table), encoding="utf-8")
    else:
        print(table)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def rows_of(text: Path, case: Case, seed: int) -> Iterator[dict[str, Any]]:
    """The run of a case, then one row for each remedy that was offered; one row without a remedy if none was."""
    with tempfile.TemporaryDirectory(prefix="mmrec-advice-") as place:
        source = Path(place) / "text.txt"
        source.write_text(text.read_text(encoding="utf-8")[: case.smaller], encoding="utf-8")
        chosen = {**USUAL, **case.settings, "data_dir": str(source), "output_dir": place, "name": "run", "seed": seed}
        offered: dict[tuple[str, str], Offered] = {}
        base = trained(resolve(chosen).settings, RunChecks(), each=lambda *seen: collect(offered, *seen))
        steps = int(chosen["max_steps"])
        going_on: float | None = None
        head = {"text": text.stem, "case": case.name, "seed": seed, "without": round(base.bits, 4)}
        if base.history.last_step is None:
            print(
                f"not trained, and left out: {text.stem}, {case.name}", file=sys.stderr
            )  # the checks refuse such a text
            return
        compared = [one for one in offered.values() if one.offer.id not in OTHER_AIMS]
        if not compared:
            yield {**head, "remedy": None}
        for number, one in enumerate(compared):
            offer, name = one.offer, f"remedy-{number}"
            if one.phase == "before":
                settings = {**chosen, **offer.changes, "name": name}
                settings["max_steps"] = affordable(steps, chosen, settings)
                found, other = trained(resolve(settings).settings).bits, base.bits
            elif one.phase == "during":
                changed = resolve({**chosen, "name": name}).settings
                found = trained(changed, change=one).after
                other = best_after(base.history, one.step)
                if other == _WORST and base.history.finished is not None:
                    continue  # it was offered at the end: nothing of the run without it is left to compare
            else:
                resolved, _ = follow(Path(place) / "run", offer=offer, by_hand={"name": name})
                settings = resolved.settings.as_dict()
                if offer.id != "longer-run":
                    settings["max_steps"] = affordable(steps, chosen, settings)
                found = trained(resolve(settings).settings).bits
                if offer.id == "longer-run":
                    other = base.bits
                else:
                    going_on = extended(Path(place) / "run", chosen, base) if going_on is None else going_on
                    other = going_on
            yield {
                **head, "remedy": offer.id, "finding": offer.finding["id"], "status": offer.finding["status"],
                "phase": one.phase, "step": one.step, "way": offer.way, "changes": offer.changes,
                "with": round(found, 4), "without": round(other, 4),
            }  # fmt: skip


def collect(offered: dict[tuple[str, str], Offered], event: events.Event, history: History) -> None:
    """Keep the first offer of each remedy with the same changes, as the screen would show it at this event."""
    settings = {**history.settings, "planned_steps": history.planned_steps}
    found: Iterable[Offer] = ()
    phase = "after"
    if isinstance(event, events.Check) and event.finding.get("phase") == "before":
        phase, found = "before", offers([event.finding], settings)
    elif isinstance(event, events.Finding):
        warm = history.warmup_has_ended(event.step)
        found = offers([event.finding], settings, live=True, warmup_ended=warm)
        phase, found = "during", [one for one in found if one.way == "now"]
    elif isinstance(event, events.RunFinished):
        found = offers([one for one in history.findings if one.get("phase") != "before"], settings)
    elif isinstance(event, events.Check):
        found = offers([event.finding], settings)
    for one in found:
        changes = {name: value for name, value in one.changes.items() if name not in ("max_steps", "epochs")}
        key = (one.id, json.dumps(changes, sort_keys=True) + phase)
        offered.setdefault(key, Offered(one, phase, event.step))


def trained(
    settings: Settings,
    checks: RunChecks | None = None,
    *,
    resume: bool = False,
    change: Offered | None = None,
    each: Callable[[events.Event, History], None] = lambda event, history: None,
) -> Trained:
    """Train, and ask for `change` when its finding appears."""
    history, control, best, after, asked = History(), Control(), _WORST, _WORST, False
    try:
        for event in train(settings, control, run_checks=checks, resume=resume):
            history.add(event)
            each(event, history)
            if change is not None and isinstance(event, events.Finding) and event.step == change.step and not asked:
                asked = event.finding["id"] == change.offer.finding["id"]
                if asked:
                    control.ask("change", "remedy", change.offer.changes)
            if isinstance(event, events.Validation) and not event.sampled:
                bits = event.bits_per_character if math.isfinite(event.bits_per_character) else _WORST
                best = min(best, bits)
                after = min(after, bits) if asked else after
    except MmrecError as error:
        if not history.log:
            raise
        print(f"ended: {error}", file=sys.stderr)
    return Trained(best, after, history)


def best_after(history: History, step: int) -> float:
    """The lowest bits per character of the evaluations after a step."""
    return min((one.bits_per_character for (at, _, _), one in history.validations if at > step), default=_WORST)


def extended(folder: Path, chosen: Mapping[str, Any], base: Trained) -> float:
    """The same run with twice the steps. One that was stopped early, or failed, is as it ended."""
    if base.history.finished is None or base.history.finished.status != "completed":
        return base.bits
    settings = replace(resolve(dict(chosen)).settings, max_steps=2 * int(chosen["max_steps"]))
    return min(base.bits, trained(settings, resume=True).bits)


def affordable(steps: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """The number of steps with other settings that need as many training operations."""
    return max(1, round(steps * operations(before) / operations(after)))


def operations(given: Mapping[str, Any]) -> float:
    """Training operations of a step; the vocabulary, which is small here, is left out."""
    settings = resolve({name: value for name, value in given.items() if name != "name"}).settings
    flops = settings.model(100).training_flops(settings.seq_len)
    return float(flops * settings.seq_len * settings.batch_size * settings.accumulate)


def report(rows: list[dict[str, Any]]) -> str:
    """The section of the document."""
    compared = [row for row in rows if row["remedy"] is not None]
    runs = {(row["text"], row["case"]) for row in rows}
    offering = {(row["text"], row["case"]) for row in compared}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in compared:
        groups.setdefault((row["remedy"], row["phase"]), []).append(row)
    better = sum(row["with"] < row["without"] for row in compared)
    texts = len({text for text, _ in runs})
    share = f" ({better / len(compared):.0%})" if compared else ""
    lines = [
        HEADING,
        "",
        f"Made by `python -m benchmarks.advice` (`make advice TEXTS=…`): {len(runs)} runs on {texts} texts; remedies were",
        f"offered on {len(offering)} of them. Each was applied and compared with the same run without it, after the same",
        f"compute: better in {better} of {len(compared)} cases{share}. The gain is in bits per character.",
        "",
        "| remedy | offered | for | cases | better | gain, median | worst |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
        *(_row(*key, group) for key, group in sorted(groups.items())),
        "",
        "Not compared, because they do not aim at a lower loss: "
        + "; ".join(f"`{name}` ({aim})" for name, aim in OTHER_AIMS.items())
        + ".",
        "",
    ]
    return "\n".join(lines)


def _row(remedy: str, phase: str, group: list[dict[str, Any]]) -> str:
    gains = [row["without"] - row["with"] for row in group]
    better = sum(gain > 0 for gain in gains)
    findings = ", ".join(sorted({row["finding"] for row in group}))
    return (
        f"| `{remedy}` | {phase} | {findings} | {len(group)} | {better} ({better / len(group):.0%}) "
        f"| {statistics.median(gains):+.3f} | {min(gains):+.3f} |"
    )


def with_section(document: str, section: str) -> str:
    """The document with its section of remedies replaced, or added at the end."""
    head, _, rest = document.partition(HEADING)
    following = rest.find("\n## ")
    tail = rest[following + 1 :] if following >= 0 else ""
    return f"{head.rstrip()}\n\n{section}" + (f"\n{tail}" if tail else "")


if __name__ == "__main__":
    main()
