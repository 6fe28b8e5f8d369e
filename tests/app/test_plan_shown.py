"""What the plan shows of a choice, and of what was typed."""

from __future__ import annotations

import pytest

from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_tui.app.widgets.corpora import corpus_options
from mmrec_tui.locales import Wording

pytestmark = pytest.mark.usefixtures("without_torch")


@pytest.mark.parametrize("language", LANGUAGES)
def test_entry_for_an_own_text_does_not_look_like_a_choice_that_is_not_taken(language: Language) -> None:
    own, *others = corpus_options({}, ["/texts/one.txt"], Wording(language), 60)
    assert str(own.prompt).startswith("+ ")
    assert all(str(one.prompt).startswith(("● ", "○ ")) for one in others)
