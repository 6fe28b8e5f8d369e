"""What a run came to, and what would better it most, in plain words: templates over the values of a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mmrec_engine.locales.messages import Language, Words

_STANDS: dict[str, Words] = {
    "below-5-gram": {
        "en": "{bits} bits a character; a 5-gram table needs {reference}. The model is better than the n-gram baselines",
        "tr": "karakter başına {bits} bit; 5-gram tablosu {reference} ister. Model bu n-gram baseline'dan iyi",
    },
    "above-5-gram": {
        "en": "{bits} bits a character; a 5-gram table needs only {reference}. "
        "That n-gram baseline is still better than this model",
        "tr": "karakter başına {bits} bit; 5-gram tablosu yalnızca {reference} ister. Bu n-gram baseline hâlâ modelden iyi",
    },
    "above-bigram": {
        "en": "{bits} bits a character; even a bigram table needs only {reference}. The model has learnt little yet",
        "tr": "karakter başına {bits} bit; bigram tablosu bile yalnızca {reference} ister. Model henüz az öğrendi",
    },
    "above-unigram": {
        "en": "{bits} bits a character; the frequencies of single tokens alone give {reference}. "
        "The model has learnt nothing yet",
        "tr": "karakter başına {bits} bit; tek tek token sıklıkları bile {reference} verir. Model henüz bir şey öğrenmedi",
    },
    "alone": {"en": "{bits} bits a character", "tr": "karakter başına {bits} bit"},
}
_LEVERS: dict[str, Words] = {
    "time": {
        "en": "The validation loss was still falling: more time is the lever. "
        "{minutes} minutes should reach about {expected} bits",
        "tr": "Validation loss hâlâ düşüyordu: yapılacak şey daha çok süre. {minutes} dakika yaklaşık {expected} bite inmeli",
    },
    "text": {
        "en": "The model has memorised its text (training loss {training}, validation loss {validation}): "
        "more text is the lever",
        "tr": "Model metnini ezberledi (training loss {training}, validation loss {validation}): yapılacak şey daha çok metin",
    },
    "dropout": {
        "en": "The model memorises its text (training loss {training}, validation loss {validation}) at dropout {dropout}: "
        "more dropout is the lever, more text a better one",
        "tr": "Model metnini dropout {dropout} ile ezberliyor (training loss {training}, validation loss {validation}): "
        "yapılacak şey daha çok dropout, daha iyisi daha çok metin",
    },
    "rate": {
        "en": "The learning rate {rate} is far below what trains these models best ({better} with this optimizer): "
        "the rate is the lever",
        "tr": "{rate} öğrenme oranı bu modelleri en iyi eğitenin çok altında (bu optimizer ile {better}): "
        "yapılacak şey oranı değiştirmek",
    },
    "none": {
        "en": "The validation loss had come to rest, and nothing was memorised: a larger model or more text is what is left",
        "tr": "Validation loss durulmuştu ve bir şey ezberlenmedi: geriye daha büyük bir model ya da daha çok metin kalıyor",
    },
}


def verdict_lines(
    verdict: Mapping[str, Any], language: Language, number: Callable[[float, int], str] | None = None
) -> list[str]:
    """The verdict in two sentences, and the command. number: how a number is written with so many digits."""
    written = number or (lambda value, digits: f"{value:.{digits}f}")
    digits = {"rate": 5, "better": 3, "minutes": 0, "dropout": 2}
    values = {
        name: written(value, digits.get(name, 2)).rstrip("0" if name in ("rate", "better") else "")
        for name, value in verdict.get("values", {}).items()
        if isinstance(value, int | float)
    }
    lines = []
    for table, key in ((_STANDS, verdict.get("stands")), (_LEVERS, verdict.get("lever"))):
        words = table.get(str(key))
        if words is not None:
            try:
                lines.append(words[language].format_map(values) + ".")
            except (KeyError, ValueError, IndexError):
                continue
    return lines
