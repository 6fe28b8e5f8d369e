"""A run that begins with the weights of an earlier one keeps its split, and reports what these weights were trained on."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.data.split_record import SplitRecord
from tests.conftest import FAST, QUICK, Command, events_of

LIMIT = ["--max-steps", 3, "--warmup-steps", 1]


@pytest.fixture
def documents(command: Command) -> Path:
    folder = command.folder / "text"
    folder.mkdir()
    for path in sorted(sample_folder().glob("*.txt")):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def described(command: Command, name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((command.run_folder(name) / "run.json").read_text(encoding="utf-8"))
    return value


def documents_of(command: Command, name: str) -> tuple[list[bytes], list[bytes]]:
    """The documents of the training and the validation split, from the prepared tokens."""
    corpus = described(command, name)["corpus"]
    for path in (command.folder.parent / "cache" / "mmrec" / "corpora").glob("*/corpus.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        record = SplitRecord.read(path.parent / "split.npz")
        if kept["fingerprint"] == corpus["fingerprint"] and record is not None and record.digest == corpus["split"]:
            end = kept["tokenizer"]["special"].index("end_of_document")
            sides = [np.fromfile(path.parent / f"{side}.bin", dtype=np.uint8) for side in ("train", "validation")]
            train, validation = (
                [part.tobytes() for part in np.split(ids, np.flatnonzero(ids == end) + 1) if len(part)] for ids in sides
            )
            return train, validation
    raise AssertionError("its text is not prepared any more")


def continued(command: Command, name: str) -> dict[str, Any]:
    found = [one["finding"] for one in events_of(command.run_folder(name)) if one["event"] == "check"]
    return next(one for one in found if one["id"] == "split-continued")


def test_documents_keep_their_split_when_one_is_added(command: Command, documents: Path) -> None:
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a").code == 0
    before, validated = documents_of(command, "a")
    for number in range(3):
        words = (documents / "en-how-02-soap.txt").read_text(encoding="utf-8").split()
        (documents / f"new-{number}.txt").write_text(" ".join(words[number * 30 :] * 2), encoding="utf-8")
        name = f"b{number}"
        result = command("train", "--from", "a", *(QUICK if number == 2 else FAST), *LIMIT, "--name", name)
        assert result.code == 0, result.err
        train, after = documents_of(command, name)
        assert set(validated) <= set(after) and not set(after) & set(before)
        assert set(before) <= set(train)
    finding = continued(command, name)
    assert finding["status"] == "pass" and finding["values"]["share"] == 0


def test_a_model_is_taken_further_on_other_text_with_its_own_vocabulary(command: Command, text_file: Path) -> None:
    """On several documents instead of one, with characters that it does not know; these are told."""
    assert command("train", "--data-dir", text_file, *FAST, *LIMIT, "--name", "a").code == 0
    known = set(text_file.read_text(encoding="utf-8"))
    assert not known & set("ßøΩ")
    words, other = text_file.read_text(encoding="utf-8").split(), command.folder / "other"
    other.mkdir()
    for number in range(40):
        own = " ".join(words[number * 50 : (number + 1) * 50])
        (other / f"{number}.txt").write_text(own + (" ßßø\n" if number % 2 else "\n"), encoding="utf-8")
    checked = command("check", "before", "--init-from", "a", "--data-dir", other, *QUICK, "--json")
    finding = next(one for one in checked.json["findings"] if one["id"] == "unknown-characters")
    assert finding["status"] == "warn" and finding["values"]["characters"] == "ß ø"
    assert finding["values"]["unknown"] == 60
    assert [one["settings"] for one in finding["remedies"]] == [{"init_from": None}]
    result = command("train", "--from", "a", "--data-dir", other, *FAST, *LIMIT, "--name", "b")
    assert result.code == 0, result.err
    assert "Vocabulary of the starting weights: " in result.err and "Vocabulary built" not in result.err
    assert f"Starting weights: {command.run_folder('a') / 'best_model.pt'}" in result.err
    kept = [SplitRecord.read(command.run_folder(name) / "split.npz") for name in ("a", "b")]
    first, second = (one.tokenizer for one in kept if one is not None)
    assert first is not None and second is not None and first.to_dict() == second.to_dict()
    assert command("evaluate", "b").code == 0
    assert command("train", "--resume", "--name", "b", "--max-steps", 5, "--threads", 1).code == 0


def test_a_model_to_begin_with_decides_its_sizes_and_its_vocabulary(command: Command, text_file: Path) -> None:
    """Also those that the planner would choose otherwise; a given one that contradicts the model is refused by its flag."""
    own = ["--arch", "gpt", "--vocab-size", 60]
    assert command("train", "--data-dir", text_file, *FAST, *LIMIT, *own, "--name", "a").code == 0
    begun = ["--init-from", "a", "--data-dir", text_file]
    plan = command("plan", "--time", "60s", *begun, "--json")
    assert plan.code == 0, plan.err
    assert not {"config", "arch", "tokenizer", "vocab_size"} & set(plan.json["choices"])
    result = command("train", "--time", "20s", *begun, *FAST, "--name", "b")
    assert result.code == 0, result.err
    settings = described(command, "b")["settings"]
    assert (settings["arch"], settings["vocab_size"], settings["tokenizer"]) == ("gpt", 60, "char")
    for flag, value in (("--arch", "llama"), ("--config", "mini"), ("--vocab-size", "5000")):
        refused = command("train", *begun, *FAST, flag, value)
        assert refused.code == 2 and f"{flag} {value}: the model of a has" in refused.err


def test_no_remedy_asks_for_another_vocabulary_than_that_of_the_model(command: Command, text_file: Path) -> None:
    pytest.importorskip("tokenizers")
    own = ["--tokenizer", "bpe", "--vocab-size", 600]
    assert command("train", "--data-dir", text_file, *FAST, *LIMIT, *own, "--name", "a").code == 0
    little = command.folder / "little.txt"
    little.write_text(text_file.read_text(encoding="utf-8")[:6000], encoding="utf-8")
    checked = command("check", "before", "--data-dir", little, *own, *QUICK, "--json").json["findings"]
    assert "smaller-vocabulary" in [remedy["id"] for one in checked for remedy in one["remedies"]]
    checked = command("check", "before", "--init-from", "a", "--data-dir", little, *QUICK, "--json").json["findings"]
    changed = {name for one in checked for remedy in one["remedies"] for name in remedy["settings"]}
    assert not {"vocab_size", "tokenizer", "config", "arch"} & changed
    unknown = next(one for one in checked if one["id"] == "unknown-characters")
    validation = next(one for one in checked if one["id"] == "corpus-size")["values"]
    assert unknown["values"]["tokens"] < 2 * validation["validation_windows"] * 32 + 64, "of the validation split"


def test_copies_within_an_unchanged_text_are_not_the_fault_of_the_weights(command: Command, text_file: Path) -> None:
    """The end of this text, its validation split, was copied from its beginning."""
    text = text_file.read_text(encoding="utf-8")
    text_file.write_text(text + text[: len(text) // 8], encoding="utf-8")
    assert command("train", "--data-dir", text_file, *FAST, *LIMIT, "--name", "a").code == 0
    result = command("check", "before", "--init-from", "a", "--data-dir", text_file, *QUICK, "--json")
    found = {one["id"]: one for one in result.json["findings"]}
    assert found["split-overlap"]["status"] == "fail"
    assert found["split-continued"]["status"] == "pass" and found["split-continued"]["values"]["share"] == 0


@pytest.mark.extended
def test_third_run_keeps_the_training_documents_of_the_first(command: Command, documents: Path) -> None:
    """Also of documents that the second run did not have."""
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a").code == 0
    trained, _ = documents_of(command, "a")
    away = sorted(documents.glob("en-story*"))[:5]
    texts = {path: path.read_bytes() for path in away}
    for path in away:
        path.unlink()
    assert command("train", "--from", "a", *FAST, *LIMIT, "--name", "b").code == 0
    for path, text in texts.items():
        path.write_bytes(text)
    assert command("train", "--init-from", "b", "--data-dir", documents, *QUICK, *LIMIT, "--name", "c").code == 0
    _, validated = documents_of(command, "c")
    assert not set(validated) & set(trained)
    assert continued(command, "c")["status"] == "pass"


@pytest.mark.extended
def test_changed_documents_are_recognised_by_their_passages(command: Command, documents: Path) -> None:
    """Joined, cut and edited text has other fingerprints, but the same passages."""
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a").code == 0
    train = command.folder / "given"
    train.mkdir()
    texts = [path.read_text(encoding="utf-8") for path in sorted(documents.iterdir())]
    (train / "train.txt").write_text("\n".join(texts[1::2]), encoding="utf-8")
    (train / "val.txt").write_text("\n".join(texts[::2]), encoding="utf-8")
    result = command("check", "before", "--init-from", "a", "--data-dir", train, *QUICK, "--json")
    finding = next(one for one in result.json["findings"] if one["id"] == "split-continued")
    assert finding["status"] == "fail" and finding["values"]["share"] > 0.7
    assert [one["settings"] for one in finding["remedies"]] == [{"init_from": None}]


@pytest.mark.extended
def test_killed_follow_up_run_resumes_with_the_same_split(command: Command, documents: Path) -> None:
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a").code == 0
    words = (documents / "en-how-02-soap.txt").read_text(encoding="utf-8").split()
    (documents / "new.txt").write_text(" ".join(words * 3), encoding="utf-8")
    flags = ["--from", "a", *FAST, "--max-steps", 12, "--warmup-steps", 1, "--checkpoint-every", 4]
    assert command("train", *flags, "--name", "whole").code == 0
    process = command.start("train", *flags, "--max-steps", 4000, "--name", "killed")
    until = time.monotonic() + 60
    while not list(command.run_folder("killed").glob("checkpoint_step_*.pt")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for path in command.run_folder("a").iterdir():
        os.unlink(path)  # noqa: PTH108
    resumed = command("train", "--resume", "--name", "killed", "--max-steps", 60, "--threads", 1)
    assert resumed.code == 0, resumed.err
    assert described(command, "killed")["corpus"]["split"] == described(command, "whole")["corpus"]["split"]
    assert command("evaluate", "killed").code == 0


@pytest.mark.extended
def test_run_with_another_split_record_is_not_resumed(command: Command, documents: Path) -> None:
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a", "--val-split", 0.3).code == 0
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "b").code == 0
    (command.run_folder("a") / "split.npz").write_bytes((command.run_folder("b") / "split.npz").read_bytes())
    refused = command("train", "--resume", "--name", "a", "--max-steps", 6)
    assert refused.code == 2 and "text has changed" in refused.err


@pytest.mark.extended
def test_an_export_is_evaluated_on_the_split_of_its_run(command: Command, documents: Path) -> None:
    """Of a run that has kept the split of an earlier one, which no rule would reproduce."""
    assert command("train", "--data-dir", documents, *FAST, *LIMIT, "--name", "a").code == 0
    words = (documents / "en-how-02-soap.txt").read_text(encoding="utf-8").split()
    for number in range(3):
        (documents / f"new-{number}.txt").write_text(" ".join(words[number * 30 :] * 2), encoding="utf-8")
    assert command("train", "--from", "a", *FAST, *LIMIT, "--name", "b").code == 0
    assert command("export", "b", "out").code == 0
    own = command("evaluate", "b", "--json").json
    for given in ([], ["--data-dir", documents]):
        exported = command("evaluate", "out", *given, "--json")
        assert exported.code == 0, exported.err
        assert {name: exported.json[name] for name in own if name != "checkpoint"} == {
            name: value for name, value in own.items() if name != "checkpoint"
        }
    found = []
    for start in ("b", "out"):
        check = command("check", "before", "--init-from", start, "--data-dir", documents, *QUICK, "--json")
        found += [one["values"] for one in check.json["findings"] if one["id"] == "split-continued"]
    assert found[0] == found[1] and found[0]["seen"] == 0
