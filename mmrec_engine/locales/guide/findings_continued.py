"""The words of what is found where a run begins with the weights of an earlier one, and where subwords are learnt."""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText

CONTINUED: tuple[FindingText, ...] = (
    FindingText(
        "split-continued",
        {
            "en": "Validation text in the starting weights",
            "tr": "Başlangıç ağırlıklarındaki validation metni",
        },
        {
            "pass": {
                "en": "{share:%} of the {characters} validation characters were trained on by the starting weights (at most {limit_warn_share:%})",
                "tr": "{share:%} oranında validation metni ({characters} karakter), başlangıç ağırlıklarının eğitiminde görülmüş (en çok {limit_warn_share:%})",
            },
            "passages": {
                "en": "{share:%} of the validation split, about, was trained on by the starting weights, in documents changed since ({grams} passages; at most {limit_gram_share:%})",
                "tr": "{share:%} oranında, yaklaşık: başlangıç ağırlıklarının, sonradan değişmiş belgelerde gördüğü validation metni ({grams} parça; en çok {limit_gram_share:%})",
            },
            "any": {
                "en": "{share:%} of the validation split was trained on by the starting weights ({seen} of {characters} characters; at most {limit_warn_share:%})",
                "tr": "{share:%} oranında validation metni başlangıç ağırlıklarının eğitiminde görülmüş ({seen} / {characters} karakter; en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "What the weights were trained on, they may have memorised. The validation loss then looks better than the model is, and cannot be compared with the earlier run's.",
            "tr": "Ağırlıklar eğitildikleri metni ezberlemiş olabilir. O zaman validation loss modelden daha iyi görünür ve önceki çalışmanınkiyle karşılaştırılamaz.",
        },
        {
            "en": "Documents keep their split in a further run as long as they are unchanged. Give changed documents to training, or begin with random weights.",
            "tr": "Değişmeyen belgeler sonraki çalışmada da bölümlerinde kalır. Değişmiş belgeleri eğitime verin ya da rastgele ağırlıklarla başlayın.",
        },
    ),
    FindingText(
        "vocabulary-size",
        {"en": "Subwords and the text to train them", "tr": "Alt sözcükler ve onları eğitecek metin"},
        {
            "any": {
                "en": "{rare} of {subwords} subwords occur fewer than {limit_times} times in training (limit {limit_warn_rare:%}); {untrained} of {tokens} validation tokens never do",
                "tr": "{rare}: {subwords} alt sözcükten eğitimde {limit_times} kereden az geçenler (sınır {limit_warn_rare:%}); hiç geçmeyen {untrained}/{tokens} validation token'ı",
            },
        },
        {
            "en": "The model learns little about a token that it hardly ever sees, and nothing about one that it never sees. Each still takes weights, and a share of every prediction.",
            "tr": "Model, neredeyse hiç görmediği bir token hakkında az şey, hiç görmediği hakkında hiçbir şey öğrenmez. Yine de her biri ağırlık ve her tahminden bir pay alır.",
        },
        {
            "en": "Use a smaller vocabulary, or more text. Compare by bits per character: losses of different vocabularies cannot be compared.",
            "tr": "Daha küçük bir sözlük ya da daha çok metin kullanın. Karakter başına bit ile karşılaştırın: farklı sözlüklerin loss değerleri karşılaştırılamaz.",
        },
    ),
)
