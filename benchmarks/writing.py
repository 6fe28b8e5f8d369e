"""Speed of text generation, token by token, on one thread: MM-Rec and nanoGPT of the same size.

    git clone https://github.com/karpathy/nanoGPT
    python benchmarks/writing.py nanoGPT [--config tiny]

nanoGPT has a context of 2,048 tokens and generates by its own `generate`, which reads the whole context for each token. Weights
are random: the text is noise, at the same speed. nanoGPT is timed over a few tokens at each place.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from mmrec_engine.evaluation.generation import Sampling, generate
from mmrec_engine.model.language_model import create_model
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.tokenizer import CharacterTokenizer

CONTEXT = 2048
SPANS = ((0, 100), (1024, 2048))
TIMED = 20  # tokens of nanoGPT at each place
LETTERS = "".join(map(chr, range(32, 97)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nanogpt", type=Path)
    parser.add_argument("--config", default="tiny")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for round_ in range(3):
        ours = ours_of(given.config)
        for (start, end), rates in zip(SPANS, theirs_of(given.nanogpt, given.config), strict=True):
            mine = (end - start) / (ours[end] - ours[start])
            print(
                f"round {round_ + 1}, tokens {start:,} to {end:,}: MM-Rec {mine:,.0f} tokens/s, "
                f"nanoGPT {' to '.join(f'{rate:,.0f}' for rate in rates)}: {mine / max(rates):.1f} times and more",
                flush=True,
            )


def ours_of(config: str) -> list[float]:
    """Seconds after which so many tokens had been written."""
    tokenizer = CharacterTokenizer(LETTERS)
    model = create_model(PRESETS[config].model("mmrec", tokenizer.vocab_size, CONTEXT), seed=1)
    model.eval()
    times = [time.perf_counter()]
    for _ in generate(model, tokenizer, "A", CONTEXT, Sampling()):
        times.append(time.perf_counter())
    return times


def theirs_of(place: Path, config: str) -> list[list[float]]:
    """Tokens a second of nanoGPT: over all of the first span, and where the second begins and ends."""
    sys.path.insert(0, str(place))
    from model import GPT, GPTConfig  # type: ignore[import-not-found]

    size = PRESETS[config]
    model = GPT(
        GPTConfig(block_size=CONTEXT, vocab_size=len(LETTERS), n_layer=size.layers, n_head=size.heads, n_embd=size.width,
                  dropout=0.0, bias=False)
    )  # fmt: skip
    model.eval()

    def rate(before: int, tokens: int) -> float:
        prompt = torch.zeros(1, max(1, before), dtype=torch.int64)
        began = time.perf_counter()
        model.generate(prompt, tokens)
        return tokens / (time.perf_counter() - began)

    (first, last), (start, end) = SPANS
    return [[rate(first, last - first)], [rate(start, TIMED), rate(end - TIMED, TIMED)]]


if __name__ == "__main__":
    main()
