"""The words of what is found where a run begins with the weights of an earlier one."""

from __future__ import annotations

from mmrec_engine.guide.findings import FindingText

CONTINUED: tuple[FindingText, ...] = (
    FindingText(
        "split-continued",
        {
            "en": "The validation split is new to the first weights",
            "tr": "Validation bölümü ilk ağırlıklar için yeni",
        },
        {
            "pass": {
                "en": "the weights that this run begins with have been trained on {share:%} of its {characters} validation characters (at most {limit_warn_share:%})",
                "tr": "bu çalışmanın başladığı ağırlıklar, {characters} validation karakterinin {share:%} kadarıyla eğitilmiş (en çok {limit_warn_share:%})",
            },
            "passages": {
                "en": "the weights that this run begins with have been trained on about {share:%} of its validation split, in documents that were changed since ({grams} passages of {limit_gram} tokens were looked up; at most {limit_gram_share:%})",
                "tr": "bu çalışmanın başladığı ağırlıklar, validation bölümünün yaklaşık {share:%} kadarıyla, o zamandan beri değişmiş belgelerde eğitilmiş ({limit_gram} tokenlık {grams} parçaya bakıldı; en çok {limit_gram_share:%})",
            },
            "any": {
                "en": "the weights that this run begins with have been trained on {share:%} of its validation split ({seen} of {characters} characters; at most {limit_warn_share:%})",
                "tr": "bu çalışmanın başladığı ağırlıklar, validation bölümünün {share:%} kadarıyla eğitilmiş ({characters} karakterden {seen} tanesi; en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "What the weights were trained on, they may know by heart. The validation loss then looks better than the model is, and cannot be compared with the earlier run's.",
            "tr": "Ağırlıklar eğitildikleri metni ezberlemiş olabilir. O zaman validation loss modelden daha iyi görünür ve önceki çalışmanınkiyle karşılaştırılamaz.",
        },
        {
            "en": "Documents keep their split in a further run as long as they are unchanged. Give changed documents to training, or begin with random weights.",
            "tr": "Değişmeyen belgeler sonraki çalışmada da bölümlerinde kalır. Değişmiş belgeleri eğitime verin ya da rastgele ağırlıklarla başlayın.",
        },
    ),
)
