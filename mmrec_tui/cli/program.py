"""The program: options that precede every command, and the handling of all errors.

Without a command the app opens directly: the parser of the command line is loaded for commands only.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mmrec_engine.errors import MmrecError, RequestError
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.locales.foreign import in_language
from mmrec_engine.storage import user_folders
from mmrec_engine.system.garbage_collection import collect_rarely, leave_all
from mmrec_tui.locales import DEFAULT_LANGUAGE, LANGUAGES, UsageText, Wording, choose_language
from mmrec_tui.terminal import one_line, prepare_streams, silence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, or the app, and return the exit code; any error becomes one line on stderr."""
    # Threads should not spin for long while they wait for each other: beside another busy process that slows training down
    # (docs/performance.md). The threading library reads it when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, given_language, debug = _taken_out(words)
    try:
        wording = Wording(choose_language(given_language))
    except ValueError:
        wording = Wording(DEFAULT_LANGUAGE)
        return _fail(wording("usage.language", value=given_language, languages=", ".join(LANGUAGES)), wording)
    user_folders.on_stand_in(lambda folder: _tell(wording("places.stand-in", path=folder)))
    try:
        if not (words and words[0].startswith("-")) and _has_no_working_folder():
            return _fail(wording("error.no-working-folder"), wording)
        code = _run(words, wording, debug, given_language)
        sys.stdout.flush()
        return code
    except UsageText as error:
        return _fail(str(error), wording)
    except MmrecError as error:
        if debug:
            import traceback

            traceback.print_exc()
        return _fail(error.text(wording.language), wording, 2 if isinstance(error, RequestError) else 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        silence(sys.stdout)
        return 0
    except OSError as error:
        if debug:
            raise
        silence(sys.stdout)  # else unwritten output would be reported once more at exit
        return _fail(wording("error.system", reason=_system_words(error, wording.language)), wording, 1)
    except Exception as error:
        if debug:
            raise
        message = in_language((str(error).splitlines() or [""])[0], wording.language)
        return _fail_with(wording("error.unexpected", kind=type(error).__name__, message=message), 1)


def _run(words: list[str], wording: Wording, debug: bool, given_language: str | None) -> int:
    if "_MMREC_TUI_COMPLETE" in os.environ:
        from mmrec_tui.cli.completion import answer
        from mmrec_tui.cli.typer_app import WITH_SETTINGS, build

        return answer(lambda line: build(wording, False, None, any(word in WITH_SETTINGS for word in line)))
    if not words:
        from mmrec_tui.app.launch import open_app

        return open_app(given_language)
    if words[0] == "train":
        from mmrec_engine.distributed.process_group import launched

        if launched()[0]:  # a rank that torchrun has started; rank 0 reads the flags, and broadcasts the settings
            from mmrec_engine.distributed.process_group import meeting_place
            from mmrec_engine.training.rank_worker import run_rank

            _, size = launched()
            values = {"missing": 1, "count": size, "place": meeting_place()}
            return run_rank(_device_in(words), waiting=lambda: _tell(wording("waiting-for", **values)))
    from mmrec_tui.cli.typer_app import run_command

    return run_command(words, wording, debug, given_language)


def _device_in(words: list[str]) -> str:
    """The value of `--device`, which all ranks need before they can communicate."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--device":
            return following
        if word.startswith("--device="):
            return word.removeprefix("--device=")
    return "auto"


def _taken_out(words: list[str]) -> tuple[list[str], str | None, bool]:
    """--lang and --debug removed from any position: all other flags and messages depend on them."""
    kept: list[str] = []
    language, debug = None, False
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*kept, word, *rest], language, debug
        if word == "--lang":
            language = next(rest, "")
        elif word.startswith("--lang="):
            language = word.removeprefix("--lang=")
        elif word == "--debug":
            debug = True
        else:
            kept.append(word)
    return kept, language, debug


def _system_words(error: OSError, language: Language) -> str:
    reason = in_language(error.strerror or str(error), language)
    return f"{os.fsdecode(error.filename)}: {reason}" if isinstance(error.filename, str | bytes) else reason


def _fail(message: str, wording: Wording, code: int = 2) -> int:
    return _fail_with(wording("error", message=message), code)


def _fail_with(line: str, code: int) -> int:
    _tell(line)
    return code


def _tell(line: str) -> None:
    with contextlib.suppress(OSError):
        print(one_line(line), file=sys.stderr, flush=True)


def _has_no_working_folder() -> bool:
    """Whether the working folder was removed: libraries that use it would end the process."""
    try:
        return not Path.cwd().exists()
    except OSError:
        return True


def run() -> None:
    """The installed command."""
    collect_rarely()
    code = main()
    leave_all()
    sys.exit(code)
