"""How fast this machine trains a candidate: a few real steps, measured once and cached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mmrec_engine.settings import Settings
from mmrec_engine.training.machine_cache import MachineCache


@dataclass(frozen=True)
class Speed:
    """Tokens a second of the idle machine; trusted: whether it was idle enough for the figure to be cached. present: tokens a
    second beside the other work that it had; None: as when it is idle."""

    tokens_per_second: float
    trusted: bool = True
    present: float | None = None


# Of settings and ids of the vocabulary, in about so many seconds; None if they would not fit into memory.
Measure = Callable[[Settings, int, float], Speed | None]


class Speeds:
    """machine: a name, so that another machine's figures are not used; measure: makes the steps."""

    def __init__(self, machine: str, measure: Measure) -> None:
        self._machine, self._measure = machine, measure
        self.doubtful = False  # whether a figure was measured while the machine had other work
        self._known = MachineCache("throughput.json", _tokens_per_second)
        self._vocabularies: dict[str, int] = {}  # by the config that was asked for

    def of(self, settings: Settings, vocabulary: int, seconds: float) -> float | None:
        """Tokens a second, from the cache or measured for about `seconds`."""
        key = self._key(settings, vocabulary)
        self._vocabularies[settings.config] = vocabulary
        known = self._known.get(key)
        if known is not None:
            return known
        measured = self._measure(settings, vocabulary, seconds)
        if measured is None:
            return None
        if measured.trusted:
            self._known.put(key, round(measured.tokens_per_second, 1))
        else:
            self.doubtful = True
        return measured.tokens_per_second

    def at_present(self, settings: Settings, seconds: float) -> float | None:
        """Tokens a second that the machine makes now, measured for about `seconds`; None for a config unknown to `of`."""
        vocabulary = self._vocabularies.get(settings.config)
        measured = None if vocabulary is None else self._measure(settings, vocabulary, seconds)
        return None if measured is None else measured.present or measured.tokens_per_second

    def _key(self, settings: Settings, vocabulary: int) -> str:
        shape = (
            settings.config, settings.arch, settings.optimizer, settings.precision, settings.seq_len, settings.batch_size,
            settings.accumulate, settings.microbatch, settings.gradient_checkpointing, settings.dropout > 0,
            *(() if settings.shape is None else (settings.shape,)),
            *(() if settings.train_layers is None else (f"last {settings.train_layers}",)),
        )  # fmt: skip
        # A vocabulary twice as large is clearly slower, one of 1,010 ids instead of 1,000 is not.
        return f"{self._machine}: {' '.join(map(str, shape))}, about {2 ** vocabulary.bit_length()} ids"


def _tokens_per_second(stored: object) -> float | None:
    good = isinstance(stored, int | float) and not isinstance(stored, bool) and 0 < stored < 1e12
    return float(stored) if good else None  # type: ignore[arg-type]
