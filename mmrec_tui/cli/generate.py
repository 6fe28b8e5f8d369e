"""The command `generate`: prompt and continuation on stdout, each token at once."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmrec_tui.locales import Wording
from mmrec_tui.terminal import Narration, print_json, printable

FROM_STDIN = "-"
_SEPARATOR = "---"  # a line of its own between samples


@dataclass(frozen=True)
class Request:
    """prompt: a text, or `FROM_STDIN`. tokens: of each sample. sampling: the given values of evaluation.generation.Sampling.
    stop: texts before which a sample ends. corpus_tag: name of the corpus whose style to use. past_end: continue after the end
    of a document, after a blank line.
    """

    checkpoint: str
    prompt: str
    tokens: int
    samples: int
    sampling: dict[str, Any]
    stop: Sequence[str]
    corpus_tag: str | None
    past_end: bool
    device: str


def generate(request: Request, wording: Wording, as_json: bool) -> None:
    """A file or a pipe gets the exact text; on a terminal control characters are shown as codes."""
    from mmrec_engine.errors import RequestError
    from mmrec_engine.runs.catalog import locate
    from mmrec_engine.settings import check_device

    check_device(request.device)
    if "" in request.stop:
        raise RequestError("setting-empty", flag="--stop")
    locate(request.checkpoint)
    prompt = from_stdin(wording) if request.prompt == FROM_STDIN else request.prompt
    if request.prompt == FROM_STDIN and not prompt:
        Narration().line(wording("generate.empty-stdin"))
    from mmrec_engine.data.prepare import tag_of
    from mmrec_engine.data.sources.text import clean
    from mmrec_engine.evaluation.generation import BETWEEN, Prompt, Sampling, TextSample
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.tokenizer import unknown_characters
    from mmrec_engine.training.device import resolve_device

    trained = load_trained(request.checkpoint, resolve_device(request.device))
    tag = None if request.corpus_tag is None else tag_of(trained.tokenizer, request.corpus_tag)
    prompt, stop = clean(prompt), [clean(text) for text in request.stop]
    unknown = unknown_characters(trained.tokenizer, prompt)
    if unknown:
        Narration().line(wording("generate.unknown", characters=" ".join(unknown)))
    sampling = Sampling(**request.sampling)
    between = BETWEEN if request.past_end else None
    read = Prompt(trained.model, trained.tokenizer, [int(index) for index in trained.tokenizer.encode(prompt)], tag)
    show = _ignored if as_json else _shower()
    results: list[dict[str, Any]] = []
    began = time.perf_counter()
    for number in range(request.samples):
        show(prompt if number == 0 else f"\n{_SEPARATOR}\n{prompt}")
        sample = TextSample(read, request.tokens, sampling, number, stop, between)
        text = ""
        for piece in sample:
            text += piece
            show(piece)
        ended = sample.finish_reason == "stop"
        results.append({"text": text, "tokens": sample.count, "ended": ended, "stop": sample.stopped_at})
    show("\n")
    if not as_json:
        return
    speed = sum(each["tokens"] for each in results) / (time.perf_counter() - began)
    several = {"samples": results} if request.samples > 1 else {}
    first = {"prompt": prompt, **results[0], **several, "tokens_per_second": round(speed, 1)}
    tags = trained.tokenizer.tags
    of_corpora = {"corpus_tag": request.corpus_tag or next(iter(tags))} if tags else {}
    print_json({**first, **asdict(sampling), **of_corpora, "checkpoint": str(trained.path)})


def from_stdin(wording: Wording) -> str:
    """All of stdin, as UTF-8, without one last line end: a line of a shell ends with it. Raises RequestError."""
    from mmrec_engine.errors import RequestError

    if sys.stdin is None or sys.stdin.closed:
        return ""
    if sys.stdin.isatty():
        Narration().line(wording("generate.stdin"))
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequestError("prompt-not-utf8") from None
    return text.removesuffix("\n").removesuffix("\r")


def _ignored(text: str) -> None:
    pass


def _shower() -> Callable[[str], None]:
    """Writes text to stdout: to a terminal with control characters escaped, else exactly, in UTF-8."""
    stream, terminal = sys.stdout, sys.stdout.isatty()
    if not terminal and isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")

    def show(text: str) -> None:
        print(printable(text) if terminal else text, end="", flush=True)

    return show
