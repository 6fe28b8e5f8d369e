"""Makes the pictures in docs/screens from the app itself, driven by keys, on a real training on the sample corpus.

    python docs/make_screenshots.py            # both languages, about two minutes

The pictures are SVG as Textual exports it, without the fonts it would load from the network.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "screens"
PLAN = {"recipe": "fast", "max_steps": 300, "eval_every": 50, "checkpoint_every": 100}
WIDE, SMALL = (150, 42), (80, 24)
_MOST_SECONDS = 600
_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)


async def main() -> None:
    for language, prompt in (("en", "The old man "), ("tr", "Yaşlı adam ")):
        Path(language).mkdir()
        os.chdir(language)
        await pictures(language, prompt)
        os.chdir("..")


async def pictures(language: str, prompt: str) -> None:
    from textual.widgets import Input

    from mmrec_tui.app.app import MmrecApp
    from mmrec_tui.app.stage import Stage
    from mmrec_tui.locales import Wording
    from mmrec_tui.preferences import Preferences

    app: Any = MmrecApp(Stage(Wording(language), Preferences(plan=dict(PLAN))))  # type: ignore[arg-type]
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: app.screen.table == "plan" and app.screen._work.measuring.costs_of("small"))
        await pilot.pause(0.5)
        save(app, f"plan-{language}")
        await pilot.press("ctrl+s", "space")
        await pilot.pause(0.3)
        save(app, f"checklist-{language}")
        checklist: Any = app.screen
        await until(pilot, lambda: checklist._checks.done)
        await pilot.press("s")
        await until(pilot, lambda: app.stage.session is not None and step_of(app) > 220)
        await pilot.pause(0.6)
        save(app, f"training-{language}")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause(0.6)
        save(app, f"training-small-{language}")
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: app.stage.session.state == "FINISHED")
        await pilot.press("r")
        await until(pilot, lambda: app.screen.table == "report" and app.screen._history is not None)
        screen: Any = app.screen
        screen.query_one("#prompt", Input).value = prompt
        await pilot.press("slash", "enter")
        await until(pilot, lambda: screen._writer.written is not None and not screen._writer.writing)
        await pilot.pause(0.5)
        save(app, f"report-{language}")


def step_of(app: Any) -> int:
    with app.stage.session.reading() as history:
        return history.last_step.step if history.last_step is not None else 0


async def until(pilot: Any, true: Callable[[], object]) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(true.__code__)
        await pilot.pause(0.1)


def save(app: Any, name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    svg = _FONTS.sub("", app.export_screenshot(title=f"mmrec-tui · {name}"))
    (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{name}.svg", file=sys.stderr)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[variable] = home
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the program sets it, before torch is imported
        os.chdir(home)
        asyncio.run(main())
