"""`check` on a terminal: items with one line a finding, and one question, asked once, that only a person can answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmrec_engine.locales.guide import ITEMS
from mmrec_tui.terminal import laid_out
from tests.command.terminal import Screen
from tests.conftest import Command

pytestmark = [pytest.mark.slow]


@pytest.mark.first(1)
@pytest.mark.parametrize(("language", "question", "yes"), [("en", "[y/N]", "y"), ("tr", "[e/H]", "e")])
def test_questions_for_a_person_are_asked_once(
    command: Command, text_file: Path, language: str, question: str, yes: str
) -> None:
    words = ("--lang", language, "check", "before", "--data-dir", text_file, "--threads", 1)
    screen = Screen(command, *words, columns=80, lines=120)
    shown = screen.wait_for(question)
    assert shown.count(question) == 1
    for lines in shown.split("\n\n"):
        order = ["✗!i✓".index(sign) for sign in re.findall("(?m)^  ([✗!i✓]) ", lines)]
        assert order == sorted(order), lines
    for item in ITEMS:
        assert (item.question[language] in shown) == (item.phase == "before")  # type: ignore[index]
    screen.press(yes, "enter")
    screen.wait_for_end()

    again = Screen(command, *words, columns=80, lines=120)
    assert again.wait_for_end() in (0, 1)
    assert question.encode() not in again.written


def test_long_lines_wrap_between_words_and_commands_do_not() -> None:
    text = "⚠ Dataset size: " + "0.19 tokens per parameter " * 8
    lines = laid_out(text, 60, colour=False).splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert all(line.startswith("   ") for line in lines[1:])
    assert laid_out("x" * 30 + " " + "y" * 29, 60, colour=False).count("\n") == 0, "what fits is left alone"
    assert laid_out("ℹ️ " + "word " * 20, 60, colour=False).splitlines()[1].startswith("   word")
    advice = "      → " + "words and " * 6 + "`mmrec-tui find-lr --steps 20`, and more."
    lines = laid_out(advice, 60, colour=False).splitlines()
    assert max(map(len, lines)) <= 60 and any("`mmrec-tui find-lr --steps 20`" in line for line in lines)
    command = "   Try it: mmrec-tui generate " + "a/long/folder/" * 10
    assert laid_out(command, 60, colour=False) == command
    assert laid_out("✖ failed", 60, colour=True) == "\x1b[31m✖ failed\x1b[0m"
