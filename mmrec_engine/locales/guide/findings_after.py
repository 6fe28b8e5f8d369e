"""The words of the findings after training."""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.guide.findings_before import joined

AFTER: tuple[FindingText, ...] = (
    FindingText(
        "best-saved",
        {"en": "Best model", "tr": "Best model"},
        {
            "pass": {
                "en": "{loss:.4f} validation loss, the lowest recorded, at step {step} ({file}, intact)",
                "tr": "{loss:.4f} validation loss, kayıttaki en düşük, {step}. adımda ({file}, sağlam)",
            },
            "missing": {"en": "{file} is missing", "tr": "{file} yok"},
            "damaged": {"en": "{file} cannot be used: {reason}", "tr": "{file} kullanılamıyor: {reason}"},
            "differs": {
                "en": "{stored} is the best loss in {file}, the record says {loss:.4f} at step {step}",
                "tr": "{stored}: {file} içindeki en iyi loss; kayıtta {loss:.4f} yazıyor ({step}. adım)",
            },
        },
        {
            "en": "The last model is rarely the best; without the best one its training was in vain.",
            "tr": "Son model nadiren en iyisidir; en iyisi saklanmadıysa onu eğitmek boşa gitmiştir.",
        },
        {
            "en": "Go on with --resume: it copies the best again from its step checkpoint while that is there.",
            "tr": "--resume ile sürdürün: adım checkpoint'i durdukça en iyiyi oradan yeniden kopyalar.",
        },
    ),
    FindingText(
        "final-saved",
        {"en": "Final checkpoint", "tr": "Final checkpoint"},
        {
            "pass": {"en": "{step} steps saved ({file}, intact)", "tr": "{step} adım kaydedildi ({file}, sağlam)"},
            "missing": {"en": "{file} is missing", "tr": "{file} yok"},
            "damaged": {"en": "{file} cannot be used: {reason}", "tr": "{file} kullanılamıyor: {reason}"},
        },
        {
            "en": "From it the run can be made longer without starting over.",
            "tr": "Çalışma, baştan başlamadan ondan uzatılabilir.",
        },
        {
            "en": "Go on with --resume: it takes the newest whole step checkpoint.",
            "tr": "--resume ile sürdürün: en yeni sağlam adım checkpoint'ini alır.",
        },
    ),
    FindingText(
        "metrics-reported",
        {"en": "Validation metrics", "tr": "Validation metrikleri"},
        {
            "plain": {
                "en": "{loss:.4f} loss, {perplexity:.2f} perplexity, {accuracy:%} accuracy, {bits_per_character:.3f} bits per character (step {step})",
                "tr": "{loss:.4f} loss, {perplexity:.2f} perplexity, {accuracy:%} accuracy, karakter başına {bits_per_character:.3f} bit ({step}. adım)",
            },
            "interval": {
                "en": "{loss:.4f} loss (95% confidence interval {low:.3f} to {high:.3f}), {perplexity:.2f} perplexity, {accuracy:%} accuracy, {bits_per_character:.3f} bits per character (step {step})",
                "tr": "{loss:.4f} loss (%95 güven aralığı {low:.3f}–{high:.3f}), {perplexity:.2f} perplexity, {accuracy:%} accuracy, karakter başına {bits_per_character:.3f} bit ({step}. adım)",
            },
        },
        {
            "en": "Only figures over the whole validation split let two runs be compared, and a difference smaller than the interval says little.",
            "tr": "İki çalışma ancak bütün validation bölümündeki sayılarla karşılaştırılabilir; aralıktan küçük bir fark pek bir şey söylemez.",
        },
        {
            "en": "Compare runs on the same text and split only. Bits per character also compare different tokenizers.",
            "tr": "Yalnızca aynı metin ve bölmedeki çalışmaları karşılaştırın. Karakter başına bit, farklı tokenizer'ları da karşılaştırır.",
        },
    ),
    FindingText(
        "beats-baselines",
        {"en": "Loss against n-gram baselines", "tr": "N-gram baseline'larına göre loss"},
        {
            "above-unigram": {
                "en": "{loss:.3f} validation loss, not below the unigram baseline ({unigram:.3f}): nothing was learnt",
                "tr": "{loss:.3f} validation loss, unigram baseline'ının ({unigram:.3f}) altında değil: hiçbir şey öğrenilmedi",
            },
            "too-short": {
                "en": "{loss:.3f} validation loss, not yet below the unigram baseline ({unigram:.3f}); {updates} steps are too few to judge",
                "tr": "{loss:.3f} validation loss, henüz unigram baseline'ının ({unigram:.3f}) altında değil; {updates} adım değerlendirmek için az",
            },
            "above-bigram": {
                "en": "{loss:.3f} validation loss after {updates} steps: below the unigram ({unigram:.3f}), not below the bigram baseline ({bigram:.3f})",
                "tr": "{loss:.3f} validation loss, {updates} adım sonunda: unigram'ın ({unigram:.3f}) altında, bigram baseline'ının ({bigram:.3f}) altında değil",
            },
            "above-five-gram": {
                "en": "{loss:.3f} validation loss: below the bigram ({bigram:.3f}), {apart:.2f} nats above the 5-gram baseline ({five_gram:.3f})",
                "tr": "{loss:.3f} validation loss: bigram'ın ({bigram:.3f}) altında, 5-gram baseline'ının ({five_gram:.3f}) {apart:.2f} nat üstünde",
            },
            "midway": {
                "en": "{loss:.3f} validation loss after {step} of {planned} steps: still {apart:.2f} nats above the 5-gram baseline ({five_gram:.3f})",
                "tr": "{loss:.3f} validation loss, {planned} adımın {step} tanesinden sonra: hâlâ 5-gram baseline'ının ({five_gram:.3f}) {apart:.2f} nat üstünde",
            },
            "over": {
                "en": "{loss:.3f} validation loss at step {step}: now below the 5-gram baseline ({five_gram:.3f})",
                "tr": "{loss:.3f} validation loss, {step}. adım: artık 5-gram baseline'ının ({five_gram:.3f}) altında",
            },
            "below-five-gram": {
                "en": "{loss:.3f} validation loss: {apart:.2f} nats below the 5-gram baseline ({five_gram:.3f})",
                "tr": "{loss:.3f} validation loss: 5-gram baseline'ının ({five_gram:.3f}) {apart:.2f} nat altında",
            },
        },
        {
            "en": "An n-gram baseline only counts which token follows which, without training. A network that does not get below it has learnt nothing worth its time.",
            "tr": "N-gram baseline yalnızca hangi tokenın hangisini izlediğini sayar, eğitim istemez. Altına inemeyen bir ağ, harcanan süreye değecek bir şey öğrenmemiştir.",
        },
        {
            "en": "Take the learning rate that `find-lr` suggests (AdamW trains small models best near 0.01), train longer, or let `train --time` choose. Above the unigram: look at the text and its encoding first.",
            "tr": "`find-lr` önerisindeki öğrenme oranını alın (AdamW küçük modelleri en iyi 0,01 dolayında eğitir), daha uzun eğitin ya da seçimi `train --time` yapsın. Unigram'ın üstündeyse önce metne ve kodlamasına bakın.",
        },
    ),
    FindingText(
        "best-early",
        {"en": "Step of the best model", "tr": "Best model adımı"},
        {
            "pass": {
                "en": "{share:%} of the run: step {step} of {steps}",
                "tr": "{share:%} ilerlemede: {steps} adımın {step}. adımı",
            },
            "note": {
                "en": "{share:%} of the run: step {step} of {steps}; the rest brought nothing",
                "tr": "{share:%} ilerlemede: {steps} adımın {step}. adımı; gerisi bir şey kazandırmadı",
            },
        },
        {
            "en": "A best model that comes very early means that the run was far too long for its text, or the learning rate too high.",
            "tr": "Çok erken gelen en iyi model, çalışmanın bu metin için fazla uzun ya da öğrenme oranının çok yüksek olduğunu gösterir.",
        },
        {
            "en": "Fewer epochs, more dropout, a lower learning rate, or more text.",
            "tr": "Daha az epoch, daha çok dropout, daha düşük öğrenme oranı ya da daha çok metin.",
        },
    ),
    FindingText(
        "still-improving",
        {"en": "Improvement at the end", "tr": "Sondaki gelişme"},
        {
            "pass": {
                "en": "{fell:.4f} change of the loss in the last evaluation: no longer improving",
                "tr": "{fell:.4f} loss değişimi, son değerlendirmede: artık gelişmiyor",
            },
            "note": {
                "en": "{loss:.4f} in the last evaluation, from {before:.4f}: the best of the run, still improving",
                "tr": "{loss:.4f} son değerlendirmede ({before:.4f} değerinden): çalışmanın en iyisi, hâlâ gelişiyor",
            },
        },
        {
            "en": "A run that ends while its loss still falls has not shown what the model can do.",
            "tr": "Loss'u hâlâ düşerken biten bir çalışma, modelin neler yapabileceğini göstermemiştir.",
        },
        {
            "en": "Train longer: --resume with more --epochs or --max-steps.",
            "tr": "Daha uzun eğitin: daha çok --epochs ya da --max-steps ile --resume.",
        },
    ),
    FindingText(
        "final-worse",
        {"en": "Final and best model", "tr": "Final ve best model"},
        {
            "pass": {
                "en": "{final:.4f} final loss, {best:.4f} best: {share:%} apart",
                "tr": "{final:.4f} final loss, {best:.4f} en iyisi: fark {share:%}",
            },
            "note": {
                "en": "{final:.4f} final loss, {share:%} above the best ({best:.4f}): use the best model",
                "tr": "{final:.4f} final loss, en iyisinden ({best:.4f}) {share:%} yüksek: best model'i kullanın",
            },
        },
        {
            "en": "Past its best point a model memorises its text, and the loss on new text rises.",
            "tr": "En iyi noktasını geçen model metnini ezberler; yeni metindeki loss yükselir.",
        },
        {
            "en": "Use best_model.pt (evaluate, generate and export do). Next time a smaller patience saves the time.",
            "tr": "best_model.pt dosyasını kullanın (evaluate, generate ve export öyle yapar). Bir dahaki sefere daha küçük bir patience süre kazandırır.",
        },
    ),
    FindingText(
        "reload-same",
        {"en": "Reloaded model", "tr": "Yeniden yüklenen model"},
        {
            "pass": {
                "en": "{reloaded:.6f} validation loss in a fresh process, the same to the last bit",
                "tr": "{reloaded:.6f} validation loss yeni bir süreçte, son bitine kadar aynı",
            },
            "differs": {
                "en": "{reloaded:.6f} validation loss in a fresh process, {loss:.6f} on record",
                "tr": "{reloaded:.6f} validation loss yeni bir süreçte, kayıtta {loss:.6f}",
            },
            "broke": {
                "en": "a fresh process could not load it: {reason}",
                "tr": "yeni bir süreç yükleyemedi: {reason}",
            },
        },
        {
            "en": "What counts is the file that you keep, not the model that was in memory.",
            "tr": "Önemli olan bellekteki model değil, elinizde kalan dosyadır.",
        },
        {
            "en": "Another machine, device or version of PyTorch rounds differently; on the same one this is a fault worth reporting.",
            "tr": "Başka bir makine, aygıt ya da PyTorch sürümü farklı yuvarlar; aynısındaysa bu bildirilmeye değer bir hatadır.",
        },
    ),
    FindingText(
        "continuations",
        {"en": "Metrics of the written text", "tr": "Yazılan metnin metrikleri"},
        joined(
            {
                "bleu": {"en": "{bleu:.2f} BLEU ({signature})", "tr": "{bleu:.2f} BLEU ({signature})"},
                "rouge": {
                    "en": "{rouge1:.2f} ROUGE-1, {rouge2:.2f} ROUGE-2, {rougeL:.2f} ROUGE-L",
                    "tr": "{rouge1:.2f} ROUGE-1, {rouge2:.2f} ROUGE-2, {rougeL:.2f} ROUGE-L",
                },
                "distinct": {
                    "en": "{distinct1:%} distinct words, {distinct2:%} distinct pairs of words",
                    "tr": "{distinct1:%} farklı sözcük, {distinct2:%} farklı sözcük çifti",
                },
                "copied": {
                    "en": "{copied:%} of its passages of 48 characters are in the training text",
                    "tr": "{copied:%} oranında 48 karakterlik parçası eğitim metninde var",
                },
            },
            (("bleu",), ("rouge",), ("distinct",), ("copied",)),
            {
                "en": "; {samples} continuations of {written_tokens} tokens after {prompt_tokens} of validation (seed {seed!s}, temperature {temperature})",
                "tr": "; {samples} devam metni, {prompt_tokens} validation tokenından sonra {written_tokens} token (seed {seed!s}, sıcaklık {temperature})",
            },
        ),
        {
            "en": "A text can go on in many ways, so even a good model scores low here: compare models with the same signature, seed and text only. Much copied text points to memorising.",
            "tr": "Bir metin çok değişik biçimlerde sürebilir; bu yüzden iyi bir model bile burada düşük puan alır: yalnızca aynı imza, seed ve metinle karşılaştırın. Çok kopya, ezberlemeye işaret eder.",
        },
        {
            "en": "Judge a model by its loss and its bits per character first; these figures tell how its text differs.",
            "tr": "Modeli önce loss ve karakter başına bit ile değerlendirin; bu sayılar metninin neyle ayrıldığını söyler.",
        },
    ),
    FindingText(
        "sample-sane",
        {"en": "Sample text", "tr": "Örnek metin"},
        {
            "pass": {
                "en": "{distinct:%} distinct trigrams in {characters} characters; longest copy from training {copy} characters",
                "tr": "{distinct:%} farklı üçlü, {characters} karakterde; eğitim metninden en uzun kopya {copy} karakter",
            },
            "repeats": {
                "en": "{distinct:%} distinct trigrams: the text repeats itself",
                "tr": "{distinct:%} farklı üçlü: metin kendini yineliyor",
            },
            "copies": {
                "en": "{copy} of {characters} characters copied from the training text in one passage",
                "tr": "{copy} / {characters} karakter eğitim metninden tek parça hâlinde kopya",
            },
            "too-good": {
                "en": "{perplexity:.2f} perplexity, too low for real text: validation text may be in the training text",
                "tr": "{perplexity:.2f} perplexity, gerçek metin için çok düşük: validation metni eğitim metninde bulunuyor olabilir",
            },
        },
        {
            "en": "Figures do not tell how a model writes. Copies and circles point to memorising or to a leak between the splits.",
            "tr": "Sayılar modelin nasıl yazdığını söylemez. Kopyalar ve yinelemeler, ezbere ya da iki bölüm arasındaki sızıntıya işaret eder.",
        },
        {
            "en": "Read the samples. Against copies: more text, more dropout, fewer epochs. Against a leak: look for the same text in both splits.",
            "tr": "Örnekleri okuyun. Kopyaya karşı: daha çok metin, daha çok dropout, daha az epoch. Sızıntıya karşı: iki bölümde de bulunan metni arayın.",
        },
    ),
)
