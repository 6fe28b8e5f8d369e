"""Metrics of generated text by `evaluate` and after training, on real text."""

import json
from pathlib import Path

import pytest

from mmrec_engine.system.optional_dependencies import install_command
from tests.command.faults import planted
from tests.conftest import FAST, Command, events_of

ALL = "bleu,rouge,distinct,copied"
RUN = [*FAST, "--max-steps", 20, "--eval-every", 10, "--val-split", 0.3]


@pytest.mark.extended
def test_metrics_are_reported_with_their_signature(command: Command, text_file: Path) -> None:
    trained = command("train", "--data-dir", text_file, *RUN, "--metrics", ALL)
    assert trained.code == 0, trained.err
    folder = command.run_folder()
    (finding,) = [
        event["finding"] for event in events_of(folder) if event.get("finding", {}).get("id") == "continuations"
    ]
    values = finding["values"]
    assert finding["status"] == "pass"
    assert 0 <= values["bleu"] <= 100
    assert values["signature"].startswith("nrefs:1|")
    assert 0 <= values["rougeL"] <= values["rouge1"] <= 100
    assert 0 < values["distinct1"] <= values["distinct2"] <= 1
    assert (values["samples"], values["seed"]) == (32, 1337)
    report = json.loads((folder / "report.json").read_text())
    assert [one["values"] for one in report["findings"] if one["id"] == "continuations"] == [values]
    assert "BLEU" in (folder / "report.md").read_text()

    evaluated = command("evaluate", "tiny", "--metrics", "rouge,bleu", "--samples", values["samples"], "--json")
    assert evaluated.code == 0, evaluated.err
    told = evaluated.json["metrics"]
    assert (told["bleu"], told["rougeL"]) == (values["bleu"], values["rougeL"])
    assert "distinct1" not in told
    other = command("evaluate", "tiny", "--metrics", "bleu", "--seed", 2, "--samples", 3, "--json").json["metrics"]
    assert (other["seed"], other["samples"]) == (2, 3)
    page = command("evaluate", "tiny", "--metrics", ALL, "--lang", "tr")
    assert page.code == 0, page.err
    assert "ROUGE-L" in page.out and "devam metni" in page.out


@pytest.mark.extended
def test_only_requested_metrics_are_computed(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *RUN).code == 0
    assert "continuations" not in (command.run_folder() / "events.jsonl").read_text()
    assert "metrics" not in command("evaluate", "tiny", "--json").json
    later = command("train", "--resume", "--metrics", "distinct", "--max-steps", 24)
    assert later.code == 0, later.err
    assert "continuations" in (command.run_folder() / "events.jsonl").read_text()


@pytest.mark.extended
@pytest.mark.parametrize(("metric", "library"), [("bleu", "sacrebleu"), ("rouge", "rouge_score")])
def test_missing_library_is_reported_before_training(
    command: Command, text_file: Path, metric: str, library: str
) -> None:
    gone = planted(code=f"import sys; sys.modules[{library!r}] = None")
    result = command("train", "--data-dir", text_file, *RUN, "--metrics", f"distinct,{metric}", **gone)
    assert result.code == 2
    assert result.err.splitlines()[-1].endswith(install_command("metrics"))
    assert command.everything_on_disk() == set()
    assert command("train", "--data-dir", text_file, *RUN, "--metrics", "distinct,copied", **gone).code == 0
    assert command("evaluate", "tiny", "--metrics", metric, **gone).code == 2


@pytest.mark.parametrize("words", [["--metrics", "meteor"], ["--metrics", ""], ["--metrics", "bleu;rouge"]])
def test_an_unknown_metric_is_code_2(command: Command, text_file: Path, words: list[str]) -> None:
    result = command("train", "--data-dir", text_file, *RUN, *words)
    assert result.code == 2
    assert "--metrics" in result.err
    assert command.everything_on_disk() == set()


def test_split_too_short_for_a_sample_is_reported(command: Command, text_file: Path) -> None:
    text_file.write_text(text_file.read_text()[:1200])
    trained = command("train", "--data-dir", text_file, *FAST, "--max-steps", 5, "--metrics", "distinct")
    assert trained.code == 0, trained.err
    result = command("evaluate", "tiny", "--metrics", "distinct")
    assert result.code == 2
    assert "120 tokens" in result.err
