"""The words of what is found in a text and its settings before training, and of the remedies for it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from mmrec_engine.guide.findings import FindingText
from mmrec_engine.messages import LANGUAGES, REASONS, Language, Words

# A remedy's title, a template over the settings that it changes.
REMEDIES: dict[str, Words] = {
    "name-encoding": {
        "en": "Read these files as {encoding} (--encoding {encoding})",
        "tr": "Bu dosyaları {encoding} olarak oku (--encoding {encoding})",
    },
    "fix-encoding": {
        "en": "Repair the damaged words (--fix-encoding)",
        "tr": "Bozuk sözcükleri onar (--fix-encoding)",
    },
    "smaller-config": {
        "en": "Use a smaller model (--config {config})",
        "tr": "Daha küçük bir model kullan (--config {config})",
    },
    "shorter-windows-for-text": {
        "en": "Use shorter sequences (--seq-len {seq_len}): the same text gives more of them",
        "tr": "Daha kısa diziler kullan (--seq-len {seq_len}): aynı metinden daha çok dizi çıkar",
    },
    "overlapping-windows": {
        "en": "Let sequences overlap (--stride {stride})",
        "tr": "Diziler örtüşsün (--stride {stride})",
    },
    "larger-vocabulary": {
        "en": "Give more characters a token of their own (--vocab-size {vocab_size})",
        "tr": "Daha çok karaktere kendi token'ını ver (--vocab-size {vocab_size})",
    },
    "usual-learning-rate": {
        "en": "Use the usual learning rate ({learning_rate:g})",
        "tr": "Alışılmış learning rate'i kullan ({learning_rate:g})",
    },
    "shorter-warmup": {
        "en": "Shorten the warmup to {warmup_steps} steps, a tenth of the run",
        "tr": "Warmup'ı {warmup_steps} adıma, çalışmanın onda birine indir",
    },
    "clip-gradients": {
        "en": "Clip gradients at {grad_clip:g}",
        "tr": "Gradyanları {grad_clip:g} ile sınırla (gradient clipping)",
    },
    "usual-dropout": {
        "en": "Use the usual dropout ({dropout:g})",
        "tr": "Alışılmış dropout'u kullan ({dropout:g})",
    },
    "usual-weight-decay": {
        "en": "Use the usual weight decay ({weight_decay:g})",
        "tr": "Alışılmış weight decay'i kullan ({weight_decay:g})",
    },
    "reachable-patience": {
        "en": "Lower the early-stopping patience to {early_stopping_patience}",
        "tr": "Early stopping patience'ı {early_stopping_patience} yap",
    },
    "milder-disturbance": {
        "en": "Hide {masked:g} and replace {noise:g} of the input (--masked, --noise)",
        "tr": "Girdinin {masked:g} payını gizle, {noise:g} payını değiştir (--masked, --noise)",
    },
    "wider-curriculum": {
        "en": "Begin the curriculum with {curriculum_start:.0%} of the windows",
        "tr": "Curriculum'a pencerelerin {curriculum_start:.0%} kadarıyla başla",
    },
    "corpora-by-size": {
        "en": "Read the corpora by their size (--mixing-temperature {mixing_temperature:g})",
        "tr": "Derlemleri boyutlarına göre oku (--mixing-temperature {mixing_temperature:g})",
    },
    "reachable-plateau": {
        "en": "Lower the rate after {plateau_patience} evaluation without a new best (--plateau-patience)",
        "tr": "Learning rate'i, yeni en iyi getirmeyen {plateau_patience} değerlendirmeden sonra düşür (--plateau-patience)",
    },
    "some-warmup": {
        "en": "Warm up over {warmup_steps} steps, a tenth of the run",
        "tr": "{warmup_steps} adım, çalışmanın onda biri kadar warmup yap",
    },
}


def remedy(id: str, **settings: Any) -> dict[str, Any]:
    """A remedy as a finding carries it."""
    return {"id": id, "title": remedy_title(id, settings, "en"), "settings": settings}


def remedy_title(id: str, settings: Mapping[str, Any], language: Language) -> str:
    """The title of a remedy, from the settings that it would change. Raises KeyError for one that is not told here."""
    return REMEDIES[id][language].format(**settings)


def joined(parts: Mapping[str, Words], apart: tuple[tuple[str, ...], ...], tail: Words) -> dict[str, Words]:
    """The evidence of every combination of what can be wrong at once, by variant: ids joined with +.

    apart: ids that exclude each other, in the order in which they are told. tail: said after each of them.
    """
    found: dict[str, Words] = {}
    for chosen in product(*((None, *ids) for ids in apart)):
        names = [name for name in chosen if name is not None]
        if names:
            found["+".join(names)] = {
                language: "; ".join(parts[name][language] for name in names) + tail[language] for language in LANGUAGES
            }
    return found


_SIZES: Words = {
    "en": "{tokens} training tokens for {parameters} parameters, {tokens_a_parameter} each; "
    "{limit_full_tokens_a_parameter} each, enough to use such a model to the full, would be {full_tokens}",
    "tr": "{parameters} parametre için {tokens} eğitim tokenı, parametre başına {tokens_a_parameter}; "
    "böyle bir modelden tam yararlanmaya yetecek {limit_full_tokens_a_parameter} token, {full_tokens} token ederdi",
}
_TURNS: Words = {
    "en": " (rate {learning_rate}, warmup {warmup_steps} of {planned_steps} steps, clipping at {grad_clip}, "
    "patience {patience} of {evaluations} evaluations)",
    "tr": " (learning rate {learning_rate}, {planned_steps} adımın {warmup_steps} adımı warmup, clipping {grad_clip}, "
    "{evaluations} değerlendirmede patience {patience})",
}

BEFORE: tuple[FindingText, ...] = (
    FindingText(
        "corpus-readable",
        {"en": "All files can be read", "tr": "Bütün dosyalar okunabiliyor"},
        {
            "pass": {
                "en": "{documents} documents were read, none left out",
                "tr": "{documents} belge okundu, dışarıda kalan yok",
            },
            "undecodable": {
                "en": "{undecodable} files are not UTF-8 and were left out, {share:%} of the text; the first is {first}, likely {hint}",
                "tr": "{undecodable} dosya UTF-8 olmadığı için alınmadı, metnin {share:%} kadarı; ilki {first}, büyük olasılıkla {hint}",
            },
            "split-given": {
                "en": "{documents} documents were read; {skipped} files were left out, since train.txt and val.txt are the split",
                "tr": "{documents} belge okundu; bölmeyi train.txt ile val.txt verdiği için {skipped} dosya alınmadı",
            },
            "empty-rows": {
                "en": "{documents} documents were read; rows without text were left out",
                "tr": "{documents} belge okundu; metni olmayan satırlar alınmadı",
            },
            **{
                reason: {
                    "en": f"{{skipped}} files were left out or used in part; the first is {{first}}: {REASONS[reason]['en']}",
                    "tr": f"{{skipped}} dosya alınmadı ya da bir bölümü kullanıldı; ilki {{first}}: {REASONS[reason]['tr']}",
                }
                for reason in ("empty", "binary", "damaged", "unreadable", "invalid-json")
            },
        },
        {
            "en": "The model never sees what could not be read. If that is much, it learns from another text than the one you meant.",
            "tr": "Okunamayanı model hiç görmez. Çoksa, istediğinizden başka bir metinden öğrenir.",
        },
        {
            "en": "Name the encoding of older files with --encoding (windows-1254 for Turkish), or save them as UTF-8. Remove files that are no text.",
            "tr": "Eski dosyaların kodlamasını --encoding ile verin (Türkçe için windows-1254) ya da onları UTF-8 olarak kaydedin. Metin olmayan dosyaları kaldırın.",
        },
    ),
    FindingText(
        "corpus-size",
        {"en": "There is enough text", "tr": "Yeterince metin var"},
        {
            "pass": {
                "en": _SIZES["en"] + ". {train_windows} training and {validation_windows} validation sequences",
                "tr": _SIZES["tr"] + ". {train_windows} eğitim, {validation_windows} validation dizisi",
            },
            "warn": {
                "en": "little text for config {config}: " + _SIZES["en"],
                "tr": "{config} config'i için az metin: " + _SIZES["tr"],
            },
            **joined(
                {
                    "few-train-windows": {
                        "en": "only {train_windows} training sequences of {seq_len} tokens (at least {limit_train_windows})",
                        "tr": "{seq_len} tokenlık yalnızca {train_windows} eğitim dizisi var (en az {limit_train_windows})",
                    },
                    "few-validation-windows": {
                        "en": "only {validation_windows} validation sequences of {seq_len} tokens (at least {limit_validation_windows})",
                        "tr": "{seq_len} tokenlık yalnızca {validation_windows} validation dizisi var (en az {limit_validation_windows})",
                    },
                },
                (("few-train-windows",), ("few-validation-windows",)),
                {"en": "", "tr": ""},
            ),
        },
        {
            "en": "From too little text a model learns the page by heart instead of the language; and a validation side of a few sequences measures chance.",
            "tr": "Az metinle model dili öğrenmek yerine sayfayı ezberler; birkaç dizilik validation bölümü ise şansı ölçer.",
        },
        {
            "en": "Add text; that helps most. Else use a smaller config or shorter sequences, and expect overfitting to set in early.",
            "tr": "Metin ekleyin; en çok o yarar. Yoksa daha küçük bir config ya da daha kısa diziler kullanın ve overfitting'in erken başlamasını bekleyin.",
        },
    ),
    FindingText(
        "corpus-text",
        {"en": "It is text", "tr": "Bu gerçekten metin"},
        {
            "pass": {
                "en": "{letters:.0%} of the characters are letters, and it packs {compression:.1f} times smaller, as prose and code do",
                "tr": "karakterlerin {letters:.0%} kadarı harf; düzyazı ve kod gibi {compression:.1f} kat küçük sıkışıyor",
            },
            "repeated": {
                "en": "it packs {compression:.0f} times smaller: the same lines over and over (prose: 2 to 4, at most {limit_highest_compression})",
                "tr": "{compression:.0f} kat küçük sıkışıyor: hep aynı satırlar (düzyazıda 2–4, en çok {limit_highest_compression})",
            },
            "much-alike": {
                "en": "it packs {compression:.0f} times smaller: its lines are much alike (prose: 2 to 4, code: 4 to 5)",
                "tr": "{compression:.0f} kat küçük sıkışıyor: satırlar birbirine çok benziyor (düzyazıda 2–4, kodda 4–5)",
            },
            "dense": {
                "en": "it hardly packs ({compression:.2f} times smaller, text at least {limit_lowest_compression}): it looks random or packed already",
                "tr": "neredeyse hiç sıkışmıyor ({compression:.2f} kat, metin en az {limit_lowest_compression}): rastgele ya da zaten sıkıştırılmış görünüyor",
            },
            "encoded": {
                "en": "{encoded:.0%} of it is encoded data such as base64, not text",
                "tr": "{encoded:.0%} kadarı metin değil, base64 gibi kodlanmış veri",
            },
            "partly-encoded": {
                "en": "{encoded:.0%} of it is encoded data such as base64 amid the text (at most {limit_warn_encoded:%})",
                "tr": "metnin içinde {encoded:.0%} kadar, base64 gibi kodlanmış veri var (en çok {limit_warn_encoded:%})",
            },
            "no-letters": {
                "en": "only {letters:.0%} of its characters are letters: numbers or symbols, not text",
                "tr": "karakterlerin yalnızca {letters:.0%} kadarı harf: metin değil, sayı ya da simge",
            },
            "markup": {
                "en": "{markup:.0%} of it is markup: tags such as those of web pages, not what stands between them (at most {limit_markup:%})",
                "tr": "{markup:.0%} kadarı, web sayfalarındaki gibi etiketler; aralarındaki metin değil (en çok {limit_markup:%})",
            },
            "few-letters": {
                "en": "only {letters:.0%} of its characters are letters (prose above 90%, code about 80%)",
                "tr": "karakterlerin yalnızca {letters:.0%} kadarı harf (düzyazıda %90'ın üstü, kodda %80 dolayı)",
            },
            "no-structure": {
                "en": "a character hardly tells anything about the next ({structure:.2f} nats; text: 0.5 to 1): the order of the characters looks random",
                "tr": "bir karakter sonraki hakkında neredeyse hiçbir şey söylemiyor ({structure:.2f} nat; metinde 0,5–1): karakterlerin sırası rastgele görünüyor",
            },
        },
        {
            "en": "The loss falls on any data, on a repeated line fastest of all. Only real text makes a model that writes.",
            "tr": "Loss her veride düşer, en çabuk da yinelenen bir satırda. Yazabilen bir model ancak gerçek metinden çıkar.",
        },
        {
            "en": "Look at the files: leave out tables, packed or encoded data and generated lines, and keep what a person would read.",
            "tr": "Dosyalara bakın: tabloları, sıkıştırılmış ya da kodlanmış verileri, üretilmiş satırları çıkarın; bir insanın okuyacağı metin kalsın.",
        },
    ),
    FindingText(
        "mojibake",
        {"en": "The characters are whole", "tr": "Karakterler sağlam"},
        {
            "pass": {
                "en": "{damaged} of {words} words look as if read with the wrong code page",
                "tr": "{words} sözcüğün {damaged} tanesi yanlış kod sayfasıyla okunmuş gibi görünüyor",
            },
            "mendable": {
                "en": "{damaged} of {words} words ({share:%}) were once read with the wrong code page, such as {example} for {mended}",
                "tr": "{words} sözcükten {damaged} tanesi ({share:%}) bir ara yanlış kod sayfasıyla okunmuş; örneğin {mended} yerine {example}",
            },
            "beyond-repair": {
                "en": "{damaged} of {words} words ({share:%}) have lost characters or were read with the wrong code page, beyond repair",
                "tr": "{words} sözcükten {damaged} tanesi ({share:%}) karakter yitirmiş ya da yanlış kod sayfasıyla okunmuş; onarılamıyor",
            },
        },
        {
            "en": "The model would learn to write the damage: Ã¶ in place of ö. It also has to learn two or three characters where one was meant.",
            "tr": "Model bozukluğu da yazmayı öğrenir: ö yerine Ã¶. Üstelik tek karakter yerine iki üç karakter öğrenmesi gerekir.",
        },
        {
            "en": "--fix-encoding mends what can be mended, and leaves good text as it is. Where characters are lost, get the text anew and name its encoding.",
            "tr": "--fix-encoding onarılabileni onarır, düzgün metne dokunmaz. Karakterler yitmişse metni yeniden alın ve kodlamasını --encoding ile verin.",
        },
    ),
    FindingText(
        "duplicate-text",
        {"en": "Little text stands there twice", "tr": "Yinelenen metin az"},
        {
            "any": {
                "en": "{duplicated} of {lines} lines of {limit_characters} or more characters ({share:%}) have stood there before (at most {limit_warn_share:%})",
                "tr": "{limit_characters} ve daha çok karakterli {lines} satırdan {duplicated} tanesi ({share:%}) daha önce de geçiyor (en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "What stands there twice is learnt twice and known by heart first; the figures look better than the model is.",
            "tr": "İki kez geçen iki kez öğrenilir ve önce o ezberlenir; sayılar modelden daha iyi görünür.",
        },
        {
            "en": "Remove copies of files, and headers or licences that stand in each of them.",
            "tr": "Dosya kopyalarını ve her dosyada yinelenen başlıkları, lisans metinlerini kaldırın.",
        },
    ),
    FindingText(
        "split-overlap",
        {"en": "Validation text is not in training", "tr": "Validation metni eğitimde yok"},
        {
            "letters": {
                "en": "{share:%} of the validation side stands in training too, but for capitals, blanks and punctuation ({found} of {grams} passages of {limit_gram_of_letters} letters; at most {limit_warn_share:%})",
                "tr": "validation bölümünün {share:%} kadarı; büyük harf, boşluk ve noktalama dışında eğitimde de geçiyor ({limit_gram_of_letters} harflik {grams} parçadan {found} tanesi; en çok {limit_warn_share:%})",
            },
            "any": {
                "en": "{share:%} of the validation side stands word for word in training too ({found} of {grams} passages of {limit_gram} tokens; at most {limit_warn_share:%})",
                "tr": "validation bölümünün {share:%} kadarı eğitimde de aynen geçiyor ({limit_gram} tokenlık {grams} parçadan {found} tanesi; en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "Text that was trained on says nothing about new text: the validation loss would praise memorising, and early stopping would never come.",
            "tr": "Eğitimde görülmüş metin, yeni metin hakkında bir şey söylemez: validation loss ezberi över, early stopping de hiç gelmez.",
        },
        {
            "en": "Take copies out of one side. If you gave train.txt and val.txt, divide the text anew, or let --val-split do it.",
            "tr": "Kopyaları bir bölümden çıkarın. train.txt ve val.txt verdiyseniz metni yeniden bölün ya da bölmeyi --val-split ayarına bırakın.",
        },
    ),
    FindingText(
        "split-alike",
        {"en": "Both sides are the same kind of text", "tr": "İki bölüm aynı türden metin"},
        {
            "pass": {
                "en": "training predicts the validation side about as well as that does itself ({under_training:.2f} against {under_own:.2f} nats a character)",
                "tr": "eğitim bölümü validation'ı, onun kendisi kadar iyi tahmin ediyor (karakter başına {under_training:.2f} nat, kendisi {under_own:.2f})",
            },
            "warn": {
                "en": "the validation side is another kind of text: training predicts it {apart:.2f} nats a character worse than it does itself (at most {limit_nats})",
                "tr": "validation başka türden bir metin: eğitim bölümü onu, kendisinden karakter başına {apart:.2f} nat kötü tahmin ediyor (en çok {limit_nats})",
            },
        },
        {
            "en": "If the sides differ in language or kind, the validation loss measures how far they are apart, not what was learnt.",
            "tr": "Bölümlerin dili ya da türü farklıysa validation loss öğrenileni değil, ikisinin birbirine uzaklığını ölçer.",
        },
        {
            "en": "Mix the kinds of text before dividing them: more and shorter files, or let --val-split choose among whole documents.",
            "tr": "Bölmeden önce metin türlerini karıştırın: daha çok ve daha kısa dosyalar verin ya da seçimi --val-split ayarına bırakın.",
        },
    ),
    FindingText(
        "unknown-characters",
        {"en": "The vocabulary covers the validation side", "tr": "Vocabulary, validation bölümüne yetiyor"},
        {
            "any": {
                "en": "{unknown} of {tokens} validation tokens ({share:%}) are unknown to the vocabulary of {vocabulary} (below {limit_warn_share:%})",
                "tr": "{tokens} validation tokenından {unknown} tanesi ({share:%}), {vocabulary} tokenlık vocabulary'de yok (sınır {limit_warn_share:%})",
            },
        },
        {
            "en": "All unknown characters become one token, easy to predict and impossible to write: the loss looks better than the text would be.",
            "tr": "Bilinmeyen karakterlerin hepsi tek token olur; tahmini kolaydır ama yazılamaz: loss, metnin olacağından daha iyi görünür.",
        },
        {
            "en": "Raise --vocab-size, or see that both sides are in the same language and script.",
            "tr": "--vocab-size değerini artırın ya da iki bölümün aynı dilde ve yazıda olmasını sağlayın.",
        },
    ),
    FindingText(
        "round-trip",
        {"en": "Tokens turn back into the same text", "tr": "Token'lar aynı metne geri dönüyor"},
        {
            "pass": {
                "en": "all {kinds} different tokens in {tokens} turn into text and back; the highest id is {highest} of {vocabulary}",
                "tr": "{tokens} token içindeki {kinds} farklı tokenın hepsi metne ve geriye çevriliyor; en yüksek id {highest}, vocabulary {vocabulary}",
            },
            "fail": {
                "en": "{wrong} of {kinds} different tokens, and {torn} passages, do not turn into text and back",
                "tr": "{kinds} farklı tokendan {wrong} tanesi ve {torn} parça, metne ve geriye çevrilince aynı kalmıyor",
            },
            "out-of-range": {
                "en": "token id {highest} is outside the vocabulary of {vocabulary}",
                "tr": "{highest} numaralı token, {vocabulary} tokenlık vocabulary'nin dışında",
            },
        },
        {
            "en": "The model sees tokens only. If they do not stand for your text, it learns something else, and what it writes cannot be read.",
            "tr": "Model yalnızca token görür. Token'lar metninizi karşılamıyorsa başka bir şey öğrenir, yazdığı da okunamaz.",
        },
        {
            "en": "The prepared text is damaged or another version's: delete mmrec's cache folder, and start again.",
            "tr": "Hazırlanmış metin bozuk ya da başka bir sürümün: mmrec önbellek klasörünü silin ve yeniden başlayın.",
        },
    ),
    FindingText(
        "targets-shifted",
        {"en": "Each token's target is the next one", "tr": "Her tokenın hedefi bir sonraki"},
        {
            "pass": {
                "en": "in {windows} sequences of a real batch the labels are the inputs moved by one: «{input}» → «{label}»",
                "tr": "gerçek bir batch'in {windows} dizisinde etiketler, girdinin bir kaymış hâli: «{input}» → «{label}»",
            },
            "fail": {
                "en": "{wrong} labels are not the token that follows in the text: «{input}» → «{label}»",
                "tr": "{wrong} etiket, metinde sonra gelen token değil: «{input}» → «{label}»",
            },
        },
        {
            "en": "The model learns to name the next token. With labels moved by none it would learn to copy; shuffled ones cannot be learnt.",
            "tr": "Model bir sonraki tokenı söylemeyi öğrenir. Etiketler kaydırılmamışsa kopyalamayı öğrenir; karışık etiketler ise öğrenilemez.",
        },
        {
            "en": "This is a fault of the program, not of your text: please report it with the evidence.",
            "tr": "Bu, metninizin değil programın hatasıdır: lütfen kanıtıyla birlikte bildirin.",
        },
    ),
    FindingText(
        "baselines",
        {"en": "What counting alone reaches", "tr": "Yalnız saymakla ulaşılan loss"},
        {
            "any": {
                "en": "validation loss by counting: {unigram:.3f} knowing no token before, {bigram:.3f} one (bigram), {5-gram:.3f} four (5-gram), nats a token",
                "tr": "saymakla validation loss: önceki hiçbir token bilinmeden {unigram:.3f}, biriyle (bigram) {bigram:.3f}, dördüyle (5-gram) {5-gram:.3f} nat",
            },
        },
        {
            "en": "These are the marks to beat: at the first the model knows only how frequent letters are, below the last it knows more than short snippets.",
            "tr": "Bunlar geçilecek işaretlerdir: ilkinde model yalnızca harf sıklıklarını bilir; sonuncunun altında kısa parçalardan fazlasını biliyordur.",
        },
        {
            "en": "Nothing to do. Compare the validation loss with these figures while you train.",
            "tr": "Yapılacak bir şey yok. Eğitim sırasında validation loss'u bu değerlerle karşılaştırın.",
        },
    ),
    FindingText(
        "hyperparameters",
        {"en": "The hyperparameters are sound", "tr": "Hyperparameter'lar makul"},
        {
            "pass": {
                "en": "learning rate {learning_rate} ({optimizer}), warmup {warmup_steps} of {planned_steps} steps ({warmup_share:%}), clipping at {grad_clip}, "
                "patience {patience} of {evaluations} evaluations",
                "tr": "learning rate {learning_rate} ({optimizer}), {planned_steps} adımın {warmup_steps} adımı warmup ({warmup_share:%}), clipping {grad_clip}, "
                "{evaluations} değerlendirmede patience {patience}",
            },
            **joined(
                {
                    "rate-high": {
                        "en": "a learning rate of {learning_rate} is rash for {optimizer} (at most {highest})",
                        "tr": "{learning_rate}, {optimizer} için fazla yüksek bir learning rate (en çok {highest})",
                    },
                    "rate-low": {
                        "en": "a learning rate of {learning_rate} hardly moves anything with {optimizer} (at least {lowest})",
                        "tr": "{learning_rate}, {optimizer} ile neredeyse hiçbir şeyi kıpırdatmayan bir learning rate (en az {lowest})",
                    },
                    "no-clipping": {
                        "en": "gradients are not clipped: one bad batch can throw the weights about",
                        "tr": "gradient clipping kapalı: tek bir kötü batch ağırlıkları savurabilir",
                    },
                    "warmup-most": {
                        "en": "the warmup takes {warmup_steps} of {planned_steps} steps: hardly any is made at the full rate",
                        "tr": "warmup, {planned_steps} adımın {warmup_steps} adımını alıyor: tam learning rate ile neredeyse hiç adım kalmıyor",
                    },
                    "warmup-long": {
                        "en": "the warmup takes {warmup_share:.0%} of the steps (usual: up to {limit_note_warmup:%})",
                        "tr": "warmup, adımların {warmup_share:.0%} kadarını alıyor (alışılmışı en çok {limit_note_warmup:%})",
                    },
                    "dropout-high": {
                        "en": "a dropout of {dropout} takes most of what the model sees away (at most {limit_highest_dropout})",
                        "tr": "{dropout} dropout, modelin gördüğünün çoğunu siler (en çok {limit_highest_dropout})",
                    },
                    "decay-high": {
                        "en": "a weight decay of {weight_decay} shrinks weights faster than they learn (usual 0.1, at most {limit_highest_decay:g})",
                        "tr": "{weight_decay} weight decay, ağırlıkları öğrendiklerinden hızlı küçültür (alışılmışı 0,1; en çok {limit_highest_decay:g})",
                    },
                    "disturbed-much": {
                        "en": "{disturbed:.0%} of the input is hidden or replaced: little text is left to learn from (at most {limit_highest_disturbed:.0%})",
                        "tr": "girdinin {disturbed:.0%} kadarı gizleniyor ya da değiştiriliyor: öğrenilecek az metin kalıyor (en çok {limit_highest_disturbed:.0%})",
                    },
                    "curriculum-narrow": {
                        "en": "the windows that the curriculum begins with are seen some {easiest_seen:.0f} times before the rest has come in (at most {limit_most_seen:g}): they will be learnt by heart",
                        "tr": "curriculum'un başladığı pencereler, gerisi gelene dek yaklaşık {easiest_seen:.0f} kez görülüyor (en çok {limit_most_seen:g}): ezberlenirler",
                    },
                    "no-stopping": {
                        "en": "early stopping cannot come: {evaluations} evaluations are planned, and a patience of {patience} asks for at least two more than itself",
                        "tr": "early stopping hiç devreye giremez: {evaluations} değerlendirme planlı; {patience} patience için bunun en az iki fazlası gerekir",
                    },
                    "no-plateau": {
                        "en": "the schedule plateau cannot lower the rate: it waits for {plateau_patience} evaluations without a new best, of {evaluations} planned and a patience of {patience}",
                        "tr": "plateau schedule'u learning rate'i hiç düşüremez: yeni en iyi getirmeyen {plateau_patience} değerlendirme bekliyor; {evaluations} değerlendirme planlı, patience {patience}",
                    },
                    "root-from-the-start": {
                        "en": "inverse-sqrt without warmup halves the rate by step 4: it falls from where the warmup ends",
                        "tr": "warmup'sız inverse-sqrt, learning rate'i 4. adımda yarıya indirir: düşüş warmup'ın bittiği yerden başlar",
                    },
                },
                (
                    ("rate-high", "rate-low"),
                    ("no-clipping",),
                    ("warmup-most", "warmup-long"),
                    ("dropout-high",),
                    ("decay-high",),
                    ("disturbed-much",),
                    ("curriculum-narrow",),
                    ("no-stopping",),
                    ("no-plateau", "root-from-the-start"),
                ),
                _TURNS,
            ),
        },
        {
            "en": "Too high a rate makes the loss jump or blow up, too low a one wastes hours; a warmup as long as the run never gets to learning.",
            "tr": "Çok yüksek learning rate loss'u sıçratır ya da patlatır, çok düşüğü saatleri boşa harcar; çalışma kadar uzun bir warmup'ta sıra öğrenmeye gelmez.",
        },
        {
            "en": "Start from the guide: AdamW at 3e-4 (Muon at 0.04), warmup 100 steps or a tenth of a short run, clipping 1.0, patience 5.",
            "tr": "Rehberden başlayın: AdamW 3e-4 (Muon 0.04), warmup 100 adım ya da kısa çalışmada onda biri, clipping 1.0, patience 5.",
        },
    ),
)
