"""A pretrained model as the first weights of a plan: read in the background, with its own size and tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Select

from mmrec_engine.pretrained.source import with_pretrained
from mmrec_engine.run.follow_up import offers
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.settings.presets import PRESETS
from mmrec_tui.app.app import MmrecApp
from mmrec_tui.app.before_checks import BeforeChecks
from mmrec_tui.app.draft import Draft
from mmrec_tui.app.in_app import field_name
from mmrec_tui.app.measuring import Measuring
from mmrec_tui.app.widgets.configs import starting_weights
from mmrec_tui.locales import Wording
from mmrec_tui.preferences import read_preferences
from tests.app.conftest import an_app, screen_text, until, until_shown
from tests.app.recorded import a_training, an_ending, record
from tests.app.test_plan import fill_in, open_prepared_plan, source_of, summary
from tests.pretrained_models import folder_of

pytestmark = pytest.mark.usefixtures("without_torch")
SIZES = {"vocab_size": 256, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
         "num_attention_heads": 4, "max_position_embeddings": 128}  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder of the library transformers, whose weights the plan does not read."""
    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path / "small-llama"
    folder.mkdir()
    letters = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    own = tokenizers.Tokenizer(tokenizers.models.BPE({letter: id for id, letter in enumerate(sorted(letters))}, []))
    own.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = tokenizers.decoders.ByteLevel()
    own.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **SIZES}))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def first_line(app: MmrecApp) -> str:
    return str(app.screen.query_one("#config-list", OptionList).get_option_at_index(0).prompt)


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_an_earlier_run_to_begin_with_decides_the_model_of_the_plan(language: str, small_text: Path) -> None:
    text = {"data_dir": str(small_text)}
    folder = record(Path("checkpoints/old").absolute(), [*a_training(200), *an_ending()], arch="gpt", **text)
    (folder / "best_model.pt").touch()
    app = an_app(language, plan=text)
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        screen = await open_prepared_plan(app, pilot)
        assert screen._resolved.settings.arch == "mmrec"
        await fill_in(pilot, "init_from", "old")
        await until(pilot, lambda: screen._resolved is not None and screen._resolved.settings.arch == "gpt")
        assert source_of(app, "arch") == app.say("source.run")
        sizes = screen.query_one("#config-list", OptionList)
        ruled_out = {one.id for one in sizes.options if app.say("plan.ruled-out") in str(one.prompt)}
        assert ruled_out == {one.id for one in sizes.options if one.disabled} == set(PRESETS) - {"tiny"}
        about = str(screen.query_one("#config-more").render())
        assert "old" in about and field_name("init_from", app.say) in about, "why, and the field that decides it"
        screen.query_one("#field-tokenizer", Select).value = "bpe"
        await until(pilot, lambda: source_of(app, "tokenizer") == f"✗ {app.say('source.wrong')}")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: source_of(app, "tokenizer") == app.say("source.run"))
        await fill_in(pilot, "init_from", "no-such-run")
        await until(pilot, lambda: source_of(app, "init_from") == f"✗ {app.say('source.wrong')}")
        await fill_in(pilot, "init_from", "")
        await until(pilot, lambda: not any(one.disabled for one in sizes.options))
        await fill_in(pilot, "init_from", "old")
        await until(pilot, lambda: screen._resolved is not None and screen._resolved.settings.arch == "gpt")
        screen._take(screen._draft.with_value("config", "mini"))
        await until(pilot, lambda: "tiny" in summary(app) and summary(app).startswith("✗"))
        assert "--" not in summary(app), "in the words of the app"


@pytest.mark.parametrize("first", ["old", "checkpoints/old", "/some/where/old/best_model.pt"])
def test_plan_says_with_the_weights_of_which_run_it_begins(first: str) -> None:
    words = {language: starting_weights(Settings(init_from=first), Wording(language)) for language in ("en", "tr")}
    assert "the weights of old," in words["en"] and "old çalışmasının ağırlıkları" in words["tr"]
    assert starting_weights(Settings(), Wording("en")) == ""


