"""The narration of a run in lines, in the form of the guide's log. A function of the run's events; trains nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.checks.agreement import in_agreement
from mmrec_engine.checks.report import newest
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.data.sources.hub_source import is_hub
from mmrec_engine.locales.guide.remedies import figures
from mmrec_engine.locales.verdicts import verdict_lines
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRunsReader
from mmrec_engine.system.shell import command_line
from mmrec_engine.training.plan import Plan
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import advice_of, evidence_of, raised_rate, remedy_of, title_of
from mmrec_tui.presentation.planned import choice_lines, limit_line, replanned_values
from mmrec_tui.presentation.reading import reading_lines
from mmrec_tui.terminal import Narration, one_line, printable

_BAR_WIDTH = 20  # at most
_BAR_SECONDS = 0.1
_FEWEST_CHECKS = 5  # fewer are no checklist, only skipped files
_ALWAYS = ("beats-baselines", "further-training")  # findings that are shown if they pass too
_HARDLY = 0.1  # of the planned steps; a change of less is not told
_LINE_SECONDS = 30.0  # how often progress is printed without a terminal


class Narrator:
    """Prints each event; `history` holds the run so far, including the event. others: the other runs on the run's text."""

    def __init__(self, narration: Narration, wording: Wording, folder: Path, others: OtherRunsReader) -> None:
        self._out, self._text, self._folder, self._others = narration, wording, folder, others
        self._plan: Plan | None = None
        self._epochs = 1
        self._epoch_began = self._printed = time.monotonic()
        self._epoch = 0
        self._replanned_to: events.Replanned | None = None  # the newest one that is not told yet
        self._told_steps = 0  # planned, as told last

    def tell(self, event: events.Event, history: History) -> None:
        if not isinstance(event, events.Step | events.Progress | events.State | events.Replanned | events.Checkpoint):
            self._tell_replanned()
        if isinstance(event, events.RunStarted | events.Resumed):
            self._told_steps = event.planned_steps or 0
        match event:
            case events.Progress():
                self._progress(event)
            case events.Check():
                self._check(event.finding)
            case events.Finding():
                self._finding(in_agreement(event.finding, history.findings))
            case events.RunStarted():
                self._run_started(event, history)
            case events.Planned():
                self._planned(event)
            case events.Replanned():
                self._replanned(event)
            case events.SettingsChanged() if event.reason not in ("resume", "out-of-memory"):
                self._told_steps = event.planned_steps or self._told_steps
                self._out.line(self._text("changed", title=figures(event.before, event.changes, self._text.language)))
            case events.Resumed():
                self._resumed(event, history)
            case events.Waiting():
                numbers = ", ".join(map(str, event.missing)) or "?"
                values = {"missing": numbers, "count": event.processes, "place": event.place}
                self._out.line(self._text("waiting-for", **values))
            case events.Logger() if event.place:
                self._out.line(self._text("logger-opened", name=one_line(event.name), place=one_line(event.place)))
            case events.Paused():
                self._out.line(self._text("paused"))
            case events.Step():
                self._step(event, history)
            case events.Validation(sampled=True):
                self._sampled(event, history)
            case events.Validation():
                self._validation(event, history)
            case events.Checkpoint() if event.kind != "step":
                self._out.line(self._text(f"{event.kind}-saved", path=self._folder / event.path))
            case events.RunFinished():
                self._finished(event, history)

    def _take_plan(self, event: events.RunStarted) -> None:
        """For a resumed run it is from its record, which may contain anything."""
        sizes = [event.settings.get("batch_size"), event.settings.get("accumulate"), event.corpus.get("train_windows")]
        counts = [count for count in sizes if isinstance(count, int) and count > 0]
        if len(counts) == len(sizes):
            self._set_plan(Plan(event.planned_steps, counts[2], counts[0] * counts[1]))

    def _set_plan(self, plan: Plan) -> None:
        self._plan, self._epochs = plan, plan.epoch_of(plan.planned_steps)

    def _run_started(self, event: events.RunStarted, history: History) -> None:
        self._take_plan(event)
        say, number, corpus, settings = self._text, self._text.number, event.corpus, event.settings
        if settings["data_dir"]:
            self._out.line(say("corpus.path", name=corpus["name"], documents=number(corpus["documents"])))
        elif corpus["name"] == "sample":
            self._out.line(say("corpus.sample"))
        elif is_hub(settings["corpus"]):
            self._out.line(say("corpus.hub", name=one_line(corpus["name"]), documents=number(corpus["documents"])))
        else:
            self._out.line(say("corpus.builtin", name=corpus["name"]))
        for line in reading_lines(corpus, say):
            self._out.line(line)
        for part in corpus.get("parts", ()):
            values = {"share": say.percent(part["share"]), "characters": number(part["train_characters"])}
            self._out.line(say("corpus.part", name=part["name"], **values))
        if settings.get("max_corpus_bytes"):
            self._out.line(say("corpus.limited", size=say.memory(settings["max_corpus_bytes"])))
        if corpus.get("repaired_words"):
            self._out.line(say("prepare.repaired", words=number(corpus["repaired_words"])))
        first = settings.get("init_from")
        words = "vocabulary.kept" if first else "vocabulary"
        self._out.line(say(words, tokens=number(corpus["vocabulary"])))
        if corpus.get("tokenizer", "char") != "char":
            each = corpus["train_characters"] / max(1, corpus["train_tokens"])
            self._out.line(say("tokenizer", kind=corpus["tokenizer"], each=number(each, 2)))
        for split in ("train", "validation"):
            count, characters = number(corpus[f"{split}_windows"]), number(corpus[f"{split}_characters"])
            self._out.line(say(f"{split}-windows", count=count, characters=characters))
        self._out.line(
            say(
                "model",
                arch=settings["arch"],
                config=settings["config"],
                parameters=number(event.parameters),
                precision=event.machine["precision"],
                device=event.machine["device"],
                threads=event.machine["threads"],
            )
        )
        if first:
            self._out.line(say("model.begins", weights=one_line(str(first))))
        if "cpu_quota" in event.machine:
            quota, cores = number(event.machine["cpu_quota"], 1), number(event.machine.get("cores", 0))
            self._out.line(say("model.quota", quota=quota, cores=cores))
        if settings.get("processes", 1) > 1:
            word = "sharded" if event.machine.get("sharding") == "full" else "processes"
            self._out.line(say(word, count=number(settings["processes"])))
        self._verdict("before", history)
        if event.baselines:
            losses = ", ".join(f"{name} {number(loss, 3)}" for name, loss in event.baselines.items())
            self._out.line(say("baselines", losses=losses))
        self._out.line()
        self._out.line(say("started", steps=number(event.planned_steps)))
        kind = settings.get("curriculum", "none")
        if kind != "none":
            share, start = (say.whole_percent(settings[f"curriculum_{name}"]) for name in ("share", "start"))
            self._out.line(say("curriculum.begins", kind=kind, start=start, share=share))
        self._out.line()

    def _resumed(self, event: events.Resumed, history: History) -> None:
        for name in event.skipped:
            self._out.line(self._text("resumed.damaged", name=name))
        if event.checkpoint is not None:
            if history.started is not None:
                self._take_plan(history.started)
            if self._plan is not None:
                self._set_plan(replace(self._plan, planned_steps=event.planned_steps))
            self._out.line(self._text("resumed", checkpoint=event.checkpoint, step=self._text.number(event.step)))
            if event.learning_rate is not None and event.learning_rate_before is not None:
                self._out.line(raised_rate(event, self._text))
        elif event.planned_steps:
            self._out.line(self._text("resumed.nothing"))

    def _planned(self, event: events.Planned) -> None:
        seconds = event.expected.get("time")
        timed = isinstance(seconds, int | float)
        self._out.line(
            self._text("planned", time=self._text.clock(float(seconds or 0))) if timed else self._text("planned.tokens")
        )
        for line in choice_lines(event.choices, self._text):
            self._out.line(line)
        if limit := limit_line(event.expected, self._text):
            self._out.line(limit)

    def _replanned(self, event: events.Replanned) -> None:
        if self._plan is not None:
            self._set_plan(replace(self._plan, planned_steps=event.planned_steps))
        self._replanned_to = event

    def _tell_replanned(self) -> None:
        """Before the next line, so that on a busy machine several new numbers of steps are one line, and none where they
        have hardly changed the number that was told last."""
        event, told = self._replanned_to, self._told_steps
        self._replanned_to = None
        if event is None or event.planned_steps is None or abs(event.planned_steps - told) <= _HARDLY * told:
            return
        self._told_steps = event.planned_steps
        newest = replace(event, before={"max_steps": told})
        self._out.line(self._text("replanned", **replanned_values(newest, self._text)))

    def _progress(self, event: events.Progress) -> None:
        if self._out.is_terminal:
            far = self._text.how_far(event.done, event.total)
            self._out.bar(f"{self._text(f'task.{event.task}')} {far}")

    def _check(self, finding: dict[str, Any]) -> None:
        # A single file, while reading; their sum is a check of its own.
        values = finding.get("values")
        if isinstance(values, dict) and {"file", "reason"} <= values.keys():
            self._out.line(self._text("skipped", evidence=evidence_of(finding, self._text)))
        else:
            self._finding(finding, always=finding.get("id") in _ALWAYS and finding.get("status") == "pass")

    def _verdict(self, phase: str, history: History) -> None:
        """The summary of the checks of a phase, if there were any."""
        made = [one for one in newest(history.findings) if one.get("phase") == phase]
        if len(made) < _FEWEST_CHECKS:
            return
        worse = sum(one.get("status") in ("note", "warn", "fail", "error") for one in made)
        name = {"before": "checks", "after": "after"}[phase]
        values = {"count": self._text.number(len(made)), "worse": self._text.number(worse)}
        self._out.line(self._text(f"{name}.worth-a-look" if worse else f"{name}.passed", **values))

    def _finding(self, finding: dict[str, Any], always: bool = False) -> None:
        """A finding above a pass: evidence, what to do, and the settings of its remedies."""
        status = finding.get("status")
        if status not in ("note", "warn", "fail", "error") and not always:
            return
        values = {"title": title_of(finding, self._text), "evidence": evidence_of(finding, self._text)}
        self._out.line(self._text(f"found.{status}", **values))
        what_to_do = advice_of(finding, self._text) if status in ("warn", "fail") else ""
        if what_to_do:
            self._out.line(self._text("found.do", do=what_to_do))
        for remedy in finding.get("remedies", ()):
            self._out.line(self._text("found.remedy", title=remedy_of(remedy, self._text)))

    def _step(self, event: events.Step, history: History) -> None:
        plan = self._plan
        if plan is None:
            return
        now = time.monotonic()
        if history.curriculum_end is not None and history.curriculum_end[0] == event.step:
            self._out.line(self._text("curriculum.through", step=self._text.number(event.step)))
        if event.epoch != self._epoch:
            self._epoch, self._epoch_began = event.epoch, now
        ends = event.step == plan.planned_steps or plan.ends_epoch(event.step)
        if (
            ends
            or (self._out.is_terminal and now - self._printed > _BAR_SECONDS)
            or now - self._printed > _LINE_SECONDS
        ):
            self._printed = now
            line = self._bar(event, plan, now - self._epoch_began)
            if ends or not self._out.is_terminal:
                self._out.line(line)
            else:
                self._out.bar(line)
        if ends and history.epoch_loss is not None:
            loss = self._text.number(history.epoch_loss, 3)
            self._out.line()
            self._out.line(self._text("epoch-done", epoch=event.epoch, loss=loss))

    def _bar(self, event: events.Step, plan: Plan, seconds: float) -> str:
        first = -(-(event.epoch - 1) * plan.windows_an_epoch // plan.windows_a_step)
        last = min(plan.planned_steps, -(-event.epoch * plan.windows_an_epoch // plan.windows_a_step))
        done, total = event.step - first, max(1, last - first)
        left = seconds / max(1, done) * (total - done)
        head = f"{self._text('epoch', epoch=event.epoch, epochs=self._epochs)}: {100 * done // total:3d}%|"
        tail = (
            f"| {done}/{total} [{_clock(seconds)}<{_clock(left)}, loss={event.loss:.3f}, lr={event.learning_rate:.2e}]"
        )
        width = max(0, min(_BAR_WIDTH, self._out.columns - len(head) - len(tail)))
        filled = width * done // total
        return f"{head}{'█' * filled}{' ' * (width - filled)}{tail}"

    def _validation(self, event: events.Validation, history: History) -> None:
        say = self._text
        self._out.line()
        for line in metric_lines(
            say, event.loss, event.perplexity, event.accuracy, event.bits_per_character, event.batches
        ):
            self._out.line(line)
        for line in part_lines(say, event.parts or {}):
            self._out.line(line)
        if event.patience_used:
            self._out.line(say("metrics.patience", used=event.patience_used, patience=event.patience))
        before = history.validations[-2][1].plateaus if len(history.validations) > 1 else 0
        if (event.plateaus or 0) > (before or 0):
            factor = history.settings.get("plateau_factor", 1.0)
            self._out.line(say("metrics.plateau", count=event.plateaus, factor=say.number(factor, 2)))
        self._out.line()

    def _sampled(self, event: events.Validation, history: History) -> None:
        number, target = self._text.number, history.settings.get("target_loss")
        sizes = "–" if target is None else number(target, 3)
        self._out.line(
            self._text("validation-sampled", step=number(event.step), loss=number(event.loss, 3), target=sizes)
        )

    def _finished(self, event: events.RunFinished, history: History) -> None:
        say = self._text
        values = {
            key: say.number(value, 0 if isinstance(value, int) else 4) if isinstance(value, int | float) else value
            for key, value in event.values.items()
        }
        parent, name = command_line([str(self._folder.parent)]), command_line([self._folder.name])
        where = f" --output-dir {parent} --name {name}"
        self._verdict("after", history)
        self._out.line()
        kind = "target_bits" if "target_bits" in event.values else event.status
        self._out.line(say(f"finished.{kind}", **{**values, "step": say.number(event.step), "where": where}))
        if event.status in ("failed", "interrupted"):
            return
        verdict = verdict_of(history, self._others.of(self._folder))
        if verdict is not None:
            for line in verdict_lines(verdict, say.language, say.number):
                self._out.line(say("verdict", line=printable(line)))
            if verdict["command"]:
                self._out.line(say("verdict.command", command=printable(verdict["command"])))
        self._out.line(say("next", run=command_line([str(self._folder)])))


def metric_lines(
    wording: Wording, loss: float, perplexity: float, accuracy: float, bits_per_character: float, batches: int
) -> list[str]:
    """The metrics of a validation split, in the guide's form."""
    return [
        wording("metrics"),
        wording("metrics.loss", value=wording.number(loss, 3)),
        wording("metrics.perplexity", value=wording.number(perplexity, 2)),
        wording("metrics.accuracy", value=wording.percent(accuracy)),
        wording("metrics.bits", value=wording.number(bits_per_character, 3)),
        wording("metrics.batches", value=wording.number(batches)),
    ]


def part_lines(wording: Wording, parts: Mapping[str, float]) -> list[str]:
    """The loss of each of several corpora."""
    return [
        printable(wording("metrics.part", name=name, value=wording.number(loss, 3))) for name, loss in parts.items()
    ]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
