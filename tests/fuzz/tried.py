"""How often each property is tested, a count of examples, and the requirements of every refusal.

SOAK_EXAMPLES: examples of the most expensive tests; cheap ones have many times as many. Without it a few, the same each time.
SOAK_SEED: seed of the random numbers of a soak, to repeat it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from mmrec_engine.errors import MmrecError
from mmrec_engine.locales.messages import LANGUAGES
from mmrec_tui.terminal import printable

_FEW = 3
ASKED = int(os.environ.get("SOAK_EXAMPLES", "0"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
COUNTS: Counter[str] = Counter()


def tries(times: int, **strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property, tested on `times` as many examples as the most expensive ones."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def counted(*arguments: Any, **named: Any) -> None:
            COUNTS[test.__name__] += 1
            test(*arguments, **named)

        how = settings(
            max_examples=times * (ASKED or _FEW),
            deadline=None,
            database=None,
            derandomize=not ASKED,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        tried = how(given(**strategies)(counted))
        return seed(SEED)(tried) if ASKED else tried

    return decorate


def is_clear(error: MmrecError) -> None:
    """A refusal is one line, and not empty, in each language."""
    for language in LANGUAGES:
        text = error.text(language)
        assert text.strip()
        assert len(text.splitlines()) == 1, text


def is_safe(text: str) -> None:
    """It contains no control characters for a terminal."""
    for line in text.split("\n"):
        assert printable(line) == line, repr(line)


def everything_in(folder: Path) -> dict[str, int]:
    """Every path below the folder, with the size of what is a file."""
    return {
        str((Path(place) / name).relative_to(folder)): (Path(place) / name).lstat().st_size
        for place, folders, names in os.walk(folder)
        for name in (*folders, *names)
    }


def said(words: list[str]) -> tuple[int, str, str]:
    """The command, in this process: its code, stdout and stderr."""
    from mmrec_tui.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()
