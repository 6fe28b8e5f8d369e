"""Generated text: it ends where its document does, and reaches a file or a pipe unchanged."""

import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.terminal import Screen
from tests.conftest import COMMAND, FAST, Command, events_of

UNUSUAL = "\u3000吾\u202f🩷\x0c\x1b[2J\x9b\ue000\u202eA"


@pytest.mark.extended
def test_pipe_gets_the_exact_text(command: Command, made: Path) -> None:
    """Whatever the locale, because a file is read elsewhere."""
    for environment in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}):
        written = command("generate", "made", "--prompt", UNUSUAL, "--tokens", 9, LANG="C.UTF-8", **environment)
        assert written.code == 0, written.err
        exact = command("generate", "made", "--prompt", UNUSUAL, "--tokens", 9, "--json").json
        if "PYTHONUTF8" not in environment:  # the prompt itself is decoded by the locale
            assert exact["prompt"] == UNUSUAL
            assert written.out == exact["prompt"] + exact["text"] + "\n"


def test_terminal_gets_codes_for_control_characters(
    command: Command, made: Path, opened: Callable[..., Screen]
) -> None:
    screen = opened("generate", "made", "--prompt", UNUSUAL, "--tokens", 5)
    assert screen.wait_for_end(240) == 0
    without_own_colours = re.sub(r"\x1b\[[0-9;]*m", "", screen.written.decode())
    assert not set("\x1b\x9b\u202e") & set(without_own_colours.replace("\x1b[?", ""))


def test_samples_stop_texts_and_a_prompt_from_stdin(command: Command, made: Path) -> None:
    base = ["generate", "made", "--tokens", 30, "--temperature", 2]
    three = command(*base, "--prompt", "Bir", "-n", 3, "--json").json
    assert len({each["text"] for each in three["samples"]}) == 3 and three["text"] == three["samples"][0]["text"]
    stop = three["text"][10:12]
    cut = command(*base, "--prompt", "Bir", "--stop", "\0absent", "--stop", stop, "--json").json
    assert cut["text"] == three["text"][: three["text"].index(stop)] and cut["ended"] and cut["stop"] == stop
    assert (command(*base, "--stop", "").code, command(*base, "-n", 0).code) == (2, 2)
    for given, code in ((b"Bir\n", 0), ("\ufeffBir".encode(), 0), (b"\xffBir", 2), (b"\n", 0)):
        process = subprocess.run(
            [COMMAND, *map(str, base), "--prompt", "-", "--samples", "3"],
            cwd=command.folder, env=command.environment, input=given, capture_output=True,
        )  # fmt: skip
        assert process.returncode == code, process.stderr
        assert (b"stdin is empty" in process.stderr) == (given == b"\n")
        if given == b"\n":
            continue
        if code == 0:
            assert process.stdout.decode().removesuffix("\n").split("\n---\n") == [
                "Bir" + each["text"] for each in three["samples"]
            ]
        else:
            assert not process.stdout and process.stderr.count(b"\n") == 1 and b"UTF-8" in process.stderr


@pytest.mark.slow
def test_generation_ends_at_the_end_token(command: Command) -> None:
    """Documents of one word of six letters: no longer one occurs."""
    draw = random.Random(3)
    words = ["".join(draw.choices(["ka", "le", "mi"], k=3)) for _ in range(6000)]
    lines = [json.dumps({"text": word}) for word in words]
    (command.folder / "names.jsonl").write_text("\n".join(lines), encoding="utf-8")
    flags = ["--recipe", "fast", "--max-steps", 100, *FAST, "--batch-size", 8]
    assert command("train", "--data-dir", "names.jsonl", *flags).code == 0
    for seed in (1, 2, 3):
        one = command("generate", "tiny", "--tokens", 120, "--seed", seed, "--json").json
        assert one["ended"] and one["tokens"] <= 12 and len(one["text"]) == one["tokens"]
    several = command("generate", "tiny", "--tokens", 120, "--past-end", "--json").json
    assert not several["ended"] and several["tokens"] == 120
    assert max(map(len, several["text"].split("\n\n"))) <= 12
    samples = [event["text"] for event in events_of(command.run_folder()) if event["event"] == "sample"]
    assert samples and max(map(len, samples[-1].split("\n\n"))) <= 12
    prompts = {event["prompt"] for event in events_of(command.run_folder()) if event["event"] == "sample"}
    assert all(len(one) <= 6 for one in prompts), "a prompt is the beginning of one document"
