"""The model sizes as rows to choose from: parameters, memory, time of an epoch. Functions of the known values."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets.option_list import Option

from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.settings.pretrained import PRETRAINED, pretrained_name
from mmrec_tui.locales import Wording

_NAME = 7  # columns of a name
_FROM_NOTHING, _CHARACTERS = Settings(), 100


def config_columns(config: str, parameters: str, memory: str, epoch: str) -> str:
    return f"{config:<8}{parameters:>10}{memory:>10}  {epoch:>10}"


def config_options(
    settings: Settings, vocabulary: int, usable_bytes: float, epoch_time: Callable[[str], str], say: Wording
) -> list[Option]:
    """One for each config, the chosen one marked, below a pretrained model if there is one: then the others are what a model
    from nothing would take, on a text of characters. epoch_time: in words, of a config that fits into `usable_bytes`."""
    options: list[Option] = []
    chosen = settings.config
    if settings.shape is not None and settings.init_from is not None:
        own = settings.model(vocabulary)
        needed = needed_bytes(settings, vocabulary, config=own)
        time_text = epoch_time(PRETRAINED) if needed <= usable_bytes else say("plan.too-large")
        named = Content(pretrained_name(settings.init_from)).truncate(_NAME, ellipsis=True).plain
        line = config_columns(named, say.short(own.parameters()), say.memory(needed), time_text)
        options.append(Option(Content(f"● {line}"), id=PRETRAINED))
        settings, vocabulary, epoch_time = _FROM_NOTHING, _CHARACTERS, lambda _: ""
    for name in PRESETS:
        model = settings.model(vocabulary, name)
        needed = needed_bytes(settings, vocabulary, config=model)
        time_text = epoch_time(name) if needed <= usable_bytes else say("plan.too-large")
        line = config_columns(name, say.short(model.parameters()), say.memory(needed), time_text)
        mark = "●" if name == chosen else "○"
        options.append(Option(Content(f"{mark} {line}"), id=name))
    return options
