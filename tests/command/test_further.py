"""A model that is trained further in a given time, by the command: the plan beforehand is the one that the training follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FAST, Command, events_of

# With these a plan has to measure only one speed, quickly.
ONE = ["--threads", 1, "--precision", "fp32", "--batch-size", 2]


@pytest.mark.extended
def test_plan_of_a_run_that_goes_on_from_another_is_the_one_that_its_training_follows(
    command: Command, text_file: Path
) -> None:
    pytest.importorskip("tokenizers")
    other = command.folder / "other.txt"
    other.write_text(" ".join(f"{number:b}" for number in range(3000)), encoding="utf-8")
    own = ["--tokenizer", "bpe", "--vocab-size", 400, "--max-steps", 3, "--seq-len", 512]
    assert command("train", "--data-dir", text_file, *FAST, *own, "--name", "a").code == 0

    begun = ["--time", "20s", "--data-dir", other, *ONE]
    shown = command("plan", "--from", "a", *begun, "--json")
    assert shown.code == 0, shown.err
    plan = shown.json
    assert {"seq_len", "dropout", "max_steps", "eval_every"} <= plan["choices"].keys()
    assert not {"config", "tokenizer", "vocab_size"} & plan["choices"].keys(), "the weights decide them"
    assert plan["choices"]["seq_len"]["reason"] == "window-of-the-text", "windows of 512 tokens would be too few"
    assert plan["settings"]["init_from"].endswith("best_model.pt")
    assert plan["settings"]["vocab_size"] == 400
    told = command("--lang", "tr", "plan", "--from", "a", *begun)
    assert told.code == 0 and "seq-len: " in told.out

    result = command("train", "--from", "a", *begun, "--name", "b", "--no-check")
    assert result.code == 0, result.err
    (planned,) = [one for one in events_of(command.run_folder("b")) if one["event"] == "planned"]
    assert choices_of(planned) == choices_of(plan)
    corpus = json.loads((command.run_folder("b") / "run.json").read_text())["corpus"]
    expected = plan["expected"]
    assert expected["tokens"] / expected["passes"] == pytest.approx(corpus["train_tokens"], rel=0.05)


def choices_of(plan: dict[str, Any]) -> dict[str, Any]:
    """The choices that do not depend on the speed, which is measured each time while other work is under way."""
    of_the_speed = ("max_steps", "eval_every", "dropout", "warmup_steps", "batch_size")
    return {name: choice["value"] for name, choice in plan["choices"].items() if name not in of_the_speed}


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "nothing", "--time", "20s"], "nothing"),
        (["--from", "made"], "give --time"),
        (["--remedy", "overfitting", "--time", "20s"], "--from"),
    ],
)
def test_impossible_plan_of_a_further_run_is_refused(command: Command, words: list[str], told: str) -> None:
    refused = command("plan", *words)
    assert refused.code == 2 and told in refused.err.splitlines()[-1]
