"""The app names fields, screens and keys, never flags and commands."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.guide import HYPERPARAMETERS, ITEMS, MEASURES, PROBLEMS
from mmrec_engine.locales.guide.findings import texts
from mmrec_engine.locales.guide.remedies import REMEDIES, figures
from mmrec_engine.locales.messages import LANGUAGES, MESSAGES
from mmrec_engine.settings import Settings, resolve
from mmrec_tui.app.in_app import error_text, in_app, remedy_text
from mmrec_tui.app.widgets.finding_panels import finding_text
from mmrec_tui.locales import Wording
from tests.app.conftest import an_app, screen_text
from tests.app.every_screen import OPENERS

OF_THE_COMMAND_LINE = re.compile(
    r"(?<![\w-])--[a-z]|mmrec-tui [a-z]|`(?:find-|train|check|evaluate|generate|export|watch)\b"
)
SAY = {language: Wording(language) for language in LANGUAGES}


def worded(one: object, language: str) -> list[str]:
    """All texts of a language in an entry of the guide or of the messages."""
    if isinstance(one, Mapping):
        own = one.get(language)
        return [own] if isinstance(own, str) else [text for value in one.values() for text in worded(value, language)]
    return []


@pytest.mark.parametrize("language", LANGUAGES)
def test_app_messages_name_no_flags_or_commands(language: Any) -> None:
    entries: tuple[Any, ...] = (*texts().values(), *ITEMS, *PROBLEMS, *MEASURES, *HYPERPARAMETERS)
    told = [text for entry in entries for value in vars(entry).values() for text in worded(value, language)]
    told += [text for message in MESSAGES.values() for text in worded(message, language)]
    assert len(told) > 300
    assert any(OF_THE_COMMAND_LINE.search(text) for text in told)
    said = [in_app(text, SAY[language]) for text in told]
    assert [text for text in said if OF_THE_COMMAND_LINE.search(text)] == []


@pytest.mark.parametrize(
    ("values", "language", "told"),
    [
        ({"epochs": 0}, "en", "“Epochs” must be 1 to 1,000,000, not 0"),
        ({"dropout": 1.5}, "en", "“Dropout” must be 0 or more, less than 1, not 1.5"),
        ({"dropout": 1.5}, "tr", "“Dropout” şu aralıkta olmalı: en az 0, 1 değerinden küçük; verilen: 1,5; en yakın"),
        ({"dropout": float("nan")}, "en", "less than 1, not nan"),
        ({"learning_rate": 1e300}, "tr", "verilen: 1e+300"),
        ({"learning_rate": 0.0}, "en", "“Learning rate” must be more than 0"),
        ({"stride": 300, "seq_len": 256}, "en", "“Stride” 300 is larger than “Sequence length” 256"),
        ({"name": "a/b"}, "en", "“Run name” must be a plain folder name"),
    ],
)
def test_app_errors_name_the_field(values: dict[str, Any], language: Any, told: str) -> None:
    with pytest.raises(RequestError) as raised:
        resolve(values)
    text = error_text(raised.value, SAY[language])
    assert told in text
    assert raised.value.text(language) != text, "the command line goes on naming its flags"


def test_advice_names_topics_fields_and_keys() -> None:
    say = SAY["en"]
    assert in_app("See `mmrec-tui guide overfitting`.", say) == "See “The validation loss rises (overfitting)”."
    assert in_app("Train longer: --resume with more --epochs.", say) == "Train longer: “go on” (c) with more “Epochs”."
    assert (
        in_app("Use `mmrec-tui find-lr`, or `mmrec-tui train --time`.", say)
        == "Use “find rate” (l on the plan), or “Time” on the plan."
    )
    assert in_app("--resume continues it; `mmrec-tui runs` is a list.", say).startswith(
        "“go on” (c) continues it; the list"
    )
    assert in_app("`mmrec-tui evaluate NAME` measures it.", say) == "The report measures it."
    assert in_app("a file called x--epochs stays", say) == "a file called x--epochs stays"
    assert (
        in_app("önerilen: --learning-rate 0.0076 (şimdi 3e-4)", SAY["tr"])
        == "önerilen: “Öğrenme oranı” 0,0076 (şimdi 3e-4)"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_with_words_of_the_app_have_the_values_of_the_message(language: Any) -> None:
    own = {key: text for key in MESSAGES if (text := SAY[language].template(f"in-app-message.{key}"))}
    assert own
    for key, text in own.items():
        values = {name for _, name, _, _ in string.Formatter().parse(MESSAGES[key][language]) if name}
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= values, key
    shown = error_text(RequestError("time-too-short", time="5", least="40"), SAY[language])
    assert shown.count("5") == 1 and "40" in shown and "s verin" not in shown and not OF_THE_COMMAND_LINE.search(shown)


@pytest.mark.parametrize(("language", "least"), [("en", ("or more", "at least")), ("tr", ("en az",))])
def test_time_that_is_too_short_for_any_text_names_no_least_time(language: Any, least: tuple[str, ...]) -> None:
    """How short a run can be depends on the text and the machine: the planner says it, for a time that it may plan with."""
    with pytest.raises(RequestError) as refused:
        resolve({"time": 2})
    shown = error_text(refused.value, SAY[language])
    assert "60" in shown and not any(words in shown for words in least)


def test_typed_text_is_not_reworded() -> None:
    with pytest.raises(RequestError) as raised:
        resolve({"name": "--epochs/"})
    assert "'--epochs/'" in error_text(raised.value, SAY["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_remedies_of_a_finding_name_fields_and_not_flags(language: Any) -> None:
    say = SAY[language]
    before = Settings().as_dict()
    for name in REMEDIES:
        remedy = {"id": name, "settings": {**before, "encoding": "cp857"}, "before": {}}
        found = {"id": "corpus-readable", "status": "warn", "values": {}, "remedies": [remedy]}
        for shown in (remedy_text(remedy, say), finding_text(found, say).plain):
            assert not OF_THE_COMMAND_LINE.search(shown), shown


SEARCHES_FIRST = sorted(OPENERS, key=lambda name: name not in ("RatesScreen", "BatchesScreen", "ReportScreen"))


@pytest.mark.first(3)
@pytest.mark.parametrize("name", SEARCHES_FIRST)
async def test_no_screen_names_flags(name: str, without_torch: None) -> None:
    for language in LANGUAGES:
        app = an_app(language)
        async with app.run_test(size=(160, 60)) as pilot:
            await OPENERS[name](app, pilot)
            assert re.findall(r"(?<![\w-])--[a-z][\w-]*", screen_text(app)) == []


def test_changed_settings_have_the_names_of_their_fields() -> None:
    before, after = {"learning_rate": 3e-4, "vocab_size": 100}, {"learning_rate": 1e-4, "vocab_size": 90}
    assert figures(before, after, "en") == "learning rate 3e-4 → 1e-4, vocabulary size 100 → 90"
    assert figures(before, after, "tr") == "öğrenme oranı 3e-4 → 1e-4, sözlük boyutu 100 → 90"
