"""The texts for a planned run, as lines of a list, and the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmrec_engine.data.sources.builtin import builtin_names
from mmrec_engine.data.sources.hub_source import NAMED, is_hub
from mmrec_engine.settings import Settings
from mmrec_tui.app.draft import corpora_as_typed
from mmrec_tui.app.preparing import Look
from mmrec_tui.app.widgets.pane import Pane
from mmrec_tui.app.widgets.panel import hanging, plain
from mmrec_tui.app.widgets.preview import preview_text
from mmrec_tui.app.widgets.restyling import set_options, set_text
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

_BESIDE = 2  # columns of the mark
_LEAST = 12


def corpus_options(given: Mapping[str, Any], known: Sequence[str], say: Wording, room: int) -> list[Option]:
    """Own texts first, to be chosen or from earlier runs, newest first; then built-in corpora and data sets with a
    name. The given one is marked. known: paths, and names of data sets, of this plan and of earlier runs. room: columns of the
    list; of a longer path the end is shown.

    Ids are builtin:NAME and path:PATH; the first, choose, opens the file chooser.
    """
    path_chosen = corpora_as_typed(given.get("data_dir", ""))
    chosen = f"path:{path_chosen}" if path_chosen else f"builtin:{given.get('corpus', 'sample')}"
    listed = (*builtin_names(), *NAMED)
    streamed = given.get("corpus")
    given_text = path_chosen or (streamed if isinstance(streamed, str) else "")
    texts = known if given_text in known else [given_text, *known]
    texts = [one for one in texts if one and one not in listed]
    worded = [(f"path:{path}", plain(_shortened(path, room - _BESIDE))) for path in texts if not is_hub(path)]
    worded += [(f"builtin:{name}", plain(one_line(name))) for name in texts if is_hub(name)]
    for name in listed:
        what = Content.styled(say(f"corpora.{name}"), "$foreground 80%")
        worded.append((f"builtin:{name}", Content(f"{name}  ") + what))
    options = [Option(hanging(Content("● " if id == chosen else "○ "), words, room), id=id) for id, words in worded]
    own = Content.styled("+ ", "bold $accent") + Content.styled(say("plan.choose-path"), "$accent")
    return [Option(own, id="choose"), *options]


def _shortened(path: str, room: int) -> str:
    text = one_line(path)
    room = max(_LEAST, room)
    return text if len(text) <= room else "…" + text[-room + 1 :]


class CorporaPane(Pane):
    """The texts to choose from, and the chosen one: its likely encodings if it is not UTF-8, size, split and first window."""

    def __init__(self, title: str, **how: Any) -> None:
        super().__init__(title, **how)
        self._room = 0  # columns that the list is wrapped to

    def compose(self) -> ComposeResult:
        yield OptionList(id="corpus-list")
        yield OptionList(id="readings")
        yield Static(id="preview")

    def on_mount(self) -> None:
        self.query_one("#readings").display = False

    @property
    def is_resized(self) -> bool:
        """Whether the list has another width than when it was shown."""
        return self._room != self.query_one("#corpus-list").scrollable_content_region.width

    def show_list(self, given: Mapping[str, Any], known: Sequence[str], say: Wording) -> None:
        """given, known: as in `corpus_options`."""
        where = self.query_one("#corpus-list", OptionList)
        self._room = where.scrollable_content_region.width
        set_options(where, corpus_options(given, known, say, self._room))
        if where.highlighted is None:
            where.highlighted = 0

    def show_text(self, look: Look, settings: Settings, say: Wording) -> None:
        readings = self.query_one("#readings", OptionList)
        likely = look.readings
        readings.display = bool(likely)
        if likely:
            readings.border_title = say("plan.which-encoding")
            lines = [Option(plain(f"{name}: {one_line(line)[:60]}"), id=name) for name, line in likely]
            set_options(readings, lines)
            if readings.highlighted is None:
                readings.highlighted = 0  # the likeliest; Enter takes it as soon as the list has the focus
        set_text(self.query_one("#preview", Static), preview_text(look, settings, say))
