"""Tables on a terminal and in a pipe: colour and rules on the one, plain columns in the other, the same values in both."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.app.recorded import a_training, an_ending, record
from tests.conftest import COMMAND, Command, extended

pytestmark = pytest.mark.fresh_process
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def on_a_terminal(command: Command, *words: str) -> str:
    """What the command writes to standard output, where that is a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    variables = {**command.environment, "TERM": "xterm-256color", "COLUMNS": "100"}
    variables.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [str(COMMAND), *words], cwd=command.folder, env=variables, stdout=theirs, stderr=subprocess.PIPE
    )
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
    assert process.wait(60) == 0, process.stderr.read() if process.stderr else ""
    return shown.decode()


@pytest.mark.parametrize("name", ["configs", extended("corpora"), "runs"])
def test_table_is_drawn_on_a_terminal_and_plain_in_a_pipe(command: Command, name: str) -> None:
    record(command.folder / "checkpoints" / "tiny", [*a_training(60), *an_ending(step=60)])
    drawn, plain = on_a_terminal(command, name), command(name).out
    assert "\x1b[1m" in drawn and "─" in drawn, "a bold head over a rule"
    assert "\x1b" not in plain and "─" not in plain
    shown = "".join(_ESCAPES.sub("", drawn).split())  # a wrapped path continues in the next line
    for cell in plain.split():
        assert cell in shown, cell


@pytest.mark.extended
def test_streamed_rows_have_a_header_with_a_rule(command: Command, text_file: Path) -> None:
    words = ["find-batch", "--data-dir", str(text_file), "--seq-len", "32", "--seconds", "3", "--threads", "1"]
    drawn = on_a_terminal(command, *words)
    lines = drawn.splitlines()
    rule = next(number for number, line in enumerate(lines) if "────" in line)
    assert "\x1b[1m" in lines[rule - 1] and "batch" in lines[rule - 1]
    assert "\x1b[36m" in lines[rule + 1]
