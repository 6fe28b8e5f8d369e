"""Memory that really runs out: a limit on the process' address space, as `ulimit -v` sets it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Command, events_of

FLAGS = ["--seq-len", "256", "--batch-size", "128", "--threads", "1", "--precision", "fp32", "--dropout", "0", "--no-check",
         "--max-steps", "3", "--warmup-steps", "1"]  # fmt: skip


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to such a limit")
def test_the_same_batch_goes_on_in_smaller_pieces_with_the_same_result(command: Command, shakespeare: Path) -> None:
    whole = command("train", "--data-dir", shakespeare, *FLAGS, "--name", "whole", "--json")
    assert whole.code == 0, whole.err
    assert not [event for event in events_of(command.run_folder("whole")) if event["event"] == "settings_changed"]
    for gigabytes in (
        3.0,
        2.8,
        2.6,
        2.4,
        2.2,
    ):  # how much else lies in the address space differs from machine to machine
        name = f"limit-{gigabytes}"
        limit = int(gigabytes * 10**9)
        done = subprocess.run(
            [str(COMMAND), "train", "--data-dir", str(shakespeare), *FLAGS, "--name", name],
            cwd=command.folder, env=command.environment, capture_output=True, text=True, timeout=240,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),  # type: ignore[misc]
        )  # fmt: skip
        recorded = events_of(command.run_folder(name)) if done.returncode == 0 else []
        if [event for event in recorded if event["event"] == "settings_changed"]:
            break
    else:
        pytest.fail(f"memory never ran out, or ended the run:\n{done.stderr}")
    found = [event["finding"] for event in recorded if event["event"] == "finding"]
    assert ("out-of-memory", "warn") in {(one["id"], one["status"]) for one in found}
    losses = {kind: [e["loss"] for e in events_of(command.run_folder(run)) if e["event"] == "step"]
              for kind, run in (("whole", "whole"), ("pieces", name))}  # fmt: skip
    assert losses["pieces"] == pytest.approx(losses["whole"], abs=1e-4)
    assert "Memory ran out" in done.stderr
