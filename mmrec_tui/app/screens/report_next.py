"""Where a report leads: to a run that follows, to places where its model writes and is looked into, to its curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.history import History
from mmrec_tui.app.exporting import ask_where_to_export
from mmrec_tui.app.screens.base import MmrecScreen

if TYPE_CHECKING:
    from mmrec_engine.run.follow_up import Offer


class ReportNextScreen(MmrecScreen):
    """The report's screen (`report.py`) reads the run and shows it."""

    _folder: Path
    _file: str  # of the model that is tried; empty if there is none
    _history: History | None
    _verdict: dict[str, Any] | None

    @property
    def _findings(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    @property
    def _is_on_stage(self) -> bool:
        session = self.own_app.stage.session
        return session is not None and session.folder.resolve() == self._folder.resolve()

    @property
    def _has_model(self) -> bool:
        return bool(self._file)

    def _needs_model(self) -> bool:
        """Whether there is a checkpoint; says so if there is none."""
        if not self._has_model:
            self.own_app.warn("report.no-model")
        return self._has_model

    def action_write(self) -> None:
        """A place to write in with the model that writes now."""
        if self._needs_model():
            self.own_app.open_screen("write", checkpoint=str(self._folder / self._file), title=self._folder.name)

    def action_apply(self) -> None:
        """A follow-up run with a remedy for the findings."""
        from mmrec_tui.app.screens.remedy import RemedyScreen

        history, app, folder = self._history, self.own_app, self._folder
        if history is None or not self.own_app.may_train():
            return
        found = offers(self._findings, history.settings_now)
        if not found:
            app.tell("remedy.none")
            return

        def take(offer: Offer | None) -> None:
            if offer is not None:
                app.follow(folder, offer)

        self.app.push_screen(RemedyScreen(found), take)

    def action_plan_next(self) -> None:
        """The plan of the run that the verdict proposes: this text, or more of it if that is what the run lacked, its time,
        settings of a better run; the rest is open."""
        if self._history is None or self._verdict is None:
            self.own_app.tell("report.no-proposal")
        elif self.own_app.may_train():
            verdict = self._verdict
            self.own_app.plan_in_the_time(
                self._history.settings, verdict["seconds"], verdict["settings"], asks_text=verdict["lever"] == "text"
            )

    def action_train_further(self) -> None:
        """The plan of a run with the weights that are being tried, for a text to be chosen; its time is that of this run."""
        if self._needs_model():
            settings = self._history.settings if self._history is not None else {}
            self.own_app.plan_further(self._folder / self._file, settings.get("time"))

    def action_go_on_run(self) -> None:
        if self._history is not None and self.own_app.may_train():
            self.own_app.continue_run(self._folder, finished=self._history.state == "FINISHED")

    def action_tokens(self) -> None:
        """The validation text as the model reads it."""
        if self._needs_model():
            self.own_app.open_screen("tokens", checkpoint=self._folder / self._file)

    def action_curves(self) -> None:
        """The run's own screen, with all its plots."""
        below = getattr(self.app.screen_stack[-2], "table", "")
        if self._is_on_stage and below == "training":
            self.dismiss()
        elif self._is_on_stage or self.own_app.may_train():
            self.dismiss()
            self.own_app.watch_run(self._folder)

    def action_export(self) -> None:
        if self._needs_model():
            ask_where_to_export(self, self._folder / self._file, f"export-{self._folder.name}")
