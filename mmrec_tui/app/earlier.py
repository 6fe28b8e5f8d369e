"""The earlier run to compare with: the newest other one with the same text, split and tokens, because only its losses can be
drawn beside those of this run; of the same config if there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmrec_engine.runs.catalog import described, known_runs
from mmrec_engine.runs.comparison import same_text, same_tokens
from mmrec_engine.runs.history import History
from mmrec_engine.runs.run_reader import RunReader
from mmrec_tui.terminal import one_line

_MOST_LOOKED_AT = 200


def last_like(folder: Path) -> tuple[str, History] | None:
    """Its printable name and its history; None if there is no other run whose losses can be compared."""
    own = described(folder)
    alike: list[Path] = []
    for run in known_runs()[:_MOST_LOOKED_AT]:
        if run.path == folder.resolve() or not run.step:
            continue
        other = described(run.path)
        if not (same_text(_corpus(own), _corpus(other)) and same_tokens(_corpus(own), _corpus(other))):
            continue
        if _config(other) == _config(own):
            alike.insert(0, run.path)
            break
        alike.append(run.path)
    return (one_line(alike[0].name), RunReader(alike[0]).first_view()) if alike else None


def _corpus(description: dict[str, Any]) -> dict[str, Any]:
    corpus: dict[str, Any] = description.get("corpus", {})
    return corpus


def _config(description: dict[str, Any]) -> object:
    return description.get("settings", {}).get("config")
