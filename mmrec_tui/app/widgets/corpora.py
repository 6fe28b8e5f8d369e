"""The texts for a planned run, as lines of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content
from textual.widgets.option_list import Option

from mmrec_engine.data.sources.builtin import builtin_names
from mmrec_engine.data.sources.hub_source import NAMED, is_hub
from mmrec_tui.app.draft import corpora_as_typed
from mmrec_tui.app.widgets.panel import hanging, plain
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

_BESIDE = 2  # columns of the mark
_LEAST = 12


def corpus_options(given: Mapping[str, Any], known: Sequence[str], say: Wording, room: int) -> list[Option]:
    """Own texts first, to be chosen or from earlier runs, newest first; then built-in corpora and data sets with a
    name. The given one is marked. known: paths of earlier runs. room: columns
    of the list; of a longer path the end is shown.

    Ids are builtin:NAME and path:PATH; the first, choose, opens the file chooser.
    """
    path_chosen = corpora_as_typed(given.get("data_dir", ""))
    chosen = f"path:{path_chosen}" if path_chosen else f"builtin:{given.get('corpus', 'sample')}"
    paths = [path_chosen, *known] if path_chosen and path_chosen not in known else known
    worded = [(f"path:{path}", plain(_shortened(path, room - _BESIDE))) for path in paths]
    streamed = given.get("corpus")
    if streamed is not None and is_hub(streamed) and streamed not in NAMED:
        worded.append((f"builtin:{streamed}", plain(one_line(streamed))))
    for name in (*builtin_names(), *NAMED):
        what = Content.styled(say(f"corpora.{name}"), "$foreground 80%")
        worded.append((f"builtin:{name}", Content(f"{name}  ") + what))
    options = [Option(hanging(Content("● " if id == chosen else "○ "), words, room), id=id) for id, words in worded]
    own = Content.styled("o ", "bold $accent") + Content.styled(say("plan.choose-path"), "$accent")
    return [Option(own, id="choose"), *options]


def _shortened(path: str, room: int) -> str:
    text = one_line(path)
    room = max(_LEAST, room)
    return text if len(text) <= room else "…" + text[-room + 1 :]
