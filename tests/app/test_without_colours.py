"""Without colours (NO_COLOR) everything that colours tell is told by styles, and no words speak of colours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.events import result_of
from mmrec_engine.settings import Settings
from mmrec_tui.app.marks import Mark
from mmrec_tui.app.preparing import Look
from mmrec_tui.app.widgets.paper import Paper
from mmrec_tui.app.widgets.preview import preview_text
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, until, until_shown
from tests.app.every_screen import OPENERS

pytestmark = pytest.mark.usefixtures("without_torch")
_LOCALES = Path(__file__).parents[2] / "mmrec_tui" / "locales"
_COLOURS = {"en": ("green", "yellow", "one colour"), "tr": ("yeşil", "sarı", "ayrı renk")}


@pytest.fixture(autouse=True)
def _no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def styles_of(app: Any, words: tuple[str, ...]) -> list[tuple[object, ...]]:
    """The style in which each of these words is drawn on the screen, without its colours."""
    found: dict[str, tuple[object, ...]] = {}
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            for word in words:
                if word in segment.text:
                    found.setdefault(word, (style.bold, style.italic, style.underline, style.reverse))
    assert set(found) == set(words), found
    return [found[word] for word in words]


async def test_levels_of_a_text_as_the_model_reads_it_differ() -> None:
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await OPENERS["TokensScreen"](app, pilot)
        await until_shown(pilot, "≥ 50%")
        assert len(set(styles_of(app, ("≥ 50%", "≥ 10%", "≥ 1%", "< 1%")))) == 4


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_levels_of_written_text_differ_and_are_explained_as_they_look(language: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(100, 30)) as pilot:
        await OPENERS["WriteScreen"](app, pilot)
        legend = app.screen.query_one("#sureness", Static)
        await until(pilot, lambda: "50" in str(legend.render()))
        say = app.say
        words = [say("look.level", share=say.whole_percent(one)) for one in (0.5, 0.1)]
        words.append(say("look.level-below", share=say.whole_percent(0.1)))
        explained = styles_of(app, tuple(words))
        assert len(set(explained)) == 3
        paper = app.screen.query_one(Paper)
        paper.write(0, len(paper.text), "abc", [Mark(n, n + 1, share) for n, share in enumerate((0.9, 0.2, 0.01))])
        levels = [paper.get_component_rich_style(f"paper--{Mark(0, 1, share).sureness}") for share in (0.9, 0.2, 0.01)]
        shown = [tuple(map(bool, (one.bold, one.italic, one.underline, one.reverse))) for one in levels]
        assert shown == [tuple(map(bool, one)) for one in explained]


def words_of(language: str) -> Iterator[tuple[str, str]]:
    for path in sorted((_LOCALES / language).glob("*.json")):
        yield from (
            (key, words) for key, words in json.loads(path.read_text("utf-8")).items() if isinstance(words, str)
        )


@pytest.mark.parametrize("language", ["en", "tr"])
def test_no_words_of_the_app_name_a_colour(language: str) -> None:
    named = [key for key, words in words_of(language) if any(colour in words.lower() for colour in _COLOURS[language])]
    assert named == []


def test_tokens_of_the_first_window_differ_by_an_underline(small_text: Path) -> None:
    settings = Settings(data_dir=str(small_text), tokenizer="bpe", vocab_size=300)
    corpus = result_of(prepare_corpus(settings))
    text = preview_text(Look(corpus=corpus), settings, Wording("en"))
    assert "every other token underlined" in text.plain
    assert sum("underline" in str(span.style) for span in text.spans) > 5


@pytest.mark.parametrize(("language", "told"), [("en", "NO_COLOR has turned these off"), ("tr", "NO_COLOR kapattı")])
async def test_theme_that_would_not_be_seen_is_neither_told_nor_kept(language: str, told: str) -> None:
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        kept = app.stage.preferences.theme
        await pilot.press("f3")
        await until_shown(pilot, told)
        assert app.stage.preferences.theme == app.theme == kept
