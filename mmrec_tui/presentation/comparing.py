"""Runs against each other, in words: which is better by how much, or why that cannot be said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmrec_engine.runs.comparison import same_text, same_tokens
from mmrec_engine.runs.history import History
from mmrec_tui.locales import Wording

_DIGITS = 3  # of bits per character


@dataclass(frozen=True)
class ComparedRun:
    """name: printable. settings, corpus: of its description; empty if that cannot be read."""

    name: str
    history: History
    settings: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bits(self) -> float | None:
        """Bits per character of the best model on the validation split."""
        return None if self.history.best is None else self.history.best.bits_per_character


def of_one_tokenizer(runs: Sequence[ComparedRun]) -> bool:
    """Whether the losses per token of all runs can be compared."""
    return all(same_tokens(runs[0].corpus, run.corpus) for run in runs[1:])


def comparison(runs: Sequence[ComparedRun], say: Wording) -> str:
    """Which run is better than the others, by how much. Empty with fewer than two runs that have a result."""
    measured = [(run.bits, run) for run in runs if run.bits is not None]
    if len(measured) < 2:
        return ""
    if not all(same_text(runs[0].corpus, run.corpus) for run in runs[1:]):
        return say("compare.other-text")
    measured.sort(key=lambda pair: pair[0])
    lowest, best = measured[0]
    shown = say.number(lowest, _DIGITS)
    equal = [run.name for bits, run in measured if say.number(bits, _DIGITS) == shown]
    others = measured[len(equal) :]
    worse = ", ".join(say("compare.worse", name=run.name, **_bits(lowest, bits, say)) for bits, run in others)
    if len(equal) > 1:
        words = say("compare.equal", name=", ".join(equal[:-1]), other=equal[-1], best=shown)
        words += f"; {worse}" if worse else ""
    elif len(others) == 1:
        bits, other = others[0]
        words = say("compare.better", name=best.name, other=other.name, **_bits(lowest, bits, say))
    else:
        words = say("compare.best-of", name=best.name, best=shown, others=worse)
    return words if of_one_tokenizer(runs) else f"{words}. {say('compare.other-tokenizer')}"


def _bits(best: float, bits: float, say: Wording) -> dict[str, str]:
    apart = round(bits, _DIGITS) - round(best, _DIGITS)  # of the figures as they are shown
    return {name: say.number(value, _DIGITS) for name, value in (("apart", apart), ("best", best), ("bits", bits))}
