"""The settings of a run, with the values that go together and what follows from several of them: model, folder, windows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.settings.declaration import flag
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.settings.pretrained import PRETRAINED, is_pretrained, pretrained_name, shape_of
from mmrec_engine.settings.schema import CORPUS_CHOICE, DeclaredSettings, several_corpora

MOST_TOKENS_A_BATCH = 2**26
SHORTEST_DENOISED = 16  # tokens a window
TIMED = "timed"  # the default name of a run that has a given time


@dataclass(frozen=True)
class Settings(DeclaredSettings):
    """All settings of a run. Raises RequestError for a value that is invalid, alone or with the others."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs is None and self.max_steps is None and self.time is None:
            raise RequestError("setting-no-limit")
        self._check_llama()
        self._check_pretrained()
        self._check_train_layers()
        if self.stride is not None and self.stride > self.seq_len:
            raise RequestError("setting-stride", stride=self.stride, seq_len=self.seq_len)
        if self.batch_size * self.seq_len > MOST_TOKENS_A_BATCH:
            nearest = max(1, MOST_TOKENS_A_BATCH // self.seq_len)
            values = {"batch_size": self.batch_size, "seq_len": self.seq_len, "nearest": nearest}
            raise RequestError("setting-tokens", most=MOST_TOKENS_A_BATCH, **values)
        if self.processes > self.windows_a_step:
            raise RequestError("setting-processes", processes=self.processes, windows=self.windows_a_step)
        if self.curriculum == "length" and (self.denoising or several_corpora(self)):
            raise RequestError("setting-curriculum-length")
        if self.recased and self.tokenizer != "char":
            raise RequestError("setting-recased", tokenizer=self.tokenizer)
        if self.denoising and self.seq_len < SHORTEST_DENOISED:
            raise RequestError("denoising-short", seq_len=self.seq_len, nearest=SHORTEST_DENOISED)
        corpora = [flag(name) for name in CORPUS_CHOICE if getattr(self, name)]
        if len(corpora) > 1:
            raise RequestError("setting-two-corpora", first=corpora[0], second=corpora[1])

    def _check_pretrained(self) -> None:
        if self.shape is None:
            for name in ("config", "tokenizer"):
                if getattr(self, name) == PRETRAINED and not is_pretrained(self.init_from):
                    raise RequestError("setting-pretrained", flag=flag(name))
            return
        try:
            shape = shape_of(self.shape)
        except (ValueError, TypeError, RecursionError):
            raise RequestError("setting-shape") from None
        for name, wanted in (("config", PRETRAINED), ("tokenizer", PRETRAINED), ("arch", "llama")):
            if getattr(self, name) != wanted:
                raise RequestError("setting-of-pretrained", flag=flag(name), value=getattr(self, name))
        for name in ("seq_len", "eval_seq_len"):
            if (length := getattr(self, name)) is not None and length > shape.context:
                raise RequestError("setting-context", flag=flag(name), length=length, nearest=shape.context)
        for name, unwanted in (("denoising", self.denoising > 0), ("data_dir", several_corpora(self))):
            if unwanted:
                raise RequestError("setting-pretrained-special", flag=flag(name))

    def _check_train_layers(self) -> None:
        if self.train_layers is None:
            return
        if self.init_from is None and self.shape is None:
            raise RequestError("setting-train-layers-random", flag=flag("train_layers"), value=self.train_layers)
        if self.processes > 1:
            raise RequestError("setting-train-layers-processes", flag=flag("train_layers"), value=self.train_layers)
        if self.shape is None and is_pretrained(self.init_from):
            return  # its sizes are not known yet
        layers = self.model(2).layers
        if self.train_layers > layers:
            raise RequestError(
                "setting-train-layers", flag=flag("train_layers"), value=self.train_layers, layers=layers
            )

    def _check_llama(self) -> None:
        if self.config == PRETRAINED:
            return
        heads = PRESETS[self.config].heads
        for name in ("kv_heads", "tied"):
            if getattr(self, name) and self.arch != "llama":
                raise RequestError("setting-llama", flag=flag(name), arch=self.arch)
        if self.kv_heads is not None and heads % self.kv_heads:
            choices = ", ".join(str(number) for number in range(1, heads + 1) if not heads % number)
            raise RequestError("setting-kv-heads", value=self.kv_heads, heads=heads, choices=choices)

    def model(self, vocabulary: int, config: str | None = None) -> ModelConfig:
        """The model that is trained, or with another config. vocabulary: ids, including special ones; a pretrained model has
        its own."""
        if self.shape is not None and config in (None, PRETRAINED):
            return shape_of(self.shape)
        name = config or self.config
        shape = PRESETS["tiny" if name == PRETRAINED else name].model(self.arch, vocabulary, self.seq_len)
        shared = self.kv_heads if self.kv_heads is not None and not shape.heads % self.kv_heads else None
        return replace(shape, kv_heads=shared, tied=self.tied)

    @property
    def run_folder(self) -> Path:
        usual = pretrained_name(self.init_from) if self.init_from and is_pretrained(self.init_from) else self.config
        usual = usual if self.time is None else TIMED  # the number of steps in a given time is known only later
        return Path(self.output_dir) / (self.name or usual)

    @property
    def window_stride(self) -> int:
        return self.stride or self.seq_len

    @property
    def evaluated_length(self) -> int:
        """Tokens of a window in evaluations."""
        return self.eval_seq_len or self.seq_len

    @property
    def windows_at_once(self) -> int:
        """Windows that pass through the model together. It affects memory only: a step is the same except for rounding."""
        return min(self.microbatch or self.batch_size, self.batch_size)

    @property
    def samples_on_the_way(self) -> bool:
        """Whether samples of the validation split decide when the target may be reached: without `eval_every`."""
        return self.to_a_target and self.eval_every is None

    @property
    def to_a_target(self) -> bool:
        """Whether the run ends once a target is reached."""
        return self.target_loss is not None or self.target_bits is not None

    @property
    def windows_a_step(self) -> int:
        return self.batch_size * self.accumulate

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