async def test_a_pretrained_model_decides_size_and_tokenizer_of_the_plan(
    model: Path, small_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: dict[str, Any] = {"data_dir": str(small_text), "config": "mini", "tokenizer": "char", "batch_size": 64}
    app = an_app("tr", plan=plan)
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        screen = await open_prepared_plan(app, pilot)
        await fill_in(pilot, "init_from", "yok.gguf")
        await until(pilot, lambda: "böyle bir model yok" in summary(app))
        assert source_of(app, "init_from") == f"✗ {app.say('source.wrong')}"
        await pilot.press("ctrl+s")
        await until_shown(pilot, "henüz hazır değil")

        await fill_in(pilot, "init_from", "")
        screen.query_one("#field-init_from", Input).value = str(model)  # a folder, without the hf: before it
        await until(pilot, lambda: summary(app).startswith("✓"))
        settings = screen._resolved.settings
        assert (settings.config, settings.arch, settings.tokenizer) == ("pretrained", "llama", "pretrained")
        assert settings.init_from == f"hf:{model}"
        assert settings.seq_len == 128, "no longer than the model can read"
        assert source_of(app, "learning_rate") == app.say("source.pretrained")
        assert screen._work.preparing.corpus.tokenizer.kind == "pretrained"
        assert screen.query_one("#field-tokenizer", Select).value == "pretrained"
        assert not screen.query_one("#field-vocab_size").parent.display
        assert "önceden eğitilmiş model: boş" in summary(app)
        assert "small-llama" in summary(app), "the run is named after the model"
        assert first_line(app).startswith("● small-")

        for module in ("widgets.configs", "widgets.plan_summary"):
            monkeypatch.setattr(f"mmrec_tui.app.{module}.available_bytes", lambda: 100 * 2**20)
        screen._shown = None
        await until(pilot, lambda: "şununla sığar" in summary(app))
        assert "→ 16" in summary(app), "a smaller micro-batch"

        screen.query_one("#field-arch", Select).value = "gpt"
        await until(pilot, lambda: "zaten belirliyor" in summary(app))
        assert "“Mimari”" in summary(app) and "--" not in summary(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: summary(app).startswith("✓"))
    assert read_preferences().plan["init_from"] == f"hf:{model}", "the draft is kept"
    assert not {"config", "tokenizer", "arch"} & read_preferences().plan.keys()


@pytest.mark.extended
async def test_choosing_a_config_leaves_the_pretrained_model(model: Path, small_text: Path) -> None:
    app = an_app(plan={"data_dir": str(small_text), "init_from": f"hf:{model}"})
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_prepared_plan(app, pilot)
        await until(pilot, lambda: summary(app).startswith("✓"))
        assert "pretrained model: needs" in screen_text(app)
        await pilot.press("1", "down", "down", "enter")
        await until(pilot, lambda: screen._resolved is not None and screen._resolved.settings.config != "pretrained")
        assert screen._resolved.settings.init_from is None
        assert screen._resolved.settings.tokenizer == "char"
        assert not first_line(app).startswith("● small-")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: screen._resolved is not None and screen._resolved.settings.config == "pretrained")


def test_costs_of_another_kind_of_model_are_unknown_until_they_are_measured(model: Path) -> None:
    """The plan shows the new model before it is measured, and the old one while the new one is read."""
    pretrained = with_pretrained(resolve({"init_from": f"hf:{model}"})).settings
    measuring = Measuring()
    measuring.want(pretrained, 256, 4)
    assert measuring.costs_of("tiny") is None
    measuring.want(resolve({}).settings, 100, 4)
    assert measuring.costs_of("pretrained") is None
    measuring._known[measuring._key("mini")] = costs = Costs(1.0, 1.0, 1.0, 1.0)
    assert measuring.costs_with(resolve({"config": "mini"}).settings) is costs


def test_random_weights_in_a_given_time_are_planned_anew() -> None:
    changes = {"init_from": None, "shape": None, "config": "tiny", "learning_rate": 0.04}
    given = {"data_dir": "text", "init_from": "hf:model", "train_layers": 2, "batch_size": 4}
    assert Draft(given).with_remedy({**changes, "train_layers": None}).given == {
        "data_dir": "text", "batch_size": 4, "config": "tiny", "learning_rate": 0.04,
    }  # fmt: skip
    by_hand = {"time": 600.0, "learning_rate": 0.002}  # this rate is for the pretrained model
    assert Draft({**given, **by_hand}).with_remedy({**changes, "train_layers": None}).given == {
        "data_dir": "text", "batch_size": 4, "time": 600.0,
    }  # fmt: skip


@pytest.mark.extended
async def test_the_checklist_offers_random_weights_where_the_model_does_not_know_the_text(
    tmp_path: Path, small_text: Path, prose: str
) -> None:
    source = f"hf:{folder_of(tmp_path / 'small-llama', prose, scale=4.0)}"
    given = {"data_dir": str(small_text), "init_from": source, "seq_len": 16, "time": 60.0}
    checks = BeforeChecks(with_pretrained(resolve(given)), None)
    checks._work.join()
    assert checks.error is None
    (offer,) = [one for one in offers(checks.found, checks.resolved.settings.as_dict()) if one.id == "random-weights"]
    assert offer.finding["id"] == "pretrained-trial"
    checks.apply(offer)
    checks._work.join()
    settings, sources = checks.resolved.settings, checks.resolved.sources
    assert checks.error is None
    assert (settings.config, settings.arch, settings.shape, settings.init_from) == ("tiny", "mmrec", None, None)
    assert (settings.optimizer, sources["optimizer"]) == ("muon", "planner")
    assert (settings.seq_len, sources["seq_len"]) == (16, "hand")
    assert settings.max_steps is not None and sources["max_steps"] == "planner"
    assert "pretrained-trial" not in {one["id"] for one in checks.found}
