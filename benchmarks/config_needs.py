"""The memory that each config needs, by the engine's own estimates: the table of docs/scaling.md.

python benchmarks/config_needs.py [--windows 4] [--length 512] [--vocabulary 100]
"""

from __future__ import annotations

import argparse

from mmrec_engine.settings.presets import PRESETS

GIB = 2**30
ROOMS = (8, 16, 24, 80)  # GiB of usual machines and GPUs
USED = 0.8  # of the available memory
MOMENTS = {"AdamW": 2, "Muon": 1}  # values a parameter that the optimizer keeps; Muon of nearly all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--vocabulary", type=int, default=100)
    given = parser.parse_args()
    print(
        "| config | parameters | weights, gradients, state: AdamW | Muon | activations | with AdamW in all | fits in |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, preset in PRESETS.items():
        model = preset.model("mmrec", given.vocabulary, given.length)
        parameters = model.parameters()
        states = [4 * (2 + values) * parameters for values in MOMENTS.values()]
        whole = model.training_bytes(given.windows, given.length)
        rooms = [room for room in ROOMS if whole <= USED * room * GIB]
        fits = f"{rooms[0]} GiB" if rooms else "–"
        columns = [
            f"{parameters:,}",
            *(in_words(state) for state in states),
            in_words(whole - states[0]),
            in_words(whole),
            fits,
        ]
        print(f"| {name} | {' | '.join(columns)} |")


def in_words(size: float) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
