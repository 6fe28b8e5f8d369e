"""How far the training loss falls below the validation loss on repetitive text, in healthy runs and in runs that memorise their
text: the figures behind the threshold `severe` of the check `validation-below-training`. Prints Markdown table rows.

    python benchmarks/memorising.py

Real runs of the installed command, without the checks before training, which stop some of these texts. Healthy runs pass over
their text as often as the planner would, with its dropout; runs that memorise have little text and no dropout.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_reader import RunReader

FLAGS = (
    "--recipe fast --config tiny --tokenizer char --seq-len 256 --batch-size 4 --eval-every 50 --threads 1 --no-check"
)
SAMPLE = Path(__file__).parent.parent / "data" / "sample"
WORDS = [
    "ctrl", "status", "data", "mask", "level", "clock", "reset", "mode", "limit", "count", "delay", "phase", "power", "state",
    "index", "error",
]  # fmt: skip
UNITS = ["uart", "spi", "dma", "timer", "adc", "gpio", "can", "usb", "watchdog", "crypto"]
NAMES = [
    "Ada", "Bora", "Cem", "Dora", "Emil", "Fatma", "Goran", "Hana", "Ivo", "Jale", "Karl", "Lena", "Mert", "Nora", "Oleg",
    "Petra",
]  # fmt: skip
PLACES = ["Izmir", "Graz", "Leeds", "Turin", "Bergen", "Porto", "Lyon", "Gent", "Ankara", "Brno"]
LICENCE = """Copyright {year} {name} of {place}

{name} permits anyone who holds a copy of {thing} to use, change and pass it on, for any purpose and without a fee, as long as
this notice and the {count} conditions below stand in every copy of {thing}, whole or in part.

1. A changed copy says that it was changed, and on what day of {year}.
2. The names of {name} and of other authors from {place} are not used to advertise {thing}.
3. {thing} comes as it is, without any warranty; {name} is not liable for what follows from its use in {place} or elsewhere.

"""


def tables(source: random.Random) -> str:
    """A table of a generated C file."""
    unit = source.choice(UNITS)
    rows = [
        f'    {{ .name = "{unit}{source.randrange(8)}_{source.choice(WORDS)}", .offset = 0x{4 * source.randrange(1024):04x}, '
        f".reset = 0x{source.choice((0, 1, 255, source.randrange(65536))):08x}, "
        f".flags = {source.choice(('RO', 'RW', 'RW | IRQ'))} }},"
        for _ in range(source.randint(6, 16))
    ]
    return "\n".join([f"static const struct reg {unit}_{source.choice(WORDS)}_regs[] = {{", *rows, "};\n\n"])


def licences(source: random.Random) -> str:
    """A licence; the next one has other names and numbers."""
    thing = f"the {source.choice(WORDS)} {source.choice(('library', 'program', 'driver', 'manual'))}"
    name = f"{source.choice(NAMES)} {source.choice(NAMES)}son"
    year, place = source.randint(1990, 2025), source.choice(PLACES)
    return LICENCE.format(name=name, thing=thing, year=year, place=place, count=source.choice(("three", "following")))


def logs(source: random.Random) -> str:
    """A line of a server's log."""
    path = "/".join(source.choice(WORDS) for _ in range(source.randint(1, 3)))
    return (
        f"2024-0{source.randint(1, 9)}-{source.randint(10, 28)} {source.randint(10, 23)}:{source.randint(10, 59)} "
        f"{source.choice(UNITS)} {source.choice(('GET', 'GET', 'PUT'))} /{path} {source.choice((200, 200, 304, 404))} "
        f"{source.randint(1, 900)} ms\n"
    )


def prose(characters: int) -> str:
    texts = (path.read_text(encoding="utf-8") for path in sorted(SAMPLE.glob("en-*.txt")))
    return "\n".join(texts)[:characters]


def generated(kind: Callable[[random.Random], str], characters: int) -> str:
    source, parts = random.Random(5), [""]
    while sum(map(len, parts)) < characters:
        parts.append(kind(source))
    return "".join(parts)[:characters]


def cases() -> list[tuple[str, str, str, str]]:
    """kind of run, name of its text, text, further flags"""
    kinds = {"C tables": tables, "licences": licences, "log lines": logs}
    few = [("healthy", name, generated(kind, 150_000), "--dropout 0") for name, kind in kinds.items()]
    several = [("healthy", name, generated(kind, 45_000), "--dropout 0.17") for name, kind in kinds.items()]
    memorised = [
        ("memorises", name, text, "--dropout 0")
        for name, text in (
            ("C tables", generated(tables, 8_000)),
            ("licences", generated(licences, 8_000)),
            ("English prose", prose(8_000)),
        )
    ]
    return few + several + memorised


def train(text: str, flags: str) -> History:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "text.txt").write_text(text, encoding="utf-8")
        command = f"mmrec-tui train --data-dir text.txt --name run --quiet {FLAGS} {flags}"
        subprocess.run(command.split(), cwd=folder, stdout=subprocess.DEVNULL, check=True)
        return RunReader(Path(folder) / "checkpoints" / "run").first_view()


def row(kind: str, name: str, text: str, history: History) -> str:
    every = [one for _, one in history.validations]
    last = every[-1]
    passes = last.step / (history.started.steps_an_epoch if history.started else 1)
    ratio = max(one.loss / one.training_loss for one in every)
    told = [one["values"]["variant"] for one in history.findings if one["id"] == "validation-below-training"]
    told = sorted(set(told), key=told.index)
    best = min(one.loss for one in every)
    figures = [
        f"{passes:.1f}",
        f"{last.training_loss:.3f}",
        f"{last.loss:.3f}",
        f"{best:.3f}",
        f"{ratio:.2f}",
        ", ".join(told),
    ]
    return " | ".join([f"| {kind}", name, f"{len(text):,}", *figures]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1337)
    given = parser.parse_args()
    for kind, name, text, flags in cases():
        history = train(text, f"{flags} --max-steps {given.steps} --seed {given.seed} --early-stopping-patience 50")
        print(row(kind, name, text, history), flush=True)


if __name__ == "__main__":
    main()
