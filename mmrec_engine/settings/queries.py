"""Questions about the table of settings: what depends on them, their headings, and when they can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mmrec_engine.settings.declaration import HEADING_OF_GROUP, Aspect, Group, Heading
from mmrec_engine.settings.run_settings import Settings
from mmrec_engine.settings.schema import FIELDS


def settings_that_decide(*aspects: Aspect) -> tuple[str, ...]:
    """Names of the settings on which any of these depends."""
    return tuple(name for name, item in FIELDS.items() if not {*aspects}.isdisjoint(item.metadata["decides"]))


def settings_of(group: Group) -> tuple[str, ...]:
    """Names of the settings under one heading of the plan."""
    return tuple(name for name, item in FIELDS.items() if item.metadata["group"] == group)


def matters(name: str, settings: Settings) -> bool:
    """Whether a setting has an effect with the others."""
    rule: Callable[[Settings], bool] | None = FIELDS[name].metadata["matters"]
    return rule is None or rule(settings)


def can_change_while_running(changes: Mapping[str, Any], warmup_ended: bool = True) -> bool:
    """Whether these changes may be made in a running training; else they need a new run.

    They may if the weights keep their meaning and batches are cut in the same way. A longer warmup may, until the warmup has
    ended. Changes of the model or of the batches (config, seq_len, batch_size, accumulate, text) never may.
    """
    return bool(changes) and all(
        (name in FIELDS and FIELDS[name].metadata["while_running"]) or (name == "warmup_steps" and not warmup_ended)
        for name in changes
    )


def heading_of(name: str) -> Heading:
    """The heading of the help under which a setting's flag stands."""
    metadata = FIELDS[name].metadata
    heading: Heading = metadata["heading"] or HEADING_OF_GROUP[metadata["group"]]
    return heading
