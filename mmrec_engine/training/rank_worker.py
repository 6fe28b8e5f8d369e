"""A rank other than 0: it makes the steps that rank 0 broadcasts, and has neither folder nor record."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.data.split_record import Earlier
from mmrec_engine.distributed.launch import DEVICE, PATIENCE, MultiProcessGroup, join, rendezvous, up
from mmrec_engine.distributed.process_group import ProcessLostError
from mmrec_engine.errors import TrainingError
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve
from mmrec_engine.system.memory import ran_out
from mmrec_engine.tokenizer import tokenizer_from_dict
from mmrec_engine.training.device import resolve_device, resolve_machine
from mmrec_engine.training.loss_scale import Overflowed
from mmrec_engine.training.state import TrainingState, build_state

_TOLD_SECONDS = 60.0


def follow(device_name: str = "auto", store: Any = None, waiting: Callable[[], None] = lambda: None) -> int:
    """Train along until rank 0 says that it is over. Returns the exit code: 1 where that one is gone, or that of a
    signal where it came before all processes had.

    store: where they meet; none: as environment variables tell. waiting: called once where the others take more than a minute.
    """
    device = resolve_device(device_name)
    if store is None:
        asked: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: asked.append(number))
        until = time.monotonic() + _TOLD_SECONDS
        for _ in rendezvous(device, PATIENCE.total_seconds()):
            if asked:
                return 128 + asked[0]
            if until < time.monotonic():
                until = math.inf
                waiting()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # who started the run hears them, and says when to end
    if store is not None:
        join(device, store)
    member = MultiProcessGroup(device)
    try:
        training = _build(member)
        while training is not None:
            command, *rest = member.receive()
            if command == "end":
                return 0
            _follow(training, member, command, rest)
        return 0
    except ProcessLostError:
        return 1
    finally:
        dist.destroy_process_group()


def _build(member: MultiProcessGroup) -> TrainingState | None:
    """The training that rank 0 broadcasts; none where it broadcasts that all is over."""
    command, *told = member.receive()
    if command == "end":
        return None
    values, machine, (fingerprint, tokenizer, split), state = told
    del told
    settings = replace(resolve(values).settings, init_from=None)  # its weights are in the state
    corpus = result_of(prepare_corpus(settings, earlier=Earlier(split, tokenizer_from_dict(tokenizer))))
    if corpus.fingerprint != fingerprint:
        raise RuntimeError(f"the text is not the same here: {corpus.name}")
    member.sharded = machine["sharding"] == "full"
    here = replace(resolve_machine(settings, machine), sharded=member.sharded)
    going_on = "optimizer" in state
    training = build_state(settings, here, corpus, Path(os.devnull), state if going_on else None)
    if not going_on and "model" in state:
        training.model.load_state_dict(state["model"])
    del state  # as large as the model, or three times that
    training.take_part(member)
    return training


def _follow(training: TrainingState, member: MultiProcessGroup, command: str, values: list[Any]) -> None:
    match command:
        case "settings":
            training.change_settings(resolve(values[0]).settings)
        case "step":
            _step(training, member, *values)
        case "swap" if training.average is not None:
            training.average.swap()
        case "tensors":
            training.tensors(keep=False)
        case _:
            from mmrec_engine.distributed.fsdp import join_forward

            join_forward(training.model, command)


def _step(
    training: TrainingState,
    member: MultiProcessGroup,
    step: int,
    first_window: int,
    learning_rate: float,
    loss_scale: float,
) -> None:
    """Where rank 0 tries the same windows again, it says so."""
    try:
        training.stepper.make_step(step, first_window, learning_rate, loss_scale)
    except (Overflowed, TrainingError):  # so it is there too
        training.stepper.drop_gradients()
    except (RuntimeError, MemoryError) as error:
        if member.sharded or not ran_out(error):
            raise
        training.stepper.drop_gradients()
    else:
        if member.sharded and training.average is not None:
            training.average.add(step)


def main() -> int:
    """A rank that rank 0 has started."""
    store = dist.TCPStore(  # type: ignore[attr-defined]
        os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False, timeout=PATIENCE
    )
    store.set(up(int(os.environ["RANK"])), "up")
    return follow(os.environ[DEVICE], store)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
