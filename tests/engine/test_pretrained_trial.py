"""The trial of a pretrained model against random weights, on the text of the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmrec_engine.checks.finding import Finding, run
from mmrec_engine.checks.preflight import pretrained_trial
from mmrec_engine.checks.preflight.all_checks import model_checks_of
from mmrec_engine.checks.preflight.model_context import ModelContext
from mmrec_engine.events import result_of
from mmrec_engine.locales.guide.remedies import remedy_title
from mmrec_engine.pretrained.source import with_pretrained
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.training.device import Machine
from tests.pretrained_models import folder_of


@pytest.fixture(params=[4.0])
def context(tmp_path: Path, text_file: Path, prose: str, request: pytest.FixtureRequest) -> ModelContext:
    """A run that begins with a llama whose weights are random, and the larger (param), the surer it is of wrong tokens."""
    model = folder_of(tmp_path / "llama", prose, scale=request.param)
    given = {
        "init_from": f"hf:{model}",
        "data_dir": str(text_file),
        "seq_len": 32,
        "max_steps": 8,
        "learning_rate": 1e-5,
    }
    settings = with_pretrained(resolve(given)).settings
    corpus = result_of(text_of_new_run(settings))
    return ModelContext(settings, corpus, Machine(torch.device("cpu"), 1, "fp32"), tmp_path / "run")


def trial_of(context: ModelContext) -> Finding:
    return run(next(one for one in model_checks_of(context.settings) if one.id == "pretrained-trial"), context)


def test_a_model_that_does_not_know_the_text_is_behind_random_weights(context: ModelContext) -> None:
    found = trial_of(context)
    values = found["values"]
    assert found["status"] == "warn", found
    assert 1 < values["random"] < min(values["before"], values["after"])
    assert values["before"] != values["after"], "it was trained"
    assert 1 <= values["seconds"] < 10 and values["steps"] >= 2
    (offered,) = found["remedies"]
    new = resolve({**context.settings.as_dict(), **offered["settings"]}).settings
    fast = resolve({"recipe": "fast", "config": "tiny"}).settings
    assert (new.init_from, new.shape, new.config, new.arch) == (None, None, "tiny", "mmrec")
    assert (new.optimizer, new.learning_rate, new.warmup_steps) == (
        fast.optimizer,
        fast.learning_rate,
        fast.warmup_steps,
    )
    assert new.seq_len == 32, "what else was chosen stays"
    before = {name: getattr(context.settings, name) for name in offered["settings"]}
    title = remedy_title({**offered, "before": before}, "en")
    assert "learning rate 1e-5 → 0.04" in title and "shape" not in title
    assert all(one.id != "pretrained-trial" for one in model_checks_of(Settings())), "nothing is tried for others"


@pytest.mark.parametrize("context", [1.0], indirect=True)
def test_a_model_that_reads_the_text_better_passes(context: ModelContext, monkeypatch: pytest.MonkeyPatch) -> None:
    still = replace(pretrained_trial._fast_recipe(context.settings), learning_rate=1e-6)
    monkeypatch.setattr(pretrained_trial, "_fast_recipe", lambda settings: still)  # the other one learns nothing
    found = trial_of(replace(context, settings=replace(context.settings, learning_rate=0.01, warmup_steps=0)))
    values = found["values"]
    assert values["after"] < values["before"], "further training helps this one"
    assert found["status"] == "pass" and found["remedies"] == []
    assert f"{values['after']:.3f} after 1 s of further training" in found["evidence"]


def test_the_trial_takes_a_share_of_a_given_time(context: ModelContext) -> None:
    timed = replace(context.settings, time=100.0, max_steps=None)
    assert 2 <= trial_of(replace(context, settings=timed))["values"]["seconds"] < 4
