"""Leaving during a training: detach it, stop and save it, or stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from mmrec_tui.app.screens.dialog import Dialog
from mmrec_tui.app.session import Training, Work

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp

_LOOK_SECONDS = 0.1


class LeavingScreen(Dialog[None]):
    """detach_now: hand the run over without asking."""

    BINDINGS: ClassVar = [("d", "detach", ""), ("t", "stop", ""), ("left", "app.focus_previous", ""),
                          ("right", "app.focus_next", "")]  # fmt: skip

    def __init__(self, detach_now: bool = False) -> None:
        super().__init__()
        self._detach_now = detach_now
        self._detaching: Work[Training | None] | None = None
        self._stopping = False

    def compose(self) -> ComposeResult:
        say = cast("OwnApp", self.app).say
        with Vertical(id="dialog"):
            yield Static(say("leaving.question"), id="question")
            with Horizontal(id="choices"):
                yield Button(say("leaving.detach"), id="detach", variant="primary")
                yield Button(say("leaving.stop"), id="stop")
                yield Button(say("leaving.stay"), id="stay")

    def on_mount(self) -> None:
        self.set_interval(_LOOK_SECONDS, self._look)
        if self._detach_now:
            self.action_detach()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        getattr(self, f"action_{event.button.id}")()

    def action_stay(self) -> None:
        if self._detaching is None:
            self.dismiss()

    def action_leave(self) -> None:
        self.action_stay()

    def action_stop(self) -> None:
        app = cast("OwnApp", self.app)
        training = app.stage.training
        if training is not None and self._detaching is None:
            training.ask("stop")
            self._under_way("leaving.stopping")
            self._stopping = True

    def action_detach(self) -> None:
        from mmrec_tui.app.detach import detach

        app = cast("OwnApp", self.app)
        training = app.stage.training
        if training is None or self._detaching is not None or self._stopping:
            return
        if not self._begun(training):
            app.warn("leaving.paused-early" if training.paused else "leaving.too-early")
            self.dismiss()
            return
        self._under_way("leaving.detaching")
        self._detaching = app.stage.detaching = Work(lambda _: detach(training))

    @staticmethod
    def _begun(training: Training) -> bool:
        """Whether a step was made, so that there is something to hand over."""
        with training.reading() as history:
            return history.last_step is not None

    def _under_way(self, key: str) -> None:
        self.query_one("#question", Static).update(cast("OwnApp", self.app).say(key))
        self.query_one("#choices").display = False

    def _look(self) -> None:
        app = cast("OwnApp", self.app)
        training = app.stage.training
        self.query_one("#detach").display = training is None or self._begun(training)
        if self._stopping and training is None:
            app.exit()
        if self._detaching is None or not self._detaching.done:
            return
        here, error = self._detaching.result, self._detaching.error
        self._detaching = app.stage.detaching = None
        if here is None and error is None:
            name = app.stage.session.folder.name if app.stage.session is not None else ""
            app.stage.session = None
            app.stage.notice = app.say("app.detached", name=name)
            app.exit()
            return
        if here is not None:
            app.stage.session = here
        if here is None or here.live:
            app.warn("leaving.not-detached")
        self.dismiss()
