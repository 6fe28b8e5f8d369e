"""The precision that `auto` selects: by the processor, measured so that a busy machine gives the same result, cached."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmrec_engine.settings import Settings
from mmrec_engine.storage import user_folders
from mmrec_engine.training import device, precision

CPU = torch.device("cpu")


def spin(until: float) -> None:
    while time.time() < until:
        pass


def test_processor_without_bfloat16_uses_float32_without_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "_processor_words", lambda *names: {"fpu", "avx2"})
    monkeypatch.setattr(precision, "pays", lambda dtype: pytest.fail("nothing is to be measured"))
    assert precision.best_precision(CPU) == "fp32"


@pytest.mark.parametrize(("faster", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_measurement_is_cached(monkeypatch: pytest.MonkeyPatch, faster: bool, chosen: str) -> None:
    measured = []
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "pays", lambda dtype: measured.append(dtype) or faster)
    assert [precision.best_precision(CPU) for _ in range(3)] == [chosen] * 3
    assert len(measured) == 1
    stored = json.loads((user_folders.cache_folder() / "precision.json").read_text())
    assert list(stored.values()) == [chosen]
    assert torch.__version__ in next(iter(stored))


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"x": 1}', b"\xff\xfe"])
def test_damaged_cache_is_measured_again(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    path = user_folders.cache_folder() / "precision.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "pays", lambda dtype: True)
    assert precision.best_precision(CPU) == "bf16"
    monkeypatch.setattr(precision, "pays", lambda dtype: False)
    assert precision.best_precision(CPU) == "bf16"


def test_each_thread_count_and_library_limit_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {precision.machine_key()}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    keys.add(precision.machine_key())
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    keys.add(precision.machine_key())
    torch.set_num_threads(threads)
    assert len(keys) == 3


@pytest.mark.slow
@pytest.mark.parametrize("slow_rounds", [0.0, 0.9])
def test_slow_outlier_rounds_are_ignored(slow_rounds: float) -> None:
    """The faster product takes a third of the other's time, and most of its rounds are delayed."""
    turn = 0

    def fast() -> None:
        nonlocal turn
        turn += 1
        time.sleep(0.001 if turn % 10 == 0 or not slow_rounds else 0.02)

    assert precision._is_faster(fast, lambda: time.sleep(0.003))


@pytest.mark.slow
def test_busy_machine_chooses_the_same_precision() -> None:
    quiet = precision.pays(torch.bfloat16)
    spinning = [multiprocessing.get_context("fork").Process(target=spin, args=(time.time() + 60,)) for _ in range(8)]
    try:
        for one in spinning:
            one.start()
        assert [precision.pays(torch.bfloat16) for _ in range(3)] == [quiet] * 3
    finally:
        for one in spinning:
            one.kill()


def test_measuring_restores_the_number_of_threads() -> None:
    before = torch.get_num_threads()
    precision.pays(torch.bfloat16)
    assert torch.get_num_threads() == before


def test_resumed_run_keeps_its_recorded_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "best_precision", lambda device: pytest.fail("it is known"))
    resolved = device.resolve_machine(Settings(), {"precision": "bf16", "threads": 1})
    assert resolved.precision == "bf16"


def generations(found: tuple[int, int]) -> Callable[[torch.device], tuple[int, int]]:
    return lambda device: found


@pytest.mark.parametrize(
    ("generation", "chosen"), [((9, 0), "bf16"), ((8, 0), "bf16"), ((7, 5), "fp16"), ((6, 1), "fp32")]
)
def test_gpu_precision_depends_on_its_compute_capability(
    monkeypatch: pytest.MonkeyPatch, generation: tuple[int, int], chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", generations(generation))
    assert precision.best_precision(torch.device("cuda")) == chosen


def test_without_a_cache_each_run_measures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "pays", lambda dtype: True)
    assert precision.best_precision(CPU) == "bf16"
