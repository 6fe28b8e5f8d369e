"""Logs as the other program reads them: each step once, also after kills; and loggers that fail, hang or are missing."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mmrec_engine import events, train
from mmrec_engine.errors import RequestError
from mmrec_engine.interop.loggers import feeding
from mmrec_engine.interop.loggers.available import PACKAGES
from mmrec_engine.interop.loggers.csv_logger import CsvLogger
from mmrec_engine.interop.loggers.logged_steps import LoggedSteps
from mmrec_engine.interop.loggers.logger import LoggedRun, LoggedStep
from mmrec_engine.run.checks_around_run import RunChecks
from mmrec_engine.settings import resolve
from mmrec_engine.settings.schema import LOGGERS, loggers_of
from tests.conftest import FAST, Command, events_of
from tests.interop.read_logs import LOSS, VALIDATION, mlflow_run, rows_of, wandb_records

INSTALLED = [name for name in LOGGERS if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name]) is not None]


def small(folder: Path, text: str, **more: Any) -> Any:
    (folder / "text.txt").write_text(text, encoding="utf-8")
    few = {"seq_len": 32, "batch_size": 2, "threads": 1, "precision": "fp32", "max_steps": 4, "eval_every": 2}
    return resolve({**few, "data_dir": str(folder / "text.txt"), "output_dir": str(folder), "name": "run", **more})


def recorded(folder: Path, kind: str) -> list[tuple[int, float]]:
    return [(one["step"], one["loss"]) for one in events_of(folder) if one["event"] == kind]


def assert_logged_once(logger: str, folder: Path, logs: Path) -> None:
    for name, kind in ((LOSS, "step"), (VALIDATION, "validation")):
        rows, expected = rows_of(logger, logs, name), recorded(folder, kind)
        assert [step for step, _ in rows] == [step for step, _ in expected], (logger, name)
        assert [value for _, value in rows] == pytest.approx([loss for _, loss in expected], rel=1e-5), (logger, name)


def assert_has_words(logger: str, folder: Path) -> None:
    """The log has the settings, a sample, the findings and the report."""
    logs, sample = folder / "logs" / logger, next(one for one in events_of(folder) if one["event"] == "sample")
    text, report = f"{sample['prompt']}{sample['text']}", (folder / "report.md").read_text(encoding="utf-8")
    if logger == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        log = EventAccumulator(str(logs)).Reload()
        assert log.Tensors("sample")[0].tensor_proto.string_val[0].decode() == text
        assert log.Tensors("report")[-1].tensor_proto.string_val[0].decode() == report
        assert b"| seq_len | 32 |" in log.Tensors("config")[0].tensor_proto.string_val[0]
        assert "findings" in log.Tags()["tensors"]
        assert log.summary_metadata["_hparams_/session_start_info"].plugin_data.plugin_name == "hparams"
    elif logger == "wandb":
        records = wandb_records(logs)
        config = {one.key: one.value_json for record in records for one in record.run.config.update}
        assert config["seq_len"] == "32"
        assert len({record.run.run_id for record in records if record.WhichOneof("record_type") == "run"}) == 1
        summary = {one.key: one.value_json for record in records for one in record.summary.update}
        assert json.loads(summary["status"]) == "completed"
        pages = {path.name.split("_")[0] for path in logs.glob("*/files/media/html/*.html")}
        assert {"sample", "findings", "report"} <= pages
    elif logger == "mlflow":
        client, run = mlflow_run(logs)
        assert (run.data.params["seq_len"], run.info.status) == ("32", "FINISHED")
        assert "loss" in run.data.tags["mlflow.note.content"]
        artifacts = {one.path for one in client.list_artifacts(run.info.run_id)}
        assert {"sample", "findings", "report.md"} <= artifacts
    elif logger == "csv":
        with (logs / "texts.csv").open(newline="", encoding="utf-8") as file:
            rows = {(int(row["step"]), row["name"]): row["text"] for row in csv.DictReader(file)}
        assert rows[sample["step"], "sample"] == text
        assert report in rows.values()
        assert json.loads((logs / "config.json").read_text())["seq_len"] == 32
        assert json.loads((logs / "ending.json").read_text())["status"] == "completed"


def logger_processes(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if "logger_process" in line and str(folder) in line:
            found.append(process)
    return found


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.extended
@pytest.mark.fresh_process
def test_every_log_has_each_step_once_after_a_kill(command: Command, text_file: Path) -> None:
    """First a kill of the training alone, while the loggers live on; then of all its processes."""
    flags = ["train", "--data-dir", text_file, *FAST, "--max-steps", 400, "--eval-every", 40, "--checkpoint-every", 60,
             "--log", ",".join(INSTALLED)]  # fmt: skip
    folder = command.run_folder()
    for step, all_of_them in ((100, False), (200, True)):
        process = command.start(*flags, *([] if step == 100 else ["--resume"]))
        until = time.monotonic() + 120
        while not (record := folder / "events.jsonl").exists() or f'"step": {step},' not in record.read_text():
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        loggers = [one.pid for one in logger_processes(folder)]
        assert {os.getsid(pid) for pid in loggers} == {os.getsid(process.pid)}, "priorities count within a session"
        assert sys.platform != "linux" or os.SCHED_IDLE in map(os.sched_getscheduler, loggers)
        process.kill()
        process.communicate()
        for one in logger_processes(folder) if all_of_them else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                os.killpg(one.pid, signal.SIGKILL)
    resumed = command(*flags, "--resume")
    assert resumed.code == 0, resumed.err
    assert [one for one in events_of(folder) if one["event"] == "logger" and one["state"] != "open"] == []
    for logger in INSTALLED:
        assert_logged_once(logger, folder, folder / "logs")
        assert_has_words(logger, folder)


def test_resumed_run_continues_its_log_and_a_new_logger_gets_all_steps(command: Command, text_file: Path) -> None:
    pytest.importorskip("tensorboard")
    flags = ["train", *FAST, "--max-steps", 4, "--eval-every", 2]
    begun = command(*flags, "--data-dir", text_file, "--log", "csv")
    assert begun.code == 0, begun.err
    assert f"csv: {command.run_folder()}" in begun.err
    longer = command("train", "--resume", "--max-steps", 8, "--log", "csv, tensorboard")
    assert longer.code == 0, longer.err
    for logger in ("csv", "tensorboard"):
        assert_logged_once(logger, command.run_folder(), command.run_folder() / "logs")
    assert json.loads((command.run_folder() / "logs/csv/config.json").read_text())["max_steps"] == 8


def test_runs_share_a_log_folder(tmp_path: Path, prose: str) -> None:
    shared = tmp_path / "logs"
    for place in ("a", "b"):
        for _ in train(small(tmp_path, prose, output_dir=str(tmp_path / place), log="csv", log_dir=str(shared))):
            pass
    for place, name in (("a", "run"), ("b", "run-2")):
        with (shared / "csv" / name / "steps.csv").open(newline="") as file:
            rows = [(int(row["step"]), float(row[LOSS])) for row in csv.DictReader(file)]
        assert rows == recorded(tmp_path / place / "run", "step")


def test_overwritten_run_begins_its_log_anew(tmp_path: Path, prose: str) -> None:
    for _ in train(small(tmp_path, prose, log="csv")):
        pass
    for _ in train(small(tmp_path, prose, log="csv", max_steps=3), overwrite=True):
        pass
    assert_logged_once("csv", tmp_path / "run", tmp_path / "run" / "logs")


@pytest.mark.parametrize("logger", PACKAGES)
def test_missing_library_is_refused_before_anything_is_written(
    tmp_path: Path, prose: str, logger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == PACKAGES[logger] else known(name))
    with pytest.raises(RequestError, match=rf"{PACKAGES[logger]} is not installed.*\[{logger}\]"):
        list(train(small(tmp_path, prose, log=f"csv,{logger}")))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.extended
@pytest.mark.parametrize("logger", [name for name in INSTALLED if name in PACKAGES])
def test_values_that_are_not_finite_and_hostile_texts_are_logged(tmp_path: Path, logger: str) -> None:
    """A record is read that no healthy run writes; the library must neither raise nor lose the steps after it."""
    (tmp_path / "logs").mkdir()
    text = "\x00\x1b[31m </pre><script>x</script> \ud800 " + "é" * 20_000
    happened: list[events.Event] = [
        events.RunStarted(planned_steps=3, steps_an_epoch=3, parameters=9, corpus={"name": "x/y\n"}, settings={"a b": text}),
    ]  # fmt: skip
    for step, loss in ((1, float("nan")), (2, float("inf")), (3, 1.5)):
        common = {"step": step, "learning_rate": 0.1, "grad_norm": -loss, "tokens_per_second": 1e300, "tokens": 2**62}
        happened += [events.Step(**common, loss=loss, epoch=1), events.Sample(step=step, prompt=text, text=text)]
        happened.append(
            events.Validation(
                step=step, loss=loss, perplexity=loss, accuracy=0.0, bits_per_character=loss, batches=1, best=False,
                patience_used=0, patience=1, epoch=1, parts={"ş,?\"'": loss, "a" * 400: 1.0},
            )
        )  # fmt: skip
    happened.append(events.RunFinished(step=3, status="completed", reason="", seconds=1.0))
    lines = [events.to_line(event).encode("utf-8", "backslashreplace") + b"\n" for event in happened]
    (tmp_path / "events.jsonl").write_bytes(b"".join(lines))
    given = {"name": logger, "run": str(tmp_path), "folder": str(tmp_path / "logs" / logger), "language": "en"}
    ended = subprocess.run(
        [sys.executable, "-m", "mmrec_engine.interop.loggers.logger_process", json.dumps({**given, "process": os.getpid()})],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    rows = dict(rows_of(logger, tmp_path / "logs", LOSS))
    assert set(rows) == {1, 2, 3} and rows[3] == 1.5
    assert not math.isfinite(rows[1]) or logger == "mlflow"  # its file has a mark of its own for these


def findings_of(happened: list[events.Event]) -> list[tuple[str, str, str]]:
    return [
        (one.finding["status"], one.finding["values"].get("variant", ""), one.finding["evidence"])
        for one in happened
        if isinstance(one, events.Finding) and one.finding["id"] == "logger-failed"
    ]


def test_failing_logger_is_one_finding_and_the_run_completes(tmp_path: Path, prose: str) -> None:
    (tmp_path / "file").write_text("")
    happened = list(train(small(tmp_path, prose, log="csv", log_dir=str(tmp_path / "file")), run_checks=RunChecks()))
    [(status, variant, evidence)] = findings_of(happened)
    assert (status, variant) == ("warn", "broken")
    assert "(Not a directory)" in evidence
    finished = next(place for place, one in enumerate(happened) if isinstance(one, events.RunFinished))
    assert isinstance(happened[finished], events.RunFinished) and happened[finished].status == "completed"  # type: ignore[attr-defined]
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert [one["status"] for one in report["findings"] if one["id"] == "logger-failed"] == ["warn"]
    (tmp_path / "file").unlink()  # what was missing is logged on resume
    again = list(train(small(tmp_path, prose, log="csv", log_dir=str(tmp_path / "file"), max_steps=6), resume=True))
    assert [found[:2] for found in findings_of(again)] == [("pass", "over")]
    with (tmp_path / "file" / "csv" / "run" / "steps.csv").open(newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [1, 2, 3, 4, 5, 6]


@contextlib.contextmanager
def ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Kill the process if it takes longer: then its pipe ends, and whoever reads it goes on and fails."""
    limit = threading.Timer(seconds, process.kill)
    limit.start()
    try:
        yield
    finally:
        limit.cancel()


