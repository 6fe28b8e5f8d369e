"""The command `look`: a text coloured by how likely a model found each token, and what its memories hold."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_tui.cli.generate import FROM_STDIN, from_stdin
from mmrec_tui.cli.progress_bar import with_progress_bar
from mmrec_tui.cli.tables import print_table
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.token_losses import (
    HARD_HEADS,
    LEVELS,
    MEMORY_HEADS,
    expected_text,
    hard_tokens,
    level,
    memory_rows,
)
from mmrec_tui.terminal import Narration, one_line, print_json, printable, shows_colour

if TYPE_CHECKING:
    from mmrec_engine.evaluation.inspection import Inspection
    from mmrec_engine.evaluation.trained_model import Trained

_HARDEST = 8
_SPARK = 32
# Background colours of the levels, of the 256 that every such terminal has, each with black text.
_COLOURS = ("48;5;157;38;5;16", "48;5;229;38;5;16", "48;5;216;38;5;16", "48;5;210;38;5;16")


@dataclass(frozen=True)
class Request:
    """text: a file, `FROM_STDIN`, or None for the validation split of the run. tokens: that are read at most. page: the HTML
    file to write."""

    checkpoint: str
    text: str | None
    tokens: int
    page: str | None
    device: str


def look(request: Request, wording: Wording, as_json: bool) -> None:
    from mmrec_engine.errors import RequestError
    from mmrec_engine.runs.catalog import locate
    from mmrec_engine.settings import check_device

    check_device(request.device)
    locate(request.checkpoint)
    if request.page is not None and Path(request.page).exists():
        raise RequestError("page-exists", path=request.page)
    text = None if request.text is None else _text_of(request.text, wording)
    from mmrec_engine.evaluation.inspection import inspect, validation_ids
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.tokenizer import unknown_characters
    from mmrec_engine.training.device import resolve_device

    narration = Narration()
    trained = load_trained(request.checkpoint, resolve_device(request.device))
    if text is None:
        ids: Any = with_progress_bar(validation_ids(trained), narration, wording)
    else:
        unknown = unknown_characters(trained.tokenizer, text)
        if unknown:
            narration.line(wording("generate.unknown", characters=" ".join(unknown)))
        ids = trained.tokenizer.encode(text)
    inspection = with_progress_bar(inspect(trained, ids, request.tokens), narration, wording)
    if request.page is not None:
        _write(Path(request.page), inspection, trained, wording)
    if as_json:
        print_json(_as_json(inspection, trained))
    elif request.page is None:
        _print(inspection, trained.tokenizer.decode, wording)
    else:
        narration.line(wording("look.written", path=request.page))


def _text_of(name: str, wording: Wording) -> str:
    """A text file as it is trained on. Raises RequestError."""
    from mmrec_engine.data.sources.text import clean
    from mmrec_engine.errors import RequestError

    if name == FROM_STDIN:
        return clean(from_stdin(wording))
    try:
        return clean(Path(name).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise RequestError("text-unreadable", path=name, reason=error.strerror or error) from None
    except UnicodeDecodeError:
        raise RequestError("text-not-utf8", path=name) from None


def _write(path: Path, inspection: Inspection, trained: Trained, wording: Wording) -> None:
    from mmrec_engine.errors import RequestError
    from mmrec_tui.presentation.token_losses_html import page

    content = page(inspection, one_line(trained.path.parent.name), wording, trained.tokenizer.decode)
    try:
        with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(content)
    except OSError as error:
        raise RequestError("page-unwritable", path=path, reason=error.strerror or error) from None


def _print(inspection: Inspection, decode: Callable[[list[int]], str], wording: Wording) -> None:
    from mmrec_tui.presentation.token_losses_html import summary

    print(summary(inspection, wording))
    if shows_colour(sys.stdout):
        print(
            f"{wording('look.levels')}  "
            + "  ".join(_coloured(words, number) for number, words in enumerate(_legend(wording)))
            + "\n"
        )
        print("".join(_shown(token.text, level(token)) for token in inspection.tokens) + "\n")
    print(wording("look.hardest"))
    rows = [
        [
            wording.number(one.number),
            f"{one.before}›{one.token}",
            wording.number(one.loss, 2),
            expected_text(one.expected, wording),
        ]
        for one in hard_tokens(inspection, _HARDEST, decode)
    ]
    print_table([list(map(wording, HARD_HEADS)), *rows], right=(0, 2))
    if inspection.memories:
        print(f"\n{wording('look.memories')}\n{wording('look.memories-how')}")
        print_table([list(map(wording, MEMORY_HEADS)), *memory_rows(inspection, wording, _SPARK)], right=(0, 1))


def _legend(wording: Wording) -> list[str]:
    bounds = [wording("look.level", share=wording.whole_percent(bound)) for bound in LEVELS[:-1]]
    return [*bounds, wording("look.level-below", share=wording.whole_percent(LEVELS[-2]))]


def _shown(text: str, number: int | None) -> str:
    """A token in its colour; line ends outside of it, because a terminal would colour the rest of the line."""
    lines = [printable(line) for line in text.split("\n")]
    return "\n".join(line if number is None or not line else _coloured(line, number) for line in lines)


def _coloured(text: str, number: int) -> str:
    return f"\x1b[{_COLOURS[number]}m{text}\x1b[0m"


def _as_json(inspection: Inspection, trained: Trained) -> dict[str, Any]:
    decode = trained.tokenizer.decode
    return {
        "checkpoint": str(trained.path),
        "loss": inspection.loss,
        "bits_per_character": inspection.bits_per_character,
        "left_out": inspection.left_out,
        "tokens": [
            {
                "id": token.index,
                "text": token.text,
                "logprob": token.logprob,
                "likeliest": [
                    {"id": index, "text": decode([index]), "logprob": logprob} for index, logprob in token.likeliest
                ],
            }
            for token in inspection.tokens
        ],
        "positions": list(inspection.positions),
        "memories": [
            {"time_constant": one.time_constant, "loss_without": one.loss_without, "norms": list(one.norms)}
            for one in inspection.memories
        ],
    }
