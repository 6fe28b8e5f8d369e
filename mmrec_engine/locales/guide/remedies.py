"""The words of every remedy, and of the settings that it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.messages import Language, Words
from mmrec_engine.locales.numbers import in_language

# What each remedy does, a template over the settings that it changes; ids as in problems.py where the guide names them.
REMEDIES: dict[str, Words] = {
    "name-encoding": {
        "en": "Read these files as {encoding} (--encoding {encoding})",
        "tr": "Bu dosyaları {encoding} olarak oku (--encoding {encoding})",
    },
    "skip-invalid-bytes": {
        "en": "Read past the bytes that are not UTF-8 (--skip-invalid-bytes)",
        "tr": "UTF-8 olmayan baytları atlayarak oku (--skip-invalid-bytes)",
    },
    "fix-encoding": {
        "en": "Repair the damaged words (--fix-encoding)",
        "tr": "Bozuk sözcükleri onar (--fix-encoding)",
    },
    "smaller-config": {
        "en": "Use a smaller model (--config {config})",
        "tr": "Daha küçük bir model kullan (--config {config})",
    },
    "shorter-windows-for-text": {
        "en": "Use shorter windows (--seq-len {seq_len}): the same text gives more of them",
        "tr": "Daha kısa pencereler kullan (--seq-len {seq_len}): aynı metinden daha çok pencere çıkar",
    },
    "overlapping-windows": {
        "en": "Use overlapping windows (--stride {stride})",
        "tr": "Örtüşen pencereler kullan (--stride {stride})",
    },
    "larger-vocabulary": {
        "en": "Give more characters a token of their own (--vocab-size {vocab_size})",
        "tr": "Daha çok karaktere kendi tokenını ver (--vocab-size {vocab_size})",
    },
    "smaller-vocabulary": {
        "en": "Learn fewer subwords (--vocab-size {vocab_size})",
        "tr": "Daha az alt sözcük öğren (--vocab-size {vocab_size})",
    },
    "random-weights": {
        "en": "Begin with random weights",
        "tr": "Rastgele ağırlıklarla başla",
    },
    "usual-learning-rate": {
        "en": "Use the usual learning rate ({learning_rate:g})",
        "tr": "Alışılmış öğrenme oranını kullan ({learning_rate:g})",
    },
    "range-test-learning-rate": {
        "en": "Use the learning rate that range tests suggest ({learning_rate:g})",
        "tr": "Range test'lerin önerdiği öğrenme oranını kullan ({learning_rate:g})",
    },
    "shorter-warmup": {
        "en": "Shorten the warmup to {warmup_steps} steps, a tenth of the run",
        "tr": "Warmup'ı {warmup_steps} adıma, çalışmanın onda birine indir",
    },
    "clip-gradients": {
        "en": "Clip gradients at {grad_clip:g}",
        "tr": "Gradyanları {grad_clip:g} ile sınırla (gradient clipping)",
    },
    "usual-dropout": {
        "en": "Use the usual dropout ({dropout:g})",
        "tr": "Alışılmış dropout'u kullan ({dropout:g})",
    },
    "usual-weight-decay": {
        "en": "Use the usual weight decay ({weight_decay:g})",
        "tr": "Alışılmış weight decay'i kullan ({weight_decay:g})",
    },
    "reachable-patience": {
        "en": "Lower the early-stopping patience to {early_stopping_patience}",
        "tr": "Early stopping patience'ı {early_stopping_patience} yap",
    },
    "milder-disturbance": {
        "en": "Hide {masked:g} and replace {noise:g} of the input (--masked, --noise)",
        "tr": "Girdinin {masked:g} payını gizle, {noise:g} payını değiştir (--masked, --noise)",
    },
    "wider-curriculum": {
        "en": "Begin the curriculum with {curriculum_start:.0%} of the windows",
        "tr": "Curriculum'a pencerelerin {curriculum_start:.0%} kadarıyla başla",
    },
    "corpora-by-size": {
        "en": "Read the corpora by their size (--mixing-temperature {mixing_temperature:g})",
        "tr": "Derlemleri boyutlarına göre oku (--mixing-temperature {mixing_temperature:g})",
    },
    "reachable-plateau": {
        "en": "Lower the learning rate after {plateau_patience} evaluation without a new best (--plateau-patience)",
        "tr": "Öğrenme oranını, yeni en iyi getirmeyen {plateau_patience} değerlendirmeden sonra düşür (--plateau-patience)",
    },
    "some-warmup": {
        "en": "Warm up over {warmup_steps} steps, a tenth of the run",
        "tr": "{warmup_steps} adım, çalışmanın onda biri kadar warmup yap",
    },
    "lower-learning-rate": {"en": "Lower the learning rate", "tr": "Öğrenme oranını düşür"},
    "measured-learning-rate": {
        "en": "Take the learning rate that was measured as best",
        "tr": "En iyi olduğu ölçülen öğrenme oranını al",
    },
    "raise-learning-rate": {"en": "Raise the learning rate", "tr": "Öğrenme oranını artır"},
    "longer-warmup": {"en": "Lengthen the warmup", "tr": "Warmup steps'i artır"},
    "larger-batch": {"en": "Use a larger batch", "tr": "Batch size'ı artır"},
    "larger-config": {"en": "Use a larger config", "tr": "Daha büyük config kullan"},
    "more-text": {"en": "Add more text", "tr": "Daha fazla text ekle"},
    "longer-run": {"en": "Train longer", "tr": "Daha uzun eğit"},
    "regularise": {
        "en": "Increase regularisation",
        "tr": "Düzenlileştirmeyi artır",
    },
    "more-dropout": {"en": "Raise dropout", "tr": "Dropout'u artır"},
    "more-weight-decay": {"en": "Raise weight decay", "tr": "Weight decay'i artır"},
    "less-patience": {"en": "Lower the early-stopping patience", "tr": "Early stopping patience'ı azalt"},
    "smaller-batch": {"en": "Use a smaller batch", "tr": "Batch size'ı azalt"},
    "shorter-windows": {"en": "Use shorter windows", "tr": "Sequence length'i azalt"},
    "gradient-checkpointing": {"en": "Use gradient checkpointing", "tr": "Gradient checkpointing kullan"},
    "evaluate-sooner": {"en": "Evaluate more often", "tr": "Daha sık değerlendir"},
    "fewer-checkpoints": {"en": "Keep fewer checkpoints", "tr": "Daha az checkpoint sakla"},
}
# Of those with figures that are named without any too.
_WITHOUT_FIGURES: dict[str, Words] = {
    "clip-gradients": {"en": "Clip the gradients", "tr": "Gradient clipping kullan"},
    "smaller-config": {"en": "Use a smaller config", "tr": "Daha küçük config kullan"},
}
_OFF: Words = {"en": "off", "tr": "kapalı"}
_ON: Words = {"en": "on", "tr": "açık"}
_NONE: Words = {"en": "once an epoch", "tr": "epoch'ta bir"}
_UNSET: Words = {"en": "none", "tr": "yok"}
_SHORT: dict[str, str] = {"early_stopping_patience": "patience", "grad_clip": "gradient clipping"}


def remedy(id: str, **settings: Any) -> dict[str, Any]:
    """A remedy as a finding carries it. Raises KeyError for one that has no words."""
    return {"id": id, "title": what_it_does(id, settings, "en"), "settings": settings}


def what_it_does(id: str, settings: Mapping[str, Any], language: Language) -> str:
    """In words, with the settings that it would set. Raises KeyError for one that has no words, or none without figures."""
    try:
        return REMEDIES[id][language].format(**settings)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError):  # settings of another form
        return _WITHOUT_FIGURES[id][language]


def remedy_title(remedy: Mapping[str, Any], language: Language) -> str:
    """What a remedy does, from its id and the settings that it would change; one that is not known, as it came."""
    name, settings, before = str(remedy.get("id")), remedy.get("settings"), remedy.get("before")
    changes = settings if isinstance(settings, Mapping) else {}
    try:
        title = what_it_does(name, changes, language)
    except (KeyError, TypeError):
        title = str(remedy.get("title", name))
    if changes and isinstance(before, Mapping):
        return f"{title} ({figures(before, changes, language)})"
    return title


def figures(before: Mapping[str, Any], changes: Mapping[str, Any], language: Language) -> str:
    """Settings as they were and will be: "dropout 0.1 → 0.2, patience 5 → 3"."""
    parts = []
    for name, value in changes.items():
        label = _SHORT.get(name, name.replace("_", " "))
        parts.append(f"{label} {_figure(name, before.get(name), language)} → {_figure(name, value, language)}")
    return ", ".join(parts)


def _figure(name: str, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return (_ON if value else _OFF)[language]
    if value is None:
        return (_NONE if name == "eval_every" else _UNSET)[language]
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        digits, _, exponent = f"{value:.2e}".partition("e")
        return in_language(f"{float(digits):g}e{int(exponent)}", language)
    return in_language(f"{value:g}", language) if isinstance(value, float) else str(value)
