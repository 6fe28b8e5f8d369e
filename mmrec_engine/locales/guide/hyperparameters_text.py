"""What the settings of the text do."""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import Hyperparameter

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

TEXT_FIELD = Hyperparameter(
    "text_field",
    {"en": "Text field", "tr": "Metin alanı"},
    {
        "en": "Which field or column holds the text, in JSON, CSV, TSV, Parquet and data sets. a.b is b within a; a+b joins two fields.",
        "tr": "JSON, CSV, TSV, Parquet ve veri kümelerinde metni hangi alanın ya da sütunun tuttuğu. a.b, a'nın içindeki b'dir; a+b iki alanı birleştirir.",
    },
    {
        "en": "Empty: text, content and the like, a conversation, a question with its answer, or the only field that is prose; the run says which.",
        "tr": "Boşsa: text, content ve benzerleri, bir konuşma, bir soruyla yanıtı ya da düzyazı olan tek alan; hangisi olduğu söylenir.",
    },
    {
        "en": "With the wrong field the model learns ids, labels or links instead of text.",
        "tr": "Yanlış alanla model metin yerine kimlikleri, etiketleri ya da bağlantıları öğrenir.",
    },
)
INVALID_BYTES = Hyperparameter(
    "skip_invalid_bytes",
    {"en": "Skip invalid bytes", "tr": "Geçersiz baytları atla"},
    {
        "en": "Reads files that are UTF-8 but for a few bytes (cut in the middle of a letter, damaged on the way) and leaves those bytes out.",
        "tr": "Birkaç bayt dışında UTF-8 olan dosyaları (bir harfin ortasında kesilmiş, yolda bozulmuş) o baytları atlayarak okur.",
    },
    {
        "en": "Off, such a file is left out and the place of the damage is told. Files in another encoding are not read this way: name it instead.",
        "tr": "Kapalıyken böyle bir dosya alınmaz, bozuk yeri söylenir. Başka kodlamadaki dosyalar böyle okunmaz: onların kodlamasını verin.",
    },
    {
        "en": "On, the rest of the file is trained on, and how many bytes were left out is told.",
        "tr": "Açıkken dosyanın kalanıyla eğitilir, kaç baytın alınmadığı söylenir.",
    },
)
