"""A run folder from someone else whose files lead out of it, or block: nothing outside is read or written, nothing blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.faults import measured
from tests.command.refusals import all_refused, everything
from tests.command.terminal import Screen
from tests.conftest import FAST, Command, extended

FILES = [
    "run.json", "events.jsonl", "lock", "control.jsonl", "log.txt", "ticks.json", "report.json", "report.md",
    "checkpoint_step_2.pt", "best_model.pt", "final_checkpoint.pt", "checkpoint_step_4.pt.tmp", "events.jsonl.tmp",
    "run.json.7.tmp",
]  # fmt: skip
COMMANDS = [
    "train {} --resume", "watch {}", "evaluate {}", "train {} --overwrite", "export {} out", "check after {}", "train {}",
    "generate {}", "train --from {}",
]  # fmt: skip
BIG = 600 * 2**20
RESUME = [*FAST, "--max-steps", "9"]


def outside(path: Path) -> Path:
    """A place with the file's content, or something valuable."""
    place = path.parents[3] / "outside" / path.name
    place.parent.mkdir(exist_ok=True)
    if path.exists():
        shutil.move(path, place)
    else:
        place.write_text("years of work")
    return place


def linked(path: Path) -> None:
    path.symlink_to(outside(path))


def dangling(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.parents[3] / "outside-is-nothing")


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


KINDS: list[Callable[[Path], None]] = [linked, dangling, pipe, folder]


def a_foreign_run(made_once: Path, command: Command, name: str, kind: Callable[[Path], None]) -> Path:
    run = command.run_folder(f"{kind.__name__}-{name}")
    shutil.copytree(made_once, run)
    kind(run / name)
    return run


def words_of(template: str, run: Path) -> list[object]:
    words = template.split()
    if "--from" in words:
        return ["train", "--from", run, *FAST]
    if words[0] == "train":
        return ["train", "--name", run.name, *words[2:], *RESUME]
    return [str(run) if word == "{}" else word for word in words]


@pytest.mark.first(4)
@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(FILES)), ids=FILES)
def test_links_pipes_and_folders_in_a_run_are_refused(command: Command, made_once: Path, number: int) -> None:
    """Each file in each way, with all of the commands in turn."""
    requests = []
    for way, kind in enumerate(KINDS):
        run = a_foreign_run(made_once, command, FILES[number], kind)
        requests.append(words_of(COMMANDS[(number + 2 * way) % len(COMMANDS)], run))
    all_refused(command, "a link, or no plain file", requests)


def note(command: Command, *runs: Path) -> None:
    """As if these runs had been made here."""
    register = Path(command.environment["XDG_STATE_HOME"]) / "mmrec" / "runs.txt"
    register.parent.mkdir(parents=True)
    register.write_text("".join(f"{run}\n" for run in runs))


@pytest.mark.extended
def test_list_of_runs_follows_no_links_and_does_not_block(command: Command, made_once: Path) -> None:
    names = ("run.json", "events.jsonl", "lock", "best_model.pt")
    runs = [a_foreign_run(made_once, command, name, kind) for name in names for kind in KINDS]
    note(command, *runs)
    before = everything(command.folder.parent)
    listed = command("runs", "--json", timeout=60)
    assert listed.code == 0, listed.err
    assert {one["name"] for one in listed.json["runs"]} == {run.name for run in runs}
    for one in listed.json["runs"]:
        if "events.jsonl" in one["name"]:
            assert one["step"] == 0, "what is outside is not read"
    assert command("runs", timeout=60).code == 0
    assert "no run is live" in command("watch", timeout=60).err
    assert everything(command.folder.parent) == before


@pytest.mark.slow
@pytest.mark.parametrize("words", ["train --name long --resume", "check after long", "runs"])
@pytest.mark.extended
def test_endless_line_in_a_record_uses_bounded_memory(command: Command, made_once: Path, words: str) -> None:
    run = command.run_folder("long")
    shutil.copytree(made_once, run)
    note(command, run)
    record = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    with (run / "events.jsonl").open("wb") as file:
        file.writelines(record[:-3])
        for _ in range(BIG // 2**20):
            file.write(b" " * 2**20)
        file.write(b"\n")
        file.writelines(record[-3:])
    peak = command.folder.parent / "peak"
    result = command(*words.split(), *(RESUME if "--resume" in words else []), timeout=120, **measured(peak))
    assert result.code in (0, 3), result.err
    assert "Traceback" not in result.err
    assert int(peak.read_text()) < 600 * 2**10, "KiB at the peak"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("run.json", linked),
        extended("events.jsonl", pipe),
        extended("ticks.json", pipe),
        extended("best_model.pt", linked),
    ],
)
def test_app_does_not_open_refused_runs(
    command: Command, made_once: Path, name: str, kind: Callable[[Path], None], opened: Callable[..., Screen]
) -> None:
    run = a_foreign_run(made_once, command, name, kind)
    note(command, run)
    before = {name: what for name, what in everything(command.folder.parent).items() if not name.startswith("state")}
    screen = opened()
    screen.wait_for("What now?")
    screen.press("r")
    screen.wait_for(lambda shown: "Delete" in shown or run.name[:20] in shown)
    screen.wait_for(run.name[:20])
    screen.press("enter")
    screen.wait_for("no plain file")
    screen.press("ctrl+q")
    assert screen.wait_for_end() == 0
    after = {name: what for name, what in everything(command.folder.parent).items() if not name.startswith("state")}
    assert after == before
