"""The words of what is found during training, and of the remedies: what was seen, why it matters, what to do.

A finding that went away again is told with the status `pass` and the variant "over".
"""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText

DURING: tuple[FindingText, ...] = (
    FindingText(
        "non-finite",
        {"en": "Non-finite values", "tr": "Sonlu olmayan değerler"},
        {
            "loss": {"en": "{value} loss at step {step}", "tr": "{value}: {step}. adımdaki loss"},
            "loss-in": {
                "en": "{value} loss at step {step}, first in {module}; the update was not made",
                "tr": "{value}: {step}. adımdaki loss, ilk olarak {module} içinde; güncelleme yapılmadı",
            },
            "gradient": {
                "en": "{value} gradient norm at step {step}",
                "tr": "{value}: {step}. adımdaki gradyan normu",
            },
            "gradient-in": {
                "en": "{value} gradient norm at step {step}, first in {module}; the update was not made",
                "tr": "{value}: {step}. adımdaki gradyan normu, ilk olarak {module} içinde; güncelleme yapılmadı",
            },
            "weight": {
                "en": "not finite: a weight at step {step}",
                "tr": "sonlu değil: {step}. adımda bir ağırlık",
            },
            "weight-in": {
                "en": "not finite: weights in {module} at step {step}; no checkpoint was written of them",
                "tr": "sonlu değil: {step}. adımda {module} içindeki ağırlıklar; onlarla checkpoint yazılmadı",
            },
            "validation": {
                "en": "{value} validation loss at step {step}",
                "tr": "{value}: {step}. adımdaki validation loss",
            },
        },
        {
            "en": "Once a weight is not a number, every number after it is none either: nothing more can be learnt from there.",
            "tr": "Bir ağırlık sayı olmaktan çıkınca ondan hesaplanan her şey de çıkar: oradan sonra hiçbir şey öğrenilemez.",
        },
        {
            "en": "Start again with a lower learning rate (1e-4) or a longer warmup (200 steps). The last good checkpoint has been kept.",
            "tr": "Daha düşük bir öğrenme oranı (1e-4) ya da daha uzun warmup (200 adım) ile baştan başlayın. Son sağlam checkpoint duruyor.",
        },
    ),
    FindingText(
        "loss-too-high",
        {"en": "Loss level", "tr": "Loss düzeyi"},
        {
            "above-initial": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), above the initial {initial:.3f}",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), başlangıçtaki {initial:.3f} değerinin üstünde",
            },
            "above-unigram": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), above the unigram baseline ({unigram:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), unigram baseline'ının ({unigram:.3f}) üstünde",
            },
            "above-uniform": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), above random guessing ({uniform:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), rastgele tahminin ({uniform:.3f}) üstünde",
            },
            "risen": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), up again from {lowest:.3f}",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), {lowest:.3f} değerinden yeniden yükseldi",
            },
            "over": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), low enough again",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), yeniden yeterince düşük",
            },
        },
        {
            "en": "Steps are too large for the slope: each one overshoots, or a noisy batch throws the weights about.",
            "tr": "Adımlar eğime göre çok büyüktür: her biri hedefi aşar ya da gürültülü bir batch ağırlıkları savurur.",
        },
        {
            "en": "Lower the learning rate (1e-4), lengthen the warmup (200 steps) or use a larger batch; begin anew with them.",
            "tr": "Öğrenme oranını düşürün (1e-4), warmup steps'i artırın (200) ya da batch size'ı büyütün; bunlarla baştan başlayın.",
        },
    ),
    FindingText(
        "loss-spike",
        {"en": "Loss spikes", "tr": "Loss sıçramaları"},
        {
            "any": {
                "en": "{loss:.3f} at step {step}, {factor:.1f} × the median of the {limit_window} steps before ({median:.3f})",
                "tr": "{loss:.3f} ({step}. adım), önceki {limit_window} adımın medyanının ({median:.3f}) {factor:.1f} katı",
            },
            "again": {
                "en": "{loss:.3f} at step {step}, {factor:.1f} × the median of the {limit_window} steps before ({median:.3f}); spike number {count}",
                "tr": "{loss:.3f} ({step}. adım), önceki {limit_window} adımın medyanının ({median:.3f}) {factor:.1f} katı; {count}. sıçrama",
            },
        },
        {
            "en": "One odd batch may do it; where it comes again, or the loss stays up, the steps are too large.",
            "tr": "Tek bir tuhaf batch buna yol açabilir; yineleniyorsa ya da loss yukarıda kalıyorsa adımlar çok büyüktür.",
        },
        {
            "en": "If it comes again, lower the learning rate (1e-4) or lengthen the warmup (200 steps).",
            "tr": "Yinelenirse öğrenme oranını düşürün (1e-4) ya da warmup steps'i artırın (200).",
        },
    ),
    FindingText(
        "loss-not-falling",
        {"en": "Loss trend", "tr": "Loss eğilimi"},
        {
            "pass": {
                "en": "{smoothed:.3f} at step {step} (mean of {mean_of} steps), falling from {initial:.3f}",
                "tr": "{smoothed:.3f} ({step}. adım, {mean_of} adım ortalaması), {initial:.3f} değerinden düşüyor",
            },
            "hardly-fell": {
                "en": "{smoothed:.3f} at step {step}, {fell:.1%} below the initial {initial:.3f} (expected by now {limit_fall:%})",
                "tr": "{smoothed:.3f} ({step}. adım), başlangıçtaki {initial:.3f} değerinden {fell:.1%} düşük (şimdiye dek beklenen {limit_fall:%})",
            },
            "stuck": {
                "en": "{smoothed:.3f} at step {step}, no new minimum for {steps} steps and above the bigram baseline ({bigram:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım), {steps} adımdır yeni en düşük değer yok ve bigram baseline'ının ({bigram:.3f}) üstünde",
            },
            "stuck-high": {
                "en": "{smoothed:.3f} at step {step}, no new minimum for {steps} steps and near random guessing ({uniform:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım), {steps} adımdır yeni en düşük değer yok ve rastgele tahmine ({uniform:.3f}) yakın",
            },
            "at-unigram": {
                "en": "{smoothed:.3f} at step {step}, still at the unigram baseline ({unigram:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım), hâlâ unigram baseline'ında ({unigram:.3f})",
            },
            "slow": {
                "en": "{smoothed:.3f} at step {step}, still above the unigram baseline ({unigram:.3f})",
                "tr": "{smoothed:.3f} ({step}. adım), hâlâ unigram baseline'ının ({unigram:.3f}) üstünde",
            },
        },
        {
            "en": "A loss that does not fall means that nothing is learnt: the learning rate is far too low or too high, the model too small, the text too little, or the labels do not follow from the text.",
            "tr": "Düşmeyen loss, hiçbir şey öğrenilmediğini gösterir: öğrenme oranı çok düşük ya da çok yüksektir, model küçüktür, metin azdır ya da etiketler metinden çıkmıyordur.",
        },
        {
            "en": "Raise the learning rate to 3e-4 if it is lower; else try a larger config or more text, and look at the decoded batch in the checks before training.",
            "tr": "Öğrenme oranı daha düşükse 3e-4'e çıkarın; değilse daha büyük bir config ya da daha fazla metin deneyin ve eğitim öncesi denetimlerde gösterilen batch'e bakın.",
        },
    ),
    FindingText(
        "overfitting",
        {"en": "Overfitting", "tr": "Overfitting"},
        {
            "any": {
                "en": "{loss:.3f} validation loss at step {step}, {above:.1%} above its best ({best:.3f}, step {best_step}) for {evaluations} evaluations; training fell from {training_before:.3f} to {training:.3f}",
                "tr": "{loss:.3f} validation loss ({step}. adım), {evaluations} değerlendirmedir en iyisinin ({best:.3f}, {best_step}. adım) üstünde, şimdi {above:.1%}; eğitim {training_before:.3f} değerinden {training:.3f} değerine düştü",
            },
            "over": {
                "en": "{loss:.3f} validation loss at step {step}, near its best again ({best:.3f}, step {best_step})",
                "tr": "{loss:.3f} validation loss ({step}. adım), yeniden en iyisine yakın ({best:.3f}, {best_step}. adım)",
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
        {"en": "Underfitting", "tr": "Underfitting"},
        {
            "any": {
                "en": "{loss:.3f} validation and {training:.3f} training loss at step {step}, {apart:.1%} apart and both above the bigram baseline ({bigram:.3f})",
                "tr": "{loss:.3f} validation ve {training:.3f} eğitim loss'u ({step}. adım), fark {apart:.1%}; ikisi de bigram baseline'ının ({bigram:.3f}) üstünde",
            },
            "over": {
                "en": "{loss:.3f} validation and {training:.3f} training loss at step {step}, low enough again",
                "tr": "{loss:.3f} validation ve {training:.3f} eğitim loss'u ({step}. adım), yeniden yeterince düşük",
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
        {"en": "Gradient clipping", "tr": "Gradient clipping"},
        {
            "any": {
                "en": "{share:%} of the last {limit_window} updates clipped (step {step}); median gradient norm {norm}, limit {clip}",
                "tr": "{share:%} oranında güncelleme clipping'e uğradı (son {limit_window}, {step}. adım); medyan gradyan normu {norm}, sınır {clip}",
            },
            "exploding": {
                "en": "{norm} median gradient norm over the last {limit_window} updates (step {step}), usual is about 1: exploding",
                "tr": "{norm} medyan gradyan normu, son {limit_window} güncellemede ({step}. adım); alışılmışı 1 dolayı: patlıyor",
            },
            "over": {
                "en": "{share:%} of the last {limit_window} updates clipped (step {step})",
                "tr": "{share:%} oranında güncelleme clipping'e uğradı (son {limit_window}, {step}. adım)",
            },
        },
        {
            "en": "Where nearly every gradient is shortened to the same length, clipping decides the size of the steps, and the slope no longer does.",
            "tr": "Neredeyse her gradyan aynı boya kesiliyorsa adımın boyunu eğim değil, clipping belirler.",
        },
        {
            "en": "Harmless while the loss falls steadily; if it is restless, lower the learning rate.",
            "tr": "Loss düzenli düşüyorsa zararsızdır; huzursuzsa öğrenme oranını düşürün.",
        },
    ),
    FindingText(
        "update-ratio",
        {"en": "Update size", "tr": "Güncelleme boyu"},
        {
            "low": {
                "en": "{ratio:.1e} of a hidden matrix's size a step (step {step}), below {limit_lowest:.0e}",
                "tr": "{ratio:.1e}: bir ara matrisin adım başına göreli değişimi ({step}. adım), {limit_lowest:.0e} altında",
            },
            "still": {
                "en": "0 update of a hidden matrix (step {step}): no gradient reaches it",
                "tr": "0 güncelleme: bir ara matrise gradyan ulaşmıyor ({step}. adım)",
            },
            "high": {
                "en": "{ratio:.1e} of a hidden matrix's size a step (step {step}), above {limit_highest:.0e}",
                "tr": "{ratio:.1e}: bir ara matrisin adım başına göreli değişimi ({step}. adım), {limit_highest:.0e} üstünde",
            },
            "over": {
                "en": "{ratio:.1e} of a hidden matrix's size a step (step {step}), usual again",
                "tr": "{ratio:.1e}: bir ara matrisin adım başına göreli değişimi ({step}. adım), yeniden alışılmış boyda",
            },
        },
        {
            "en": "About 1e-3 is usual. Far less and the matrix does not learn; far more and every step undoes what the last one learnt.",
            "tr": "Alışılmış olan 1e-3 dolayıdır. Çok azında matris öğrenmez; çoğunda her adım bir öncekinin öğrendiğini bozar.",
        },
        {
            "en": "Raise the learning rate where it is too little, lower it where it is too much. A matrix that does not move at all points to a part of the model that is cut off.",
            "tr": "Azsa öğrenme oranını artırın, çoksa düşürün. Hiç oynamayan matris, modelin kopuk bir parçasına işaret eder.",
        },
    ),
    FindingText(
        "out-of-memory",
        {"en": "Memory use", "tr": "Bellek kullanımı"},
        {
            "halved": {
                "en": "{after} windows a micro-batch instead of {before} from step {step} on: out of memory, same result",
                "tr": "{after} pencerelik micro-batch ({before} yerine), {step}. adımdan başlayarak: bellek yetmedi, sonuç aynı",
            },
            "any": {
                "en": "{batch_size} windows of {seq_len} tokens at step {step}: out of memory, nothing left to halve",
                "tr": "{batch_size} pencere, {seq_len} token ({step}. adım): bellek yetmedi, yarıya indirilecek bir şey kalmadı",
            },
        },
        {
            "en": "Weights, gradients and optimizer take four numbers a parameter; the activations of a step grow with batch × length.",
            "tr": "Ağırlık, gradyan ve optimizer parametre başına dört sayı tutar; bir adımın ara değerleri batch × uzunluk ile büyür.",
        },
        {
            "en": "Use a smaller batch (2), shorter windows (256) or gradient checkpointing.",
            "tr": "Batch size'ı (2) ya da sequence length'i (256) azaltın veya gradient checkpointing kullanın.",
        },
    ),
    FindingText(
        "disk-unwritable",
        {"en": "Disk writes", "tr": "Diske yazma"},
        {
            "checkpoint": {
                "en": "{path} not written at step {step} ({reason}); training goes on, newest checkpoint: step {saved_step}",
                "tr": "{path}, {step}. adımda yazılamadı ({reason}); eğitim sürüyor, en yeni checkpoint {saved_step}. adımın",
            },
            "first-checkpoint": {
                "en": "{path} not written at step {step} ({reason}); training goes on, no checkpoint yet",
                "tr": "{path}, {step}. adımda yazılamadı ({reason}); eğitim sürüyor, henüz checkpoint yok",
            },
            "record": {
                "en": "{path} not written since step {step} ({reason}); training goes on, its record waits in memory",
                "tr": "{path}, {step}. adımdan beri yazılamıyor ({reason}); eğitim sürüyor, kaydı bellekte bekliyor",
            },
            "over": {
                "en": "{path} written at step {step}: the disk takes data again",
                "tr": "{path}, {step}. adımda yazıldı: disk yeniden yazılabiliyor",
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
        {"en": "Validation and training loss", "tr": "Validation ve eğitim loss'u"},
        {
            "wide": {
                "en": "{apart:.1%} above training: memorising has begun, useful while validation still falls ({loss:.3f} and {training:.3f}, step {step})",
                "tr": "{apart:.1%} eğitimin üstünde: ezberleme başladı, validation düştükçe yararlı ({loss:.3f} ve {training:.3f}, {step}. adım)",
            },
            "above": {
                "en": "{apart:.1%} above training: close, no overfitting ({loss:.3f} validation, {training:.3f} training, step {step})",
                "tr": "{apart:.1%} eğitimin üstünde: yakın, overfitting yok ({loss:.3f} validation, {training:.3f} eğitim, {step}. adım)",
            },
            "below": {
                "en": "{apart:.1%} below training: close, the validation text is a little easier ({loss:.3f} validation, {training:.3f} training, step {step})",
                "tr": "{apart:.1%} eğitimin altında: yakın, validation metni biraz daha kolay ({loss:.3f} validation, {training:.3f} eğitim, {step}. adım)",
            },
            "leak": {
                "en": "{apart:.1%} below training for {evaluations} evaluations: validation text is probably in training too ({loss:.3f} and {training:.3f}, step {step})",
                "tr": "{apart:.1%} eğitimin altında, {evaluations} değerlendirmedir: validation metni büyük olasılıkla eğitimde de var ({loss:.3f} ve {training:.3f}, {step}. adım)",
            },
            "other-task": {
                "en": "{steps:.3f} loss of {mean_of} steps at step {step}, {apart:.1%} below training windows without dropout ({training:.3f}): wrong labels, or the same windows again",
                "tr": "{steps:.3f} loss ({step}. adım, {mean_of} adım), dropout'suz eğitim pencerelerinin ({training:.3f}) {apart:.1%} altında: yanlış etiketler ya da hep aynı pencereler",
            },
            "too-good": {
                "en": "{loss:.3f} validation ({bits:.2f} bits a character), {training:.3f} training at step {step}: too low for unknown text, the answer is probably in the input",
                "tr": "{loss:.3f} validation (karakter başına {bits:.2f} bit), {training:.3f} eğitim ({step}. adım): bilinmeyen metin için çok düşük, yanıt büyük olasılıkla girdinin içinde",
            },
        },
        {
            "en": "Compared fairly, new text is a little harder than text that was trained on. Where it is easier, the figures no longer tell how the model does on new text.",
            "tr": "Adil karşılaştırıldığında yeni metin, eğitimde görülenden biraz daha zordur. Daha kolaysa sayılar, modelin yeni metinde ne yaptığını artık göstermez.",
        },
        {
            "en": "Look for the same text in both splits: run `mmrec-tui check before`, see split-overlap and duplicate-text. Where the steps are the odd ones, look at the batch in targets-shifted.",
            "tr": "İki bölümde aynı metni arayın: `mmrec-tui check before` çalıştırın, split-overlap ve duplicate-text satırlarına bakın. Tuhaf olan adımlarsa targets-shifted satırındaki batch'e bakın.",
        },
    ),
    FindingText(
        "perplexity-sane",
        {"en": "Perplexity", "tr": "Perplexity"},
        {
            "pass": {
                "en": "{perplexity:,.2f} at step {step}, below the vocabulary of {vocabulary}",
                "tr": "{perplexity:,.2f} ({step}. adım), {vocabulary} tokenlık sözlüğün altında",
            },
            "below-unigram": {
                "en": "{perplexity:,.2f} at step {step}, below the unigram baseline ({unigram_perplexity:,.2f})",
                "tr": "{perplexity:,.2f} ({step}. adım), unigram baseline'ının ({unigram_perplexity:,.2f}) altında",
            },
            "above-unigram": {
                "en": "{perplexity:,.2f} at step {step}, not below the unigram baseline ({unigram_perplexity:,.2f})",
                "tr": "{perplexity:,.2f} ({step}. adım), unigram baseline'ının ({unigram_perplexity:,.2f}) altında değil",
            },
            "above-vocabulary": {
                "en": "{perplexity:,.2f} at step {step}, above the vocabulary of {vocabulary}: worse than random guessing",
                "tr": "{perplexity:,.2f} ({step}. adım), {vocabulary} tokenlık sözlüğün üstünde: rastgele tahminden kötü",
            },
        },
        {
            "en": "Perplexity is among how many equally likely tokens the model wavers. Above the vocabulary it is sure of the wrong ones.",
            "tr": "Perplexity, modelin kaç eşit olasılıklı token arasında kaldığıdır. Sözlüğün üstündeyse yanlışlarından emindir.",
        },
        {
            "en": "It is the loss in another number: do what is said there. If the learning rate was too high, lower it and lengthen the warmup; if it was too low, raise it.",
            "tr": "Bu, loss'un başka bir sayıyla anlatımıdır: orada söyleneni yapın. Öğrenme oranı çok yüksekse düşürün ve warmup'ı uzatın; çok düşükse artırın.",
        },
    ),
    FindingText(
        "accuracy-rising",
        {"en": "Accuracy", "tr": "Accuracy"},
        {
            "rising": {
                "en": "{accuracy:.1%} at step {step}, the best so far",
                "tr": "{accuracy:.1%} ({step}. adım), şimdiye dek en iyisi",
            },
            "near-best": {
                "en": "{accuracy:.1%} at step {step}, near its best ({best:.1%}, step {best_step})",
                "tr": "{accuracy:.1%} ({step}. adım), en iyisine yakın ({best:.1%}, {best_step}. adım)",
            },
            "warn": {
                "en": "{accuracy:.1%} at step {step}, {points:.1f} points below its best ({best:.1%}, step {best_step}) for {evaluations} evaluations",
                "tr": "{accuracy:.1%} ({step}. adım), {evaluations} değerlendirmedir en iyisinin ({best:.1%}, {best_step}. adım) altında, şimdi {points:.1f} puan",
            },
        },
        {
            "en": "Accuracy rises as the loss falls. Where it falls again, the model unlearns: it memorises, or its steps are too large.",
            "tr": "Loss düştükçe accuracy artar. Yeniden düşüyorsa model öğrendiğini yitiriyordur: ezberliyordur ya da adımları çok büyüktür.",
        },
        {
            "en": "If the training loss falls meanwhile, treat it as overfitting; else lower the learning rate.",
            "tr": "Bu sırada eğitim loss'u düşüyorsa overfitting gibi ele alın; düşmüyorsa öğrenme oranını azaltın.",
        },
    ),
    FindingText(
        "early-stopping",
        {"en": "Early stopping", "tr": "Early stopping"},
        {
            "pass": {
                "en": "{used} of {patience} evaluations without a new best at step {step}; best {best:.3f} (step {best_step})",
                "tr": "{used} / {patience} değerlendirme yeni en iyi getirmedi ({step}. adım); en iyi {best:.3f} ({best_step}. adım)",
            },
            "not-saved": {
                "en": "{best:.3f} (step {best_step}), the best so far, was not saved",
                "tr": "{best:.3f} ({best_step}. adım), şimdiye dek en iyisi, kaydedilmedi",
            },
            "wrong-best": {
                "en": "{loss:.3f} (step {step}) was taken for the best, but {best:.3f} (step {best_step}) is lower",
                "tr": "{loss:.3f} ({step}. adım) en iyi sayıldı, oysa {best:.3f} ({best_step}. adım) daha düşük",
            },
            "missed-best": {
                "en": "{loss:.3f} (step {step}), the lowest so far, was not taken for the best",
                "tr": "{loss:.3f} ({step}. adım), şimdiye dek en düşüğü, en iyi sayılmadı",
            },
            "too-long": {
                "en": "{used} evaluations without a new best, patience {patience}, and training goes on at step {step}",
                "tr": "{used} değerlendirme yeni en iyi getirmedi, patience {patience}, ama eğitim {step}. adımda sürüyor",
            },
            "miscounted": {
                "en": "{used} evaluations without a new best were counted at step {step}, there were {real}",
                "tr": "{used} değerlendirme yeni en iyi getirmedi diye sayıldı ({step}. adım), gerçekte {real}",
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
        {"en": "First evaluation", "tr": "İlk değerlendirme"},
        {
            "any": {
                "en": "{minutes:.0f} minutes from now, at step {evaluation_step}",
                "tr": "{minutes:.0f} dakika sonra, {evaluation_step}. adımda",
            }
        },
        {
            "en": "Until then nobody can tell whether the model learns or memorises, and no best model is saved.",
            "tr": "O zamana dek modelin öğrendiği mi ezberlediği mi bilinemez, best model de kaydedilmez.",
        },
        {"en": "Evaluate more often, with --eval-every.", "tr": "--eval-every ile daha sık değerlendirin."},
    ),
)
