"""Loss scaling: halved after an overflow, doubled after many steps, without other effects."""

from pathlib import Path

import pytest
import torch

from mmrec_engine import train
from mmrec_engine.events import Event, Step, Validation
from mmrec_engine.settings import resolve
from mmrec_engine.training import loss_scale
from mmrec_engine.training.loss_scale import FIRST, GROWS_AFTER, LARGEST, LossScale

QUICK = {"max_steps": 12, "batch_size": 2, "seq_len": 32, "threads": 1, "eval_every": 12, "warmup_steps": 2}


def of_a_run(folder: Path, text: Path, **settings: object) -> list[Event]:
    request = {**QUICK, "data_dir": str(text), "output_dir": str(folder), **settings}
    return list(train(resolve(request)))


def test_loss_scale_grows_after_good_steps_within_bounds() -> None:
    scale = LossScale.first("fp16")
    assert scale.factor == FIRST
    for _ in range(GROWS_AFTER):
        scale = scale.after_step()
    assert scale == LossScale(2 * FIRST)
    assert LossScale(LARGEST, GROWS_AFTER - 1).after_step().factor == LARGEST
    assert scale.after_overflow() == LossScale(FIRST)
    assert LossScale(1.0).after_overflow() == LossScale(1.0)
    assert LossScale.first("bf16") == LossScale.first("fp32") == LossScale(1.0).after_step() == LossScale()


@pytest.mark.parametrize(
    "stored",
    [{}, {"factor": 3.0, "good_steps": 0}, {"factor": 2.0}, {"factor": 2.0, "good_steps": -1}, {"factor": 2, "good_steps": 0},
     {"factor": float("nan"), "good_steps": 0}, {"factor": 2.0, "good_steps": True}, {"factor": 0.5, "good_steps": 1}],
    ids=str,
)  # fmt: skip
def test_invalid_loss_scale_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"loss.scale"):
        LossScale.of_stored(stored)


def test_overflow_halves_the_scale_and_the_step_is_repeated(
    tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power of two changes no digit: a run whose scale overflows at first is the same, step by step."""
    usual = of_a_run(tmp_path / "usual", text, precision="fp16")
    monkeypatch.setattr(loss_scale, "FIRST", 2.0**23)
    scaled = of_a_run(tmp_path / "scaled", text, precision="fp16")
    steps, others = ([event for event in events if isinstance(event, Step)] for events in (scaled, usual))
    assert steps[0].loss_scale is not None
    assert steps[0].loss_scale < 2.0**23, "it overflowed"
    assert [one.step for one in steps] == list(range(1, 13)), "no step is lost"
    assert [one.loss for one in steps] == pytest.approx([one.loss for one in others], rel=1e-3)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_agrees_with_float32(tmp_path: Path, text: Path, precision: str) -> None:
    try:
        matrix = torch.ones(8, 8, dtype={"bf16": torch.bfloat16, "fp16": torch.float16}[precision])
        _ = matrix @ matrix
    except RuntimeError as error:
        pytest.skip(f"this device has no {precision} products: {error}")
    losses = {}
    for name in ("fp32", precision):
        events = of_a_run(tmp_path / name, text, precision=name, max_steps=30, eval_every=30)
        losses[name] = [one.loss for one in events if isinstance(one, Step)]
        losses[f"{name} validation"] = [one.loss for one in events if isinstance(one, Validation)]
    assert losses[precision] == pytest.approx(losses["fp32"], rel=0.01)
    assert losses[precision] != losses["fp32"], "it was another precision"
    assert losses[f"{precision} validation"] == pytest.approx(losses["fp32 validation"], rel=0.01)


@pytest.fixture
def text(tmp_path: Path, prose: str) -> Path:
    path = tmp_path / "prose.txt"
    path.write_text(prose, encoding="utf-8")
    return path