def test_a_process_that_never_answers_is_not_read_forever() -> None:
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as silent, ended_after(silent, 0.5):
        assert silent.stdout is not None and silent.stdout.read() == b""


def test_logger_reads_the_record_when_it_is_asked_to(tmp_path: Path, prose: str) -> None:
    """Not only at its next reading, which comes here after a day: the end of a run waits for it."""
    for _ in train(small(tmp_path, prose, log="csv")):
        pass
    given = {"name": "csv", "run": str(tmp_path / "run"), "folder": str(tmp_path / "logs" / "csv"), "language": "en"}
    code = (
        "import mmrec_engine.interop.loggers.logger_process as process, json, sys\n"
        "process._EVERY = 86_400.0\nprocess.main(process.Assignment(**json.loads(sys.argv[1])))"
    )
    (tmp_path / "logs").mkdir()
    words = [sys.executable, "-c", code, json.dumps({**given, "process": os.getpid()})]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as logger,
        ended_after(logger, 120),
    ):
        assert logger.stdin is not None and logger.stdout is not None

        def read_until(size: int) -> None:
            assert logger.stdout is not None
            assert any(json.loads(line).get("at") == size for line in logger.stdout)

        record = tmp_path / "run" / "events.jsonl"
        read_until(record.stat().st_size)
        with record.open("ab") as file:
            file.write(b'{"event": "progress", "time": 1.0, "step": 4, "task": "x", "done": 1, "total": 1}\n')
        logger.stdin.write(b"\n")
        read_until(record.stat().st_size)
        logger.stdin.close()
        logger.wait(60)


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.slow
@pytest.mark.extended
def test_logger_whose_server_never_answers_lets_the_run_end(
    tmp_path: Path, prose: str, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent_server}")
    monkeypatch.setattr(feeding, "_ENDING_SECONDS", 3.0)
    began = time.monotonic()
    happened = list(train(small(tmp_path, prose, log="mlflow")))
    assert time.monotonic() - began < 60
    assert [found[:2] for found in findings_of(happened)] == [("warn", "silent")]
    assert [one.status for one in happened if isinstance(one, events.RunFinished)] == ["completed"]
    for process in logger_processes(tmp_path):
        process.kill()


