"""Peak memory of one training step against the estimate that `mmrec-tui configs` shows. Usage: memory.py CONFIG"""

from __future__ import annotations

import resource
import sys

import torch

from mmrec_engine.evaluation.metrics import token_losses
from mmrec_engine.model.language_model import create_model
from mmrec_engine.optim.groups import Optimizers
from mmrec_engine.presets import PRESETS
from mmrec_engine.settings import Settings

WINDOWS, LENGTH, VOCABULARY = 4, 256, 100


def main() -> None:
    config = PRESETS[sys.argv[1]].model("mmrec", VOCABULARY, LENGTH)
    torch.ones(8, 8) @ torch.ones(8, 8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = create_model(config, seed=1)
    optimizers = Optimizers(model, Settings())
    for _ in range(3):
        ids = torch.randint(0, VOCABULARY, (WINDOWS, LENGTH))
        token_losses(model(ids), ids).backward()
        optimizers.step(1e-4)
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    estimated = config.training_bytes(WINDOWS, LENGTH) / 2**20
    print(f"{sys.argv[1]}: measured {used:,.0f} MiB, estimated {estimated:,.0f} MiB")


if __name__ == "__main__":
    main()
