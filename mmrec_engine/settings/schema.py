"""The table of settings, for the command line, the settings file, the app and `run.json`.

Each setting is declared once, with its default, its bounds and its unit, if any. Must not know: torch, screens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, fields
from typing import Any, get_type_hints

from mmrec_engine.errors import RequestError
from mmrec_engine.settings.declaration import (
    check,
    flag,
    is_plain_name,
    setting,
)
from mmrec_engine.settings.model_config import ARCHITECTURES, Architecture
from mmrec_engine.settings.parsing import check_device, named, parsed, type_of
from mmrec_engine.settings.presets import OPTIMIZERS, PRESETS, RECIPES
from mmrec_engine.settings.pretrained import PRETRAINED

METRICS = ("bleu", "rouge", "distinct", "copied")
LOGGERS = ("tensorboard", "wandb", "trackio", "mlflow", "csv")
TOKENIZERS = ("char", "bpe", "sentencepiece")  # learnt from the text
CONFIGS = (*PRESETS, PRETRAINED)
CURRICULA = ("none", "length", "ngram", "compression", "order")
PACINGS = ("linear", "root", "step")
WHOLE = "all"  # corpora, together
SHARDINGS = ("auto", "none", "full")
COMPILE_MODES = ("auto", "off", "graphs", "inductor")
KERNELS = ("plain", "fla")
SCHEDULES = ("cosine", "linear", "constant", "wsd", "inverse-sqrt", "cosine-restarts", "plateau")


def _schedule(name: str) -> Callable[[DeclaredSettings], bool]:
    return lambda settings: settings.schedule == name


def _from_nothing(settings: DeclaredSettings) -> bool:
    """Whether the settings decide the model's size and vocabulary: a pretrained model has its own."""
    return settings.shape is None


def several_corpora(settings: DeclaredSettings) -> bool:
    return isinstance(settings.data_dir or settings.corpus, tuple)