def test_function_gets_every_event_in_order(tmp_path: Path, prose: str) -> None:
    got: list[events.Event] = []
    happened = list(train(small(tmp_path, prose), on_event=got.append))
    assert got == happened
    assert [one.step for one in got if isinstance(one, events.Step)] == [1, 2, 3, 4]


def test_function_that_raises_is_one_finding_and_gets_nothing_more(tmp_path: Path, prose: str) -> None:
    got: list[events.Event] = []

    def fail_at_step_two(event: events.Event) -> None:
        got.append(event)
        if isinstance(event, events.Step) and event.step == 2:
            raise ValueError("no space in the notebook")

    counted: list[int] = []
    happened = list(
        train(small(tmp_path, prose), on_event=[fail_at_step_two, lambda event: counted.append(event.step)])
    )
    [(status, variant, evidence)] = findings_of(happened)
    assert (status, variant) == ("warn", "broken")
    assert "fail_at_step_two" in evidence and "ValueError: no space in the notebook" in evidence
    assert got[-1].step == 2
    assert len(counted) == len(happened)
    assert isinstance(happened[-2], events.RunFinished) and happened[-2].status == "completed"


def test_function_that_hangs_lets_the_run_end(tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "_ENDING_SECONDS", 0.5)
    happened = list(train(small(tmp_path, prose), on_event=lambda event: time.sleep(3600)))
    assert [found[:2] for found in findings_of(happened)] == [("warn", "silent")]
    assert [one.status for one in happened if isinstance(one, events.RunFinished)] == ["completed"]


