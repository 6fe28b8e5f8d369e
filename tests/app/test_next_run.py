"""After a run has ended, one key gives it more time, or opens the plan of the run that its report proposes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from mmrec_engine import events, train
from mmrec_engine.checks.remedies import remedies_for
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.settings import resolve
from mmrec_tui.app.in_app import chosen_values
from mmrec_tui.app.screens import report as report_screen
from mmrec_tui.app.widgets.finding_panels import hints_text
from mmrec_tui.app.widgets.report_text import proposal_text
from mmrec_tui.locales import Wording

from .conftest import TINY, TRAINED, an_app, screen_text, table_of, until, until_shown
from .recorded import BEGAN, PLANNED, a_training, an_ending, record
from .test_plotting import history_of

FLAG = re.compile(r"--[a-z]|\b[a-z]+_[a-z]+\b(?!\.)")


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_the_report_proposes_a_run_by_a_key_and_not_by_a_command(
    language: str, small_text: Path, without_torch: None
) -> None:
    text = {"data_dir": str(small_text)}
    stream = [*a_training(300, learning_rate=0.01, **text), *an_ending(step=300)]  # in 68 s, its loss still falling
    folder = record(Path("checkpoints/tiny").absolute(), stream, **text)
    app = an_app(language)
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("report", folder=folder)
        await until_shown(pilot, {"en": "n plans a new run of 3:00", "tr": "n bu metinle 3:00"}[language])
        numbers, below = (str(app.screen.query_one(name).render()) for name in ("#numbers", "#next"))
        proposal = numbers.splitlines()[-1]
        assert {"en": "c makes this one longer", "tr": "c bunu kendi ayarlarıyla uzatır"}[language] in proposal
        await until(pilot, lambda: proposal in str(app.screen.query_one("#next").render()))
        assert app.say("report.nothing") not in below
        assert not FLAG.findall(numbers), numbers
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        assert app.screen._draft.given == {**text, "time": 180}  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "tr"])
async def test_run_that_has_exhausted_its_text_asks_for_more_text_and_warns_of_more_passes(
    language: str, small_text: Path, monkeypatch: pytest.MonkeyPatch, without_torch: None
) -> None:
    monkeypatch.setattr("tests.app.recorded.EPOCH", 30)  # steps: ten passes
    text: dict[str, Any] = {"data_dir": str(small_text), "time": 120.0, "epochs": None, "max_steps": 300}
    rate = {"optimizer": "muon", "learning_rate": 0.04}
    stream = [*a_training(300, **rate, **text), *an_ending(step=300)]
    folder = record(Path("checkpoints/tiny").absolute(), stream, **rate, **text)
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("report", folder=folder)
        await until_shown(pilot, {"en": "n asks for more text", "tr": "n daha çok metin sorar"}[language])
        await pilot.press("c")
        await until_shown(pilot, {"en": "passed over its text 10 times", "tr": "üzerinden 10 kez"}[language])
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "report")
        await pilot.press("n")
        await until_shown(pilot, {"en": "More text helps most", "tr": "En çok daha fazla metin"}[language])
        assert app.screen.is_modal and getattr(app.screen_stack[-2], "table", "") == "plan"
        assert app.say("plan.choose-text") not in screen_text(app), "no weights are set"
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "plan")
        assert app.screen._draft.given == {"data_dir": str(small_text), "time": 120}  # type: ignore[attr-defined]


async def test_report_scrolls_by_keys_again_after_the_field_to_try_the_model(without_torch: None) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(300), *an_ending(step=300)])
    (folder / "best_model.pt").write_bytes(b"")
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("report", folder=folder)
        await until_shown(pilot, "Report")
        page = app.screen.query_one("#report")
        await until(pilot, lambda: page.max_scroll_y > 10)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("escape", "home")
        await until(pilot, lambda: page.scroll_y == 0)
        await pilot.press("end")
        await until(pilot, lambda: page.scroll_y == page.max_scroll_y)
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")


async def test_finished_run_is_suggested_twice_its_steps_as_by_the_remedy_for_one_that_still_improves(
    without_torch: None,
) -> None:
    limit: dict[str, Any] = {"epochs": None, "max_steps": 300}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(300, **limit), *an_ending(step=300)], **limit)
    advised = remedies_for("still-improving", resolve(limit).settings.as_dict())
    app = an_app()
    async with app.run_test(size=(100, 30)) as pilot:
        app.continue_run(folder, finished=True)
        await until_shown(pilot, "was trained for 300 steps. How many more?")
        more = int(app.screen.query_one(Input).value)
        assert [one["settings"] for one in advised] == [{"max_steps": 300 + more}]


async def test_finished_run_with_a_given_time_is_extended_by_minutes(
    small_text: Path, monkeypatch: pytest.MonkeyPatch, without_torch: None
) -> None:
    text: dict[str, Any] = {"data_dir": str(small_text), "time": 120.0, "epochs": None, "max_steps": 300}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(300, **text), *an_ending(step=300)], **text)
    app = an_app()
    resumed: list[Any] = []
    monkeypatch.setattr(app, "resume", resumed.append)
    async with app.run_test(size=(100, 30)) as pilot:
        app.open_screen("report", folder=folder)
        await until_shown(pilot, "n plans a new run")
        await pilot.press("c")
        await until_shown(pilot, "tiny took 1:08. How many more minutes?")
        assert app.screen.query_one(Input).value == "1"
        for nothing in (["backspace"], ["0"]):
            await pilot.press(*nothing, "enter")
            await until_shown(pilot, "Enter a number above 0")
            assert not resumed
        await pilot.press("backspace", "3", "enter")
        await until(pilot, lambda: resumed)
    assert {name: value for name, value in resumed[0].settings.as_dict().items() if name in ("time", "max_steps")} == {
        "time": 68 + 180,  # it was given 120 s and took 68
        "max_steps": None,
    }


def test_planner_choices_have_the_titles_of_the_fields() -> None:
    choices = {"vocab_size": {"value": 1700}, "dropout": {"value": 0.05}, "seed": {"value": 1}}
    shown = ("vocab_size", "dropout")
    assert chosen_values(choices, shown, Wording("en")) == "Vocabulary size 1,700 · Dropout 0.05"
    assert chosen_values(choices, shown, Wording("tr")) == "Sözlük boyutu 1.700 · Dropout 0,05"


async def test_finished_run_without_further_steps_is_shown_as_ended(small_text: Path) -> None:
    asked = {**TINY, "max_steps": 3, "eval_every": 3, "data_dir": str(small_text)}
    for _ in train(resolve(asked)):
        pass
    app = an_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        app.train(resolve(asked), resume=True)
        assert app.stage.session is not None and app.stage.session.join()  # before the app has looked at it
        await until_shown(pilot, "tiny has finished", TRAINED)
        await until_shown(pilot, "step 3/3")
        assert "FINISHED" in screen_text(app)


async def test_report_compares_with_an_earlier_run_and_proposes_the_settings_of_the_better_one(
    small_text: Path, without_torch: None
) -> None:
    corpus = {"fingerprint": "text", "split": "split"}
    text = {"data_dir": str(small_text), "learning_rate": 0.01}
    for name, later, bits, settings in (
        ("tiny", 0.0, 0.0, {"time": 60.0}),
        ("tiny-2", 100.0, 0.036, {"time": 120.0, "tokenizer": "bpe", "vocab_size": 2000, "dropout": 0.0}),
    ):
        stream = []
        for event in [*a_training(300, **text, **settings), *an_ending(step=300)]:
            if isinstance(event, events.Validation):
                event = replace(event, bits_per_character=event.bits_per_character + bits)
            stream.append(replace(event, time=event.time + later))
        folder = record(Path("checkpoints", name).absolute(), stream, **text, **settings)
        described = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**described, "corpus": corpus}))
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("report", folder=folder.parent / "tiny")
        await until_shown(pilot, "the advised longer run exists already: tiny-2")
        assert "more time helps most" not in screen_text(app)
        await pilot.press("escape")
        app.open_screen("report", folder=folder)
        await until_shown(pilot, "0.036 bits per character worse than tiny")
        told = " ".join(screen_text(app).split())
        assert "Unlike tiny: Tokenizer bpe instead of char; Dropout 0 instead of 0.1." in told
        assert "2:00 with random weights and these settings of tiny (advised): Tokenizer char; c makes" in told
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        given = {"data_dir": str(small_text), "time": 120.0, "tokenizer": "char"}
        assert app.screen._draft.given == given  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "tr"])
def test_the_proposal_says_which_weights_the_next_run_begins_with(language: str) -> None:
    def told(lever: str, **settings: Any) -> str:
        verdict = {"lever": lever, "seconds": 120, "settings": settings, "earlier": {"run": "mini-3"}}
        return proposal_text(verdict, Wording(language))

    begins = {"en": "began with", "tr": "başladığı ağırlıklarla"}[language]
    alone, same, theirs = told("time"), told("time", init_from="a"), told("earlier", init_from="a")
    settings, nothing = told("earlier", config="mini", learning_rate=0.04), told("earlier")
    assert nothing == alone and begins not in alone
    assert begins in same and "mini-3" not in same
    assert begins in theirs and "mini-3" in theirs
    assert {"en": "random weights", "tr": "rastgele ağırlıklarla"}[language] in settings
    assert {"en": "Model size mini · Learning rate 0.04", "tr": "Model boyutu mini · Öğrenme oranı 0,04"}[
        language
    ] in settings


@pytest.mark.parametrize("status", ["failed", "interrupted"])
async def test_report_without_a_proposal_has_no_key_for_the_next_run(
    status: Any, small_text: Path, without_torch: None
) -> None:
    text = {"data_dir": str(small_text)}
    stream = [*a_training(300, **text), *an_ending(status, step=300, reason="out of memory")]
    folder = record(Path("checkpoints/tiny").absolute(), stream, **text)
    app = an_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        app.open_screen("report", folder=folder)
        await until_shown(pilot, "perplexity")
        assert "next run" not in screen_text(app)
        await pilot.press("n")
        await until_shown(pilot, "no next run is proposed")
        assert table_of(app) == "report"


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("saved", [True, False])
async def test_report_of_a_stopped_run_says_how_to_go_on_and_offers_only_what_it_has(
    language: str, saved: bool, without_torch: None
) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(40), *an_ending("interrupted", step=40)])
    if saved:
        (folder / "checkpoint_step_40.pt").touch()
    app = an_app(language)
    say = app.say
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.open_screen("report", folder=folder)
        screen: Any = app.screen
        key = "report.next-stopped" if saved else "report.next-anew"
        goes_on = say(key, step="40", planned="600")
        await until(pilot, lambda: any(goes_on in str(one.render()) for one in screen.query("#next")))
        numbers = str(screen.query_one("#numbers").render())
        assert numbers.splitlines()[0] == say("state.STOPPED") == say("status.interrupted")
        assert say("report.no-validation") in numbers and goes_on in numbers
        assert say("report.nothing") not in str(screen.query_one("#next").render())
        assert ("mmrec-tui generate" in str(screen.query_one("#next").render())) == saved
        assert screen.query_one("#prompt").display == saved
        actions = [one.action for one in screen.shown_keys()]
        assert ("write" in actions, "prompt" in actions, "export" in actions) == (saved, saved, saved)
        assert screen.barred_keys()[0].action == "go_on_run"
        questions = [one.question[app.say.language] for one in ITEMS if one.phase == "after"]
        await until(pilot, lambda: all(question in screen_text(app) for question in questions))
        assert screen._file == ("checkpoint_step_40.pt" if saved else "")
        if not saved:
            for key in ("slash", "w", "l", "e"):  # hidden, and without an effect
                await pilot.press(key)
                await until_shown(pilot, say("report.no-model"))
                assert app.screen is screen and app.focused is not screen.query_one("#prompt")
                app._end_note()
                await until(pilot, lambda: say("report.no-model") not in screen_text(app))


async def test_escape_in_a_proposed_plan_returns_to_the_report(small_text: Path, without_torch: None) -> None:
    text = {"data_dir": str(small_text)}
    record(Path("checkpoints/tiny").absolute(), [*a_training(300, **text), *an_ending(step=300)], **text)
    app = an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("runs")
        screen: Any = app.screen
        await until(pilot, lambda: screen._rows)
        await pilot.press("enter")
        await until_shown(pilot, "n plans a new run")
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "report")
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "runs")


async def test_proposed_plan_replaces_the_one_that_was_open(
    small_text: Path, without_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = {"data_dir": str(small_text)}
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(300, **text), *an_ending(step=300)], **text)
    verdicts: list[Any] = []
    compute = report_screen.verdict_of
    monkeypatch.setattr(report_screen, "verdict_of", lambda *of: verdicts.append(compute(*of)) or verdicts[-1])
    app = an_app(plan={"config": "mini", "dropout": 0.3})
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("plan")
        await until(pilot, lambda: table_of(app) == "plan")
        before = app.screen
        app.open_screen("report", folder=folder)
        await until_shown(pilot, "n plans a new run")
        await pilot.resize_terminal(100, 36)
        assert len(verdicts) == 1, "once for all that is shown"
        await pilot.press("n")
        await until(pilot, lambda: [getattr(one, "table", "") for one in app.screen_stack] == ["start", "plan"])
        proposed = {**text, "time": verdicts[0]["seconds"]}
        plan: Any = app.screen
        await until(pilot, lambda: plan._draft.given == proposed and not before.is_running, 5)
        own = {"config": "mini", "dropout": 0.3}
        assert app.stage.preferences.plan == own, "also after the other one has been closed"
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "start")
        assert app.stage.preferences.plan == own
        await pilot.press("n")
        await until(pilot, lambda: table_of(app) == "plan")
        again: Any = app.screen
        await until(pilot, lambda: again._made)
        assert again._draft.given == own, "a proposal replaces no plan of one's own"


DISK = {"error": "training-disk", "path": "checkpoints/tiny/best_model.pt", "reason": "No space left on device"}
NOT_FINITE = {
    "error": "training-non-finite",
    "what": "loss",
    "value": "nan",
    "module": "blocks.0",
    "rate": 0.001,
    "warmup": 50,
    "step": 41,
}


@pytest.mark.parametrize(
    ("language", "values", "saved", "told", "key"),
    [
        ("en", DISK, True, "(No space left on device); free some space", "report.next-failed"),
        ("tr", DISK, True, "yer açın", "report.next-failed"),
        ("en", DISK, False, "free some space", "report.next-anew"),
        ("en", NOT_FINITE, True, "Try a lower", "report.next-failed-again"),
        ("en", {}, True, "it broke", "report.next-failed"),
        ("en", {"error": "of-another-version"}, True, "it broke", "report.next-failed"),
    ],
)
async def test_report_of_a_failed_run_says_why_and_what_to_do(
    language: str, values: dict[str, Any], saved: bool, told: str, key: str, without_torch: None
) -> None:
    lower = remedy("lower-learning-rate", learning_rate=0.001)
    found = {"id": "non-finite", "phase": "during", "item": "loss-falling", "status": "fail", "remedies": [lower]}
    stream = [*a_training(40), *([events.Finding(step=40, finding=found)] if values is NOT_FINITE else [])]
    ending = [
        events.RunFinished(step=40, time=BEGAN + 70, status="failed", reason="it broke", seconds=68.0, values=values),
        events.State(step=40, time=BEGAN + 70, state="FAILED"),
    ]
    folder = record(Path("checkpoints/tiny").absolute(), [*stream, *ending])
    if saved:
        (folder / "checkpoint_step_40.pt").touch()
    app = an_app(language)
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_screen("report", folder=folder)
        steps = {"step": "40", "planned": app.say.number(PLANNED)}
        await until_shown(pilot, app.say(key, **steps)[:60])
        assert told in " ".join(screen_text(app).split())
        first = app.screen.barred_keys()[0].action  # type: ignore[attr-defined]
        assert first == ("apply" if values is NOT_FINITE else "go_on_run")
        hints = hints_text(history_of(*stream, *ending), "FAILED", "", True, app.say).plain
        assert app.say("hint.mended" if values is NOT_FINITE else "hint.stopped") in hints, (
            "the same while it is watched"
        )


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("time", [None, 120.0])
async def test_report_offers_to_train_the_model_further_on_another_text(
    language: str, time: float | None, without_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_screen, "needs_checks", lambda *_: False)
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(time=time), *an_ending()])
    (folder / "best_model.pt").touch()
    app = an_app(language)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("report", folder=folder)
        await until(pilot, lambda: app.screen._history)  # type: ignore[attr-defined]
        await until(pilot, lambda: app.say("report.further") in str(app.screen.query_one("#next").render()))
        told: list[str] = []
        monkeypatch.setattr(app, "tell", told.append)
        await pilot.press("f")
        await until(pilot, lambda: table_of(app) == "plan" and told)
        screen: Any = app.screen
        wanted = {"init_from": str(folder / "best_model.pt"), **({"time": time} if time else {})}
        assert screen._draft.given == wanted
        assert told == ["plan.choose-text"]
        texts = screen.query_one("#corpus-list")
        await until(pilot, lambda: texts.has_focus and texts.region.area)
        await pilot.pause(0.3)
        assert texts.has_focus, "the text is to be chosen"
        await pilot.press("escape")
        await until(pilot, lambda: table_of(app) == "report")


async def test_report_without_a_model_does_not_offer_to_train_it_further(without_torch: None) -> None:
    folder = record(Path("checkpoints/tiny").absolute(), [*a_training(60), *an_ending(step=60)])
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_screen("report", folder=folder)
        await until(pilot, lambda: app.screen._history)  # type: ignore[attr-defined]
        assert "train_further" not in [key.action for key in app.screen.shown_keys()]  # type: ignore[attr-defined]
        assert app.say("report.further") not in str(app.screen.query_one("#next").render())
