"""Which settings a plan may choose: those that neither a person nor a recipe has fixed."""

from __future__ import annotations

from mmrec_engine.settings import Resolved

PLANNER = "planner"  # source of a setting
GIVEN = ("hand", "file", "run")  # sources of fixed settings
# What a recipe leaves open: the guide fixes the tokenizer.
_LEFT_OPEN = {
    "guide": frozenset({"max_steps", "eval_every"}),
    "fast": frozenset({"max_steps", "eval_every", "tokenizer", "vocab_size"}),
}


def is_free(name: str, resolved: Resolved) -> bool:
    """Whether this setting is fixed neither by itself nor by a recipe."""
    if resolved.sources[name] != "default":
        return False
    return resolved.sources["recipe"] not in GIVEN or name in _LEFT_OPEN[resolved.settings.recipe]
