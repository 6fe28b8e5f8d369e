"""What the settings of several corpora and of a second objective do, for the person who is about to change them."""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import NOTHING, Hyperparameter

TASKS: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "mixing_temperature",
        {"en": "Mixing temperature", "tr": "Karışım sıcaklığı"},
        {
            "en": "With several corpora and no weights: how far their shares follow their size, as size^(1/T). At 1 all text is read equally often.",
            "tr": "Ağırlıksız birkaç derlemde: payların boyutu ne kadar izlediği, boyut^(1/T). 1 değerinde tüm metin eşit sıklıkta okunur.",
        },
        {
            "en": "Small corpora are read more often, up to as much as large ones; they are learnt better, then memorised.",
            "tr": "Küçük derlemler daha sık, giderek büyükler kadar okunur; önce daha iyi öğrenilir, sonra ezberlenir.",
        },
        {
            "en": "The largest corpus decides what the model becomes; 1 is the least.",
            "tr": "Modelin ne olacağını en büyük derlem belirler; en küçük değer 1'dir.",
        },
    ),
    Hyperparameter(
        "early_stopping_on",
        {"en": "Early stopping on", "tr": "Early stopping derlemi"},
        {
            "en": "With several corpora: whose validation loss decides which model is best, when patience ends and whether the target is reached. all: that of all, each by its share.",
            "tr": "Birkaç derlemde: en iyi modeli, patience'ın bitişini ve hedefe varılıp varılmadığını hangisinin validation loss'unun belirlediği. all: hepsi, her biri kendi payıyla.",
        },
        {
            "en": "The name of a corpus: the best model is the best on that one, whatever the others do.",
            "tr": "Bir derlemin adı: en iyi model onda en iyi olandır, ötekiler ne yaparsa yapsın.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "denoising",
        {"en": "Denoising share", "tr": "Denoising payı"},
        {
            "en": "Share of the training windows from which 15 % of the text is cut out in spans, to be predicted after the rest: a second task beside the next token. Validation stays plain.",
            "tr": "Metninin %15'i aralıklar hâlinde kesilip sonda tahmin ettirilen eğitim pencerelerinin payı: sonraki tokenın yanında ikinci görev. Validation olduğu gibi kalır.",
        },
        {
            "en": "The model learns more to fill gaps from both ends, and plain continuing less; the shown training loss is of both.",
            "tr": "Model boşlukları iki yandan doldurmayı daha çok, düz sürdürmeyi daha az öğrenir; görünen eğitim loss'u ikisinindir.",
        },
        {
            "en": "More plain text; 0 leaves the task out, and its ids too.",
            "tr": "Daha çok düz metin; 0 bu görevi ve ona ait id'leri hiç katmaz.",
        },
    ),
    Hyperparameter(
        "denoising_span",
        {"en": "Denoising span", "tr": "Denoising aralığı"},
        {
            "en": "With denoising: tokens of a span that is cut out, on average. There are at most 32 spans in a window; longer windows have longer ones.",
            "tr": "Denoising ile: kesilen bir aralığın ortalama token sayısı. Bir pencerede en çok 32 aralık olur; uzun pencerelerde aralıklar da uzundur.",
        },
        {
            "en": "Fewer and longer gaps, nearer to writing on; suits characters as tokens.",
            "tr": "Daha az ve daha uzun boşluk, metni sürdürmeye daha yakın; karakter tokenlarına uyar.",
        },
        {
            "en": "More and shorter gaps, to be guessed from what stands around; 3 is usual for subwords.",
            "tr": "Çevresinden tahmin edilecek daha çok ve daha kısa boşluk; alt sözcüklerde 3 alışılmıştır.",
        },
    ),
)
