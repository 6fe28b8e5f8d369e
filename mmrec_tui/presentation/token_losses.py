"""A text coloured by how likely the model found each token, its hardest tokens, and what the memories hold. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrec_tui.locales import Wording
from mmrec_tui.presentation.spark import spark
from mmrec_tui.terminal import printable

if TYPE_CHECKING:
    from mmrec_engine.evaluation.generation import Scored
    from mmrec_engine.evaluation.inspection import Inspection

# Lower bounds of the probability: at least one half, one tenth, one hundredth, and below.
LEVELS = (0.5, 0.1, 0.01, 0.0)
# The headings of the two tables, as keys of words.
HARD_HEADS = ("look.token", "look.text", "look.loss-head", "look.expected")
MEMORY_HEADS = ("look.constant", "look.silenced", "look.norm")
_BEFORE = 24  # characters before a token in the table of the hardest
_VISIBLE = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})


@dataclass(frozen=True)
class HardToken:
    """A token with a high loss. before: the text before it; expected: what the model expected, with probabilities."""

    number: int
    before: str
    token: str
    loss: float
    expected: tuple[tuple[str, float], ...]


def level(token: Scored) -> int | None:
    """The index in `LEVELS`; None for a token without context."""
    if token.logprob is None:
        return None
    probability = math.exp(token.logprob)
    return next(number for number, bound in enumerate(LEVELS) if probability >= bound)


def visible(text: str) -> str:
    """A token in which white space is visible."""
    return printable(text.translate(_VISIBLE)) or "∅"


def expected_of(token: Scored, decode: Callable[[list[int]], str]) -> tuple[tuple[str, float], ...]:
    """The likeliest tokens at this place, with their probabilities."""
    return tuple((visible(decode([index])), math.exp(logprob)) for index, logprob in token.likeliest)


def hard_tokens(inspection: Inspection, count: int, decode: Callable[[list[int]], str]) -> list[HardToken]:
    found = []
    for index in inspection.hardest(count):
        token = inspection.tokens[index]
        before = "".join(one.text for one in inspection.tokens[max(0, index - _BEFORE) : index])[-_BEFORE:]
        loss = -(token.logprob or 0.0)
        found.append(HardToken(index + 1, visible(before), visible(token.text), loss, expected_of(token, decode)))
    return found


def expected_text(expected: tuple[tuple[str, float], ...], say: Wording) -> str:
    return "  ".join(f"{token} {say.whole_percent(probability)}" for token, probability in expected)


def memory_rows(inspection: Inspection, say: Wording, width: int) -> list[list[str]]:
    """For each time constant: tokens, what silencing it costs in nats a token, and its norm over the text."""
    highest = max((norm for memory in inspection.memories for norm in memory.norms), default=0.0)
    return [
        [
            say.number(memory.time_constant, 0 if memory.time_constant >= 10 else 1),
            f"+{say.number(cost, 4)}" if (cost := memory.loss_without - inspection.loss) >= 0 else say.number(cost, 4),
            spark(memory.norms, width, 0.0, highest),
        ]
        for memory in inspection.memories
    ]
