"""`find-lr` and `find-batch`: the engine's searches on the command line. Results on stdout, progress on stderr."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mmrec_engine.settings import Resolved
from mmrec_tui.cli.tables import print_head, print_row
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.advice import (
    BATCH_CELL,
    batch_advice,
    batch_head,
    batch_line,
    rate_advice,
    rate_head,
    rate_line,
)
from mmrec_tui.terminal import Narration, print_json

if TYPE_CHECKING:
    from mmrec_tui.presentation.plotting import Figure

_WIDEST, _PLOT_ROWS = 100, 20


def find_rate(resolved: Resolved, steps: int, wording: Wording, as_json: bool, quiet: bool) -> int:
    """A learning-rate range test. Returns the exit code; RequestError and TrainingError pass through."""
    narration, corpus = prepared(resolved, wording, as_json or quiet)

    from mmrec_engine.planning.lr_finder import RateSearch, search_rates

    search = RateSearch(resolved.settings.learning_rate, steps)
    with closing(search_rates(resolved.settings, corpus, steps=steps)) as going:
        for search in going:
            if search.points and not search.done:
                point = search.points[-1]
                done = wording.whole_percent(len(search.points) / steps)
                if narration.is_terminal:
                    values = {
                        "rate": wording.about_rate(point.rate),
                        "loss": wording.number(point.loss, 3),
                        "done": done,
                    }
                    narration.bar(wording("rates.under-way", **values))
    if as_json:
        print_json(
            {
                "suggestion": search.suggestion,
                "diverged_at": search.diverged_at,
                "lowest": search.lowest,
                "current": search.current,
                "points": [asdict(point) for point in search.points],
            }
        )
        return 0
    narration.clear()
    if sys.stdout.isatty():
        from mmrec_tui.presentation.figures import rates

        print("\n".join(printed(rates(search, wording))))
    else:
        print("\n".join([rate_head(wording), *(rate_line(point, wording) for point in search.points)]))
    print(rate_advice(search, wording))
    return 0


def find_batch(resolved: Resolved, seconds: float, wording: Wording, as_json: bool, quiet: bool) -> int:
    """A search for the batch size that trains fastest. Returns the exit code; RequestError and TrainingError pass through."""
    narration, corpus = prepared(resolved, wording, as_json or quiet)
    settings = resolved.settings

    from mmrec_engine.data.batches import training_windows
    from mmrec_engine.planning.batch_size_finder import BatchSearch, search_batches

    windows = training_windows(settings, corpus).count
    search = BatchSearch(windows, (settings.batch_size, settings.accumulate))
    with closing(search_batches(settings, corpus.tokenizer.vocab_size, windows, seconds=seconds)) as going:
        for search in going:
            if search.trying is not None and narration.is_terminal:
                narration.bar(wording("batches.under-way", size=wording.number(search.trying)))
            elif search.trying is None and search.ended_by is None and not as_json:
                narration.clear()
                if len(search.tried) == 1:
                    print_head(batch_head(wording))
                print_row(batch_line(search.tried[-1], search, wording), BATCH_CELL)
    if as_json:
        print_json(
            {
                "fastest": search.fastest,
                "largest": search.largest,
                "suggestion": search.suggestion,
                "accumulate": search.accumulate,
                "ended_by": search.ended_by,
                "current": {"batch_size": settings.batch_size, "accumulate": settings.accumulate},
                "windows": windows,
                "tried": [asdict(trial) for trial in search.tried],
            }
        )
        return 0
    narration.clear()
    if search.tried[-1].outcome != "measured":
        print_row(batch_line(search.tried[-1], search, wording), BATCH_CELL)
    print("\n".join(batch_advice(search, wording)))
    return 0


def prepared(resolved: Resolved, wording: Wording, quiet: bool) -> tuple[Narration, Any]:
    """The narration, and the prepared text. From here on SIGINT and SIGTERM end the command at once, with 130 and 143."""
    from mmrec_engine.runs.run_text import text_of_new_run
    from mmrec_tui.cli.progress_bar import with_progress_bar

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with SIGINT ignored
    signal.signal(signal.SIGTERM, _terminated)
    narration = Narration(quiet=quiet)
    narration.line(wording("prepare"))
    return narration, with_progress_bar(text_of_new_run(resolved.settings), narration, wording)


def _terminated(number: int, frame: object) -> None:
    sys.exit(128 + number)


def printed(figure: Figure) -> Iterator[str]:
    """The lines of a figure for the terminal of stdout, its legend first."""
    from mmrec_tui.presentation.plotting import draw

    columns = min(_WIDEST, os.get_terminal_size(sys.stdout.fileno()).columns)
    yield figure.legend
    for row in draw(figure, columns, _PLOT_ROWS, plain=True):
        yield "".join(text for text, _ in row).rstrip()
