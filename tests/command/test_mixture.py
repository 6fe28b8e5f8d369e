"""Several corpora at once and span denoising by the command: shares, tags, losses of each, stopping, resumes, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine.data.transforms.denoising import span_counts
from tests.command.faults import as_from_before, assert_a_killed_run_ends_the_same, one_line_of, planted
from tests.conftest import FAST, Command, events_of, extended

RUN = [*FAST, "--max-steps", 20, "--warmup-steps", 4, "--eval-every", 5, "--learning-rate", 0.003]
BOTH = ["--data-dir", "en=0.7", "--data-dir", "digits=0.3"]
NEW_SETTINGS = (
    "mixing_temperature", "denoising", "denoising_span", "early_stopping_on", "max_corpus_bytes", "jitter", "recased", "masked",
    "noise", "curriculum", "curriculum_share", "curriculum_start", "pacing", "sharding",
    "compile", "kernel",
)  # fmt: skip


@pytest.fixture
def corpora(command: Command, prose: str) -> list[str]:
    """Two folders in the working folder: prose, and lines of digits, which have no character in common with it."""
    digits = "\n".join(str(number**5) for number in range(200, 900))
    for name, text in (("en", "".join(one for one in prose if not one.isdigit())), ("digits", digits)):
        (command.folder / name).mkdir()
        (command.folder / name / "text.txt").write_text(text, encoding="utf-8")
    return ["en", "digits"]


def validations(folder: Path) -> list[dict[str, Any]]:
    return [event for event in events_of(folder) if event["event"] == "validation"]


def described(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


@pytest.mark.extended
def test_mixture_keeps_its_weights_and_reports_each_loss(command: Command, corpora: list[str]) -> None:
    result = command("train", *BOTH, *RUN, "--json")
    assert result.code == 0, result.err
    assert "70.00% of the windows" in result.err and "30.00% of the windows" in result.err
    folder = command.run_folder()
    parts = described(folder)["corpus"]["parts"]
    assert [(part["name"], part["share"]) for part in parts] == [("en", 0.7), ("digits", 0.3)]
    looked = validations(folder)
    assert len(looked) == 4
    for event in looked:
        assert event["loss"] == pytest.approx(0.7 * event["parts"]["en"] + 0.3 * event["parts"]["digits"])
    assert looked[-1]["parts"]["digits"] < looked[0]["parts"]["digits"]
    assert f"Loss of digits: {looked[-1]['parts']['digits']:.3f}" in result.err
    assert result.json["final"]["parts"] == looked[-1]["parts"]
    report = (folder / "report.md").read_text(encoding="utf-8")
    bits = json.loads((folder / "report.json").read_text(encoding="utf-8"))["best"]["part_bits"]["digits"]
    assert f"best: digits | 20 | {looked[-1]['parts']['digits']:.4f} | | | {bits:.3f} |" in report

    told = command("evaluate", "tiny", "--json")
    assert told.code == 0, told.err
    assert told.json["parts"] == looked[-1]["parts"]
    assert told.json["loss"] == looked[-1]["loss"]
    assert "Loss of digits" in command("evaluate", "tiny").out


# Records the first token of each window of a step: the tag of its corpus.
_NOTED = """
from mmrec_engine.data.mixture import MixedWindows
made = MixedWindows.batch
def noted(self, numbers):
    batch = made(self, numbers)
    with open({path!r}, "a") as file:
        print(*batch[0][:, 0], file=file)
    return batch
