"""The narration on a real pseudo-terminal: one bar that is redrawn in its line, whatever the width."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.conftest import COMMAND, FAST, Command, extended

pytestmark = pytest.mark.fresh_process


@pytest.mark.extended
@pytest.mark.parametrize("columns", [40, extended(80), extended(160)])
def test_progress_bar_stays_on_one_line(command: Command, text_file: Path, columns: int) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    words = [str(COMMAND), "train", "--data-dir", str(text_file), *FAST, "--max-steps", "150"]
    process = subprocess.Popen(words, cwd=command.folder, env=command.environment, stdin=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # how Linux reports that the other end of the terminal is closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait(60) == 0
    redrawn = [part for part in shown.decode().split("\r\x1b[K") if part.startswith("Epoch 1/1:")]
    assert len(redrawn) > 5, "the bar was not redrawn"
    assert all(len(part.splitlines()[0]) < columns for part in redrawn[:-1])
    assert "loss=" in redrawn[-1] or columns == 40
    assert "🏁" in shown.decode()
