"""The words of what is found in several corpora that are trained on together."""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText

MIXING: tuple[FindingText, ...] = (
    FindingText(
        "corpora-repeated",
        {"en": "Corpus repetition", "tr": "Derlem yinelenmesi"},
        {
            "pass": {
                "en": "{passes:.1f} passes over {corpus}, the most repeated ({whole:.1f} over all together)",
                "tr": "{passes:.1f} geçiş: en sık okunan {corpus} (hepsi birlikte {whole:.1f})",
            },
            "any": {
                "en": "{passes:.1f} passes over {corpus}, small for its share of {share:%} ({whole:.1f} over all together; less is learnt after {limit_note_passes}, hardly anything after {limit_warn_passes})",
                "tr": "{passes:.1f} geçiş: {share:%} payına göre küçük olan {corpus} (hepsi birlikte {whole:.1f}; {limit_note_passes} geçişten sonra az, {limit_warn_passes} geçişten sonra neredeyse hiç öğretmez)",
            },
        },
        {
            "en": "A text that is read again and again is memorised; its own validation loss turns up while the others still fall.",
            "tr": "Tekrar tekrar okunan metin ezberlenir; ötekiler düşerken onun validation loss'u yükselmeye başlar.",
        },
        {
            "en": "Give it a smaller weight, lower --mixing-temperature, add text to it, or watch its own loss: --early-stopping-on NAME.",
            "tr": "Ağırlığını azaltın, --mixing-temperature değerini düşürün, ona metin ekleyin ya da kendi loss'unu izleyin: --early-stopping-on AD.",
        },
    ),
)
