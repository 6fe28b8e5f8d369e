"""Runs and checkpoints that are damaged, of another kind or changed: reported in one line, and nothing changes on disk."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine.runs import checkpoints
from tests.command.refusals import all_refused, refused
from tests.conftest import FAST, Command

Content = dict[str, Any]
RESUME = ["train", *FAST, "--name", "made", "--resume", "--max-steps", "5"]
CHECKPOINTS = ("checkpoint_step_2.pt", "checkpoint_step_3.pt", "best_model.pt", "final_checkpoint.pt")


def rewritten(path: Path, change: Callable[[Content], object]) -> None:
    """A checkpoint with other content and a matching checksum, as only an attacker would make it."""
    content = checkpoints.read(path)
    change(content)
    with checkpoints.Pending.of_content(path, content) as pending:
        pending.commit()


def described(folder: Path, change: Callable[[Content], object]) -> None:
    """run.json with other content."""
    description = json.loads((folder / "run.json").read_text())
    change(description)
    (folder / "run.json").write_text(json.dumps(description))


def setting(name: str, value: Any) -> Callable[[Content], object]:
    return lambda content: content["settings"].update({name: value})


def own_text(command: Command, made: Path) -> Path:
    """The run's text as a file of this test's own."""
    path = command.folder / "text.txt"
    shutil.copy(made_text(made), path)
    described(made, setting("data_dir", str(path)))
    return path


def made_text(made: Path) -> Path:
    return Path(json.loads((made / "run.json").read_text())["settings"]["data_dir"])


# Resuming


@pytest.mark.extended
def test_resume_refuses_conflicting_flags(command: Command, made: Path) -> None:
    for flags in (
        ["--batch-size=3", "--seq-len=33", "--config=mini", "--arch=gpt"],
        ["--learning-rate=0.1", "--val-split=0.2", "--seed=1", "--dropout=0.2"],
        ["--vocab-size=99", "--recipe=fast", "--corpus=sample", "--use-sample-corpus"],
        ["--accumulate=2", "--fix-encoding", "--no-save-best-model"],
    ):
        requests: list[list[object]] = [["train", "--name", "made", "--resume", flag] for flag in flags]
        all_refused(command, "--resume: --", requests)
    (command.folder / "other.txt").write_text("another text " * 2000)
    all_refused(
        command, "--resume: the text has changed", [["train", "--name", "made", "--resume", "--data-dir=other.txt"]]
    )


TEXT_CHANGES: dict[str, Callable[[Path], object]] = {
    "one letter is another": lambda path: path.write_text("X" + path.read_text()[1:]),
    "shortened": lambda path: path.write_text(path.read_text()[:-9]),
    "longer": lambda path: path.write_text(path.read_text() + "more"),
    "moved": lambda path: path.rename(path.with_name("moved.txt")),
    "empty": lambda path: path.write_bytes(b""),
    "a binary": lambda path: path.write_bytes(bytes(99)),
    "a folder now": lambda path: (path.unlink(), path.mkdir(), (path / "a.txt").write_text("other words " * 99)),
}


@pytest.mark.parametrize("case", list(TEXT_CHANGES))
def test_resume_refuses_changed_text(command: Command, made: Path, case: str) -> None:
    TEXT_CHANGES[case](own_text(command, made))
    assert "text.txt" in refused(command, *RESUME)


RUN_JSON: dict[str, bytes | Callable[[Content], object]] = {
    "empty": b"",
    "no JSON": b"settings: tiny",
    "cut off": b'{"settings": {"config": "ti',
    "a list": b"[]",
    "a number": b"7",
    "without settings": b"{}",
    "settings that are a list": b'{"settings": []}',
    "not UTF-8": b'{"settings": {"name": "\xfd"}}',
    "a binary": b"\x7fELF" + bytes(range(256)),
    "nested without end": b'{"settings": ' + b"[" * 99_999,
    "an endless number": b'{"settings": {"seed": ' + b"9" * 9999 + b"}}",
    "epochs that are a word": setting("epochs", "ten"),
    "steps that are a list": setting("max_steps", [3]),
    "a rate that is no number": setting("learning_rate", float("nan")),
    "a rate without end": setting("learning_rate", float("inf")),
    "a seed of 400 digits": setting("seed", 10**400),
    "a text that is a number": setting("data_dir", 7),
    "a configuration that nobody has": setting("config", "gigantic"),
    "a window of nothing": setting("seq_len", 0),
    "a switch that is a word": setting("save_best_model", "yes"),
    "sources that are a list": lambda content: content.update(sources=["hand"]),
    "a corpus that is a word": lambda content: content.update(corpus="sample"),
    "no corpus": lambda content: content.pop("corpus"),
    "a fingerprint that is a number": lambda content: content["corpus"].update(fingerprint=7),
    "another vocabulary": lambda content: content["corpus"].update(vocabulary=7),
    "a precision that nobody has": lambda content: content.update(precision="fp12"),
    "threads that are a word": lambda content: content.update(threads="many"),
    "a billion threads": lambda content: content.update(threads=10**9),
    "a device that is a number": lambda content: content.update(device=7),
    "a device that is not here": lambda content: content.update(device="cuda:7"),
    "an origin that is a list": lambda content: content.update(origin=[1]),
}


@pytest.mark.first(4)
@pytest.mark.parametrize("case", list(RUN_JSON))
def test_resume_refuses_a_damaged_run_json(command: Command, made: Path, case: str) -> None:
    damage = RUN_JSON[case]
    if isinstance(damage, bytes):
        (made / "run.json").write_bytes(damage)
    else:
        described(made, damage)
    told = refused(command, *RESUME[:-2])  # no new limit, which would replace a damaged one
    assert "made" in told or "--" in told
    assert len(told) < 1000
    watched = command("watch", "made")  # there is no terminal to watch it on
    assert (watched.code, watched.out, "Traceback" in watched.err) == (2, "", False)


@pytest.mark.extended
def test_other_commands_refuse_a_damaged_run_json(command: Command, made: Path) -> None:
    for damage in (b"[]", b'{"settings": {"epochs": "ten"}}', b'{"settings": {}, "corpus": 7, "threads": "x"}'):
        (made / "run.json").write_bytes(damage)
        refused(command, "train", "--from", "made", *FAST)
        evaluated = command("evaluate", "made")  # a checkpoint contains everything it needs
        assert evaluated.code == 0, evaluated.err
        checked = command("check", "after", "made", "--json")
        assert checked.code in (0, 1), checked.err
        assert checked.err == ""
        assert not [one for one in checked.json["findings"] if one["status"] == "error"]
        assert command("runs").code == 0


@pytest.mark.extended
def test_unknown_stored_settings_are_ignored(command: Command, made: Path) -> None:
    described(made, lambda content: content.update(of_the_future=[{"a": [1]}]))
    described(made, setting("of_the_future", {"a": 1}))
    described(made, setting("output_dir", "/nowhere/at/all"))
    described(made, setting("name", "../../up"))
    resumed = command(*RESUME)
    assert resumed.code == 0, resumed.err
    assert {path.name for path in command.folder.iterdir()} == {"checkpoints"}
    assert {path.name for path in (command.folder / "checkpoints").iterdir()} == {"made"}


def test_checkpoints_of_another_model_are_refused(command: Command, made: Path) -> None:
    def other_model(content: Content) -> None:
        content["model"] = {name: weight[:1].clone() for name, weight in content["model"].items()}

    for name in CHECKPOINTS:
        rewritten(made / name, other_model)
    assert "final_checkpoint.pt: damaged" in refused(command, *RESUME)


@pytest.mark.extended
def test_invalid_settings_in_a_checkpoint_are_refused(command: Command, made: Path, made_once: Path) -> None:
    (made / "run.json").unlink()
    for change in (
        lambda content: content.update(settings=[1]),
        lambda content: content.update(corpus=7),
        lambda content: content.update(precision="fp12"),
    ):
        for name in CHECKPOINTS:
            shutil.copy(made_once / name, made / name)
            rewritten(made / name, change)
        assert "damaged" in refused(command, *RESUME)


# Checkpoints


def saved(value: Any) -> Callable[[Path], object]:
    return lambda path: torch.save(value, path)


def changed(**values: Any) -> Callable[[Path], object]:
    return lambda path: rewritten(path, lambda content: content.update(values))


def model_of(**sizes: Any) -> Callable[[Path], object]:
    return lambda path: rewritten(path, lambda content: content["model_config"].update(sizes))


def without(name: str) -> Callable[[Path], object]:
    return lambda path: rewritten(path, lambda content: content.pop(name))


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def newer(path: Path) -> None:
    content = {**checkpoints.read(path), "format": checkpoints.FORMAT + 1}
    torch.save({**content, "checksum": checkpoints.checksum(content)}, path)


def other_letters(path: Path) -> None:
    rewritten(path, lambda content: content["tokenizer"].update(characters="abc"))


BAD_CHECKPOINTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "damaged"),
    "text": (lambda path: path.write_text("weights"), "damaged"),
    "bytes without sense": (lambda path: path.write_bytes(os.urandom(9999)), "damaged"),
    "the beginning of a zip": (lambda path: path.write_bytes(b"PK\x03\x04 not really"), "damaged"),
    "cut short": (lambda path: os.truncate(path, path.stat().st_size // 2), "damaged"),
    "one byte short": (lambda path: os.truncate(path, path.stat().st_size - 1), "damaged"),
    "one bit flipped": (flipped, "damaged"),
    "weights of another program": (saved(torch.nn.Linear(3, 3).state_dict()), "no format number"),
    "a tensor": (saved(torch.ones(3)), "no format number"),
    "a list": (saved([1, 2]), "no format number"),
    "a format that is a word": (saved({"format": "one"}), "no format number"),
    "JSON": (lambda path: path.write_text('{"format": 1}'), "damaged"),
    "a newer format": (newer, "newer mmrec"),
    "a checksum that differs": (saved({"format": 1, "checksum": "0"}), "checksum differs"),
    "no model": (without("model"), "damaged"),
    "no tokenizer": (without("tokenizer"), "damaged"),
    "no settings": (without("settings"), "damaged"),
    "another vocabulary": (other_letters, "vocabulary"),
    "a tokenizer nobody knows": (changed(tokenizer={"kind": "magic"}), "unknown tokenizer"),
    "an architecture nobody knows": (model_of(architecture="magic"), "unknown architecture"),
    "another architecture": (model_of(architecture="gpt"), "another model"),
    "a width that is a word": (model_of(width="wide"), "damaged"),
    "no heads": (model_of(heads=0), "damaged"),
    "a model larger than any machine": (model_of(width=10**6, layers=10**6), "another model"),
    "settings that are a list": (changed(settings=[1]), "damaged"),
    "a window that is a word": (lambda path: rewritten(path, setting("seq_len", "long")), "damaged"),
    "a step that is a word": (changed(progress={"step": "last"}), "damaged"),
    "a corpus that is a number": (changed(corpus=7), "damaged"),
    "weights that are words": (changed(model={"a": "b"}), "damaged"),
}  # fmt: skip


@pytest.mark.first(3)
@pytest.mark.parametrize("case", list(BAD_CHECKPOINTS))
def test_file_that_is_no_checkpoint_is_refused(command: Command, made_once: Path, case: str) -> None:
    make, told = BAD_CHECKPOINTS[case]
    shutil.copy(made_once / "best_model.pt", command.folder / "a.pt")
    make(command.folder / "a.pt")
    all_refused(command, told, [["evaluate", "a.pt"], ["export", "a.pt", "out"]])


def test_reason_within_an_error_is_in_its_language(command: Command, made_once: Path) -> None:
    shutil.copy(made_once / "best_model.pt", command.folder / "a.pt")
    model_of(architecture="magic")(command.folder / "a.pt")
    refused = command("evaluate", "a.pt", "--lang", "tr")
    assert refused.code == 2 and "bilinmeyen mimari 'magic'" in refused.err and "unknown" not in refused.err


def test_folder_pipe_or_link_loop_is_no_checkpoint(command: Command) -> None:
    (command.folder / "folder.pt").mkdir()
    os.mkfifo(command.folder / "pipe.pt")
    (command.folder / "loop.pt").symlink_to("loop.pt")
    names = ("folder.pt", "pipe.pt", "loop.pt")
    all_refused(command, "no such run or checkpoint", [["generate", name] for name in names])
    all_refused(command, "no such run or checkpoint", [["train", *FAST, "--init-from", name] for name in names])


@pytest.mark.extended
def test_unfitting_initial_weights_are_refused(command: Command, made: Path) -> None:
    best, text = str(made / "best_model.pt"), str(made_text(made))
    (command.folder / "other.txt").write_text("åß∂ƒåß∂ƒåß∂ƒ other\n" * 99)
    (command.folder / "damaged.pt").write_bytes(b"PK\x03\x04")
    for flags, told in (
        (["--data-dir", "other.txt", "--init-from", best], "another vocabulary"),
        (["--data-dir", text, "--tokenizer", "bpe", "--init-from", best], "leave --tokenizer out"),
        (["--data-dir", text, "--arch", "gpt", "--init-from", "made"], "leave --arch out"),
        (["--data-dir", text, "--config", "mini", "--init-from", "made"], "leave --config out"),
        (["--data-dir", text, "--init-from", "damaged.pt"], "damaged.pt: damaged"),
        (["--data-dir", text, "--init-from", "checkpoints"], "no such run"),
        (["--data-dir", text, "--init-from", text], "damaged"),
    ):
        assert told in refused(command, "train", *FAST, *flags)


def test_unavailable_remedy_is_refused(command: Command, made: Path) -> None:
    assert "pray" in refused(command, "train", "--from", "made", "--remedy", "pray", *FAST)
    assert "--remedy" in refused(command, "train", "--from", "made", "--remedy", "", *FAST)


def test_export_into_an_existing_place_is_refused(command: Command, made: Path) -> None:
    (command.folder / "full").mkdir()
    (command.folder / "full" / "thesis.txt").write_text("years of work")
    (command.folder / "file").write_text("precious")
    (command.folder / "dangling").symlink_to("nowhere")
    for place, told in (
        ("full", "exists and is not empty"),
        ("checkpoints/made", "exists and is not empty"),
        ("file", "exists and is not empty"),
        ("dangling", "exists and is not empty"),
        ("file/below", "cannot write there"),
        ("x" * 300, "cannot write there"),
        ("/proc/nowhere", "cannot write there"),
    ):
        assert told in refused(command, "export", "made", place)


def test_new_run_in_an_existing_run_folder_is_refused(command: Command, made: Path) -> None:
    assert "already holds a run" in refused(command, "train", *FAST, "--name", "made")
    assert "already holds a run" in refused(command, "train", *FAST, "--name=made", "--init-from=made")


def test_folder_with_other_files_is_not_a_run(command: Command) -> None:
    command.run_folder().mkdir(parents=True)
    (command.run_folder() / "thesis.txt").write_text("years of work")
    for flag in ([], ["--overwrite"], ["--resume"]):
        assert "not a run folder" in refused(command, "train", *FAST, *flag)
