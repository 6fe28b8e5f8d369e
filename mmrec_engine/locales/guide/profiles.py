"""Titles and descriptions of the starting profiles; their settings are in `mmrec_engine/settings/presets.py`."""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Text, Words, words


@dataclass(frozen=True)
class Profile:
    """A starting point for a run. text: one sentence on what it is good for."""

    id: str
    title: Words
    text: Words


PROFILE_TEXTS = tuple(
    Profile(id, Text("profiles", id, "title"), Text("profiles", id, "text"))
    for id in words("profiles", DEFAULT_LANGUAGE)
)
