"""The ranks among which an evaluation is divided, from the point of view of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Figures = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Batch i belongs to rank i modulo size. A single rank has all of them, and nothing is sent.

    collective: every rank takes part in every pass through the model, because each holds only a shard of it. total: the sum of
    an array over all ranks, which all ranks call with equal shapes.
    """

    rank: int = 0
    size: int = 1
    collective: bool = False
    total: Callable[[Figures], Figures] = lambda figures: figures

    @property
    def generates(self) -> bool:
        """Whether this rank generates the text of a sample: rank 0, and those that have to take part in its passes."""
        return self.rank == 0 or self.collective


ONE_RANK = Ranks()
