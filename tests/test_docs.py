"""Names in the documents exist: files, folders, tests, classes with their parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("mmrec_engine", "mmrec_tui", "tests", "benchmarks", "docs", "data")
SOURCES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
TEXTS = {path: path.read_text(encoding="utf-8") for path in SOURCES if path.suffix == ".py"}
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")] + sorted(
    ROOT.glob("docs/*.md")
)
WRITTEN_BY_RUNS = ("checkpoints/NAME/", "data/train/", "benchmarks/carried")
OF_OTHERS = ("torch.load", "F.rms_norm", "settings.name", "a.b", "data.text", "mlflow.search_runs",
             "pandas.read_csv")  # libraries, and examples  # fmt: skip
METRIC = re.compile(r"(train|validation)/\w+(/NAME)?")  # in the logs of a run
TO_BE_MADE = re.compile(r"(.*/)?(NAME|CODE)(\w*\.py|/)")


def is_there(path: str) -> bool:
    """Whether a path, or its end, is that of a file or a folder."""
    wanted = Path(path.rstrip("/")).parts
    return any(
        found.parts[-len(wanted) :] == wanted for found in (*SOURCES, *(source.with_suffix("") for source in SOURCES))
    )


def is_defined(name: str) -> bool:
    """Of `Class.part` or `module.part` whether both are there."""
    owner, part = name.split(".")
    return any(
        re.search(rf"\b{part}\b", text) and (path.stem == owner or re.search(rf"^class {owner}\b", text, re.MULTILINE))
        for path, text in TEXTS.items()
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_names_in_documents_exist(document: Path) -> None:
    missing = []
    for name in re.findall(r"`([^`\s]+)`", document.read_text(encoding="utf-8")):
        plain = name.removesuffix("()")
        if plain in (*WRITTEN_BY_RUNS, *OF_OTHERS) or "*" in plain or TO_BE_MADE.fullmatch(plain):
            continue
        if METRIC.fullmatch(plain):
            continue
        path, _, test = plain.partition("::")
        if test:
            known = is_there(path) and any(f"def {test}(" in text for text in TEXTS.values())
        elif re.fullmatch(r"(mmrec_engine|mmrec_tui)(\.\w+)+", plain):
            known = is_there(plain.replace(".", "/")) or is_there("/".join(plain.split(".")[:-1]))
        elif re.fullmatch(r"([a-z]\w*/)+\w+(\.(py|md|json|tcss|sh))?/?", plain) or re.fullmatch(
            r"\w+\.(py|tcss)", plain
        ):
            known = is_there(plain)
        elif re.fullmatch(r"\w+\.[a-z_]\w*", plain) and not re.fullmatch(
            r".*\.(md|json|jsonl|txt|toml|pt|npz|log|csv|gguf)", plain
        ):
            known = is_defined(plain) or is_there(plain.replace(".", "/"))
        else:
            continue
        if not known:
            missing.append(name)
    assert not missing


def headings_of(document: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        page = (document.parent / path) if path else document
        if not page.exists() or (anchor and anchor not in headings_of(page)):
            broken.append(target)
    assert not broken
