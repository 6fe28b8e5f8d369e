"""What each setting of the augmentation does: how the training side is shown, beyond what it says."""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import Hyperparameter

AUGMENTATION: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "jitter",
        {"en": "Jitter", "tr": "Kaydırma (jitter)"},
        {
            "en": "Moves each training window by an offset of its own, up to this share of the stride either way. 0: windows lie side by side.",
            "tr": "Her eğitim penceresini kendine özgü bir uzaklıkla, her iki yöne en çok stride'ın bu payı kadar kaydırır. 0: pencereler yan yana durur.",
        },
        {
            "en": "Windows begin anywhere; some text is seen twice in an epoch and some not at all.",
            "tr": "Pencereler herhangi bir yerde başlar; bir epoch'ta kimi metin iki kez görülür, kimi hiç.",
        },
        {
            "en": "Every text once an epoch. Epochs are cut at other places anyhow.",
            "tr": "Her metin epoch başına bir kez. Epoch'lar zaten başka yerlerden kesilir.",
        },
    ),
    Hyperparameter(
        "recased",
        {"en": "Recased", "tr": "Harf düzeni"},
        {
            "en": "Share of the training windows shown in lower case, in upper case, with capitals, or without diacritics. İ and ı are kept apart where the text is Turkish. For text that will be typed carelessly.",
            "tr": "Küçük harfle, büyük harfle, baş harfleri büyük ya da imsiz gösterilen eğitim pencerelerinin payı. Türkçe metinde İ ile ı ayrı tutulur. Özensiz yazılacak metinler için.",
        },
        {
            "en": "Text in capitals or without marks surprises the model less; it learns the usual case more slowly.",
            "tr": "Büyük harfli ya da imsiz metin modeli daha az şaşırtır; olağan yazımı daha yavaş öğrenir.",
        },
        {
            "en": "All attention to the text as it is written.",
            "tr": "Bütün dikkat metnin yazıldığı biçime gider.",
        },
    ),
    Hyperparameter(
        "masked",
        {"en": "Masked", "tr": "Gizlenen"},
        {
            "en": "Share of the training input that is hidden, in spans of 1 to 5 tokens. What is to be predicted stays the true text, so the model must look farther back.",
            "tr": "Eğitim girdisinin 1-5 tokenlık parçalar hâlinde gizlenen payı. Öngörülecek olan gerçek metin olarak kalır; model daha geriye bakmak zorundadır.",
        },
        {
            "en": "Less memorising, slower learning; the loss of a step is higher, that of validation is measured without holes.",
            "tr": "Daha az ezber, daha yavaş öğrenme; adım loss'u yükselir, validation deliksiz ölçülür.",
        },
        {
            "en": "Faster learning; 0 suits short runs and much text.",
            "tr": "Daha hızlı öğrenme; 0, kısa çalışmaya ve çok metne uyar.",
        },
    ),
    Hyperparameter(
        "noise",
        {"en": "Noise", "tr": "Gürültü"},
        {
            "en": "Share of the training input that is replaced by other tokens of the text. What is to be predicted stays true. For text that will have slips of the pen.",
            "tr": "Eğitim girdisinin, metnin başka tokenlarıyla değiştirilen payı. Öngörülecek olan doğru kalır. Yazım yanlışlı metinler için.",
        },
        {
            "en": "A slip throws the model off less; it trusts the nearest tokens less, and learns more slowly.",
            "tr": "Bir yazım yanlışı modeli daha az şaşırtır; en yakın tokenlara daha az güvenir, daha yavaş öğrenir.",
        },
        {
            "en": "Faster learning; 0 suits short runs and much text.",
            "tr": "Daha hızlı öğrenme; 0, kısa çalışmaya ve çok metne uyar.",
        },
    ),
)
