"""The effect of the fast recipe's constants: steps of a training in this process, then the loss of the whole validation split.

    python benchmarks/recipe.py TEXT --steps 150 --momentum 0.85 --share 0.3 --beta2 0.95 -- --batch-size 4 --seq-len 256

Everything after `--` are flags of `mmrec-tui train`, in addition to `--recipe fast`. There are no evaluations and
checkpoints during training, so that the seconds are those of the steps.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.evaluation.validation import validate
from mmrec_engine.events import result_of
from mmrec_engine.model.language_model import create_model
from mmrec_engine.optim import muon, optimizers
from mmrec_engine.optim.lr_schedule import rate_factor
from mmrec_engine.settings import FIELDS, resolve
from mmrec_engine.settings.declaration import flag
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.state import model_config
from mmrec_engine.training.train_step import Stepper

FLAGS = {flag(name): name for name in FIELDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--momentum", type=float, default=muon.MOMENTUM)
    parser.add_argument("--share", type=float, default=optimizers.ADAMW_SHARE_OF_MUON)
    parser.add_argument("--beta2", type=float, default=optimizers.BETAS_BESIDE_MUON[1])
    parser.add_argument("--newton-schulz", type=int, default=muon.STEPS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337, 1])
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, words = parser.parse_args(sys.argv[1:place]), sys.argv[place + 1 :]
    settings = {FLAGS[name]: value for name, value in zip(words[::2], words[1::2], strict=True)}
    muon.MOMENTUM, muon.STEPS = given.momentum, given.newton_schulz
    optimizers.ADAMW_SHARE_OF_MUON, optimizers.BETAS_BESIDE_MUON = given.share, (0.9, given.beta2)
    losses = [trained(given.text, given.steps, {**settings, "seed": str(seed)}) for seed in given.seeds]
    print(f"mean {statistics.mean(losses):.4f}")


def trained(text: str, steps: int, flags: dict[str, str]) -> float:
    """The loss after so many steps, nats a token."""
    settings = resolve({"recipe": "fast", "data_dir": text, **flags}).settings
    corpus, machine = result_of(prepare_corpus(settings)), resolve_machine(settings)
    model = create_model(model_config(settings, corpus.tokenizer.vocab_size), settings.seed)
    windows = TrainingWindows(corpus.train.tokens, settings.seq_len, settings.window_stride, settings.seed)
    stepper = Stepper(model, optimizers.Optimizers(model, settings, machine.products), windows, settings, machine)
    began = time.perf_counter()
    for step in range(1, steps + 1):
        factor = rate_factor(step, planned=steps, settings=settings)
        stepper.make_step(step, (step - 1) * settings.windows_a_step, settings.learning_rate * factor)
    seconds = time.perf_counter() - began
    metrics = result_of(validate(model, corpus, settings.seq_len))
    assert metrics is not None
    tokens = steps * settings.windows_a_step * settings.seq_len
    print(
        f"seed {settings.seed}: {metrics.loss:.4f} after {tokens:,} tokens, {seconds:.1f} s ({machine.precision})",
        flush=True,
    )
    return metrics.loss


if __name__ == "__main__":
    main()
