"""`bench` and `bench race` for users and scripts: the installed command on real text."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmrec_engine.settings.presets import PRESETS
from tests.command.faults import wait_for_step
from tests.command.terminal import Screen
from tests.conftest import Command, events_of

SMALL = ["--recipe", "fast", "--seq-len", 32, "--batch-size", 4, "--threads", 1, "--precision", "fp32"]


@pytest.mark.extended
def test_bench_figures_are_consistent_and_nothing_is_written(command: Command, text_file: Path) -> None:
    result = command("bench", "--data-dir", text_file, "--config", "tiny", *SMALL, "--seconds", 0.5, "--json")
    assert result.code == 0, result.err
    found = result.json
    machine, (tiny,) = found["machine"], found["configs"]
    assert machine["threads"] == 1
    assert set(machine["matmul"]) == {"fp32", "bf16", "fp16"}
    assert all(speed > 1e7 for speed in (*machine["matmul"].values(), machine["copied"]))
    assert found["tokens_a_step"] == 128
    assert tiny["outcome"] == "measured"
    assert tiny["tokens_per_second"] == pytest.approx(128 / tiny["seconds_a_step"])
    assert tiny["share"] == pytest.approx(tiny["tokens_per_second"] * tiny["flops_a_token"] / tiny["peak"])
    assert 0 < tiny["share"] < 1
    assert 0 < tiny["optimizer_share"] < 1
    steps = -(-found["text"]["windows"] // 4)
    assert tiny["seconds_an_epoch"] == pytest.approx(steps * tiny["seconds_a_step"])
    assert abs(found["text"]["windows"] - found["text"]["tokens"] / 32) <= 2, "an epoch begins at an offset of its own"
    assert command.everything_on_disk() == set()


def test_flops_per_token_match_the_matrix_products() -> None:
    """Counted separately, for tiny: width 128, 4 layers, MLP 512 (GPT 576), head width 32, chunks of 64."""
    vocabulary = 100
    recurrent = PRESETS["tiny"].model("mmrec", vocabulary, 256)
    layer = 128 * 512 + 128 * 128 + 2 * 128 * 512 + 2 * 64 * 128
    assert recurrent.training_flops(64) == 6 * (4 * layer + vocabulary * 128)
    assert recurrent.training_flops(256) == 6 * (4 * (layer + 2 * 128 * 32) + vocabulary * 128)
    assert recurrent.training_flops(32_768) == recurrent.training_flops(256), "the same however long the window is"
    llama = replace(PRESETS["tiny"].model("llama", vocabulary, 256), kv_heads=2)
    layer = 2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 384 + 2 * 256 * 128
    assert llama.training_flops(256) == 6 * (4 * layer + vocabulary * 128)
    gpt = PRESETS["tiny"].model("gpt", vocabulary, 256)
    layer = 4 * 128 * 128 + 2 * 128 * 576 + 2 * 256 * 128
    assert gpt.training_flops(256) == 6 * (4 * layer + vocabulary * 128)


@pytest.mark.extended
@pytest.mark.slow
def test_bench_prints_a_line_per_config_without_a_text(command: Command) -> None:
    result = command("--lang", "tr", "bench", "--seconds", 0.2, "--threads", 1, "--seq-len", 32, "--batch-size", 2)
    assert result.code == 0, result.err
    assert "GFLOP/s" in result.out
    assert "tepe payı" in result.out
    rows = [line.split() for line in result.out.splitlines() if line.split()[:1] and line.split()[0] in PRESETS]
    assert [row[0] for row in rows] == ["tiny", "mini", "small"]
    assert all("%" in " ".join(row) for row in rows)
    assert "Traceback" not in result.err


@pytest.mark.slow
@pytest.mark.extended
def test_measured_memory_does_not_depend_on_earlier_configs(command: Command) -> None:
    """Neither with memory of an earlier config, nor without memory that it reuses."""
    result = command("bench", "--seconds", 0.2, "--seq-len", 128, "--batch-size", 8, "--precision", "fp32", "--json")
    configs = result.json["configs"]
    assert [one["config"] for one in configs] == ["tiny", "mini", "small"]
    for one in configs:
        # Buffers of the first product of a process are estimated too, and existed before.
        apart = one["measured_bytes"] - one["estimated_bytes"]
        assert -40 * 2**20 - 0.15 * one["estimated_bytes"] < apart < 0.15 * one["estimated_bytes"], one


RACE = [*SMALL, "--max-steps", 60, "--eval-every", 5]


@pytest.mark.slow
@pytest.mark.extended
def test_race_trains_two_runs_of_equal_size_to_one_loss(command: Command, text_file: Path) -> None:
    result = command("bench", "race", "--data-dir", text_file, *RACE, "--target-loss", 3, "--json")
    assert result.code == 0, result.err
    found = result.json
    for architecture in ("mmrec", "gpt"):
        events = events_of(command.run_folder(f"race-{architecture}"))
        (started,) = [event for event in events if event["event"] == "run_started"]
        validations = [event for event in events if event["event"] == "validation"]
        assert started["settings"]["arch"] == architecture
        assert found[architecture]["reached"]
        assert found[architecture]["loss"] == validations[-1]["loss"] <= 3 < validations[-2]["loss"]
        assert found[architecture]["seconds"] == events[-2]["seconds"] > 0
    assert found["mmrec"]["parameters"] == pytest.approx(found["gpt"]["parameters"], rel=0.01)
    assert found["ratio"] == pytest.approx(found["mmrec"]["seconds"] / found["gpt"]["seconds"])

    again = command("bench", "race", "--data-dir", text_file, *RACE, "--target-loss", 3)
    assert again.code == 2
    assert "race-mmrec already holds a run" in again.err
    before = (command.run_folder("race-mmrec") / "events.jsonl").read_bytes()
    far = command("bench", "race", "--data-dir", text_file, *RACE, "--max-steps", 10, "--target-loss", 0.5,
                  "--overwrite")  # fmt: skip
    assert far.code == 0, far.err
    assert "Neither reached a validation loss of 0.5" in far.out
    assert (command.run_folder("race-mmrec") / "events.jsonl").read_bytes() != before


@pytest.mark.slow
@pytest.mark.extended
def test_race_on_a_terminal_draws_both_curves(command: Command, text_file: Path, opened: Callable[..., Screen]) -> None:
    screen = opened(
        "bench", "race", "--data-dir", text_file, *RACE, "--target-loss", 3, "--quiet", columns=110, lines=40
    )
    assert screen.wait_for_end() == 0
    shown = screen.text()
    assert sum(letter in "▖▗▘▙▚▛▜▝▞▟▀▄▌▐█" for letter in shown) > 10
    assert "MM-Rec" in shown
    assert "times as long as the GPT" in shown


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.extended
def test_interrupted_race_leaves_a_resumable_run(command: Command, text_file: Path) -> None:
    words = ["bench", "race", "--data-dir", text_file, *SMALL, "--max-steps", 100_000, "--target-loss", 0.1]
    process = command.start(*words, own_group=True)
    folder = command.run_folder("race-mmrec")
    wait_for_step(folder, 5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    time.sleep(0.2)
    assert events_of(folder)[-1] == {**events_of(folder)[-1], "event": "state", "state": "STOPPED"}
    assert list(folder.glob("checkpoint_step_*.pt"))
    assert not command.run_folder("race-gpt").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["race", "--use-sample-corpus"], "give --target-loss"),
        (["race", "--target-loss", "2", "--data-dir", "nowhere"], "nowhere"),
        (["--seconds", "nan"], "--seconds"),
        (["--seconds", "0"], "--seconds"),
        (["--data-dir", "nowhere"], "nowhere"),
        (["--nosuch"], "`mmrec-tui bench --help`"),
        (["race", "--nosuch"], "`mmrec-tui bench race --help`"),
        (["nosuch"], "nosuch"),
    ],
)
def test_impossible_bench_request_is_one_line(command: Command, words: list[str], told: str) -> None:
    result = command("bench", *words)
    assert result.code == 2
    assert told in result.err
    assert len(result.err.strip().splitlines()) <= 2
    assert command.everything_on_disk() == set()
