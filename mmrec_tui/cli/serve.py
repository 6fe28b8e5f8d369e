"""The command `serve`: a model for every program that speaks OpenAI's protocol."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrec_tui.locales import Wording
from mmrec_tui.terminal import Narration, print_json

if TYPE_CHECKING:
    from mmrec_engine.serving.app import Answered

KEY_VARIABLE = "MMREC_API_KEY"


@dataclass(frozen=True)
class Request:
    """api_key: of the flag; None: of the environment, if there is one. The rest: limits, as of `Limits`."""

    checkpoint: str
    host: str
    port: int
    api_key: str | None
    corpus_tag: str | None
    device: str
    prompt_tokens: int
    tokens: int
    waiting: int
    seconds: float


def serve(request: Request, wording: Wording, as_json: bool, quiet: bool, debug: bool) -> int:
    """Serve until a signal; returns the exit code."""
    from mmrec_engine.errors import RequestError
    from mmrec_engine.runs.catalog import locate
    from mmrec_engine.settings import check_device, resolve
    from mmrec_engine.system.optional_dependencies import library

    check_device(request.device)
    key = request.api_key if request.api_key is not None else os.environ.get(KEY_VARIABLE) or None
    if key is not None and not re.fullmatch("[!-~]+", key):  # clients can send no other in a header
        raise RequestError("serve-key-unusable")
    for name in ("starlette", "uvicorn"):
        library(name, "serve")
    locate(request.checkpoint)
    narration = Narration(quiet=quiet)
    from mmrec_engine.data.prepare import tag_of
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.serving.completion_request import Limits
    from mmrec_engine.serving.server import GRACE_SECONDS, listening, name_of
    from mmrec_engine.serving.server import serve as answer_until_signal
    from mmrec_engine.training.device import resolve_machine

    def on_ready(address: str) -> None:
        if as_json:
            print_json({"url": address, "model": model, "checkpoint": str(trained.path)})
        narration.line(wording("serve.ready", model=model, url=address))
        narration.line(wording("serve.how"))

    def on_answer(answered: Answered) -> None:
        status = wording("serve.left") if answered.status is None else str(answered.status)
        values = {"method": answered.method, "path": answered.path, "status": status}
        tokens, seconds = wording.number(answered.tokens), wording.number(answered.seconds, 1)
        narration.line(wording("serve.answered", **values, tokens=tokens, seconds=seconds))

    def on_ending(count: int) -> None:
        narration.line(wording("serve.ending", count=count, seconds=f"{GRACE_SECONDS:g}"))

    with listening(request.host, request.port, key) as opened:
        machine = resolve_machine(resolve({"device": request.device}).settings, {"precision": "fp32"})
        trained = load_trained(request.checkpoint, machine.device)
        model = name_of(request.checkpoint, trained.path)
        tag = None if request.corpus_tag is None else tag_of(trained.tokenizer, request.corpus_tag)
        limits = Limits(request.prompt_tokens, request.tokens, waiting=request.waiting, seconds=request.seconds)
        number = answer_until_signal(
            opened, trained, model, tag, limits, key, wording.language, debug, on_ready, on_answer, on_ending
        )
    narration.line(wording("serve.ended"))
    return 128 + number if number else 0
