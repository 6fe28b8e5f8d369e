"""What the weights that a run begins with have seen: their text, and how often they passed over it. Must not know torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmrec_engine.data.corpus import Corpus
from mmrec_engine.errors import RequestError
from mmrec_engine.runs.catalog import described, locate
from mmrec_engine.runs.run_reader import RunReader
from mmrec_engine.settings import Settings
from mmrec_engine.settings.pretrained import is_pretrained

_MOST_GENERATIONS = 20  # of runs, each begun with the weights of the one before
_MOSTLY = 0.5  # share of a text


def characters_of_its_tokens(settings: Settings) -> float | None:
    """Characters of a token in the text of the run to begin with; None if it is not known."""
    folder = _folder_of(settings.init_from)
    text = {} if folder is None else described(folder).get("corpus", {})
    characters, tokens = text.get("train_characters"), text.get("train_tokens")
    return characters / tokens if isinstance(characters, int) and isinstance(tokens, int) and tokens > 0 else None


@dataclass(frozen=True)
class Before:
    """What the weights to begin with have seen in all runs before: passes over the text of the new run, and characters of any
    text. seconds: the given time of those runs on the text of the new run that had one."""

    passes: float = 0.0
    characters: int = 0
    seconds: float = 0.0


def seen_before(corpus: Corpus, settings: Settings) -> Before:
    """If the text has changed since the last of the runs before, that run's passes count where most of the present text was in
    its training split."""
    passes, characters, first, share = 0.0, 0.0, settings.init_from, _seen_share(corpus)
    seconds = 0.0
    for _ in range(_MOST_GENERATIONS):
        folder = _folder_of(first)
        if folder is None:
            break
        history, description = RunReader(folder).first_view(), described(folder)
        own = description.get("corpus", {})
        made = history.best.step / max(1, history.started.steps_an_epoch) if history.best and history.started else 0.0
        if own.get("fingerprint") == corpus.fingerprint:
            share = 1.0
        given = description.get("settings", {}).get("time")
        if share >= _MOSTLY:
            passes += share * made
            seconds += given if isinstance(given, int | float) else 0.0
        size = own.get("train_characters")
        characters += made * size if isinstance(size, int) else 0.0
        first, share = description.get("settings", {}).get("init_from"), 0.0
    return Before(passes, round(characters), seconds)


def _seen_share(corpus: Corpus) -> float:
    """The share of a training split that its weights have been trained on already, by the documents that are known."""
    record, own = corpus.earlier.record, corpus.record
    if record is None or own is None:
        return 0.0
    _, _, seen = record.look_up(own.keys)
    return float(np.minimum(seen, own.train).sum() / max(1, own.train.sum()))


def _folder_of(first: object) -> Path | None:
    """The folder of the run, or None: a pretrained model, no run, or not there any more."""
    if not isinstance(first, str) or is_pretrained(first):
        return None
    try:
        path = locate(first)
    except RequestError:
        return None
    folder = path if path.is_dir() else path.parent
    return folder if described(folder) else None