def test_all_of_a_step_is_logged_together() -> None:
    steps = LoggedSteps("en")
    made = [
        events.RunStarted(
            planned_steps=2, steps_an_epoch=2, parameters=9, corpus={"name": "x"}, settings={"seed": 1, "time": None},
        ),
        events.Step(step=1, loss=2.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=9.0, tokens=4, epoch=1),
        events.Validation(
            step=1, loss=1.5, perplexity=4.5, accuracy=0.5, bits_per_character=2.0, batches=1, best=True,
            patience_used=0, patience=5, epoch=1, parts={"a b": 1.0},
        ),
        events.Sample(step=1, prompt="A", text="b"),
    ]  # fmt: skip
    assert [one for event in made for one in steps.add(event)] == []
    [one] = steps.add(events.RunFinished(step=1, status="completed", reason="", seconds=1.0)) or steps.rest("report")
    assert (one.step, one.texts) == (1, {"sample": "Ab", "report": "report"})
    assert one.values[LOSS] == 2.0 and one.values[VALIDATION] == 1.5 and one.values["validation/loss/a b"] == 1.0
    assert "validation/training_loss" not in one.values
    assert steps.config == {"seed": 1, "parameters": 9, "planned_steps": 2, "corpus.name": "x"}


def test_step_is_left_to_the_next_process_if_the_run_did_not_end() -> None:
    steps = LoggedSteps("en")
    steps.add(events.Step(step=1, loss=2.0, learning_rate=0.1, grad_norm=1.0, tokens_per_second=9.0, tokens=4, epoch=1))
    assert steps.rest("") == []


def test_csv_log_that_was_cut_by_a_kill_is_mended(tmp_path: Path) -> None:
    def opened() -> tuple[CsvLogger, int]:
        logger = CsvLogger()
        return logger, logger.open(LoggedRun("run", "id", tmp_path, tmp_path, 1, {}, {}))

    text = 'quoted "words",\nlines, and\rmore'
    logger, last = opened()
    assert last == -1
    logger.add([LoggedStep(0, 0.0, {}, {"findings": "x"}), LoggedStep(1, 1.0, {LOSS: 2.0}, {"sample": text})])
    logger.add([LoggedStep(2, 2.0, {LOSS: 1.5, VALIDATION: 1.0}, {"sample": text})])
    whole = {name: (tmp_path / name).read_bytes() for name in ("steps.csv", "texts.csv")}
    for cut in range(1, 12):  # within the last row, with and without its text
        (tmp_path / "steps.csv").write_bytes(whole["steps.csv"][:-cut])
        (tmp_path / "texts.csv").write_bytes(whole["texts.csv"][: -cut if cut % 2 else None])
        logger, last = opened()
        assert last == 1
        logger.add([LoggedStep(2, 2.0, {LOSS: 1.5, VALIDATION: 1.0}, {"sample": text})])
        assert {name: (tmp_path / name).read_bytes() for name in whole} == whole


def test_unknown_logger_is_refused(command: Command) -> None:
    refused = command("train", "--log", "csv;wandb")
    assert refused.code == 2
    assert "--log" in refused.err and ", ".join(LOGGERS) in refused.err
    assert not command.everything_on_disk()


def test_named_loggers_are_ordered_and_each_is_there_once() -> None:
    for wrong in ("csv,", "tensorbord", "CSV", ""):
        with pytest.raises(RequestError):
            resolve({"log": wrong})
    assert loggers_of("csv, tensorboard,csv") == ("tensorboard", "csv")
    assert loggers_of(None) == ()
