"""What each setting does, for the person who is about to change it. Named as in `mmrec_engine/settings/schema.py`.

Settings that say where text and results lie (data_dir, corpus, output_dir) are no hyperparameters and not told here.
"""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import NOTHING, Hyperparameter
from mmrec_engine.locales.guide.hyperparameters_augmentation import AUGMENTATION
from mmrec_engine.locales.guide.hyperparameters_curriculum import CURRICULUM
from mmrec_engine.locales.guide.hyperparameters_learning import LEARNING
from mmrec_engine.locales.guide.hyperparameters_tasks import TASKS
from mmrec_engine.locales.guide.hyperparameters_text import INVALID_BYTES, MOST_TEXT, TEXT_FIELD

HYPERPARAMETERS: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "config",
        {"en": "Model size", "tr": "Model boyutu"},
        {
            "en": "Width and depth of the model, from tiny (0.9 million parameters) to large (1.5 billion). tiny suits about a megabyte of text.",
            "tr": "Modelin genişliği ve derinliği: tiny (0,9 milyon parametre) ile large (1,5 milyar) arası. tiny, yaklaşık bir megabaytlık metne uyar.",
        },
        {
            "en": "A larger model can learn more from much text; from little text it memorises, and it costs memory and hours.",
            "tr": "Daha büyük model çok metinden daha çok öğrenebilir; az metni ezberler, üstelik bellek ve saatler ister.",
        },
        {
            "en": "A smaller model is quick and overfits later, but stops improving sooner.",
            "tr": "Daha küçük model hızlıdır ve daha geç overfit olur, ama gelişmesi daha erken durur.",
        },
    ),
    Hyperparameter(
        "arch",
        {"en": "Architecture", "tr": "Mimari"},
        {
            "en": "How the model looks back at the text: mmrec with a multi-memory recurrence, llama and gpt with attention.",
            "tr": "Modelin geriye, metne nasıl baktığı: mmrec çok bellekli bir yinelemeyle, llama ve gpt attention ile.",
        },
        {
            "en": "llama and gpt are baselines of the same size; their training takes time with the square of the sequence length, and they write from a bounded context. llama has the shape that other tools read (export --to hf, gguf).",
            "tr": "llama ve gpt aynı boyutta baseline'lardır; eğitimlerinin süresi sequence length'in karesiyle artar ve sınırlı bir bağlamdan yazarlar. llama, başka araçların okuduğu biçimdedir (export --to hf, gguf).",
        },
        NOTHING,
    ),
    Hyperparameter(
        "kv_heads",
        {"en": "Key and value heads", "tr": "Key/value başlıkları"},
        {
            "en": "Of llama: how many heads of keys and values there are; groups of query heads share one. Unset, each has its own.",
            "tr": "Llama için: kaç key ve value başlığı olduğu; query başlıkları bunları grupça paylaşır. Verilmezse her birinin kendisininki vardır.",
        },
        {
            "en": "More keep more apart what is looked at, at the size of the cache. Must divide the heads of the config.",
            "tr": "Daha çoğu, bakılanları birbirinden daha çok ayırır ve önbelleği büyütür. Yapılandırmanın başlık sayısını bölmelidir.",
        },
        {
            "en": "Fewer make the key-value cache of a writing model smaller, at a little loss of quality.",
            "tr": "Daha azı, yazan modelin key-value önbelleğini küçültür; nitelikten biraz götürür.",
        },
    ),
    Hyperparameter(
        "tied",
        {"en": "Tied head", "tr": "Bağlı çıkış (tied)"},
        {
            "en": "Of llama: the embedding matrix is the head too.",
            "tr": "Llama için: embedding matrisi aynı zamanda çıkış katmanıdır.",
        },
        {
            "en": "Saves a matrix of vocabulary times width: worth it for a small model with a large vocabulary.",
            "tr": "Sözlük çarpı genişlik boyunda bir matristen tasarruf eder: büyük sözlüklü küçük modelde yararlıdır.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "recipe",
        {"en": "Recipe", "tr": "Tarif (recipe)"},
        {
            "en": "A set of values that go together: guide has the guide's (AdamW), fast reaches a loss soonest. What you set yourself outweighs it.",
            "tr": "Birbirine uyan bir değer takımı: guide rehberinkilerdir (AdamW), fast bir loss değerine en çabuk ulaşır. Sizin verdiğiniz değer tarifin önüne geçer.",
        },
        {
            "en": "fast takes Muon at a learning rate of 0.04, 16 windows of 128 tokens and no dropout: fine for short runs, overfits sooner in long ones.",
            "tr": "fast; Muon, 0.04 öğrenme oranı, 128 tokenlık 16 pencere kullanır, dropout kullanmaz: kısa çalışmaya uyar, uzununda daha erken overfit olur.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "encoding",
        {"en": "Encoding", "tr": "Karakter kodlaması"},
        {
            "en": "How to read files that are neither UTF-8 nor UTF-16, such as windows-1254 for old Turkish texts.",
            "tr": "UTF-8 ya da UTF-16 olmayan dosyaların nasıl okunacağı; örneğin eski Türkçe metinler için windows-1254.",
        },
        {
            "en": "Left out, such files are skipped and named; the wrong encoding fills the text with odd letters, and the model learns those.",
            "tr": "Verilmezse böyle dosyalar atlanır ve adları söylenir; yanlış kodlama metni tuhaf harflerle doldurur, model de onları öğrenir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "fix_encoding",
        {"en": "Repair characters", "tr": "Karakter onarımı"},
        {
            "en": "Mends text that was read with the wrong code page before it came here: Ã¶, ÄŸ or â€™ become ö, ğ and ’ again, and in Turkish text ý þ ð become ı ş ğ.",
            "tr": "Buraya gelmeden önce yanlış kod sayfasıyla okunmuş metni onarır: Ã¶, ÄŸ, â€™ yeniden ö, ğ, ’ olur; Türkçe metinde ý þ ð de ı ş ğ olur.",
        },
        {
            "en": "On, damaged words are repaired and counted, and good text stays as it is; off, the model learns to write the damage too.",
            "tr": "Açıkken bozuk sözcükler onarılır ve sayılır, düzgün metne dokunulmaz; kapalıyken model bozuk yazımı da öğrenir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "val_split",
        {"en": "Validation split", "tr": "Validation split"},
        {
            "en": "Share of the text that is held out: never trained on, only measured with. 0.1 is one tenth.",
            "tr": "Metnin ayrılan payı: hiç eğitilmez, yalnızca ölçmekte kullanılır. 0.1, onda biridir.",
        },
        {
            "en": "The validation figures become steadier, but less text is left to learn from.",
            "tr": "Validation sayıları daha kararlı olur, ama öğrenilecek metin azalır.",
        },
        {
            "en": "More text to learn from, but the figures become noisy and the best model is chosen partly by luck.",
            "tr": "Öğrenilecek metin artar, ama sayılar gürültülü olur ve best model kısmen şansla seçilir.",
        },
    ),
    MOST_TEXT,
    TEXT_FIELD,
    INVALID_BYTES,
    Hyperparameter(
        "tokenizer",
        {"en": "Tokenizer", "tr": "Tokenizer"},
        {
            "en": "What a token is, the piece of text that is read and predicted at a time. char: a character; bpe: frequent subwords, built up from bytes; sentencepiece: subwords that make the text likeliest. Both are learnt from the training split.",
            "tr": "Token, bir defada okunup tahmin edilen metin parçasıdır. char: bir karakter; bpe: baytlardan kurulan sık alt sözcükler; sentencepiece: metni en olası kılan alt sözcükler. İkisi de eğitim bölümünden öğrenilir.",
        },
        {
            "en": "With subwords a window holds more text and generating is quicker. Loss and perplexity are per token: compare tokenizers by bits per character.",
            "tr": "Alt sözcüklerle pencereye daha çok metin sığar, metin üretimi hızlanır. Loss ve perplexity token başınadır: tokenizer'ları karakter başına bit ile karşılaştırın.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "vocab_size",
        {"en": "Vocabulary size", "tr": "Sözlük boyutu"},
        {
            "en": "The most tokens in the vocabulary: with char the most frequent characters, of which a text rarely has that many; with bpe and sentencepiece the subwords that are learnt; one for a thousand characters of text is a good beginning.",
            "tr": "Sözlükteki en çok token sayısı: char ile en sık karakterler, ki metinde nadiren o kadarı bulunur; bpe ve sentencepiece ile öğrenilen alt sözcükler; bin karakterlik metne bir tane iyi bir başlangıçtır.",
        },
        {
            "en": "Longer subwords, or rarer characters that stay distinct; each costs two rows of weights, and is seen too seldom to be learnt well.",
            "tr": "Daha uzun alt sözcükler ya da ayrı kalan seyrek karakterler; her biri iki satır ağırlık ister ve iyi öğrenilmeyecek kadar az görülür.",
        },
        {
            "en": "Shorter subwords; with char rarer characters become one unknown token, which lowers the loss without the model being better.",
            "tr": "Daha kısa alt sözcükler; char ile seyrek karakterler tek bir bilinmeyen token olur, model iyileşmeden loss düşer.",
        },
    ),
    Hyperparameter(
        "epochs",
        {"en": "Epochs", "tr": "Epoch sayısı"},
        {
            "en": "Passes over the whole training text. The learning rate's fall is stretched over all of them.",
            "tr": "Tüm eğitim metninin üzerinden kaç kez geçileceği. Öğrenme oranının düşüşü bunların tümüne yayılır.",
        },
        {
            "en": "More learning, up to the point where the text is memorised; early stopping ends the run there.",
            "tr": "Metin ezberlenene dek daha çok öğrenme; early stopping çalışmayı orada bitirir.",
        },
        {
            "en": "A shorter run, which may end while the validation loss is still falling.",
            "tr": "Daha kısa çalışma; validation loss hâlâ düşerken bitebilir.",
        },
    ),
    Hyperparameter(
        "max_steps",
        {"en": "Max steps", "tr": "En çok adım"},
        {
            "en": "The run ends after this many steps. Given without epochs it is the only limit; with both, the first one reached ends the run.",
            "tr": "Çalışma bu kadar adımdan sonra biter. Epoch verilmezse tek sınır budur; ikisi de verilirse önce ulaşılan bitirir.",
        },
        {
            "en": "A longer run, with a slower fall of the learning rate.",
            "tr": "Daha uzun çalışma; öğrenme oranı daha yavaş düşer.",
        },
        {
            "en": "A quick trial; if it is hardly longer than the warmup, almost no step is made at the full learning rate.",
            "tr": "Çabuk bir deneme; warmup'tan pek uzun değilse tam öğrenme oranıyla neredeyse hiç adım atılmaz.",
        },
    ),
    Hyperparameter(
        "batch_size",
        {"en": "Batch size", "tr": "Batch size"},
        {
            "en": "Windows that go through the model together. Their gradients are averaged into one step.",
            "tr": "Modelden birlikte geçen pencere sayısı. Gradyanlarının ortalaması tek bir adım olur.",
        },
        {
            "en": "Steadier steps, fewer of them an epoch, and memory in proportion.",
            "tr": "Daha kararlı ama epoch başına daha az adım; bellek aynı oranda artar.",
        },
        {
            "en": "Noisier steps, more of them an epoch, and less memory.",
            "tr": "Daha gürültülü ama epoch başına daha çok adım; daha az bellek.",
        },
    ),
    Hyperparameter(
        "accumulate",
        {"en": "Gradient accumulation", "tr": "Gradient accumulation"},
        {
            "en": "Batches whose gradients are added up before the weights move. 4 batches of 4 act like one batch of 16.",
            "tr": "Ağırlıklar oynamadan önce gradyanları biriktirilen batch sayısı. 4'lük 4 batch, 16'lık tek batch gibi davranır.",
        },
        {
            "en": "The steadiness of a larger batch in the memory of a small one; steps take longer and become fewer.",
            "tr": "Küçük batch'in belleğiyle büyük batch'in kararlılığı; adımlar uzar ve azalır.",
        },
        {
            "en": "More and quicker steps; 1 means none is added up.",
            "tr": "Daha çok ve daha çabuk adım; 1, biriktirme yok demektir.",
        },
    ),
    Hyperparameter(
        "microbatch",
        {"en": "Micro-batch size", "tr": "Micro-batch boyutu"},
        {
            "en": "How many windows of a batch go through the model together. The result is the same; only memory and speed differ.",
            "tr": "Bir batch'in kaç penceresi modelden birlikte geçer. Sonuç aynıdır; yalnızca bellek ve hız değişir.",
        },
        {
            "en": "Faster as long as memory lasts.",
            "tr": "Bellek yettiği sürece daha hızlı.",
        },
        {
            "en": "Less memory, a little slower. Left empty, it is halved by itself where the batch does not fit.",
            "tr": "Daha az bellek, biraz daha yavaş. Boş bırakılırsa batch sığmadığında kendiliğinden yarıya iner.",
        },
    ),
    Hyperparameter(
        "seq_len",
        {"en": "Sequence length", "tr": "Sequence length"},
        {
            "en": "Tokens a window: how far back the model can look while it trains.",
            "tr": "Pencere başına token: modelin eğitimde ne kadar geriye bakabildiği.",
        },
        {
            "en": "Longer connections can be learnt; memory grows, and an epoch has fewer windows.",
            "tr": "Daha uzak bağlantılar öğrenilebilir; bellek artar ve epoch daha az pencereden oluşur.",
        },
        {
            "en": "Less memory and quicker steps, but nothing beyond the window is learnt.",
            "tr": "Daha az bellek ve daha çabuk adım, ama pencerenin ötesi öğrenilmez.",
        },
    ),
    Hyperparameter(
        "stride",
        {"en": "Stride", "tr": "Stride (kaydırma)"},
        {
            "en": "Tokens from the start of one window to the start of the next. Left out it is the sequence length: windows do not overlap.",
            "tr": "Bir pencerenin başından sonrakinin başına token sayısı. Verilmezse sequence length kadardır: pencereler örtüşmez.",
        },
        {
            "en": "Less overlap and shorter epochs; more than the sequence length is not possible.",
            "tr": "Daha az örtüşme, daha kısa epoch; sequence length'ten büyük olamaz.",
        },
        {
            "en": "Windows overlap: half the sequence length shows every text twice an epoch, which then takes twice as long.",
            "tr": "Pencereler örtüşür: sequence length'in yarısı her metni epoch başına iki kez gösterir, epoch da iki kat sürer.",
        },
    ),
    *AUGMENTATION,
    *CURRICULUM,
    *LEARNING,
    *TASKS,
    Hyperparameter(
        "early_stopping_patience",
        {"en": "Patience", "tr": "Patience"},
        {
            "en": "Evaluations in a row without a new lowest validation loss before early stopping ends the run. It counts evaluations: with eval_every, not epochs.",
            "tr": "Early stopping çalışmayı bitirmeden önce, üst üste kaç değerlendirmede yeni bir en düşük validation loss çıkmayabileceği. Değerlendirme sayar: eval_every verilirse epoch değil.",
        },
        {
            "en": "Does not give up at a passing bump, and spends more time after the best point.",
            "tr": "Geçici bir tümsekte vazgeçmez; en iyi noktadan sonra daha çok zaman harcar.",
        },
        {
            "en": "Stops soon after the best point, and may stop at mere noise.",
            "tr": "En iyi noktadan az sonra durur; salt gürültüde de durabilir.",
        },
    ),
    Hyperparameter(
        "eval_every",
        {"en": "Evaluate every", "tr": "Değerlendirme arası"},
        {
            "en": "Steps between evaluations. Left out, there is one at the end of each epoch; the last step always has one.",
            "tr": "Değerlendirmeler arasındaki adım. Verilmezse her epoch sonunda yapılır; son adımda her zaman yapılır.",
        },
        {
            "en": "Less time spent on measuring; the best model may fall between two evaluations.",
            "tr": "Ölçmeye daha az zaman gider; en iyi model iki değerlendirme arasında kalabilir.",
        },
        {
            "en": "A finer curve and a better caught best model; patience runs out in fewer steps.",
            "tr": "Daha ayrıntılı eğri, daha iyi yakalanan best model; patience daha az adımda tükenir.",
        },
    ),
    Hyperparameter(
        "target_loss",
        {"en": "Target loss", "tr": "Hedef loss"},
        {
            "en": "The run ends once the validation loss is this low, in nats a token. Left out, there is no target.",
            "tr": "Validation loss bu kadar düşünce çalışma biter; token başına nat. Verilmezse hedef yoktur.",
        },
        {"en": "The run ends sooner, with a weaker model.", "tr": "Çalışma daha erken, daha zayıf bir modelle biter."},
        {
            "en": "The run goes on longer; below what the text allows, the target is never met.",
            "tr": "Çalışma daha uzun sürer; metnin izin verdiğinin altındaki hedefe hiç ulaşılmaz.",
        },
    ),
    Hyperparameter(
        "target_bits",
        {"en": "Target bits", "tr": "Hedef bit"},
        {
            "en": "The run ends once the validation text takes this few bits per character, whatever a token is.",
            "tr": "Validation metni karakter başına bu kadar az bit tutunca çalışma biter; token ne olursa olsun.",
        },
        {"en": "The run ends sooner, with a weaker model.", "tr": "Çalışma daha erken, daha zayıf bir modelle biter."},
        {
            "en": "The run goes on longer; below what the text allows, the target is never met.",
            "tr": "Çalışma daha uzun sürer; metnin izin verdiğinin altındaki hedefe hiç ulaşılmaz.",
        },
    ),
    Hyperparameter(
        "time",
        {"en": "Time", "tr": "Süre"},
        {
            "en": "How long all of the run may take, from its start to its report, in seconds; the planner chooses what nobody fixed, and the learning rate falls until the time is over.",
            "tr": "Başlangıçtan rapora dek tüm çalışmanın sürebileceği saniye; kimsenin belirlemediğini planlayıcı seçer, öğrenme oranı süre bitene dek düşer.",
        },
        {
            "en": "More steps, or a larger model: better as long as the text is not memorised.",
            "tr": "Daha çok adım ya da daha büyük model: metin ezberlenmedikçe daha iyi.",
        },
        {"en": "Done sooner, with a weaker model.", "tr": "Daha erken biter, daha zayıf bir modelle."},
    ),
    Hyperparameter(
        "save_best_model",
        {"en": "Save best model", "tr": "Best model kaydı"},
        {
            "en": "Keeps the weights with the lowest validation loss in best_model.pt.",
            "tr": "Validation loss'u en düşük ağırlıkları best_model.pt dosyasında tutar.",
        },
        {
            "en": "Off, only the newest checkpoints and the final one are kept, and the best point may be lost.",
            "tr": "Kapalıyken yalnızca en yeni checkpoint'ler ile final checkpoint kalır; en iyi nokta kaybolabilir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "device",
        {"en": "Device", "tr": "Aygıt"},
        {
            "en": "What computes. auto takes a CUDA GPU, else Apple's MPS, else the CPU.",
            "tr": "Hesabı neyin yaptığı. auto önce CUDA GPU'yu, yoksa Apple MPS'i, yoksa CPU'yu seçer.",
        },
        {
            "en": "Name one to choose it: cpu, cuda, cuda:1 for the second GPU, or mps.",
            "tr": "Seçmek için adını verin: cpu, cuda, ikinci GPU için cuda:1 ya da mps.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "precision",
        {"en": "Precision", "tr": "Precision"},
        {
            "en": "How exactly numbers are kept while computing (mixed precision: weights stay in fp32). auto measures at the start and takes bf16 where its matrix products are at least 1.5 times faster, else fp16 on a GPU where those are, else fp32.",
            "tr": "Hesapta sayıların ne kadar hassas tutulduğu (mixed precision: ağırlıklar fp32 kalır). auto başta ölçer: matris çarpımı en az 1,5 kat hızlanıyorsa bf16'yı, o olmazsa GPU'da hızlanan fp16'yı, o da olmazsa fp32'yi seçer.",
        },
        {
            "en": "fp32 is precise and can be repeated anywhere. bf16 keeps fewer digits. fp16 keeps more of them, but no small numbers: the loss is scaled, and the scale is halved where a gradient overflows. Without hardware for them both are far slower.",
            "tr": "fp32 hassastır ve her yerde yinelenebilir. bf16 daha az basamak tutar. fp16 daha çok basamak tutar, ama küçük sayıları tutamaz: loss ölçeklenir, gradyan taştığında ölçek yarılanır. Donanım desteği yoksa ikisi de çok daha yavaştır.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "compile",
        {"en": "Steps on a GPU", "tr": "GPU'da adımlar"},
        {
            "en": "How a GPU makes the steps. off launches each kernel by itself, and a small model waits for that. graphs records a step once, as a CUDA graph, and launches it whole. inductor has PyTorch's compiler make fewer and larger kernels first, which takes a minute. auto measures once for each GPU which of them ends the run soonest. On a CPU it is off.",
            "tr": "GPU'nun adımları nasıl yaptığı. off her kernel'i tek tek başlatır; küçük model bunu bekler. graphs adımı bir kez CUDA graph olarak kaydeder, bütün olarak başlatır. inductor önce PyTorch'un derleyicisine daha az ve daha büyük kernel yaptırır; bu bir dakika sürer. auto her GPU için bir kez, çalışmayı hangisinin en erken bitireceğini ölçer. CPU'da off olur.",
        },
        {
            "en": "The losses are the same but for rounding. A run keeps its way when it is resumed, so it ends as one that was never stopped.",
            "tr": "Loss değerleri yuvarlama dışında aynıdır. Çalışma sürdürüldüğünde aynı yoldan gider; hiç durmamış gibi biter.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "kernel",
        {"en": "Recurrence kernel", "tr": "Özyineleme kernel'i"},
        {
            "en": "What computes the recurrence of mmrec on a GPU while training in bf16 or fp16: plain (matrix products), or fla, one fused kernel of the library flash-linear-attention. Where the library or the GPU is missing, fla is plain.",
            "tr": "bf16 ya da fp16 ile eğitirken GPU'da mmrec özyinelemesini neyin hesapladığı: plain (matris çarpımları) ya da fla, flash-linear-attention kütüphanesinin tek kernel'i. Kütüphane ya da GPU yoksa fla, plain olur.",
        },
        {
            "en": "fla can be faster with long windows. The library chooses its block sizes by measuring: after a resume with another Triton cache the run may round otherwise.",
            "tr": "fla uzun pencerelerde daha hızlı olabilir. Kütüphane blok boylarını ölçerek seçer: başka bir Triton önbelleğiyle sürdürülen çalışma başka yuvarlanabilir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "threads",
        {"en": "CPU threads", "tr": "CPU iş parçacığı"},
        {
            "en": "Processor threads that compute. Left out, one for each core that may be used.",
            "tr": "Hesap yapan işlemci iş parçacığı sayısı. Verilmezse kullanılabilen her çekirdek için bir tane.",
        },
        {
            "en": "Quicker up to the number of cores; beyond it threads wait for one another.",
            "tr": "Çekirdek sayısına dek hızlandırır; ötesinde iş parçacıkları birbirini bekler.",
        },
        {
            "en": "Slower, but leaves the machine free for other work; a tiny model loses little by it.",
            "tr": "Daha yavaştır, ama makineyi başka işlere bırakır; tiny bir model az şey kaybeder.",
        },
    ),
    Hyperparameter(
        "processes",
        {"en": "Processes", "tr": "Süreç sayısı"},
        {
            "en": "Processes that share the windows of each step: on a machine with several GPUs one for each. On one processor threads do as well.",
            "tr": "Her adımın pencerelerini paylaşan süreç sayısı: birkaç GPU'lu makinede her biri için bir tane. Tek işlemcide iş parçacıkları aynı işi görür.",
        },
        {
            "en": "Quicker where each has a device of its own; no more than the windows of a step are possible.",
            "tr": "Her birinin kendi aygıtı varsa hızlandırır; bir adımdaki pencereden çok olamaz.",
        },
        {
            "en": "1: nothing has to be sent about.",
            "tr": "1: hiçbir şey gönderilmez.",
        },
    ),
    Hyperparameter(
        "sharding",
        {"en": "Sharding", "tr": "Bölüştürme"},
        {
            "en": "Whether several processes hold the model in parts (full) or each has all of it (none). auto: in parts where it would not fit into each.",
            "tr": "Birkaç sürecin modeli parça parça mı tuttuğu (full), her birinde bütünü mü olduğu (none). auto: her birine sığmıyorsa parça parça.",
        },
        {
            "en": "full: weights, gradients and moments take a share of the memory in each process; layers are sent about in every pass.",
            "tr": "full: ağırlıklar, gradyanlar ve momentler her süreçte belleğin bir payını alır; katmanlar her geçişte gönderilir.",
        },
        {
            "en": "none: less is sent, and a process that is lost loses no step.",
            "tr": "none: daha az şey gönderilir, kaybolan bir süreç adım kaybettirmez.",
        },
    ),
    Hyperparameter(
        "gradient_checkpointing",
        {"en": "Grad. checkpointing", "tr": "Grad. checkpointing"},
        {
            "en": "Recomputes activations in the backward pass instead of keeping them. The result is the same.",
            "tr": "Ara değerleri saklamak yerine backward sırasında yeniden hesaplar. Sonuç aynıdır.",
        },
        {
            "en": "On, it takes much less memory and about a third more time: try it where memory runs out.",
            "tr": "Açıkken çok daha az bellek, yaklaşık üçte bir daha çok süre ister: bellek yetmediğinde deneyin.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "metrics",
        {"en": "Text metrics", "tr": "Metin ölçüleri"},
        {
            "en": "What is measured, after training, of text that the best model writes: bleu and rouge (how near it comes to the text that really went on), distinct (how varied its words are), copied (how much of it stands in the training text). Joined by commas.",
            "tr": "Eğitimden sonra en iyi modelin yazdığı metinde ne ölçüleceği: bleu ve rouge (gerçekte süren metne ne kadar yaklaştığı), distinct (sözcüklerinin ne kadar çeşitli olduğu), copied (ne kadarının eğitim metninde bulunduğu). Virgülle ayrılır.",
        },
        {
            "en": 'bleu and rouge need further libraries, the extra "metrics" (README says how to install it). Left out, nothing is measured. They are low even for good models; compare like with like.',
            "tr": 'bleu ve rouge ek kütüphane ister: "metrics" eki (nasıl kurulacağını README söyler). Boşsa hiçbir şey ölçülmez. İyi modellerde bile düşüktürler; yalnızca benzeri benzeriyle karşılaştırın.',
        },
        NOTHING,
    ),
    Hyperparameter(
        "seed",
        {"en": "Seed", "tr": "Seed"},
        {
            "en": "The number that weights, order of windows and dropout are drawn from. The same seed and settings on the same machine give the same run.",
            "tr": "Ağırlıkların, pencere sırasının ve dropout'un türetildiği sayı. Aynı makinede aynı seed ve ayarlar aynı çalışmayı verir.",
        },
        {
            "en": "Another seed is another draw on the same split: it shows how much of a difference is chance.",
            "tr": "Başka bir seed, aynı bölmede başka bir çekiliştir: bir farkın ne kadarının şans olduğunu gösterir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "name",
        {"en": "Run name", "tr": "Çalışma adı"},
        {
            "en": "Name of the folder that the run is kept in. Left out, it is the config's.",
            "tr": "Çalışmanın tutulduğu klasörün adı. Verilmezse config'in adıdır.",
        },
        {
            "en": "A new name leaves earlier runs as they are, so that the two can be compared.",
            "tr": "Yeni bir ad önceki çalışmalara dokunmaz; ikisi karşılaştırılabilir.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "checkpoint_every",
        {"en": "Checkpoint every", "tr": "Checkpoint arası"},
        {
            "en": "Steps between checkpoints: the points from which a run that was cut off goes on.",
            "tr": "Checkpoint'ler arasındaki adım: yarıda kesilen çalışmanın sürdürüleceği noktalar.",
        },
        {
            "en": "Less writing to disk, but more steps to make again after a crash.",
            "tr": "Diske daha az yazılır, ama çökmeden sonra daha çok adım yeniden atılır.",
        },
        {
            "en": "Less is lost in a crash; with large models saving begins to cost time.",
            "tr": "Bir çökmede daha az adım kaybedilir; büyük modellerde kaydetmek zaman almaya başlar.",
        },
    ),
    Hyperparameter(
        "keep_checkpoints",
        {"en": "Checkpoints kept", "tr": "Saklanan checkpoint"},
        {
            "en": "How many step checkpoints stay, the newest ones. Best model and final checkpoint stay in any case.",
            "tr": "Kaç adım checkpoint'inin kalacağı; en yenileri. Best model ve final checkpoint her durumda kalır.",
        },
        {
            "en": "More points to go back to; with AdamW each takes 12 bytes a parameter, 10 MB for tiny.",
            "tr": "Dönülebilecek daha çok nokta; AdamW ile her biri parametre başına 12 bayt, tiny için 10 MB tutar.",
        },
        {
            "en": "Less disk; with only one, a damaged file leaves nothing to go on from.",
            "tr": "Daha az disk; yalnızca bir taneyse, dosya bozulunca sürdürülecek nokta kalmaz.",
        },
    ),
)
