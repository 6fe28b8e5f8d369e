"""The panel with the load of this machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from mmrec_tui.app.widgets.panel import Panel, bar
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.spark import spark

_MOST_READINGS = 120  # the last two minutes


class MachinePanel(Panel):
    """The present and earlier load of this machine, and the run's share of it."""

    def __init__(self, title: str = "", topic: str | None = None, **how: Any) -> None:
        super().__init__(title, topic, **how)
        self._past: dict[str, deque[float]] = {}

    def look(self, readings: dict[str, float], over: bool = False) -> None:
        """over: the run has ended, so that the load is not its own."""
        for name, value in readings.items():
            self._past.setdefault(name, deque(maxlen=_MOST_READINGS)).append(value)
        size = self.size
        self.tell(machine_text(readings, self._past, self.say, max(10, size.width), size.height, over=over))


def machine_text(
    readings: dict[str, float],
    past: Mapping[str, Sequence[float]],
    say: Wording,
    width: int,
    height: int,
    *,
    over: bool = False,
) -> Content:
    """A bar each and, if there is space, a sparkline of the last minutes below it."""
    if not readings:
        return Content.styled(say("machine.unknown"), "$foreground 80%")
    shares = [name for name in ("cpu", "memory", "gpu") if name in readings]
    with_course = height >= 2 * len(shares) + 1 + over
    lines = [Content.styled(say("machine.ended"), "$foreground 80%")] if over else []
    for name in shares:
        words = say(f"machine.{name}")
        value = say.whole_percent(readings[name])
        room = max(4, width - cell_len(words) - cell_len(value) - 3)
        lines.append(Content(f"{words} ") + bar(readings[name], min(room, _MOST_READINGS)) + Content(f" {value}"))
        if with_course:
            course = spark(list(past.get(name, ()))[-room:], room, 0.0, 1.0)
            lines.append(Content(" " * (cell_len(words) + 1)) + Content.styled(course, "$primary"))
    if "process" in readings:
        lines.append(Content(say("machine.process", memory=say.memory(readings["process"]))))
    return Content("\n").join(lines)
