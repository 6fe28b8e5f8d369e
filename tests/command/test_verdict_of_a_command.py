"""The verdict of `train` in its narration, its result and its report is one."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrec_engine.settings import resolve
from mmrec_tui.cli.headless import How, train_headless
from mmrec_tui.locales import Wording


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Training without a screen handles these; the handlers of the tests come back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_command_reads_the_other_runs_once(
    tmp_path: Path,
    prose: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own_signals: None,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    Path("text.txt").write_text(prose, encoding="utf-8")
    module = sys.modules["mmrec_engine.runs.other_runs"]
    read, folders = module.other_runs, []
    monkeypatch.setattr(module, "other_runs", lambda folder: folders.append(folder) or read(folder))
    asked = {"data_dir": "text.txt", "batch_size": 2, "seq_len": 32, "max_steps": 2, "threads": 1, "precision": "fp32"}
    assert train_headless(resolve(asked), Wording("en"), How(check=False, as_json=True)) == 0
    shown = capsys.readouterr()
    verdict, folder = json.loads(shown.out)["verdict"], Path("checkpoints/tiny")
    assert folders == [folder]
    assert verdict["command"] in shown.err
    assert json.loads((folder / "report.json").read_text())["verdict"] == verdict
