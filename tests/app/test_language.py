"""Each screen uses one language only; the choice of language and theme is stored."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from mmrec_engine.locales.guide import HYPERPARAMETERS, ITEMS, MEASURES, PROBLEMS, PROFILE_TEXTS
from mmrec_engine.settings import FIELDS
from mmrec_tui.app.app import MmrecApp, Relaunch
from mmrec_tui.app.session import Watching
from mmrec_tui.app.themes import THEME_NAMES
from mmrec_tui.preferences import Preferences, read_preferences
from tests.app.conftest import an_app, screen_text, table_of, until, until_shown
from tests.app.recorded import a_training, an_ending, record
from tests.catalogues import of_the_app

pytestmark = pytest.mark.usefixtures("without_torch")
ROOT = Path(__file__).parents[2]
TEXTUALS_OWN = ("Search for commands", "No matches found", "Show keys and help panel", "Change theme", "Select")


def words_of(language: str) -> set[str]:
    """All texts of the app in a language: catalogue and guide, cut at placeholders."""
    # The key that changes the language offers each language in itself.
    texts = [text for key, text in of_the_app(language).items() if not key.endswith(".language")]
    entries: tuple[Any, ...] = (*ITEMS, *MEASURES, *PROBLEMS, *HYPERPARAMETERS, *PROFILE_TEXTS)
    texts += [value[language] for entry in entries for value in vars(entry).values() if isinstance(value, Mapping)]
    pieces = {piece.strip() for text in texts for piece, _, _, _ in string.Formatter().parse(text.replace("{}", ""))}
    return {part for piece in pieces for part in re.split(r"[·:;,.\n]| {2,}", piece) if part}


def foreign(language: str) -> set[str]:
    """Words of the other language that do not occur in this one, long enough not to match by accident."""
    own = "\n".join(words_of(language))
    other = "tr" if language == "en" else "en"
    return {words.strip() for words in words_of(other) if len(words.strip()) > 8 and words.strip() not in own}


FOREIGN = {language: foreign(language) for language in LANGUAGES}


def assert_speaks(language: str, app: MmrecApp) -> None:
    seen = screen_text(app)
    flat = re.sub(r"\s+", " ", re.sub(r"[│╭╮╰╯─]", " ", seen))
    for name in FIELDS:  # a setting has the same name in every language
        flat = flat.replace(name, "") if "_" in name else flat
    wrong = {words for words in (*FOREIGN[language], *(TEXTUALS_OWN if language == "tr" else ())) if words in flat}
    assert not wrong, f"{wrong} in:\n{seen}"


def test_words_of_the_other_language_are_detected() -> None:
    assert {"Start a new run", "a starting profile…"} <= FOREIGN["tr"]
    assert {"Yeni bir çalışma başlat", "bir başlangıç profili…"} <= FOREIGN["en"]
    assert "perplexity" not in FOREIGN["tr"]


def test_every_app_message_is_used() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "mmrec_tui").rglob("*.py"))
    made = re.findall(r"f[\"']([a-z-]+[.-][a-z-]*)\{", source)  # "key.{action}", "panel.{name}"
    unused = [
        key
        for key in of_the_app(DEFAULT_LANGUAGE, "app", "keys")
        if f'"{key}"' not in source
        and f"'{key}'" not in source
        and not any(key.startswith(part) for part in (*made, "about."))
    ]
    assert not unused


async def start(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await until_shown(pilot, "tiny")


async def plan(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("plan")
    await until(pilot, lambda: table_of(app) == "plan")
    screen: Any = app.screen
    await until(pilot, lambda: screen._work.preparing.corpus)
    await pilot.press("tab", "tab", "tab")


async def checklist(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await plan(app, pilot)
    await pilot.press("ctrl+s")
    await until(pilot, lambda: table_of(app) == "checklist")


async def training(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.watch_run(Path("checkpoints/tiny").absolute())
    await until_shown(pilot, "(perplexity")


async def report(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("report", folder=Path("checkpoints/tiny").absolute())
    await until_shown(pilot, "unigram")


async def runs(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("runs")
    await until_shown(pilot, "tiny")


async def compare(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("compare", folders=[Path("checkpoints/tiny").absolute()] * 2)
    await until_shown(pilot, app.say("compare.best"))
    assert app.say("compared.data_dir") not in screen_text(app)
    await pilot.press("e")  # the settings that do not differ as well
    await until_shown(pilot, app.say("compared.data_dir"))
    assert "_" not in screen_text(app), "a setting by its key"


async def guide(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.action_guide("overfitting")
    await until(pilot, lambda: table_of(app) == "guide")


async def keys(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await guide(app, pilot)
    await pilot.press("question_mark")


async def chooser(app: MmrecApp, pilot: Pilot[Any]) -> None:
    from mmrec_tui.app.screens.chooser import ChooserScreen

    app.push_screen(ChooserScreen())
    await until_shown(pilot, "Ctrl+S")


async def leaving(app: MmrecApp, pilot: Pilot[Any]) -> None:
    app.open_screen("leaving")
    await until_shown(pilot, "(Esc)")


async def deleting(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await runs(app, pilot)
    await pilot.press("x")
    await until_shown(pilot, "?")


async def exporting(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await report(app, pilot)
    await pilot.press("e")
    await until_shown(pilot, "safetensors")


async def palette(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+p")
    await until_shown(pilot, "(n)")
    await pilot.press(*"zzzz")
    await pilot.pause(0.5)


async def warned(app: MmrecApp, pilot: Pilot[Any]) -> None:
    await training(app, pilot)
    await pilot.press("p", "x", "l", "o")


Way = Callable[[MmrecApp, Pilot[Any]], Any]
WAYS: tuple[Way, ...] = (
    start, plan, checklist, training, report, runs, compare, guide, keys, chooser, leaving, deleting, exporting, palette,
    warned,
)  # fmt: skip

SELDOM = (compare, keys, chooser, leaving, deleting, exporting, warned)


@pytest.mark.first(6)
@pytest.mark.parametrize(
    "way",
    [pytest.param(way, id=way.__name__, marks=[pytest.mark.slow] if way in SELDOM else []) for way in WAYS],
)
@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "tr"])
async def test_screens_use_one_language(language: str, way: Way) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    (folder / "best_model.pt").touch()  # without a model nothing is exported
    app = an_app(language)
    async with app.run_test(size=(160, 60), notifications=True) as pilot:
        await way(app, pilot)
        await pilot.pause(0.1)
        assert_speaks(language, app)


@pytest.mark.parametrize("way", [training, report], ids=lambda way: way.__name__)
async def test_numbers_follow_the_language(way: Way) -> None:
    record(Path("checkpoints/tiny").absolute(), [*a_training(), *an_ending()])
    for language, number in (("en", r"\d\.\d{3}"), ("tr", r"\d,\d{3}")):
        app = an_app(language)
        async with app.run_test(size=(160, 45)) as pilot:
            await way(app, pilot)
            seen = screen_text(app)
            assert re.search(number, seen)
            if language == "tr":
                seen = seen.replace("validation 2.4 %", "")  # the record's own words
                assert not re.search(r"\d\.\d{1,2}(?!\d)", re.sub(r"0\.\d → 0\.\d", "", seen))


async def test_f2_switches_the_language_and_stores_it() -> None:
    app = an_app("en")
    async with app.run_test() as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: not app.is_running)
    assert isinstance(app.return_value, Relaunch)
    assert app.stage.wording.language == "tr"
    assert read_preferences().language == "tr"

    again = MmrecApp(app.stage)
    async with again.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Ne yapalım?")
        assert_speaks("tr", again)
        await pilot.press("f2")
        await until(pilot, lambda: not again.is_running)
    assert read_preferences().language == "en"


async def test_shown_run_is_shown_again_after_a_language_switch() -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(200), *an_ending(step=200)])
    app = an_app("en", session=Watching(folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "FINISHED")
        await pilot.press("f2")
        await until(pilot, lambda: not app.is_running)
    again = MmrecApp(app.stage)
    async with again.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "BİTTİ")
        assert "200/600" in screen_text(again)


async def test_f3_cycles_through_themes_and_stores_the_last() -> None:
    app = an_app()
    async with app.run_test() as pilot:
        seen = [app.theme]
        for _ in THEME_NAMES:
            await pilot.press("f3")
            seen.append(app.theme)
        assert tuple(seen) == (*THEME_NAMES, THEME_NAMES[0])
        await pilot.press("f3")
    assert read_preferences().theme == THEME_NAMES[1]


async def test_note_of_a_theme_replaces_the_one_before() -> None:
    app = an_app()
    async with app.run_test(notifications=True) as pilot:
        for name in THEME_NAMES[:2]:
            app.use_theme(name)
            newest = app.say("palette.theme", name=app.say(f"theme.{name}"))
            await until(pilot, lambda newest=newest: newest in screen_text(app).split("\n")[-1])  # type: ignore[misc]
        assert not app.screen.query("Toast")


async def test_unknown_theme_falls_back_to_the_first() -> None:
    app = an_app(theme="from-the-future")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == THEME_NAMES[0]


async def test_app_opens_with_damaged_preferences(tmp_path: Path) -> None:
    stored = tmp_path / "config" / "mmrec" / "app.json"
    stored.parent.mkdir(parents=True)
    stored.write_text('{"plan": {"dropout": "lots", "config": 7}, "corpora": [1], "theme": []')
    assert read_preferences() == Preferences()
    app = an_app(plan={"dropout": "lots", "config": 7, "nothing": {}})
    async with app.run_test() as pilot:
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        screen: Any = app.screen
        assert screen._resolved is not None
