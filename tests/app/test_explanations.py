"""What the plan's form explains of a setting: a switch by on and off, and why a value has no effect."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from mmrec_engine.locales.catalogue import LANGUAGES, Language
from mmrec_engine.locales.guide import HYPERPARAMETERS
from mmrec_engine.settings import FIELDS, resolve, value_type
from mmrec_tui.app.widgets.field_values import unused_because
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.topics import topics
from tests.app.conftest import an_app, table_of, until

pytestmark = pytest.mark.usefixtures("without_torch")
OWN_CONDITION = re.compile(r"^(On,|Off,|Açık|Kapalı)|; off,")


def test_only_what_has_an_order_or_is_a_switch_has_two_explanations() -> None:
    for entry in HYPERPARAMETERS:
        field, kind = FIELDS[entry.name], value_type(entry.name)
        ordered = kind in (int, float) or field.metadata["size"] or field.metadata["duration"] or entry.name == "config"
        for language in LANGUAGES:
            assert bool(entry.lower[language]) == (ordered or kind is bool) or entry.name == "seed", entry.name
            if kind is bool:
                assert not any(OWN_CONDITION.search(one[language]) for one in (entry.higher, entry.lower)), entry.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_explains_a_switch_by_on_and_off(language: Language) -> None:
    switches = [topic for topic in topics(language) if topic.kind == "hyperparameter" and value_type(topic.id) is bool]
    assert len(switches) == 5
    for topic in switches:
        assert [heading for heading, _ in topic.paragraphs] == ["guide.what", "guide.on", "guide.off"]
        assert all(Wording(language)(heading) for heading, _ in topic.paragraphs)


async def explained(app: Any, pilot: Pilot[Any], setting: str, words: str) -> str:
    """The explanation of a setting, once these words are in it."""

    def about() -> str:
        return str(app.screen.query_one("#about .explanation").render())

    app.screen.query_one(f"#field-{setting}").focus()
    await until(pilot, lambda: words in about())
    return about()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_labels_of_an_explanation_fit_the_setting(language: Language) -> None:
    app = an_app(language)
    entries = {entry.name: entry for entry in HYPERPARAMETERS}
    async with app.run_test(size=(160, 45)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan" and app.screen.query("#field-dropout"))
        on, off, higher, lower = (app.say(f"field.{name}") for name in ("on", "off", "higher", "lower"))
        switch = entries["skip_invalid_bytes"]
        about = await explained(app, pilot, "skip_invalid_bytes", switch.lower[language])
        assert f"{on} {switch.higher[language]}" in about and f"{off} {switch.lower[language]}" in about
        about = await explained(app, pilot, "text_field", entries["text_field"].higher[language])
        assert not any(label in about for label in (on, off, higher, lower))
        about = await explained(app, pilot, "dropout", entries["dropout"].lower[language])
        assert higher in about and lower in about


@pytest.mark.parametrize(("source", "told"), [("default", True), ("run", True), ("hand", False), ("remedy", False)])
def test_size_of_a_vocabulary_of_characters_is_unused_unless_it_was_chosen(source: str, told: bool) -> None:
    resolved = resolve({"tokenizer": "char"})
    resolved = replace(resolved, sources={**resolved.sources, "vocab_size": source})
    assert bool(unused_because("vocab_size", resolved)) == told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_value_without_effect_is_called_so_with_the_reason(language: Language) -> None:
    app = an_app(language, plan={"time": 120, "tokenizer": "char"})
    async with app.run_test(size=(160, 45)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan" and app.screen.query("#field-dropout"))
        screen: Any = app.screen
        sources = {field.setting: field for field in screen.query("Field")}
        for setting, reason in (("recipe", "recipe"), ("vocab_size", "vocabulary")):
            await explained(app, pilot, setting, app.say(f"field.unused-{reason}"))
            assert app.say("source.unused") in sources[setting].source.plain
        screen._take(screen._draft.with_value("tokenizer", "bpe").with_value("time", None).with_value("max_steps", 50))
        await explained(app, pilot, "epochs", app.say("field.unused-epochs"))
        for setting, reason in (("recipe", "recipe"), ("vocab_size", "vocabulary")):
            about = await explained(app, pilot, setting, "")
            assert app.say(f"field.unused-{reason}") not in about
            assert app.say("source.unused") not in sources[setting].source.plain
