"""The model sizes as rows to choose from: parameters, memory, time of an epoch. The rows are a function of the known values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.settings import Settings
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.settings.pretrained import PRETRAINED, is_pretrained, pretrained_name
from mmrec_engine.system.memory import USABLE, available_bytes
from mmrec_tui.app.draft import estimate_run, windows_of
from mmrec_tui.app.in_app import field_name
from mmrec_tui.app.plan_in_work import PlanInWork
from mmrec_tui.app.widgets.pane import Pane
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.app.widgets.restyling import set_line, set_options, set_text
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.planned import reasons
from mmrec_tui.presentation.reading import weights_name

_NAME = 7  # columns of a name
_FROM_NOTHING = Settings()
_CHARACTERS = 100  # ids of a usual text of characters


def config_columns(config: str, parameters: str, memory: str, epoch: str) -> str:
    return f"{config:<8}{parameters:>10}{memory:>10}  {epoch:>10}"


def config_options(
    settings: Settings, vocabulary: int, usable_bytes: float, epoch_time: Callable[[str], str], say: Wording
) -> list[Option]:
    """One for each config, the chosen one marked, below a pretrained model if there is one: then the others are what a model
    from nothing would take, on a text of characters. The weights of an earlier run rule out the others, which cannot be
    chosen. epoch_time: in words, of a config that fits into `usable_bytes`."""
    options: list[Option] = []
    fixed, has_own_shape = begins_with_a_run(settings), settings.shape is not None
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
        ruled_out = fixed and (has_own_shape or name != chosen)
        time_text = epoch_time(name) if needed <= usable_bytes else say("plan.too-large")
        time_text = say("plan.ruled-out") if ruled_out else time_text
        line = config_columns(name, say.short(model.parameters()), say.memory(needed), time_text)
        mark = "●" if name == chosen else "○"
        options.append(Option(Content(f"{mark} {line}"), id=name, disabled=ruled_out))
    return options


class ConfigsPane(Pane):
    """The model sizes to choose from, and what the chosen one is."""

    def compose(self) -> ComposeResult:
        yield Static(id="config-head")
        yield OptionList(id="config-list")
        yield Static(id="config-more")

    def show(self, plan: PlanInWork, say: Wording, *, trains: bool) -> None:
        """trains: whether a training has the processors, so that no time of an epoch is measured."""
        settings, corpus, planned = plan.settings, plan.work.preparing.corpus, plan.work.planning.plan
        vocabulary = _CHARACTERS if corpus is None else corpus.tokenizer.vocab_size
        reason = None if planned is None else reasons(planned.planned.choices, say).get("config")
        head = (say("table.config"), say("table.parameters"), say("plan.memory"), say("plan.epoch-time"))
        set_line(self.query_one("#config-head", Static), Content.styled("  " + config_columns(*head), "bold"))
        room = available_bytes()
        where = self.query_one("#config-list", OptionList)
        epoch_time = partial(_epoch_time, plan, say, trains)
        set_options(where, config_options(settings, vocabulary, USABLE * room, epoch_time, say))
        if where.highlighted is None and settings.config in PRESETS:
            where.highlighted = list(PRESETS).index(settings.config)
        model = settings.model(vocabulary)
        values = {"width": model.width, "layers": model.layers, "heads": model.heads, "free": say.memory(room)}
        more = Content.styled(say("plan.config-more", **values), "$foreground 80%")
        if begun := starting_weights(settings, say):
            more += Content("\n") + plain(begun)
        if reason:
            more += Content("\n") + Content.styled(f"{say('source.planner')}: ", "bold $accent") + plain(reason)
        set_text(self.query_one("#config-more", Static), more)


def begins_with_a_run(settings: Settings) -> bool:
    """Whether it begins with the weights of an earlier run, whose model it has."""
    return settings.init_from is not None and not is_pretrained(settings.init_from)


def starting_weights(settings: Settings, say: Wording) -> str:
    """What the weights of an earlier run decide; empty for random ones, and for a pretrained model, which is a row itself."""
    if settings.init_from is None or not begins_with_a_run(settings):
        return ""
    return say("plan.begins-with", name=weights_name(settings.init_from), field=field_name("init_from", say))


def _epoch_time(plan: PlanInWork, say: Wording, trains: bool, config: str) -> str:
    settings, corpus, measuring = plan.settings, plan.work.preparing.corpus, plan.work.measuring
    costs = measuring.costs_of(config)
    if costs is None:
        measures = not trains and measuring.will_measure(config)
        return "…" if measures else say("plan.choose-to-measure")
    if corpus is None or not windows_of(settings, corpus)[0]:
        return "…"
    seconds = estimate_run(settings, corpus, costs).seconds_an_epoch
    return "…" if seconds is None else say.clock(seconds)
