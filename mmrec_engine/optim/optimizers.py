"""Which optimizer updates which parameter, at which multiple of the learning rate; and its state by parameter name."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmrec_engine.errors import UnusableError
from mmrec_engine.optim.adamw import AdamW
from mmrec_engine.optim.grouped_optimizer import GroupedOptimizer
from mmrec_engine.optim.muon import Muon
from mmrec_engine.optim.sharded import cut
from mmrec_engine.settings import Settings

# With Muon, embedding, head, gains and shift are updated by AdamW at this share of Muon's rate (0.012 at the recipe's 0.04),
# with a shorter second moment (docs/performance.md).
ADAMW_SHARE_OF_MUON = 0.3
BETAS_BESIDE_MUON = (0.9, 0.95)


class Optimizers:
    """One or two optimizers behind one interface; every group's rate is a constant multiple of the run's learning rate."""

    def __init__(self, model: nn.Module, settings: Settings, precision: torch.dtype = torch.float32) -> None:
        """precision: of Muon's products. Frozen parameters are left out."""
        self._names = {id(parameter): name for name, parameter in model.named_parameters() if parameter.requires_grad}
        hidden, outer, vectors = _sorted_parameters(model)
        decay = settings.weight_decay
        if settings.optimizer == "muon":
            self._all: list[GroupedOptimizer] = [
                Muon([{"params": hidden, "weight_decay": decay, "share": 1.0}], precision),
                AdamW([{"params": outer + vectors, "share": ADAMW_SHARE_OF_MUON, "betas": BETAS_BESIDE_MUON}]),
            ]
        else:
            matrices = {"params": hidden + outer, "weight_decay": decay, "share": 1.0}
            self._all = [AdamW([matrices, {"params": vectors, "share": 1.0}])]
        self._decayed = self._all[0].param_groups[0]

    def set_weight_decay(self, decay: float) -> None:
        self._decayed["weight_decay"] = decay

    def step(self, learning_rate: float) -> None:
        """Update all parameters from their gradients, the main group at `learning_rate`, and reset the gradients."""
        self.update(learning_rate)
        self.drop_gradients()

    def update(self, learning_rate: float | Tensor) -> None:
        """Update all parameters from their gradients. A rate that is a scalar tensor on the device can be recorded with the
        update, and changed before the update is replayed."""
        for optimizer in self._all:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * group["share"]
            optimizer.step()

    def drop_gradients(self) -> None:
        for optimizer in self._all:
            optimizer.drop_gradients()

    def state(self) -> dict[str, dict[str, Tensor]]:
        """Moments and momenta, keyed by parameter name, then by what they are."""
        return {
            self._names[id(parameter)]: {key: value for key, value in values.items() if isinstance(value, Tensor)}
            for optimizer in self._all
            for parameter, values in optimizer.state.items()
        }

    def load_state(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Restore what `state` returned. Raises ValueError if an entry is missing, has another shape or is not expected."""
        if set(state) != set(self._names.values()):
            raise UnusableError("optimizer-of-other-weights")
        for optimizer in self._all:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    name = self._names[id(parameter)]
                    shapes = optimizer.state_shapes(parameter)
                    stored_shapes = {
                        key: value.shape for key, value in state[name].items() if value.dtype == torch.float32
                    }
                    if stored_shapes != shapes or len(state[name]) != len(shapes):
                        raise UnusableError("optimizer-differs", name=name, optimizer=type(optimizer).__name__)
                    optimizer.state[parameter] = {
                        key: (cut(value, parameter) if value.ndim else value.to(parameter.device)).clone()
                        for key, value in state[name].items()
                    }


def _sorted_parameters(model: nn.Module) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Hidden matrices; embedding and head; vectors (gains, shifts)."""
    hidden: list[Tensor] = []
    outer: list[Tensor] = []
    vectors: list[Tensor] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim < 2:
            vectors.append(parameter)
        elif name.startswith(("embedding", "head")):
            outer.append(parameter)
        else:
            hidden.append(parameter)
    return hidden, outer, vectors
