"""Help: whole sentences in 80 columns, flags under headings, colour only on a terminal; and shell completion."""

from __future__ import annotations

import dataclasses
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from mmrec_engine.evaluation.generation import Sampling
from mmrec_engine.settings import HEADINGS, WITH_FLAG, heading_of
from mmrec_engine.settings.run_settings import TIMED
from mmrec_tui.locales import Wording
from tests.conftest import COMMAND, Command

COMMANDS = (
    "", "train", "evaluate", "generate", "serve", "write", "export", "watch", "find-lr", "find-batch", "configs", "guide",
    "corpora", "runs", "check", "check before", "check after", "bench", "bench race",
)  # fmt: skip


@pytest.mark.first(1)
@pytest.mark.parametrize("language", ["en", "tr"])
def test_help_is_not_cut_in_80_columns(command: Command, language: str) -> None:
    shown, say = {}, Wording(language)  # type: ignore[arg-type]
    for words in COMMANDS:
        result = command(*words.split(), "--help", "--lang", language, COLUMNS="80")
        assert result.code == 0, result.err
        lines = result.out.splitlines()
        assert max(map(len, lines)) <= 80
        cut = [line for line in lines if line.rstrip().endswith("...") and say("metavar.COMMAND") not in line]
        assert not cut, f"cut in mid-sentence: {cut}"
        shown[words] = result.out
    of_tokenizer = {"en": "fast the size of the text decides", "tr": "verilmezse, metnin boyuna göre seçilir"}[language]
    assert of_tokenizer in " ".join(shown["train"].split())
    own = " ".join(shown[""].split())
    assert say("help.bench") in own
    everything = " ".join(" ".join(shown.values()).split())
    assert (
        f"--tokens {say('metavar.INTEGER')} " in everything and f"{say('help.default', value=200)}; 1 …" in everything
    )
    assert say("help.required") in everything and "<" not in shown["generate"], "neither Typer's names of types nor <="
    in_english = {"[OPTIONS]", "OWNER/NAME", "[default", "[required", "INTEGER", "TEXT", " RUN", "COMMAND "}
    assert language == "en" or not {one for one in in_english if one in everything}
    assert say("setting.use_sample_corpus") not in " ".join(shown["evaluate"].split()), "evaluate does not train"


@pytest.mark.parametrize(("language", "app"), [("en", "Without a command the app opens"), ("tr", "uygulama açılır")])
def test_help_says_what_happens_where_nothing_is_given(command: Command, language: str, app: str) -> None:
    """Without a command, a name of the run, or a temperature."""
    say = Wording(language)  # type: ignore[arg-type]
    first = " ".join(command("--help", "--lang", language, COLUMNS="80").out.splitlines()[:6])
    assert app in " ".join(first.split())
    name = " ".join(command("train", "--help", "--lang", language).out.split()).partition(" --name ")[2]
    assert re.search(rf" --time [^[]* {TIMED}\b", name.partition("[")[0])
    generate = " ".join(command("generate", "--help", "--lang", language).out.split())
    for flag, value in dataclasses.asdict(Sampling()).items():
        shown = f"[{say('help.default', value=f'{value:g}')}; "
        assert shown in generate.partition(f" --{flag.replace('_', '-')} ")[2].partition(" --")[0], flag


@pytest.mark.parametrize("language", ["en", "tr"])
def test_train_flags_are_grouped_under_headings(command: Command, language: str) -> None:
    say = Wording(language)  # type: ignore[arg-type]
    out = command("train", "--help", "--lang", language, COLUMNS="80").out
    headings = [say(f"heading.{name}") + ":" for name in HEADINGS]
    found = [line for line in out.splitlines() if line in headings]
    assert found == headings, "each once, in this order"
    time, size = say("metavar.TIME"), say("metavar.SIZE")
    assert f"--time {time}" in out and f"--max-corpus-bytes {size}" in out, "values with a unit are not called numbers"
    sections = dict(
        zip(
            headings,
            re.split("|".join(rf"^{re.escape(one)}$" for one in headings), out, flags=re.MULTILINE)[1:],
            strict=True,
        )
    )
    for name in WITH_FLAG:
        assert f"--{name.replace('_', '-')}" in sections[say(f"heading.{heading_of(name)}") + ":"], name
    assert {heading_of(name) for name in WITH_FLAG} == set(HEADINGS)


def on_terminal(command: Command, *words: str, **environment: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *words],
        cwd=command.folder,
        env={**command.environment, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(ours)
    return shown.decode()


def test_help_is_coloured_only_on_a_terminal(command: Command) -> None:
    assert "\x1b[1mUsage:\x1b[0m" in on_terminal(command, "train", "--help")
    assert "\x1b[36m--config TEXT\x1b[0m" in on_terminal(command, "train", "--help")
    assert "\x1b" not in on_terminal(command, "train", "--help", NO_COLOR="1")
    assert "\x1b" not in on_terminal(command, "train", "--help", TERM="dumb")
    assert "\x1b" not in command("train", "--help").out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mmrec-tui tra", ["train"]),
        ("mmrec-tui train --early-stopping-p", ["--early-stopping-patience"]),
        ("mmrec-tui train --schedule co", ["cosine", "constant", "cosine-restarts"]),
        ("mmrec-tui check ", ["before", "after"]),
    ],
)
def test_the_shell_completes_commands_flags_and_values(command: Command, line: str, offered: list[str]) -> None:
    words = len(line.split()) - (not line.endswith(" "))
    answer = command(COMP_WORDS=line, COMP_CWORD=str(words), _MMREC_TUI_COMPLETE="complete_bash")
    assert answer.out.split() == offered


def test_completion_is_installed_for_the_shell(command: Command) -> None:
    home = Path(command.environment["HOME"])
    home.mkdir()
    words = ["bash", "-c", f"{COMMAND} --install-completion; echo $?"]
    result = subprocess.run(words, env={**command.environment, "SHELL": "/bin/bash"}, capture_output=True, text=True)
    assert result.stdout.startswith("Completion for bash is installed") and result.stdout.endswith("0\n"), result.stderr
    script = home / ".bash_completions" / "mmrec-tui.sh"
    assert "_MMREC_TUI_COMPLETE" in script.read_text() and str(script) in (home / ".bashrc").read_text()
