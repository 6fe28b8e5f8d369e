"""Keys and mouse for the plots of a screen: a crosshair with values, and zoom. All plots show the same range."""

from __future__ import annotations

from abc import abstractmethod

from mmrec_tui.app.screens.base import MmrecScreen
from mmrec_tui.app.widgets.lens import Lens
from mmrec_tui.app.widgets.plot import Plot

_ZOOM = 1.5


class LookingScreen(MmrecScreen):
    """A screen whose plots share one lens."""

    def __init__(self, lens: Lens | None = None) -> None:
        super().__init__()
        self._lens = lens or Lens()

    @abstractmethod
    def extent(self, shown: tuple[float, float]) -> tuple[float, float]:
        """The ends of this part, of 0 … 1, in units of the axis of x."""

    @abstractmethod
    def lens_moved(self) -> None:
        """Redraw the visible plots."""

    @property
    def _whole(self) -> float:
        return self.extent((0.0, 1.0))[1]

    def on_mount(self) -> None:
        for plot in self.query(Plot):
            plot.pointable = True

    def on_plot_pointed(self, event: Plot.Pointed) -> None:
        if event.zoom:
            self._zoom(_ZOOM if event.zoom > 0 else 1 / _ZOOM, event.x)
        else:
            self._lens.cross = event.x
            self.lens_moved()

    def _zoom(self, factor: float, at: float | None) -> None:
        whole = self._whole
        self._lens.zoom(factor, at / whole if at is not None and whole else None)
        self.lens_moved()

    def _move(self, presses: int) -> None:
        self._lens.move(presses, self.extent(self._lens.shown), self._whole)
        self.lens_moved()

    def action_look_left(self) -> None:
        self._move(-1)

    def action_look_right(self) -> None:
        self._move(1)

    def action_zoom_in(self) -> None:
        self._zoom(_ZOOM, self._lens.cross)

    def action_zoom_out(self) -> None:
        self._zoom(1 / _ZOOM, self._lens.cross)

    def action_zoom_all(self) -> None:
        self._lens.reset()
        self.lens_moved()
