"""`bench`: the peak speed of this machine, how fast it trains each config, and the time of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from mmrec_engine.settings import CORPUS_CHOICE, Resolved, Settings
from mmrec_tui.cli.find import prepared
from mmrec_tui.cli.tables import print_head, print_row
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.advice import OUTCOMES
from mmrec_tui.terminal import Narration, print_json

if TYPE_CHECKING:
    from mmrec_engine.planning.benchmark import ConfigSpeed
    from mmrec_engine.planning.machine_speed import MachineSpeed

TOKENS_A_STEP = 4096  # enough to occupy the cores of an ordinary computer
_OTHERS = ("tiny", "mini", "small")  # larger ones take minutes a step on an ordinary computer: only on request
_USUAL_VOCABULARY = 100  # of characters, if no text is given
_CONFIG_CELL = 8
_COLUMNS = "{:<8}{:>12}{:>10}{:>11}{:>9}{:>11}{:>11}  {}"
TITLES = {"mmrec": "MM-Rec", "llama": "Llama", "gpt": "GPT"}


def bench(resolved: Resolved, seconds: float, wording: Wording, as_json: bool, quiet: bool) -> int:
    """Measure the machine and the configs on it. Returns the exit code; RequestError and TrainingError pass through."""
    narration, text = _text(resolved, wording, as_json or quiet)

    from mmrec_engine.planning.benchmark import measure_config
    from mmrec_engine.planning.machine_speed import measure_machine
    from mmrec_engine.system.determinism import process_restored
    from mmrec_engine.training.device import resolve_machine

    with process_restored():
        if narration.is_terminal:
            narration.bar(wording("bench.measuring-machine"))
        machine = resolve_machine(resolved.settings)
        settings = _as_measured(
            replace(resolved.settings, precision=machine.precision, threads=machine.threads), resolved
        )
        speed = measure_machine(machine, min(1.0, seconds))
        narration.clear()
        if not as_json:
            *lines, head = _machine_lines(settings, speed, text, wording)
            print("\n".join(lines), flush=True)
            print_head(head)
        found = []
        for config in (settings.config,) if settings.shape or _chosen(resolved, "config") else _OTHERS:
            if narration.is_terminal:
                narration.bar(wording("bench.measuring", config=config))
            one = measure_config(replace(settings, config=config), text.vocabulary, machine, seconds=seconds)
            found.append(one)
            narration.clear()
            if not as_json:
                print_row(_config_line(one, settings, text, wording), _CONFIG_CELL)
    if as_json:
        print_json(
            {
                "machine": {"device": str(machine.device), "threads": machine.threads, **asdict(speed)},
                "arch": settings.arch,
                "recipe": settings.recipe,
                "precision": machine.precision,
                "tokens_a_step": settings.windows_a_step * settings.seq_len,
                "text": None if text.windows is None else {"windows": text.windows, "tokens": text.tokens},
                "configs": [_as_dict(one, settings, text) for one in found],
            }
        )
    return 0


@dataclass(frozen=True)
class _Text:
    """The properties of the text that affect speed. windows: of an epoch; None if no text was given."""

    vocabulary: int = _USUAL_VOCABULARY
    windows: int | None = None
    tokens: int = 0

    def epoch(self, one: ConfigSpeed, settings: Settings) -> float | None:
        """Seconds of an epoch."""
        return None if self.windows is None else one.seconds_an_epoch(self.windows, settings.windows_a_step)


def _text(resolved: Resolved, wording: Wording, quiet: bool) -> tuple[Narration, _Text]:
    if not _chosen(resolved, *CORPUS_CHOICE):
        return Narration(quiet=quiet), _Text()
    from mmrec_engine.data.batches import training_windows

    narration, corpus = prepared(resolved, wording, quiet)
    settings = resolved.settings
    windows = training_windows(settings, corpus).count
    return narration, _Text(corpus.tokenizer.vocab_size, windows, len(corpus.train.tokens))


def _as_measured(settings: Settings, resolved: Resolved) -> Settings:
    """The settings, with steps of 4,096 tokens if no batch size was given."""
    if _chosen(resolved, "batch_size", "accumulate", "microbatch"):
        return settings
    return replace(settings, batch_size=max(1, TOKENS_A_STEP // settings.seq_len), microbatch=None)


def _chosen(resolved: Resolved, *names: str) -> bool:
    """Whether one of these settings was given, rather than from the defaults or a recipe."""
    return any(resolved.sources[name] in ("hand", "file") for name in names)


def _machine_lines(settings: Settings, speed: MachineSpeed, text: _Text, say: Wording) -> Iterator[str]:
    yield say("bench.machine", threads=settings.threads)
    for name, operations in speed.matmul.items():
        ratio = operations / speed.matmul["fp32"]
        words = "" if name == "fp32" else say("bench.against-fp32", ratio=say.number(ratio, 2 if ratio < 10 else 0))
        yield f"  {say('bench.product', precision=name):<24}{say.number(operations / 1e9):>7} GFLOP/s  {words}".rstrip()
    yield f"  {say('bench.copy'):<24}{say.number(speed.copied / 1e9, 1):>7} GB/s"
    yield ""
    size = {"tokens": say.number(settings.windows_a_step * settings.seq_len), "length": say.number(settings.seq_len)}
    yield say("bench.steps", windows=say.number(settings.windows_a_step), arch=TITLES[settings.arch], **size,
              optimizer=settings.optimizer, precision=settings.precision)  # fmt: skip
    last = "" if text.windows is None else say("bench.epoch", tokens=say.short(text.tokens))
    heads = (
        "bench.config",
        "bench.parameters",
        "bench.tokens",
        "bench.step",
        "bench.share",
        "bench.optimizer",
        "bench.memory",
    )
    yield _COLUMNS.format(*map(say, heads), last).rstrip()


def _config_line(one: ConfigSpeed, settings: Settings, text: _Text, say: Wording) -> str:
    trial = one.trial
    if trial.tokens_per_second is None or trial.seconds_a_step is None or one.share is None:
        cells, last = ("–", "–", "–", "–", say.memory(trial.estimated_bytes)), say(OUTCOMES[trial.outcome])
    else:
        memory = trial.estimated_bytes if trial.measured_bytes is None else trial.measured_bytes
        step = f"{say.number(1000 * trial.seconds_a_step)} ms"
        optimizer = "–" if trial.optimizer_share is None else say.whole_percent(trial.optimizer_share)
        shares = (say.whole_percent(one.share), optimizer)
        cells = (say.number(trial.tokens_per_second), step, *shares, say.memory(memory))
        epoch = text.epoch(one, settings)
        last = "" if epoch is None else say.clock(epoch)
    return _COLUMNS.format(one.config, say.short(one.parameters), *cells, last).rstrip()


def _as_dict(one: ConfigSpeed, settings: Settings, text: _Text) -> dict[str, Any]:
    return {
        "config": one.config,
        "parameters": one.parameters,
        "flops_a_token": one.flops_a_token,
        "peak": one.peak,
        "share": one.share,
        "seconds_an_epoch": text.epoch(one, settings),
        **asdict(one.trial),
    }
