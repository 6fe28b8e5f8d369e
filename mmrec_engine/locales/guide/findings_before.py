"""The words of what is found in a text and its settings before training, and of the remedies for it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.messages import LANGUAGES, REASONS, Words


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
    "en": "{tokens_a_parameter:.3g} tokens a parameter ({tokens} tokens, {parameters} parameters; ideal {limit_full_tokens_a_parameter})",
    "tr": "{tokens_a_parameter:.3g} token/parametre ({tokens} token, {parameters} parametre; ideali {limit_full_tokens_a_parameter})",
}

BEFORE: tuple[FindingText, ...] = (
    FindingText(
        "corpus-readable",
        {"en": "Input files", "tr": "Girdi dosyaları"},
        {
            "pass": {
                "en": "{documents:document|documents} read, none left out",
                "tr": "{documents} belge okundu, dışarıda kalan yok",
            },
            "undecodable": {
                "en": "{undecodable:file|files} not UTF-8 and left out ({share:%} of the text); first: {first}, likely {hint}",
                "tr": "{undecodable} dosya UTF-8 değil ve alınmadı (metnin {share:%} kadarı); ilki {first}, olası kodlama {hint}",
            },
            "invalid-utf8": {
                "en": "{undecodable:file|files} not UTF-8 and left out ({share:%} of the text); first: {first}, UTF-8 but for byte {hint}",
                "tr": "{undecodable} dosya UTF-8 değil ve alınmadı (metnin {share:%} kadarı); ilki {first}, {hint}. bayt dışında UTF-8",
            },
            "split-given": {
                "en": "{documents:document|documents} read, {skipped:file|files} left out: the text came split ({hint})",
                "tr": "{documents} belge okundu, {skipped} dosya alınmadı: metin bölünmüş geldi ({hint})",
            },
            "test-left-out": {
                "en": "{documents:document|documents} read; test text left out, since the text came with a validation split ({hint})",
                "tr": "{documents} belge okundu; metin validation bölmesiyle geldiği için ({hint}) test metni alınmadı",
            },
            "splits-left-out": {
                "en": "{documents:document|documents} read; other splits of the data set left out ({hint})",
                "tr": "{documents} belge okundu; veri kümesinin öteki bölümleri alınmadı ({hint})",
            },
            "empty-rows": {
                "en": "{documents:document|documents} read; rows without text left out",
                "tr": "{documents} belge okundu; metni olmayan satırlar alınmadı",
            },
            **{
                reason: {
                    "en": f"{{skipped:file|files}} left out or used in part; first: {{first}}, {REASONS[reason]['en']}",
                    "tr": f"{{skipped}} dosya alınmadı ya da bir kısmı alındı; ilki {{first}}: {REASONS[reason]['tr']}",
                }
                for reason in REASONS
                if reason
                not in ("undecodable", "invalid-utf8", "split-given", "test-left-out", "splits-left-out", "empty-rows")
            },
        },
        {
            "en": "The model never sees what could not be read. If that is much, it learns from another text than the one you meant.",
            "tr": "Okunamayanı model hiç görmez. Çoksa, istediğinizden başka bir metinden öğrenir.",
        },
        {
            "en": "Name the encoding of older files with --encoding (windows-1254 for Turkish), or save them as UTF-8. Name the field of structured files with --text-field. Remove files that are no text.",
            "tr": "Eski dosyaların kodlamasını --encoding ile verin (Türkçe için windows-1254) ya da onları UTF-8 olarak kaydedin. Yapılı dosyalarda metnin alanını --text-field ile verin. Metin olmayan dosyaları kaldırın.",
        },
    ),
    FindingText(
        "corpus-size",
        {"en": "Dataset size", "tr": "Dataset boyutu"},
        {
            "pass": {
                "en": _SIZES["en"] + "; {train_windows} training, {validation_windows} validation windows",
                "tr": _SIZES["tr"] + "; {train_windows} eğitim, {validation_windows} validation penceresi",
            },
            "warn": {
                "en": _SIZES["en"] + ": too few for config {config}",
                "tr": _SIZES["tr"] + ": {config} config'i için az",
            },
            **joined(
                {
                    "few-train-windows": {
                        "en": "{train_windows} training windows of {seq_len} tokens (at least {limit_train_windows})",
                        "tr": "{train_windows} eğitim penceresi, her biri {seq_len} token (en az {limit_train_windows})",
                    },
                    "few-validation-windows": {
                        "en": "{validation_windows} validation windows of {seq_len} tokens (at least {limit_validation_windows})",
                        "tr": "{validation_windows} validation penceresi, her biri {seq_len} token (en az {limit_validation_windows})",
                    },
                },
                (("few-train-windows",), ("few-validation-windows",)),
                {"en": "", "tr": ""},
            ),
        },
        {
            "en": "From too little text a model memorises the page instead of learning the language; a validation split of a few windows measures chance.",
            "tr": "Az metinle model dili öğrenmek yerine sayfayı ezberler; birkaç pencerelik validation bölümü ise şansı ölçer.",
        },
        {
            "en": "Add text; that helps most. Else use a smaller config or shorter windows, and expect overfitting to set in early.",
            "tr": "Metin ekleyin; en çok o yarar. Yoksa daha küçük bir config ya da daha kısa pencereler kullanın ve overfitting'in erken başlamasını bekleyin.",
        },
    ),
    FindingText(
        "corpus-text",
        {"en": "Text content", "tr": "Metin içeriği"},
        {
            "pass": {
                "en": "{letters:.0%} letters, compresses {compression:.1f} ×, like prose and code",
                "tr": "{letters:.0%} harf; {compression:.1f} kat sıkışıyor, düzyazı ve kod gibi",
            },
            "repeated": {
                "en": "{compression:.0f} × compression: the same lines again and again (prose 2 to 4 ×, at most {limit_highest_compression} ×)",
                "tr": "{compression:.0f} kat sıkışma: hep aynı satırlar (düzyazıda 2–4 kat, en çok {limit_highest_compression} kat)",
            },
            "much-alike": {
                "en": "{compression:.0f} × compression: very similar lines (prose 2 to 4 ×, code 4 to 5 ×)",
                "tr": "{compression:.0f} kat sıkışma: birbirine çok benzeyen satırlar (düzyazıda 2–4 kat, kodda 4–5 kat)",
            },
            "dense": {
                "en": "{compression:.2f} × compression, text at least {limit_lowest_compression} ×: random or already compressed data",
                "tr": "{compression:.2f} kat sıkışma, metinde en az {limit_lowest_compression} kat: rastgele ya da zaten sıkıştırılmış veri",
            },
            "encoded": {
                "en": "{encoded:.0%} encoded data such as base64, not text",
                "tr": "{encoded:.0%} base64 gibi kodlanmış veri, metin değil",
            },
            "partly-encoded": {
                "en": "{encoded:.0%} encoded data such as base64 within the text (at most {limit_warn_encoded:%})",
                "tr": "{encoded:.0%} base64 gibi kodlanmış veri, metnin içinde (en çok {limit_warn_encoded:%})",
            },
            "no-letters": {
                "en": "{letters:.0%} letters: numbers or symbols, not text",
                "tr": "{letters:.0%} harf: metin değil, sayı ya da simge",
            },
            "few-letters": {
                "en": "{letters:.0%} letters (prose above 90%, code about 80%)",
                "tr": "{letters:.0%} harf (düzyazıda %90 üstü, kodda %80 dolayı)",
            },
            "no-structure": {
                "en": "{structure:.2f} nats that a character tells about the next one (text 0.5 to 1): the order looks random",
                "tr": "{structure:.2f} nat: bir karakterin sonraki hakkında söylediği (metinde 0,5–1); sıra rastgele görünüyor",
            },
        },
        {
            "en": "The loss falls on any data, on a repeated line fastest of all. Only real text makes a model that writes.",
            "tr": "Loss her veride düşer, en çabuk da yinelenen bir satırda. Yazabilen bir model ancak gerçek metinden çıkar.",
        },
        {
            "en": "Look at the files: leave out tables, compressed or encoded data and generated lines, and keep what a person would read.",
            "tr": "Dosyalara bakın: tabloları, sıkıştırılmış ya da kodlanmış verileri, üretilmiş satırları çıkarın; bir insanın okuyacağı metin kalsın.",
        },
    ),
    FindingText(
        "mojibake",
        {"en": "Encoding damage", "tr": "Kodlama hasarı"},
        {
            "pass": {
                "en": "{damaged} of {words} words read with the wrong code page",
                "tr": "{damaged} / {words} sözcük yanlış kod sayfasıyla okunmuş görünüyor",
            },
            "mendable": {
                "en": "{share:%} of the words ({damaged} of {words}) read with the wrong code page, such as {example} for {mended}",
                "tr": "{share:%} oranında sözcük ({damaged} / {words}) yanlış kod sayfasıyla okunmuş; örneğin {mended} yerine {example}",
            },
            "beyond-repair": {
                "en": "{share:%} of the words ({damaged} of {words}) lost characters or read with the wrong code page, beyond repair",
                "tr": "{share:%} oranında sözcük ({damaged} / {words}) karakter yitirmiş ya da yanlış kod sayfasıyla okunmuş; onarılamıyor",
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
        {"en": "Duplicate text", "tr": "Yinelenen metin"},
        {
            "any": {
                "en": "{share:%} of the lines of {limit_characters} or more characters are repeats ({duplicated} of {lines}; at most {limit_warn_share:%})",
                "tr": "{share:%} oranında yinelenen satır ({limit_characters}+ karakterli {lines} satırdan {duplicated}; en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "What occurs twice is learnt twice and memorised first; the figures look better than the model is.",
            "tr": "İki kez geçen iki kez öğrenilir ve önce o ezberlenir; sayılar modelden daha iyi görünür.",
        },
        {
            "en": "Remove copies of files, and headers or licences that are in each of them.",
            "tr": "Dosya kopyalarını ve her dosyada yinelenen başlıkları, lisans metinlerini kaldırın.",
        },
    ),
    FindingText(
        "split-overlap",
        {"en": "Training–validation overlap", "tr": "Eğitim–validation örtüşmesi"},
        {
            "letters": {
                "en": "{share:%} of the validation split also in training, apart from case and punctuation ({found} of {grams} passages of {limit_gram_of_letters} letters; at most {limit_warn_share:%})",
                "tr": "{share:%} oranında validation metni, harf boyu ve noktalama dışında eğitimde de var ({limit_gram_of_letters} harflik {grams} parçadan {found}; en çok {limit_warn_share:%})",
            },
            "any": {
                "en": "{share:%} of the validation split also in training, word for word ({found} of {grams} passages of {limit_gram} tokens; at most {limit_warn_share:%})",
                "tr": "{share:%} oranında validation metni eğitimde de aynen var ({limit_gram} tokenlık {grams} parçadan {found}; en çok {limit_warn_share:%})",
            },
        },
        {
            "en": "Text that was trained on says nothing about new text: the validation loss would reward memorising, and early stopping would never trigger.",
            "tr": "Eğitimde görülmüş metin, yeni metin hakkında bir şey söylemez: validation loss ezberi ödüllendirir, early stopping de hiç devreye girmez.",
        },
        {
            "en": "Remove the copies from one split. If you gave train.txt and val.txt, divide the text anew, or let --val-split do it.",
            "tr": "Kopyaları bir bölümden çıkarın. train.txt ve val.txt verdiyseniz metni yeniden bölün ya da bölmeyi --val-split ayarına bırakın.",
        },
    ),
    FindingText(
        "split-alike",
        {"en": "Training–validation similarity", "tr": "Eğitim–validation benzerliği"},
        {
            "pass": {
                "en": "{under_training:.2f} nats a character for validation predicted from training ({under_own:.2f} from itself)",
                "tr": "{under_training:.2f} nat/karakter: validation'ın eğitimden tahmini (kendisinden {under_own:.2f})",
            },
            "warn": {
                "en": "{apart:.2f} nats a character between the two splits (at most {limit_nats}): another kind of text",
                "tr": "{apart:.2f} nat/karakter: iki bölüm arasındaki fark (en çok {limit_nats}); başka türden metin",
            },
        },
        {
            "en": "If the splits differ in language or kind, the validation loss measures how far they are apart, not what was learnt.",
            "tr": "Bölümlerin dili ya da türü farklıysa validation loss öğrenileni değil, ikisinin birbirine uzaklığını ölçer.",
        },
        {
            "en": "Mix the kinds of text before dividing them: more and shorter files, or let --val-split choose among whole documents.",
            "tr": "Bölmeden önce metin türlerini karıştırın: daha çok ve daha kısa dosyalar verin ya da seçimi --val-split ayarına bırakın.",
        },
    ),
    FindingText(
        "unknown-characters",
        {"en": "Unknown tokens", "tr": "Bilinmeyen tokenlar"},
        {
            "any": {
                "en": "{share:%} of the validation tokens ({unknown} of {tokens}) are not in the vocabulary of {vocabulary} (below {limit_warn_share:%})",
                "tr": "{share:%} oranında bilinmeyen validation tokenı ({unknown} / {tokens}; {vocabulary} tokenlık sözlük; sınır {limit_warn_share:%})",
            },
        },
        {
            "en": "All unknown characters become one token, easy to predict and impossible to write: the loss looks better than the text would be.",
            "tr": "Bilinmeyen karakterlerin hepsi tek token olur; tahmini kolaydır ama yazılamaz: loss, metnin olacağından daha iyi görünür.",
        },
        {
            "en": "Raise --vocab-size, or see that both splits are in the same language and script.",
            "tr": "--vocab-size değerini artırın ya da iki bölümün aynı dilde ve yazıda olmasını sağlayın.",
        },
    ),
    FindingText(
        "round-trip",
        {"en": "Tokenizer round trip", "tr": "Tokenizer gidiş dönüşü"},
        {
            "pass": {
                "en": "{kinds} different tokens in {tokens} turn into text and back; highest id {highest} of {vocabulary}",
                "tr": "{kinds} farklı token ({tokens} token içinde) metne ve geriye çevriliyor; en yüksek id {highest}, sözlük {vocabulary}",
            },
            "fail": {
                "en": "{wrong} of {kinds} different tokens, and {torn} passages, change on the way to text and back",
                "tr": "{wrong} / {kinds} farklı token ve {torn} parça, metne ve geriye çevrilince değişiyor",
            },
            "out-of-range": {
                "en": "{highest} is a token id outside the vocabulary of {vocabulary}",
                "tr": "{highest} numaralı token, {vocabulary} tokenlık sözlüğün dışında",
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
        {"en": "Prediction targets", "tr": "Tahmin hedefleri"},
        {
            "pass": {
                "en": "{windows} windows of a real batch have labels moved by one: «{input}» → «{label}»",
                "tr": "{windows} pencerede (gerçek bir batch) etiketler bir kaymış: «{input}» → «{label}»",
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
        {"en": "N-gram baselines", "tr": "N-gram baseline'ları"},
        {
            "any": {
                "en": "{unigram:.3f} unigram, {bigram:.3f} bigram, {5-gram:.3f} 5-gram: validation loss in nats a token",
                "tr": "{unigram:.3f} unigram, {bigram:.3f} bigram, {5-gram:.3f} 5-gram: token başına nat olarak validation loss",
            },
        },
        {
            "en": "These are the losses to beat: the unigram knows only how frequent letters are; a model below the 5-gram knows more than short passages.",
            "tr": "Geçilecek loss değerleri bunlardır: unigram yalnızca harf sıklıklarını bilir; 5-gram'ın altındaki model kısa parçalardan fazlasını biliyordur.",
        },
        {
            "en": "Nothing to do. Compare the validation loss with these figures while you train.",
            "tr": "Yapılacak bir şey yok. Eğitim sırasında validation loss'u bu değerlerle karşılaştırın.",
        },
    ),
    FindingText(
        "hyperparameters",
        {"en": "Hyperparameters", "tr": "Hyperparameter'lar"},
        {
            "pass": {
                "en": "{learning_rate} learning rate ({optimizer}) · {warmup_steps} of {planned_steps} steps warmup · {grad_clip} clipping · patience {patience} of {evaluations} evaluations",
                "tr": "{learning_rate} öğrenme oranı ({optimizer}) · {planned_steps} adımın {warmup_steps} adımı warmup · {grad_clip} clipping · {evaluations} değerlendirmede patience {patience}",
            },
            **joined(
                {
                    "rate-high": {
                        "en": "{learning_rate} learning rate: too high for {optimizer} (at most {highest})",
                        "tr": "{learning_rate} öğrenme oranı: {optimizer} için çok yüksek (en çok {highest})",
                    },
                    "rate-low": {
                        "en": "{learning_rate} learning rate: too low for {optimizer} (at least {lowest})",
                        "tr": "{learning_rate} öğrenme oranı: {optimizer} için çok düşük (en az {lowest})",
                    },
                    "rate-cautious": {
                        "en": "{learning_rate} learning rate: range tests of small models suggest about {suggested} ({optimizer}), expected to end about {gain:.2f} nats lower",
                        "tr": "{learning_rate} öğrenme oranı: küçük modellerin range test'leri yaklaşık {suggested} önerir ({optimizer}); beklenen kazanç yaklaşık {gain:.2f} nat",
                    },
                    "no-clipping": {
                        "en": "0 gradient clipping: one bad batch can throw the weights off",
                        "tr": "0 gradient clipping: tek bir kötü batch ağırlıkları savurabilir",
                    },
                    "warmup-most": {
                        "en": "{warmup_steps} of {planned_steps} steps warmup: hardly any at the full learning rate",
                        "tr": "{planned_steps} adımın {warmup_steps} adımı warmup: tam öğrenme oranına neredeyse hiç adım kalmıyor",
                    },
                    "warmup-long": {
                        "en": "{warmup_share:.0%} of the steps warmup (usual: up to {limit_note_warmup:%})",
                        "tr": "{warmup_share:.0%} adım payı warmup'ta (alışılmışı en çok {limit_note_warmup:%})",
                    },
                    "dropout-high": {
                        "en": "{dropout} dropout: most of what the model sees is removed (at most {limit_highest_dropout})",
                        "tr": "{dropout} dropout: modelin gördüğünün çoğu siliniyor (en çok {limit_highest_dropout})",
                    },
                    "decay-high": {
                        "en": "{weight_decay} weight decay: weights shrink faster than they learn (usual 0.1, at most {limit_highest_decay:g})",
                        "tr": "{weight_decay} weight decay: ağırlıklar öğrendiklerinden hızlı küçülüyor (alışılmışı 0,1; en çok {limit_highest_decay:g})",
                    },
                    "disturbed-much": {
                        "en": "{disturbed:.0%} of the input masked or replaced (at most {limit_highest_disturbed:.0%})",
                        "tr": "{disturbed:.0%} girdi gizleniyor ya da değiştiriliyor (en çok {limit_highest_disturbed:.0%})",
                    },
                    "curriculum-narrow": {
                        "en": "{easiest_seen:.0f} passes over the first windows of the curriculum before the rest comes in (at most {limit_most_seen:g}): memorised",
                        "tr": "{easiest_seen:.0f} geçiş: curriculum'un ilk pencereleri, gerisi gelene dek (en çok {limit_most_seen:g}); ezberlenir",
                    },
                    "no-stopping": {
                        "en": "{evaluations} evaluations planned: early stopping can't trigger, patience {patience} needs at least {needed}",
                        "tr": "{evaluations} değerlendirme planlı: early stopping devreye giremez, patience {patience} en az {needed} ister",
                    },
                    "no-plateau": {
                        "en": "{evaluations} evaluations planned: the schedule plateau can't lower the learning rate, it waits for {plateau_patience} without a new best (patience {patience})",
                        "tr": "{evaluations} değerlendirme planlı: plateau schedule'u öğrenme oranını düşüremez, yeni en iyi getirmeyen {plateau_patience} değerlendirme bekler (patience {patience})",
                    },
                    "root-from-the-start": {
                        "en": "0 warmup steps: inverse-sqrt halves the learning rate by step 4",
                        "tr": "0 warmup adımı: inverse-sqrt, öğrenme oranını 4. adımda yarıya indirir",
                    },
                },
                (
                    ("rate-high", "rate-low", "rate-cautious"),
                    ("no-clipping",),
                    ("warmup-most", "warmup-long"),
                    ("dropout-high",),
                    ("decay-high",),
                    ("disturbed-much",),
                    ("curriculum-narrow",),
                    ("no-stopping",),
                    ("no-plateau", "root-from-the-start"),
                ),
                {"en": "", "tr": ""},
            ),
        },
        {
            "en": "A learning rate that is too high makes the loss jump or blow up, one that is too low wastes hours; a warmup as long as the run never gets to learning.",
            "tr": "Çok yüksek öğrenme oranı loss'u sıçratır ya da patlatır, çok düşüğü saatleri boşa harcar; çalışma kadar uzun bir warmup'ta sıra öğrenmeye gelmez.",
        },
        {
            "en": "Start from the guide: AdamW at 3e-4 (Muon at 0.04), warmup 100 steps or a tenth of a short run, clipping 1.0, patience 5.",
            "tr": "Rehberden başlayın: AdamW 3e-4 (Muon 0.04), warmup 100 adım ya da kısa çalışmada onda biri, clipping 1.0, patience 5.",
        },
    ),
)
