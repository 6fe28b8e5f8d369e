"""Starts and connects the ranks of a run: started by rank 0 (`--processes`), or by `torchrun`, which gives each its rank in
environment variables."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from mmrec_engine.distributed.multi_process_group import MultiProcessGroup
from mmrec_engine.distributed.process_group import launched, meeting_place
from mmrec_engine.distributed.rank_process import RankProcess
from mmrec_engine.errors import RequestError, TrainingError, first_line

# Longer than any pause, and anything else that rank 0 does alone. A dead rank is noticed at once.
PATIENCE = timedelta(hours=24)
_START_SECONDS = 300.0
_JOIN_SECONDS = 1800.0  # for ranks started by someone else, on machines that may still be queued for
_ANSWER = timedelta(seconds=2)
_END_SECONDS = 20.0
DEVICE = "MMREC_DEVICE"  # environment variable: the kind of device for a rank started here
HAS_LIBUV = sys.platform != "win32"  # whether PyTorch is built with it, for the rendezvous
_LOOK_SECONDS = 0.05


def joined(
    processes: int, device: torch.device, sharded: bool = False
) -> Generator[list[int], None, MultiProcessGroup]:
    """The ranks of a run, started here unless `torchrun` has. For rank 0.

    Yields the missing ranks several times a second, so that the caller can stop waiting.
    Raises TrainingError if one does not start, RequestError if this PyTorch cannot do it.
    """
    if not dist.is_available():
        raise RequestError("processes-unavailable")
    if device.type == "mps":
        raise RequestError("processes-device", device=device.type)
    _, already = launched()
    if already == 1:
        return (yield from _start(processes, device, sharded))
    yield from rendezvous(device, _JOIN_SECONDS)
    return MultiProcessGroup(device, sharded=sharded)


def join(device: torch.device, store: Any) -> None:
    """Join the ranks that meet at a store, once all of them are there."""
    _speak_locally()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(
        _backend(device), timeout=PATIENCE, store=store, rank=int(os.environ["RANK"]), world_size=launched()[1]
    )


def rendezvous(device: torch.device, seconds: float) -> Iterator[list[int]]:
    """Join the ranks that `torchrun`, or environment variables of the same form, describe.

    Yields the missing ranks several times a second, so that the caller can handle signals; no library call
    blocks meanwhile. Raises TrainingError if they have not connected in so many seconds.
    """
    rank, size = launched()
    until = time.monotonic() + seconds
    store = None
    _speak_locally()
    while store is None:
        try:
            store = _meeting_place(rank, size)
        except (RuntimeError, ValueError, OSError) as error:
            missing = [other for other in range(size) if other != rank] if rank == 0 else [0]
            if time.monotonic() > until:
                raise _never_came(missing, size, str(error)) from None
            yield missing
            time.sleep(_LOOK_SECONDS)
    store.set(up(rank), "up")
    missing = [other for other in range(size) if other != rank]
    while missing:
        missing = [other for other in missing if not store.check([up(other)])]
        if missing:
            if time.monotonic() > until:
                raise _never_came(missing, size, "timeout")
            yield missing
            time.sleep(_LOOK_SECONDS)
    store.set_timeout(PATIENCE)
    # The library now connects the ranks with each other. In a thread of its own, so that signals are handled meanwhile.
    failed: list[Exception] = []

    def connect() -> None:
        try:
            join(device, store)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=connect, name="mmrec-joining", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_SECONDS)
        if time.monotonic() > until:
            raise _never_came([], size, "timeout")
        yield []
    if failed:
        raise _never_came([], size, str(failed[0])) from failed[0]


def _meeting_place(rank: int, size: int) -> Any:
    """The store at MASTER_ADDR and MASTER_PORT; if torchrun's agent has one there, that one, with the prefix of its attempt.

    Raises RuntimeError or OSError if it does not answer at once.
    """
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    of_the_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    if rank != 0 or of_the_agent:  # tested first, because the store writes to stderr for each failed attempt
        socket.create_connection((address, port), _ANSWER.total_seconds()).close()
    store = dist.TCPStore(  # type: ignore[attr-defined]
        address,
        port,
        size,
        is_master=rank == 0 and not of_the_agent,
        timeout=_ANSWER,
        wait_for_workers=False,
        use_libuv=HAS_LIBUV,
    )
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return dist.PrefixStore(f"/worker/attempt_{attempt}", store)  # type: ignore[attr-defined]


def _never_came(missing: Sequence[int], size: int, reason: str) -> TrainingError:
    first = first_line(reason, 200)
    numbers = ", ".join(str(rank + 1) for rank in missing) or "?"
    return TrainingError("process-never-came", missing=numbers, size=size, place=meeting_place(), reason=first)


def _start(processes: int, device: torch.device, sharded: bool) -> Generator[list[int], None, MultiProcessGroup]:
    _speak_locally()
    store = dist.TCPStore(  # type: ignore[attr-defined]
        "127.0.0.1", 0, processes, is_master=True, timeout=PATIENCE, wait_for_workers=False, use_libuv=HAS_LIBUV
    )
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    environment = {**place, "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}
    environment[DEVICE] = device.type
    started = [RankProcess(rank, environment) for rank in range(1, processes)]
    try:
        yield from _wait_for(started, store)
        dist.init_process_group(_backend(device), store=store, rank=0, world_size=processes, timeout=PATIENCE)
    except BaseException:
        for other in started:
            other.process.kill()
            other.end(_END_SECONDS)
        raise
    return MultiProcessGroup(device, started, sharded)


def up(rank: int) -> str:
    """The key under which a rank reports that it is there."""
    return f"mmrec-up-{rank}"


def _wait_for(started: Sequence[RankProcess], store: Any) -> Iterator[list[int]]:
    until = time.monotonic() + _START_SECONDS
    missing = list(started)
    while missing:
        for other in list(missing):
            code = other.process.poll()
            if code is not None or time.monotonic() > until:
                reason = "timeout" if code is None else other.words(code)
                size = len(started) + 1
                raise TrainingError("process-lost", number=other.rank + 1, size=size, reason=reason)
            if store.check([up(other.rank)]):
                missing.remove(other)
        yield [other.rank for other in missing]
        time.sleep(_LOOK_SECONDS)


def _backend(device: torch.device) -> str:
    return "nccl" if device.type == "cuda" else "gloo"


def _speak_locally() -> None:
    """gloo resolves the machine's name, which fails on many machines; on a single machine it is not needed."""
    address = os.environ.get("MASTER_ADDR", "127.0.0.1")
    # On Windows interfaces have other names, and gloo asks for none.
    if address in ("127.0.0.1", "localhost") and sys.platform != "win32":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
