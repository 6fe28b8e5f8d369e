"""Runs that are stopped, hung up, killed or damaged, and resumed: the result matches an uninterrupted run."""

import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.runs import checkpoints
from mmrec_engine.storage import run_files
from tests.command.faults import STOPPED, assert_same_end, wait_for_step
from tests.conftest import COMMAND, FAST, Command, events_of, extended

STEPS = 60
RUN = [*FAST, "--max-steps", STEPS, "--eval-every", 15, "--checkpoint-every", 10, "--early-stopping-patience", 9]


@pytest.mark.fault
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), extended(signal.SIGTERM, 143)])
def test_signal_saves_a_checkpoint_and_the_run_resumes(
    command: Command, text_file: Path, number: signal.Signals, code: int
) -> None:
    flags = ["train", "--data-dir", text_file, *RUN]
    assert command(*flags, "--name", "whole").code == 0
    process = command.start(*flags, "--name", "stopped", "--json")
    wait_for_step(command.run_folder("stopped"), 12)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert json.loads(out)["status"] == "interrupted"
    assert "--resume" in err
    assert events_of(command.run_folder("stopped"))[-1]["state"] == "STOPPED"
    resumed = command(*flags, "--name", "stopped", "--resume")
    assert resumed.code == 0, resumed.err
    assert_same_end(command.run_folder("stopped"), command.run_folder("whole"), left_out=STOPPED)


@pytest.mark.fault
def test_signal_before_the_first_step_leaves_nothing(command: Command, text_file: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("📚")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert command.everything_on_disk() == set()


@pytest.mark.fault
def test_sighup_does_not_end_a_headless_run(command: Command, text_file: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *RUN)
    wait_for_step(command.run_folder(), 5)
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=60) is not None
    assert process.returncode == 0


@pytest.mark.fault
def test_closed_stderr_only_silences_the_narration(command: Command, text_file: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *RUN, "--json")
    assert process.stderr is not None
    process.stderr.close()
    assert process.stdout is not None
    assert json.loads(process.stdout.read())["status"] == "completed"
    assert process.wait(60) == 0


@pytest.mark.fault
@pytest.mark.parametrize(("keep", "harm"), [(1, "flipped"), extended(3, "torn"), extended(3, "empty")])
def test_damaged_newest_checkpoint_is_skipped(command: Command, text_file: Path, keep: int, harm: str) -> None:
    flags = ["train", "--data-dir", text_file, *RUN, "--keep-checkpoints", keep]
    assert command(*flags, "--name", "whole").code == 0
    process = command.start(*flags, "--name", "hurt")
    folder = command.run_folder("hurt")
    wait_for_step(folder, 42)
    process.kill()
    process.communicate()
    newest = run_files.step_checkpoints(folder)[-1][1]
    data = bytearray(newest.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 16
    newest.write_bytes({"torn": data[:middle], "flipped": data, "empty": b""}[harm])
    resumed = command(*flags, "--name", "hurt", "--resume")
    assert resumed.code == 0, resumed.err
    assert f"{newest.name} is damaged" in resumed.err
    assert_same_end(folder, command.run_folder("whole"))


def test_resume_uses_the_stored_settings(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 10, "--seed", 5).code == 0
    longer = command("train", "--resume", "--max-steps", 14, "--json")
    assert longer.code == 0, longer.err
    assert longer.json["steps"] == 14
    described = json.loads(command.run_folder().joinpath("run.json").read_text())
    assert (described["settings"]["seed"], described["settings"]["seq_len"]) == (5, 32)
    steps = [event["step"] for event in events_of(command.run_folder()) if event["event"] == "step"]
    assert steps == list(range(1, 15))


def test_finished_run_without_steps_left_is_unchanged(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 5).code == 0
    before = {path.name: path.read_bytes() for path in command.run_folder().iterdir() if path.name != "lock"}
    again = command("train", "--resume", "--json")
    assert again.code == 0
    assert again.json["status"] == "completed"
    assert "ended already" in again.err
    assert {path.name: path.read_bytes() for path in command.run_folder().iterdir() if path.name != "lock"} == before


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--seed", 9], "--seed 9 differs from the run's 1337"),
        (["--learning-rate", 1], "--learning-rate"),
        (["--arch", "gpt"], "--arch"),
        (["--corpus", "python-docs"], "--corpus"),
    ],
)
def test_resume_with_conflicting_settings_is_refused(
    command: Command, text_file: Path, flags: list[Any], told: str
) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 3).code == 0
    refused = command("train", "--resume", *flags)
    assert refused.code == 2
    assert told in refused.err


