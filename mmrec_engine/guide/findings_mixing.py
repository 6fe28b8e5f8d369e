"""The words of what is found in several corpora that are trained on together."""

from __future__ import annotations

from mmrec_engine.guide.findings import FindingText

MIXING: tuple[FindingText, ...] = (
    FindingText(
        "corpora-repeated",
        {"en": "No corpus is repeated too often", "tr": "Hiçbir derlem fazla yinelenmiyor"},
        {
            "pass": {
                "en": "{corpus} is read most often: {passes} times, all windows together {whole} times",
                "tr": "en sık okunan {corpus}: {passes} kez; tüm pencereler birlikte {whole} kez",
            },
            "any": {
                "en": "{corpus} is small for its share of {share:%}: this run reads it {passes} times, all windows together {whole} times "
                "(after {limit_note_passes} repetition teaches less, after {limit_warn_passes} next to nothing)",
                "tr": "{corpus}, {share:%} payına göre küçük: bu çalışma onu {passes} kez okur, tüm pencereleri birlikte {whole} kez "
                "({limit_note_passes} yinelemeden sonra daha az şey öğretir, {limit_warn_passes} yinelemeden sonra neredeyse hiç)",
            },
        },
        {
            "en": "A text that is read again and again is learnt by heart; its own validation loss turns up while the others still fall.",
            "tr": "Tekrar tekrar okunan metin ezberlenir; ötekiler düşerken onun validation loss'u yükselmeye başlar.",
        },
        {
            "en": "Give it a smaller weight, lower --mixing-temperature, add text to it, or watch its own loss: --early-stopping-on NAME.",
            "tr": "Ağırlığını azaltın, --mixing-temperature değerini düşürün, ona metin ekleyin ya da kendi kaybını izleyin: --early-stopping-on AD.",
        },
    ),
)
