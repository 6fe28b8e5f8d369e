"""The summary of a planned run: what is wrong with it, what is still under way, or its length, time, memory and folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.content import Content

from mmrec_engine.data.prepare import short_split
from mmrec_engine.errors import MmrecError
from mmrec_engine.model.memory_estimate import fitting_changes
from mmrec_engine.planning.expected_time import ends_early, expected_seconds
from mmrec_engine.runs.catalog import free_name
from mmrec_engine.settings import Settings
from mmrec_engine.settings.pretrained import pretrained_name
from mmrec_engine.system.memory import USABLE, available_bytes
from mmrec_tui.app.draft import RunEstimate, estimate_run
from mmrec_tui.app.in_app import changed_settings, error_text
from mmrec_tui.app.plan_work import PlanWork
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.planned import expected_values
from mmrec_tui.presentation.reading import begun_from
from mmrec_tui.terminal import one_line


def plan_summary(
    work: PlanWork,
    settings: Settings,
    error: MmrecError | None,
    say: Wording,
    *,
    narrow: bool = False,
    trained: str = "",
) -> Content:
    """What is wrong with the plan, what is still under way, or the summary of the run. settings: as the planner will choose
    them; error: of the settings as they were given; narrow: in two short lines; trained: the run that has the processors."""
    if error is not None:
        return Content.styled("✗ ", "bold $error") + plain(error_text(error, say))
    model = work.pretrained
    if model.error is not None:
        return Content.styled("✗ ", "bold $error") + plain(error_text(model.error, say))
    if model.is_under_way:
        return Content(f"… {say('plan.reading-model')}")
    look = work.preparing.view
    if (failure := look.error or work.planning.error) is not None:
        return Content.styled("✗ ", "bold $error") + plain(error_text(failure, say))
    if look.waits_for_encoding:
        return Content.styled("? ", "bold $warning") + plain(say("plan.choose-encoding"))
    if work.planning.waits and trained:
        return Content("… ") + plain(say("plan.waits", name=trained))
    if work.planning.is_under_way:
        return Content(f"… {say('plan.planning', time=say.clock(settings.time or 0))}")
    if look.corpus is None:
        return Content(f"… {say('plan.preparing', percent=say.whole_percent(look.share))}")
    short = short_split(look.corpus, settings.seq_len)
    if short is not None:
        return Content.styled("✗ ", "bold $error") + plain(error_text(short, say))
    ahead = estimate_run(settings, look.corpus, work.measuring.costs_of(settings.config))
    folder = Path(settings.output_dir) / free_run_name(settings)
    free = available_bytes()
    vocabulary = look.corpus.tokenizer.vocab_size
    short_of_memory = ahead.memory_bytes > USABLE * free
    ways = fitting_changes(settings, vocabulary, free) if short_of_memory else {}
    plan = work.planning.plan
    expected: Mapping[str, Any] | None = None
    took = None
    if plan is not None:
        expected, choices = plan.planned.expected, plan.planned.choices
        took = expected_seconds(choices, expected, settings.eval_every) if ends_early(choices, expected) else None
        if "limited_by" in expected:
            expected = {**expected, "steps": ahead.steps}  # those of the given epochs were estimated
    room = Room(free, short_of_memory, changed_settings(ways, settings, say))
    fitting, begun = work.steps_that_fit_now(settings), begun_from(settings.as_dict(), say)
    words = summary_text(
        ahead, folder, room, say, narrow=narrow, expected=expected, took=took, fitting=fitting, begun=begun
    )
    if plan is not None and plan.doubtful and fitting is None:
        words += Content("\n") + Content.styled(f"! {say('plan.speeds-doubtful')}", "bold $warning")
    if trained and ahead.step_seconds is None and expected is None:
        words += Content("\n  ") + plain(say("plan.times-later", name=trained))
    return words


def free_run_name(settings: Settings) -> str:
    """The name of the run's folder, with a number if a run has the name already."""
    usual = settings.config if settings.shape is None else pretrained_name(settings.init_from or settings.config)
    return free_name(Path(settings.output_dir), settings.name or usual)


@dataclass(frozen=True)
class Room:
    """Memory for the run. free_bytes: available here; short: less than the run needs; ways: changes of the settings, in
    words, each of which makes it fit."""

    free_bytes: int
    short: bool
    ways: str = ""


def summary_text(
    ahead: RunEstimate,
    folder: Path,
    room: Room,
    say: Wording,
    *,
    narrow: bool = False,
    expected: Mapping[str, Any] | None = None,
    took: float | None = None,
    fitting: int | None = None,
    begun: str = "",
) -> Content:
    """The summary of the run. folder: of the run; narrow: in two short lines; expected: of a run with a given time, by the
    planner; took: its seconds, if it ends before its time; fitting: so many of its steps fit at the present speed of a busy
    machine; begun: whose weights it begins with."""
    clock = {name: "…" if value is None else say.clock(value) for name, value in
             (("time", ahead.seconds), ("first_time", ahead.seconds_to_validation))}  # fmt: skip
    size = "-short" if narrow else ""
    first = say(f"plan.summary-steps{size}", steps=say.number(ahead.steps), epoch=say.number(ahead.steps_an_epoch), **clock,
                first=say.number(ahead.first_validation))  # fmt: skip
    if ahead.time is not None:
        first = say("plan.summary-timed", time=say.clock(ahead.time))
        if expected:
            kind = "" if took is None else "-limited" if "limited_by" in expected else "-early"
            times = {"time": say.clock(ahead.time), "took": say.clock(took or ahead.time)}
            first = say(f"plan.summary-planned{kind}", **times, **expected_values(expected, say))
    if ahead.target_loss is not None:
        first += f" · {say('plan.summary-target', loss=say.number(ahead.target_loss, 3))}"
    second = say(
        f"plan.summary-room{size}",
        parameters=say.number(ahead.parameters),
        memory=say.memory(ahead.memory_bytes),
        disk=say.memory(ahead.disk_bytes),
        folder=one_line(str(folder)),
    )
    second = f"{begun} · {second}" if begun else second
    if fitting is None:
        lines = Content.styled("✓ ", "bold $success") + plain(first)
    else:
        busy = f"\n! {say('plan.busy', steps=say.number(fitting))}"
        lines = Content("  ") + plain(first) + Content.styled(busy, "bold $warning")
    lines += Content("\n  ") + plain(second)
    if ahead.pretrained:
        step = ahead.step_seconds
        pace = "…" if step is None else say.number(step, 1 if step >= 1 else 3)
        memory = {"memory": say.memory(ahead.memory_bytes), "free": say.memory(room.free_bytes)}
        lines += Content("\n  ") + plain(say("plan.summary-pretrained", pace=pace, **memory))
    if room.short:
        words = say("plan.memory-short") + (say("plan.memory-ways", ways=room.ways) if room.ways else "")
        lines += Content("\n") + Content.styled(f"! {words}", "bold $warning")
    return lines
