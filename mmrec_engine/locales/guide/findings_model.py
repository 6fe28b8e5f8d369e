"""The words of the rules about the model before it is trained (`checks/preflight/model_checks.py`)."""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText

MODEL: tuple[FindingText, ...] = (
    FindingText(
        "initial-loss",
        {"en": "Initial loss", "tr": "Başlangıç loss'u"},
        {
            "by-construction": {
                "en": "{loss:.3f} = ln({vocabulary}), by construction: the output layer starts at zero",
                "tr": "{loss:.3f} = ln({vocabulary}), yapısı gereği: çıkış katmanı sıfırdan başlar",
            },
            "pass": {
                "en": "{loss:.3f}, guessing gives ln({vocabulary}) = {expected:.3f}",
                "tr": "{loss:.3f}; rastgele tahmin ln({vocabulary}) = {expected:.3f} verir",
            },
            "above": {
                "en": "{loss:.3f}, far above ln({vocabulary}) = {expected:.3f} (within {limit_share:.0%}): the first weights are sure of wrong tokens",
                "tr": "{loss:.3f}, ln({vocabulary}) = {expected:.3f} değerinin çok üstünde (sınır {limit_share:.0%}): ilk ağırlıklar yanlış tokenlardan emin",
            },
            "below": {
                "en": "{loss:.3f}, far below ln({vocabulary}) = {expected:.3f} (within {limit_share:.0%}): the answers leak into the input",
                "tr": "{loss:.3f}, ln({vocabulary}) = {expected:.3f} değerinin çok altında (sınır {limit_share:.0%}): yanıtlar girdiye sızıyor",
            },
            "non-finite": {
                "en": "not a finite number: the first weights are too large, or not finite themselves",
                "tr": "sonlu bir sayı değil: ilk ağırlıklar çok büyük ya da kendileri sonlu değil",
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
        {"en": "Overfit of one batch", "tr": "Tek batch'te overfit"},
        {
            "pass": {
                "en": "{loss:.3f} loss after {steps} steps on {tokens} tokens (from {first:.2f})",
                "tr": "{loss:.3f} loss, {tokens} token üzerinde {steps} adım sonra (başta {first:.2f})",
            },
            "fail": {
                "en": "{loss:.3f} loss after {steps} steps on {tokens} tokens (from {first:.2f}, must be below {target:.2f})",
                "tr": "{loss:.3f} loss, {tokens} token üzerinde {steps} adım sonra (başta {first:.2f}; {target:.2f} altı olmalı)",
            },
            "halved": {
                "en": "{loss:.2f} loss after {steps} steps on {tokens} tokens, less than half of {first:.2f}; not tried longer at this size",
                "tr": "{loss:.2f} loss, {tokens} token üzerinde {steps} adım sonra; {first:.2f} değerinin yarısından az. Bu boyutta daha uzun denenmez",
            },
            "not-halved": {
                "en": "{loss:.2f} loss after {steps} steps on {tokens} tokens (from {first:.2f}, must be below {target:.2f})",
                "tr": "{loss:.2f} loss, {tokens} token üzerinde {steps} adım sonra (başta {first:.2f}; {target:.2f} altı olmalı)",
            },
        },
        {
            "en": "A model that works can memorise a few lines. One that cannot has a fault between input, loss and update, and more text does not mend that.",
            "tr": "Çalışan bir model birkaç satırı ezberleyebilir. Ezberleyemiyorsa girdi, loss ve güncelleme arasında bir hata vardır; daha çok metin bunu düzeltmez.",
        },
        {
            "en": "Look at the other findings about the model first; then at labels, loss and optimizer.",
            "tr": "Önce modelle ilgili öteki bulgulara, sonra etiketlere, loss'a ve optimizer'a bakın.",
        },
    ),
    FindingText(
        "causality",
        {"en": "Causality", "tr": "Nedensellik"},
        {
            "pass": {
                "en": "{tokens} tokens: no output depends on a later token or on another text of the batch",
                "tr": "{tokens} token: hiçbir çıktı, sonraki bir tokena ya da batch'teki başka bir metne bağlı değil",
            },
            "fail": {
                "en": "{changed:.2g} change of outputs when later tokens or the other text of the batch change",
                "tr": "{changed:.2g} değişim: sonraki tokenlar ya da batch'teki öteki metin değişince çıktılarda",
            },
            "later": {
                "en": "{later:.2g} gradient from outputs to later tokens (must be exactly 0): the model sees what it is to predict",
                "tr": "{later:.2g} gradyan, çıktılardan sonraki tokenlara (tam 0 olmalı): model, tahmin edeceği şeyi görüyor",
            },
            "rows": {
                "en": "{rows:.2g} gradient from outputs to another text of the batch (must be exactly 0)",
                "tr": "{rows:.2g} gradyan, çıktılardan batch'teki başka bir metne (tam 0 olmalı)",
            },
            "blind": {
                "en": "0 gradient from outputs to inputs: the model does not see its text",
                "tr": "0 gradyan, çıktılardan girdilere: model metnini görmüyor",
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
        {"en": "Gradient flow", "tr": "Gradyan akışı"},
        {
            "pass": {
                "en": "{tensors} of {tensors} weight tensors get a finite, non-zero gradient from one batch",
                "tr": "{tensors} ağırlık tensörünün hepsi tek bir batch'ten sonlu ve sıfırdan farklı gradyan alıyor",
            },
            "fail": {
                "en": "{dead} of {tensors} weight tensors get no usable gradient: {names}",
                "tr": "{dead} / {tensors} ağırlık tensörü kullanılabilir gradyan almıyor: {names}",
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
        {"en": "Parallel and step-by-step outputs", "tr": "Paralel ve adım adım çıktılar"},
        {
            "pass": {
                "en": "{difference:.1e} of the largest output apart over {tokens} tokens",
                "tr": "{difference:.1e} fark (en büyük çıktıya oranla), {tokens} token boyunca",
            },
            "fail": {
                "en": "{difference:.1e} of the largest output apart over {tokens} tokens (at most {limit_difference:.0e})",
                "tr": "{difference:.1e} fark (en büyük çıktıya oranla), {tokens} token boyunca (en çok {limit_difference:.0e})",
            },
        },
        {
            "en": "Training reads a window in parallel, text is written token by token. Where the two differ, the model that writes is not the one that was trained.",
            "tr": "Eğitim bir pencereyi paralel okur, metin ise token token yazılır. İkisi ayrışırsa yazan model, eğitilen model değildir.",
        },
        {
            "en": "Look at what the step-by-step form carries from token to token: decay, positions, the last input, the window's limit.",
            "tr": "Adım adım biçimin tokendan tokena taşıdıklarına bakın: sönüm, konumlar, son girdi, pencere sınırı.",
        },
    ),
    FindingText(
        "deterministic",
        {"en": "Determinism", "tr": "Determinizm"},
        {
            "pass": {
                "en": "{loss:.4f} loss twice after {steps} steps with the same seed, to the last bit",
                "tr": "{loss:.4f} loss iki kez, aynı seed ile {steps} adım sonra; son bitine kadar aynı",
            },
            "fail": {
                "en": "{loss:.7f} and {again:.7f} loss after {steps} steps with the same seed",
                "tr": "{loss:.7f} ve {again:.7f} loss, aynı seed ile {steps} adım sonra",
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
        {"en": "Memory", "tr": "Bellek"},
        {
            "pass": {
                "en": "{needed_gib:.2f} GiB estimated peak, {left_gib:.2f} GiB left; one training step and one evaluation batch tried",
                "tr": "{needed_gib:.2f} GiB tahmini tepe, {left_gib:.2f} GiB kalıyor; bir eğitim adımı ve bir değerlendirme batch'i denendi",
            },
            "measured": {
                "en": "{peak_gib:.2f} GiB peak in one training step and one evaluation batch (estimated {needed_gib:.2f}), {left_gib:.2f} GiB left",
                "tr": "{peak_gib:.2f} GiB tepe, bir eğitim adımı ve bir değerlendirme batch'inde (tahmin {needed_gib:.2f}); {left_gib:.2f} GiB kalıyor",
            },
            "estimated": {
                "en": "{needed_gib:.2f} GiB estimated peak, {left_gib:.2f} GiB left; not tried, a full step takes long here",
                "tr": "{needed_gib:.2f} GiB tahmini tepe, {left_gib:.2f} GiB kalıyor; tam bir adım burada uzun sürdüğü için denenmedi",
            },
            "unknown-room": {
                "en": "{needed_gib:.2f} GiB estimated peak; this system does not tell how much is available",
                "tr": "{needed_gib:.2f} GiB tahmini tepe; bu sistem ne kadar bellek bulunduğunu bildirmiyor",
            },
            "pieces": {
                "en": "{needed_gib:.2f} GiB estimated peak, {left_gib:.2f} GiB left, with micro-batches of {at_once} of {batch_size} windows (same result)",
                "tr": "{needed_gib:.2f} GiB tahmini tepe, {left_gib:.2f} GiB kalıyor; {batch_size} pencere yerine {at_once} pencerelik micro-batch ile (sonuç aynı)",
            },
            "fail": {
                "en": "{needed_gib:.2f} GiB needed, {share:.0%} of the {available_gib:.2f} GiB available (at most {limit_share:.0%}); not tried",
                "tr": "{needed_gib:.2f} GiB gerekiyor; bu, bulunan {available_gib:.2f} GiB belleğin {share:.0%} kadarı (en çok {limit_share:.0%}); denenmedi",
            },
            "ran-out": {
                "en": "{needed_gib:.2f} GiB estimated, yet one full step ran out of memory",
                "tr": "{needed_gib:.2f} GiB tahmin edildi, yine de tam bir adımda bellek yetmedi",
            },
        },
        {
            "en": "Where memory runs out the system ends the process without a word, often hours later, at the first evaluation.",
            "tr": "Bellek yetmezse sistem süreci tek söz etmeden sonlandırır; çoğu kez saatler sonra, ilk değerlendirmede.",
        },
        {
            "en": "Use smaller micro-batches with --microbatch (same result), shorten --seq-len, use --gradient-checkpointing, or a smaller --config.",
            "tr": "--microbatch ile daha küçük micro-batch kullanın (sonuç aynı), --seq-len kısalsın, --gradient-checkpointing ya da daha küçük --config kullanın.",
        },
    ),
    FindingText(
        "disk-fits",
        {"en": "Disk space", "tr": "Disk alanı"},
        {
            "pass": {
                "en": "{needed_gib:.2f} GiB for {checkpoints} checkpoints, {free_gib:.1f} GiB free",
                "tr": "{needed_gib:.2f} GiB, {checkpoints} checkpoint için; {free_gib:.1f} GiB boş",
            },
            "fail": {
                "en": "{needed_gib:.2f} GiB for {checkpoints} checkpoints, {free_gib:.2f} GiB free at {folder}",
                "tr": "{needed_gib:.2f} GiB, {checkpoints} checkpoint için; {folder} yerinde {free_gib:.2f} GiB boş",
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
        {"en": "Checkpoint save and load", "tr": "Checkpoint kaydetme ve yükleme"},
        {
            "pass": {
                "en": "{bytes} bytes, {tensors} weight tensors: saved and loaded, same outputs bit for bit",
                "tr": "{bytes} bayt, {tensors} ağırlık tensörü: kaydedilip yüklendi, çıktılar bit bit aynı",
            },
            "fail": {
                "en": "{difference:.2g} difference of the outputs after saving and loading: the checkpoint is not complete",
                "tr": "{difference:.2g} fark, kaydedip yükledikten sonraki çıktılarda: checkpoint eksik",
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
