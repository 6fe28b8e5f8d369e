"""The single table of keys, from which bindings, the key bar, the help and the command palette are made.

No key needs AltGr, and none differs on a Turkish keyboard (i, ı). The words of a key are `key.<action>`, a sentence on it is
`about.<action>`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mmrec_tui.presentation.panels import PANELS


@dataclass(frozen=True)
class Key:
    """keys: Textual's names, comma-separated. shown: as written on the bar. screens: where it acts; None: everywhere.

    beside: as it is written where a field takes the first of its keys.

    priority: acts even while an input has focus. effect: whether it starts a training, or ends something; no key does
    both, so that a key pressed twice by mistake never ends what it started.
    """

    keys: str
    shown: str
    action: str
    screens: tuple[str, ...] = ()
    priority: bool = False
    effect: Literal["go", "stop", ""] = ""
    beside: str = ""


KEYS: tuple[Key, ...] = (
    # start
    Key("n", "n", "new_run", ("start",), effect="go"),
    Key("c", "c", "go_on", ("start",), effect="go"),
    Key("w", "w", "watch", ("start",)),
    # plan
    Key("ctrl+s", "^s", "next", ("plan",), priority=True, effect="go"),
    Key("ctrl+down", "^↓", "read_on", ("plan",)),
    Key("o", "o", "own_text", ("plan",)),
    Key("ctrl+z", "^z", "undo", ("plan",), priority=True),
    Key("ctrl+r", "^r", "defaults", ("plan",), priority=True),
    Key("l", "l", "find('rates')", ("plan",)),
    Key("b", "b", "find('batches')", ("plan",)),
    Key("1", "1", "panel('configs')", ("plan",)),
    Key("2", "2", "panel('corpora')", ("plan",)),
    Key("3", "3", "panel('settings')", ("plan",)),
    # the plan's searches
    Key("enter", "⏎", "take", ("rates", "batches")),
    Key("ctrl+down", "^↓", "read_on", ("batches",)),
    # checklist
    Key("s,ctrl+s", "s", "start", ("checklist",), effect="go"),
    Key("space", "space", "tick", ("checklist", "report")),
    Key("enter", "⏎", "fold", ("checklist", "report")),
    Key("a", "a", "apply", ("checklist",)),
    Key("w", "w", "waive", ("checklist",)),
    # training
    Key("t", "t", "stop", ("training",), effect="stop"),
    Key("p", "p", "pause", ("training",)),
    Key("k", "k", "save", ("training",)),
    Key("a", "a", "apply", ("training",)),
    Key("d", "d", "detach", ("training",), effect="stop"),
    Key("c", "c", "go_on_run", ("training", "report"), effect="go"),
    Key("r", "r", "report", ("training",)),
    Key("n", "n", "new_run", ("training",), effect="go"),
    Key("x", "x", "x_axis", ("training", "compare")),
    Key("l", "l", "log_axis", ("training", "compare")),
    Key("o", "o", "smoothing", ("training",)),
    Key("v", "v", "earlier", ("training",)),
    Key("e", "e", "all_settings", ("compare",)),
    Key("left", "←", "look_left", ("training", "compare")),
    Key("right", "→", "look_right", ("training", "compare")),
    Key("plus,equals_sign", "+", "zoom_in", ("training", "compare")),
    Key("minus", "-", "zoom_out", ("training", "compare")),
    Key("0", "0", "zoom_all", ("training", "compare")),
    Key("m", "m", "maximise", ("training",)),
    # the first nine; any other is reached by a click on its tab
    *(Key(digit, digit, f"show('{panel}')", ("training",)) for digit, panel in zip("123456789", PANELS, strict=False)),
    # report
    Key("slash", "/", "prompt", ("report",)),
    Key("w", "w", "write", ("report",)),
    Key("b", "b", "which", ("report",)),
    Key("a", "a", "apply", ("report",)),
    Key("n", "n", "plan_next", ("report",), effect="go"),
    Key("f", "f", "train_further", ("report",), effect="go"),
    Key("e", "e", "export", ("report",)),
    Key("v", "v", "curves", ("report",)),
    Key("l", "l", "tokens", ("report",)),
    # a text as the model reads it
    Key("n", "n", "hard", ("tokens",)),
    Key("o", "o", "other_text", ("tokens",)),
    Key("m", "m", "memories", ("tokens",)),
    Key("left", "←", "token_before", ("tokens",)),
    Key("right", "→", "token_after", ("tokens",)),
    Key("up", "↑", "line_before", ("tokens",)),
    Key("down", "↓", "line_after", ("tokens",)),
    # write
    Key("ctrl+g", "^g", "write_on", ("write",), priority=True),
    Key("ctrl+n", "^n", "next_alternative", ("write",), priority=True),
    Key("ctrl+r", "^r", "alternative_before", ("write",), priority=True),
    Key("ctrl+s", "^s", "save_text", ("write",), priority=True),
    Key("ctrl+z", "^z", "undo_text", ("write",), priority=True),
    Key("ctrl+up", "^↑", "warmer", ("write",), priority=True),
    Key("ctrl+down", "^↓", "cooler", ("write",), priority=True),
    # runs
    Key("enter", "⏎", "open", ("runs",)),
    Key("slash", "/", "filter", ("runs", "guide")),
    Key("s", "s", "sort", ("runs",)),
    Key("space", "space", "mark", ("runs",)),
    Key("o", "o", "overlay", ("runs",)),
    Key("n", "n", "new_run", ("runs",), effect="go"),
    Key("x", "x", "delete", ("runs",), effect="stop"),
    # everywhere
    Key("g", "g", "guide", ("start", "plan", "rates", "batches", "checklist", "training", "report", "tokens", "runs")),
    Key("r", "r", "runs", ("start",)),
    Key("question_mark,f5", "?", "keys", beside="F5"),
    Key("f1", "F1", "help"),
    Key("f2", "F2", "language"),
    Key("f3", "F3", "theme"),
    Key("f4", "F4", "notifications"),
    Key("ctrl+p", "^p", "command_palette", priority=True),
    Key("escape", "esc", "back"),
    Key("q", "q", "quit_now", effect="stop"),
    Key("ctrl+q", "^q", "quit_now", priority=True, effect="stop"),
)  # fmt: skip


def keys_of(screen: str) -> list[Key]:
    """The keys that act on a screen, its own first."""
    own = [key for key in KEYS if screen in key.screens]
    return own + [key for key in KEYS if not key.screens]


def acts_beside(key: Key, consumed: Callable[[str], bool]) -> bool:
    """Whether a key acts while the focused widget takes some keys for itself, as a field takes letters."""
    return key.priority or any(not consumed(name) for name in key.keys.split(","))


def about_key(action: str) -> str:
    """The key of the words about an action."""
    return word_key(action) if action.startswith("show(") else word_key(action).replace("key.", "about.", 1)


def shown_key(key: Key, say: Callable[[str], str], knows: Callable[[str], bool]) -> str:
    """How a key is written: a sign, a letter, or a word of the language."""
    word = f"shown.{key.shown}"
    return say(word) if knows(word) else key.shown


def word_key(action: str) -> str:
    """The key of the words of an action: `key.start`; panel('configs') is `key.panel-configs`, show('loss') the panel's own
    name."""
    name, _, argument = action.partition("(")
    argument = argument.strip("')")
    return f"panel.{argument}" if name == "show" else f"key.{name}" + (f"-{argument}" if argument else "")
