"""`plan`: what `train --time` would choose, and why."""

from __future__ import annotations

import signal
import time

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import Resolved
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.planned import choice_lines, expected_values, limit_line
from mmrec_tui.terminal import Narration, one_line, print_json

_SECONDS = 0.5  # of steps that show the present speed


def plan_headless(resolved: Resolved, wording: Wording, as_json: bool, quiet: bool) -> int:
    """Print the settings that would be chosen for the time, with reasons. Returns the exit code; RequestError passes
    through."""
    seconds = resolved.settings.time
    if seconds is None:
        raise RequestError("plan-needs-time")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with SIGINT ignored
    narration = Narration(quiet=as_json or quiet)
    narration.line(wording("prepare"))
    if resolved.settings.data_dir is None and resolved.settings.corpus in (None, "sample"):
        narration.line(wording("corpus.sample"))
    began = time.monotonic()

    from mmrec_engine.planning.candidate_speed import speeds_here
    from mmrec_engine.planning.expected_time import expected_seconds
    from mmrec_engine.planning.planner import planned
    from mmrec_engine.planning.present_speed import steps_that_fit_now
    from mmrec_tui.cli.progress_bar import with_progress_bar

    speeds = speeds_here(lambda: False)
    chosen, plan_event = with_progress_bar(planned(resolved, speeds), narration, wording)
    present = speeds.at_present(chosen.settings, _SECONDS)
    fitting = None if present is None else steps_that_fit_now(plan_event.expected, present)
    length = expected_seconds(plan_event.choices, plan_event.expected, chosen.settings.eval_every)
    took = time.monotonic() - began
    if as_json:
        print_json(
            {
                "time": seconds,
                "choices": plan_event.choices,
                "expected": plan_event.expected,
                "expected_seconds": round(length, 1),
                "steps_at_present_speed": fitting,
                "settings": chosen.settings.as_dict(),
                "sources": chosen.sources,
                "seconds": round(took, 2),
            }
        )
        return 0
    narration.clear()
    print(wording("plan.head", time=wording.clock(seconds)))
    if chosen.settings.init_from is not None:
        print(wording("plan.begins", weights=one_line(chosen.settings.init_from)))
    print(
        "\n".join(filter(None, [*choice_lines(plan_event.choices, wording), limit_line(plan_event.expected, wording)]))
    )
    values = {**expected_values(plan_event.expected, wording), "took": wording.clock(length)}
    print(wording("plan.expected", **values))
    if fitting is not None:
        print(f"! {wording('plan.busy', steps=wording.number(fitting))}")
    return 0
