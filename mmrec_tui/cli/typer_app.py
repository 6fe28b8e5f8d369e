"""The command line, by Typer. The flags of `train` are made from the table of settings, so that a setting is declared once.

Importing this module loads neither torch nor the app; each command imports what it needs.
"""

from inspect import Parameter
from typing import Annotated, Any, Optional

import typer

from mmrec_engine.settings import CORPUS_CHOICE, resolve
from mmrec_tui.cli.measuring_commands import add_bench, add_plan, add_searches
from mmrec_tui.cli.model_commands import add_generate, add_look, add_serve, add_write
from mmrec_tui.cli.options import (
    answer_switches,
    argument,
    follow_given,
    follow_switches,
    given_by_hand,
    resolve_given,
    resolve_unread,
    setting_flag,
    settings_flags,
    switch,
    with_parameters,
)
from mmrec_tui.cli.usage import ClickException, WordedTyper, usage_text
from mmrec_tui.locales import LANGUAGES, UsageText, Wording

PROGRAM = "mmrec-tui"
WITH_SETTINGS = frozenset({"train", "plan", "check", "find-lr", "find-batch", "bench"})


def run_command(words: list[str], wording: Wording, debug: bool, given_language: str | None) -> int:
    """Run the command of these words, and return its exit code. Raises UsageText for invalid words."""
    try:
        takes_settings = any(word in WITH_SETTINGS for word in words)
        command = typer.main.get_command(build(wording, debug, given_language, takes_settings))
        # Not its `main`, which ends the program with code 1 if the output pipe is closed.
        with command.make_context(PROGRAM, words) as context:
            result = command.invoke(context)
    except ClickException as error:
        raise UsageText(usage_text(error, wording)) from None
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        return 130
    return result if isinstance(result, int) else 0


def build(wording: Wording, debug: bool, given_language: str | None, takes_settings: bool) -> typer.Typer:
    """The command-line app in one language. given_language: of --lang; the app may have stored another than the locale's.

    takes_settings: whether one of `WITH_SETTINGS` is run; else these have no flags, because a flag of every setting
    for each of them takes longer than everything else.
    """
    flags = settings_flags(wording) if takes_settings else []
    names = {"help_option_names": ["--help", "-h"]}
    app = WordedTyper(wording, add_completion=False, rich_markup_mode=None, context_settings=names, name=PROGRAM)

    @app.callback(invoke_without_command=True)
    def root(
        context: typer.Context,
        version: Annotated[bool, typer.Option("--version", help=wording("help.version"))] = False,
        lang: Annotated[
            Optional[str], typer.Option("--lang", metavar="|".join(LANGUAGES), help=wording("help.lang"))
        ] = None,
        debug: Annotated[bool, typer.Option("--debug", help=wording("help.debug"))] = False,
        install_completion: Annotated[
            bool, typer.Option("--install-completion", help=wording("help.install-completion"))
        ] = False,
    ) -> int:
        if install_completion:
            from mmrec_tui.cli.completion import install

            install(wording)
            raise typer.Exit
        if version:
            from mmrec_tui.cli import commands

            commands.version()
            raise typer.Exit
        if context.invoked_subcommand is None:
            from mmrec_tui.app.launch import open_app

            return open_app(given_language)
        return 0

    _add_train(app, wording, debug, flags)
    _add_evaluate(app, wording)
    add_generate(app, wording)
    add_serve(app, wording, debug)
    add_write(app, wording, given_language)
    add_look(app, wording)
    _add_export(app, wording)
    _add_watch(app, wording, given_language)
    _add_check(app, wording, flags)
    add_plan(app, wording, flags)
    add_searches(app, wording, flags)
    add_bench(app, wording, flags)
    _add_tables(app, wording)
    return app


def _add_train(app: typer.Typer, wording: Wording, debug: bool, flags: list[Parameter]) -> None:
    def train(**given: Any) -> int:
        from mmrec_engine.checks.waivers import waived_ids
        from mmrec_tui.cli.headless import How, train_headless

        how = How(
            resume=given.pop("resume"),
            overwrite=given.pop("overwrite"),
            check=not given.pop("no_check"),
            strict=given.pop("strict"),
            waived=waived_ids(given.pop("waive") or ()),
            auto_remedy=given.pop("auto_remedy"),
            as_json=given.pop("json"),
            quiet=given.pop("quiet"),
            debug=debug,
            notify=given.pop("notify"),
        )
        if how.resume and how.overwrite:
            raise UsageText(wording("usage.resume-overwrite"))
        if given["from_run"] is not None and (how.resume or how.overwrite):
            raise UsageText(wording("usage.from-anew"))
        followed = follow_given(given, wording)
        if followed is None:
            return train_headless(resolve_unread(given), wording, how)
        resolved, origin = followed
        return train_headless(resolved, wording, how, origin)

    switches = [
        switch("resume", bool, False, "--resume", wording("help.resume"), group="saving"),
        switch("overwrite", bool, False, "--overwrite", wording("help.overwrite"), group="saving"),
        *follow_switches(wording),
        switch("auto_remedy", bool, False, "--auto-remedy", wording("help.auto-remedy"), group="training"),
        switch("no_check", bool, False, "--no-check", wording("help.no-check"), group="training"),
        switch("strict", bool, False, "--strict", wording("help.strict-train"), group="training"),
        switch("waive", Optional[list[str]], None, "--waive", wording("help.waive"), "ID", "training"),
        switch("notify", Optional[str], None, "--notify", wording("help.notify"), "CMD"),
        *answer_switches(wording),
    ]
    with_parameters(train, [*flags, *switches])
    app.command("train", help=wording("help.train"))(train)


