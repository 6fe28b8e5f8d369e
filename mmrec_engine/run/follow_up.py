"""A follow-up run: its settings, a remedy for a finding of the earlier run, and its first weights.

    RUN, a remedy ──► follow ──► the settings of a new run in its own folder, and its origin

Reads the earlier run and changes nothing of it. Does not load torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mmrec_engine import events
from mmrec_engine.checks.agreement import Agreement, by_certainty
from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.remedies import KNOWN, remedies_now, restart_from
from mmrec_engine.checks.report import newest
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.errors import RequestError
from mmrec_engine.planning.free_settings import PLANNER
from mmrec_engine.runs.catalog import free_name, read_description
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import FIELDS, Resolved, can_change_while_running, resolve, settings_that_decide
from mmrec_engine.settings.presets import CHOSEN
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.storage.run_files import BEST

Way = Literal["now", "best", "start"]
_CALLS_FOR_ACTION = ("fail", "warn", "note")
_SPOILS = 4.0  # times the right rate: weights trained at this one are hardly better than new ones
# With these findings the weights are still good, so a running training can be changed.
_STEERED = frozenset({
    "loss-spike", "clipping-always", "update-ratio", "loss-not-falling", "underfitting", "accuracy-rising",
    "first-evaluation-late", "out-of-memory",
})  # fmt: skip
_NOT_UNASKED = frozenset({"larger-config"})  # takes many times as long
# One validation above the best may be chance; `overfitting` says when it has lasted.
_MAY_PASS = frozenset({"validation-below-training"})
_LENGTHS = frozenset({"epochs", "max_steps", "time"})  # what ends a run
_NUMBERED = re.compile(r"-\d+$")


@dataclass(frozen=True)
class Offer:
    """A remedy for a finding, for the present state of a run. way: in the running training, or in a new run."""

    finding: Finding
    id: str
    changes: dict[str, Any]
    before: dict[str, Any]
    way: Way

    @property
    def remedy(self) -> dict[str, Any]:
        """The form that findings contain."""
        return {"id": self.id, "settings": self.changes, "before": self.before}


@dataclass(frozen=True)
class Origin:
    """The origin of a follow-up run. changes: of the earlier run's settings, by name: before and after; weights: the run of
    the first weights."""

    run: str
    finding: str = ""
    remedy: str = ""
    weights: Literal["best", "start"] = "best"
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "changes": {name: list(pair) for name, pair in self.changes.items()}}

    def as_change(self, planned_steps: int) -> events.SettingsChanged:
        """The event by which the new run records its remedy."""
        return events.SettingsChanged(
            changes={name: after for name, (_, after) in self.changes.items()},
            before={name: before for name, (before, _) in self.changes.items()},
            reason=f"remedy {self.remedy}",
            planned_steps=planned_steps,
        )


def offers(
    findings: Iterable[Finding], settings: Mapping[str, Any], *, live: bool = False, warmup_ended: bool = True
) -> list[Offer]:
    """The remedies for the last finding of each check, the most severe one first; of equally severe ones, those that only
    change when training ends early come last, because they make no model better. Those that contradict a remedy for a more
    certain finding are left out.

    settings: of the run as they are now, with `planned_steps` if known. live: whether a training is running that can
    apply changes.
    """
    known = newest(list(findings))
    last = [one for one in known if one.get("status") in _CALLS_FOR_ACTION]
    agreement, places = Agreement(known), []
    for place in by_certainty(last):
        finding = last[place]
        for remedy in remedies_now(finding, settings):
            changes = dict(remedy["settings"])
            before = {name: settings.get(name) for name in changes}
            if changes == before or not changes or not agreement.takes(before, changes):
                continue
            steered = live and not _spoilt(before, changes)
            way = way_of(str(finding["id"]), changes, live=steered, warmup_ended=warmup_ended)
            places.append((place, Offer(finding, str(remedy["id"]), changes, before, way)))
    found = [offer for _, offer in sorted(places, key=lambda one: one[0])]
    return sorted(found, key=lambda one: (_CALLS_FOR_ACTION.index(str(one.finding["status"])), _only_ends(one.changes)))


def _only_ends(changes: Mapping[str, Any]) -> bool:
    return set(changes) <= {"early_stopping_patience"}


def _spoilt(before: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Whether the rate was so high that a new run is better than a lower rate from now on (docs/diagnosis.md, "Remedies")."""
    rate, lowered = before.get("learning_rate"), changes.get("learning_rate")
    return isinstance(rate, int | float) and isinstance(lowered, int | float) and lowered * _SPOILS < rate


def way_of(finding: str, changes: Mapping[str, Any], *, live: bool, warmup_ended: bool = True) -> Way:
    """How a remedy is best applied: at once, in a new run from the best weights so far, or in one with new weights."""
    if live and can_change_while_running(changes, warmup_ended) and (finding in _STEERED or _only_ends(changes)):
        return "now"
    if restart_from(finding) == "best" and set(changes).isdisjoint(settings_that_decide("weights")):
        return "best"
    return "start"


def sound_offer(found: Iterable[Offer]) -> Offer | None:
    """The first offer that may be applied without asking: for a warning or worse, and not many times as long."""
    return next((one for one in found if one.finding["status"] != "note" and _may_be_unasked(one)), None)


def _may_be_unasked(offer: Offer) -> bool:
    return offer.id not in _NOT_UNASKED and offer.finding["id"] not in _MAY_PASS


def leaves_checks_valid(changes: Iterable[str]) -> bool:
    """Whether the findings of the checks before training are still valid after these settings have changed."""
    return set(changes).isdisjoint(settings_that_decide("weights", "checks"))


