"""The checklist of the guide: 13 items before, during and after training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmrec_engine.locales.messages import Words

Phase = Literal["before", "during", "after"]


@dataclass(frozen=True)
class Item:
    """One item. question: what is asked; why: why it matters; do: what to do where the answer is no."""

    id: str
    phase: Phase
    question: Words
    why: Words
    do: Words


ITEMS: tuple[Item, ...] = (
    Item(
        "dataset-ready",
        "before",
        {
            "en": "Is the dataset ready (real text, or the sample corpus)?",
            "tr": "Dataset hazır mı (gerçek text veya sample corpus)?",
        },
        {
            "en": "A model learns what is in its text and nothing else. Random or simulated data teaches nothing that can be checked.",
            "tr": "Model yalnızca metninde olanı öğrenir. Rastgele ya da simüle edilmiş veri, denetlenebilecek hiçbir şey öğretmez.",
        },
        {
            "en": "Put text files into one folder and name it with --data-dir. Start with the sample corpus, then move on to real text. Of several corpora none should be read much more often than the others.",
            "tr": "Metin dosyalarını bir klasöre koyun ve --data-dir ile gösterin. Sample corpus ile başlayın, sonra gerçek metne geçin. Birkaç derlem varsa hiçbiri ötekilerden çok daha sık okunmasın.",
        },
    ),
    Item(
        "validation-split",
        "before",
        {"en": "Is a validation split set aside?", "tr": "Validation split belirlendi mi?"},
        {
            "en": "Only text that was never trained on tells whether the model has learnt the language or memorised the text.",
            "tr": "Modelin dili öğrenip öğrenmediğini ya da metni ezberleyip ezberlemediğini yalnızca eğitimde hiç görülmemiş metin gösterir.",
        },
        {
            "en": "Keep --val-split at 0.1, or give train.txt and val.txt yourself. More is needed only where the text is very small.",
            "tr": "--val-split değerini 0.1 bırakın ya da train.txt ve val.txt dosyalarını kendiniz verin. Daha çoğu yalnızca çok küçük metinde gerekir.",
        },
    ),
    Item(
        "hyperparameters-set",
        "before",
        {"en": "Are the hyperparameters set?", "tr": "Hyperparameter'lar ayarlandı mı?"},
        {
            "en": "Learning rate, warmup, weight decay and clipping decide whether the loss falls steadily, crawls or blows up.",
            "tr": "Öğrenme oranı, warmup, weight decay ve clipping; loss'un düzenli düşmesini, sürünmesini ya da patlamasını belirler.",
        },
        {
            "en": "Start from the guide's values: learning rate 3e-4, warmup 100 steps, weight decay 0.1, gradient clipping 1.0. Change one at a time.",
            "tr": "Rehberin değerleriyle başlayın: öğrenme oranı 3e-4, warmup 100 adım, weight decay 0.1, gradient clipping 1.0. Her seferinde birini değiştirin.",
        },
    ),
    Item(
        "model-config",
        "before",
        {"en": "Is the model config right?", "tr": "Model konfigürasyonu doğru mu?"},
        {
            "en": "A model too small cannot learn the text; one too large memorises it, and costs memory and hours.",
            "tr": "Çok küçük model metni öğrenemez; çok büyük olan onu ezberler, üstelik bellek ve saatler ister.",
        },
        {
            "en": "`mmrec-tui configs` shows parameters and memory. tiny suits about a megabyte of text.",
            "tr": "`mmrec-tui configs` parametreleri ve belleği gösterir. tiny, yaklaşık bir megabaytlık metne uyar.",
        },
    ),
    Item(
        "loss-falling",
        "during",
        {"en": "Is the loss falling?", "tr": "Loss düşüyor mu?"},
        {
            "en": "A falling training loss is the first sign of learning. A new model starts at ln(vocabulary size); it should leave that soon.",
            "tr": "Düşen eğitim loss'u öğrenmenin ilk işaretidir. Yeni model ln(sözlük boyutu) değerinden başlar; oradan çabuk uzaklaşmalıdır.",
        },
        {
            "en": "See `mmrec-tui guide loss-not-falling` and `mmrec-tui guide loss-too-high`.",
            "tr": "Bkz. `mmrec-tui guide loss-not-falling` ve `mmrec-tui guide loss-too-high`.",
        },
    ),
    Item(
        "validation-below-training",
        "during",
        {"en": "Is the validation loss below the training loss?", "tr": "Validation loss training loss'tan düşük mü?"},
        {
            "en": "Read it as: are the two close? Compared fairly (dropout off for both), validation slightly above training is healthy. "
            "Far above is overfitting; far below means that validation text leaked into training.",
            "tr": "Şöyle okuyun: ikisi birbirine yakın mı? Adil karşılaştırmada (ikisinde de dropout kapalı) validation'ın biraz üstte olması sağlıklıdır. "
            "Çok üstte olması overfitting'dir; çok altta olması, validation metninin eğitime sızdığını gösterir.",
        },
        {
            "en": "Compare `loss` and `training_loss` of the validation events. If validation climbs while training falls, see `mmrec-tui guide overfitting`.",
            "tr": "Validation olaylarındaki `loss` ile `training_loss` değerlerini karşılaştırın. Eğitim düşerken validation çıkıyorsa: `mmrec-tui guide overfitting`.",
        },
    ),
    Item(
        "perplexity-sane",
        "during",
        {"en": "Is the perplexity sane (not very high)?", "tr": "Perplexity makul değerlerde mi (çok yüksek değil)?"},
        {
            "en": "Perplexity is exp(loss): among how many equally likely tokens the model wavers. Above the vocabulary's size it is worse than guessing.",
            "tr": "Perplexity exp(loss) değeridir: modelin kaç eşit olasılıklı token arasında kaldığı. Sözlük boyutunun üstü, tahminden kötüdür.",
        },
        {
            "en": "Treat it as a loss that is too high: `mmrec-tui guide loss-too-high`.",
            "tr": "Çok yüksek loss gibi ele alın: `mmrec-tui guide loss-too-high`.",
        },
    ),
    Item(
        "accuracy-rising",
        "during",
        {"en": "Is the accuracy rising?", "tr": "Accuracy artıyor mu?"},
        {
            "en": "Accuracy is the share of tokens that the model would have guessed right at first try; it rises as the loss falls, in smaller steps.",
            "tr": "Accuracy, modelin ilk denemede doğru bileceği tokenların payıdır; loss düştükçe daha küçük adımlarla artar.",
        },
        {
            "en": "If it stands still while the loss falls, wait: probabilities improve first. If both stand still, see `mmrec-tui guide loss-not-falling`.",
            "tr": "Loss düşerken yerinde sayıyorsa bekleyin: önce olasılıklar iyileşir. İkisi de duruyorsa: `mmrec-tui guide loss-not-falling`.",
        },
    ),
    Item(
        "early-stopping-works",
        "during",
        {"en": "Does early stopping work?", "tr": "Early stopping çalışıyor mu?"},
        {
            "en": "After the best point more training only memorises. Patience counts the evaluations without a new best and ends the run in time.",
            "tr": "En iyi noktadan sonraki eğitim yalnızca ezberletir. Patience, yeni en iyi çıkmayan değerlendirmeleri sayar ve çalışmayı zamanında bitirir.",
        },
        {
            "en": "--early-stopping-patience 5 is the guide's value. It counts evaluations: with --eval-every, not epochs.",
            "tr": "Rehberin değeri --early-stopping-patience 5. Değerlendirme sayar: --eval-every verilirse epoch değil.",
        },
    ),
    Item(
        "best-saved",
        "after",
        {"en": "Was the best model saved?", "tr": "Best model kaydedildi mi?"},
        {
            "en": "The last model is rarely the best one. best_model.pt holds the weights with the lowest validation loss.",
            "tr": "Son model nadiren en iyisidir. best_model.pt, validation loss'u en düşük ağırlıkları tutar.",
        },
        {
            "en": "Leave --save-best-model on, and use the run's folder as CHECKPOINT: that takes the best.",
            "tr": "--save-best-model açık kalsın; CHECKPOINT olarak çalışma klasörünü verin: en iyisi alınır.",
        },
    ),
    Item(
        "final-saved",
        "after",
        {"en": "Was the final checkpoint saved?", "tr": "Final checkpoint kaydedildi mi?"},
        {
            "en": "final_checkpoint.pt is where training goes on if the run turns out too short.",
            "tr": "final_checkpoint.pt, çalışma kısa kaldıysa eğitimin sürdürüleceği yerdir.",
        },
        {
            "en": "If it is missing the run was cut off: `mmrec-tui train --resume` finishes it.",
            "tr": "Yoksa çalışma yarıda kesilmiştir: `mmrec-tui train --resume` tamamlar.",
        },
    ),
    Item(
        "metrics-reported",
        "after",
        {"en": "Were the evaluation metrics reported?", "tr": "Evaluation metrikleri raporlandı mı?"},
        {
            "en": "Loss, perplexity, accuracy and bits per character over the whole validation split are what two runs can be compared by.",
            "tr": "Tüm validation bölümü üzerinde loss, perplexity, accuracy ve karakter başına bit; iki çalışma bunlarla karşılaştırılır.",
        },
        {
            "en": "`mmrec-tui evaluate NAME` measures them again.",
            "tr": "`mmrec-tui evaluate AD` yeniden ölçer.",
        },
    ),
    Item(
        "model-testable",
        "after",
        {"en": "Can the model be tested?", "tr": "Model test edilebilir durumda mı?"},
        {
            "en": "Figures do not tell how a model writes. A low perplexity with poor text points to a leak between the splits.",
            "tr": "Sayılar modelin nasıl yazdığını söylemez. Düşük perplexity ile kötü metin, bölümler arası sızıntıya işaret eder.",
        },
        {
            "en": "`mmrec-tui generate NAME --prompt TEXT` generates text.",
            "tr": "`mmrec-tui generate AD --prompt METİN` yazdırır.",
        },
    ),
)
