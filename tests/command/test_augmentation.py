"""Augmentation by the command: training windows change, validation does not, and a killed run repeats the same windows."""

from pathlib import Path

import pytest

from tests.command.faults import assert_a_killed_run_ends_the_same
from tests.conftest import FAST, QUICK, Command, events_of

ALL = ["--jitter", 0.5, "--recased", 0.3, "--masked", 0.1, "--noise", 0.05]
TURKISH = "Iğdır'ın ılık ışığı İzmir'de de ISINIR; çöl gülü üşür.\n"


def gradients_of(folder: Path) -> list[float]:
    return [event["grad_norm"] for event in events_of(folder) if event["event"] == "step"]


@pytest.mark.slow
@pytest.mark.extended
def test_augmentation_changes_training_windows_only(command: Command) -> None:
    (command.folder / "metin.txt").write_text(TURKISH * 400, encoding="utf-8")
    flags = [
        "train",
        "--data-dir",
        "metin.txt",
        *FAST,
        "--max-steps",
        4,
        "--learning-rate",
        "1e-15",
        "--weight-decay",
        0,
    ]
    kinds = {"plain": [], **{name[2:]: [name, share] for name, share in zip(ALL[::2], ALL[1::2], strict=True)}}
    steps, judged = {}, {}
    for name, kind in kinds.items():
        result = command(*flags, *kind, "--name", name, "--json")
        assert result.code == 0, result.err
        steps[name] = tuple(gradients_of(command.run_folder(name)))
        validations = [event for event in events_of(command.run_folder(name)) if event["event"] == "validation"]
        # The weights do not change, so only the text could make a difference.
        judged[name] = [(event["loss"], event["training_loss"]) for event in validations]
    assert len(set(steps.values())) == len(kinds)
    assert judged["plain"] and all(each == judged["plain"] for each in judged.values())


@pytest.mark.fault
@pytest.mark.extended
def test_killed_run_repeats_the_same_augmentation(command: Command, text_file: Path) -> None:
    flags = ["train", "--data-dir", text_file, *FAST, *ALL, "--max-steps", 30, "--checkpoint-every", 4]
    assert_a_killed_run_ends_the_same(command, flags, 13)


@pytest.mark.extended
def test_settings_file_sets_augmentation_and_the_check_warns_of_too_much(command: Command, text_file: Path) -> None:
    (command.folder / "run.toml").write_text("masked = 0.4\nnoise = 0.2\n")
    result = command("check", "before", "--data-dir", text_file, *QUICK, "--settings", "run.toml", "--json")
    finding = next(one for one in result.json["findings"] if one["id"] == "hyperparameters")
    assert finding["status"] == "warn"
    assert "52% of the input masked or replaced" in finding["evidence"]
    told = command("--lang", "tr", "check", "before", "--data-dir", text_file, *QUICK, "--settings", "run.toml")
    assert "girdi" in told.out + told.err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--jitter", 1.5], "--jitter"),
        (["--recased", -1], "--recased"),
        (["--masked", 1], "--masked"),
        (["--noise", "some"], "--noise"),
        (["--recased", 0.5, "--tokenizer", "bpe"], "use --tokenizer char"),
    ],
)
def test_invalid_share_is_code_2(command: Command, flags: list[object], told: str) -> None:
    result = command("train", *FAST, *flags)
    assert result.code == 2
    assert told in result.err
    assert command.everything_on_disk() == set()
