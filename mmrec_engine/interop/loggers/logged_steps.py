"""Events to what is logged: all values and texts of a step together, so that a log holds each step once. Pure.

    event ──► LoggedSteps.add ──► complete steps

A step is complete once an event of a later one comes, or once the run ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from mmrec_engine import events
from mmrec_engine.interop.loggers.logger import FINDINGS, REPORT, SAMPLE, SETTINGS, Ending, LoggedStep
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.locales.guide.findings import evidence, title

_SHOWN = ("note", "warn", "fail", "error")  # statuses of findings that are logged; the report has all
_STEP = ("loss", "learning_rate", "grad_norm", "tokens_per_second", "tokens", "epoch", "update_ratio", "loss_scale",
         "curriculum", "memory_bytes")  # fmt: skip
_LONGEST_NAME = 100  # characters of the name of a text
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_VALIDATION = ("loss", "perplexity", "bits_per_character", "accuracy", "training_loss")


class LoggedSteps:
    """A fold over the events of a run. language: of the findings' words.

    config: settings and facts of the run, flat; None before it has started. notes: the findings so far, as Markdown. ended: the
    run's last event, if there is one.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self.config: dict[str, Any] | None = None
        self.notes = ""
        self.ended: events.RunFinished | None = None
        self._findings: list[str] = []
        self._best: events.Validation | None = None
        self._last: events.Validation | None = None
        self._steps: dict[int, LoggedStep] = {}  # not complete yet

    def add(self, event: events.Event) -> list[LoggedStep]:
        """The steps that are complete with this event."""
        complete = self._before(event.step)
        match event:
            case events.RunStarted():
                self.config = _config_of(event)
            case events.SettingsChanged():
                if self.config is not None:
                    self.config |= _flat(event.changes)
                lines = [f"- {name}: {event.before.get(name)} → {value}" for name, value in event.changes.items()]
                self._at(event.step + 1, event.time).texts[SETTINGS] = _plain(
                    "\n".join([f"{event.reason}:", "", *lines])
                )
            case events.Step():
                self._put(event, "train", _STEP)
            case events.Validation(sampled=True):
                self._put(event, "validation-sample", ("loss",))
            case events.Validation():
                self._put(event, "validation", _VALIDATION)
                for name, loss in (event.parts or {}).items():
                    self._at(event.step, event.time).values[f"validation/loss/{_plain(name)[:_LONGEST_NAME]}"] = loss
                self._best = event if event.best else self._best
                self._last = event
            case events.Sample():
                self._at(event.step, event.time).texts[SAMPLE] = _plain(f"{event.prompt}{event.text}")
            case events.Check() | events.Finding():
                self._find(event)
            case events.RunFinished():
                self.ended = event
        return complete

    def rest(self, report: str) -> list[LoggedStep]:
        """The remaining steps of a run that has ended. report: report.md, empty without one."""
        if self.ended is None:
            return []
        if report and self.ended.status != "interrupted":
            self._at(self.ended.step, self.ended.time).texts[REPORT] = _plain(report)
        return self._before(self.ended.step + 1)

    def ending(self, verdict: str) -> Ending | None:
        """How the run ended; None if it may be continued as it is."""
        if self.ended is None or self.ended.status == "interrupted":
            return None
        summary: dict[str, Any] = {"status": self.ended.status, "reason": self.ended.reason, "verdict": verdict}
        for name, one in (("best", self._best), ("final", self._last)):
            if one is not None:
                summary[f"{name}/step"] = one.step
                summary |= {f"{name}/{value}": getattr(one, value) for value in _VALIDATION[:4]}
        return Ending(self.ended.status, self.ended.step, summary)

    def _before(self, step: int) -> list[LoggedStep]:
        complete = sorted(number for number in self._steps if number < step)
        return [self._steps.pop(number) for number in complete]

    def _at(self, step: int, time: float) -> LoggedStep:
        return self._steps.setdefault(step, LoggedStep(step, time))

    def _put(self, event: events.Event, group: str, names: tuple[str, ...]) -> None:
        values = self._at(event.step, event.time).values
        for name in names:
            value = getattr(event, name)
            if value is not None and not (name == "training_loss" and math.isnan(value)):
                values[f"{group}/{name}"] = float(value)

    def _find(self, event: events.Check | events.Finding) -> None:
        found = event.finding
        if found.get("status") not in _SHOWN:
            return
        words = f"{title(found, self._language)}: {evidence(found, self._language)}"
        line = _plain(f"- {found['status']}, {event.step}: {words}").replace("\n", " ")
        if line in self._findings:  # a resumed run repeats some
            return
        self._findings.append(line)
        self.notes = "\n".join(self._findings)
        texts = self._at(event.step, event.time).texts
        texts[FINDINGS] = "\n".join([*texts.get(FINDINGS, "").splitlines(), line])


def _config_of(started: events.RunStarted) -> dict[str, Any]:
    facts = {"parameters": started.parameters, "planned_steps": started.planned_steps}
    nested = {"corpus": started.corpus, "machine": started.machine, "baselines": started.baselines}
    return {**_flat(started.settings), **facts, **_flat(nested)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Plain values by name; those of a table have its name before theirs. What is not set is left out."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            flat[prefix + name] = _plain(", ".join(map(str, value)))
        elif value is not None:
            flat[prefix + name] = _plain(value) if isinstance(value, str) else value
    return flat


def _plain(text: str) -> str:
    """Text that every library can store: control characters, and what is no Unicode (a path may contain it), as escapes."""
    visible = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return visible.encode("utf-8", "backslashreplace").decode("utf-8")
