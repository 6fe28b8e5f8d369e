"""What the settings of the text do."""

from __future__ import annotations

from mmrec_engine.guide.hyperparameter import Hyperparameter

MOST_TEXT = Hyperparameter(
    "max_corpus_bytes",
    {"en": "Max text size", "tr": "En çok metin"},
    {
        "en": "How many bytes of the text are taken, in whole documents: 500MB, 2GB. Empty: all of it.",
        "tr": "Metinden kaç baytın alınacağı, bütün belgeler hâlinde: 500MB, 2GB. Boşsa hepsi alınır.",
    },
    {
        "en": "More to learn from; preparing takes longer, and the tokens take more of the disk.",
        "tr": "Öğrenilecek metin artar; hazırlık uzar, tokenlar diskte daha çok yer tutar.",
    },
    {
        "en": "Ready sooner, for a first try of a large data set; a model that is large for it begins to memorise.",
        "tr": "Büyük bir veri kümesini denemek için daha çabuk hazır; ona göre büyük bir model ezberlemeye başlar.",
    },
)
