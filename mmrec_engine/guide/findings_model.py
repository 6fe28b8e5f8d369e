"""The words of the rules about the model before it is trained (`quality/model_checks.py`)."""

from __future__ import annotations

from mmrec_engine.guide.findings import FindingText
from mmrec_engine.messages import Words

REMEDIES: dict[str, Words] = {
    "smaller-batch": {
        "en": "Fewer windows at once: the same result in less memory",
        "tr": "Aynı anda daha az pencere: aynı sonuç, daha az bellek",
    },
    "shorter-windows": {"en": "Shorter windows", "tr": "Pencereleri kısalt (sequence length)"},
    "gradient-checkpointing": {"en": "Use gradient checkpointing", "tr": "Gradient checkpointing kullan"},
    "smaller-config": {"en": "Use a smaller config", "tr": "Daha küçük config kullan"},
    "fewer-checkpoints": {"en": "Keep fewer checkpoints", "tr": "Daha az checkpoint sakla"},
}

MODEL: tuple[FindingText, ...] = (
    FindingText(
        "initial-loss",
        {"en": "The first loss is that of guessing", "tr": "İlk loss rastgele tahmininki kadar"},
        {
            "by-construction": {
                "en": "the first loss is {loss:.3f} = ln({vocabulary}): the output layer starts at zero, so all tokens are equally likely",
                "tr": "ilk loss {loss:.3f} = ln({vocabulary}): çıkış katmanı sıfırdan başladığı için bütün tokenlar eşit olasılıklıdır",
            },
            "pass": {
                "en": "the first loss is {loss:.3f}; guessing among {vocabulary} tokens gives ln({vocabulary}) = {expected:.3f}",
                "tr": "ilk loss {loss:.3f}; {vocabulary} token arasında rastgele tahmin ln({vocabulary}) = {expected:.3f} verir",
            },
            "above": {
                "en": "the first loss is {loss:.3f}, far above ln({vocabulary}) = {expected:.3f} (within {limit_share:.0%}): the first weights make the model sure of wrong tokens",
                "tr": "ilk loss {loss:.3f}; ln({vocabulary}) = {expected:.3f} değerinin çok üstünde (sınır {limit_share:.0%}): ilk ağırlıklar modeli yanlış tokenlardan emin kılıyor",
            },
            "below": {
                "en": "the first loss is {loss:.3f}, far below ln({vocabulary}) = {expected:.3f} (within {limit_share:.0%}): the model knows what it cannot know yet",
                "tr": "ilk loss {loss:.3f}; ln({vocabulary}) = {expected:.3f} değerinin çok altında (sınır {limit_share:.0%}): model henüz bilemeyeceği bir şeyi biliyor",
            },
            "non-finite": {
                "en": "the first loss is not a finite number: the first weights are too large, or not numbers themselves",
                "tr": "ilk loss sonlu bir sayı değil: ilk ağırlıklar ya çok büyük ya da kendileri de sayı değil",
            },
        },
        {
            "en": "A model that has learnt nothing should find all tokens equally likely. A higher loss wastes the first steps on unlearning; "
            "a lower one means that the answers leak into the input.",
            "tr": "Hiçbir şey öğrenmemiş bir model bütün tokenları eşit olasılıklı bulmalıdır. Daha yüksek bir loss, ilk adımları yanlışı unutmaya harcatır; "
            "daha düşüğü, yanıtların girdiye sızdığını gösterir.",
        },
        {
            "en": "Above: let the output layer start at zero or near it. Below: look for labels that the model can see.",
            "tr": "Üstündeyse çıkış katmanını sıfırdan ya da sıfıra yakın başlatın. Altındaysa modelin görebildiği etiketleri arayın.",
        },
    ),
    FindingText(
        "one-batch-overfit",
        {"en": "One batch can be learnt by heart", "tr": "Tek bir batch ezberlenebiliyor"},
        {
            "pass": {
                "en": "{tokens} tokens were learnt by heart in {steps} steps: the loss went from {first:.2f} to {loss:.3f}",
                "tr": "{tokens} token {steps} adımda ezberlendi: loss {first:.2f} değerinden {loss:.3f} değerine indi",
            },
            "fail": {
                "en": "{tokens} tokens were not learnt by heart: after {steps} steps the loss is {loss:.3f} (first {first:.2f}, wanted below {target:.2f})",
                "tr": "{tokens} token ezberlenemedi: {steps} adım sonra loss {loss:.3f} (başta {first:.2f}, istenen {target:.2f} altı)",
            },
            "halved": {
                "en": "on {tokens} tokens the loss fell from {first:.2f} to {loss:.2f} in {steps} steps: less than half. A model of this size is not tried longer",
                "tr": "{tokens} token üzerinde loss {steps} adımda {first:.2f} değerinden {loss:.2f} değerine, yarının altına indi. Bu boyutta bir model daha uzun denenmez",
            },
            "not-halved": {
                "en": "on {tokens} tokens the loss went from {first:.2f} to {loss:.2f} in {steps} steps, not below half ({target:.2f})",
                "tr": "{tokens} token üzerinde loss {steps} adımda {first:.2f} değerinden {loss:.2f} değerine geldi; yarının ({target:.2f}) altına inmedi",
            },
        },
        {
            "en": "A sound model can learn a few lines by heart. One that cannot has a fault between input, loss and update, and no amount of text mends that.",
            "tr": "Sağlam bir model birkaç satırı ezberleyebilir. Ezberleyemiyorsa girdi, loss ve güncelleme arasında bir hata vardır; bunu hiçbir miktarda metin düzeltmez.",
        },
        {
            "en": "Look at the other findings about the model first; then at labels, loss and optimizer.",
            "tr": "Önce modelle ilgili öteki bulgulara, sonra etiketlere, loss'a ve optimizer'a bakın.",
        },
    ),
    FindingText(
        "causality",
        {"en": "The model looks back only", "tr": "Model yalnızca geriye bakıyor"},
        {
            "pass": {
                "en": "over {tokens} tokens, no output depends on a later token or on another text of the batch",
                "tr": "{tokens} token boyunca hiçbir çıktı, sonraki bir tokena ya da batch'teki başka bir metne bağlı değil",
            },
            "fail": {
                "en": "outputs change when later tokens or the other text of the batch change (by up to {changed:.2g})",
                "tr": "sonraki tokenlar ya da batch'teki öteki metin değişince çıktılar değişiyor (en çok {changed:.2g})",
            },
            "later": {
                "en": "outputs depend on later tokens (gradient up to {later:.2g}, must be exactly 0): the model sees what it is to predict",
                "tr": "çıktılar sonraki tokenlara bağlı (gradyan en çok {later:.2g}; tam 0 olmalı): model, tahmin edeceği şeyi görüyor",
            },
            "rows": {
                "en": "outputs depend on another text of the batch (gradient up to {rows:.2g}, must be exactly 0)",
                "tr": "çıktılar batch'teki başka bir metne bağlı (gradyan en çok {rows:.2g}; tam 0 olmalı)",
            },
            "blind": {
                "en": "outputs depend on no input at all: the model does not see its text",
                "tr": "çıktılar hiçbir girdiye bağlı değil: model metnini görmüyor",
            },
        },
        {
            "en": "A model that sees the next token reaches a wonderful loss and writes nonsense, since there is nothing to look at when it writes.",
            "tr": "Sonraki tokenı gören model harika bir loss'a ulaşır ama anlamsız yazar; çünkü yazarken bakacağı bir gelecek yoktur.",
        },
        {
            "en": "Do not train. Look in the time mixing for a missing mask, a shift the wrong way, or a mean over the batch.",
            "tr": "Eğitmeyin. Zaman karıştırmada eksik bir maske, ters yöne kaydırma ya da batch üzerinden ortalama arayın.",
        },
    ),
    FindingText(
        "gradients-alive",
        {"en": "Every weight gets a gradient", "tr": "Her ağırlığa gradyan ulaşıyor"},
        {
            "pass": {
                "en": "all {tensors} weight tensors get a finite gradient other than zero from one batch of the text",
                "tr": "{tensors} ağırlık tensörünün hepsi, metinden tek bir batch ile sonlu ve sıfırdan farklı gradyan alıyor",
            },
            "fail": {
                "en": "{dead} of {tensors} weight tensors get no usable gradient: {names}",
                "tr": "{tensors} ağırlık tensöründen {dead} tanesi kullanılabilir gradyan almıyor: {names}",
            },
        },
        {
            "en": "A weight without a gradient never learns: part of the model is cut off and only costs time. One that is not a number spoils all the others.",
            "tr": "Gradyan almayan ağırlık hiç öğrenmez: modelin bir parçası kopuktur ve yalnızca zaman harcar. Sayı olmayan gradyan ise ötekilerin hepsini bozar.",
        },
        {
            "en": "Look where the named weights are used: a result thrown away, a detach, a frozen parameter, a division by zero.",
            "tr": "Adı geçen ağırlıkların kullanıldığı yere bakın: atılan bir sonuç, detach, dondurulmuş bir parametre, sıfıra bölme.",
        },
    ),
    FindingText(
        "parallel-equals-stepwise",
        {"en": "The model writes as it is trained", "tr": "Model eğitildiği gibi yazıyor"},
        {
            "pass": {
                "en": "over {tokens} tokens, going through at once and token by token agree to {difference:.1e} of the largest output",
                "tr": "{tokens} token boyunca, bir seferde ve token token hesap, en büyük çıktının {difference:.1e} katına kadar aynı",
            },
            "fail": {
                "en": "going through at once and token by token differ by {difference:.1e} of the largest output over {tokens} tokens (at most {limit_difference:.0e})",
                "tr": "{tokens} token boyunca, bir seferde ve token token hesap, en büyük çıktının {difference:.1e} katı kadar ayrışıyor (en çok {limit_difference:.0e})",
            },
        },
        {
            "en": "Training reads a window at once, writing goes token by token. Where the two differ, another model writes than was trained.",
            "tr": "Eğitim bir pencereyi bir seferde okur, yazarken token token gidilir. İkisi ayrışırsa, yazan model eğitilen model değildir.",
        },
        {
            "en": "Look at what the step-by-step form carries from token to token: decay, positions, the last input, the window's limit.",
            "tr": "Adım adım biçimin tokendan tokena taşıdıklarına bakın: sönüm, konumlar, son girdi, pencere sınırı.",
        },
    ),
    FindingText(
        "deterministic",
        {"en": "Same seed, same training", "tr": "Aynı seed, aynı eğitim"},
        {
            "pass": {
                "en": "trained twice for {steps} steps with the same seed: the same loss to the last bit ({loss:.4f})",
                "tr": "aynı seed ile iki kez {steps} adım eğitildi: loss son bitine kadar aynı ({loss:.4f})",
            },
            "fail": {
                "en": "trained twice for {steps} steps with the same seed: two losses, {loss:.7f} and {again:.7f}",
                "tr": "aynı seed ile iki kez {steps} adım eğitildi: iki ayrı loss, {loss:.7f} ve {again:.7f}",
            },
        },
        {
            "en": "Two settings can be compared only if nothing but the settings differs, and a resumed run goes on exactly only if nothing is left to chance.",
            "tr": "İki ayar, ancak ayarlardan başka hiçbir şey değişmiyorsa karşılaştırılabilir; sürdürülen çalışma da ancak hiçbir şey şansa kalmadıysa tam yerinden devam eder.",
        },
        {
            "en": "Look for random numbers drawn without the run's seed, and for operations whose order changes.",
            "tr": "Çalışmanın seed'i olmadan çekilen rastgele sayıları ve sırası değişen işlemleri arayın.",
        },
    ),
    FindingText(
        "memory-fits",
        {"en": "Memory is enough", "tr": "Bellek yetiyor"},
        {
            "pass": {
                "en": "one step and one evaluation batch at full size went through; estimated peak {needed_gib:.2f} GiB, {left_gib:.2f} GiB left",
                "tr": "tam boyutta bir adım ve bir değerlendirme batch'i sorunsuz geçti; tahmini tepe {needed_gib:.2f} GiB, kalan {left_gib:.2f} GiB",
            },
            "measured": {
                "en": "one step and one evaluation batch at full size took {peak_gib:.2f} GiB at the peak (estimated {needed_gib:.2f}); {left_gib:.2f} GiB left",
                "tr": "tam boyutta bir adım ve bir değerlendirme batch'i en çok {peak_gib:.2f} GiB tuttu (tahmin {needed_gib:.2f}); kalan {left_gib:.2f} GiB",
            },
            "estimated": {
                "en": "by estimate {needed_gib:.2f} GiB at the peak, {left_gib:.2f} GiB left; not tried, since a step at full size takes long here",
                "tr": "tahmine göre tepe {needed_gib:.2f} GiB, kalan {left_gib:.2f} GiB; tam boyutta bir adım burada uzun süreceği için denenmedi",
            },
            "unknown-room": {
                "en": "by estimate {needed_gib:.2f} GiB at the peak; this system does not tell how much is available",
                "tr": "tahmine göre tepe {needed_gib:.2f} GiB; bu sistem ne kadar bellek bulunduğunu bildirmiyor",
            },
            "pieces": {
                "en": "a batch of {batch_size} windows would not fit; {at_once} at a time go through the model, with the same result: estimated peak {needed_gib:.2f} GiB, {left_gib:.2f} GiB left",
                "tr": "{batch_size} pencerelik bir batch sığmıyor; modelden aynı anda {at_once} pencere geçer, sonuç aynıdır: tahmini tepe {needed_gib:.2f} GiB, kalan {left_gib:.2f} GiB",
            },
            "fail": {
                "en": "the run needs about {needed_gib:.2f} GiB, {share:.0%} of the {available_gib:.2f} GiB available (at most {limit_share:.0%}). Not tried",
                "tr": "çalışma yaklaşık {needed_gib:.2f} GiB ister; bu, bulunan {available_gib:.2f} GiB belleğin {share:.0%} kadarıdır (en çok {limit_share:.0%}). Denenmedi",
            },
            "ran-out": {
                "en": "memory ran out in one step at full size, though the estimate was only {needed_gib:.2f} GiB",
                "tr": "tahmin yalnızca {needed_gib:.2f} GiB olduğu hâlde tam boyuttaki bir adımda bellek yetmedi",
            },
        },
        {
            "en": "Where memory runs out the system ends the process without a word, often hours later, at the first evaluation.",
            "tr": "Bellek yetmezse sistem süreci tek söz etmeden sonlandırır; çoğu kez saatler sonra, ilk değerlendirmede.",
        },
        {
            "en": "Take fewer windows at once with --microbatch (same result), shorten --seq-len, use --gradient-checkpointing, or a smaller --config.",
            "tr": "--microbatch ile aynı anda daha az pencere alın (sonuç aynı), --seq-len kısalsın, --gradient-checkpointing ya da daha küçük --config kullanın.",
        },
    ),
    FindingText(
        "disk-fits",
        {"en": "Disk space is enough", "tr": "Disk alanı yetiyor"},
        {
            "pass": {
                "en": "{checkpoints} checkpoints take at most {needed_gib:.2f} GiB; {free_gib:.1f} GiB free",
                "tr": "{checkpoints} checkpoint en çok {needed_gib:.2f} GiB tutar; boş alan {free_gib:.1f} GiB",
            },
            "fail": {
                "en": "{checkpoints} checkpoints take up to {needed_gib:.2f} GiB; only {free_gib:.2f} GiB are free at {folder}",
                "tr": "{checkpoints} checkpoint {needed_gib:.2f} GiB kadar tutar; {folder} yerinde yalnızca {free_gib:.2f} GiB boş",
            },
        },
        {
            "en": "A full disk ends the run at the next checkpoint. Beside the kept ones there is the best, the final one, and the one being written.",
            "tr": "Dolu disk, çalışmayı bir sonraki checkpoint'te bitirir. Saklananların yanında best, final ve yazılmakta olan checkpoint de yer tutar.",
        },
        {
            "en": "Free some space, name another --output-dir, or keep fewer with --keep-checkpoints.",
            "tr": "Yer açın, --output-dir ile başka bir yer gösterin ya da --keep-checkpoints ile daha az saklayın.",
        },
    ),
    FindingText(
        "checkpoint-rehearsal",
        {"en": "A checkpoint holds the whole model", "tr": "Checkpoint modelin tamamını tutuyor"},
        {
            "pass": {
                "en": "written, read and loaded into a new model: {tensors} weight tensors, {bytes} bytes, the same outputs bit for bit",
                "tr": "yazıldı, okundu ve yeni bir modele yüklendi: {tensors} ağırlık tensörü, {bytes} bayt, çıktılar bit bit aynı",
            },
            "fail": {
                "en": "after saving and loading the outputs differ by up to {difference:.2g}: the checkpoint does not hold all that the model knows",
                "tr": "kaydedip yükledikten sonra çıktılar en çok {difference:.2g} ayrışıyor: checkpoint, modelin bildiği her şeyi tutmuyor",
            },
            "not-loaded": {
                "en": "the saved model cannot be loaded: {reason}",
                "tr": "kaydedilen model yüklenemiyor: {reason}",
            },
            "not-written": {
                "en": "a checkpoint cannot be written: {reason}",
                "tr": "checkpoint yazılamıyor: {reason}",
            },
        },
        {
            "en": "What a checkpoint does not hold is lost when the run ends. Better to learn that now than after hours.",
            "tr": "Checkpoint'in tutmadığı şey, çalışma bitince yitirilir. Bunu saatler sonra değil, şimdi öğrenmek iyidir.",
        },
        {
            "en": "Not written: see disk space and the folder's rights. Otherwise look for a state that is kept outside the parameters.",
            "tr": "Yazılamıyorsa disk alanına ve klasörün izinlerine bakın. Değilse parametrelerin dışında tutulan bir durum arayın.",
        },
    ),
)
