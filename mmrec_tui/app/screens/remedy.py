"""The remedies for the findings: each with its changes and the way it is applied; one key applies one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmrec_engine.run.follow_up import Offer, Way
from mmrec_engine.settings import can_change_while_running
from mmrec_tui.app.in_app import in_app, remedy_text
from mmrec_tui.app.screens.dialog import Dialog, hints
from mmrec_tui.presentation.findings import evidence_of, title_of
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_tui.app.own_app import OwnApp
    from mmrec_tui.locales import Wording


class RemedyScreen(Dialog["Offer | None"]):
    """offers: those of the most severe finding first. planned: for a run that has not begun, so that each changes the plan.
    live: a running training can take changes at once."""

    BINDINGS: ClassVar = [("a", "leave", "")]

    def __init__(
        self, offers: list[Offer], *, planned: bool = False, live: bool = False, warmup_ended: bool = True
    ) -> None:
        super().__init__()
        self._offers = offers if planned else [way for offer in offers for way in _ways(offer, live, warmup_ended)]
        self._planned = planned

    def compose(self) -> ComposeResult:
        say = cast("OwnApp", self.app).say
        with Vertical(id="dialog", classes="remedies"):
            yield Static(say("remedy.question"), id="question", markup=False)
            yield OptionList(*self._options(say), id="remedies")
            yield Static(hints(say("remedy.keys")), id="remedy-keys")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(OptionList))

    def _options(self, say: Wording) -> list[Option]:
        options = []
        finding_id = None
        for number, offer in enumerate(self._offers):
            text = Content("")
            if offer.finding["id"] != finding_id:
                finding_id = offer.finding["id"]
                head = one_line(in_app(f"{title_of(offer.finding, say)}: {evidence_of(offer.finding, say)}", say))
                text += Content.styled(head, "$foreground 80%") + Content("\n")
            way = say("remedy.way-plan" if self._planned else f"remedy.way-{offer.way}")
            text += Content.styled(remedy_text(offer.remedy, say), "bold") + Content(f"  → {way}")
            options.append(Option(text, id=str(number)))
        return options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._offers[int(str(event.option.id))])


def _ways(offer: Offer, live: bool, warmup_ended: bool) -> list[Offer]:
    """The offer in its best way, and in the other one if that is possible too."""
    others: list[Way] = (
        ["best"]
        if offer.way == "now"
        else ["now"]
        if live and can_change_while_running(offer.changes, warmup_ended)
        else []
    )
    return [offer, *(replace(offer, way=way) for way in others)]
