"""The app under random keys, clicks, values and sizes, with the engine that trains: no screen may break, whatever comes next.

`make soak`. How long: SOAK_MINUTES (of each seed); SOAK_SEED repeats one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import OutOfBounds, Pilot
from textual.widgets import Input, Select

from mmrec_tui.app.app import MmrecApp, Relaunch
from mmrec_tui.app.keys import KEYS
from tests.app.conftest import TINY, _own_place, an_app  # noqa: F401
from tests.pretrained_models import folder_of

MINUTES = min(10.0, float(os.environ.get("SOAK_MINUTES", "30")))
SEEDS = [int(os.environ["SOAK_SEED"])] if "SOAK_SEED" in os.environ else [1, 2, 3]
SIZES = ((60, 16), (80, 24), (100, 30), (120, 36), (140, 30), (160, 45))
# Keys of widgets, beside those of the app's table. What ends the app is left out, and what starts another process.
MOVES = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "enter", "space", "escape",
         "backspace")  # fmt: skip
LEFT_OUT = {"q", "ctrl+q", "d"}
# What leads on, so that the run is not spent in the guide: a training begins, is reported, and the next one is planned.
ONWARD = {
    "StartScreen": "n",
    "PlanScreen": "ctrl+s",
    "ChecklistScreen": "s",
    "GuideScreen": "escape",
    "KeysScreen": "escape",
}
VALUES = (
    "",
    "0",
    "1",
    "-1",
    "2",
    "0.5",
    "0,5",
    "1e9",
    "abc",
    "ğ€",
    "60",
    "3e-4",
    " ",
    "~",
    "/",
    "hf:",
    "a.gguf",
    "10m",
)

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_screen_breaks_under_random_input(seed: int, tmp_path: Path, text_file: Path, prose: str) -> None:
    chance = random.Random(seed)
    values = [*VALUES, str(text_file), str(tmp_path), str(folder_of(tmp_path / "small-llama", prose))]
    keys = [one for key in KEYS for one in key.keys.split(",") if one not in LEFT_OUT] + 3 * list(MOVES)
    done: list[str] = []
    until = time.monotonic() + 60 * MINUTES
    app: MmrecApp | None = None
    while time.monotonic() < until:
        plan = {**TINY, "data_dir": str(text_file), "epochs": None}
        if app is not None and isinstance(app.return_value, Relaunch):
            app = MmrecApp(app.stage)  # the language was changed: the same screens are opened again
        else:
            app = an_app(chance.choice(("en", "tr")), plan=plan)
        try:
            async with app.run_test(size=chance.choice(SIZES), notifications=True) as pilot:
                while time.monotonic() < until and app.is_running and app._exit is False:
                    await one_action(app, pilot, chance, keys, values, done)
                    assert app.failure is None, app.failure
        except Exception as error:
            shown = "\n".join(done[-40:])
            raise AssertionError(f"seed {seed}, after:\n{shown}") from error
    print(f"seed {seed}: {len(done)} actions,", Counter(line.partition(":")[0] for line in done))


async def one_action(
    app: MmrecApp, pilot: Pilot[Any], chance: random.Random, keys: list[str], values: list[str], done: list[str]
) -> None:
    """done: what was tried so far; the action is added before it is tried."""
    kind = chance.choices(("key", "onward", "click", "value", "size", "wait"), (50, 20, 10, 10, 3, 7))[0]
    screen = type(app.screen).__name__
    if kind == "key":
        key = chance.choice(keys)
        done.append(f"{screen}: key {key}")
        await pilot.press(key)
    elif kind == "onward":
        done.append(f"{screen}: onward")
        await pilot.press(ONWARD.get(screen, "enter"))
    elif kind == "click":
        place = (chance.randrange(app.size.width), chance.randrange(app.size.height))
        done.append(f"{screen}: click {place}")
        with contextlib.suppress(OutOfBounds):
            await pilot.click(offset=place, times=chance.choice((1, 1, 2)))
    elif kind == "value":
        focused, value = app.focused, chance.choice(values)
        done.append(f"{screen}: {focused!r} value {value}")
        if isinstance(focused, Input):
            focused.value = value
        elif isinstance(focused, Select):
            await pilot.press("enter", *chance.choices(("down", "up"), k=chance.randrange(4)), "enter")
        else:
            fields = list(app.screen.query(Input))
            if fields:
                chance.choice(fields).focus()
            else:
                app.post_message(Paste(value))
    elif kind == "size":
        size = chance.choice(SIZES)
        done.append(f"{screen}: size {size}")
        await pilot.resize_terminal(*size)
    else:
        done.append(f"{screen}: wait")
        await asyncio.sleep(chance.choice((0.1, 0.5, 2.0)))
