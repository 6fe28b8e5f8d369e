"""`python -m tests.planted_faults [COMMIT]`: plant each fault in a copy, run its tests, and report which were caught.

COMMIT: the sources and tests of that commit; without it, those of this folder. --only TEXT: faults whose part or words contain
it.
--marks EXPRESSION: only these tests, such as those of `make test`. --json FILE: the results, for docs/testing.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.planted_faults.table import FAULTS, Fault

ROOT = Path(__file__).parents[2]
PACKAGES = ("mmrec_engine", "mmrec_tui")
SECONDS = 600  # for the tests of one fault
IN_TEN_MINUTES = "not extended and not benchmark and not soak"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.planted_faults")
    parser.add_argument("commit", nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--marks", default="not soak")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="mmrec-faults-") as place:
        tree = copied(Path(place), given.commit)
        for fault in FAULTS:
            if given.only not in f"{fault.room} {fault.what}":
                continue
            began = time.monotonic()
            verdict, test = tried(tree, fault, given.marks)
            results.append({"room": fault.room, "what": fault.what, "verdict": verdict, "test": test})
            print(f"{verdict:<9} {time.monotonic() - began:4.0f} s  {fault.room}: {fault.what}  {test}", flush=True)
            if given.json:
                given.json.write_text(json.dumps(results, indent=1) + "\n")
    noticed = sum(one["verdict"] == "caught" for one in results)
    print(f"{noticed} of {len(results)} caught")
    return int(noticed < len(results))


def copied(place: Path, commit: str | None) -> Path:
    """The project in a folder of its own, installed there: its tests start the command that is beside their Python."""
    tree = place / "project"
    tree.mkdir()
    names = "git ls-files --cached --others --exclude-standard -z | tar c --null --files-from=-"
    source = f"git archive {shlex.quote(commit)}" if commit else names
    subprocess.run(f"{source} | tar x -C {shlex.quote(str(tree))}", shell=True, check=True, cwd=ROOT)
    if (shared := ROOT.parent / "shared").exists():
        (place / "shared").symlink_to(shared)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tree / ".venv"], check=True)
    (library,) = (tree / ".venv").glob("lib/python*/site-packages")
    (library / "a_project.pth").write_text(f"{tree}\n")
    (library / "z_packages.pth").write_text("".join(f"{path}\n" for path in sys.path if path.endswith("site-packages")))
    command = tree / ".venv" / "bin" / "mmrec-tui"
    command.write_text(f"#!{tree}/.venv/bin/python\nimport sys\nfrom mmrec_tui.cli import run\nsys.exit(run())\n")
    command.chmod(0o755)
    return tree


def tried(tree: Path, fault: Fault, marks: str) -> tuple[str, str]:
    """The result: caught, missed, or why it could not be planted; and the test that failed."""
    found = place_of(tree, fault)
    if found is None:
        return "not there", ""
    with planted(*found):
        words = [tree / ".venv/bin/python", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", marks]
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        try:
            done = subprocess.run(
                [*words, *shlex.split(fault.tests)],
                cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "caught", "(did not end)"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    verdict = {0: "missed", 1: "caught", 5: "no tests"}.get(done.returncode, "broken")
    return verdict, failed[1] if failed else ""


def place_of(tree: Path, fault: Fault) -> tuple[Path, str, str] | None:
    """The file that contains the fault's text once, the text, and its replacement."""
    sources = {path: path.read_text() for package in PACKAGES for path in (tree / package).rglob("*.py")}
    for old, new in ((fault.old, fault.new), fault.was):
        places = [path for path, source in sources.items() if old and source.count(old) == 1]
        if len(places) == 1:
            return places[0], old, new
    return None


@contextmanager
def planted(path: Path, old: str, new: str) -> Iterator[None]:
    source = path.read_text()
    path.write_text(source.replace(old, new))
    try:
        yield
    finally:
        path.write_text(source)


if __name__ == "__main__":
    sys.exit(main())
