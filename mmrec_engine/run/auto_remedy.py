"""Remedies without asking: the first sound one for a finding is applied, in the running training or in a follow-up run.

event ──► AutoRemedy.add ──► control: "change", or "stop"          run over ──► AutoRemedy.next_run ──► settings, origin
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.events import Event
from mmrec_engine.run.follow_up import Offer, Origin, follow, offers, sound_offer
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Resolved, resolve
from mmrec_engine.training.control import Control

MOST = 3
_SERIOUS = ("warn", "fail")


class AutoRemedy:
    """applied: number of remedies so far, of `MOST`. Each run gets its own `control` (`begin`); the count continues."""

    def __init__(self) -> None:
        self.applied = 0
        self._control = Control()
        self._pending: Offer | None = None

    def begin(self, control: Control) -> None:
        """Begin a follow-up run."""
        self._control, self._pending = control, None

    def add(self, event: Event, history: History) -> None:
        """An event of the run, and the run so far."""
        match event:
            case events.SettingsChanged() if self._pending is not None and event.reason == _reason(self._pending):
                self._pending = None
            case events.Finding() if event.finding.get("status") in _SERIOUS:
                self._take(event, history)

    def next_run(self, folder: Path) -> tuple[Resolved, Origin] | None:
        """The run to begin now that this one has ended; None if there is nothing left to remedy. Raises RequestError."""
        offer, self._pending = self._pending, None
        if offer is None:
            return None
        if offer.way == "now":  # it came too late for that
            offer = replace(offer, way="best")
        return follow(folder, offer=offer)

    def remedied(self, resolved: Resolved, findings: list[dict[str, Any]]) -> tuple[Resolved, Origin] | None:
        """The same run with a remedy for what failed before it started; None if there is no sound one."""
        settings = resolved.settings.as_dict()
        offer = sound_offer(offers(findings, settings)) if self.applied < MOST else None
        if offer is None:
            return None
        self.applied += 1
        changed = resolve({**settings, **offer.changes}).settings
        sources = {**resolved.sources, **dict.fromkeys(offer.changes, "remedy")}
        changes = {name: (settings[name], value) for name, value in offer.changes.items()}
        origin = Origin("", str(offer.finding["id"]), offer.id, "start", changes)
        return Resolved(changed, sources), origin

    def _take(self, event: events.Finding, history: History) -> None:
        if self._pending is not None or self.applied >= MOST:
            return
        settings: Mapping[str, Any] = history.settings_now
        ended = history.warmup_has_ended(event.step)
        found = offers([*history.findings, event.finding], settings, live=True, warmup_ended=ended)
        offer = sound_offer(one for one in found if one.finding is event.finding)
        if offer is None:
            return
        self.applied += 1
        self._pending = offer
        if offer.way == "now":
            self._control.ask("change", _reason(offer), offer.changes)
        else:
            self._control.ask("stop", "remedy")


def _reason(offer: Offer) -> str:
    return f"remedy {offer.id}"
