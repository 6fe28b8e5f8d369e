"""How the curves of a run are drawn: axis, scale, smoothing, beside the previous run, and the part of them in sight."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from mmrec_engine.runs.history import History
from mmrec_engine.runs.smoothing import DECAYS
from mmrec_tui.app.earlier import last_like
from mmrec_tui.app.screens.looking import LookingScreen
from mmrec_tui.app.session import Session, Work
from mmrec_tui.app.widgets.lens import Lens
from mmrec_tui.presentation.figures import X_AXES, View, XAxis, extent, is_in_sight
from mmrec_tui.presentation.plotting import glyph


class RunViewScreen(LookingScreen):
    """A screen with the curves of the run on the stage. log: a logarithmic axis."""

    def __init__(self, lens: Lens | None = None, *, log: bool = False) -> None:
        super().__init__(lens)
        self._log = log  # for this run only: a stored scale would be forgotten, and misread
        self._earlier: Work[tuple[str, History] | None] | None = None
        self._with_earlier = self._earlier_told = False

    @abstractmethod
    def draw_plots(self) -> None:
        """Draw the visible plots, as `_view` says."""

    @property
    def session(self) -> Session:
        session = self.own_app.stage.session
        assert session is not None
        return session

    @property
    def _begun(self) -> bool:
        """Whether a step was made."""
        with self.session.reading() as history:
            return history.last_step is not None

    @property
    def _view(self) -> View:
        preferences = self.own_app.stage.preferences
        axis: XAxis = next((axis for axis in X_AXES if axis == preferences.x_axis), "step")
        earlier = self._earlier.result if self._with_earlier and self._earlier is not None else None
        return View(axis, self._log, preferences.smoothing, self._lens.shown, earlier)

    def action_x_axis(self) -> None:
        preferences = self.own_app.stage.preferences
        self._lens.reset()  # another axis has other positions
        preferences.x_axis = X_AXES[(X_AXES.index(self._view.x_axis) + 1) % len(X_AXES)]
        self._view_changed("view.x-axis", axis=self.say(f"axis.{preferences.x_axis}"))

    def action_log_axis(self) -> None:
        self._log = not self._log
        self._view_changed("view.log" if self._log else "view.linear")

    def action_smoothing(self) -> None:
        """The next stronger moving average, then none."""
        preferences = self.own_app.stage.preferences
        choices = (0.0, *DECAYS)
        preferences.smoothing = choices[(choices.index(preferences.smoothing) + 1) % len(choices)]
        decay = self.say.number(preferences.smoothing, 2)
        self._view_changed("view.smooth" if preferences.smoothing else "view.raw", decay=decay)

    def action_earlier(self) -> None:
        """Draw the previous run on the same text below this one, or remove it again."""
        self._with_earlier = not self._with_earlier
        if self._with_earlier and self._earlier is None:
            folder = self.session.folder
            self._earlier = Work(lambda _: last_like(folder))
        elif not self._with_earlier:
            self.own_app.tell("view.earlier-off")
        self._earlier_told = False
        self.draw_plots()

    def _look_for_earlier(self) -> None:
        """Draw the earlier run once it is read; report if there is none."""
        if self._with_earlier and not self._earlier_told and self._earlier is not None and self._earlier.done:
            self._earlier_told = True
            if self._earlier.result is None:
                self._with_earlier, self._earlier = False, None
                self.own_app.warn("view.no-earlier")
            else:
                self._tell_earlier(*self._earlier.result)
            self.draw_plots()

    def _tell_earlier(self, name: str, history: History) -> None:
        """What is drawn of the earlier run, or why nothing of it is in sight."""
        key = (
            "view.earlier" if is_in_sight(history, self.extent(self._lens.shown), self._view) else "view.earlier-later"
        )
        first = history.validations[0][1].step if history.validations else 0
        key = key if history.validations else "view.earlier-empty"
        self.own_app.tell(key, name=name, step=self.say.number(first), sign=glyph("second"))

    # Crosshair and zoom

    def extent(self, shown: tuple[float, float]) -> tuple[float, float]:
        with self.session.reading() as history:
            return extent([history], replace(self._view, shown=shown)) or (0.0, 0.0)

    def lens_moved(self) -> None:
        self.draw_plots()

    def _view_changed(self, key: str, **values: object) -> None:
        self.own_app.stage.preferences.save()
        self.own_app.tell(key, **values)
        self.draw_plots()