MixedWindows.batch = noted
"""


@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("flags", "share"),
    [
        (BOTH, 0.7),
        (["--data-dir", "en=1", "--data-dir", "digits=9"], 0.1),
        extended(["--data-dir", "en", "--data-dir", "digits"], None),
        extended(["--data-dir", "en", "--data-dir", "digits", "--mixing-temperature", 1000], 0.5),
    ],
)
def test_step_windows_follow_the_corpus_shares(
    command: Command, corpora: list[str], flags: list[object], share: float | None
) -> None:
    """By weight, by size, and evenly."""
    seen = command.folder / "seen"
    result = command(
        "train", *flags, *RUN, "--max-steps", 50, "--eval-every", 50, **planted(code=_NOTED.format(path=str(seen)))
    )
    assert result.code == 0, result.err
    tags = np.array([line.split() for line in seen.read_text().splitlines()], dtype=int)
    assert tags.shape == (50, 2)
    parts = described(command.run_folder())["corpus"]["parts"]
    if share is None:
        tokens = [part["train_tokens"] for part in parts]
        share = tokens[0] / sum(tokens)
    assert parts[0]["share"] == pytest.approx(share, abs=0.002)
    of_the_first = tags.ravel() == tags.min()
    for length in (10, 50, 100):
        counts = np.convolve(of_the_first, np.ones(length), "valid")
        assert abs(counts - share * length).max() <= 1.1, length


@pytest.mark.extended
def test_tag_selects_the_corpus_style_of_generated_text(command: Command, corpora: list[str]) -> None:
    flags = ["--max-steps", 150, "--eval-every", 150, "--learning-rate", 0.01, "--dropout", 0]
    assert command("train", *BOTH, *RUN, *flags).code == 0
    texts = {}
    for name in ("en", "digits"):
        told = command("generate", "tiny", "--corpus-tag", name, "--tokens", 60, "--json")
        assert told.code == 0, told.err
        assert told.json["corpus_tag"] == name
        texts[name] = told.json["text"]
    share_of_digits = {name: sum(one.isdigit() for one in text) / len(text) for name, text in texts.items()}
    assert share_of_digits["digits"] > 0.6 > 0.2 > share_of_digits["en"], texts
    assert command("generate", "tiny", "--tokens", 60, "--json").json["text"] == texts["en"], "without one, the first"
    refused = command("generate", "tiny", "--corpus-tag", "tr")
    assert refused.code == 2
    assert "en, digits" in one_line_of(refused.err)

    losses = {
        name: command("evaluate", "tiny", "--data-dir", "digits/text.txt", "--corpus-tag", name, "--json").json["loss"]
        for name in ("en", "digits")
    }
    assert losses["digits"] < losses["en"], "read as what it is, a text is easier to foretell"
    assert command("evaluate", "tiny", "--data-dir", "digits", "--json").json["loss"] == losses["digits"]


@pytest.mark.extended
def test_early_stopping_can_use_one_corpus(command: Command, corpora: list[str]) -> None:
    folder = command.run_folder()
    patience = ["--early-stopping-patience", 2, "--max-steps", 60, "--eval-every", 5, "--learning-rate", 0.01]
    # Hardly a window of the digits: they are not learnt, and their loss rises while the letters are learnt.
    hardly = ["--data-dir", "en=0.999", "--data-dir", "digits=0.001", *RUN, *patience]
    assert command("train", *hardly, "--early-stopping-on", "digits", "--json").json["status"] == "early_stopped"
    looked = validations(folder)
    digits = [event["parts"]["digits"] for event in looked]
    assert [event["best"] for event in looked] == [loss == min(digits[: n + 1]) for n, loss in enumerate(digits)]
    assert looked[-1]["patience_used"] == 2
    together = [event["loss"] for event in looked]
    assert together == sorted(together, reverse=True), "the whole fell all the time"
    best = command("evaluate", "tiny", "--json").json
    assert best["parts"]["digits"] == min(digits)
    whole = command("train", *hardly, "--overwrite", "--json")
    assert whole.json["steps"] > looked[-1]["step"], "by the whole there was no reason to stop yet"


@pytest.mark.extended
def test_target_loss_uses_the_selected_corpus(command: Command, corpora: list[str]) -> None:
    flags = [*BOTH, *FAST, "--target-loss", 2.5, "--early-stopping-on", "digits", "--max-steps", 300]
    result = command("train", *flags, "--learning-rate", 0.005, "--warmup-steps", 4, "--json")
    assert result.code == 0, result.err
    assert result.json["status"] == "target_reached"
    assert result.json["final"]["parts"]["digits"] <= 2.5 < result.json["final"]["loss"]
    looked = validations(command.run_folder())
    assert looked[0]["sampled"] and not looked[-1]["sampled"]
    near = [event["loss"] for event in looked if event["sampled"]][-1]
    assert near == pytest.approx(looked[-1]["parts"]["digits"], rel=0.05), "samples look at that one too"


@pytest.mark.fault
@pytest.mark.extended
def test_killed_mixture_run_matches_uninterrupted_run(command: Command, corpora: list[str]) -> None:
    flags = ["train", *BOTH, *RUN, "--denoising", 0.4, "--max-steps", 40, "--checkpoint-every", 4]
    folder = assert_a_killed_run_ends_the_same(command, [*flags, "--early-stopping-on", "en"], 22)
    assert len(validations(folder)) == 8
    assert described(folder)["settings"]["data_dir"] == [
        f"{command.folder}/en=0.7",
        f"{command.folder}/digits=0.3",
    ]


@pytest.mark.extended
def test_resume_restores_the_corpora(command: Command, corpora: list[str]) -> None:
    assert command("train", *BOTH, *RUN).code == 0
    same = command("train", *BOTH, *RUN[: len(FAST)], "--resume", "--max-steps", 22, "--json")
    assert same.code == 0, same.err
    assert same.json["steps"] == 22
    for other in (["--data-dir", "en=0.6", "--data-dir", "digits=0.4"], ["--data-dir", "en"]):
        refused = command("train", *other, "--resume", "--max-steps", 24)
        assert refused.code == 2
        assert "--data-dir" in one_line_of(refused.err)


@pytest.mark.extended
def test_settings_file_can_name_several_corpora(command: Command, corpora: list[str]) -> None:
    (command.folder / "plan.toml").write_text('data_dir = ["en=2", "digits=2"]\nearly_stopping_on = "en"\n')
    assert command("train", "--settings", "plan.toml", *RUN).code == 0
    assert [part["share"] for part in described(command.run_folder())["corpus"]["parts"]] == [0.5, 0.5]


@pytest.mark.extended
def test_built_in_corpora_can_be_mixed(command: Command) -> None:
    result = command("train", "--corpus", "sample=1", "--corpus", "python-docs=3", *RUN, "--max-steps", 2)
    assert result.code == 0, result.err
    assert [part["share"] for part in described(command.run_folder())["corpus"]["parts"]] == [0.25, 0.75]
    assert command("evaluate", "tiny", "--json").json["parts"].keys() == {"sample", "python-docs"}


@pytest.mark.extended
def test_too_large_corpus_share_is_reported_before_training(command: Command, corpora: list[str]) -> None:
    result = command("check", "before", "--data-dir", "en=1", "--data-dir", "digits=50", *FAST[:-1], "--json")
    (found,) = [one for one in result.json["findings"] if one["id"] == "corpora-repeated"]
    assert found["status"] == "warn"
    assert found["values"]["corpus"] == "digits"
    assert not [one for one in result.json["findings"] if one["status"] == "error"], result.out
    assert "corpora-repeated" not in command("check", "before", "--data-dir", "en", *FAST[:-1], "--json").out


@pytest.mark.extended
def test_denoising_model_trains_and_generates_plain_text(command: Command, corpora: list[str]) -> None:
    assert command("train", "--data-dir", "en", *RUN, "--denoising", 0.5).code == 0
    noted = described(command.run_folder())
    assert command("train", "--data-dir", "en", *RUN, "--name", "plain").code == 0
    plain = described(command.run_folder("plain"))
    assert noted["corpus"]["vocabulary"] == plain["corpus"]["vocabulary"] + 33
    assert noted["corpus"]["fingerprint"] == plain["corpus"]["fingerprint"]
    losses = [[event["loss"] for event in events_of(command.run_folder(name)) if event["event"] == "step"]
              for name in ("tiny", "plain")]  # fmt: skip
    assert losses[0] != losses[1]
    assert "parts" not in validations(command.run_folder())[-1]
    written = command("generate", "tiny", "--tokens", 50, "--json")
    assert written.code == 0, written.err
    assert len(written.json["text"]) == 50, "no id of the task is drawn"
    assert command("evaluate", "tiny", "--seq-len", 64, "--json").code == 0


def test_denoising_loss_is_a_mean_over_predicted_tokens(command: Command, corpora: list[str]) -> None:
    flags = ["--denoising", 1, "--max-steps", 1, "--dropout", 0]
    assert command("train", "--data-dir", "en", *RUN, *flags).code == 0
    (step,) = [event for event in events_of(command.run_folder()) if event["event"] == "step"]
    spans, _, _ = span_counts(32, 8)
    assert step["tokens"] == 2 * (32 - spans - 1), "sentinels and the separator within the text do not count"
    vocabulary = described(command.run_folder())["corpus"]["vocabulary"]
    assert step["loss"] == pytest.approx(np.log(vocabulary), rel=0.01), "a new model takes all ids as equally likely"


@pytest.mark.extended
def test_run_of_a_version_with_one_corpus_is_resumed(command: Command, corpora: list[str]) -> None:
    assert command("train", "--data-dir", "en", *RUN, "--max-steps", 10).code == 0
    folder = command.run_folder()
    assert described(folder)["settings"]["data_dir"] == f"{command.folder}/en"
    as_from_before(folder, NEW_SETTINGS)
    longer = command("train", "--resume", "--max-steps", 12, "--json")
    assert longer.code == 0, longer.err
    assert longer.json["steps"] == 12
    assert command("evaluate", "tiny", "--json").code == 0


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--data-dir", "en=1", "--data-dir", "digits"], "digits has no weight"),
        (["--data-dir", "en=1", "--data-dir", "digits=-2"], "digits=-2"),
        (["--data-dir", "en", "--data-dir", "./en"], "en is named twice"),
        (["--data-dir", "en", "--data-dir", "missing"], "missing"),
        ([*BOTH, "--mixing-temperature", 5], "--mixing-temperature"),
        ([*BOTH, "--mixing-temperature", 0.5], "--mixing-temperature"),
        ([*BOTH, "--early-stopping-on", "tr"], "all, en, digits"),
        ([*BOTH, "--corpus", "sample"], "--data-dir and --corpus"),
        (["--corpus", "sample", "--corpus", "other"], "other"),
        ([*BOTH, "--denoising", 1.5], "--denoising"),
        ([*BOTH, "--denoising", 0.5, "--seq-len", 8], "--seq-len 8"),
        (["--data-dir", "en", "--data-dir", ""], "--data-dir"),
    ],
)
def test_invalid_mixture_is_code_2(command: Command, corpora: list[str], flags: list[object], told: str) -> None:
    before = command.everything_on_disk()
    result = command("train", *FAST, *flags)
    assert result.code == 2
    assert told in one_line_of(result.err)
    assert command.everything_on_disk() == before
    turkish = command("--lang", "tr", "train", *FAST, *flags)
    assert turkish.code == 2
    assert one_line_of(turkish.err) != one_line_of(result.err)
