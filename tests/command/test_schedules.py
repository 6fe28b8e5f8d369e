"""Every schedule by its command: the rates are in the events, and a killed run continues with the same ones."""

import math
from pathlib import Path

import pytest

from tests.command.faults import as_from_before, assert_a_killed_run_ends_the_same
from tests.conftest import FAST, Command, events_of

RUN = [*FAST, "--max-steps", 40, "--warmup-steps", 4, "--eval-every", 5, "--learning-rate", 0.001]
# Too small to change a weight: no evaluation after the first one is a new best.
STILL = ["--learning-rate", "1e-15", "--weight-decay", 0, "--early-stopping-patience", 20, "--schedule", "plateau"]


def rates_of(folder: Path) -> list[float]:
    return [event["learning_rate"] for event in events_of(folder) if event["event"] == "step"]


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("flags", "shares"),
    [
        (["--schedule", "wsd", "--decay-share", 0.5], {22: 1.0, 31: 0.1 + 0.9 * (1 - math.sqrt(0.5))}),
        (["--schedule", "inverse-sqrt"], {16: 0.5}),
        (["--schedule", "cosine-restarts", "--cycles", 3], {10: 0.55, 16: 1.0}),
        (["--schedule", "linear", "--learning-rate-floor", 0], {22: 0.5}),
        (["--schedule", "constant"], {40: 1.0}),
    ],
)
def test_learning_rates_follow_the_schedule(
    command: Command, text_file: Path, flags: list[object], shares: dict[int, float]
) -> None:
    result = command("train", "--data-dir", text_file, *RUN, "--eval-every", 40, *flags)
    assert result.code == 0, result.err
    rates = rates_of(command.run_folder())
    assert {step: rates[step - 1] for step in shares} == pytest.approx(
        {at: 0.001 * share for at, share in shares.items()}
    )


@pytest.mark.extended
@pytest.mark.fault
def test_plateaus_lower_the_rate_after_a_kill_and_resume(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *RUN, *STILL, "--plateau-factor", 0.3, "--checkpoint-every", 4]
    folder = assert_a_killed_run_ends_the_same(command, flags, 22)
    shares = [round(rate / 1e-15, 3) for rate in rates_of(folder)]
    assert shares[4:15] == [1.0] * 11
    assert shares[15:25] == [0.3] * 10, "two evaluations brought no new best"
    assert shares[25:] == [0.1] * 15, "not below the floor"
    met = [event["plateaus"] for event in events_of(folder) if event["event"] == "validation"]
    assert met == [0, 0, 1, 1, 2, 2, 3, 3]
    told = command(*flags, "--name", "told").err
    assert "Plateau 1: the learning rate is lowered to 0.30 of what it was" in told


@pytest.mark.extended
def test_run_of_a_version_without_plateaus_is_resumed(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *RUN]
    assert command(*flags, "--max-steps", 10).code == 0
    settings = ("plateau_patience", "plateau_factor", "cycles", "decay_share")
    as_from_before(command.run_folder(), settings, progress=("plateaus",))
    longer = command("train", "--resume", "--max-steps", 12, "--json")
    assert longer.code == 0, longer.err
    assert longer.json["steps"] == 12


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--schedule", "exponential"], "--schedule"),
        (["--decay-share", 0], "--decay-share"),
        (["--cycles", 0], "--cycles"),
        (["--plateau-factor", 1], "--plateau-factor"),
        (["--plateau-patience", 0.5], "--plateau-patience"),
    ],
)
def test_invalid_schedule_is_code_2(command: Command, flags: list[object], told: str) -> None:
    result = command("train", *FAST, *flags)
    assert result.code == 2
    assert told in result.err
    assert command.everything_on_disk() == set()
