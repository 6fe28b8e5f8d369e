"""A plan that is made while a run trains here: it uses measured speeds, or says what it waits for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmrec_engine.events import result_of
from mmrec_engine.planning.planner import planned
from mmrec_engine.planning.speeds import Speed, Speeds
from mmrec_engine.settings import resolve
from tests.app.conftest import an_app, long_training, screen_text, until, until_shown


async def test_timed_plan_beside_a_training_uses_known_speeds_or_says_what_it_waits_for(
    small_text: Path,
) -> None:
    from mmrec_engine.training.precision import machine_key

    training = long_training(small_text, name="first")
    plan = {"data_dir": str(small_text), "time": 600.0}
    app = an_app("en", session=training, plan=plan)
    training.start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.open_screen("plan")
        await until_shown(pilot, "waits until first has finished", 60)
        assert "unmeasured" in screen_text(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: screen_text(app).count("waits until first") == 2)  # in a message too
        # The same speeds as after a measurement on the idle machine.
        speeds = Speeds(machine_key(), lambda settings, vocabulary, seconds: Speed(20_000.0))
        result_of(planned(resolve({**plan, "name": "other"}), speeds))
        screen: Any = app.screen
        screen._take(screen._draft.with_value("time", 601.0))
        await until_shown(pilot, "passes over the text", 60)
        assert training.live
        assert screen._is_ready
    app.stage.session = training


async def test_facts_of_another_text_are_never_shown_under_a_new_name(small_text: Path, tmp_path: Path) -> None:
    training = long_training(small_text, name="first")
    app = an_app("en", session=training, plan={"data_dir": str(small_text)})
    training.start()
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_screen("plan")
        await until_shown(pilot, "characters for training", 60)
        await until_shown(pilot, "times are measured once first has finished", 60)
        screen: Any = app.screen
        screen._take(screen._draft.with_value("time", 600.0))  # its plan waits for the speed of the machine
        await until_shown(pilot, "waits until first has finished", 60)
        assert "characters for training" in screen_text(app), "of the text that is still chosen"
        (tmp_path / "german.txt").write_text("Ein anderer Text. " * 4000)
        screen._path_chosen({"data_dir": str(tmp_path / "german.txt")})
        await until_shown(pilot, "german.txt")
        assert "characters for training" not in screen_text(app)
