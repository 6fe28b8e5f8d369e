"""`plan`: what `train --time` would do, and why; and the planner's choices in words, which the narration shares."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.planning.reasons import reason_of
from mmrec_engine.settings import Resolved
from mmrec_engine.settings.declaration import flag
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import Narration, one_line, print_json


def choice_lines(choices: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """A line for each choice: setting, value, reason."""
    for name, choice in choices.items():
        if isinstance(choice, Mapping):
            value, reason = choice.get("value"), reason_of(choice, wording.language, lambda one: _shown(one, wording))
            if isinstance(value, bool) or not isinstance(value, int | float):
                shown = str(value)
            else:
                shown = wording.number(value) if isinstance(value, int) else wording.number(value, 4).rstrip("0")
            yield one_line(wording("plan.choice", name=flag(name)[2:], value=shown, reason=reason))


def _shown(value: object, wording: Wording) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return wording.number(value, 0 if isinstance(value, int) else 1 if value >= 0.1 else 2)


def plan_headless(resolved: Resolved, wording: Wording, as_json: bool, quiet: bool) -> int:
    """Say what would be trained in the time, and how. Returns the exit code; RequestError passes through."""
    seconds = resolved.settings.time
    if seconds is None:
        raise RequestError("plan-needs-time")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job comes with SIGINT ignored
    narration = Narration(quiet=as_json or quiet)
    narration.line(wording("prepare"))
    began = time.monotonic()

    from mmrec_engine.planning.candidate_speed import speeds_here
    from mmrec_engine.planning.planner import planned
    from mmrec_tui.cli.commands import finish

    speeds = speeds_here(lambda: False)
    chosen, told = finish(planned(resolved, speeds), narration, wording)
    took = time.monotonic() - began
    if as_json:
        print_json(
            {
                "time": seconds,
                "choices": told.choices,
                "expected": told.expected,
                "settings": chosen.settings.as_dict(),
                "sources": chosen.sources,
                "seconds": round(took, 2),
            }
        )
        return 0
    narration.clear()
    print(wording("plan.head", time=wording.clock(seconds)))
    print("\n".join(choice_lines(told.choices, wording)))
    print(wording("plan.expected", **expected_values(told.expected, wording)))
    return 0


def expected_values(expected: Mapping[str, Any], wording: Wording) -> dict[str, str]:
    """For the words about what a run is expected to come to."""
    return {
        "steps": wording.number(expected["steps"]),
        "tokens": wording.number(expected["tokens"]),
        "passes": wording.number(expected["passes"], 1),
        "parameters": wording.number(expected["parameters"]),
        "speed": wording.number(expected["tokens_per_second"]),
    }
