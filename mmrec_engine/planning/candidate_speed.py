"""The speed of a candidate on this machine, from the steps of `throughput.py`."""

from __future__ import annotations

from collections.abc import Callable

from mmrec_engine.errors import Interrupted
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.planning.throughput import fits, measure
from mmrec_engine.settings import Settings
from mmrec_engine.system.determinism import process_restored
from mmrec_engine.system.memory import USABLE
from mmrec_engine.training.precision import machine_key

_QUIET = 0.7  # share of its threads' time: with less the machine has other work
_LEAST_SHARE = 0.05


def speeds_here(stopping: Callable[[], bool]) -> Speeds:
    """The speed of this machine when it is idle, from the cache or measured.

    Raises Interrupted if it was stopped.
    """

    def speed(settings: Settings, vocabulary: int, seconds: float) -> Speed | None:
        needed, available = fits(settings, vocabulary)
        if needed > USABLE * available:
            return None
        with process_restored():
            found = measure(settings, vocabulary, seconds=seconds, stop=stopping, in_part=True)
        if found is None:
            raise Interrupted
        given = 1.0 if found.cpu_share is None else max(_LEAST_SHARE, found.cpu_share)
        return Speed(found.tokens_per_second / given, given > _QUIET, found.tokens_per_second)

    return Speeds(machine_key(), speed)


def cached_speeds() -> Speeds:
    """The stored speeds of this machine. Used while another training occupies its processors, so that nothing can be measured.

    Raises Interrupted for a candidate that was never measured and would fit into memory.
    """

    def speed(settings: Settings, vocabulary: int, _: float) -> None:
        needed, available = fits(settings, vocabulary)
        if needed <= USABLE * available:
            raise Interrupted

    return Speeds(machine_key(), speed)
