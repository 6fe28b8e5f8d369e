"""Sentences for people are in `locales/{language}/*.json`: the Python files of the packages contain none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrec_engine.locales.catalogue import LANGUAGES

ROOT = Path(__file__).parents[1]
PACKAGES = ("mmrec_engine", "mmrec_tui")
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
# Two words of two letters or more, with at most a short one between them.
SENTENCE = re.compile(r"[^\W\d_]{2,} (?:\w ?)?[^\W\d_]{2,}")
# Files that hold such texts, and why they are not for translation.
OF_DEVELOPERS = "raised at a programmer's mistake, or caught where it is called"
OF_THE_SYSTEM = "the text of an OSError, which is the system's own elsewhere"
ALLOWED = {
    "mmrec_engine/__init__.py": OF_DEVELOPERS,
    "mmrec_engine/data/document_table.py": OF_DEVELOPERS,
    "mmrec_engine/data/ngrams.py": OF_DEVELOPERS,
    "mmrec_engine/data/parts.py": OF_DEVELOPERS,
    "mmrec_engine/data/sources/text.py": OF_DEVELOPERS,
    "mmrec_engine/runs/curves.py": OF_DEVELOPERS,
    "mmrec_engine/runs/smoothing.py": OF_DEVELOPERS,
    "mmrec_engine/runs/checkpoints.py": OF_THE_SYSTEM,
    "mmrec_engine/storage/files.py": OF_THE_SYSTEM,
    "mmrec_engine/training/rank_worker.py": "on stderr of a rank's process, as Python's own errors there",
    "mmrec_engine/distributed/multi_process_group.py": "words of PyTorch's errors, to be found in them",
    "mmrec_engine/locales/foreign.py": "words of the errors of libraries, to be found in them",
    "mmrec_engine/tokenizer/unigram.py": "words of an error of the library sentencepiece, to be found in it",
    "mmrec_tui/presentation/token_losses_html.py": "tags and styles of HTML",
    "mmrec_tui/cli/usage.py": "words of Typer's errors, to be found in them",
    "mmrec_engine/training/precision.py": "the name of a line of /proc/cpuinfo",
    "mmrec_engine/evaluation/metrics.py": "a function of the guide, with the output that the guide shows",
    "mmrec_engine/interop/loggers/mlflow_logger.py": "a command of SQLite",
    "mmrec_engine/interop/model_card.py": "the lines of Python that load the model",
    "mmrec_engine/evaluation/words.py": "names of Unicode",
    "mmrec_tui/app/screens/plan.py": "a style",
    "mmrec_tui/app/widgets/preview.py": "a style",
    "mmrec_tui/app/widgets/tabs.py": "a style",
}


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that reads as one; docstrings apart."""
    statements = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    docstrings = {id(value) for value in statements if isinstance(value, ast.Constant)}
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docstrings | within):
            text = node.value
        else:
            continue
        if SENTENCE.search(text):
            yield node.lineno, text


def test_python_files_contain_no_sentences_for_people() -> None:
    found = {path: list(sentences(tree)) for path, tree in TREES.items()}
    wrong = [f"{path}:{line}: {text!r}" for path, texts in found.items() if path not in ALLOWED for line, text in texts]
    assert not wrong, "\n".join(wrong)
    assert not [path for path in ALLOWED if not found.get(path)], "an exception that is none any more"


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ('say("the model is better")', True),
        ('raise RequestError("x", reason=f"{name} holds no values")', True),
        ('"""What it does."""', False),
        ('say("help.no-check")', False),
        ('f"{value:,.2f} %"', False),
    ],
)
def test_sentence_in_code_is_detected(code: str, is_found: bool) -> None:
    assert bool(list(sentences(ast.parse(code)))) is is_found


def test_no_language_is_named_in_the_code() -> None:
    """But the one that is spoken where none is asked for."""
    named = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        if path != "mmrec_engine/data/sources/markup.py"  # a row of a table of HTML
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in LANGUAGES
    ]
    assert len(named) == 1 and named[0].startswith("mmrec_engine/locales/catalogue.py:"), named