@pytest.mark.extended
def test_settings_are_read_from_the_checkpoint_without_run_json(command: Command, text_file: Path) -> None:
    flags = ["--learning-rate", 0.01, "--dropout", 0.3, "--seed", 5]
    assert command("train", "--data-dir", text_file, *FAST, *flags, "--max-steps", 4).code == 0
    (command.run_folder() / "run.json").unlink()
    resumed = command("train", "--resume", "--max-steps", 6)
    assert resumed.code == 0, resumed.err
    settings = json.loads((command.run_folder() / "run.json").read_text())["settings"]
    assert (settings["learning_rate"], settings["dropout"], settings["seed"]) == (0.01, 0.3, 5)


@pytest.mark.extended
def test_raising_either_limit_continues_a_finished_run(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 4).code == 0
    by_epochs = command("train", "--resume", "--epochs", 1, "--json", "--quiet")
    assert by_epochs.json["steps"] > 4
    by_steps = command("train", "--resume", "--max-steps", by_epochs.json["steps"] + 2, "--json", "--quiet")
    assert by_steps.json["steps"] == by_epochs.json["steps"] + 2


@pytest.mark.extended
def test_run_inside_its_text_folder_can_be_resumed(command: Command, text_file: Path) -> None:
    (command.folder / "a.txt").write_text(text_file.read_text())
    assert command("train", "--data-dir", ".", *FAST, "--max-steps", 3).code == 0
    resumed = command("train", "--resume", "--max-steps", 5)
    assert resumed.code == 0, resumed.err


def test_checkpoint_of_another_model_is_recognised(command: Command, text_file: Path) -> None:
    for arch in ("mmrec", "gpt"):
        assert (
            command("train", "--data-dir", text_file, *FAST, "--max-steps", 3, "--arch", arch, "--name", arch).code == 0
        )
    for path in command.run_folder("mmrec").glob("*.pt"):
        path.write_bytes((command.run_folder("gpt") / path.name).read_bytes())
    refused = command("train", "--resume", "--name", "mmrec", "--max-steps", 6)
    assert refused.code == 2
    assert "weights of another model" in refused.err


def test_changed_text_cannot_be_resumed(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 3).code == 0
    text_file.write_text(text_file.read_text() + "more")
    refused = command("train", "--resume", "--max-steps", 6)
    assert refused.code == 2
    assert "has changed" in refused.err


@pytest.mark.extended
def test_resume_without_a_usable_checkpoint_restarts_and_says_so(command: Command, text_file: Path) -> None:
    started = command("train", "--data-dir", text_file, *FAST, "--max-steps", 4, "--resume")
    assert started.code == 0
    assert "No usable checkpoint" in started.err
    for path in command.run_folder().glob("*.pt"):
        os.truncate(path, 100)
    again = command("train", "--resume", "--json")
    assert again.code == 0, again.err
    assert again.json["steps"] == 4
    assert "is damaged" in again.err
    steps = [event["step"] for event in events_of(command.run_folder()) if event["event"] == "step"]
    assert steps == [1, 2, 3, 4]


