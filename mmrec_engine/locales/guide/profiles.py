"""Titles and descriptions of the starting profiles; their settings stand in `mmrec_engine/settings/presets.py`, under the same ids."""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.messages import Words


@dataclass(frozen=True)
class Profile:
    """A starting point for a run. text: one sentence on what it is good for."""

    id: str
    title: Words
    text: Words


PROFILE_TEXTS: tuple[Profile, ...] = (
    Profile(
        "first-try",
        {"en": "First try", "tr": "İlk deneme"},
        {
            "en": "A model that writes within a few minutes, to see that everything works.",
            "tr": "Birkaç dakikada yazan bir model; her şeyin çalıştığını görmek için.",
        },
    ),
    Profile(
        "thorough",
        {"en": "Thorough", "tr": "Özenli"},
        {
            "en": "The guide's values as they are: ten epochs, AdamW, early stopping.",
            "tr": "Rehberin değerleri olduğu gibi: on epoch, AdamW, early stopping.",
        },
    ),
    Profile(
        "small-text",
        {"en": "Small text", "tr": "Az metin"},
        {
            "en": "For a text well below a megabyte: more passes over it, and more against memorising it.",
            "tr": "Bir megabaytın epey altındaki metinler için: üzerinden daha çok geçiş, ezberlemeye karşı daha çok önlem.",
        },
    ),
    Profile(
        "overfits-easily",
        {"en": "Overfits easily", "tr": "Kolay ezberliyor"},
        {
            "en": "For when an earlier run has overfitted: strong dropout and weight decay, little patience.",
            "tr": "Önceki çalışma overfitting yaptıysa: güçlü dropout ve weight decay, az patience.",
        },
    ),
)
