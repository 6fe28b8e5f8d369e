"""Only the last layers are trained: the others are frozen, have no state, and a resumed run matches an uninterrupted one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.model.memory_estimate import fitting_changes, needed_bytes, step_bytes
from mmrec_engine.run.train import train
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.storage.run_files import FINAL
from tests.command.faults import assert_same

SMALL = {"seq_len": 16, "batch_size": 2, "threads": 1, "precision": "fp32", "warmup_steps": 2, "eval_every": 100,
         "checkpoint_every": 100, "arch": "llama"}  # fmt: skip


def trained(folder: Path, text: Path, name: str, *, resume: bool = False, **more: Any) -> dict[str, Any]:
    """The last checkpoint of a run."""
    given = {"data_dir": str(text), "output_dir": str(folder), "name": name, **SMALL, **more}
    for _ in train(resolve(given), resume=resume):
        pass
    return dict(checkpoints.read(folder / name / FINAL))


@pytest.mark.parametrize("tied", [False, True], ids=["own head", "tied head"])
def test_frozen_layers_keep_their_weights_and_a_resume_is_exact(tied: bool, tmp_path: Path, text_file: Path) -> None:
    first = trained(tmp_path, text_file, "first", max_steps=1, tied=tied)
    last = PRESETS["tiny"].layers - 1
    own = {"init_from": str(tmp_path / "first"), "train_layers": 1, "tied": tied, "weight_average": 0.2}
    whole = trained(tmp_path, text_file, "whole", max_steps=4, **own)
    moments = set(whole["optimizer"])
    assert moments == {name for name in whole["model"] if name.startswith((f"blocks.{last}.", "norm.", "head."))}
    assert ("head.weight" in moments) != tied
    for name, weight in whole["model"].items():
        assert torch.equal(weight, first["model"][name]) != (name in moments), name
    trained(tmp_path, text_file, "parts", max_steps=2, schedule="constant", **own)
    again = trained(tmp_path, text_file, "parts", resume=True, max_steps=4)
    at_once = trained(tmp_path, text_file, "at-once", max_steps=4, schedule="constant", **own)
    for part in ("model", "optimizer", "last_weights"):
        assert_same(again[part], at_once[part], part)
    with pytest.raises(RequestError, match="--train-layers"):
        trained(tmp_path, text_file, "parts", resume=True, max_steps=6, train_layers=2)


def gradients(model: LanguageModel) -> set[str]:
    model(torch.zeros(1, 4, dtype=torch.int64)).sum().backward()
    return {name for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("arch", ["mmrec", "llama", "gpt"])
def test_trained_parameters_are_counted(arch: Any) -> None:
    config = ModelConfig(arch, 50, 32, 3, 4, 16)
    model = create_model(config, 1)
    model.train_last(2)
    assert sum(one.numel() for one in model.parameters() if one.requires_grad) == config.trained_parameters(2)
    assert config.trained_parameters() == config.parameters() == sum(one.numel() for one in model.parameters())
    assert gradients(model) == {name for name, one in model.named_parameters() if one.requires_grad}


def test_activations_before_the_first_trained_layer_are_not_kept() -> None:
    def kept(layers: int) -> int:
        model, found = create_model(ModelConfig("llama", 50, 64, 4, 4, 64), 1), [0]
        model.train_last(layers)

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            found[0] += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            model(torch.zeros(2, 64, dtype=torch.int64))
        return found[0]

    one, two, four = kept(1), kept(2), kept(4)
    assert four - two == pytest.approx(2 * (two - one))
    assert one < four / 2


def test_memory_estimate_follows_the_trained_layers() -> None:
    shape = ModelConfig("llama", 4096, 512, 12, 8, 512, tied=True)
    settings = Settings(arch="llama", config="base", init_from="run", batch_size=32, tied=True)
    for checkpointing in (False, True):
        one = replace(settings, gradient_checkpointing=checkpointing)
        sizes = [step_bytes(replace(one, train_layers=layers), shape) for layers in (1, 6, None)]
        assert sizes == sorted(set(sizes))
    layer = (shape.trained_parameters(3) - shape.trained_parameters(2)) * 12
    steps = [shape.training_bytes(0, 0, layers) for layers in (2, 3)]
    assert steps[1] - steps[0] == layer, "gradient and two moments"
    free = 0.7 * needed_bytes(settings, 4096)
    change = fitting_changes(settings, 4096, free)["fewer-trained-layers"]
    assert needed_bytes(replace(settings, **change), 4096) <= 0.8 * free
    assert "fewer-trained-layers" not in fitting_changes(replace(settings, init_from=None), 4096, free)
