"""The planner's choices in words: a line for each choice, with its reason, and the expected results of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmrec_engine.events import Replanned
from mmrec_engine.planning.reasons import reason_of
from mmrec_engine.settings import FIELDS
from mmrec_engine.settings.declaration import flag
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line


def choice_lines(choices: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """A line for each choice: setting, value, reason."""
    for name, choice in choices.items():
        if isinstance(choice, Mapping):
            value, reason = choice.get("value"), reason_of(choice, wording.language, lambda one: _shown(one, wording))
            if isinstance(value, bool) or not isinstance(value, int | float):
                shown = str(value)
            else:
                shown = (
                    wording.number(value)
                    if isinstance(value, int)
                    else wording.number(value, 4).rstrip("0").rstrip(".,")
                )
            yield one_line(wording("plan.choice", name=flag(name)[2:], value=shown, reason=reason))


def unset_words(name: str, wording: Wording) -> str:
    """What is used where a setting has no value."""
    unset = FIELDS[name].metadata["unset"]
    if not unset:
        return wording("value.none")
    return wording(f"plan.{unset}" if wording.knows(f"plan.{unset}") else f"help.{unset}")


def reasons(choices: Mapping[str, Any], wording: Wording) -> dict[str, str]:
    """The reason of each choice, by setting; those without words are omitted."""
    found = {
        name: reason_of(choice, wording.language, lambda one: _shown(one, wording))
        for name, choice in choices.items()
        if isinstance(choice, Mapping)
    }
    return {name: one_line(reason) for name, reason in found.items() if reason}


def _shown(value: object, wording: Wording) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return wording.number(value, 0 if float(value).is_integer() else 1 if value >= 0.1 else 2)


def expected_values(expected: Mapping[str, Any], wording: Wording) -> dict[str, str]:
    """For the words about the expected results of a run."""
    return {
        "steps": wording.number(expected["steps"]),
        "tokens": wording.number(expected["tokens"]),
        "passes": wording.number(expected["passes"], 1),
        "parameters": wording.number(expected["parameters"]),
        "speed": wording.number(expected["tokens_per_second"]),
    }


def limit_line(expected: Mapping[str, Any], wording: Wording) -> str:
    """The given limit that ends the run before its time, in a line as of a choice; empty without one."""
    key = {"epochs": "plan.limited.epochs", "max_steps": "plan.limited.max_steps"}.get(str(expected.get("limited_by")))
    if key is None:
        return ""
    return wording(key, **{name: _shown(round(expected[name], 1), wording) for name in ("steps", "passes")})


def replanned_values(event: Replanned, wording: Wording) -> dict[str, str]:
    """For the words about a new number of steps: why, and the steps before and after."""
    before = event.before.get("max_steps")
    words = replanned_words(before if isinstance(before, int) else 0, event.planned_steps, wording)
    return {**words, "left": wording.number(max(0.0, event.seconds_left))}


def replanned_words(before: int, after: int, wording: Wording) -> dict[str, str]:
    """Why a run in a given time has another number of steps, and the steps before and after."""
    return {
        "why": wording("replanned.slower" if before > after else "replanned.faster"),
        "before": wording.number(before),
        "after": wording.number(after),
    }
