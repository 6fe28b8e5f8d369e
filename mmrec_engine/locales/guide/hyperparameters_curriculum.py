"""What each setting of a curriculum does: in what order the training side is shown."""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import NOTHING, Hyperparameter

CURRICULUM: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "curriculum",
        {"en": "Curriculum", "tr": "Curriculum"},
        {
            "en": "From easy to hard. length: windows begin short and double until they are whole. ngram: first the windows that a 5-gram model predicts well. compression: first those that compress well. order: first what stands first in the corpus.",
            "tr": "Kolaydan zora. length: pencereler kısa başlar, tam boya dek ikiye katlanır. ngram: önce bir 5-gram modelinin iyi öngördüğü pencereler. compression: önce iyi sıkışanlar. order: önce derlemde önde duranlar.",
        },
        {
            "en": "none shuffles all of the text from the first step on. With another one easy windows recur before all have been seen; an epoch then means as many windows as the text has.",
            "tr": "none, ilk adımdan başlayarak bütün metni karıştırır. Öbürlerinde kolay pencereler, hepsi görülmeden yinelenir; epoch o zaman metindeki kadar pencere demektir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "curriculum_share",
        {"en": "Curriculum steps", "tr": "Curriculum payı"},
        {
            "en": "Share of the planned steps after which the whole text is there.",
            "tr": "Planlanan adımların, sonunda bütün metnin açıldığı payı.",
        },
        {
            "en": "A slower rise; at 1 the hardest text comes with the last step.",
            "tr": "Daha yavaş yükseliş; 1'de en zor metin son adımla gelir.",
        },
        {
            "en": "Sooner as without a curriculum.",
            "tr": "Curriculum'suz duruma daha erken varılır.",
        },
    ),
    Hyperparameter(
        "curriculum_start",
        {"en": "Curriculum start", "tr": "Curriculum başı"},
        {
            "en": "Where it begins: this share of the windows, the easiest, or of their length.",
            "tr": "Nereden başladığı: pencerelerin en kolay bu payı ya da boylarının bu payı.",
        },
        {
            "en": "More of the text at once, and less of a curriculum.",
            "tr": "Baştan daha çok metin, daha az curriculum.",
        },
        {
            "en": "Few windows at first, which recur often; so few can be memorised.",
            "tr": "Başta az pencere; sık yinelenir, bu kadar azı ezberlenebilir.",
        },
    ),
    Hyperparameter(
        "pacing",
        {"en": "Pacing", "tr": "Tempo (pacing)"},
        {
            "en": "How the share grows: linear evenly, root fast at first and then ever slower, step in four stairs.",
            "tr": "Payın nasıl büyüdüğü: linear eşit adımlarla, root önce hızlı sonra giderek yavaş, step dört basamakta.",
        },
        {
            "en": "root gives new text the more room the more of it is known.",
            "tr": "root, bilinen metin çoğaldıkça yenisine daha çok yer verir.",
        },
        NOTHING,
    ),
)
