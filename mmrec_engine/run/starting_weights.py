"""The settings that the starting weights of a run decide: the model's sizes, and its tokenizer.

Must not know torch: they are in the description beside a checkpoint.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmrec_engine.errors import RequestError
from mmrec_engine.runs.catalog import locate, read_description
from mmrec_engine.settings import Resolved, settings_that_decide
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings.pretrained import is_pretrained

_GIVEN = ("hand", "file")


def with_starting_weights(resolved: Resolved) -> Resolved:
    """The settings of a run that begins with other weights than random ones, with those of their model.

    Raises RequestError if there is no such model, or a given setting contradicts it.
    """
    name = resolved.settings.init_from
    if is_pretrained(name):
        from mmrec_engine.pretrained.source import with_pretrained  # loads NumPy

        return with_pretrained(resolved)
    return resolved if name is None else with_model_of(resolved, locate(name))


def with_model_of(resolved: Resolved, checkpoint: Path) -> Resolved:
    """With the model and the tokenizer of an earlier run, as far as its folder describes them."""
    folder = checkpoint if checkpoint.is_dir() else checkpoint.parent
    stored = (read_description(folder) or {}).get("settings")
    if not isinstance(stored, dict):
        return resolved
    values = {name: stored[name] for name in settings_that_decide("pretrained") if stored.get(name) is not None}
    for name, value in values.items():
        given = getattr(resolved.settings, name)
        if resolved.sources[name] in _GIVEN and given != value:
            raise RequestError("init-fixed", flag=flag(name), value=given, own=value, path=resolved.settings.init_from)
    chosen = {name for name in values if resolved.sources[name] not in _GIVEN}
    values["shape"] = stored.get("shape")
    return Resolved(replace(resolved.settings, **values), {**resolved.sources, **dict.fromkeys(chosen, "run")})
