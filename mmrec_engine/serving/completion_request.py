"""What a client asks for: a JSON object of OpenAI's completions, validated, as values of the engine."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from mmrec_engine.data.sources.text import clean
from mmrec_engine.evaluation.generation import Sampling
from mmrec_engine.serving.refusal import Refused, bad_request
from mmrec_engine.tokenizer import Tokenizer

_MOST_STOPS = 16
_MOST_LIKELIEST = 20
_NO_REPETITION_PENALTY = 1.0
_WRONG_KIND = {str: "serve-type-str", dict: "serve-type-dict", bool: "serve-type-bool"}
# Parameters that are accepted only with the value that changes nothing, or without effect on the text.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "presence_penalty": (0,), "frequency_penalty": (0,), "logit_bias": ({},), "suffix": ("",),
}  # fmt: skip
_WITHOUT_EFFECT = ("user", "metadata", "store")
_KNOWN = frozenset({
    "model", "prompt", "max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "n", "best_of", "stream",
    "stream_options", "stop", "logprobs", "echo", "seed", *_NEUTRAL, *_WITHOUT_EFFECT,
})  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """prompt_tokens: of each prompt. tokens: of each sample. samples: prompts times n. all_tokens: of all prompts, and of all
    samples, of a request. waiting: requests, beside those that are being answered. seconds: of a request, with its wait.
    """

    prompt_tokens: int = 8192
    tokens: int = 4096
    samples: int = 128
    all_tokens: int = 65_536
    waiting: int = 256
    seconds: float = 300.0


@dataclass(frozen=True)
class CompletionRequest:
    """prompts: the text and the ids of each. likeliest: alternatives to report; None: no probabilities."""

    prompts: tuple[tuple[str, tuple[int, ...]], ...]
    tokens: int
    samples: int
    sampling: Sampling
    stop: tuple[str, ...]
    likeliest: int | None
    echo: bool
    stream: bool
    usage_in_stream: bool


def read_request(body: bytes, model: str, tokenizer: Tokenizer, limits: Limits) -> CompletionRequest:
    """Raises Refused."""
    asked = {name: value for name, value in _object(body).items() if value is not None}
    for name in asked:
        if name not in _KNOWN:
            raise bad_request("serve-unknown-parameter", name[:64])
    for name, neutral in _NEUTRAL.items():
        if name in asked and (asked[name] not in neutral or isinstance(asked[name], bool)):
            raise bad_request("serve-unsupported", name)
    if _of_kind(asked, "model", str, model) != model:
        raise Refused(HTTPStatus.NOT_FOUND, "serve-model-not-found", "model", value=asked["model"][:200], model=model)
    samples = _whole(asked, "n", 1, 1, limits.samples)
    if _whole(asked, "best_of", samples, 1, limits.samples) != samples:
        raise bad_request("serve-unsupported", "best_of")
    tokens = _whole(asked, "max_tokens", 16, 0, limits.tokens)
    prompts = _prompts(asked.get("prompt", ""), tokenizer, limits)
    for param, total, most in (
        ("n", samples * len(prompts), limits.samples),
        ("max_tokens", samples * len(prompts) * tokens, limits.all_tokens),
        ("prompt", sum(len(ids) for _, ids in prompts), limits.all_tokens),
    ):
        if total > most:
            raise bad_request("serve-too-much", param, total=total, most=most)
    options = _of_kind(asked, "stream_options", dict, {})
    seed = _whole(asked, "seed", secrets.randbits(63), -(2**63), 2**63 - 1)
    sampling = Sampling(
        temperature=_number(asked, "temperature", 1.0, 0.0, 100.0),
        top_k=_whole(asked, "top_k", 0, 0, 2**31),
        top_p=max(1e-6, _number(asked, "top_p", 1.0, 0.0, 1.0)),
        repetition_penalty=_number(asked, "repetition_penalty", _NO_REPETITION_PENALTY, 0.01, 100.0),
        seed=seed % 2**63,
    )
    return CompletionRequest(
        prompts=prompts,
        tokens=tokens,
        samples=samples,
        sampling=sampling,
        stop=_stops(asked.get("stop", [])),
        likeliest=_whole(asked, "logprobs", 0, 0, _MOST_LIKELIEST) if "logprobs" in asked else None,
        echo=_of_kind(asked, "echo", bool, False),
        stream=_of_kind(asked, "stream", bool, False),
        usage_in_stream=_of_kind(options, "include_usage", bool, False, "stream_options"),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad_request("serve-not-utf8") from None
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise bad_request("serve-not-json") from None
    if not isinstance(found, dict):
        raise bad_request("serve-not-object")
    return found


def _refuse_constant(name: str) -> Any:
    raise bad_request("serve-not-finite", value=name)


def _of_kind(asked: Mapping[str, Any], name: str, kind: type[Any], default: Any, param: str | None = None) -> Any:
    value = asked.get(name, default)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise bad_request(_WRONG_KIND[kind], param or name)
    return value


def _whole(asked: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    return int(_bounded(asked, name, default, low, high, int))


def _number(asked: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    return float(_bounded(asked, name, default, low, high, int | float))


def _bounded(asked: Mapping[str, Any], name: str, default: float, low: float, high: float, kind: Any) -> float:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise bad_request("serve-type-int" if kind is int else "serve-type-float", name)
    if not low <= value <= high:
        raise bad_request("serve-out-of-range", name, low=low, high=high)
    return float(value) if kind is not int else value


def _prompts(value: Any, tokenizer: Tokenizer, limits: Limits) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """A text, ids, or a list of either."""
    single = isinstance(value, str) or (isinstance(value, list) and bool(value) and all(map(_is_id, value)))
    several = [value] if single else value
    if not isinstance(several, list) or not several:
        raise bad_request("serve-prompt", "prompt")
    if len(several) > limits.samples:
        raise bad_request("serve-too-much", "prompt", total=len(several), most=limits.samples)
    return tuple(_prompt(each, tokenizer, limits) for each in several)


def _prompt(value: Any, tokenizer: Tokenizer, limits: Limits) -> tuple[str, tuple[int, ...]]:
    if isinstance(value, str):
        text = _text(value, "prompt")
        ids = tuple(int(index) for index in tokenizer.encode(text))
    elif isinstance(value, list) and all(map(_is_id, value)):
        if any(not 0 <= index < tokenizer.vocab_size for index in value):
            raise bad_request("serve-prompt-ids", "prompt", last=tokenizer.vocab_size - 1)
        text, ids = tokenizer.decode(value), tuple(value)
    else:
        raise bad_request("serve-prompt", "prompt")
    if len(ids) > limits.prompt_tokens:
        raise bad_request("serve-prompt-long", "prompt", tokens=len(ids), most=limits.prompt_tokens)
    return text, ids


def _stops(value: Any) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list) or len(several) > _MOST_STOPS or not all(_is_text(each) for each in several):
        raise bad_request("serve-stop", "stop", most=_MOST_STOPS)
    return tuple(_text(each, "stop") for each in several)


def _text(value: str, param: str) -> str:
    """Clean text. A lone surrogate is half of a character, which JSON can write and no text contains."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise bad_request("serve-surrogate", param) from None
    return clean(value)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
