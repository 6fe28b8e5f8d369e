"""The model sizes as rows to choose from: parameters, memory, time of an epoch. Functions of the known values."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets.option_list import Option

from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import PRESETS
from mmrec_tui.locales import Wording


def config_columns(config: str, parameters: str, memory: str, epoch: str) -> str:
    return f"{config:<8}{parameters:>10}{memory:>10}  {epoch:>10}"


def config_options(
    settings: Settings, vocabulary: int, usable_bytes: float, epoch_time: Callable[[str], str], say: Wording
) -> list[Option]:
    """One for each config, the chosen one marked. epoch_time: in words, of a config that fits into `usable_bytes`."""
    options = []
    for name in PRESETS:
        model = settings.model(vocabulary, name)
        needed = needed_bytes(settings, vocabulary, config=model)
        time_text = epoch_time(name) if needed <= usable_bytes else say("plan.too-large")
        line = config_columns(name, say.short(model.parameters()), say.memory(needed), time_text)
        options.append(Option(Content(f"{'●' if name == settings.config else '○'} {line}"), id=name))
    return options
