"""Answers in the form of OpenAI's completions."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

from mmrec_engine.evaluation.generation import Scored
from mmrec_engine.serving.completion_request import CompletionRequest
from mmrec_engine.serving.jobs import Choice, Job
from mmrec_engine.tokenizer import Tokenizer


class Answer:
    """The answer to one request, whole or in events. Events of several samples follow each other by their index."""

    def __init__(self, job: Job, model: str, tokenizer: Tokenizer) -> None:
        self._job, self._tokenizer = job, tokenizer
        self._head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
        }
        self._streams = [_ChoiceStream(job.request, choice, tokenizer) for choice in job.choices]

    @property
    def usage(self) -> dict[str, int]:
        prompt = sum(len(ids) for _, ids in self._job.request.prompts)
        written = sum(choice.count for choice in self._job.choices)
        return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}

    def whole(self) -> dict[str, Any]:
        """Of a job that has ended."""
        choices = [{**(stream.taken() or {}), "index": index} for index, stream in enumerate(self._streams)]
        return {**self._head, "choices": choices, "usage": self.usage}

    def events(self) -> list[dict[str, Any]]:
        """What is new since the last call, as chunks of a stream; of one sample each."""
        with_usage = {"usage": None} if self._job.request.usage_in_stream else {}
        found = []
        for index, stream in enumerate(self._streams):
            choice = stream.taken()
            if choice is not None:
                found.append({**self._head, "choices": [{**choice, "index": index}], **with_usage})
        return found

    def last_events(self) -> list[dict[str, Any]]:
        """What follows the last chunk."""
        if not self._job.request.usage_in_stream:
            return []
        return [{**self._head, "choices": [], "usage": self.usage}]


class _ChoiceStream:
    """Takes the new text of a sample, with the tokens whose text is complete."""

    def __init__(self, request: CompletionRequest, choice: Choice, tokenizer: Tokenizer) -> None:
        self._request, self._choice, self._tokenizer = request, choice, tokenizer
        self._begun = self._finished = False
        self._shown = 0  # characters taken
        self._tokens = 0  # tokens taken
        self._offset = 0  # of the next token in the text

    def taken(self) -> dict[str, Any] | None:
        """The next part, or None if there is nothing new."""
        reason = self._choice.finish_reason  # before the text: what is drawn meanwhile comes with the next part
        text = ""
        while self._choice.parts:
            text += self._choice.parts.popleft()
        if self._finished or (not text and reason is None):
            return None
        tokens: list[Scored] = []
        offset = self._offset
        if self._request.echo and not self._begun:
            text = self._request.prompts[self._choice.prompt][0] + text
            tokens += self._choice.scored_prompt
            self._offset += sum(len(token.text) for token in self._choice.scored_prompt)
        self._begun, self._finished = True, reason is not None
        self._shown += len(text)
        tokens += self._complete_tokens()
        logprobs = None if self._request.likeliest is None else self._logprobs(tokens, offset)
        return {"text": text, "logprobs": logprobs, "finish_reason": reason}

    def _complete_tokens(self) -> list[Scored]:
        """Tokens up to the end of the text taken; of one that a stop text cuts, too."""
        found = []
        for token in self._choice.scored[self._tokens :]:
            begins_in_text = self._offset < self._shown or not token.text
            if not (begins_in_text if self._finished else self._offset + len(token.text) <= self._shown):
                break
            found.append(token)
            self._offset += len(token.text)
        self._tokens += len(found)
        return found

    def _logprobs(self, tokens: Sequence[Scored], offset: int) -> dict[str, Any]:
        offsets = []
        for token in tokens:
            offsets.append(offset)
            offset += len(token.text)
        return {
            "tokens": [self._name(token.index) for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [self._alternatives(token) for token in tokens],
            "text_offset": offsets,
        }

    def _alternatives(self, token: Scored) -> dict[str, float] | None:
        """The likeliest tokens, and the token itself if it is not among them."""
        if token.logprob is None:
            return None
        found = {self._name(index): value for index, value in token.likeliest}
        return {**found, self._name(token.index): token.logprob}

    def _name(self, index: int) -> str:
        """The token's text; of one that is no whole characters its bytes, as OpenAI writes them; of a special one its name."""
        special = self._tokenizer.special
        if index < len(special):
            return special[index]
        text = self._tokenizer.decode([index])
        pieces = getattr(self._tokenizer, "pieces", None)
        if "\ufffd" in text and pieces is not None:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in pieces[index])
        return text


def as_bytes(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8; a name that is not UTF-8 is escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def event_of(value: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + as_bytes(value) + b"\n\n"


LAST_EVENT = b"data: [DONE]\n\n"
