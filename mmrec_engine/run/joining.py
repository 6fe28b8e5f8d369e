"""The other ranks of a run: waiting until they have connected, with a word about those that are missing."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import torch

from mmrec_engine import events
from mmrec_engine.distributed.process_group import ProcessGroup, SingleProcess, meeting_place
from mmrec_engine.errors import Interrupted
from mmrec_engine.events import Event, relayed
from mmrec_engine.training.control import Control
from mmrec_engine.training.state import TrainingState

_REPORTED_SECONDS, _REPORTED_AGAIN_SECONDS = 60.0, 600.0


def join_ranks(training: TrainingState, control: Control) -> Generator[Event, None, str | None]:
    """Wait for the other ranks, if there are any, and join them. For rank 0.

    Returns who stopped the run if that was before they connected, else None. Raises TrainingError if one of them ends.
    """
    settings, step = training.settings, training.progress.step
    joining = _open_group(settings.processes, training.machine.device, training.machine.sharded)
    reported, next_report = -1, _REPORTED_SECONDS
    began = time.monotonic()

    def words(missing: list[int]) -> Iterator[Event]:
        nonlocal reported, next_report
        if control.stop_asked:
            raise Interrupted
        if (here := settings.processes - len(missing)) != reported:
            reported = here
            yield events.Progress(step=step, task="joining", done=here, total=settings.processes)
        if (waited := time.monotonic() - began) > next_report:
            next_report = waited + _REPORTED_AGAIN_SECONDS
            numbers = tuple(rank + 1 for rank in missing)
            yield events.Waiting(step=step, missing=numbers, processes=settings.processes, place=meeting_place())

    try:
        group = yield from relayed(joining, words)
    except Interrupted:
        asked = [request.reason for request in control.take() if request.command == "stop"]
        return asked[0] or "control"
    training.join(group)
    return None


def _open_group(processes: int, device: torch.device, sharded: bool) -> Generator[list[int], None, ProcessGroup]:
    """Yields and raises as `launch.joined`."""
    if processes == 1:
        return SingleProcess()
    from mmrec_engine.distributed.launch import joined

    return (yield from joined(processes, device, sharded))
