"""The check `corpus-readable`: text that could not be used. A function of what reading reported."""

from __future__ import annotations

from typing import Any

from mmrec_engine.data.sources.documents import Skipped
from mmrec_engine.data.sources.encodings_of_files import invalid_bytes, proposals
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Text

# Reasons by which no text is lost, or no more than was agreed to.
HARMLESS = (
    "split-given", "test-left-out", "splits-left-out", "binary", "empty", "empty-rows", "invalid-bytes", "link-outside",
)  # fmt: skip
_LONGEST_NAME = 30  # characters
UNDECODABLE = ("undecodable", "invalid-utf8", "encoding-unknown")


def skipped_finding(skipped: Skipped) -> dict[str, Any]:
    """A skipped file, or skipped lines of it, as a finding has it (contract: Events)."""
    evidence = f"{skipped.name}: {skipped.reason}" + (f" ({skipped.hint})" if skipped.hint else "")
    return {
        "id": "corpus-readable",
        "phase": "before",
        "item": "dataset-ready",
        "status": "note" if skipped.reason in HARMLESS else "warn",
        "title": Text("words", "file-left-out")[DEFAULT_LANGUAGE],
        "evidence": evidence,
        "values": {"file": skipped.name, "reason": skipped.reason, "hint": proposals(skipped), **counted(skipped)},
        "threshold": {},
        "remedies": [],
    }


def counted(skipped: Skipped) -> dict[str, int]:
    """How many bytes of a file that is UTF-8 but for these are invalid, and the place of the first."""
    return invalid_bytes(skipped.hint) if skipped.reason == "invalid-utf8" else {}


def shortened(name: str) -> str:
    """A file's name for a sentence: the end of a long one."""
    return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]
