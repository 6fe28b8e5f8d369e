"""Several processes train one model: each has the gradients of its share of a step's windows, and all make one update.

Rank 0 is the run: it has the folder, the record, the person, and decides. The others follow
(`training/rank_worker.py`): they hear of each step before it is made. Gradients are summed, not averaged, because each process
has divided its own by the tokens of the whole step; shares may then be uneven. Where every process has the whole model
DistributedDataParallel sums them (`ddp.py`), where the model is sharded FSDP2 does (`fsdp.py`).

The processes speak through `torch.distributed`: gloo on CPUs, NCCL on GPUs. They are started here (`--processes`), or by
`torchrun`, which tells each its place in environment variables.
"""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmrec_engine.distributed.process_group import (
    OthersRanOutError,
    ProcessLostError,
    launched,
    meeting_place,
    share_of,
)
from mmrec_engine.errors import RequestError, TrainingError, first_line, reason_words
from mmrec_engine.locales.catalogue import Words
from mmrec_engine.system.memory import ran_out

if TYPE_CHECKING:
    from mmrec_engine.distributed.ddp import DistributedModel

# Longer than any validation: the others wait for the first one to be done with it. Who dies is noticed at once.
PATIENCE = timedelta(hours=24)
_START_SECONDS = 300.0
_JOIN_SECONDS = 1800.0  # for processes that somebody else starts, on machines that may still be queued for
_ANSWER = timedelta(seconds=2)
_END_SECONDS = 20.0
_NOTICED_SECONDS = 2.0
_WORDS_OF_A_CONNECTION = ("gloo", "nccl", "connection", "broken pipe")
DEVICE = "MMREC_DEVICE"  # environment: the kind of device that a follower takes
_LOOK_SECONDS = 0.05
_MEMORY, _OTHER = 1.0, 1000.0  # what went wrong in a process, such that a sum tells which


class MultiProcessGroup:
    """One of several processes, once `torch.distributed` has joined them."""

    def __init__(self, device: torch.device, followers: Sequence[RankProcess] = (), sharded: bool = False) -> None:
        """followers: those that this process has started."""
        self._device = device
        self.sharded = sharded
        self._replica: DistributedModel | None = None  # made for the first step
        self._broken = False  # in the middle of what all do, so that nothing can be said any more
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._followers = followers

    def share(self, windows: int) -> slice:
        return share_of(windows, self.rank, self.size)

    def total(self, tokens: int) -> int:
        count = torch.tensor(tokens, device=self._device)
        self._reduce(count)
        return int(count)

    def ready(self, model: nn.Module) -> None:
        if self.sharded:
            return
        if self._replica is None:
            from mmrec_engine.distributed.ddp import DistributedModel

            with self._together():
                self._replica = DistributedModel(model)
        self._replica.begin()

    def passing(self, model: nn.Module, last: bool) -> AbstractContextManager[nn.Module]:
        return nullcontext(model) if self._replica is None else self._replica.passing(last)

    def sum(self, loss: Tensor) -> None:
        if self.sharded:
            self._reduce(loss)
        else:
            self._agree(loss, 0.0)

    def add(self, figures: Tensor) -> Tensor:
        if self.sharded:
            self._reduce(figures)
        return figures

    def fail(self, error: BaseException) -> None:
        """Where the model is sharded the others are in the middle of a pass, and hear of it when this process ends."""
        if self._replica is None:  # sharded
            return
        with self._together():
            if _tells_of_a_connection(error):
                raise error
            self._replica.give_up()
        self._agree(torch.zeros((), device=self._device), _MEMORY if ran_out(error) else _OTHER)

    def broken_by(self, error: BaseException) -> bool:
        if not self.sharded or not isinstance(error, RuntimeError | MemoryError):
            return False
        self._broken = True
        return _tells_of_a_connection(error) or self._ended_one(_NOTICED_SECONDS) is not None

    def _agree(self, loss: Tensor, wrong: float) -> None:
        """Sum the loss, and hear whether something went wrong elsewhere."""
        told = torch.stack([loss, loss.new_tensor(wrong)])
        self._reduce(told)
        loss.copy_(told[0])
        if float(told[1]):
            self._replica = None  # in one process it is in the middle of a pass: all make theirs anew
        elsewhere = float(told[1]) - wrong
        if elsewhere >= _OTHER:
            raise ProcessLostError
        if elsewhere and not wrong:
            raise OthersRanOutError

    @contextmanager
    def _together(self) -> Iterator[None]:
        """What all processes do at once. Where it fails here, the others are still in it: with this process they are lost."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            self._broken = True
            raise ProcessLostError(str(error)) from error

    def _reduce(self, values: Tensor) -> None:
        with self._together():
            dist.all_reduce(values)

    def broadcast(self, *command: object) -> None:
        self._broadcast(list(command))

    def receive(self) -> list[Any]:
        """What rank 0 says comes next."""
        return self._broadcast(None)

    def _broadcast(self, command: list[Any] | None) -> list[Any]:
        told: list[Any] = [command]
        with self._together():
            dist.broadcast_object_list(told, src=0)
        heard: list[Any] = told[0]
        return heard

    def close(self) -> None:
        try:
            if self.rank == 0 and not self._broken:
                self.broadcast("end")
        except ProcessLostError:
            pass
        finally:
            dist.destroy_process_group()
            for follower in self._followers:
                follower.end(0.0 if self._broken else _END_SECONDS)

    def lost(self, reason: str) -> TrainingError:
        """The word for a person, when a process is gone."""
        if (follower := self._ended_one(_NOTICED_SECONDS)) is not None:
            words = follower.words(follower.process.returncode)
            return TrainingError("process-lost", number=follower.rank + 1, size=self.size, reason=words)
        first = first_line(reason, 200)
        return TrainingError("process-lost", number="?", size=self.size, reason=first)

    def _ended_one(self, seconds: float) -> RankProcess | None:
        """One that this process has started and that has ended, at the latest so many seconds from now."""
        until = time.monotonic() + seconds
        while self._followers and time.monotonic() < until:
            for follower in self._followers:
                if follower.process.poll() is not None:
                    return follower
            time.sleep(_LOOK_SECONDS)
        return None


def _tells_of_a_connection(error: BaseException) -> bool:
    words = str(error).lower()
    return any(name in words for name in _WORDS_OF_A_CONNECTION)


class RankProcess:
    """A process that this one has started to train along. What it says goes to a file, for the case that it ends too soon."""

    def __init__(self, rank: int, environment: Mapping[str, str]) -> None:
        self.rank = rank
        self._said: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mmrec_engine.training.rank_worker"],
            env={**os.environ, **environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
            start_new_session=True,  # Ctrl-C is rank 0's business
        )  # fmt: skip

    def words(self, code: int) -> str | Words:
        """How it ended: by a signal, or with the last line that it has said."""
        if code < 0:
            return reason_words("signal", number=-code)
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else reason_words("exit-code", code=code)

    def end(self, seconds: float = _END_SECONDS) -> None:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said.close()


def joined(
    processes: int, device: torch.device, sharded: bool = False
) -> Generator[list[int], None, MultiProcessGroup]:
    """The processes of a run, started here unless `torchrun` has. For the first of them.

    Yields the ranks of those that have not come yet, several times a second, so that the caller can give the waiting up.
    Raises TrainingError where one does not come up, RequestError where this PyTorch cannot do it.
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
    """Become one of the processes that meet at a store, once all of them are there."""
    _speak_locally()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(
        _backend(device), timeout=PATIENCE, store=store, rank=int(os.environ["RANK"]), world_size=launched()[1]
    )