def _add_watch(app: typer.Typer, wording: Wording, given_language: str | None) -> None:
    @app.command("watch", help=wording("help.watch"))
    def watch(
        run: Annotated[Optional[str], typer.Argument(metavar="RUN", help=wording("help.run"))] = None,
    ) -> int:
        from mmrec_engine.runs.catalog import find_run, newest_live_run
        from mmrec_engine.runs.run_folder import refuse_links
        from mmrec_tui.app.launch import open_app

        folder = newest_live_run() if run is None else find_run(run)
        if folder is None:
            raise UsageText(wording("usage.no-live-run"))
        refuse_links(folder)
        return open_app(given_language, folder)


def _add_check(app: typer.Typer, wording: Wording, flags: list[Parameter]) -> None:
    group: typer.Typer = WordedTyper(wording, rich_markup_mode=None, no_args_is_help=True)

    def before(**given: Any) -> int:
        from mmrec_engine.checks.waivers import waived_ids
        from mmrec_tui.cli.check import check_before

        as_json, strict, waived = given.pop("json"), given.pop("strict"), waived_ids(given.pop("waive") or ())
        return check_before(resolve_given(given), wording, as_json, strict, waived)

    switches = [
        switch("strict", bool, False, "--strict", wording("help.strict")),
        switch("waive", Optional[list[str]], None, "--waive", wording("help.waive"), "ID"),
        switch("json", bool, False, "--json", wording("help.json")),
    ]
    with_parameters(before, [*flags, *switches])
    group.command("before", help=wording("help.check-before"))(before)

    @group.command("after", help=wording("help.check-after"))
    def after(
        run: Annotated[str, typer.Argument(metavar="RUN", help=wording("help.checked-run"))],
        strict: Annotated[bool, typer.Option("--strict", help=wording("help.strict"))] = False,
        waive: Annotated[
            Optional[list[str]], typer.Option("--waive", metavar="ID", show_default=False, help=wording("help.waive"))
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_engine.checks.waivers import waived_ids
        from mmrec_tui.cli.check import check_after

        return check_after(run, wording, json, strict, waived_ids(waive or ()))

    app.add_typer(group, name="check", help=wording("help.check"))


def _add_evaluate(app: typer.Typer, wording: Wording) -> None:
    def evaluate(
        checkpoint: str, json: bool, seq_len: Optional[str], samples: int, corpus_tag: Optional[str], **given: Any
    ) -> int:
        from mmrec_tui.cli import commands

        length = None if seq_len is None else resolve({"seq_len": seq_len}).settings.seq_len
        commands.evaluate(checkpoint, resolve(given_by_hand(given)), length, samples, corpus_tag, wording, json)
        return 0

    own = [
        *CORPUS_CHOICE,
        "encoding",
        "fix_encoding",
        "skip_invalid_bytes",
        "text_field",
        "device",
        "threads",
        "metrics",
        "seed",
    ]
    parameters = [
        argument("checkpoint", "CHECKPOINT", wording("help.checkpoint")),
        *(setting_flag(name, wording, of="evaluate") for name in own),
        switch("seq_len", Optional[str], None, "--seq-len", wording("help.evaluate-seq-len"), metavar="INTEGER"),
        switch("corpus_tag", Optional[str], None, "--corpus-tag", wording("help.evaluate-corpus-tag"), metavar="NAME"),
        switch("samples", int, 32, "--samples", wording("help.samples"), show_default=True, min=1, max=100_000),
        switch("json", bool, False, "--json", wording("help.json")),
    ]
    with_parameters(evaluate, parameters)
    app.command("evaluate", help=wording("help.evaluate"))(evaluate)


def _add_export(app: typer.Typer, wording: Wording) -> None:
    @app.command("export", help=wording("help.export"))
    def export(
        checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help=wording("help.checkpoint"))],
        directory: Annotated[str, typer.Argument(metavar="DIR", help=wording("help.directory"))],
        to: Annotated[Optional[str], typer.Option("--to", metavar="FORMAT", help=wording("help.export-to"))] = None,
        license: Annotated[
            Optional[str], typer.Option("--license", metavar="NAME", help=wording("help.export-license"))
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_tui.cli import commands

        commands.export(checkpoint, directory, to, license, wording, json)
        return 0


def _add_tables(app: typer.Typer, wording: Wording) -> None:
    @app.command("configs", help=wording("help.configs"))
    def configs(
        vocabulary: Annotated[int, typer.Option(min=2, max=10**7, help=wording("help.vocabulary"))] = 100,
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_tui.cli import commands

        commands.configs(wording, vocabulary, json)
        return 0

    @app.command("guide", help=wording("help.guide"))
    def guide(
        topic: Annotated[Optional[str], typer.Argument(metavar="TOPIC", help=wording("help.topic"))] = None,
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_tui.cli import guide as guide_command

        guide_command.show(topic, wording, json)
        return 0

    @app.command("corpora", help=wording("help.corpora"))
    def corpora(json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False) -> int:
        from mmrec_tui.cli import commands

        commands.corpora(wording, json)
        return 0

    @app.command("runs", help=wording("help.runs"))
    def runs(json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False) -> int:
        from mmrec_tui.cli import commands

        commands.runs(wording, json)
        return 0
