"""Peak memory of training: of one step against the estimate of `mmrec-tui configs`, and of a whole process against its parts.

python benchmarks/memory.py tiny            one step of 4 × 256 tokens in this process
python benchmarks/memory.py tiny --arch llama
python benchmarks/memory.py tiny TEXT       and `mmrec-tui train` on a text, beside what it cannot do without
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile

import torch
from torch import Tensor

from mmrec_engine.evaluation.metrics import token_losses
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.settings import Settings
from mmrec_engine.settings.model_config import Architecture
from mmrec_engine.settings.presets import PRESETS

WINDOWS, LENGTH, VOCABULARY = 4, 256, 100
PEAK_OF = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); \
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def main() -> None:
    architecture: Architecture = "mmrec"
    if "--arch" in sys.argv:
        place = sys.argv.index("--arch")
        architecture = sys.argv[place + 1]  # type: ignore[assignment]
        del sys.argv[place : place + 2]
    config = PRESETS[sys.argv[1]].model(architecture, VOCABULARY, LENGTH)
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
    if len(sys.argv) > 2:
        whole_process(sys.argv[1], sys.argv[2], model)


def whole_process(config: str, text: str, model: LanguageModel) -> None:
    torch_alone = peak_of([sys.executable, "-c", "import torch"])
    weights = 4 * 4 * model.config.parameters() / 2**20  # themselves, gradients, two moments, float32
    kept = kept_for_backward(model)
    needed = torch_alone + weights + kept
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--config", config, "--data-dir", text, "--max-steps", "60", "--output-dir", folder, "--quiet"]
        words = ["train", "--no-check", "--precision", "fp32", "--dropout", "0", *flags]
        peak = peak_of([sys.executable, "-m", "mmrec_tui", *words])
    print(
        f"process {peak:,.0f} MiB; import torch {torch_alone:,.0f}, weights, gradients and moments {weights:,.0f}, "
        f"kept for the backward pass {kept:,.0f}: {peak / needed:.2f} times their sum"
    )


def peak_of(command: list[str]) -> float:
    """MiB, of the largest process that the command is or starts."""
    done = subprocess.run([sys.executable, "-c", PEAK_OF, *command], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.split()[-1]) / 1024


def kept_for_backward(model: LanguageModel) -> float:
    """MiB of distinct tensors that the forward pass keeps, without weights."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found: dict[int, int] = {}
    held: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)  # kept, or its address would be used again
        return tensor

    ids = torch.randint(0, VOCABULARY, (WINDOWS, LENGTH))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        token_losses(model(ids), ids)
    return sum(found.values()) / 2**20


if __name__ == "__main__":
    main()
