"""The search for a batch size: its suggestion, its refusals, its end. Steps are real unless they have to fail."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.planning import batch_size_finder
from mmrec_engine.planning.batch_size_finder import BatchSearch, BatchTrial, search_batches
from mmrec_engine.planning.throughput import Calibration
from mmrec_engine.settings import MOST_TOKENS_A_BATCH, Settings
from mmrec_engine.system.memory import PeakMemory
from tests.engine.test_rate_search import switches

SMALL = Settings(seq_len=32, threads=1, precision="fp32")
MANY = 10**6  # windows an epoch


def trial(batch_size: int, speed: float) -> BatchTrial:
    return BatchTrial(batch_size, "measured", 100, 90, 32 * batch_size / speed, speed)


def ended(speeds: list[float], current: tuple[int, int] = (4, 1), windows: int = 1000) -> BatchSearch:
    return BatchSearch(windows, current, tuple(trial(2**n, speed) for n, speed in enumerate(speeds)), None, "memory")


def last(settings: Settings = SMALL, windows: int = MANY, seconds: float = 60.0) -> BatchSearch:
    return list(search_batches(settings, 50, windows, seconds=seconds))[-1]


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Simulated steps: each batch is as fast as `speed` says. Returns the batches that were tried."""

    def plant(speed: Callable[[int], float]) -> list[int]:
        tried: list[int] = []

        def measure(settings: Settings, vocabulary: int, *, seconds: float, stop: Callable[[], bool]) -> Calibration:
            assert settings.accumulate == 1
            tried.append(settings.batch_size)
            rate = speed(settings.batch_size)
            return Calibration(settings.batch_size * settings.seq_len / rate, rate, 3, 0.25)

        monkeypatch.setattr(batch_size_finder, "measure", measure)
        monkeypatch.setattr(batch_size_finder, "fits", lambda settings, _: (settings.batch_size, 10**9))
        return tried

    return plant


def test_the_suggestion_is_the_smallest_batch_near_the_fastest() -> None:
    found = ended([100, 190, 288, 300, 290])
    assert (found.fastest, found.largest, found.suggestion) == (8, 16, 4)
    assert ended([300, 200, 100]).suggestion == 1
    assert replace(found, ended_by=None).suggestion is None


@pytest.mark.parametrize(
    ("current", "accumulate", "steps"),
    [((4, 1), 1, 250), ((16, 1), 4, 63), ((4, 8), 8, 32), ((1, 1), 1, 250), ((6, 1), 2, 125)],
)
def test_accumulation_keeps_the_windows_per_step(current: tuple[int, int], accumulate: int, steps: int) -> None:
    found = ended([100, 190, 288, 300, 290], current)
    assert found.accumulate == accumulate
    assert found.suggestion is not None
    assert found.steps_an_epoch(found.suggestion, accumulate) == steps


@pytest.mark.extended
def test_batches_double_until_the_memory_estimate_refuses(
    speeds: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = speeds(lambda size: 1000.0 * size)
    monkeypatch.setattr(batch_size_finder, "fits", lambda settings, _: (10 * settings.batch_size, 201))
    found = last()
    assert tried == [1, 2, 4, 8, 16]  # 160 is within 80 % of 201, 320 is not
    assert found.tried[-1] == BatchTrial(32, "no-memory", 320)
    assert (found.largest, found.ended_by) == (16, "memory")


@pytest.mark.first(1)
@pytest.mark.parametrize(
    "error", [RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError(), torch.OutOfMemoryError("CUDA")]
)
def test_failed_allocation_ends_the_search_and_keeps_its_results(
    error: Exception, speeds: Callable[..., list[int]]
) -> None:
    def speed(size: int) -> float:
        if size == 8:
            raise error
        return 1000.0 * size

    speeds(speed)
    found = last()
    assert [one.outcome for one in found.tried] == ["measured"] * 3 + ["out-of-memory"]
    assert (found.largest, found.suggestion, found.ended_by) == (4, 4, "memory")


def test_other_errors_are_not_treated_as_out_of_memory(speeds: Callable[..., list[int]]) -> None:
    speeds(lambda size: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        last()


def test_batch_of_one_window_that_does_not_fit_is_a_request_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size_finder, "fits", lambda *_: (81 * 2**20, 100 * 2**20))
    with pytest.raises(RequestError) as refused:
        last()
    assert refused.value.key == "search-memory"
    assert {"81 MiB", "100 MiB"} <= {f"{refused.value.values[name]} MiB" for name in ("needed", "available")}


@pytest.mark.extended
def test_batch_is_at_most_an_epoch_and_the_settings_limit(speeds: Callable[..., list[int]]) -> None:
    tried = speeds(lambda size: 1e9 * size)
    assert last(windows=20).ended_by == "text"
    assert tried == [1, 2, 4, 8, 16]
    long = replace(SMALL, seq_len=2**20)
    found = last(long)
    assert (found.ended_by, found.largest) == ("limit", MOST_TOKENS_A_BATCH // 2**20)


@pytest.mark.extended
def test_batch_that_would_take_too_long_is_not_started(speeds: Callable[..., list[int]]) -> None:
    tried = speeds(lambda size: 32.0 * size if size < 8 else 32.0)  # 1 s a step, then 8 s
    found = last(seconds=20)
    assert tried == [1, 2, 4, 8]
    assert found.ended_by == "time"


@pytest.mark.alone
def test_search_measures_speed_and_memory_within_its_time() -> None:
    began = time.monotonic()
    states = list(search_batches(SMALL, 50, 16, seconds=20))
    assert time.monotonic() - began < 20
    found = states[-1]
    assert [one.batch_size for one in found.tried] == [1, 2, 4, 8, 16]
    assert [state.trying for state in states[:-1:2]] == [1, 2, 4, 8, 16]
    for one in found.tried:
        assert one.tokens_per_second is not None
        assert one.seconds_a_step is not None
        assert one.tokens_per_second * one.seconds_a_step == pytest.approx(32 * one.batch_size)
    assert found.suggestion is not None
    assert found.ended_by == "text"


@pytest.mark.extended
def test_stopped_search_restores_the_process_state() -> None:
    torch.manual_seed(5)
    before = switches()
    states = []
    for state in search_batches(SMALL, 50, MANY, seconds=600, stop=lambda: len(states) > 2):
        states.append(state)
    assert states[-1].ended_by is None
    assert len(states) < 6
    assert switches() == before


def test_too_little_time_for_one_batch_is_reported() -> None:
    with pytest.raises(RequestError) as refused:
        last(seconds=0.0)
    assert refused.value.key == "search-time"


HOLDING = """
from mmrec_engine.system.memory import PeakMemory
memory = PeakMemory()
memory.begin()
print(memory.peak())
held = bytearray(64 * 2**20)
held[:: 2**12] = b"x" * len(held[:: 2**12])
del held
print(memory.peak())
memory.begin()
print(memory.peak())
"""


def test_peak_memory_includes_freed_memory() -> None:
    # In its own process: memory freed by this one would be counted too.
    told = subprocess.run([sys.executable, "-c", HOLDING], capture_output=True, text=True, check=True).stdout.split()
    if told[0] == "None":
        pytest.skip("this system does not tell")
    before, peak, after = map(int, told)
    assert peak - before > 60 * 2**20
    assert after < peak - 50 * 2**20


def test_peak_memory_is_unknown_if_the_system_has_none(tmp_path: Path) -> None:
    memory = PeakMemory(tmp_path)
    memory.begin()
    assert memory.peak() is None
