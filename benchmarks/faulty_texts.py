"""Training texts, healthy or with a known fault, made of the project's sample prose; each is written into a folder."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mmrec_engine.data.sources.builtin import sample_folder

Write = Callable[[Path], None]


@cache
def prose(language: str = "en") -> str:
    """About 100 kilobytes. language: en or tr."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob(f"{language}-*.txt")))


def one(text: str | bytes) -> Write:
    """A single file."""
    data = text if isinstance(text, bytes) else text.encode()

    def write(folder: Path) -> None:
        (folder / "text.txt").write_bytes(data)

    return write


def splits(train: str, validation: str) -> Write:
    """A given split."""

    def write(folder: Path) -> None:
        (folder / "train.txt").write_text(train, encoding="utf-8")
        (folder / "val.txt").write_text(validation, encoding="utf-8")

    return write


def sound(folder: Path) -> None:
    one(prose())(folder)


def leaking(share: float) -> Write:
    """This share of the validation split is in the training split too."""
    text = prose()
    train, validation = text[:80_000], text[80_000:]
    return splits(train + validation[: int(share * len(validation))], validation)


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def shuffled_characters(folder: Path) -> None:
    """The training split is shuffled; the validation split is not."""
    text = prose()
    characters = list(text[:80_000])
    random.Random(1).shuffle(characters)
    splits("".join(characters), text[80_000:])(folder)


def repeated_line(folder: Path) -> None:
    one("All work and no play makes Jack a dull boy, said the man at the gate.\n" * 1500)(folder)


def encoded(folder: Path) -> None:
    one(base64.encodebytes(random.Random(1).randbytes(60_000)).decode())(folder)


def random_letters(folder: Path) -> None:
    dice = random.Random(1)
    one("".join(dice.choices("abcdefghijklmnopqrstuvwxyz ", k=80_000)))(folder)


def random_bytes(folder: Path) -> None:
    one(random.Random(1).randbytes(80_000))(folder)


def misread(page: str) -> Write:
    """UTF-8 Turkish that was decoded with this code page and saved again."""
    return one(prose("tr").encode().decode(page, "replace"))


def windows_1254(folder: Path) -> None:
    one(prose("tr").encode("windows-1254", "replace"))(folder)


def half_undecodable(folder: Path) -> None:
    for number, part in enumerate(_parts(prose("tr"), 12)):
        data = part.encode("windows-1254", "replace") if number % 2 else part.encode()
        (folder / f"{number:02}.txt").write_bytes(data)


def one_undecodable(folder: Path) -> None:
    for number, part in enumerate(_parts(prose("tr"), 24)):
        data = part.encode("windows-1254", "replace") if number == 3 else part.encode()
        (folder / f"{number:02}.txt").write_bytes(data)


def _parts(text: str, count: int) -> list[str]:
    size = -(-len(text) // count)
    return [text[start : start + size] for start in range(0, len(text), size)]


def duplicated_lines(share: float) -> Write:
    """So many of the lines, each a second time at another place."""
    dice = random.Random(1)
    lines = lines_of(prose())
    again = dice.sample(lines, int(len(lines) * share / (1 - share)))
    for line in again:
        lines.insert(dice.randrange(len(lines)), line)
    return one("\n".join(lines))


def upper_case_copies(folder: Path) -> None:
    """The validation split is the training split in capitals: the same text, though no character agrees."""
    text = prose()
    splits(text[:80_000] + "\n" + text[80_000:].upper(), text[80_000:])(folder)


def web_pages(folder: Path) -> None:
    dice = random.Random(1)
    body = "".join(
        f'<div class="c{dice.randrange(90)} col-{dice.randrange(12)}" id="n{dice.randrange(9999)}">'
        f'<span style="width:{dice.randrange(999)}px;height:{dice.randrange(999)}px"></span>'
        f'<a href="/p/{dice.randrange(99999)}">{line[:12]}</a></div>\n'
        for line in lines_of(prose()) * 2
    )
    one(body)(folder)  # a whole page would be read as its text


def table_of_digits(folder: Path) -> None:
    dice = random.Random(1)
    rows = (",".join(f"{dice.gauss(50, 20):.2f}" for _ in range(8)) for _ in range(2000))
    one("\n".join(rows))(folder)


def rare_letters(folder: Path) -> None:
    """Characters of four alphabets, far more kinds than a small vocabulary has."""
    one(prose("tr") + prose())(folder)


def numbered_lines(folder: Path) -> None:
    one("\n".join(f"{number:6d}  {line}" for number, line in enumerate(lines_of(prose()), start=1)))(folder)


def two_languages(folder: Path) -> None:
    one("\n".join(line for pair in zip(lines_of(prose()), lines_of(prose("tr")), strict=False) for line in pair))(
        folder
    )


def hard_validation(folder: Path) -> None:
    """One validation document of another kind: code."""
    code = Path(__file__).with_name("planting.py").read_text(encoding="utf-8")
    splits(prose(), code)(folder)


def truncated_documents(folder: Path) -> None:
    """Every document ends within a word after 200 characters."""
    for number, part in enumerate(_parts(prose(), 500)):
        (folder / f"{number:03}.txt").write_text(part[:180], encoding="utf-8")


def reversed_text(folder: Path) -> None:
    """The training split is reversed."""
    text = prose()
    splits(text[:80_000][::-1], text[80_000:])(folder)
