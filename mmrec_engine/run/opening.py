"""The folder and the text of a run that begins or goes on: what is missing, and which problem is named first."""

from __future__ import annotations

from pathlib import Path

from mmrec_engine.data.mixture import sources_of
from mmrec_engine.data.sources.hub_source import is_hub
from mmrec_engine.errors import RequestError
from mmrec_engine.planning.planner import plans_tokens
from mmrec_engine.runs.run_folder import Mode, RunFolder
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import Resolved, Settings


def opened(resolved: Resolved, mode: Mode, held_lock: int | None) -> RunFolder:
    """The locked folder. If a run is in it already, a data set that cannot be fetched is named first: with another name of the
    run it would still be missing.

    Raises RequestError.
    """
    try:
        return RunFolder(resolved.settings.run_folder, mode, held_lock)
    except RequestError as error:
        if error.key == "run-exists":
            _require_data_set(resolved)
        raise


def is_gone(settings: Settings) -> bool:
    """Whether a file or folder of the run's text no longer exists."""
    return settings.data_dir is not None and not all(Path(source.place).exists() for source in sources_of(settings))


def _require_data_set(resolved: Resolved) -> None:
    """Raises RequestError if the text is a data set that is neither prepared nor can be read. Keeps nothing of it.

    Which tokens a planned run would find prepared is not known before its plan, so that nothing is asked for it.
    """
    settings = resolved.settings
    named = settings.data_dir is None and any(is_hub(source.place) for source in sources_of(settings))
    if not named or settings.time is not None or plans_tokens(resolved):
        return
    preparing = text_of_new_run(settings)
    try:  # it tells once that it will read the data set, and again when it has found it
        for _ in range(2):
            if (progress := next(preparing, None)) is None or progress.task != "reading":
                return
    except OSError:
        return  # of the disk, which has nothing to do with the data set
    finally:
        preparing.close()
