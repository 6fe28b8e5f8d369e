"""The time of a step from a part of it, where a whole one of a large model takes long."""

from __future__ import annotations

import statistics

import pytest

from mmrec_engine.planning.throughput import measure
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.training import partial_step as module
from mmrec_engine.training.partial_step import partial_step, quick_windows

SMOLLM2 = ModelConfig("llama", 49_152, 576, 30, 9, 8192, kv_heads=3, tied=True, inner=1536)
SMALL = Settings(seq_len=64, batch_size=8, accumulate=2, threads=1, precision="fp32")


def test_a_step_of_a_large_model_is_tried_in_part_on_a_cpu() -> None:
    settings = Settings(batch_size=8, accumulate=4, seq_len=1024, stride=512)
    part = partial_step(settings, SMOLLM2, "cpu")
    tried = part.settings
    assert (tried.batch_size, tried.accumulate, tried.stride) == (1, 1, None)
    assert 64 <= tried.seq_len < 512
    whole = 32 * 1024 * SMOLLM2.training_flops(1024)
    assert part.times * tried.seq_len * SMOLLM2.training_flops(tried.seq_len) == pytest.approx(whole)
    assert part.seconds(5.0, 2.0) == pytest.approx(3.0 * part.times + 2.0), "the update is made once a step"


@pytest.mark.parametrize(("config", "device"), [(SMOLLM2, "cuda"), (SMALL.model(100), "cpu")])
def test_a_quick_step_is_tried_as_a_whole(config: ModelConfig, device: str) -> None:
    part = partial_step(SMALL, config, device)
    assert part.settings is SMALL
    assert part.seconds(5.0, 2.0) == 5.0


def test_an_evaluation_of_a_large_model_is_tried_with_fewer_windows() -> None:
    assert quick_windows(SMALL.model(100), 64, 16, forward=True) == 16
    assert 1 <= quick_windows(SMOLLM2, 256, 16) < quick_windows(SMOLLM2, 256, 16, forward=True) < 16


@pytest.mark.slow
@pytest.mark.alone
def test_speed_measured_in_part_is_that_of_whole_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = []
    for _ in range(3):  # a temporarily busy machine is not tested here
        whole = measure(SMALL, 100, seconds=0.3, stop=lambda: False)
        with monkeypatch.context() as patch:
            each = SMALL.seq_len * SMALL.model(100).training_flops(SMALL.seq_len)
            patch.setattr(module, "_MOST_OPERATIONS", 4 * each)
            part = measure(SMALL, 100, seconds=0.3, stop=lambda: False, in_part=True)
        assert whole is not None and part is not None
        assert part.tokens_per_second * part.seconds_a_step == pytest.approx(16 * 64)
        ratios.append(part.seconds_a_step / whole.seconds_a_step)
        if 0.5 < statistics.median(ratios) < 2:
            return
    pytest.fail(f"in part is to whole as {ratios}")