@dataclass(frozen=True)
class DeclaredSettings:
    """All settings of a run, each valid alone; the defaults are the guide's. `Settings` adds which values go together."""

    # model
    config: str = setting("tiny", choices=CONFIGS, decides=("speed", "weights", "pretrained"), heading="model")
    # a checkpoint, a run or a pretrained model with the initial weights; None: random weights
    init_from: str | None = setting(None, group="model", decides=("corpus",), unset="random-weights", heading="model")
    arch: Architecture = setting(
        "mmrec", choices=ARCHITECTURES, group="model", decides=("speed", "weights", "pretrained"), heading="model"
    )
    # only llama: heads of keys and values; None: one for each head
    kv_heads: int | None = setting(
        None,
        low=1,
        high=1024,
        group="model",
        decides=("speed", "weights", "pretrained"),
        unset="as-heads",
        heading="model",
        matters=_from_nothing,
    )
    # only llama: the embedding is also the head
    tied: bool = setting(
        False, group="model", decides=("speed", "weights", "pretrained"), heading="model", matters=_from_nothing
    )
    recipe: str = setting("guide", choices=tuple(RECIPES), group="optimizer")
    # corpus
    data_dir: str | tuple[str, ...] | None = setting(None, several=True, decides=("source", "run"), heading="text")
    corpus: str | tuple[str, ...] | None = setting(None, several=True, decides=("source", "run"), heading="text")
    use_sample_corpus: bool = setting(False, decides=("source", "run"), heading="text")
    tokenizer: str = setting(
        "char", choices=(*TOKENIZERS, PRETRAINED), group="text", decides=("corpus", "weights", "pretrained")
    )
    # ids, without special ones
    vocab_size: int = setting(
        5000,
        low=2,
        high=1_000_000,
        group="text",
        decides=("corpus", "weights", "pretrained"),
        matters=_from_nothing,
    )
    # share of the characters
    val_split: float = setting(0.1, low=0.001, high=0.9, group="text", decides=("corpus", "checks", "run"))
    # of text; None: all of it
    max_corpus_bytes: int | None = setting(
        None, low=1, high=10**15, size=True, group="text", decides=("corpus",), unset="no-limit"
    )
    # of structured files and data sets; None: the one that holds text
    text_field: str | None = setting(None, unset="found", group="text", decides=("source", "weights", "run"))
    encoding: str | None = setting(None, unset="utf-8", group="text", decides=("source", "weights", "run"))
    # skip invalid bytes of a file that is otherwise UTF-8
    skip_invalid_bytes: bool = setting(False, group="text", decides=("source", "weights"))
    # repair text that was decoded with the wrong code page
    fix_encoding: bool = setting(False, group="text", decides=("source", "weights"))
    # augmentation of the training split, after the split (data/transforms/augmentation.py)
    # of the stride, by which a window may be moved
    jitter: float = setting(0.0, low=0, high=1, group="augmentation")
    # of the windows, changed to another case or without diacritics
    recased: float = setting(0.0, low=0, high=1, group="augmentation")
    # of a window's tokens, masked in spans of 1 to 5
    masked: float = setting(0.0, low=0, below=1, group="augmentation")
    noise: float = setting(0.0, low=0, below=1, group="augmentation")  # of a window's tokens, replaced by others
    # curriculum: from easy to hard (data/transforms/curriculum.py)
    curriculum: str = setting("none", choices=CURRICULA, group="curriculum")
    # of the planned steps, until the whole text is used
    curriculum_share: float = setting(
        0.5,
        above=0,
        high=1,
        group="curriculum",
        decides=("pacing",),
        matters=lambda settings: settings.curriculum != "none",
    )
    # share of the windows, or of their length, at the start
    curriculum_start: float = setting(
        0.25,
        above=0,
        high=1,
        group="curriculum",
        decides=("pacing",),
        matters=lambda settings: settings.curriculum != "none",
    )
    pacing: str = setting(
        "linear",
        choices=PACINGS,
        group="curriculum",
        decides=("pacing",),
        matters=lambda settings: settings.curriculum != "none",
    )
    # several corpora, no weights: shares ~ size^(1/T)
    mixing_temperature: float = setting(
        1.0, low=1, high=1000, group="text", decides=("corpus",), matters=several_corpora
    )
    # share of the windows that are denoised
    denoising: float = setting(0.0, low=0, high=1, group="text", decides=("corpus",))
    # tokens of a span, mean
    denoising_span: int = setting(8, low=1, high=1024, group="text", matters=lambda settings: settings.denoising > 0)
    # steps
    epochs: int | None = setting(
        10,
        low=1,
        high=1_000_000,
        resumable=True,
        while_running=True,
        group="length",
        decides=("rate", "checks", "run"),
        unset="no-limit",
    )
    max_steps: int | None = setting(
        None,
        low=1,
        high=10**9,
        resumable=True,
        while_running=True,
        group="length",
        decides=("rate", "checks", "run"),
        unset="no-limit",
    )
    # For all of the run, in seconds; None: without a limit.
    time: float | None = setting(
        None, low=5, high=10**7, duration=True, resumable=True, group="length", unset="no-limit", decides=("run",)
    )
    batch_size: int = setting(4, low=1, high=65_536, group="length", decides=("speed", "checks"))  # windows
    accumulate: int = setting(1, low=1, high=65_536, group="length", decides=("speed", "checks"))  # batches a step
    # None: batch_size
    microbatch: int | None = setting(
        None,
        low=1,
        high=65_536,
        resumable=True,
        while_running=True,
        group="length",
        decides=("speed", "run"),
        unset="as-batch-size",
        heading="machine",
    )
    seq_len: int = setting(256, low=2, high=1_048_576, group="length", decides=("speed", "weights"))  # tokens a window
    # tokens between windows; None: seq_len
    stride: int | None = setting(None, low=1, high=1_048_576, group="length", decides=("checks",), unset="as-seq-len")
    # optimizer
    optimizer: str = setting("adamw", choices=tuple(OPTIMIZERS), group="optimizer", decides=("speed", "checks"))
    # peak
    learning_rate: float = setting(
        3e-4, above=0, high=100.0, while_running=True, group="optimizer", decides=("rate", "checks")
    )
    warmup_steps: int = setting(100, low=0, high=10**9, group="optimizer", decides=("rate", "checks", "run"))
    schedule: str = setting("cosine", choices=SCHEDULES, group="optimizer", decides=("rate",))
    # share of the peak, the minimum of every schedule
    learning_rate_floor: float = setting(0.1, low=0, high=1, group="optimizer", decides=("rate",))
    # wsd: of the steps after the warmup, in which the rate falls
    decay_share: float = setting(0.2, above=0, high=1, group="optimizer", decides=("rate",), matters=_schedule("wsd"))
    # cosine-restarts: number of cycles
    cycles: int = setting(
        4, low=1, high=1000, group="optimizer", decides=("rate",), matters=_schedule("cosine-restarts")
    )
    # plateau: factor of the rate
    plateau_factor: float = setting(
        0.5, above=0, below=1, group="optimizer", decides=("rate",), matters=_schedule("plateau")
    )
    # plateau: evaluations without a new best
    plateau_patience: int = setting(
        2, low=1, high=1_000_000, group="optimizer", decides=("rate",), matters=_schedule("plateau")
    )
    # mean age of the averaged weights, as share of the steps; 0: no average
    weight_average: float = setting(0.0, low=0, high=0.5, group="optimizer")
    weight_decay: float = setting(0.1, low=0, high=10, while_running=True, group="optimizer")
    # norm of all gradients; 0: no clipping
    grad_clip: float = setting(1.0, low=0, high=1e6, while_running=True, group="optimizer", decides=("checks",))
    dropout: float = setting(0.1, low=0, below=1, while_running=True, group="optimizer")
    # evaluation and stopping
    # evaluations
    early_stopping_patience: int = setting(
        5, low=1, high=1_000_000, resumable=True, while_running=True, group="evaluation", decides=("checks", "run")
    )
    # of several corpora the one whose loss decides; all: together
    early_stopping_on: str = setting(WHOLE, group="evaluation", decides=("corpus", "run"), matters=several_corpora)
    # steps; None: once an epoch
    eval_every: int | None = setting(
        None,
        low=1,
        high=10**9,
        resumable=True,
        while_running=True,
        group="evaluation",
        decides=("checks", "run"),
        unset="once-an-epoch",
    )
    # tokens a window in evaluations; None: seq_len
    eval_seq_len: int | None = setting(
        None, low=2, high=1_048_576, group="evaluation", decides=("checks",), unset="as-seq-len"
    )
    # nats a token
    target_loss: float | None = setting(
        None,
        above=0,
        high=100,
        resumable=True,
        while_running=True,
        group="evaluation",
        unset="no-limit",
        decides=("run",),
    )
    # bits a character
    target_bits: float | None = setting(
        None,
        above=0,
        high=100,
        resumable=True,
        while_running=True,
        group="evaluation",
        unset="no-limit",
        decides=("run",),
    )
    save_best_model: bool = setting(True, heading="saving", decides=("run",))
    # of text generated by the best model, after training
    metrics: str | None = setting(
        None, names=METRICS, resumable=True, group="evaluation", unset="no-limit", heading="saving", decides=("run",)
    )
    # machine
    device: str = setting("auto", resumable=True, decides=("speed", "run"), heading="machine")
    precision: str = setting("auto", choices=("auto", "fp32", "bf16", "fp16"), group="model", decides=("speed",))
    # how steps are run on a GPU (training/recorded.py)
    compile: str = setting(
        "auto",
        choices=COMPILE_MODES,
        group="model",
        decides=("speed", "run"),
        matters=lambda settings: settings.processes == 1,
    )
    # of the recurrence, on a GPU
    kernel: str = setting(
        "plain", choices=KERNELS, group="model", decides=("speed",), matters=lambda settings: settings.arch == "mmrec"
    )
    # None: one for each core
    threads: int | None = setting(
        None, low=1, high=1024, resumable=True, group="model", decides=("speed", "run"), unset="all-cores"
    )
    processes: int = setting(1, low=1, high=1024, resumable=True, group="model", decides=("run",))
    # of the model, over ranks
    sharding: str = setting(
        "auto",
        choices=SHARDINGS,
        resumable=True,
        group="model",
        matters=lambda settings: settings.processes > 1,
        decides=("run",),
    )
    gradient_checkpointing: bool = setting(False, while_running=True, group="model", decides=("speed", "run"))
    # the last layers, with the norm after them and an untied head; None: all weights
    train_layers: int | None = setting(
        None,
        low=1,
        high=10_000,
        group="model",
        decides=("speed",),
        unset="all-layers",
        matters=lambda settings: settings.init_from is not None,
    )
    seed: int = setting(1337, low=0, high=2**63 - 1, group="model", heading="training")
    # sizes of a pretrained model, with the config of that name (settings/pretrained.py)
    shape: str | None = setting(None, internal=True, decides=("speed",), heading="model")
    # run folder
    output_dir: str = setting("checkpoints", heading="saving", decides=("run",))
    name: str | None = setting(None, group="saving", unset="as-config", decides=("run",))  # None: the config's
    checkpoint_every: int = setting(
        100, low=1, high=10**9, resumable=True, while_running=True, group="saving", decides=("run",)
    )  # steps
    # programs that the run is logged in (interop/loggers)
    log: str | None = setting(None, names=LOGGERS, resumable=True, group="saving", unset="no-limit", decides=("run",))
    # of their files; None: in the run folder
    log_dir: str | None = setting(
        None,
        resumable=True,
        group="saving",
        matters=lambda settings: settings.log is not None,
        unset="in-run-folder",
        decides=("run",),
    )
    keep_checkpoints: int = setting(
        3, low=1, high=10**6, resumable=True, while_running=True, group="saving", decides=("run",)
    )

    def __post_init__(self) -> None:
        for item in FIELDS.values():
            value = getattr(self, item.name)
            if item.metadata["several"] and isinstance(value, list | tuple):
                value = parse(item.name, value)
                object.__setattr__(self, item.name, value)  # JSON and TOML have lists only
            if isinstance(value, str) and value_type(item.name) is not str:
                raise RequestError("setting-not-number", flag=flag(item.name), value=value)
            parse(item.name, value)
            check(item, value)
        check_device(self.device)
        if self.name is not None and not is_plain_name(self.name):
            raise RequestError("setting-name", value=self.name)
        if self.metrics is not None:
            metrics_of(self.metrics)
        loggers_of(self.log)


FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(DeclaredSettings)}
CORPUS_CHOICE = ("data_dir", "corpus", "use_sample_corpus")
WITH_FLAG = tuple(name for name, item in FIELDS.items() if not item.metadata["internal"])  # can be given
_TYPES = get_type_hints(DeclaredSettings)


def metrics_of(text: str) -> tuple[str, ...]:
    """The named metrics, each once, in a fixed order. Raises RequestError for an unknown one."""
    return named("metrics", text, METRICS)


def loggers_of(text: str | None) -> tuple[str, ...]:
    """The named loggers, as `metrics_of`; None: none."""
    return () if text is None else named("log", text, LOGGERS)


def value_type(name: str) -> type:
    """int, float, bool or str: the type of a setting's values."""
    return type_of(FIELDS[name], _TYPES[name])


def parse(name: str, value: Any) -> Any:
    """A setting's value from text (command line) or from a typed value (file, JSON).

    Raises RequestError if the value is not of the setting's type.
    """
    return parsed(FIELDS[name], _TYPES[name], value)
