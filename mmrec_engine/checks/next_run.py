"""The next run that a verdict proposes: its command, and whether it has the settings of this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.checks.finding import Finding
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.runs.comparison import differing_settings
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Settings, settings_that_decide
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings.presets import CHOSEN
from mmrec_engine.system.shell import command_line

NO_LONGER_IN_SECONDS = 90  # a longer time is written in minutes
_WITHOUT_CHECKS = {"baselines"}  # the only check before training of a run with --no-check
_OF_ITS_LENGTH = {"max_steps", "eval_every"}


def command_of(history: History, lever: str, seconds: int, fixed: Mapping[str, Any], name: str) -> str:
    """One command for the improvement, which the checks before training stop no more than they did this run. If more text is
    needed, the user has to name it, and it is checked. seconds: of the new run; fixed: not left to the planner;
    name: unused in the folder where the command makes its run."""
    words = ["mmrec-tui", "train", "--time", _time(seconds)]
    if lever == "text":
        return command_line([*words, "--name", name, "--data-dir"]) + " FOLDER_WITH_MORE_TEXT"
    of_text = _of_text(history.settings)
    return command_line([*words, *of_text, *_flags(fixed), *_of_checks(history), "--name", name])


def keeps_settings(history: History) -> bool:
    """Whether a run for more time would have the settings of this one, which the planner then has chosen: all that it chooses,
    apart from those that the starting weights decide. The others are the usual ones."""
    own, planned = history.settings, history.choices.keys()
    if not own.get("time"):
        return False
    of_weights = set(settings_that_decide("pretrained")) if own.get("init_from") else set[str]()
    chosen = {name for name in planned if name in _OF_ITS_LENGTH or own.get(name) == history.choices[name].get("value")}
    of_words = set() if own.get("tokenizer") == "char" else {"vocab_size"}
    needed = CHOSEN - {"vocab_size"} - _OF_ITS_LENGTH | of_words
    kept = {name: own.get(name) for name in (*of_weights, *chosen, "init_from", "shape", "seed")}
    return needed <= chosen | of_weights and not differing_settings(own, {**Settings().as_dict(), **kept})


def _of_checks(history: History) -> list[str]:
    """The flags without which the checks that failed before this run would stop the next one."""
    made = checks_before(history)
    if made.keys() == _WITHOUT_CHECKS:
        return ["--no-check"]
    failed = [name for name, one in made.items() if one.get("status") in ("fail", "error") and name in CHECKS]
    return [word for name in failed for word in ("--waive", name)]


def checks_before(history: History) -> dict[str, Finding]:
    """The newest finding of each check before training; not those of single files that were skipped."""
    return {str(one.get("id")): one for one in history.findings if one.get("phase") == "before" and not _of_a_file(one)}


def _of_a_file(finding: Finding) -> bool:
    values = finding.get("values")
    return isinstance(values, Mapping) and {"file", "reason"} <= values.keys()


def _flags(values: Mapping[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in (flag(name), str(value))]


def _of_text(settings: Mapping[str, Any]) -> list[str]:
    for name in ("data_dir", "corpus"):
        given = settings.get(name)
        if given:
            texts = [given] if isinstance(given, str) else [str(one) for one in given]
            flag = "--" + name.replace("_", "-")
            return [word for text in texts for word in (flag, text)]
    return ["--use-sample-corpus"]


def _time(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds > NO_LONGER_IN_SECONDS else f"{seconds}s"
