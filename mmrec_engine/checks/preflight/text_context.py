"""The context of the checks of the text: the settings, the prepared corpus, and values derived from both, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mmrec_engine.data.batches import training_windows
from mmrec_engine.data.ngrams import stretches
from mmrec_engine.data.parts import Split
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.text_measures import texts
from mmrec_engine.data.windows import EvaluationWindows, TrainingWindows
from mmrec_engine.settings import Settings
from mmrec_engine.training.plan import make_plan

_SAMPLE = 1_000_000  # tokens of a split
_SAMPLE_STRETCHES = 32
_MOST = 128_000_000  # tokens that a check of a whole split reads
_AT_ONCE = 2**20  # tokens


@dataclass(frozen=True)
class TextContext:
    """sources: the source of each setting, as in `Resolved`."""

    settings: Settings
    corpus: Corpus
    sources: Mapping[str, str]

    @cached_property
    def train_windows(self) -> TrainingWindows:
        """The windows of the text before augmentation."""
        settings = self.settings
        return TrainingWindows(self.corpus.train.tokens, settings.seq_len, settings.window_stride, settings.seed)

    @cached_property
    def validation_windows(self) -> EvaluationWindows:
        return EvaluationWindows(self.corpus.validation.tokens, self.settings.evaluated_length)

    @property
    def is_one_document(self) -> bool:
        """Whether both splits are cut from one document, as from a single file of plain text: its end is validation."""
        return self.corpus.documents == 1

    def parameters(self, config: str) -> int:
        """Trainable parameters with the config of that name."""
        return self.settings.model(self.corpus.tokenizer.vocab_size, config).parameters()

    @cached_property
    def windows_an_epoch(self) -> int:
        return training_windows(self.settings, self.corpus).count

    @cached_property
    def planned_steps(self) -> int:
        return make_plan(self.settings, self.windows_an_epoch).planned_steps

    @cached_property
    def planned_evaluations(self) -> int:
        """At the end of each epoch, or every so many steps; and one at the last step."""
        steps, every = self.planned_steps, self.settings.eval_every
        if every is not None:
            return -(-steps // every)
        windows, a_step = self.windows_an_epoch, self.settings.windows_a_step
        ended = steps * a_step // windows  # epochs
        last_ends_one = -(-ended * windows // a_step) == steps
        return min(steps, ended + (0 if last_ends_one else 1))

    @cached_property
    def train_sample(self) -> tuple[str, ...]:
        """Documents, or parts of them, of a bounded share of the training split, evenly spread."""
        return self._sample(self.corpus.train)

    @cached_property
    def validation_sample(self) -> tuple[str, ...]:
        return self._sample(self.corpus.validation)

    def whole_train(self) -> Iterator[str]:
        """The training split in blocks; of a very large one a bounded share."""
        for stretch in stretches(self.corpus.train.tokens, _MOST, _SAMPLE_STRETCHES):
            for start in range(0, len(stretch), _AT_ONCE):
                yield from texts(stretch[start : start + _AT_ONCE], self.corpus.tokenizer, _AT_ONCE)

    def _sample(self, split: Split) -> tuple[str, ...]:
        return tuple(texts(split.tokens, self.corpus.tokenizer, _SAMPLE, _SAMPLE_STRETCHES))
