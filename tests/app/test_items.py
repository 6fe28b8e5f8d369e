"""The lines of the checklist."""

from __future__ import annotations

import re

import pytest
from textual.content import Content

from mmrec_tui.app.widgets.items import _cut
from mmrec_tui.presentation.findings import gravity

LINE = "✓ Dataset boyutu  0,19 token/parametre, en az 0,025 gerekir (270.000 token, 870.000 parametre); 828 pencere"


@pytest.mark.parametrize("width", range(12, len(LINE) + 3))
def test_a_line_is_cut_between_words_only(width: int) -> None:
    cut = _cut(Content(LINE), width)
    assert cut.cell_length <= width
    if width >= len(LINE):
        assert cut.plain == LINE
    else:
        words = cut.plain.removesuffix(" …").split()
        assert cut.plain.endswith(" …")
        assert [word.strip("(,;:·") for word in words] == [word.strip("(,;:·") for word in LINE.split()[: len(words)]]
        ends = [word.end() for word in re.finditer(r"\S+", LINE)]
        assert ends[len(words)] + len(" …") > width, "one more word would not fit"


def test_findings_are_in_one_order_and_an_unknown_status_is_not_the_last() -> None:
    found = [{"status": status} for status in ("skipped", "pass", "note", "warn", "error", "fail", "unheard-of")]
    assert [one["status"] for one in sorted(found, key=gravity)][2:] == ["error", "warn", "note", "pass", "skipped"]
