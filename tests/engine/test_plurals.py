"""A count and its noun agree, in every catalogue and in both languages, with a single wording of each text."""

from __future__ import annotations

from typing import Any

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.guide.findings import evidence
from mmrec_engine.locales.plurals import fill
from mmrec_tui.locales import Wording


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{count} documents", {"count": 1}, "1 document"),
        ("{count} documents", {"count": "1"}, "1 document"),
        ("{count} documents", {"count": 21}, "21 documents"),
        ("{count} documents", {"count": "0"}, "0 documents"),
        ("{used} of {all} evaluations", {"used": 1, "all": 5}, "1 of 5 evaluations"),
        ("{used} of {all} evaluations", {"used": 1, "all": 1}, "1 of 1 evaluation"),
        ("{count} training windows of {size} tokens", {"count": 1, "size": 1}, "1 training window of 1 token"),
        ("{a} batches, {b} processes, {c} memories", {"a": 1, "b": 1, "c": 1}, "1 batch, 1 process, 1 memory"),
        ("{name}, {count:,} steps", {"name": "1 documents", "count": 1}, "1 documents, 1 step"),
        ("step {step}: {count} tokens", {"step": 1, "count": 1_000}, "step 1: 1000 tokens"),
        ("{{literal}} {count} files", {"count": 1}, "{literal} 1 file"),
    ],
)
def test_a_noun_agrees_with_its_count(template: str, values: dict[str, Any], text: str) -> None:
    assert fill(template, values, "en") == text


def test_turkish_has_no_plural_after_a_number() -> None:
    assert fill("{count} belge", {"count": 1}, "tr") == "1 belge"
    assert "1 belge" in Wording("tr")("plan.corpus", **_one("plan.corpus"))


def _one(key: str) -> dict[str, str]:
    names = ("documents", "train", "validation", "vocabulary", "windows", "validation_windows")
    return dict.fromkeys(names, "1")


def test_the_plan_counts_one_document_in_one_file() -> None:
    say = Wording("en")
    assert say("plan.size", size="3 KiB", files="1") == "3 KiB in 1 file"
    assert say("plan.corpus", **_one("plan.corpus")).startswith("1 document ·")


def test_nouns_in_errors_and_findings_agree_with_counts() -> None:
    error = RequestError("corpus-too-short", side="validation", tokens=1, seq_len=256, nearest=2)
    assert "has 1 token," in str(error)
    finding = {"id": "best-saved", "status": "pass", "values": {"step": 1}}
    assert "1 steps" not in evidence(finding, "en")
