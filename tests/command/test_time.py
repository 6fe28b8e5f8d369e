"""A run with a given time, as a whole process: planned, in time on a busy machine, killed and resumed."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.runs import checkpoints
from mmrec_engine.storage.run_files import FINAL
from tests.conftest import Command, events_of

# Flags with which a plan has to measure only the speed of the smallest config.
SMALL = ["--config", "tiny", "--threads", 1, "--precision", "fp32", "--seq-len", 32, "--batch-size", 2]


def replanned(command: Command, name: str = "timed") -> list[dict[str, Any]]:
    return [event for event in events_of(command.run_folder(name)) if event["event"] == "replanned"]


def burn(until: float) -> None:
    while time.time() < until:
        sum(range(10_000))


def test_plan_shows_its_choices_without_training(command: Command, text_file: Path) -> None:
    result = command("plan", "--data-dir", text_file, *SMALL, "--time", "1m", "--json")
    assert result.code == 0, result.err
    plan = result.json
    assert plan["time"] == 60
    assert {"optimizer", "dropout", "max_steps", "tokenizer"} <= plan["choices"].keys()
    assert "config" not in plan["choices"], "it was given by hand"
    assert plan["settings"]["optimizer"] == plan["choices"]["optimizer"]["value"]
    assert plan["sources"]["optimizer"] == "planner"
    assert plan["sources"]["config"] == "hand"
    assert not (command.folder / "checkpoints").exists()
    told = command("--lang", "tr", "plan", "--data-dir", text_file, *SMALL, "--time", "1m")
    assert told.code == 0, told.err
    assert "tokenizer: char – metnin" in told.out


def test_plan_without_a_text_says_that_it_is_of_the_sample_corpus(command: Command, text_file: Path) -> None:
    for words, told in (([], True), (["--data-dir", text_file], False)):
        result = command("--lang", "tr", "plan", *words, *SMALL, "--tokenizer", "char", "--time", "1m")
        assert result.code == 0, result.err
        assert ("Örnek derlem kullanılıyor" in result.err) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan"], "give --time"),
        (["plan", "--time", "soon"], "such as 90s, 10m or 2h"),
        (["train", "--time", "2s"], "--time must be >= 5"),
        (
            ["plan", "--time", "99999h"],
            "--time must be >= 5s, <= 2777h46m40s, not 99999h; the nearest valid value is 2777h46m40s",
        ),
        (["train", "--time", "6s"], "too short to train on this text here; give at least --time"),
    ],
)
def test_impossible_time_is_refused_in_one_line(command: Command, text_file: Path, words: list[str], told: str) -> None:
    result = command(*words, "--data-dir", text_file, *SMALL)
    assert result.code == 2
    assert told in result.err.splitlines()[-1]
    assert not (command.folder / "checkpoints").exists()


@pytest.mark.extended
@pytest.mark.alone
def test_run_ends_within_its_time_when_the_machine_becomes_busy(command: Command, text_file: Path) -> None:
    began = time.monotonic()
    process = command.start("train", "--data-dir", text_file, *SMALL, "--time", "30s", "--json")
    time.sleep(12)
    busy = [multiprocessing.Process(target=burn, args=(time.time() + 10,)) for _ in range(4)]
    for one in busy:
        one.start()
    out, err = process.communicate(timeout=120)
    took = time.monotonic() - began
    for one in busy:
        one.join()
    assert process.returncode == 0, err
    assert 15 <= took <= 40, "at most 10 s more than the time; what the slow stretch kept for the end may be left over"
    assert json.loads(out)["status"] == "completed"
    assert replanned(command), "fewer steps fitted"


@pytest.mark.extended
@pytest.mark.alone
def test_killed_run_resumes_with_its_remaining_time(command: Command, text_file: Path) -> None:
    # With a low rate it is not ended before its time, after the most passes over the text.
    words = ["train", "--data-dir", text_file, *SMALL, "--learning-rate", 1e-3, "--time", "24s", "--no-check"]
    words += ["--checkpoint-every", 20]
    process = command.start(*words)
    time.sleep(12)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    began = time.monotonic()
    result = command(*words, "--resume", "--json")
    assert result.code == 0, result.err
    took = time.monotonic() - began
    assert took <= 21, "some 12 s were used before"
    used = checkpoints.read(command.run_folder("timed") / FINAL)["budget"]["used"]
    assert abs(used - (12 + took)) < 4, "both processes count"
    assert used > 16, "not ended early for checks that are quicker than small steps suggest"
    steps = [event["step"] for event in events_of(command.run_folder("timed")) if event["event"] == "step"]
    assert steps == list(range(1, len(steps) + 1)), "each step once"
    again = command(*words, "--resume")
    assert again.code == 0
    assert "ended already" in again.err


@pytest.mark.extended
def test_target_in_bits_works_with_any_tokenizer(command: Command, text_file: Path) -> None:
    words = ["train", "--data-dir", text_file, *SMALL, "--no-check", "--optimizer", "muon", "--learning-rate", 0.04]
    for tokenizer in ("char", "bpe"):
        limits = ["--max-steps", 200, "--eval-every", 10, "--target-bits", 4, "--name", tokenizer, "--json"]
        result = command(*words, *limits, "--tokenizer", tokenizer, "--vocab-size", 300)
        assert result.code == 0, result.err
        assert result.json["status"] == "target_reached", tokenizer
        assert result.json["final"]["bits_per_character"] <= 4
        assert result.json["verdict"]["bits"] == pytest.approx(result.json["best"]["bits_per_character"], abs=1e-4)


@pytest.mark.extended
@pytest.mark.parametrize(("corpus", "tokenizer"), [("python-docs", "bpe"), ("sample", "char")])
def test_fast_recipe_chooses_the_tokenizer_by_text_size(command: Command, corpus: str, tokenizer: str) -> None:
    words = ["train", "--corpus", corpus, "--recipe", "fast", "--max-steps", 2, "--threads", 1, "--no-check"]
    result = command(*words)
    assert result.code == 0, result.err
    described = json.loads((command.run_folder() / "run.json").read_text())
    assert described["settings"]["tokenizer"] == tokenizer
    assert described["sources"]["tokenizer"] == ("planner" if tokenizer == "bpe" else "default")
    assert ("Chosen by the size of the text" in result.err) == (tokenizer == "bpe")
    fixed = command(*words, "--tokenizer", "char", "--name", "fixed")
    assert fixed.code == 0, fixed.err
    assert json.loads((command.run_folder("fixed") / "run.json").read_text())["settings"]["tokenizer"] == "char"
