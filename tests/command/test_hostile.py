"""Hostile files: checkpoints that would run code, and texts and names that would control the terminal."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmrec_engine import events
from tests.command.refusals import all_refused
from tests.command.terminal import Screen
from tests.conftest import FAST, Command, extended

# Code in a checkpoint


class Payload:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self._marker}'",)


def plain_pickle(path: Path, payload: Payload) -> None:
    path.write_bytes(pickle.dumps({"format": 1, "model": payload}))


def old_pickle(path: Path, payload: Payload) -> None:
    path.write_bytes(pickle.dumps(payload, protocol=0))


def torch_zip(path: Path, payload: Payload) -> None:
    torch.save({"format": 1, "model": payload, "checksum": "0"}, path)


def torch_of_old(path: Path, payload: Payload) -> None:
    torch.save({"format": 1, "model": {"weight": torch.ones(3)}, "more": payload}, path,
               _use_new_zipfile_serialization=False)  # fmt: skip


HARMFUL: list[Callable[[Path, Payload], None]] = [plain_pickle, old_pickle, torch_zip, torch_of_old]


@pytest.mark.parametrize("harmful", [*map(extended, HARMFUL[:-2]), *HARMFUL[-2:]])
def test_code_in_a_checkpoint_is_never_run(
    command: Command, made: Path, harmful: Callable[[Path, Payload], None]
) -> None:
    marker = command.folder.parent / "marker"
    harmful(command.folder / "a.pt", Payload(marker))
    all_refused(command, "damaged or not a checkpoint", [["evaluate", "a.pt"], ["generate", "a.pt"]])
    all_refused(
        command, "damaged or not a checkpoint", [["export", "a.pt", "out"], ["train", "--init-from", "a.pt", *FAST]]
    )
    assert not marker.exists()
    for name in ("best_model.pt", "final_checkpoint.pt"):
        shutil.copy(command.folder / "a.pt", made / name)
    all_refused(command, "damaged or not a checkpoint", [["evaluate", "made"], ["generate", "made"]])
    checked = command("check", "after", "made")
    assert checked.code == 1, checked.err
    resumed = command("train", "--resume", "--name", "made", *FAST, "--max-steps", "4")
    assert resumed.code == 0, resumed.err
    assert "final_checkpoint.pt" in resumed.err, "told as damaged; it went on from another"
    assert not marker.exists()
    with (command.folder / "a.pt").open("rb") as file:  # the payload really works
        if harmful is plain_pickle:
            pickle.load(file)
            assert marker.exists()


# Control characters

EVIL = (
    "\x1b[31mESC\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b32m\x9d0;t\x9c\rCR\bBS\u202eRTL\u2066iso"
    "[red]x[/red][@click=app.quit]y[/]"
)
EVIL_NAME = EVIL.replace("/", "|")
RAW = (
    b"\x1b[31mESC", b"\x1b]0;owned", b"\x1b]52;", b"owned\x07", b"\xc2\x9b", b"\xc2\x9d", b"\xc2\x9c", b"\rCR", b"\bBS",
    "\u202e".encode(), "\u2066".encode(),
)  # fmt: skip


def assert_tame(written: bytes) -> None:
    for raw in RAW:
        at = written.find(raw)
        assert at < 0, (raw, written[max(0, at - 200) : at + 200])


@pytest.fixture
def evil_run(command: Command, made_once: Path) -> Path:
    """The run of three steps, with control characters in its texts and names."""
    run = command.run_folder(EVIL_NAME)
    shutil.copytree(made_once, run)
    description = json.loads((run / "run.json").read_text())
    for name in ("data_dir", "device", "init_from"):
        description["settings"][name] = EVIL
    description["corpus"]["name"] = description["corpus"]["fingerprint"] = EVIL
    (run / "run.json").write_text(json.dumps({**description, "versions": {EVIL: EVIL}, "sources": {"device": EVIL}}))
    with (run / "events.jsonl").open("a", encoding="utf-8") as record:
        for event in evil_events():
            record.write(events.to_line(event) + "\n")
    register = Path(command.environment["XDG_STATE_HOME"]) / "mmrec" / "runs.txt"
    register.parent.mkdir(parents=True)
    register.write_bytes(os.fsencode(run) + b"\n")
    return run


def evil_events() -> list[events.Event]:
    finding: dict[str, Any] = {
        "id": EVIL, "phase": "during", "item": "loss-falling", "status": "warn", "title": EVIL, "evidence": EVIL,
        "values": {EVIL: EVIL}, "remedies": [{"id": EVIL, "title": EVIL, "settings": {EVIL: EVIL}}], "threshold": {EVIL: 1},
    }  # fmt: skip
    known = {**finding, "id": "loss-spike", "values": {"loss": EVIL, "variant": EVIL}}
    late = {**finding, "phase": "after", "item": "best-saved", "id": "best-saved", "status": "fail"}
    return [
        events.Sample(step=3, prompt=EVIL, text=EVIL),
        events.Finding(step=3, finding=finding),
        events.Finding(step=3, finding=known),
        events.Check(step=3, finding={**finding, "phase": "before", "item": "dataset-ready"}),
        events.Check(step=3, finding=late),
        events.SettingsChanged(step=3, changes={EVIL: EVIL, "device": EVIL}, before={EVIL: EVIL}, reason=EVIL),
        events.Unwritten(step=3, path=EVIL, reason=EVIL, saved_step=2),
        events.Control(step=3, id=EVIL, command=EVIL, accepted=False, refused=EVIL),
        events.Checkpoint(step=3, path=EVIL, kind="best"),
        events.Progress(step=3, task=EVIL, done=1, total=2),
        events.Resumed(step=3, checkpoint=EVIL, planned_steps=3, skipped=(EVIL,)),
        events.RunFinished(step=3, status="failed", reason=EVIL, seconds=1.0, values={"error": EVIL, EVIL: EVIL}),
    ]


@pytest.mark.slow
def test_control_codes_in_training_text_do_not_reach_the_terminal(
    command: Command, opened: Callable[..., Screen]
) -> None:
    text = command.folder / EVIL_NAME
    text.mkdir()
    (text / f"a{EVIL_NAME}.txt").write_text(EVIL * 99, encoding="utf-8")
    (text / f"b{EVIL_NAME}.txt").write_bytes(bytes(99))  # left out, by name
    train = ["train", "--data-dir", EVIL_NAME, "--output-dir", f"out{EVIL_NAME}", *FAST, "--max-steps", "3"]
    screen = opened(*train, "--json", "--eval-every", "2")
    assert screen.wait_for_end(240) == 0, screen.text()
    assert_tame(screen.written)
    assert b"\\x1b[31mESC" in screen.written, "shown as a code"
    assert b"\\u001b[31mESC" in screen.written, "and as a code of JSON"
    run = f"out{EVIL_NAME}/tiny"
    for flags in ([], ["--json"]):
        screen = opened("generate", run, "--prompt", EVIL, "--tokens", "400", "--temperature", "9", *flags)
        assert screen.wait_for_end(240) == 0, screen.text()
        assert_tame(screen.written)
        assert b"ESC" in screen.written
    screen = opened("evaluate", run, "--json")
    assert screen.wait_for_end(240) == 0, screen.text()
    assert_tame(screen.written)
    exact = command("generate", run, "--prompt", EVIL, "--tokens", "9", "--json")
    assert_tame(exact.out.encode())
    assert exact.json["prompt"] == EVIL.replace("\r", "\n"), "JSON tells every character as it is"


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--data-dir", EVIL], ["train", "--config", EVIL], ["train", f"--{EVIL}"], ["train", EVIL], [EVIL],
        ["train", "--name", EVIL], ["train", "--encoding", EVIL, "--data-dir", "."], ["train", "--settings", EVIL_NAME],
        ["train", "--settings", "s.toml"], ["evaluate", EVIL], ["watch", EVIL], ["guide", EVIL], ["--lang", EVIL],
        ["train", "--device", EVIL], ["train", "--init-from", EVIL], ["train", "--from", EVIL], ["train", "--corpus", EVIL],
    ],
    ids=lambda words: " ".join(word for word in words if "ESC" not in word) or "alone",
)  # fmt: skip
def test_control_codes_in_flags_do_not_reach_the_terminal(
    command: Command, words: list[str], opened: Callable[..., Screen]
) -> None:
    (command.folder / "s.toml").write_text(f"{json.dumps(EVIL)} = 3\n".replace("\x7f", ""), encoding="utf-8")
    screen = opened(*words)
    assert screen.wait_for_end() == 2, screen.text()
    assert_tame(screen.written)
    assert b"ESC" in screen.written


@pytest.mark.extended
@pytest.mark.slow
def test_control_codes_in_a_run_do_not_reach_the_terminal(
    command: Command, evil_run: Path, opened: Callable[..., Screen]
) -> None:
    run = str(evil_run)
    commands: list[tuple[list[object], tuple[int, ...]]] = [
        (["runs"], (0,)),
        (["runs", "--json"], (0,)),
        (["check", "after", run], (0, 1)),
        (["check", "after", run, "--json"], (0, 1)),
        (["train", "--resume", "--output-dir", evil_run.parent, "--name", EVIL_NAME], (2,)),
        (["train", "--from", run, *FAST], (2,)),
        (["evaluate", run], (0,)),
        (["export", run, f"out{EVIL_NAME}"], (0,)),
        (["export", run, f"out{EVIL_NAME}", "--json"], (2,)),
    ]
    for words, codes in commands:
        screen = opened(*words, redirected={"stdin": subprocess.DEVNULL})
        assert screen.wait_for_end(240) in codes, (words, screen.text())
        assert_tame(screen.written)


def left(screen: Screen) -> None:
    """Press quit until the app has ended; a key may come while a screen is closing."""
    for _ in range(30):
        if screen.process.poll() is not None:
            break
        screen.press("ctrl+q")
        time.sleep(1)
    screen.wait_for_end()
    assert_tame(screen.written)


@pytest.mark.slow
@pytest.mark.extended
def test_control_codes_in_a_run_do_not_reach_the_app(
    command: Command, evil_run: Path, opened: Callable[..., Screen]
) -> None:
    screen = opened("watch", evil_run, columns=160, lines=50)
    screen.wait_for("step 3/3")
    for key in ("1", "2", "3", "4", "5", "l", "x", "o"):
        screen.press(key)
    left(screen)
    assert b"ESC" in screen.written, "it was shown"
