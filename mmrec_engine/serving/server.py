"""The server's socket, its signals and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.serving.app import Answered, Served, application
from mmrec_engine.serving.completion_request import Limits
from mmrec_engine.serving.jobs import Jobs
from mmrec_engine.settings.pretrained import is_pretrained, pretrained_name

GRACE_SECONDS = 5.0  # for requests that are being answered when the server ends
_BACKLOG = 1024
_SWITCH_SECONDS = 0.0005  # Python's 5 ms would make each request wait for the generating thread several times


def listening(host: str, port: int, api_key: str | None) -> socket.socket:
    """A socket that accepts connections, which wait until the server answers. port 0: any free one. Raises RequestError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise RequestError("serve-host", host=host) from None
    if api_key is None and not is_local(str(address[0])):
        raise RequestError("serve-key-needed", host=host)
    opened = socket.socket(family, kind, protocol)
    try:
        # On Windows SO_REUSEADDR would let another program take over the port.
        option: int = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        opened.setsockopt(socket.SOL_SOCKET, option, 1)
        opened.bind(address)
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        keys = {errno.EADDRINUSE: "serve-port-used", errno.EACCES: "serve-port-denied"}
        key = keys.get(error.errno or 0, "serve-host")
        raise RequestError(key, host=host, port=port) from None
    return opened


def is_local(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def name_of(asked: str, path: Path) -> str:
    """The name of a run, an exported folder or a pretrained model. asked: what the user named, path: where it was found."""
    if is_pretrained(asked):
        return pretrained_name(asked)
    return (path if path.is_dir() else path.parent).resolve().name or "model"


def serve(
    opened: socket.socket,
    trained: Trained,
    model: str,
    tag: int | None,
    limits: Limits,
    api_key: str | None,
    language: Language,
    debug: bool,
    on_ready: Callable[[str], None],
    on_answer: Callable[[Answered], None],
    on_ending: Callable[[int], None],
) -> int:
    """Answer until a signal; returns it.

    model: its name for clients. on_ready gets the address. on_ending gets the number of requests that are still being answered;
    after `GRACE_SECONDS`, or at once with a second signal, they are refused.
    """
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING if debug else logging.CRITICAL + 1)
    sys.setswitchinterval(_SWITCH_SECONDS)
    jobs = Jobs(trained.model, trained.tokenizer, tag, limits.waiting)
    host, port = opened.getsockname()[:2]
    created = int(trained.path.stat().st_mtime)
    served = Served(jobs, trained.tokenizer, model, created, limits, api_key, is_local(host), language, on_answer)
    config = uvicorn.Config(
        application(served), http="h11", ws="none", lifespan="off", loop="asyncio", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=int(GRACE_SECONDS) + 3, backlog=_BACKLOG,
    )  # fmt: skip
    server = _Server(config, jobs, on_ending)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
    try:
        on_ready(address)
        server.run(sockets=[opened])
    finally:
        jobs.close()
    return server.ended_by


class _Server(uvicorn.Server):
    """Ends by SIGINT or SIGTERM, also where they came ignored, and lets the caller choose the exit code."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs, on_ending: Callable[[int], None]) -> None:
        super().__init__(config)
        self.ended_by = 0
        self._jobs, self._on_ending = jobs, on_ending

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self._on_signal) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self._jobs.end_all()
        self.ended_by = self.ended_by or number
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        left = sum(self._jobs.counts)
        if left:
            self._on_ending(left)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._jobs.end_all)
        await super().shutdown(sockets)
