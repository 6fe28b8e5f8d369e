"""`find-lr` and `find-batch` for users and scripts: the installed command on real text."""

from __future__ import annotations

import itertools
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.terminal import Screen
from tests.conftest import QUICK, Command, extended

SMALL = ["--seq-len", 64, "--batch-size", 4, "--threads", 1, "--precision", "fp32", "--dropout", 0]


def test_find_lr_suggests_a_rate_and_writes_nothing(command: Command, text_file: Path) -> None:
    result = command("find-lr", "--data-dir", text_file, *SMALL, "--steps", 80, "--json")
    assert result.code == 0, result.err
    found = result.json
    assert set(found) == {"suggestion", "diverged_at", "lowest", "current", "points"}
    assert found["current"] == 3e-4
    rates = [point["rate"] for point in found["points"]]
    assert rates[0] == pytest.approx(1e-6)
    assert all(a < b for a, b in itertools.pairwise(rates))
    assert 1e-4 < found["suggestion"] < found["lowest"] < found["diverged_at"] <= rates[-1]
    smoothed = {point["rate"]: point["smoothed"] for point in found["points"]}
    assert smoothed[found["lowest"]] == min(smoothed.values()) < found["points"][0]["loss"] - 0.5
    assert all(math.isfinite(point["loss"]) for point in found["points"])
    assert command.everything_on_disk() == set()


def test_find_lr_without_a_terminal_prints_lines_and_the_flag(command: Command, text_file: Path) -> None:
    words = ["find-lr", "--data-dir", text_file, *SMALL, "--steps", 40, "--recipe", "fast"]
    plain = command(*words)
    assert plain.code == 0, plain.err
    head, *lines, advice = plain.out.splitlines()
    assert head.split() == ["learning", "rate", "loss", "smoothed"]
    assert all(len(line.split()) == 3 for line in lines)
    assert advice.startswith("suggested: --learning-rate ")
    assert "(now 0.04)" in advice
    assert "\x1b" not in plain.out + plain.err
    turkish = command("--lang", "tr", *words)
    assert turkish.out.splitlines()[-1].startswith("önerilen: --learning-rate ")
    assert advice.split()[2] == turkish.out.splitlines()[-1].split()[2], "the same search, the same rate"


@pytest.mark.extended
def test_find_lr_on_a_terminal_draws_a_plot(command: Command, text_file: Path, opened: Callable[..., Screen]) -> None:
    screen = opened("find-lr", "--data-dir", text_file, *SMALL, "--steps", 40, columns=110, lines=40)
    assert screen.wait_for_end() == 0
    shown = screen.text()
    assert sum(letter in "▖▗▘▙▚▛▜▝▞▟▀▄▌▐█" for letter in shown) > 20
    assert "1e-6" in shown
    assert "★" in shown
    assert "suggested: --learning-rate" in shown
    assert screen.spilled() == []


@pytest.mark.alone
def test_find_batch_suggests_a_batch_and_writes_nothing(command: Command, text_file: Path) -> None:
    result = command("find-batch", "--data-dir", text_file, *QUICK, "--seconds", 2, "--json")
    assert result.code == 0, result.err
    found = result.json
    tried = [one["batch_size"] for one in found["tried"]]
    assert tried == [2**number for number in range(len(tried))]
    measured = [one for one in found["tried"] if one["outcome"] == "measured"]
    speeds = {one["batch_size"]: one["tokens_per_second"] for one in measured}
    assert found["fastest"] == max(speeds, key=lambda size: speeds[size])
    assert found["largest"] == max(speeds)
    assert found["suggestion"] <= found["fastest"]
    assert speeds[found["suggestion"]] >= 0.95 * speeds[found["fastest"]]
    assert all(one["estimated_bytes"] > 0 for one in found["tried"])
    assert found["current"] == {"batch_size": 2, "accumulate": 1}
    assert command.everything_on_disk() == set()


@pytest.mark.alone
def test_find_batch_ends_with_flags_and_their_meaning(command: Command, text_file: Path) -> None:
    result = command("find-batch", "--data-dir", text_file, *QUICK, "--seconds", 5)
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].split()[:2] == ["batch", "tokens/s"]
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "4"]
    assert any("suggested: --batch-size " in line and "--accumulate " in line for line in lines)
    assert any("a step sees" in line and "epoch" in line for line in lines)


@pytest.mark.parametrize("name", ["find-lr", "find-batch"])
def test_invalid_request_is_one_line_and_code_2(name: str, command: Command) -> None:
    for words in (
        ["--data-dir", "nowhere"],
        ["--dropout", "2"],
        ["--config", "large", "--batch-size", "4000"]
        if name == "find-lr"
        else ["--config", "large", "--seq-len", "900000"],
        ["--steps" if name == "find-lr" else "--seconds", "0"],
        ["--resume"],
    ):
        result = command(name, "--threads", 1, "--quiet", *words)
        assert result.code == 2, words
        assert len(result.err.splitlines()) == 1, result.err
        assert result.out == ""
    assert command.everything_on_disk() == set()


@pytest.mark.extended
@pytest.mark.parametrize("name", ["find-lr", "find-batch"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), extended(signal.SIGTERM, 143)])
def test_signal_ends_a_search_with_its_code_and_leaves_nothing(
    name: str, sent: signal.Signals, code: int, command: Command, text_file: Path
) -> None:
    long = ["--steps", 2000] if name == "find-lr" else ["--seconds", 600]
    process = command.start(name, "--data-dir", text_file, *SMALL, *long)
    assert process.stderr is not None
    assert "Preparing" in process.stderr.readline()
    time.sleep(4)
    assert process.poll() is None
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert command.everything_on_disk() == set()