@pytest.mark.fault
def test_run_obeys_requests_in_control_jsonl(command: Command, text_file: Path) -> None:
    process = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 100_000, "--eval-every", 50_000)
    folder = command.run_folder()
    wait_for_step(folder, 3)

    def ask(name: str, when: float | None = None) -> None:
        line = {"id": f"id-{name}", "time": time.time() if when is None else when, "command": name}
        with (folder / "control.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def wait_for(kind: str, **values: Any) -> dict[str, Any]:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for event in events_of_partial(folder):
                if event["event"] == kind and all(event.get(key) == value for key, value in values.items()):
                    return event
            time.sleep(0.05)
        pytest.fail(f"no {kind} with {values}")

    ask("stop", when=time.time() - 3600)
    ask("dance")
    assert wait_for("control", id="id-dance")["accepted"] is False
    ask("save")
    assert wait_for("control", id="id-save")["accepted"] is True
    ask("pause")
    paused_at = wait_for("paused")["step"]
    time.sleep(0.8)
    assert max(event["step"] for event in events_of_partial(folder)) == paused_at
    ask("resume")
    wait_for("resumed")
    ask("stop")
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert events_of(folder)[-2]["status"] == "interrupted"
    assert checkpoints.newest_usable(folder)[0] is not None


def events_of_partial(folder: Path) -> list[dict[str, Any]]:
    whole = (folder / "events.jsonl").read_text(errors="replace").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


@pytest.mark.fault
def test_second_process_on_one_folder_is_refused(command: Command, text_file: Path) -> None:
    first = command.start("train", "--data-dir", text_file, *FAST, "--max-steps", 100_000, "--eval-every", 50_000)
    wait_for_step(command.run_folder(), 2)
    for flag in ("--resume", "--overwrite"):
        second = command("train", "--data-dir", text_file, *FAST, flag, timeout=60)
        assert second.code == 2
        assert "another process" in second.err
    listed = command("runs").out
    assert re.search(r"^tiny +(training|evaluating|saving) ", listed, re.MULTILINE), listed
    first.kill()
    first.communicate()
    assert "died" in command("runs").out
    assert command("train", "--resume", "--max-steps", 1, "--quiet").code == 0


@pytest.mark.extended
@pytest.mark.fault
def test_run_killed_after_its_last_checkpoint_is_completed(command: Command, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *FAST, "--max-steps", 6).code == 0
    path = command.run_folder() / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    last = max(index for index, line in enumerate(lines) if '"kind": "final"' in line)
    path.write_text("".join(lines[: last + 1]))
    assert "died" in command("runs").out
    resumed = command("train", "--resume", "--json")
    assert (resumed.code, resumed.json["status"]) == (0, "completed")
    assert "finished" in command("runs").out


@pytest.mark.extended
def test_findings_are_reported_once_over_several_resumes(command: Command, text_file: Path) -> None:
    folder = command.folder / "text"
    folder.mkdir()
    (folder / "a.txt").write_text(text_file.read_text())
    os.close(os.open(os.fsencode(folder) + b"/bo\xfe\xff.txt", os.O_CREAT | os.O_WRONLY))
    assert command("train", "--data-dir", "text", *FAST, "--max-steps", 3).code == 0
    for steps in (5, 7):
        resumed = command("train", "--resume", "--max-steps", steps, "--json")
        assert resumed.code == 0, resumed.err
        told = [finding["id"] for finding in resumed.json["findings"]]
        assert told.count("corpus-readable") == 1
        assert len(told) == len(set(told))
    changed = [event["changes"] for event in events_of(command.run_folder()) if event["event"] == "settings_changed"]
    assert changed[-1] == {"max_steps": 7}


@pytest.mark.fault
def test_non_finite_loss_ends_the_run_before_an_update(command: Command, text_file: Path) -> None:
    flags = ["--learning-rate", 100, "--weight-decay", 10, "--warmup-steps", 0, "--grad-clip", 0, "--max-steps", 300]
    failed = command("train", "--data-dir", text_file, *FAST, *flags, "--checkpoint-every", 2, "--json")
    assert failed.code == 1, failed.err
    assert failed.json["status"] == "failed"
    assert "no update was made" in failed.err
    assert "Traceback" not in failed.err
    events = events_of(command.run_folder())
    assert events[-1]["state"] == "FAILED"
    assert "no update was made" in events[-2]["reason"]
    assert "failed" in command("runs").out
    _, content, damaged = checkpoints.newest_usable(command.run_folder())
    assert not damaged
    assert all(bool(weight.isfinite().all()) for weight in content["model"].values())


@pytest.mark.fault
@pytest.mark.extended
def test_file_size_limit_ends_a_run_in_one_line_and_keeps_checkpoints(command: Command, text_file: Path) -> None:
    flags = ["--data-dir", text_file, *FAST, "--no-save-best-model"]
    assert command("train", *flags, "--max-steps", 10, "--checkpoint-every", 5).code == 0
    whole = (command.run_folder() / "checkpoint_step_10.pt").stat().st_size
    limited = subprocess.Popen(
        [str(COMMAND), "train", "--resume", "--max-steps", "30"],
        cwd=command.folder,
        env=command.environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (whole // 2, whole // 2)),
    )
    _, told = limited.communicate(timeout=60)
    assert limited.returncode == 1, told
    assert "--resume" in told
    assert "Traceback" not in told
    resumed = command("train", "--resume", "--max-steps", 30, "--json")
    assert (resumed.code, resumed.json["steps"]) == (0, 30)
