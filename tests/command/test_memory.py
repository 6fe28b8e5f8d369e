"""Real exhaustion of memory: a limit on the process' address space, as `ulimit -v` sets it."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, Command, Process, events_of

pytestmark = pytest.mark.fresh_process

FLAGS = ["--seq-len", "256", "--batch-size", "64", "--threads", "1", "--precision", "fp32", "--dropout", "0", "--no-check",
         "--max-steps", "2", "--warmup-steps", "1"]  # fmt: skip


def address_space_of(process: Process) -> int:
    """Peak address space of a process in bytes, after a normal end."""
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(
                [peak, *(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak"))]
            )
        time.sleep(0.05)
    assert process.wait() == 0
    return peak


def changes_in(folder: Path) -> list[dict[str, Any]]:
    return [event for event in events_of(folder) if event["event"] == "settings_changed"]


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to such a limit")
@pytest.mark.extended
def test_smaller_micro_batches_after_out_of_memory_give_the_same_result(command: Command, text_file: Path) -> None:
    peak = address_space_of(command.start("train", "--data-dir", text_file, *FLAGS, "--name", "whole"))
    assert not changes_in(command.run_folder("whole"))
    told = []
    for less in range(100, 700, 100):  # MiB; where in a step the memory runs out differs between machines
        name, limit = f"less-{less}", peak - less * 2**20
        done = subprocess.run(
            [str(COMMAND), "train", "--data-dir", str(text_file), *FLAGS, "--name", name],
            cwd=command.folder, env=command.environment, capture_output=True, text=True, timeout=240,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),  # type: ignore[misc]
        )  # fmt: skip
        told.append(f"{less}: {done.returncode} {done.stderr[-300:]}")
        if done.returncode == 0 and changes_in(command.run_folder(name)):
            break
    else:
        pytest.fail("memory never ran out where it could be met:\n" + "\n".join(told))
    recorded = events_of(command.run_folder(name))
    found = [event["finding"] for event in recorded if event["event"] == "finding"]
    assert ("out-of-memory", "warn") in {(one["id"], one["status"]) for one in found}
    losses = {kind: [e["loss"] for e in events_of(command.run_folder(run)) if e["event"] == "step"]
              for kind, run in (("whole", "whole"), ("pieces", name))}  # fmt: skip
    assert losses["pieces"] == pytest.approx(losses["whole"], abs=1e-4)
    assert "out of memory, same result" in done.stderr
