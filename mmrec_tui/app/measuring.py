"""The time of a step, measured in the background for the chosen config and, if there is time, for others."""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any

from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import Settings, settings_that_decide
from mmrec_engine.system.memory import USABLE, available_bytes
from mmrec_tui.app.draft import key_of
from mmrec_tui.app.session import Work

_OTHERS = ("tiny", "mini", "small")  # larger ones take long to measure: only when they are chosen
_SETTLED_SECONDS = 0.8  # a value that is being typed is not measured digit by digit
_SECONDS = 0.8
_AGAIN_SECONDS = 10.0  # between measurements on a machine with other work, which may end at any time


_FOR_THE_SPEED = settings_that_decide("speed")


class Measuring:
    """`want` the present settings, `look` repeatedly, and ask for the `costs_of` a config."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Costs | None] = {}
        self._settings: Settings | None = None
        self._vocabulary, self._windows = 100, 0
        self._since = 0.0
        self._work: Work[Costs | None] | None = None
        self._work_key: tuple[Any, ...] = ()
        self._stopped = False
        self._first: tuple[Any, ...] | None = (
            None  # measured while the app itself was starting: once more, after the others
        )
        self._measured_again = False
        self._measured_at = 0.0  # the monotonic time of the last measurement

    @property
    def seen(self) -> object:
        return (tuple(self._known.values()), self._work is None)

    def want(self, settings: Settings, vocabulary: int, windows: int) -> None:
        """windows: of the validation split."""
        self._vocabulary, self._windows, self._stopped = vocabulary, windows, False
        if self._settings is None or key_of(settings, _FOR_THE_SPEED) != key_of(self._settings, _FOR_THE_SPEED):
            self._since = time.monotonic() if self._settings is not None else 0.0
        self._settings = settings

    def costs_of(self, config: str) -> Costs | None:
        """Seconds of each part of a run; None if unknown."""
        return None if self._settings is None else self._known.get(self._key(config))

    def costs_with(self, settings: Settings) -> Costs | None:
        """Seconds of each part of a run with exactly these settings; None if others were measured."""
        return self._known.get(self._key_with(settings))

    def will_measure(self, config: str) -> bool:
        chosen = self._settings is not None and self._settings.config == config
        return (chosen or config in _OTHERS) and (self._settings is None or self._key(config) not in self._known)

    def look(self, *, is_busy: bool = False) -> None:
        """is_busy: the machine has other work; the chosen config is measured repeatedly, until that work has ended."""
        if self._work is not None:
            if not self._work.done:
                return
            before, found = self._known.get(self._work_key), self._work.result
            # Other work on the machine only makes a step slower.
            self._known[self._work_key] = found if before is None or found is None else before.least(found)
            self._work, self._measured_at = None, time.monotonic()
            if self._first is None and found is not None:
                self._first = self._work_key
        settings = self._settings
        if settings is None or self._stopped or time.monotonic() - self._since < _SETTLED_SECONDS:
            return
        others = _OTHERS if settings.shape is None else ()  # a pretrained model has no other sizes
        keys = {config: self._key(config) for config in (settings.config, *others)}
        wanted = next((config for config, key in keys.items() if key not in self._known), None)
        if wanted is None and self._first in keys.values() and not self._measured_again:
            self._measured_again = True
            wanted = next(config for config, key in keys.items() if key == self._first)
        if wanted is None and is_busy and time.monotonic() - self._measured_at > _AGAIN_SECONDS:
            wanted = settings.config
        if wanted is not None:
            self._work_key = keys[wanted]
            chosen = replace(settings, config=wanted, name=None, epochs=1)
            self._work = Work(
                functools.partial(_measured, settings=chosen, vocabulary=self._vocabulary, windows=self._windows)
            )

    def stop(self) -> Work[Costs | None] | None:
        """Stop measuring; the results stay. Returns the work whose last step is still in progress."""
        self._stopped = True
        work, self._work = self._work, None
        if work is not None:
            work.stop()
        return work

    def _key(self, config: str) -> tuple[Any, ...]:
        assert self._settings is not None
        return self._key_with(self._settings, config)

    def _key_with(self, settings: Settings, config: str | None = None) -> tuple[Any, ...]:
        """config: another one. Together they need not be settings of a run: the plan may show a pretrained model, or leave it,
        before the new settings are wanted here."""
        values = dict(zip(_FOR_THE_SPEED, key_of(settings, _FOR_THE_SPEED), strict=True))
        return (*(values if config is None else {**values, "config": config}).values(), self._vocabulary, self._windows)


def _measured(work: Work[Costs | None], settings: Settings, vocabulary: int, windows: int) -> Costs | None:
    from mmrec_engine.planning.throughput import measure

    if needed_bytes(settings, vocabulary) > USABLE * available_bytes():
        return None
    found = measure(
        settings, vocabulary, seconds=_SECONDS, stop=work.stopping, validation_windows=windows, in_part=True
    )
    return None if found is None else found.costs
