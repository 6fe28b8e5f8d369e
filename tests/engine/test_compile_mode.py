"""`--compile auto`: measured once, cached, stored in run.json and checkpoints, kept on resume."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine import train
from mmrec_engine.events import Event, RunStarted
from mmrec_engine.planning import compile_mode
from mmrec_engine.planning.compile_mode import Measure, fastest, with_mode
from mmrec_engine.planning.throughput import measure
from mmrec_engine.runs import checkpoints
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.storage import user_folders
from mmrec_engine.storage.run_files import FINAL
from mmrec_engine.training import graphs
from mmrec_engine.training.control import Control
from mmrec_engine.training.device import Machine, resolve_machine
from tests import capture
from tests.command.faults import assert_same

SETTINGS = Settings(seq_len=16, batch_size=2, threads=1, precision="fp32")
VOCABULARY = 30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    capture.on_the_cpu(monkeypatch)
    return resolve_machine(SETTINGS)


class Measured:
    """Replaces measuring: figures, and how often each was requested."""

    def __init__(self, patched: pytest.MonkeyPatch, **seconds: float) -> None:
        self.asked: list[str] = []
        self._seconds = seconds
        patched.setattr(compile_mode, "_measured", self)

    def __call__(
        self, measure: Measure, settings: Settings, vocabulary: int, machine: Machine, mode: str
    ) -> tuple[float, float]:
        self.asked.append(mode)
        return self._seconds[mode], 40.0


@pytest.mark.parametrize(
    ("figures", "steps", "chosen"),
    [
        ({"off": 0.010, "graphs": 0.004}, 100, "graphs"),
        ({"off": 0.010, "graphs": 0.0099}, 100, "off"),
        ({"off": 0.010, "graphs": math.inf}, 100, "off"),
        ({"off": math.inf, "graphs": math.inf}, 100, "off"),
        ({"off": 0.010, "graphs": 0.004, "inductor": 0.002, "start": 40.0}, 100_000, "inductor"),
        ({"off": 0.010, "graphs": 0.004, "inductor": 0.002, "start": 40.0}, 10_000, "graphs"),
        ({"off": 0.010, "graphs": 0.004, "inductor": 0.005, "start": 40.0}, 10**9, "graphs"),
        ({"off": 0.010, "graphs": 0.004, "inductor": math.inf, "start": math.inf}, 10**9, "graphs"),
    ],
    ids=str,
)
def test_mode_with_the_shortest_run_is_selected(figures: dict[str, float], steps: int, chosen: str) -> None:
    assert fastest(figures, steps) == chosen


def test_measurement_is_cached(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = Measured(monkeypatch, off=0.01, graphs=0.004)
    found = [with_mode(SETTINGS, VOCABULARY, machine, measure, lambda: 100).compile for _ in range(3)]
    assert found == ["graphs"] * 3
    assert measured.asked == ["off", "graphs"]
    key = next(iter(json.loads((user_folders.cache_folder() / "compile.json").read_text())))
    assert torch.__version__ in key and "2 x 16" in key
    with_mode(replace(SETTINGS, batch_size=4), VOCABULARY, machine, measure)
    assert measured.asked == ["off", "graphs"] * 2, "another size of the batch is measured apart"


def test_compiler_is_measured_for_long_runs_only(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "can_compile", lambda device: True)
    measured = Measured(monkeypatch, off=0.01, graphs=0.004, inductor=0.002)
    assert with_mode(SETTINGS, VOCABULARY, machine, measure, lambda: 1000).compile == "graphs"
    assert measured.asked == ["off", "graphs"]
    assert with_mode(SETTINGS, VOCABULARY, machine, measure, lambda: 10**6).compile == "inductor"
    assert with_mode(SETTINGS, VOCABULARY, machine, measure, lambda: 1000).compile == "graphs"
    assert measured.asked == ["off", "graphs", "inductor"]


@pytest.mark.parametrize("content", [b"[1]", b"{", b'{"x": {"off": 1}}', b"\xff"])
def test_damaged_cache_is_measured_again(machine: Machine, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    path = user_folders.cache_folder() / "compile.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    measured = Measured(monkeypatch, off=0.01, graphs=math.inf)
    assert [with_mode(SETTINGS, VOCABULARY, machine, measure).compile for _ in range(2)] == ["off"] * 2
    assert measured.asked == ["off", "graphs"]


def test_nothing_is_measured_on_cpu_with_ranks_or_with_a_given_mode(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compile_mode, "_measured", lambda *given: pytest.fail("nothing is to be measured"))
    assert with_mode(replace(SETTINGS, processes=2), VOCABULARY, machine, measure).compile == "off"
    assert with_mode(replace(SETTINGS, compile="off"), VOCABULARY, machine, measure).compile == "off"
    monkeypatch.setattr(graphs, "can_record", lambda device: device.type == "cuda")
    assert with_mode(SETTINGS, VOCABULARY, machine, measure).compile == "off"


def test_both_modes_are_measured(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_mode, "_SECONDS", 0.05)
    with_mode(SETTINGS, VOCABULARY, machine, measure)
    (figures,) = json.loads((user_folders.cache_folder() / "compile.json").read_text()).values()
    assert set(figures) == {"off", "graphs"}
    assert all(0 < seconds < 10 for seconds in figures.values())


def test_failing_mode_is_not_selected(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(graphs, "record", broken)
    monkeypatch.setattr(compile_mode, "_SECONDS", 0.05)
    assert with_mode(SETTINGS, VOCABULARY, machine, measure).compile == "off"


def run(folder: Path, name: str, **more: Any) -> Settings:
    values = {**SETTINGS.as_dict(), "epochs": None, "max_steps": 6, "checkpoint_every": 3, "optimizer": "muon"}
    text = str(folder / "prose.txt")
    return resolve(
        {**values, "data_dir": text, "output_dir": str(folder), "name": name, "eval_every": 6, **more}
    ).settings


def stopped_after(events: Iterable[Event], step: int, control: Control) -> None:
    for event in events:
        if event.step == step:
            control.ask("stop", "test")


@pytest.mark.fault
def test_resumed_run_keeps_its_mode_bit_for_bit(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prose: str
) -> None:
    (tmp_path / "prose.txt").write_text(prose[:3000], encoding="utf-8")
    measured = Measured(monkeypatch, off=0.01, graphs=0.004)
    started = [event for event in train(run(tmp_path, "whole")) if isinstance(event, RunStarted)]
    assert started[0].machine["compile"] == "graphs"
    assert json.loads((tmp_path / "whole" / "run.json").read_text())["compile"] == "graphs"
    whole = checkpoints.read(tmp_path / "whole" / FINAL)
    assert whole["compile"] == "graphs" and whole["kernel"] == "plain"

    control = Control()
    stopped_after(train(run(tmp_path, "halves"), control), 4, control)
    Measured(monkeypatch, off=0.001, graphs=0.004)  # a new choice would be another one
    (user_folders.cache_folder() / "compile.json").unlink()
    (tmp_path / "halves" / "run.json").unlink()  # the checkpoint has the mode
    assert list(train(run(tmp_path, "halves"), resume=True))
    assert measured.asked == ["off", "graphs"]
    halves = checkpoints.read(tmp_path / "halves" / FINAL)
    assert halves["compile"] == "graphs"
    for part in ("model", "optimizer"):
        assert_same(halves[part], whole[part], part)