def follow(
    folder: Path,
    remedy: str | None = None,
    by_hand: Mapping[str, Any] | None = None,
    from_file: Mapping[str, Any] | None = None,
    offer: Offer | None = None,
) -> tuple[Resolved, Origin]:
    """The settings of a follow-up run of the one in `folder`, and its origin.

    remedy: the id of a remedy that the run's findings offer, or of a finding, whose first remedy is used; None: only the
    settings given as flags or in a file differ, with what the planner chooses again (`_kept_of`), and it begins with the
    best weights. offer: the remedy, if it is known already.
    Raises RequestError if there is no such remedy, or the run cannot be read.
    """
    by_hand, from_file = dict(by_hand or {}), dict(from_file or {})
    stored = _settings_of(folder)
    if remedy is not None and offer is None:
        offer = _chosen(folder, remedy, stored)
    changes = (
        {} if offer is None else {n: v for n, v in offer.changes.items() if n not in by_hand and n not in from_file}
    )
    given = {**by_hand, **changes}
    weights: Literal["best", "start"] = "start" if offer is not None and offer.way == "start" else "best"
    best, fixed = folder.absolute() / BEST, settings_that_decide("pretrained")
    if "init_from" not in by_hand and "init_from" not in from_file:
        # From scratch; a run that began with the weights of another one begins with them again.
        if weights == "best" and best.exists():
            stored["init_from"] = str(best)
        elif weights == "best":
            weights = "start"
        elif not is_pretrained(stored.get("init_from")) and not set(fixed).isdisjoint(changes):
            stored["init_from"] = None  # weights of another model
    given.setdefault("output_dir", str(folder.absolute().parent))
    again = _planned_again(offer, weights)
    kept = stored if not again else _kept_of(folder, stored, {**from_file, **given}, again, replaces=offer is None)
    resolved = resolve(given, from_file, kept)
    if resolved.settings.name is None:
        name = free_name(Path(resolved.settings.output_dir), _NUMBERED.sub("", folder.absolute().name))
        resolved = replace(resolved, settings=replace(resolved.settings, name=name))
    marked = dict.fromkeys(changes, "remedy")
    origin = Origin(
        run=str(folder.absolute()),
        finding="" if offer is None else str(offer.finding["id"]),
        remedy="" if offer is None else offer.id,
        weights=weights,
        changes={name: (stored.get(name), value) for name, value in changes.items()},
    )
    return replace(resolved, sources={**resolved.sources, **marked}), origin


def _chosen(folder: Path, remedy: str, settings: Mapping[str, Any]) -> Offer:
    history = RunReader(folder).first_view()
    planned: dict[str, Any] = {"planned_steps": history.planned_steps} if history.planned_steps else {}
    planned["limited_by"] = history.limited_by
    found = offers(history.findings, {**settings, **planned})
    chosen = next((one for one in found if remedy in (one.id, one.finding["id"])), None)
    if chosen is None:
        if not found and remedy not in KNOWN and remedy not in CHECKS:
            raise RequestError("remedy-missing", remedy=remedy, run=folder.name, known=", ".join(KNOWN))
        if not found:
            raise RequestError("remedy-none", remedy=remedy, run=folder.name)
        names = ", ".join(dict.fromkeys(one.id for one in found))
        raise RequestError("remedy-unknown", remedy=remedy, run=folder.name, offered=names)
    return chosen


def _settings_of(folder: Path) -> dict[str, Any]:
    """The run's settings with their last changes, without its folder and name."""
    described = read_description(folder)
    if described is None:
        raise RequestError("run-missing", path=folder)
    sources = described.get("sources", {})
    own: tuple[str, ...] = ("output_dir", "name")
    timed = described["settings"].get("time") is not None
    if timed and isinstance(sources, Mapping):  # the number of steps is planned again
        own += tuple(name for name in ("max_steps", "eval_every") if sources.get(name) == PLANNER)
    return {name: value for name, value in described["settings"].items() if name in FIELDS and name not in own}


def _planned_again(offer: Offer | None, weights: Literal["best", "start"]) -> frozenset[str]:
    """What the planner chooses again, if it chose it for the earlier run. A remedy is the only change of a run, but trained
    weights need another learning rate than new ones, and a run of another length another plan."""
    if offer is None or set(offer.changes) <= _LENGTHS:
        return CHOSEN.difference(settings_that_decide("pretrained"))
    return frozenset({"learning_rate"}) if weights == "best" else frozenset()


def _kept_of(
    folder: Path, stored: dict[str, Any], given: Mapping[str, Any], chosen: frozenset[str], *, replaces: bool
) -> dict[str, Any]:
    """The run's settings that a follow-up run keeps: a default stays one, and for a run with a given time the planner chooses
    these again if it chose them for the earlier one. replaces: whether a given length replaces the earlier one."""
    sources = (read_description(folder) or {}).get("sources")
    sources = sources if isinstance(sources, Mapping) else {}
    given_length = any(given.get(name) is not None for name in _LENGTHS)
    replaced = _LENGTHS if replaces and given_length else frozenset[str]()
    timed = given.get("time") is not None or (not replaced and stored.get("time") is not None)
    again = chosen if timed else frozenset[str]()

    def is_kept(name: str, value: Any) -> bool:
        source = sources.get(name)
        is_default = source == "default" and value == FIELDS[name].default
        return not is_default and name not in replaced and not (source == PLANNER and name in again)

    return {name: value for name, value in stored.items() if is_kept(name, value)}
