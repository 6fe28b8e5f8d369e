"""The commands that measure: `plan`, `find-lr`, `find-batch`, `bench` and `bench race`. All accept the flags of `train`."""

from inspect import Parameter
from typing import Any

import typer

from mmrec_tui.cli.options import (
    answer_switches,
    as_flags,
    context_parameter,
    follow_given,
    follow_switches,
    refuse_nan,
    resolve_given,
    switch,
    with_first_weights,
    with_parameters,
)
from mmrec_tui.cli.usage import WordedTyper
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.advice import BATCH_SECONDS, BENCH_SECONDS, RATE_STEPS


def add_plan(app: typer.Typer, wording: Wording, flags: list[Parameter]) -> None:
    def plan(**given: Any) -> int:
        from mmrec_tui.cli.planning import plan_headless

        as_json, quiet = given.pop("json"), given.pop("quiet")
        followed = follow_given(given, wording)
        resolved = resolve_given(given) if followed is None else with_first_weights(followed[0])
        return plan_headless(resolved, wording, as_json, quiet)

    with_parameters(plan, [*flags, *follow_switches(wording), *answer_switches(wording)])
    app.command("plan", help=wording("help.plan"))(plan)


def add_searches(app: typer.Typer, wording: Wording, flags: list[Parameter]) -> None:
    def find_lr(**given: Any) -> int:
        from mmrec_tui.cli import find

        steps, as_json, quiet = (given.pop(name) for name in ("steps", "json", "quiet"))
        return find.find_rate(resolve_given(given), steps, wording, as_json, quiet)

    def find_batch(**given: Any) -> int:
        from mmrec_tui.cli import find

        seconds, as_json, quiet = (given.pop(name) for name in ("seconds", "json", "quiet"))
        refuse_nan({"seconds": seconds}, wording)
        return find.find_batch(resolve_given(given), seconds, wording, as_json, quiet)

    flags = [*flags, *answer_switches(wording)]
    how: dict[str, Any] = {"show_default": True, "min": 20, "max": 2000}
    steps = switch("steps", int, RATE_STEPS, "--steps", wording("help.steps"), **how)
    how = {"show_default": True, "min": 1, "max": 86_400}
    seconds = switch("seconds", float, BATCH_SECONDS, "--seconds", wording("help.seconds"), **how)
    with_parameters(find_lr, [*flags, steps])
    with_parameters(find_batch, [*flags, seconds])
    app.command("find-lr", help=wording("help.find-lr"))(find_lr)
    app.command("find-batch", help=wording("help.find-batch"))(find_batch)


def add_bench(app: typer.Typer, wording: Wording, flags: list[Parameter]) -> None:
    group: typer.Typer = WordedTyper(wording, rich_markup_mode=None)

    def measured(context: typer.Context, **given: Any) -> int:
        if context.invoked_subcommand is not None:
            return 0
        from mmrec_tui.cli.bench import bench

        seconds, as_json, quiet = (given.pop(name) for name in ("seconds", "json", "quiet"))
        refuse_nan({"seconds": seconds}, wording)
        return bench(resolve_given(given), seconds, wording, as_json, quiet)

    def race(**given: Any) -> int:
        from mmrec_tui.cli.race import race as run_race

        overwrite, as_json, quiet = (given.pop(name) for name in ("overwrite", "json", "quiet"))
        flags = as_flags(
            {name: value for name, value in given.items() if name not in ("arch", "kv_heads", "tied", "name")}
        )
        return run_race(resolve_given(given), flags, overwrite, wording, as_json, quiet)

    flags = [*flags, *answer_switches(wording)]
    how: dict[str, Any] = {"show_default": True, "min": 0.1, "max": 600}
    seconds = switch("seconds", float, BENCH_SECONDS, "--seconds", wording("help.bench-seconds"), **how)
    with_parameters(measured, [context_parameter(), *flags, seconds])
    with_parameters(race, [*flags, switch("overwrite", bool, False, "--overwrite", wording("help.race-overwrite"))])
    group.callback(invoke_without_command=True)(measured)
    group.command("race", help=wording("help.race"))(race)
    app.add_typer(group, name="bench", help=wording("help.bench"))
