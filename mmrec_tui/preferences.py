"""The app's preferences, stored between two starts: language, theme, the last plan, recent corpora. A small JSON file.

Nothing here may stop the app: for a file that is missing, damaged or cannot be written, the defaults are used.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mmrec_engine.runs.smoothing import DECAYS, USUAL_DECAY
from mmrec_engine.storage import user_folders
from mmrec_engine.storage.files import write_whole
from mmrec_tui.locales import LANGUAGES

_MOST_RECENT = 12


@dataclass
class Preferences:
    """plan: settings given by the user, by name; proposed: those of a plan that was proposed, which are no choices of the user
    as long as they are in `plan` unchanged; profile: the one that was chosen for the plan. x_axis: step, tokens or time.
    smoothing: a decay of the training loss' moving average; 0: none. notify: a shell command for the end of each run."""

    language: str | None = None
    theme: str = "mmrec-dark"
    plan: dict[str, Any] = field(default_factory=dict)
    profile: str = ""
    corpora: list[str] = field(default_factory=list)
    x_axis: str = "step"
    smoothing: float = USUAL_DECAY
    notify: str = ""
    proposed: dict[str, Any] = field(default_factory=dict)

    def note_corpus(self, path: str) -> None:
        self.corpora = [path, *(known for known in self.corpora if known != path)][:_MOST_RECENT]

    def forget_corpus(self, path: str) -> None:
        self.corpora = [known for known in self.corpora if known != path]

    def save(self) -> None:
        path = _path()
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(asdict(self), ensure_ascii=False, indent=2))


def read_preferences() -> Preferences:
    try:
        stored = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Preferences()
    found = Preferences()
    for item in fields(Preferences):
        value = stored.get(item.name) if isinstance(stored, dict) else None
        if value is not None and (item.name == "language" or isinstance(value, type(getattr(found, item.name)))):
            setattr(found, item.name, value)
    found.language = found.language if found.language in LANGUAGES else None
    found.corpora = [path for path in found.corpora if isinstance(path, str)]
    found.x_axis = found.x_axis if found.x_axis in ("step", "tokens", "time") else "step"
    found.smoothing = found.smoothing if found.smoothing in (0.0, *DECAYS) else USUAL_DECAY
    return found


def _path() -> Path:
    return user_folders.config_folder() / "app.json"