def rendezvous(device: torch.device, seconds: float) -> Iterator[list[int]]:
    """Become one of the processes that `torchrun`, or environment variables as it sets them, tell of.

    Yields, several times a second, the ranks that have not come yet, so that the caller can look at signals; nothing is waited
    for in a library meanwhile. Raises TrainingError where they have not come in so many seconds.
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
    # The processes now connect with each other, in the library. In a thread of its own, so that signals are heard even then.
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
    """The store at MASTER_ADDR and MASTER_PORT; where torchrun's agent has one there, that one, as each of its attempts has it.

    Raises RuntimeError or OSError where it does not answer at once.
    """
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    of_the_agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    if rank != 0 or of_the_agent:  # asked first, because the store complains on stderr each time that nobody answers
        socket.create_connection((address, port), _ANSWER.total_seconds()).close()
    store = dist.TCPStore(  # type: ignore[attr-defined]
        address, port, size, is_master=rank == 0 and not of_the_agent, timeout=_ANSWER, wait_for_workers=False
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
        "127.0.0.1", 0, processes, is_master=True, timeout=PATIENCE, wait_for_workers=False
    )
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    environment = {**place, "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes)}
    environment[DEVICE] = device.type
    followers = [RankProcess(rank, environment) for rank in range(1, processes)]
    try:
        yield from _wait_for(followers, store)
        dist.init_process_group(_backend(device), store=store, rank=0, world_size=processes, timeout=PATIENCE)
    except BaseException:
        for follower in followers:
            follower.process.kill()
            follower.end()
        raise
    return MultiProcessGroup(device, followers, sharded)


def up(rank: int) -> str:
    """The key under which a process says that it is there."""
    return f"mmrec-up-{rank}"


def _wait_for(followers: Sequence[RankProcess], store: Any) -> Iterator[list[int]]:
    until = time.monotonic() + _START_SECONDS
    missing = list(followers)
    while missing:
        for follower in list(missing):
            code = follower.process.poll()
            if code is not None or time.monotonic() > until:
                reason = "timeout" if code is None else follower.words(code)
                size = len(followers) + 1
                raise TrainingError("process-lost", number=follower.rank + 1, size=size, reason=reason)
            if store.check([up(follower.rank)]):
                missing.remove(follower)
        yield [follower.rank for follower in missing]
        time.sleep(_LOOK_SECONDS)


def _backend(device: torch.device) -> str:
    return "nccl" if device.type == "cuda" else "gloo"


def _speak_locally() -> None:
    """gloo asks for the machine's name, which many a machine cannot look up; on one machine it need not."""
    address = os.environ.get("MASTER_ADDR", "127.0.0.1")
    if address in ("127.0.0.1", "localhost"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if platform.system() == "Darwin" else "lo")
