"""Why the planner chose what it chose, in both languages: templates over the values of a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.messages import Language, Words

REASONS: dict[str, Words] = {
    "characters-for-small-text": {
        "en": "the text has {characters} characters to train on; subwords pay from about {least} on",
        "tr": "metnin eğitim kısmı {characters} karakter; alt sözcükler yaklaşık {least} karakterden sonra işe yarar",
    },
    "subwords-missing": {
        "en": "{subwords} subwords would suit this text better ({characters} characters); install them with `make tokenizers`",
        "tr": "bu metne ({characters} karakter) {subwords} alt sözcük daha uygun olurdu; `make tokenizers` ile kurun",
    },
    "subwords-for-large-text": {
        "en": "the text has {characters} characters to train on; with subwords a step sees as much more of it",
        "tr": "metnin eğitim kısmı {characters} karakter; alt sözcüklerle bir adım metnin daha çoğunu görür",
    },
    "vocabulary-by-size": {
        "en": "about one subword for each thousand of the {characters} characters",
        "tr": "{characters} karakterin her bini için yaklaşık bir alt sözcük",
    },
    "config-tiny": {
        "en": "a larger model would see too little of the text in {minutes} minutes on this machine",
        "tr": "daha büyük bir model bu makinede {minutes} dakikada metnin çok azını görürdü",
    },
    "config-mini": {
        "en": "in {minutes} minutes it sees {seen} characters on this machine, enough to be better than tiny",
        "tr": "{minutes} dakikada bu makinede {seen} karakter görür; tiny modelden iyi olmasına yeter",
    },
    "config-small": {
        "en": "in {minutes} minutes it sees {seen} characters on this machine, enough to be better than mini",
        "tr": "{minutes} dakikada bu makinede {seen} karakter görür; mini modelden iyi olmasına yeter",
    },
    "window": {
        "en": "{tokens} tokens to look back on",
        "tr": "geriye bakılacak {tokens} token",
    },
    "window-of-the-text": {
        "en": "the text is short: longer windows would be too few",
        "tr": "metin kısa: daha uzun pencerelerden çok az olurdu",
    },
    "batch-of-tokens": {
        "en": "{tokens} tokens a step learn soonest on a clock",
        "tr": "saate karşı en çabuk öğrenen adım {tokens} tokendir",
    },
    "muon": {
        "en": "reaches a loss in a fraction of AdamW's steps",
        "tr": "bir loss değerine AdamW'nin adımlarının küçük bir kısmında iner",
    },
    "rate-muon": {"en": "the best peak measured with Muon", "tr": "Muon ile ölçülen en iyi tepe değer"},
    "rate-adamw": {"en": "the best peak measured with AdamW", "tr": "AdamW ile ölçülen en iyi tepe değer"},
    "warmup": {"en": "short, as the run is", "tr": "kısa, çalışma gibi"},
    "fall-ends-with-the-time": {
        "en": "the learning rate falls until the time is over",
        "tr": "öğrenme oranı süre bitene dek düşer",
    },
    "architecture": {
        "en": "better than attention of the same size and time in every race so far",
        "tr": "bugüne dekki her yarışta aynı boy ve sürede attention'dan iyi",
    },
    "dropout-by-passes": {
        "en": "the text is gone through {passes} times",
        "tr": "metnin üzerinden {passes} kez geçilir",
    },
    "steps-in-the-time": {
        "en": "what fits into {seconds} seconds at the speed measured here; the clock corrects it on the way",
        "tr": "burada ölçülen hızla {seconds} saniyeye sığan; yolda saat düzeltir",
    },
    "validations-in-the-time": {
        "en": "{count} validations of about {each} seconds",
        "tr": "her biri yaklaşık {each} saniyelik {count} validation",
    },
}


def reason_of(choice: Mapping[str, Any], language: Language, number: Any = None) -> str:
    """The words of a choice as its event carries it; empty where they are not known here. number: how numbers are written."""
    words = REASONS.get(str(choice.get("reason")))
    values = choice.get("values")
    if words is None or not isinstance(values, Mapping):
        return ""
    written = number or _written
    try:
        return words[language].format_map({name: written(value) for name, value in values.items()})
    except (KeyError, ValueError, IndexError):
        return ""


def _written(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
