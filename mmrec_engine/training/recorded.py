"""Passes and updates that are recorded once and then replayed: CUDA graphs, and PyTorch's compiler.

A small model on a GPU waits for its kernels to be launched one by one. With a CUDA graph, all kernels of a pass, forward
and backward, are launched at once, and so are those of an update. A recording reads and writes the same tensors each
time, so all values that change from step to step are tensors: ids, labels, keys of the dropout masks, scales, the rate. The
compiler (inductor) makes fewer and larger kernels of a pass; on a GPU they are recorded as well.

Only passes of the full size, `windows_at_once` × `seq_len`, are recorded; smaller ones are not. Which passes are depends on
the settings alone, so a resumed run rounds as an uninterrupted one.

Source: PyTorch, "Accelerating PyTorch with CUDA graphs", 2021; Ansel et al., "PyTorch 2", 2024.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmrec_engine.evaluation.metrics import token_losses
from mmrec_engine.model.dropout import DropoutBuffers
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import Settings
from mmrec_engine.training import graphs
from mmrec_engine.training.device import Machine
from mmrec_engine.training.graphs import Work

Ids = npt.NDArray[np.int64]
_WARM_UPS = 3  # before a pass is recorded: libraries initialise themselves in the first ones


class RecordedStep:
    """The passes and the update of a step, recorded when they are first needed. For one process, one model, one size of a
    pass."""

    def __init__(self, model: LanguageModel, optimizers: Optimizers, settings: Settings, machine: Machine) -> None:
        """machine: its mode is graphs or inductor."""
        device = machine.device
        self._model, self._optimizers, self._machine = model, optimizers, machine
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._gradients = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._attached = False
        self.shape = (settings.windows_at_once, settings.seq_len)
        self._ids, self._labels = (torch.zeros(self.shape, dtype=torch.int64, device=device) for _ in range(2))
        self._tokens, self._scale, self._rate = (torch.ones((), device=device) for _ in range(3))
        self._loss = torch.zeros((), device=device)
        sites, size = 2 * model.config.layers + 1, (*self.shape, model.config.width)
        self._masks = DropoutBuffers(settings.dropout, settings.seed, sites, size, device)
        self._records = graphs.can_record(device)
        self._forward: Callable[[Tensor, Tensor], Tensor] = self._losses
        if machine.compile == "inductor":
            torch.compiler.reset()  # else the code compiled for earlier models would count towards its limit for this method
            self._forward = torch.compile(self._losses, dynamic=False)
        self._pass: Work | None = None
        self._update: Work | None = None
        self._updates = 0

    def begin(self) -> None:
        """Begin a step whose pass has the full size: gradients accumulate in the tensors of the recording."""
        torch._foreach_zero_(self._gradients)
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        self._attached = True

    def make_pass(
        self, inputs: Ids, labels: Ids, step: int, samples: Sequence[int], tokens: int, loss_scale: float
    ) -> Tensor:
        """Add the gradients of these windows; returns the sum of their losses, valid until the next pass."""
        self._ids.copy_(torch.from_numpy(inputs))
        self._labels.copy_(torch.from_numpy(labels))
        self._masks.fill(step, samples)
        self._tokens.fill_(tokens)
        self._scale.fill_(loss_scale)
        if self._pass is None:  # the first pass of a step, so there are no gradients yet
            self._pass = graphs.record(self._work, self._machine.device, _WARM_UPS) if self._records else self._work
            torch._foreach_zero_(self._gradients)
        self._pass()
        return self._loss

    def update(self, learning_rate: float) -> None:
        """Update the weights, and reset the gradients."""
        self._rate.fill_(learning_rate)
        if not (self._records and self._attached):
            self._optimizers.update(self._rate)
        else:
            # The first update creates the moments, so it cannot be recorded.
            if self._update is None and self._updates:
                self._update = graphs.record(lambda: self._optimizers.update(self._rate), self._machine.device, 0)
            (self._update or (lambda: self._optimizers.update(self._rate)))()
            self._updates += 1
        self._attached = False
        self._optimizers.drop_gradients()

    def _work(self) -> None:
        loss = self._forward(self._ids, self._labels)
        (loss / self._tokens * self._scale).backward()  # type: ignore[no-untyped-call]
        self._loss.copy_(loss.detach())

    def _losses(self, ids: Tensor, labels: Tensor) -> Tensor:
        with self._machine.autocast():
            logits = self._model(ids, self._masks)
        return token_losses(logits, labels)
