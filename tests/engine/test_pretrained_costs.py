"""What is said of memory and time before a pretrained model is trained further."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmrec_engine.checks.finding import Finding, run
from mmrec_engine.checks.preflight import pretrained_costs
from mmrec_engine.checks.preflight.all_checks import model_checks_of
from mmrec_engine.checks.preflight.model_context import ModelContext
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.events import result_of
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.pretrained import shape_text
from mmrec_engine.training.device import Machine

LLAMA = ModelConfig("llama", 320, 64, 2, 4, 128, kv_heads=2, tied=True)


@pytest.fixture
def context(tmp_path: Path, text_file: Path) -> ModelContext:
    corpus = result_of(prepare_corpus(Settings(data_dir=str(text_file), seq_len=32)))  # its ids are below 320
    settings = Settings(
        config="pretrained", tokenizer="pretrained", arch="llama", init_from="hf:model", shape=shape_text(LLAMA),
        seq_len=32, epochs=None, max_steps=8, data_dir=str(text_file),
    )  # fmt: skip
    return ModelContext(settings, corpus, Machine(torch.device("cpu"), 1, "fp32"), tmp_path / "run")


def finding_of(context: ModelContext) -> Finding:
    check = next(one for one in model_checks_of(context.settings) if one.id == "further-training")
    return run(check, context)


def test_memory_and_time_of_further_training_are_estimated(context: ModelContext) -> None:
    found = finding_of(context)
    values = found["values"]
    assert found["status"] == "pass"
    assert values["parameters"] == LLAMA.parameters()
    assert 0 < values["needed_gib"] < values["available_gib"]
    assert 8 * values["step_seconds"] < values["run_seconds"] < 60
    assert "GiB available" in found["evidence"] and "per step" in found["evidence"] and "8 steps" in found["evidence"]
    assert all(one.id != "further-training" for one in model_checks_of(Settings())), "nothing else is told of others"


def test_a_run_of_hours_is_noted_in_hours(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained_costs, "_seconds_a_step", lambda context: 123.4)
    found = finding_of(replace(context, settings=replace(context.settings, max_steps=1000)))
    assert found["status"] == "note"
    assert "120 s per step" in found["evidence"] and "hours for all 1,000 steps" in found["evidence"]


def test_nothing_is_tried_where_memory_is_short(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained_costs, "room", lambda settings, device: 2**20)
    monkeypatch.setattr(pretrained_costs, "_seconds_a_step", lambda context: pytest.fail("it was tried"))
    assert finding_of(context)["status"] == "skipped"
