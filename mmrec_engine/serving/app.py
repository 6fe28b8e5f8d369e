"""The ASGI application: routes, who may ask, and what happens to a request whose client leaves."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mmrec_engine.errors import MmrecError, first_line, reason_of
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.serving.answers import LAST_EVENT, Answer, as_bytes, event_of
from mmrec_engine.serving.completion_request import CompletionRequest, Limits, read_request
from mmrec_engine.serving.jobs import Job, Jobs
from mmrec_engine.serving.refusal import Refused
from mmrec_engine.tokenizer import Tokenizer

MOST_BODY_BYTES = 2 * 2**20
_BODY_SECONDS = 30.0
_JSON = "application/json"


@dataclass(frozen=True)
class Answered:
    """A request that is over. status: of HTTP; None: its client left. tokens: drawn for it."""

    method: str
    path: str
    status: int | None
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Served:
    """What is served, and how. model: its name for clients. api_key: None: none is needed. local: only this machine can
    connect. on_answer: is told of each request.
    """

    jobs: Jobs
    tokenizer: Tokenizer
    model: str
    created: int
    limits: Limits
    api_key: str | None
    local: bool
    language: Language
    on_answer: Callable[[Answered], None]


class _Stream(StreamingResponse):
    """A stream of events; its job ends with it, however that happens."""

    def __init__(self, content: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(content, headers=headers, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


class _Waiter:
    """A job and what tells the event loop that it has something new."""

    def __init__(self, request: CompletionRequest, seconds: float) -> None:
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
        self.request, self.job = request, Job(request, self._tell)
        self.ended = False  # by the job or its time, not by the client
        self._seconds, self._until = seconds, time.monotonic() + seconds

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._changed.set)
        except RuntimeError:  # the loop is closed: nobody waits
            self.job.cancelled = True

    async def news(self) -> bool:
        """Wait for something new; whether the job has ended. Raises Refused when its time is over."""
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            self.ended = True
            raise Refused(HTTPStatus.GATEWAY_TIMEOUT, "serve-timeout", seconds=f"{self._seconds:g}") from None
        self._changed.clear()
        self.ended = self.job.done
        return self.ended


def application(served: Served) -> Starlette:
    """The server's application."""

    async def models(request: Request) -> Response:
        return _json({"object": "list", "data": [_model(served)]})

    async def model(request: Request) -> Response:
        asked = request.path_params["name"]
        if asked != served.model:
            raise Refused(HTTPStatus.NOT_FOUND, "serve-model-not-found", "model", value=asked[:200], model=served.model)
        return _json(_model(served))

    async def health(request: Request) -> Response:
        active, waiting = served.jobs.counts
        return _json({"status": "ok", "active": active, "waiting": waiting})

    async def completions(request: Request) -> Response:
        began = time.monotonic()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "serve-content-type")
        body = await _body(request)
        asked = await asyncio.to_thread(read_request, body, served.model, served.tokenizer, served.limits)
        waiter = _Waiter(asked, served.limits.seconds)
        served.jobs.add(waiter.job)
        answer = Answer(waiter.job, served.model, served.tokenizer)

        def over(status: int | None) -> None:
            served.jobs.cancel(waiter.job)
            written = answer.usage["completion_tokens"]
            served.on_answer(Answered("POST", request.url.path, status, written, time.monotonic() - began))

        if waiter.request.stream:
            return _Stream(_events(waiter, answer, served.language), lambda: over(200 if waiter.ended else None))
        try:
            if not await _ended_before_client_left(waiter, request):
                over(None)
                return Response(status_code=499)  # nobody reads it
            if waiter.job.error is not None:
                raise waiter.job.error
            response = _json(answer.whole())
            over(200)
            return response
        finally:
            served.jobs.cancel(waiter.job)

    def guarded(endpoint: Callable[[Request], Awaitable[Response]], open_to_all: bool = False) -> Any:
        async def answered(request: Request) -> Response:
            _refuse_strangers(request, served, open_to_all)
            return await endpoint(request)

        return answered

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            key = "serve-no-method" if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else "serve-no-path"
            path = request.url.path[:200]
            error = Refused(HTTPStatus(error.status_code), key, method=request.method, path=path)
        refused = _as_refused(error)
        status = None if isinstance(error, ClientDisconnect) else refused.status
        served.on_answer(Answered(request.method, request.url.path, status))
        content = as_bytes(refused.as_dict(served.language))
        return Response(content, refused.status, refused.headers(), media_type=_JSON)

    return Starlette(
        routes=[
            Route("/v1/models", guarded(models)),
            Route("/v1/models/{name:path}", guarded(model)),
            Route("/v1/completions", guarded(completions), methods=["POST"]),
            Route("/health", guarded(health, open_to_all=True)),
        ],
        exception_handlers=dict.fromkeys((HTTPException, MmrecError, ClientDisconnect, Exception), refuse),
    )


def _refuse_strangers(request: Request, served: Served, open_to_all: bool) -> None:
    """Raises Refused without the key; and where no key is needed for a page of another site, which a browser shows under a
    name of its own that leads here (DNS rebinding).
    """
    if served.api_key is None:
        if served.local and not _is_local(request.headers.get("host", "")):
            raise Refused(HTTPStatus.FORBIDDEN, "serve-foreign-host")
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode("latin-1"), served.api_key.encode())
    if not open_to_all and not (scheme.lower() == "bearer" and right):
        raise Refused(HTTPStatus.UNAUTHORIZED, "serve-key-wrong")


def _is_local(host: str) -> bool:
    """host: of a request, with its port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _body(request: Request) -> bytes:
    """Raises Refused if it is too long, or takes too long to arrive."""
    too_long = Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "serve-body-long", most=MOST_BODY_BYTES // 2**20)
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:19]) > MOST_BODY_BYTES:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    raise too_long
    except TimeoutError:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, "serve-body-slow", seconds=f"{_BODY_SECONDS:g}") from None
    return bytes(body)


async def _ended_before_client_left(waiter: _Waiter, request: Request) -> bool:
    """Wait for the job, as long as the client does. Raises Refused when its time is over."""

    async def until_left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def until_ended() -> None:
        while not await waiter.news():
            pass

    left, ended = asyncio.ensure_future(until_left()), asyncio.ensure_future(until_ended())
    try:
        await asyncio.wait({left, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
        return ended.done()
    finally:
        left.cancel()
        ended.cancel()


async def _events(waiter: _Waiter, answer: Answer, language: Language) -> AsyncIterator[bytes]:
    """The events of a stream. An error after its first one is an event too: the status has been sent."""
    try:
        ended = False
        while not ended:
            ended = await waiter.news()
            for value in answer.events():
                yield event_of(value)
        if waiter.job.error is not None:
            raise waiter.job.error
        for value in answer.last_events():
            yield event_of(value)
        yield LAST_EVENT
    except Exception as error:
        yield event_of(_as_refused(error).as_dict(language))


def _model(served: Served) -> dict[str, Any]:
    return {"id": served.model, "object": "model", "created": served.created, "owned_by": "mmrec"}


def _json(value: dict[str, Any]) -> Response:
    return Response(as_bytes(value), media_type=_JSON)


def _as_refused(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    reason = reason_of(error) if isinstance(error, MmrecError) else first_line(error, typed=True)
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "serve-failed", reason=reason)
