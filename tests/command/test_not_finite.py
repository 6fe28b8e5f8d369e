"""A number that is not finite, planted in the real command at several places: no update with it, and its origin is
reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrec_engine.runs import checkpoints
from tests.command.faults import assert_same_end, planted
from tests.conftest import FAST, Command, events_of, extended
from tests.fork_server import ForkServer

AT = 13
RUN = [*FAST, "--max-steps", "20", "--eval-every", "10", "--checkpoint-every", "5"]

# Where it is planted, in which tensor, and by which code, run once the module of a step has been imported.
IN_LOSS = """
make = module.Stepper.make_step
true = module.token_losses
def made(self, step, *rest):
    module.token_losses = (lambda *values: true(*values) * float(VALUE)) if step == 13 else true
    return make(self, step, *rest)
module.Stepper.make_step = made
"""
IN_OUTPUT = """
make = module.Stepper.make_step
def spoilt(owner, values, output):
    return output * float(VALUE)
def made(self, step, *rest):
    if step == 13:
        dict(self._model.named_modules())["blocks.2.mlp"].register_forward_hook(spoilt)
    return make(self, step, *rest)
module.Stepper.make_step = made
"""
IN_GRADIENT = """
make = module.Stepper.make_step
def made(self, step, *rest):
    weight = dict(self._model.named_parameters())["blocks.1.mlp.project.weight"]
    if step == 13:
        weight.register_hook(lambda gradient: gradient * float(VALUE))
    return make(self, step, *rest)
module.Stepper.make_step = made
"""
IN_WEIGHT = """
import torch
make = module.Stepper.make_step
def made(self, step, *rest):
    result = make(self, step, *rest)
    if step == 15:  # after its update, and before its checkpoint
        with torch.no_grad():
            dict(self._model.named_parameters())["blocks.3.mlp.project.weight"][0, 0] = float(VALUE)
    return result
module.Stepper.make_step = made
"""
PLACES = {
    "the loss": (IN_LOSS, AT, "loss", None),
    "an activation": (IN_OUTPUT, AT, "loss-in", "blocks.2.mlp"),
    "a gradient": (IN_GRADIENT, AT, "gradient-in", "blocks.1.mlp.project.weight"),
    "a weight": (IN_WEIGHT, 15, "weight-in", "blocks.3.mlp.project.weight"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, prose: str, fork_server: ForkServer | None) -> Path:
    place = tmp_path_factory.mktemp("whole")
    (place / "prose.txt").write_text(prose, encoding="utf-8")
    command = Command(place, fork_server)
    assert command("train", "--data-dir", place / "prose.txt", *RUN, "--name", "whole").code == 0
    return command.run_folder("whole")


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize(("place", "value"), [*(extended(place, "nan") for place in PLACES), ("a gradient", "inf")])
def test_non_finite_step_makes_no_update_and_the_run_can_resume(
    command: Command, whole: Path, place: str, value: str
) -> None:
    code, step, variant, module = PLACES[place]
    flags = ["train", "--data-dir", whole.parents[2] / "prose.txt", *RUN]
    fault = planted(code=code.replace("VALUE", repr(value)), after="mmrec_engine.training.train_step")
    failed = command(*flags, "--json", **fault)
    assert failed.code == 1, failed.err
    assert failed.json["status"] == "failed"
    assert "Traceback" not in failed.err
    found = [one for one in failed.json["findings"] if one["id"] == "non-finite"]
    assert [one["status"] for one in found] == ["fail"]
    assert (found[0]["values"]["step"], found[0]["values"]["variant"]) == (step, variant)
    assert module is None or found[0]["values"]["module"] == module
    folder = command.run_folder()
    for path in folder.glob("*.pt"):
        content = checkpoints.read(path)
        assert content["progress"]["step"] <= 10, "the last good one is the newest"
        assert all(bool(weight.isfinite().all()) for weight in content["model"].values())
    assert events_of(folder)[-1]["state"] == "FAILED"
    resumed = command(*flags, "--resume")
    assert resumed.code == 0, resumed.err
    assert_same_end(folder, whole)
