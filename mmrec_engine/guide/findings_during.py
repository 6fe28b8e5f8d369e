"""The words of what is found during training, and of the remedies: what was seen, why it matters, what to do.

A finding that went away again is told with the status `pass` and the variant "over".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrec_engine.guide.findings import FindingText
from mmrec_engine.messages import Language, Words

DURING: tuple[FindingText, ...] = (
    FindingText(
        "non-finite",
        {"en": "A number is not finite", "tr": "Sonlu olmayan bir sayı"},
        {
            "loss": {"en": "the loss was {value} at step {step}", "tr": "{step}. adımda loss {value} oldu"},
            "loss-in": {
                "en": "the loss was {value} at step {step}, first in {module}; no update was made with it",
                "tr": "{step}. adımda loss {value} oldu, ilk olarak {module} içinde; onunla güncelleme yapılmadı",
            },
            "gradient": {
                "en": "the gradient norm was {value} at step {step}",
                "tr": "{step}. adımda gradyan normu {value} oldu",
            },
            "gradient-in": {
                "en": "the gradient norm was {value} at step {step}, first in {module}; no update was made with it",
                "tr": "{step}. adımda gradyan normu {value} oldu, ilk olarak {module} içinde; onunla güncelleme yapılmadı",
            },
            "weight": {
                "en": "a weight was not finite at step {step}",
                "tr": "{step}. adımda bir ağırlık sonlu değildi",
            },
            "weight-in": {
                "en": "weights in {module} were not finite at step {step}; no checkpoint was written of them",
                "tr": "{step}. adımda {module} içindeki ağırlıklar sonlu değildi; onlarla checkpoint yazılmadı",
            },
            "validation": {
                "en": "the validation loss was {value} at step {step}",
                "tr": "{step}. adımda validation loss {value} oldu",
            },
        },
        {
            "en": "Once a weight is not a number, every number after it is none either: nothing more can be learnt from there.",
            "tr": "Bir ağırlık sayı olmaktan çıkınca ondan hesaplanan her şey de çıkar: oradan sonra hiçbir şey öğrenilemez.",
        },
        {
            "en": "Start again with a lower rate (1e-4) or a longer warmup (200 steps). The last good checkpoint has been kept.",
            "tr": "Daha düşük bir learning rate (1e-4) ya da daha uzun warmup (200 adım) ile baştan başlayın. Son sağlam checkpoint duruyor.",
        },
    ),
    FindingText(
        "loss-too-high",
        {"en": "The loss is too high", "tr": "Loss çok yüksek"},
        {
            "above-initial": {
                "en": "{smoothed:.3f} at step {step} (mean of the last {mean_of} steps), above the {initial:.3f} it began with",
                "tr": "{step}. adımda {smoothed:.3f} (son {mean_of} adımın ortalaması), başlangıçtaki {initial:.3f} değerinin üstünde",
            },
            "above-unigram": {
                "en": "{smoothed:.3f} at step {step} (mean of the last {mean_of} steps), above the {unigram:.3f} that letter frequencies alone reach (unigram)",
                "tr": "{step}. adımda {smoothed:.3f} (son {mean_of} adımın ortalaması), yalnızca harf sıklıklarıyla ulaşılan {unigram:.3f} değerinin üstünde (unigram)",
            },
            "above-uniform": {
                "en": "{smoothed:.3f} at step {step} (mean of the last {mean_of} steps), above the {uniform:.3f} of blind guessing",
                "tr": "{step}. adımda {smoothed:.3f} (son {mean_of} adımın ortalaması), rastgele tahminin {uniform:.3f} değerinin üstünde",
            },
            "risen": {
                "en": "{smoothed:.3f} at step {step} (mean of the last {mean_of} steps), up again from {lowest:.3f}",
                "tr": "{step}. adımda {smoothed:.3f} (son {mean_of} adımın ortalaması), {lowest:.3f} değerinden yeniden yükseldi",
            },
            "over": {
                "en": "over: {smoothed:.3f} at step {step} (mean of the last {mean_of} steps)",
                "tr": "geçti: {step}. adımda {smoothed:.3f} (son {mean_of} adımın ortalaması)",
            },
        },
        {
            "en": "Steps are too large for the slope: each one overshoots, or a noisy batch throws the weights about.",
            "tr": "Adımlar eğime göre çok büyüktür: her biri hedefi aşar ya da gürültülü bir batch ağırlıkları savurur.",
        },
        {
            "en": "Lower the learning rate (1e-4), lengthen the warmup (200 steps) or use a larger batch; begin anew with them.",
            "tr": "Learning rate'i düşürün (1e-4), warmup steps'i artırın (200) ya da batch size'ı büyütün; bunlarla baştan başlayın.",
        },
    ),
    FindingText(
        "loss-spike",
        {"en": "The loss jumped", "tr": "Loss sıçradı"},
        {
            "any": {
                "en": "{loss:.3f} at step {step}: {factor:.1f} times the middle of the {limit_window} steps before ({median:.3f})",
                "tr": "{step}. adımda {loss:.3f}: önceki {limit_window} adımın ortancasının ({median:.3f}) {factor:.1f} katı",
            },
            "again": {
                "en": "jump number {count} at step {step}: {loss:.3f}, {factor:.1f} times the middle of the {limit_window} steps before ({median:.3f})",
                "tr": "{step}. adımda {count}. sıçrama: {loss:.3f}, önceki {limit_window} adımın ortancasının ({median:.3f}) {factor:.1f} katı",
            },
        },
        {
            "en": "One odd batch may do it; where it comes again, or the loss stays up, the steps are too large.",
            "tr": "Tek bir tuhaf batch buna yol açabilir; yineleniyorsa ya da loss yukarıda kalıyorsa adımlar çok büyüktür.",
        },
        {
            "en": "If it comes again, lower the learning rate (1e-4) or lengthen the warmup (200 steps).",
            "tr": "Yinelenirse learning rate'i düşürün (1e-4) ya da warmup steps'i artırın (200).",
        },
    ),
    FindingText(
        "loss-not-falling",
        {"en": "Fall of the loss", "tr": "Loss'un düşüşü"},
        {
            "pass": {
                "en": "falling: from {initial:.3f} to {smoothed:.3f} by step {step} (mean of the last {mean_of} steps)",
                "tr": "düşüyor: {step}. adıma dek {initial:.3f} değerinden {smoothed:.3f} değerine (son {mean_of} adımın ortalaması)",
            },
            "hardly-fell": {
                "en": "hardly falls: {smoothed:.3f} at step {step}, after {initial:.3f} at the start ({fell:.1%} less; {limit_fall:%} is expected by then)",
                "tr": "pek düşmüyor: {step}. adımda {smoothed:.3f}, başta {initial:.3f} idi (azalma {fell:.1%}; o zamana dek beklenen {limit_fall:%})",
            },
            "stuck": {
                "en": "no new minimum for {steps} steps: {smoothed:.3f} at step {step}, still above what pairs of letters reach (bigram, {bigram:.3f})",
                "tr": "{steps} adımdır yeni en düşük değer yok: {step}. adımda {smoothed:.3f}, hâlâ harf çiftleriyle ulaşılanın üstünde (bigram, {bigram:.3f})",
            },
            "stuck-high": {
                "en": "no new minimum for {steps} steps: {smoothed:.3f} at step {step}, near the {uniform:.3f} of blind guessing",
                "tr": "{steps} adımdır yeni en düşük değer yok: {step}. adımda {smoothed:.3f}, rastgele tahminin {uniform:.3f} değerine yakın",
            },
            "at-unigram": {
                "en": "stands at {smoothed:.3f} (step {step}), no lower than letter frequencies alone reach (unigram, {unigram:.3f})",
                "tr": "{smoothed:.3f} değerinde duruyor ({step}. adım); yalnızca harf sıklıklarıyla ulaşılandan düşük değil (unigram, {unigram:.3f})",
            },
            "slow": {
                "en": "falls too slowly: {smoothed:.3f} at step {step}, still above what letter frequencies alone reach (unigram, {unigram:.3f})",
                "tr": "çok yavaş düşüyor: {step}. adımda {smoothed:.3f}, hâlâ yalnızca harf sıklıklarıyla ulaşılanın üstünde (unigram, {unigram:.3f})",
            },
        },
        {
            "en": "A loss that does not fall means that nothing is learnt: the rate is far too low or too high, the model too small, the text too little, or the labels do not follow from the text.",
            "tr": "Düşmeyen loss, hiçbir şey öğrenilmediğini gösterir: learning rate çok düşük ya da çok yüksektir, model küçüktür, metin azdır ya da etiketler metinden çıkmıyordur.",
        },
        {
            "en": "Raise the learning rate to 3e-4 if it is lower; else try a larger config or more text, and look at the decoded batch in the checks before training.",
            "tr": "Learning rate daha düşükse 3e-4'e çıkarın; değilse daha büyük bir config ya da daha fazla metin deneyin ve eğitim öncesi denetimlerde gösterilen batch'e bakın.",
        },
    ),
    FindingText(
        "overfitting",
        {"en": "The validation loss rises (overfitting)", "tr": "Validation loss artıyor (overfitting)"},
        {
            "any": {
                "en": "validation {loss:.3f} at step {step}, {above:.1%} above its best ({best:.3f}, step {best_step}) for {evaluations} evaluations; training fell from {training_before:.3f} to {training:.3f}",
                "tr": "{step}. adımda validation {loss:.3f}; {evaluations} değerlendirmedir en iyisinden ({best:.3f}, {best_step}. adım) yüksek, şimdi {above:.1%}; eğitim ise {training_before:.3f} değerinden {training:.3f} değerine düştü",
            },
            "over": {
                "en": "over: validation {loss:.3f} at step {step}, best {best:.3f} (step {best_step})",
                "tr": "geçti: {step}. adımda validation {loss:.3f}, en iyisi {best:.3f} ({best_step}. adım)",
            },
        },
        {
            "en": "The model has begun to memorise its text instead of learning from it: too many passes over too little text.",
            "tr": "Model metinden öğrenmek yerine onu ezberlemeye başlamıştır: az metnin üzerinden çok fazla geçiş.",
        },
        {
            "en": "Raise dropout (0.2) or weight decay (0.2), or lower the patience (3). The best model so far is kept.",
            "tr": "Dropout'u (0.2) ya da weight decay'i (0.2) artırın veya patience'ı azaltın (3). Şimdiye dek en iyi model saklıdır.",
        },
    ),
    FindingText(
        "underfitting",
        {"en": "The model learns too little (underfitting)", "tr": "Model az öğreniyor (underfitting)"},
        {
            "any": {
                "en": "training {training:.3f} and validation {loss:.3f} at step {step} are {apart:.1%} apart, and both above what pairs of letters reach (bigram, {bigram:.3f})",
                "tr": "{step}. adımda eğitim {training:.3f} ile validation {loss:.3f} arasındaki fark {apart:.1%}; ikisi de harf çiftleriyle ulaşılanın üstünde (bigram, {bigram:.3f})",
            },
            "over": {
                "en": "over: training {training:.3f} and validation {loss:.3f} at step {step}",
                "tr": "geçti: {step}. adımda eğitim {training:.3f}, validation {loss:.3f}",
            },
        },
        {
            "en": "The model does no better on its own text than on new text, and poorly on both: it lacks size, or steps, or a part of it does not work.",
            "tr": "Model kendi metninde de yeni metinde olduğu kadar kötü: boyutu ya da adımları yetmiyordur veya bir parçası çalışmıyordur.",
        },
        {"en": "Use a larger config, or train longer.", "tr": "Daha büyük bir config kullanın ya da daha uzun eğitin."},
    ),
    FindingText(
        "clipping-always",
        {"en": "Gradients are clipped all the time", "tr": "Gradyanlar sürekli kırpılıyor"},
        {
            "any": {
                "en": "{share:%} of the last {limit_window} updates (step {step}); middle gradient norm {norm}, limit {clip}",
                "tr": "{step}. adımda, son {limit_window} güncellemenin {share:%} kadarı; ortanca gradyan normu {norm}, sınır {clip}",
            },
            "exploding": {
                "en": "middle gradient norm {norm} over the last {limit_window} updates (step {step}): it explodes; it should be about 1",
                "tr": "son {limit_window} güncellemenin ortanca gradyan normu {norm} ({step}. adım): gradyanlar patlıyor; 1 dolayında olmalı",
            },
            "over": {
                "en": "over: {share:%} of the last {limit_window} updates (step {step})",
                "tr": "geçti: {step}. adımda, son {limit_window} güncellemenin {share:%} kadarı",
            },
        },
        {
            "en": "Where nearly every gradient is cut to the same length, the clipping sets the length of the steps and the slope no longer does.",
            "tr": "Neredeyse her gradyan aynı boya kesiliyorsa adımın boyunu eğim değil, clipping belirler.",
        },
        {
            "en": "Harmless while the loss falls steadily; if it is restless, lower the learning rate.",
            "tr": "Loss düzenli düşüyorsa zararsızdır; huzursuzsa learning rate'i düşürün.",
        },
    ),
    FindingText(
        "update-ratio",
        {"en": "Updates of an unusual size", "tr": "Alışılmadık boyda güncellemeler"},
        {
            "low": {
                "en": "a hidden matrix moves by {ratio:.1e} of its size a step (step {step}), less than {limit_lowest:.0e}",
                "tr": "bir ara matris adım başına boyunun {ratio:.1e} katı kadar oynuyor ({step}. adım), {limit_lowest:.0e} altında",
            },
            "still": {
                "en": "a hidden matrix no longer moves at all (step {step}): no gradient reaches it",
                "tr": "bir ara matris artık hiç oynamıyor ({step}. adım): ona gradyan ulaşmıyor",
            },
            "high": {
                "en": "a hidden matrix moves by {ratio:.1e} of its size a step (step {step}), more than {limit_highest:.0e}",
                "tr": "bir ara matris adım başına boyunun {ratio:.1e} katı kadar oynuyor ({step}. adım), {limit_highest:.0e} üstünde",
            },
            "over": {
                "en": "over: {ratio:.1e} of its size a step (step {step})",
                "tr": "geçti: adım başına boyunun {ratio:.1e} katı ({step}. adım)",
            },
        },
        {
            "en": "About 1e-3 is usual. Far less and the matrix does not learn; far more and every step undoes what the last one learnt.",
            "tr": "Alışılmış olan 1e-3 dolayıdır. Çok azında matris öğrenmez; çoğunda her adım bir öncekinin öğrendiğini bozar.",
        },
        {
            "en": "Raise the learning rate where it is too little, lower it where it is too much. A matrix that does not move at all points to a part of the model that is cut off.",
            "tr": "Azsa learning rate'i artırın, çoksa düşürün. Hiç oynamayan matris, modelin kopuk bir parçasına işaret eder.",
        },
    ),
    FindingText(
        "out-of-memory",
        {"en": "Memory ran out", "tr": "Bellek yetmedi"},
        {
            "halved": {
                "en": "at step {step}; the same batch goes on in pieces of {after} windows instead of {before}, with the same result",
                "tr": "{step}. adımda; aynı batch {before} yerine {after} pencerelik parçalarla, aynı sonuçla sürüyor",
            },
            "any": {
                "en": "at step {step}, with {batch_size} windows of {seq_len} tokens; there was nothing left to halve",
                "tr": "{step}. adımda, {seq_len} tokenlık {batch_size} pencereyle; yarıya indirilecek bir şey kalmadı",
            },
        },
        {
            "en": "Weights, gradients and optimizer take four numbers a parameter; the activations of a step grow with batch × length.",
            "tr": "Ağırlık, gradyan ve optimizer parametre başına dört sayı tutar; bir adımın ara değerleri batch × uzunluk ile büyür.",
        },
        {
            "en": "Use a smaller batch (2), shorter sequences (256) or gradient checkpointing.",
            "tr": "Batch size'ı (2) ya da sequence length'i (256) azaltın veya gradient checkpointing kullanın.",
        },
    ),
    FindingText(
        "disk-unwritable",
        {"en": "The disk does not take what the run writes", "tr": "Disk, çalışmanın yazdığını almıyor"},
        {
            "checkpoint": {
                "en": "at step {step} {path} could not be written ({reason}); training goes on, and the newest checkpoint is that "
                "of step {saved_step}",
                "tr": "{step}. adımda {path} yazılamadı ({reason}); eğitim sürüyor, en yeni checkpoint {saved_step}. adımınki",
            },
            "first-checkpoint": {
                "en": "at step {step} {path} could not be written ({reason}); training goes on, and there is no checkpoint yet",
                "tr": "{step}. adımda {path} yazılamadı ({reason}); eğitim sürüyor, henüz hiç checkpoint yok",
            },
            "record": {
                "en": "since step {step} {path} cannot be written ({reason}); training goes on, and its record waits in memory",
                "tr": "{step}. adımdan beri {path} yazılamıyor ({reason}); eğitim sürüyor, kaydı bellekte bekliyor",
            },
            "over": {
                "en": "{path} was written at step {step}: the disk takes what the run writes again",
                "tr": "{path} {step}. adımda yazıldı: disk, çalışmanın yazdığını yine alıyor",
            },
        },
        {
            "en": "A run that ends now goes on from its newest checkpoint; all steps since then would have to be made again.",
            "tr": "Şimdi biten bir çalışma en yeni checkpoint'ten sürer; ondan sonraki adımların hepsi yeniden yapılır.",
        },
        {
            "en": "Free some space on this disk; the next checkpoint is written as soon as there is room. Fewer of them: "
            "--keep-checkpoints 1.",
            "tr": "Bu diskte yer açın; yer olur olmaz sıradaki checkpoint yazılır. Daha az yer için: --keep-checkpoints 1.",
        },
    ),
    FindingText(
        "validation-below-training",
        {"en": "Validation beside training", "tr": "Validation ile eğitim yan yana"},
        {
            "above": {
                "en": "validation {loss:.3f}, training {training:.3f} (as many windows, dropout off) at step {step}: validation is {apart:.1%} above, as new text should be",
                "tr": "{step}. adımda validation {loss:.3f}, eğitim {training:.3f} (o kadar pencere, dropout kapalı): validation {apart:.1%} daha yüksek; yeni metinde olması gereken budur",
            },
            "below": {
                "en": "validation {loss:.3f}, training {training:.3f} (as many windows, dropout off) at step {step}: validation is {apart:.1%} below, within what an easier piece of text explains",
                "tr": "{step}. adımda validation {loss:.3f}, eğitim {training:.3f} (o kadar pencere, dropout kapalı): validation {apart:.1%} daha düşük; daha kolay bir metin parçası bunu açıklar",
            },
            "leak": {
                "en": "validation {loss:.3f}, training {training:.3f} (as many windows, dropout off) at step {step}: validation is {apart:.1%} below for {evaluations} evaluations; text of it probably stands in the training side too",
                "tr": "{step}. adımda validation {loss:.3f}, eğitim {training:.3f} (o kadar pencere, dropout kapalı): validation {evaluations} değerlendirmedir daha düşük, şimdi {apart:.1%}; metni büyük olasılıkla eğitim bölümünde de var",
            },
            "other-task": {
                "en": "the last {mean_of} steps before step {step} had a loss of {steps:.3f}, yet training windows cost {training:.3f} with dropout off: the steps, {apart:.1%} below, train on something else, such as labels that are not the next token or the same windows again and again",
                "tr": "{step}. adımdan önceki {mean_of} adımın loss'u {steps:.3f}; oysa eğitim pencereleri dropout kapalıyken {training:.3f}: {apart:.1%} daha düşük olan adımlar başka bir şeyle eğitiliyor; örneğin sonraki token olmayan etiketlerle ya da hep aynı pencerelerle",
            },
            "too-good": {
                "en": "validation {loss:.3f} at step {step}, {bits:.2f} bits a character, training {training:.3f}: less than unknown text can be guessed with; the answer is probably in what the model sees",
                "tr": "{step}. adımda validation {loss:.3f}, karakter başına {bits:.2f} bit, eğitim {training:.3f}: bilinmeyen metin bu kadar iyi tahmin edilemez; yanıt büyük olasılıkla modelin gördüğünün içinde",
            },
        },
        {
            "en": "Compared fairly, new text is a little harder than text that was trained on. Where it is easier, the figures no longer tell how the model does on new text.",
            "tr": "Adil karşılaştırıldığında yeni metin, eğitimde görülenden biraz daha zordur. Daha kolaysa sayılar, modelin yeni metinde ne yaptığını artık göstermez.",
        },
        {
            "en": "Look for the same text in both sides: run `mmrec-tui check before`, see split-overlap and duplicate-text. Where the steps are the odd ones, look at the batch in targets-shifted.",
            "tr": "İki bölümde aynı metni arayın: `mmrec-tui check before` çalıştırın, split-overlap ve duplicate-text satırlarına bakın. Tuhaf olan adımlarsa targets-shifted satırındaki batch'e bakın.",
        },
    ),
    FindingText(
        "perplexity-sane",
        {"en": "Perplexity", "tr": "Perplexity"},
        {
            "pass": {
                "en": "{perplexity:,.2f} at step {step}, of a vocabulary of {vocabulary}",
                "tr": "{step}. adımda {perplexity:,.2f}; vocabulary {vocabulary}",
            },
            "below-unigram": {
                "en": "{perplexity:,.2f} at step {step}, below the {unigram_perplexity:,.2f} of letter frequencies alone (unigram)",
                "tr": "{step}. adımda {perplexity:,.2f}; yalnızca harf sıklıklarının {unigram_perplexity:,.2f} değerinin altında (unigram)",
            },
            "above-unigram": {
                "en": "{perplexity:,.2f} at step {step}, not below the {unigram_perplexity:,.2f} of letter frequencies alone (unigram)",
                "tr": "{step}. adımda {perplexity:,.2f}; yalnızca harf sıklıklarının {unigram_perplexity:,.2f} değerinin altında değil (unigram)",
            },
            "above-vocabulary": {
                "en": "{perplexity:,.2f} at step {step}, above the vocabulary of {vocabulary}: worse than blind guessing",
                "tr": "{step}. adımda {perplexity:,.2f}; {vocabulary} olan vocabulary'nin üstünde: rastgele tahminden kötü",
            },
        },
        {
            "en": "Perplexity is among how many equally likely tokens the model wavers. Above the vocabulary it is sure of the wrong ones.",
            "tr": "Perplexity, modelin kaç eşit olasılıklı token arasında kaldığıdır. Vocabulary'nin üstündeyse yanlışlarından emindir.",
        },
        {
            "en": "It is the loss in another number: do what is said there. After a rate that was too high a lower one and a longer warmup; after one that was too low a higher one.",
            "tr": "Bu, loss'un başka bir sayıyla anlatımıdır: orada söyleneni yapın. Learning rate çok yüksekse düşürün ve warmup'ı uzatın; çok düşükse artırın.",
        },
    ),
    FindingText(
        "accuracy-rising",
        {"en": "Accuracy", "tr": "Accuracy"},
        {
            "rising": {
                "en": "{accuracy:.1%} at step {step}, the best so far",
                "tr": "{step}. adımda {accuracy:.1%}, şimdiye dek en iyisi",
            },
            "near-best": {
                "en": "{accuracy:.1%} at step {step}, near its best ({best:.1%}, step {best_step})",
                "tr": "{step}. adımda {accuracy:.1%}, en iyisine yakın ({best:.1%}, {best_step}. adım)",
            },
            "warn": {
                "en": "{accuracy:.1%} at step {step}, {points:.1f} points below its best ({best:.1%}, step {best_step}), and lower for {evaluations} evaluations",
                "tr": "{step}. adımda {accuracy:.1%}; en iyisinden ({best:.1%}, {best_step}. adım) {points:.1f} puan düşük, {evaluations} değerlendirmedir böyle",
            },
        },
        {
            "en": "Accuracy rises as the loss falls. Where it falls again, the model unlearns: it memorises, or its steps are too large.",
            "tr": "Loss düştükçe accuracy artar. Yeniden düşüyorsa model öğrendiğini yitiriyordur: ezberliyordur ya da adımları çok büyüktür.",
        },
        {
            "en": "If the training loss falls meanwhile, treat it as overfitting; else lower the learning rate.",
            "tr": "Bu sırada eğitim loss'u düşüyorsa overfitting gibi ele alın; düşmüyorsa learning rate'i azaltın.",
        },
    ),
    FindingText(
        "early-stopping",
        {"en": "Early stopping", "tr": "Early stopping"},
        {
            "pass": {
                "en": "best {best:.3f} (step {best_step}); {used} of {patience} evaluations without a new best at step {step}",
                "tr": "en iyi {best:.3f} ({best_step}. adım); {step}. adımda yeni en iyi çıkmayan değerlendirme: {used} / {patience}",
            },
            "not-saved": {
                "en": "the best so far ({best:.3f}, step {best_step}) was not saved",
                "tr": "şimdiye dek en iyisi ({best:.3f}, {best_step}. adım) kaydedilmedi",
            },
            "wrong-best": {
                "en": "the evaluation at step {step} ({loss:.3f}) was taken for the best, but {best:.3f} (step {best_step}) is lower",
                "tr": "{step}. adımdaki değerlendirme ({loss:.3f}) en iyi sayıldı, oysa {best:.3f} ({best_step}. adım) daha düşük",
            },
            "missed-best": {
                "en": "the evaluation at step {step} ({loss:.3f}) is the lowest so far, but was not taken for the best",
                "tr": "{step}. adımdaki değerlendirme ({loss:.3f}) şimdiye dek en düşüğü, ama en iyi sayılmadı",
            },
            "too-long": {
                "en": "{used} evaluations without a new best, patience {patience}, and training goes on at step {step}",
                "tr": "yeni en iyi çıkmayan {used} değerlendirme var, patience {patience}, ama eğitim {step}. adımda sürüyor",
            },
            "miscounted": {
                "en": "{used} evaluations without a new best were counted at step {step}, there have been {real}",
                "tr": "{step}. adımda yeni en iyi çıkmayan {used} değerlendirme sayıldı, gerçekte {real}",
            },
        },
        {
            "en": "After the best point more training only memorises. Patience counts the evaluations without a new best and ends the run in time.",
            "tr": "En iyi noktadan sonraki eğitim yalnızca ezberletir. Patience, yeni en iyi çıkmayan değerlendirmeleri sayar ve çalışmayı zamanında bitirir.",
        },
        {
            "en": "--early-stopping-patience 5 is the guide's value. Keep --save-best-model on.",
            "tr": "Rehberin değeri --early-stopping-patience 5. --save-best-model açık kalsın.",
        },
    ),
    FindingText(
        "first-evaluation-late",
        {"en": "The first evaluation is far off", "tr": "İlk değerlendirme çok uzakta"},
        {
            "any": {
                "en": "it comes at step {evaluation_step}, in about {minutes:.0f} minutes",
                "tr": "{evaluation_step}. adımda, yaklaşık {minutes:.0f} dakika sonra",
            }
        },
        {
            "en": "Until then nobody can tell whether the model learns or memorises, and no best model is saved.",
            "tr": "O zamana dek modelin öğrendiği mi ezberlediği mi bilinemez, best model de kaydedilmez.",
        },
        {"en": "Evaluate more often, with --eval-every.", "tr": "--eval-every ile daha sık değerlendirin."},
    ),
)

# What each remedy does, in the guide's words; ids as in problems.py where the guide names them.
REMEDIES: dict[str, Words] = {
    "lower-learning-rate": {"en": "Lower the learning rate", "tr": "Learning rate'i düşür"},
    "raise-learning-rate": {"en": "Raise the learning rate", "tr": "Learning rate'i artır"},
    "longer-warmup": {"en": "Lengthen the warmup", "tr": "Warmup steps'i artır"},
    "larger-batch": {"en": "Use a larger batch", "tr": "Batch size'ı artır"},
    "clip-gradients": {"en": "Clip the gradients", "tr": "Gradyanları kırp"},
    "larger-config": {"en": "Use a larger config", "tr": "Daha büyük config kullan"},
    "more-text": {"en": "Add more text", "tr": "Daha fazla text ekle"},
    "longer-run": {"en": "Train longer", "tr": "Daha uzun eğit"},
    "regularise": {
        "en": "Hold back more",
        "tr": "Daha çok dizginle",
    },
    "more-dropout": {"en": "Raise dropout", "tr": "Dropout'u artır"},
    "more-weight-decay": {"en": "Raise weight decay", "tr": "Weight decay'i artır"},
    "less-patience": {"en": "Lower the early-stopping patience", "tr": "Early stopping patience'ı azalt"},
    "smaller-batch": {"en": "Use a smaller batch", "tr": "Batch size'ı azalt"},
    "shorter-windows": {"en": "Use shorter sequences", "tr": "Sequence length'i azalt"},
    "gradient-checkpointing": {"en": "Use gradient checkpointing", "tr": "Gradient checkpointing kullan"},
    "evaluate-sooner": {"en": "Evaluate more often", "tr": "Daha sık değerlendir"},
}
_OFF: Words = {"en": "off", "tr": "kapalı"}
_ON: Words = {"en": "on", "tr": "açık"}
_NONE: Words = {"en": "once an epoch", "tr": "epoch'ta bir"}
_UNSET: Words = {"en": "none", "tr": "yok"}
_SHORT: dict[str, str] = {"early_stopping_patience": "patience", "grad_clip": "gradient clipping"}


def remedy_title(remedy: str, before: Mapping[str, Any], changes: Mapping[str, Any], language: Language) -> str:
    """What the remedy changes, with its figures: "dropout 0.1 → 0.2". Its words alone where it changes no setting."""
    if not changes:
        words = REMEDIES.get(remedy)
        return words[language] if words is not None else remedy
    return figures(before, changes, language)


def figures(before: Mapping[str, Any], changes: Mapping[str, Any], language: Language) -> str:
    """Settings as they were and will be: "dropout 0.1 → 0.2, patience 5 → 3"."""
    parts = []
    for name, value in changes.items():
        label = _SHORT.get(name, name.replace("_", " "))
        parts.append(f"{label} {_figure(name, before.get(name), language)} → {_figure(name, value, language)}")
    return ", ".join(parts)


def _figure(name: str, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return (_ON if value else _OFF)[language]
    if value is None:
        return (_NONE if name == "eval_every" else _UNSET)[language]
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        digits, _, exponent = f"{value:.2e}".partition("e")
        return _in_language(f"{float(digits):g}e{int(exponent)}", language)
    return _in_language(f"{value:g}", language) if isinstance(value, float) else str(value)


def _in_language(number: str, language: Language) -> str:
    return number.replace(".", ",") if language == "tr" else number
