"""A rank other than 0: it builds the state that rank 0 sends and runs the same loop, with neither folder nor record."""

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
from mmrec_engine.distributed.launch import DEVICE, HAS_LIBUV, PATIENCE, join, rendezvous, up
from mmrec_engine.distributed.multi_process_group import MultiProcessGroup
from mmrec_engine.distributed.process_group import ProcessLostError
from mmrec_engine.errors import TrainingError, first_line
from mmrec_engine.events import result_of
from mmrec_engine.settings import resolve
from mmrec_engine.system.memory import ran_out
from mmrec_engine.tokenizer import tokenizer_from_dict
from mmrec_engine.training.control import Control
from mmrec_engine.training.device import resolve_device, resolve_machine
from mmrec_engine.training.loop import run_steps
from mmrec_engine.training.state import TrainingState, build_state

_REPORTED_SECONDS = 60.0
_OF_RANK_0: Any = None  # in place of the value that rank 0 broadcasts


def run_rank(device_name: str = "auto", store: Any = None, waiting: Callable[[], None] = lambda: None) -> int:
    """Train as one of several ranks, to the end of the run. Returns the exit code: 1 if another rank is lost, or that of a
    signal that came before all ranks had connected.

    store: the rendezvous; None: from environment variables. waiting: called once if the others take more than a minute.
    """
    device = resolve_device(device_name)
    if store is None:
        asked: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: asked.append(number))
        until = time.monotonic() + _REPORTED_SECONDS
        for _ in rendezvous(device, PATIENCE.total_seconds()):
            if asked:
                return 128 + asked[0]
            if until < time.monotonic():
                until = math.inf
                waiting()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # rank 0 handles them, and tells the others to end
    if store is not None:
        join(device, store)
    group = MultiProcessGroup(device)
    try:
        training = _build(group)
        for _ in run_steps(training, Control()):
            pass  # rank 0 records the same events
    except ProcessLostError:
        return 1
    except TrainingError:
        return 0  # in all ranks; rank 0 reports it
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        print(first_line(error, 200, typed=True), file=sys.stderr)
        return 1
    finally:
        dist.destroy_process_group()
    return 0


def _build(group: MultiProcessGroup) -> TrainingState:
    """The state of the run that rank 0 sends."""
    values, machine, (fingerprint, tokenizer, split), state, resumed_from = group.broadcast(_OF_RANK_0)
    settings = replace(resolve(values).settings, init_from=None)  # its weights are in the state
    corpus = result_of(prepare_corpus(settings, earlier=Earlier(split, tokenizer_from_dict(tokenizer))))
    if corpus.fingerprint != fingerprint:
        raise RuntimeError(f"the text is not the same here: {corpus.name}")
    group.sharded = machine["sharding"] == "full"
    here = replace(resolve_machine(settings, machine), sharded=group.sharded)
    going_on = "optimizer" in state
    training = build_state(settings, here, corpus, Path(os.devnull), state if going_on else None)
    if not going_on and "model" in state:
        training.model.load_state_dict(state["model"])
    del state  # as large as the model, or three times that
    training.resumed_from = resumed_from
    training.join(group)
    return training


def main() -> int:
    """A rank that rank 0 has started."""
    store = dist.TCPStore(  # type: ignore[attr-defined]
        os.environ["MASTER_ADDR"],
        int(os.environ["MASTER_PORT"]),
        is_master=False,
        timeout=PATIENCE,
        use_libuv=HAS_LIBUV,
    )
    store.set(up(int(os.environ["RANK"])), "up")
    return run_rank(os.environ[DEVICE], store)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
