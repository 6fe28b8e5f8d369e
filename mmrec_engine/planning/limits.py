"""After how many steps a run with a given time ends before it: given epochs or steps, or a text that it would only memorise."""

from __future__ import annotations

import math

from mmrec_engine.data.windows import count_of_windows
from mmrec_engine.planning.facts import TextFacts
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import most_passes
from mmrec_engine.training.plan import steps_of_epochs


def given_limits(settings: Settings, text: TextFacts) -> dict[str, int]:
    """Steps after which given limits end the run, by setting; those of epochs are estimated from the text's characters."""
    limits = {} if settings.max_steps is None else {"max_steps": settings.max_steps}
    if settings.epochs is not None:
        each = text.characters_each(settings.tokenizer, settings.vocab_size)
        windows = count_of_windows(int(text.train / each), settings.seq_len, settings.window_stride)
        limits["epochs"] = max(1, steps_of_epochs(settings.epochs, windows, settings.windows_a_step))
    return limits


def most_steps(config: str, characters: int, steps_a_pass: float) -> int:
    """The steps after which a run would only memorise its text of so many characters."""
    return math.ceil(most_passes(config, characters) * steps_a_pass)
