"""The range of the axis of x that all plots of a screen show, and the position of their crosshair. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_CLOSEST = 1 / 256  # of the whole axis
_STEP = 1 / 60  # of the visible range, for a press of an arrow


@dataclass
class Lens:
    """shown: from 0 (the beginning) to 1 (the last step). cross: a position on the axis of x; None: no crosshair."""

    shown: tuple[float, float] = (0.0, 1.0)
    cross: float | None = None

    def move(self, presses: int, seen: tuple[float, float], whole: float) -> None:
        """Move the crosshair by so many arrows, to the left below 0, and the visible range with it. The first press sets it at
        the end that it comes from. seen: the visible part of the axis, 0 … whole."""
        left, right = seen
        if self.cross is None:
            self.cross = right if presses < 0 else left
            return
        self.cross = min(whole, max(0.0, self.cross + presses * _STEP * (right - left)))
        beyond = min(0.0, self.cross - left) + max(0.0, self.cross - right)
        if beyond and whole > 0:
            low, high = self.shown
            by = max(-low, min(1 - high, beyond / whole))
            self.shown = (low + by, high + by)

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show a range shorter by this factor (longer below 1) around a position from 0 to 1; None: the last step shown."""
        low, high = self.shown
        at = high if at is None else min(1.0, max(0.0, at))
        length = min(1.0, max(_CLOSEST, (high - low) / factor))
        place = min(1.0, max(0.0, (at - low) / (high - low)))
        low = min(1 - length, max(0.0, at - place * length))
        self.shown = (low, low + length)

    def reset(self) -> None:
        self.shown, self.cross = (0.0, 1.0), None
