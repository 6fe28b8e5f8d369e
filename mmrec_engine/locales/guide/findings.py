"""The words of every finding, in both languages: what was seen (with its numbers), why it matters, what to do.

An evidence is a template over the finding's values and thresholds; numbers are written in the language's form. Which template
is taken: the value "variant", else the status, else "any".
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.messages import Language, Words
from mmrec_engine.locales.numbers import in_language, percentage
from mmrec_engine.locales.plurals import fill

# Why a check was skipped, by the reason that `checks.finding.Skip` names.
SKIPPED: dict[str, Words] = {
    "too-large": {
        "en": "skipped: the model is too large for this check to be quick",
        "tr": "atlandı: model bu denetim için çok büyük",
    },
    "no-evaluation": {"en": "skipped: no evaluation has been made", "tr": "atlandı: hiç değerlendirme yapılmadı"},
    "not-saved": {"en": "skipped: nothing was to be saved", "tr": "atlandı: kaydetme istenmedi"},
    "not-loaded": {"en": "skipped: the model cannot be loaded", "tr": "atlandı: model yüklenemiyor"},
    "too-short": {
        "en": "skipped: the text is too short to judge this",
        "tr": "atlandı: metin bunu yargılamak için çok kısa",
    },
    "does-not-fit": {"en": "skipped: the model does not fit in memory", "tr": "atlandı: model belleğe sığmıyor"},
    "interrupted": {
        "en": "skipped: the run was stopped before its end",
        "tr": "atlandı: çalışma sonundan önce durduruldu",
    },
    "text-gone": {
        "en": "skipped: the text it was trained on is gone or has changed",
        "tr": "atlandı: eğitildiği metin artık yok ya da değişti",
    },
    "no-baselines": {
        "en": "skipped: the run has no baselines to compare with",
        "tr": "atlandı: çalışmanın karşılaştırılacak ölçütü yok",
    },
    "warm-start": {
        "en": "skipped: the weights are those of an earlier run",
        "tr": "atlandı: ağırlıklar daha önceki bir çalışmanın",
    },
    "not-recorded": {
        "en": "skipped: it is not recorded what the first weights have been trained on",
        "tr": "atlandı: ilk ağırlıkların neyle eğitildiği kayıtlı değil",
    },
    "too-early": {
        "en": "skipped: the run is too short to judge this",
        "tr": "atlandı: çalışma bunu yargılamak için çok kısa",
    },
}
_BROKEN: Words = {"en": "the check itself broke: {reason}", "tr": "denetimin kendisi bozuldu: {reason}"}


def texts() -> dict[str, FindingText]:
    """All finding texts by id."""
    from mmrec_engine.locales.guide.findings_after import AFTER
    from mmrec_engine.locales.guide.findings_before import BEFORE
    from mmrec_engine.locales.guide.findings_continued import CONTINUED
    from mmrec_engine.locales.guide.findings_during import DURING
    from mmrec_engine.locales.guide.findings_mixing import MIXING
    from mmrec_engine.locales.guide.findings_model import MODEL
    from mmrec_engine.locales.guide.findings_reading import READING

    return {entry.id: entry for entry in (*BEFORE, *CONTINUED, *MIXING, *READING, *MODEL, *DURING, *AFTER)}


def title(finding: Mapping[str, Any], language: Language) -> str:
    entry = texts().get(str(finding.get("id")))
    return entry.title[language] if entry is not None else str(finding.get("title", finding.get("id", "")))


def evidence(finding: Mapping[str, Any], language: Language) -> str:
    """What was seen, with its numbers. A finding that does not fit its template (another version's) is shown as it came."""
    raw = finding.get("values")
    values = dict(raw) if isinstance(raw, Mapping) else {}
    threshold = finding.get("threshold")
    if isinstance(threshold, Mapping):
        values = {**{f"limit_{name}": number for name, number in threshold.items()}, **values}
    status = str(finding.get("status"))
    if status == "skipped":
        words = SKIPPED.get(str(values.get("reason")))
    elif status == "error":
        words = _BROKEN
    else:
        entry = texts().get(str(finding.get("id")))
        known = entry.evidence if entry is not None else {}
        words = known.get(str(values.get("variant"))) or known.get(status) or known.get("any")
    if words is None:
        return str(finding.get("evidence", ""))
    try:
        return fill(words[language], values, language, _Formatter(language))
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError):
        return str(finding.get("evidence", ""))


class _Formatter(string.Formatter):
    """Numbers in the language's form: {x} whole or with four figures, {x:%} as a percentage, {x:.3f} as told.

    {x:file|files} is a count with its noun: "1 file", "12 files".
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if format_spec.endswith("%"):
            text = f"{100 * value:.{format_spec[1:-1] or '1'}f}" if format_spec != "%" else f"{100 * value:.3g}"
            return percentage(text, self._language)
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{self.format_field(value, '')} {one if value == 1 else many}"
        text = f"{value:{format_spec}}" if format_spec else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
        return in_language(text, self._language)
