"""How much the pieces of a text differ, by which a plan chooses the length of its windows."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.data.text_measures import dispersion
from mmrec_engine.events import result_of
from mmrec_engine.planning.facts import text_facts
from mmrec_engine.planning.rules import rules
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import resolve

ENGLISH = "".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob("en-*.txt")))
LETTERS = "etaoinshr "


def measured(path: Path, text: str, **given: object) -> float | None:
    path.write_text(text, encoding="utf-8")
    corpus = result_of(text_of_new_run(resolve({"data_dir": str(path), "seq_len": 16, **given}).settings))
    return dispersion(corpus.train.tokens, corpus.tokenizer)


def drawn(generator: random.Random, weights: list[float], count: int) -> str:
    return "".join(generator.choices(LETTERS, weights, k=count))


def test_independent_characters_have_a_dispersion_of_one(tmp_path: Path) -> None:
    generator = random.Random(1)
    assert measured(tmp_path / "even.txt", drawn(generator, [1.0] * 10, 120_000)) == pytest.approx(1, abs=0.1)


def test_parts_with_other_characters_have_the_dispersion_of_their_shares(tmp_path: Path) -> None:
    """Of a character with the shares p and q in two halves: the mean variance of its draws, and that of the two means."""
    generator = random.Random(1)
    first, second = [3.0] * 5 + [1.0] * 5, [1.0] * 5 + [3.0] * 5
    blocks = [drawn(generator, first if number % 2 else second, 4096) for number in range(60)]
    p, q, mean, piece = 0.15, 0.05, 0.1, 512
    expected = ((p * (1 - p) + q * (1 - q)) / 2 + piece * ((p - q) / 2) ** 2) / (mean * (1 - mean))
    assert measured(tmp_path / "halves.txt", "".join(blocks)) == pytest.approx(expected, rel=0.1)


def test_dispersion_is_about_that_of_the_characters_with_subwords(tmp_path: Path) -> None:
    text = " ".join(ENGLISH for _ in range(3))
    characters = measured(tmp_path / "a.txt", text)
    subwords = measured(tmp_path / "a.txt", text, tokenizer="bpe", vocab_size=400)
    assert characters is not None and subwords == pytest.approx(characters, rel=0.3)


def test_short_text_has_no_dispersion(tmp_path: Path) -> None:
    assert measured(tmp_path / "short.txt", ENGLISH[:8000]) is None
    facts = result_of(text_facts(resolve({"data_dir": str(tmp_path / "short.txt")}).settings))
    assert facts.dispersion is None


def test_plan_reads_the_dispersion_of_source_code_and_of_prose(tmp_path: Path) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path("mmrec_engine").rglob("*.py")))
    (tmp_path / "code.py").write_text(code, encoding="utf-8")
    (tmp_path / "prose.txt").write_text(ENGLISH * 2, encoding="utf-8")
    found = [
        result_of(text_facts(resolve({"data_dir": str(tmp_path / name)}).settings)).dispersion
        for name in ("code.py", "prose.txt")
    ]
    limit = rules().short_window_from
    assert found[0] is not None and found[1] is not None
    assert found[0] > limit > found[1]
