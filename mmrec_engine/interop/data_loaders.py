"""`create_data_loaders`, with the guide's name and arguments: PyTorch loaders for any model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from mmrec_engine.data.prepare import too_short
from mmrec_engine.data.sources.text import clean
from mmrec_engine.data.windows import EvaluationWindows, TrainingWindows
from mmrec_engine.tokenizer import CharacterTokenizer
from mmrec_engine.tokenizer.character import CharacterCounter
from mmrec_engine.tokenizer.vocabulary import END_OF_DOCUMENT, UNKNOWN

Windows = TrainingWindows | EvaluationWindows
Loader = DataLoader[dict[str, Tensor]]


def create_data_loaders(
    train_texts: Sequence[str] | str,
    val_texts: Sequence[str] | str,
    vocab_size: int = 5000,
    seq_len: int = 512,
    batch_size: int = 4,
    seed: int = 1337,
) -> tuple[Loader, Loader, CharacterTokenizer]:
    """Loaders over windows of characters, and the tokenizer built from the training texts.

    Batches are {"input_ids", "labels"}, both (batch, seq_len), int64, labels already shifted by one. Every pass over the
    training loader is an epoch with another order and other window offsets, the same for the same seed; the validation
    loader predicts every token once, its last window padded with label -100.
    Raises RequestError if a split is shorter than one window.
    """
    train_documents, validation_documents = _documents(train_texts), _documents(val_texts)
    counter = CharacterCounter()
    for text in train_documents:
        counter.add(text)
    several = len(train_documents) + len(validation_documents) > 2
    special = (UNKNOWN, END_OF_DOCUMENT) if several else (UNKNOWN,)
    tokenizer = CharacterTokenizer(counter.most_frequent(vocab_size), special)
    training = TrainingWindows(_tokens(train_documents, tokenizer, seq_len, "training"), seq_len, seq_len, seed)
    validation = EvaluationWindows(_tokens(validation_documents, tokenizer, seq_len, "validation"), seq_len)
    train_set, validation_set = WindowDataset(training), WindowDataset(validation)
    return (
        DataLoader(train_set, batch_size=batch_size, sampler=EpochSampler(training.count)),
        DataLoader(validation_set, batch_size=batch_size),
        tokenizer,
    )


class WindowDataset(Dataset[dict[str, Tensor]]):
    """Windows as a map-style dataset. Numbers of training windows continue past the first epoch."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def __len__(self) -> int:
        return self._windows.count

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        if number < 0 or (isinstance(self._windows, EvaluationWindows) and number >= len(self)):
            raise IndexError(number)
        inputs, labels = self._windows.batch(np.array([number], dtype=np.int64))
        return {"input_ids": torch.from_numpy(inputs[0]), "labels": torch.from_numpy(labels[0])}


class EpochSampler(Sampler[int]):
    """Numbers of one epoch's windows at each pass; the order is part of the windows themselves."""

    def __init__(self, count: int) -> None:
        self._count, self._epoch = count, 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        first = self._epoch * self._count
        self._epoch += 1
        return iter(range(first, first + self._count))


def _documents(texts: Sequence[str] | str) -> list[str]:
    return [clean(text) for text in ([texts] if isinstance(texts, str) else texts)]


def _tokens(documents: list[str], tokenizer: CharacterTokenizer, seq_len: int, split: str) -> np.ndarray:
    parts = []
    for text in documents:
        parts.append(tokenizer.encode(text))
        if tokenizer.end_of_document is not None:
            parts.append(np.array([tokenizer.end_of_document], dtype=tokenizer.dtype))
    tokens = np.concatenate(parts) if parts else np.zeros(0, dtype=tokenizer.dtype)
    if len(tokens) < seq_len + 1:
        raise too_short(split, len(tokens), seq_len)
    return tokens
