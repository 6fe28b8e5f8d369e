"""The guide's troubleshooting: four problems, each with the three remedies the guide names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmrec_engine.locales.messages import Words


@dataclass(frozen=True)
class Remedy:
    """What to change. settings: the values it proposes; none where it is not a setting (more text)."""

    id: str
    title: Words
    settings: Mapping[str, float | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What goes wrong. seen: how it looks; why: what is behind it."""

    id: str
    title: Words
    seen: Words
    why: Words
    remedies: tuple[Remedy, ...]


PROBLEMS: tuple[Problem, ...] = (
    Problem(
        "loss-too-high",
        {"en": "The loss is too high", "tr": "Loss çok yüksek"},
        {
            "en": "The loss stays near or above where it began, or jumps up again and again.",
            "tr": "Loss başladığı yerin yakınında ya da üstünde kalır, ya da tekrar tekrar sıçrar.",
        },
        {
            "en": "Steps are too large for the slope: each one overshoots, or a noisy batch throws the weights about.",
            "tr": "Adımlar eğime göre çok büyüktür: her biri hedefi aşar ya da gürültülü bir batch ağırlıkları savurur.",
        },
        (
            Remedy(
                "lower-learning-rate",
                {"en": "Lower the learning rate (1e-4)", "tr": "Öğrenme oranını düşür (1e-4)"},
                {"learning_rate": 1e-4},
            ),
            Remedy(
                "longer-warmup",
                {"en": "Lengthen the warmup (200 steps)", "tr": "Warmup steps'i artır (200)"},
                {"warmup_steps": 200},
            ),
            Remedy("larger-batch", {"en": "Use a larger batch", "tr": "Batch size'ı artır"}, {"batch_size": 8}),
        ),
    ),
    Problem(
        "loss-not-falling",
        {"en": "The loss does not fall", "tr": "Loss düşmüyor"},
        {
            "en": "The smoothed loss has made no new minimum for hundreds of steps and is still high.",
            "tr": "Yumuşatılmış loss yüzlerce adımdır yeni bir en düşük değere inmedi ve hâlâ yüksek.",
        },
        {
            "en": "Either the model is too small for the text, or there is too little text to learn from, or the learning rate is so low that nothing moves.",
            "tr": "Ya model metne göre küçüktür, ya öğrenilecek metin azdır, ya da öğrenme oranı hiçbir şey kıpırdamayacak kadar düşüktür.",
        },
        (
            Remedy(
                "larger-config",
                {
                    "en": "Use a larger config (the model may be too small)",
                    "tr": "Daha büyük config kullan (model çok küçük olabilir)",
                },
            ),
            Remedy(
                "more-text",
                {
                    "en": "Add more text (there may be too little)",
                    "tr": "Daha fazla text ekle (data yeterli olmayabilir)",
                },
            ),
            Remedy(
                "raise-learning-rate",
                {"en": "Raise the learning rate to 3e-4", "tr": "Öğrenme oranını 3e-4'e çıkar"},
                {"learning_rate": 3e-4},
            ),
        ),
    ),
    Problem(
        "overfitting",
        {"en": "The validation loss rises (overfitting)", "tr": "Validation loss artıyor (overfitting)"},
        {
            "en": "The training loss goes on falling while the validation loss has turned upwards.",
            "tr": "Eğitim loss'u düşmeyi sürdürürken validation loss yukarı dönmüştür.",
        },
        {
            "en": "The model has begun to memorise its text instead of learning from it: too many passes over too little text.",
            "tr": "Model metinden öğrenmek yerine onu ezberlemeye başlamıştır: az metnin üzerinden çok fazla geçiş.",
        },
        (
            Remedy("more-dropout", {"en": "Raise dropout (0.2)", "tr": "Dropout'u artır (0.2)"}, {"dropout": 0.2}),
            Remedy(
                "more-weight-decay",
                {"en": "Raise weight decay (0.2)", "tr": "Weight decay'i artır (0.2)"},
                {"weight_decay": 0.2},
            ),
            Remedy(
                "less-patience",
                {"en": "Lower the early-stopping patience (3)", "tr": "Early stopping patience'ı azalt (3)"},
                {"early_stopping_patience": 3},
            ),
        ),
    ),
    Problem(
        "out-of-memory",
        {"en": "Memory runs out", "tr": "Memory hatası"},
        {
            "en": "Training stops with a word about memory, or the system ends it.",
            "tr": "Eğitim bellekle ilgili bir sözle durur ya da sistem onu bitirir.",
        },
        {
            "en": "Weights, gradients and optimizer take four numbers a parameter; the activations of a step grow with batch × length.",
            "tr": "Ağırlık, gradyan ve optimizer parametre başına dört sayı tutar; bir adımın ara değerleri batch × uzunluk ile büyür.",
        },
        (
            Remedy(
                "smaller-batch", {"en": "Use a smaller batch (2)", "tr": "Batch size'ı azalt (2)"}, {"microbatch": 2}
            ),
            Remedy(
                "shorter-windows",
                {"en": "Use shorter windows (256)", "tr": "Sequence length'i azalt (256)"},
                {"seq_len": 256},
            ),
            Remedy(
                "gradient-checkpointing",
                {"en": "Use gradient checkpointing", "tr": "Gradient checkpointing kullan"},
                {"gradient_checkpointing": True},
            ),
        ),
    ),
)
