"""The words of the findings after training."""

from __future__ import annotations

from mmrec_engine.guide.findings import FindingText
from mmrec_engine.guide.findings_before import joined

AFTER: tuple[FindingText, ...] = (
    FindingText(
        "best-saved",
        {"en": "The best model is saved", "tr": "En iyi model kaydedildi"},
        {
            "pass": {
                "en": "{file}: step {step}, validation loss {loss:.4f}, whole, and the lowest on record",
                "tr": "{file}: adım {step}, doğrulama kaybı {loss:.4f}, sağlam ve kayıttaki en düşük",
            },
            "missing": {"en": "{file} is missing", "tr": "{file} yok"},
            "damaged": {"en": "{file} cannot be used: {reason}", "tr": "{file} kullanılamıyor: {reason}"},
            "differs": {
                "en": "{file} holds a best loss of {stored}, the record says {loss:.4f} at step {step}",
                "tr": "{file} içindeki en iyi kayıp {stored}, kayıtta ise {step}. adımda {loss:.4f} yazıyor",
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
        {"en": "The final checkpoint is saved", "tr": "Son checkpoint kaydedildi"},
        {
            "pass": {"en": "{file}: step {step}, whole", "tr": "{file}: adım {step}, sağlam"},
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
        {"en": "What the model reaches", "tr": "Modelin ulaştığı"},
        {
            "plain": {
                "en": "validation loss {loss:.4f}, perplexity {perplexity:.2f}, accuracy {accuracy:%}, {bits_per_character:.3f} bits per character, at step {step}",
                "tr": "doğrulama kaybı {loss:.4f}, perplexity {perplexity:.2f}, accuracy {accuracy:%}, karakter başına {bits_per_character:.3f} bit, adım {step}",
            },
            "interval": {
                "en": "validation loss {loss:.4f} (with other text of the same kind {low:.3f} to {high:.3f}, 95 of 100 times), perplexity {perplexity:.2f}, accuracy {accuracy:%}, {bits_per_character:.3f} bits per character, at step {step}",
                "tr": "doğrulama kaybı {loss:.4f} (aynı türden başka metinde yüzde 95 olasılıkla {low:.3f} ile {high:.3f} arası), perplexity {perplexity:.2f}, accuracy {accuracy:%}, karakter başına {bits_per_character:.3f} bit, adım {step}",
            },
        },
        {
            "en": "Only figures over the whole validation side let two runs be compared, and a difference smaller than the interval says little.",
            "tr": "İki çalışma ancak bütün doğrulama tarafındaki sayılarla karşılaştırılabilir; aralıktan küçük bir fark pek bir şey söylemez.",
        },
        {
            "en": "Compare runs on the same text and split only. Bits per character also compare different tokenizers.",
            "tr": "Yalnızca aynı metin ve bölmedeki çalışmaları karşılaştırın. Karakter başına bit, farklı tokenizer'ları da karşılaştırır.",
        },
    ),
    FindingText(
        "beats-baselines",
        {"en": "Better than counting", "tr": "Saymaktan daha iyi"},
        {
            "above-unigram": {
                "en": "validation loss {loss:.3f} is not below that of counting single tokens ({unigram:.3f}): nothing was learnt",
                "tr": "doğrulama kaybı {loss:.3f}, tek tek token saymanınkinin ({unigram:.3f}) altında değil: hiçbir şey öğrenilmedi",
            },
            "too-short": {
                "en": "validation loss {loss:.3f}, not yet below that of counting single tokens ({unigram:.3f}): {updates} steps are too few to judge by",
                "tr": "doğrulama kaybı {loss:.3f}, tek tek token saymanınkinin ({unigram:.3f}) henüz altında değil: {updates} adım yargılamak için az",
            },
            "above-bigram": {
                "en": "validation loss {loss:.3f} is below counting single tokens ({unigram:.3f}) but not below counting pairs ({bigram:.3f}), after {updates} steps",
                "tr": "doğrulama kaybı {loss:.3f}; {updates} adım sonunda tek token saymanın ({unigram:.3f}) altında, ama çift saymanın ({bigram:.3f}) altında değil",
            },
            "above-five-gram": {
                "en": "validation loss {loss:.3f}: below counting pairs ({bigram:.3f}), {apart:.2f} nats above a 5-gram model ({five_gram:.3f})",
                "tr": "doğrulama kaybı {loss:.3f}: çift saymanın ({bigram:.3f}) altında, 5-gram modelinin ({five_gram:.3f}) {apart:.2f} nat üstünde",
            },
            "below-five-gram": {
                "en": "validation loss {loss:.3f}: {apart:.2f} nats below a 5-gram model ({five_gram:.3f})",
                "tr": "doğrulama kaybı {loss:.3f}: 5-gram modelinin ({five_gram:.3f}) {apart:.2f} nat altında",
            },
        },
        {
            "en": "Counting which token follows which needs no training. A network that does not beat it has learnt nothing worth its time.",
            "tr": "Hangi token'ın hangisini izlediğini saymak eğitim istemez. Bunu geçemeyen bir ağ, harcanan süreye değecek bir şey öğrenmemiştir.",
        },
        {
            "en": "Train longer, raise the learning rate towards the guide's 3e-4, or take a larger config. Above the unigram: look at the text and its encoding first.",
            "tr": "Daha uzun eğitin, learning rate'i rehberin 3e-4 değerine doğru yükseltin ya da daha büyük bir config seçin. Unigram'ın üstündeyse önce metne ve kodlamasına bakın.",
        },
    ),
    FindingText(
        "best-early",
        {"en": "When the best model came", "tr": "En iyi model ne zaman geldi"},
        {
            "pass": {
                "en": "at step {step} of {steps} ({share:%} of the run)",
                "tr": "{steps} adımın {step}. adımında (çalışmanın {share:%} kadarında)",
            },
            "note": {
                "en": "at step {step} of {steps}, in the first {share:%}: the rest of the run brought nothing",
                "tr": "{steps} adımın {step}. adımında, ilk {share:%} içinde: gerisi bir şey kazandırmadı",
            },
        },
        {
            "en": "A best model that comes very early means that the run was far too long for its text, or the rate too high.",
            "tr": "Çok erken gelen en iyi model, çalışmanın bu metin için fazla uzun ya da hızın fazla yüksek olduğunu gösterir.",
        },
        {
            "en": "Fewer epochs, more dropout, a lower learning rate, or more text.",
            "tr": "Daha az epoch, daha çok dropout, daha düşük learning rate ya da daha çok metin.",
        },
    ),
    FindingText(
        "still-improving",
        {"en": "Whether it still improved at the end", "tr": "Sonda hâlâ gelişiyor muydu"},
        {
            "pass": {
                "en": "no longer: the last evaluation changed the loss by {fell:.4f}",
                "tr": "artık hayır: son değerlendirmede kayıp {fell:.4f} değişti",
            },
            "note": {
                "en": "yes: from {before:.4f} to {loss:.4f} in the last evaluation, the best of the run",
                "tr": "evet: son değerlendirmede {before:.4f} değerinden {loss:.4f} değerine, çalışmanın en iyisi",
            },
        },
        {
            "en": "A run that ends while its loss still falls has not shown what the model can do.",
            "tr": "Kaybı hâlâ düşerken biten bir çalışma, modelin neler yapabileceğini göstermemiştir.",
        },
        {
            "en": "Train longer: --resume with more --epochs or --max-steps.",
            "tr": "Daha uzun eğitin: daha çok --epochs ya da --max-steps ile --resume.",
        },
    ),
    FindingText(
        "final-worse",
        {"en": "Final against best", "tr": "Son model ile en iyi model"},
        {
            "pass": {
                "en": "final {final:.4f}, best {best:.4f}: {share:%} apart",
                "tr": "son {final:.4f}, en iyi {best:.4f}: fark {share:%}",
            },
            "note": {
                "en": "final {final:.4f} is {share:%} worse than best {best:.4f}: use the best one",
                "tr": "son {final:.4f}, en iyi {best:.4f} değerinden {share:%} daha kötü: en iyisini kullanın",
            },
        },
        {
            "en": "Past its best a model memorises its text and loses on new text.",
            "tr": "En iyisini geçen model metnini ezberler ve yeni metinde kaybeder.",
        },
        {
            "en": "Use best_model.pt (evaluate, generate and export do). Next time a smaller patience saves the time.",
            "tr": "best_model.pt dosyasını kullanın (evaluate, generate ve export öyle yapar). Bir dahaki sefere daha küçük bir sabır süre kazandırır.",
        },
    ),
    FindingText(
        "reload-same",
        {"en": "The saved model is the trained one", "tr": "Kaydedilen model, eğitilen modeldir"},
        {
            "pass": {
                "en": "loaded by a fresh process it has the same loss on validation text, {reloaded:.6f}, to the last bit",
                "tr": "yeni bir süreçte yüklenince doğrulama metnindeki kaybı son bitine kadar aynı: {reloaded:.6f}",
            },
            "differs": {
                "en": "loaded by a fresh process its loss on validation text is {reloaded:.6f}, on record it is {loss:.6f}",
                "tr": "yeni bir süreçte yüklenince doğrulama metnindeki kaybı {reloaded:.6f}, kayıtta {loss:.6f}",
            },
            "broke": {
                "en": "it could not be loaded by a fresh process: {reason}",
                "tr": "yeni bir süreçte yüklenemedi: {reason}",
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
        {"en": "How near its text comes to the real one", "tr": "Metninin gerçeğine ne kadar yaklaştığı"},
        joined(
            {
                "bleu": {"en": "BLEU {bleu:.2f} ({signature})", "tr": "BLEU {bleu:.2f} ({signature})"},
                "rouge": {
                    "en": "ROUGE-1 {rouge1:.2f}, ROUGE-2 {rouge2:.2f}, ROUGE-L {rougeL:.2f}",
                    "tr": "ROUGE-1 {rouge1:.2f}, ROUGE-2 {rouge2:.2f}, ROUGE-L {rougeL:.2f}",
                },
                "distinct": {
                    "en": "{distinct1:%} of the words and {distinct2:%} of the pairs of words are different",
                    "tr": "sözcüklerin {distinct1:%} kadarı, ikili sözcüklerin {distinct2:%} kadarı birbirinden farklı",
                },
                "copied": {
                    "en": "{copied:%} of its pieces of 48 characters stand in the training text",
                    "tr": "48 karakterlik parçalarının {copied:%} kadarı eğitim metninde de var",
                },
            },
            (("bleu",), ("rouge",), ("distinct",), ("copied",)),
            {
                "en": "; over {samples} continuations of {written_tokens} tokens, each after {prompt_tokens} tokens of the validation side (seed {seed!s}, temperature {temperature})",
                "tr": "; doğrulama tarafından {prompt_tokens} tokenın ardından yazılan {written_tokens} tokenlık {samples} devam metninde (seed {seed!s}, temperature {temperature})",
            },
        ),
        {
            "en": "A text can go on in many ways, so even a good model scores low here: compare models with the same signature, seed and text only. Much that is copied points to memorising.",
            "tr": "Bir metin çok değişik biçimlerde sürebilir; bu yüzden iyi bir model bile burada düşük puan alır: yalnızca aynı imza, seed ve metinle karşılaştırın. Çok kopya, ezberlemeye işaret eder.",
        },
        {
            "en": "Judge a model by its loss and its bits per character first; these figures tell how its text differs.",
            "tr": "Modeli önce loss ve karakter başına bit ile değerlendirin; bu sayılar metninin neyle ayrıldığını söyler.",
        },
    ),
    FindingText(
        "sample-sane",
        {"en": "What the model writes", "tr": "Modelin yazdığı"},
        {
            "pass": {
                "en": "of {characters} characters, {distinct:%} of the three-letter pieces are distinct; the longest copy from the training text is {copy} characters",
                "tr": "{characters} karakterde üç harfli parçaların {distinct:%} kadarı farklı; eğitim metninden en uzun kopya {copy} karakter",
            },
            "repeats": {
                "en": "it turns in circles: only {distinct:%} of the three-letter pieces are distinct",
                "tr": "kendini yineliyor: üç harfli parçaların yalnızca {distinct:%} kadarı farklı",
            },
            "copies": {
                "en": "it copies: {copy} of {characters} characters stand in the training text in one piece",
                "tr": "kopyalıyor: {characters} karakterin {copy} tanesi eğitim metninde tek parça hâlinde duruyor",
            },
            "too-good": {
                "en": "a perplexity of {perplexity:.2f} is too good to be true for real text: validation text may stand in the training text",
                "tr": "{perplexity:.2f} perplexity, gerçek metin için fazla iyi: doğrulama metni eğitim metninde bulunuyor olabilir",
            },
        },
        {
            "en": "Figures do not tell how a model writes. Copies and circles point to memorising or to a leak between the sides.",
            "tr": "Sayılar modelin nasıl yazdığını söylemez. Kopyalar ve yinelemeler, ezbere ya da iki taraf arasındaki sızıntıya işaret eder.",
        },
        {
            "en": "Read the samples. Against copies: more text, more dropout, fewer epochs. Against a leak: look for the same text on both sides.",
            "tr": "Örnekleri okuyun. Kopyaya karşı: daha çok metin, daha çok dropout, daha az epoch. Sızıntıya karşı: iki tarafta da bulunan metni arayın.",
        },
    ),
)
