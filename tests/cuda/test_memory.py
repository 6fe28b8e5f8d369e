"""Memory of a GPU: a step that does not fit continues with smaller micro-batches; the estimate is near the measurement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mmrec_engine import train
from mmrec_engine.events import SettingsChanged, Step
from mmrec_engine.planning.batch_size_finder import TrialMemory, try_batch
from mmrec_engine.settings import resolve
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.train_step import Stepper
from tests.conftest import extended
from tests.cuda.conftest import SMALL, settings_on

ROOM = 2**28  # bytes; a step of 128 windows takes some four times as much


@pytest.fixture
def little_memory(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """A device on which 128 windows of 64 tokens do not go through tiny at once."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + ROOM) / total)
        yield device
        torch.cuda.set_per_process_memory_fraction(1.0)
        return
    whole = Stepper._pass

    def limited(self: Stepper, *given: object) -> object:
        if self._settings.windows_at_once > 16:
            raise MemoryError
        return whole(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Stepper, "_pass", limited)
    yield device


@pytest.mark.parametrize("mode", ["off", "graphs"])
def test_batch_that_does_not_fit_uses_smaller_micro_batches(
    little_memory: torch.device, recordable: torch.device, mode: str, tmp_path: Path, text: Path
) -> None:
    values = {
        **SMALL,
        "batch_size": 128,
        "max_steps": 3,
        "eval_every": 1000,
        "compile": mode,
        "device": recordable.type,
    }
    told = list(train(resolve({**values, "data_dir": str(text), "output_dir": str(tmp_path), "name": "run"})))
    changed = [event for event in told if isinstance(event, SettingsChanged)]
    assert changed and {event.reason for event in changed} == {"out-of-memory"}
    assert changed[-1].changes["microbatch"] < 128
    assert len([event for event in told if isinstance(event, Step)]) == 3


@pytest.mark.parametrize(("config", "arch"), [("mini", "mmrec"), ("mini", "llama"), extended("base", "mmrec")])
def test_memory_estimate_is_within_a_tenth_of_the_measurement(device: torch.device, config: str, arch: str) -> None:
    if device.type == "cpu" and config == "base":
        pytest.skip("too long on a CPU")
    windows = 16 if device.type == "cuda" else 2
    settings = settings_on(device, config=config, arch=arch, seq_len=256, batch_size=windows)
    memory = TrialMemory(resolve_machine(settings))
    found = try_batch(settings, 66, memory, 0.2, time.monotonic() + 60, lambda: False)
    assert found is not None and found.outcome == "measured"
    if device.type == "cuda":
        assert found.measured_bytes == pytest.approx(found.estimated_bytes, rel=0.1)
    elif found.measured_bytes is not None:  # in a process that holds memory of other tests
        assert found.measured_bytes < 1.2 * found.estimated_bytes
