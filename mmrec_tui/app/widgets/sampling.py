"""How the next token is sampled when a model is tried, as fields with an explanation of the focused one."""

from __future__ import annotations

import secrets
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from mmrec_engine.locales.numbers import in_language
from mmrec_tui.app.widgets.explanation import Explanation
from mmrec_tui.app.widgets.fields import Kind, ValueInput
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.locales import Wording

# With bounds and defaults: name -> (kind, low, high, default)
_FIELDS: dict[str, tuple[type, float, float, str]] = {
    "tokens": (int, 1, 100_000, "300"),
    "temperature": (float, 0, 100, "0.8"),
    "top_k": (int, 0, 10**6, "0"),
    "top_p": (float, 1e-6, 1, "1"),
    "repetition_penalty": (float, 0.01, 100, "1"),
    "seed": (int, 0, 2**63 - 1, ""),  # empty: another one for each text
}
_SEEDS = 1_000_000  # a new one is short enough to be typed again
_REFUSED_SECONDS = 3.0


class WrongValueError(ValueError):
    """A field holds no number of its range. name: of the field; allowed: the range."""

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"{name}: {allowed}")
        self.name, self.allowed = name, allowed


class Sampling(Vertical):
    """topic: in the guide."""

    topic = "temperature"

    def __init__(self, say: Wording, **how: Any) -> None:
        super().__init__(**how)
        self._say = say
        self._about = Explanation(id="sampling-about")
        self._refused: Timer | None = None  # runs while a refused character is told

    def compose(self) -> ComposeResult:
        say = self._say
        with Horizontal(id="sampling-fields"):
            for name, (whole, _, _, default) in _FIELDS.items():
                yield Static(say(f"sampling.{name}"), classes="label")
                kind: Kind = "integer" if whole is int else "number"
                hint = "" if default else say("sampling.new-seed")
                shown = in_language(default, say.language)
                yield ValueInput(shown, kind, placeholder=hint, compact=True, id=f"sampling-{name}")
        self._about.first = plain(say("sampling.about"))
        yield self._about

    def on_descendant_focus(self, event: Any) -> None:
        self._explain((event.widget.id or "").removeprefix("sampling-"))

    def on_descendant_blur(self, event: Any) -> None:
        self._explain("")

    def on_value_input_refused(self, event: ValueInput.Refused) -> None:
        """Say for a moment which characters the focused field takes, though others are typed after it."""
        event.stop()
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors:
            return
        name = (focused.id or "").removeprefix("sampling-")
        self._explain(name)
        self._about.explain(plain(self._say(event.words), "bold $warning"))
        self._refused = self.set_timer(_REFUSED_SECONDS, lambda: self._explain(name))

    def _explain(self, name: str) -> None:
        if self._refused is not None:
            self._refused.stop()
        known = name in _FIELDS
        self._about.explain(plain(self._say(f"sampling.about-{name}" if known else "sampling.about")))
        if known:
            self.call_after_refresh(self._about.scroll_visible, animate=False)

    def values(self) -> dict[str, Any]:
        """The value of each field. Raises WrongValueError."""
        return {name: self._value(name) for name in _FIELDS}

    def _value(self, name: str) -> int | float:
        kind, low, high, default = _FIELDS[name]
        field = self.query_one(f"#sampling-{name}", Input)
        text = field.value.strip().replace(",", ".")
        if not text and not default:
            return secrets.randbelow(_SEEDS)
        try:
            value: int | float = kind(text)
        except (ValueError, OverflowError):
            value = float("nan")
        if not low <= value <= high:  # nan and inf are refused too
            raise WrongValueError(self._say(f"sampling.{name}"), f"{self._bound(low)} – {self._bound(high)}")
        return value

    def _bound(self, value: float) -> str:
        whole, _, fraction = f"{value:,.6f}".partition(".")
        fraction = fraction.rstrip("0")
        return in_language(f"{whole}.{fraction}" if fraction else whole, self._say.language)
