"""What a model makes of a text: the loss of each token with what could have stood there, and what its memories hold.

Only MM-Rec has memories of known time constants (`model/multi_memory.py`). The use of a memory is measured by ablation: its
part of the time mixing is set to zero in every layer, and the loss of the same text is compared.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.generation import Prompt, Scored
from mmrec_engine.evaluation.metrics import bits_per_character
from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.events import Progress
from mmrec_engine.model.language_model import LanguageModel, MixerState
from mmrec_engine.model.multi_memory import MemoryState, MultiMemory, time_constants
from mmrec_engine.runs.run_text import is_described, text_of_run
from mmrec_engine.settings import FIELDS, Settings

Ids = Sequence[int] | npt.NDArray[np.unsignedinteger[Any]]
POSITIONS = 48  # of the text, at which the memories are measured
_PIECE = 1024  # tokens that are read at once
_TASK = "inspection"


@dataclass(frozen=True)
class Memory:
    """The memories of one time constant (tokens), one in each layer.

    loss_without: of the text with them silenced, nats a token; norms: √(1-γ²) ‖S‖ (Frobenius) at `POSITIONS` equally spaced
    positions, mean of the layers. With the factor a fast and a slow memory that hold as much have the same norm.
    """

    time_constant: float
    loss_without: float
    norms: tuple[float, ...]


@dataclass(frozen=True)
class Inspection:
    """tokens: of the text, in order; loss: nats a token, of the tokens with a context; memories: of MM-Rec, the shortest first.

    left_out: tokens of the text after these. positions: of the norms, in tokens.
    """

    tokens: tuple[Scored, ...]
    loss: float
    bits_per_character: float
    memories: tuple[Memory, ...]
    positions: tuple[int, ...]
    left_out: int

    def hardest(self, count: int) -> list[int]:
        """The indices of the tokens with the highest loss, the highest first."""
        scored = [index for index, token in enumerate(self.tokens) if token.logprob is not None]
        return sorted(scored, key=lambda index: (self.tokens[index].logprob or 0.0, index))[:count]


def inspect(trained: Trained, ids: Ids, most: int, likeliest: int = 5) -> Generator[Progress, None, Inspection]:
    """Read a text. most: tokens of it that are read; likeliest: alternatives for each token.

    Raises RequestError if the text has no token to predict, or the model's logits are not finite.
    """
    read = [int(index) for index in ids[:most]]
    prompt = Prompt(trained.model, trained.tokenizer, read, likeliest=likeliest)
    heads = _heads(trained.model)
    pieces = math.ceil(len(read) / _PIECE)
    total = pieces * (1 + heads) + (POSITIONS if heads else 0)
    done = 0
    while not prompt.is_read:
        prompt.read()
        done += 1
        yield Progress(task=_TASK, done=min(done, pieces), total=total)
    losses = [-token.logprob for token in prompt.scored if token.logprob is not None]
    if not losses:
        raise RequestError("text-empty-to-look-at")
    whole = prompt.ids.to(trained.model.embedding.weight.device)
    memories: list[Memory] = []
    positions: tuple[int, ...] = ()
    if heads:
        positions, norms = _norms(trained.model, whole)
        done = pieces + POSITIONS
        for head, constant in enumerate(time_constants(heads).tolist()):
            with _silenced(trained.model, head):
                loss = _mean_loss(trained.model, whole, len(losses))
            done += pieces
            memories.append(Memory(constant, loss, tuple(norms[:, head].tolist())))
            yield Progress(task=_TASK, done=min(done, total), total=total)
    loss = math.fsum(losses) / len(losses)
    characters = sum(len(token.text) for token in prompt.scored if token.logprob is not None)
    bits = bits_per_character(loss, len(losses), characters)
    return Inspection(tuple(prompt.scored), loss, bits, tuple(memories), positions, max(0, len(ids) - len(read)))


def _heads(model: LanguageModel) -> int:
    mixers = _mixers(model)
    return mixers[0].heads if mixers else 0


def _mixers(model: LanguageModel) -> list[MultiMemory]:
    return [module for module in model.modules() if isinstance(module, MultiMemory)]


@contextmanager
def _silenced(model: LanguageModel, head: int) -> Iterator[None]:
    """Without the output of one memory in each layer."""
    mixers = _mixers(model)
    gains = [mixer.gain.detach().clone() for mixer in mixers]
    try:
        with torch.no_grad():
            for mixer in mixers:
                width = mixer.gain.shape[0] // mixer.heads
                mixer.gain[head * width : (head + 1) * width] = 0.0
        yield
    finally:
        with torch.no_grad():
            for mixer, gain in zip(mixers, gains, strict=True):
                mixer.gain.copy_(gain)


@torch.inference_mode()
def _mean_loss(model: LanguageModel, ids: Tensor, count: int) -> float:
    """Nats a token of the last `count` tokens. ids: (1, time)."""
    state, total = model.initial_state(1), 0.0
    targets = ids[:, 1:]
    first = targets.shape[1] - count
    for begin in range(0, targets.shape[1], _PIECE):
        piece = ids[:, begin : min(begin + _PIECE, targets.shape[1])]
        logits, state = model.advance(piece, state)
        losses = functional.cross_entropy(
            logits[0].double(), targets[0, begin : begin + piece.shape[1]], reduction="none"
        )
        total += float(losses[max(0, first - begin) :].sum())
    return total / count


@torch.inference_mode()
def _norms(model: LanguageModel, ids: Tensor) -> tuple[tuple[int, ...], Tensor]:
    """The positions, and the memories' norms there: (positions, heads)."""
    length = ids.shape[1]
    positions = sorted({max(1, round(length * number / POSITIONS)) for number in range(1, POSITIONS + 1)})
    scale = torch.stack([mixer.within[:, 0, 0] for mixer in _mixers(model)])  # (layers, heads): √(1-γ²)
    state: Any = model.initial_state(1)
    rows, begin = [], 0
    for position in positions:
        _, state = model.advance(ids[:, begin:position], state)
        rows.append((scale * _sizes(state)).mean(0))
        begin = position
    return tuple(positions), torch.stack(rows)


def _sizes(state: Sequence[MixerState]) -> Tensor:
    """(layers, heads)."""
    return torch.stack([one.memory[0].flatten(1).norm(dim=1) for one in state if isinstance(one, MemoryState)])


def validation_ids(trained: Trained) -> Generator[Progress, None, Ids]:
    """The tokens of the run's own validation split. Raises RequestError if its text is gone."""
    folder = trained.path if trained.path.is_dir() else trained.path.parent
    own = Settings(**{name: value for name, value in trained.settings.items() if name in FIELDS})
    try:
        corpus = yield from text_of_run(own, folder, trained.tokenizer)
    except RequestError as error:
        raise RequestError("evaluate-no-corpus", path=trained.path) from error
    if not is_described(corpus, trained.corpus) or corpus.tokenizer.to_dict() != trained.tokenizer.to_dict():
        raise RequestError("evaluate-no-corpus", path=trained.path)
    return corpus.validation.tokens
