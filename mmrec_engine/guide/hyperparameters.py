"""What each setting does, for the person who is about to change it. Named as in `mmrec_engine/settings.py`.

Settings that say where text and results lie (data_dir, corpus, output_dir) are no hyperparameters and not told here.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.messages import Words

NOTHING: Words = {"en": "", "tr": ""}


@dataclass(frozen=True)
class Hyperparameter:
    """One setting. title: label of its field, at most 22 characters; higher, lower: what such a value does.

    For a choice, a switch or a name `higher` tells what another value means, and `lower` is NOTHING.
    """

    name: str
    title: Words
    what: Words
    higher: Words
    lower: Words


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
            "en": "How the model looks back at the text: mmrec with a multi-memory recurrence, gpt with attention.",
            "tr": "Modelin geriye, metne nasıl baktığı: mmrec çok bellekli bir yinelemeyle, gpt attention ile.",
        },
        {
            "en": "gpt is the yardstick of the same size; its training takes time and memory with the square of the sequence length, and it writes from a bounded context.",
            "tr": "gpt aynı boyutta bir ölçüttür; eğitiminin süresi ve belleği sequence length'in karesiyle artar ve sınırlı bir bağlamdan yazar.",
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
            "en": "fast takes Muon at a rate of 0.04, 16 windows of 128 tokens and no dropout: fine for short runs, overfits sooner in long ones.",
            "tr": "fast; Muon, 0.04 learning rate, 128 tokenlık 16 pencere kullanır, dropout kullanmaz: kısa çalışmaya uyar, uzununda daha erken overfit olur.",
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
    Hyperparameter(
        "tokenizer",
        {"en": "Tokenizer", "tr": "Tokenizer"},
        {
            "en": "What a token is, the piece of text that is read and predicted at a time. char: a character; bpe: frequent pieces of words, built up from bytes; sentencepiece: pieces that make the text likeliest. Both are learnt from the training side.",
            "tr": "Token, bir defada okunup tahmin edilen metin parçasıdır. char: bir karakter; bpe: baytlardan kurulan sık sözcük parçaları; sentencepiece: metni en olası kılan parçalar. İkisi de eğitim tarafından öğrenilir.",
        },
        {
            "en": "With pieces a window holds more text and writing is quicker. Loss and perplexity are per token: compare tokenizers by bits per character.",
            "tr": "Parçalarla pencereye daha çok metin sığar, yazma hızlanır. Loss ve perplexity token başınadır: tokenizer'ları karakter başına bit ile karşılaştırın.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "vocab_size",
        {"en": "Vocabulary size", "tr": "Vocabulary boyutu"},
        {
            "en": "The most tokens in the vocabulary: with char the most frequent characters, of which a text rarely has that many; with bpe and sentencepiece the pieces that are learnt.",
            "tr": "Vocabulary'deki en çok token sayısı: char ile en sık karakterler, ki metinde nadiren o kadarı bulunur; bpe ve sentencepiece ile öğrenilen parçalar.",
        },
        {
            "en": "Longer pieces, or rarer characters that stay distinct; each costs two rows of weights, and is seen too seldom to be learnt well.",
            "tr": "Daha uzun parçalar ya da ayrı kalan seyrek karakterler; her biri iki satır ağırlık ister ve iyi öğrenilmeyecek kadar az görülür.",
        },
        {
            "en": "Shorter pieces; with char rarer characters become one unknown token, which lowers the loss without the model being better.",
            "tr": "Daha kısa parçalar; char ile seyrek karakterler tek bir bilinmeyen token olur, model iyileşmeden loss düşer.",
        },
    ),
    Hyperparameter(
        "epochs",
        {"en": "Epochs", "tr": "Epoch sayısı"},
        {
            "en": "Passes over the whole training text. The learning rate's fall is stretched over all of them.",
            "tr": "Tüm eğitim metninin üzerinden kaç kez geçileceği. Learning rate'in düşüşü bunların tümüne yayılır.",
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
        {"en": "Most steps", "tr": "En çok adım"},
        {
            "en": "The run ends after this many steps. Given without epochs it is the only limit; with both, the first one reached ends the run.",
            "tr": "Çalışma bu kadar adımdan sonra biter. Epoch verilmezse tek sınır budur; ikisi de verilirse önce ulaşılan bitirir.",
        },
        {
            "en": "A longer run, with a slower fall of the learning rate.",
            "tr": "Daha uzun çalışma; learning rate daha yavaş düşer.",
        },
        {
            "en": "A quick trial; if it is hardly longer than the warmup, almost no step is made at the full rate.",
            "tr": "Çabuk bir deneme; warmup'tan pek uzun değilse learning rate tam değerinde neredeyse hiç çalışmaz.",
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
        {"en": "Batches a step", "tr": "Adım başına batch"},
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
        {"en": "Windows at once", "tr": "Aynı anda pencere"},
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
    Hyperparameter(
        "optimizer",
        {"en": "Optimizer", "tr": "Optimizer"},
        {
            "en": "The rule that turns gradients into steps. adamw is the usual one and the guide's.",
            "tr": "Gradyanları adıma çeviren kural. adamw alışılmış olandır ve rehberin seçimidir.",
        },
        {
            "en": "muon often learns faster in few steps; it wants a learning rate of its own, about 0.04.",
            "tr": "muon az adımda çoğu kez daha hızlı öğrenir; kendine göre bir learning rate ister: 0.04 dolayı.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "learning_rate",
        {"en": "Learning rate", "tr": "Learning rate"},
        {
            "en": "How far a step moves the weights, at its peak. 3e-4 is the guide's value for AdamW.",
            "tr": "Bir adımın ağırlıkları ne kadar oynattığı; en yüksek değeri. Rehberin AdamW için değeri 3e-4'tür.",
        },
        {
            "en": "Faster learning, until the loss begins to jump or blows up.",
            "tr": "Loss sıçramaya başlayana ya da patlayana dek daha hızlı öğrenme.",
        },
        {
            "en": "Steadier and slower; too low, and the loss crawls.",
            "tr": "Daha kararlı ve daha yavaş; çok düşükse loss sürünür.",
        },
    ),
    Hyperparameter(
        "warmup_steps",
        {"en": "Warmup steps", "tr": "Warmup steps"},
        {
            "en": "Steps over which the learning rate rises from near 0 to its peak.",
            "tr": "Learning rate'in 0 dolayından en yüksek değerine çıktığı adım sayısı.",
        },
        {
            "en": "A gentler start, which helps where the loss jumps early; in a short run too little is left at full rate.",
            "tr": "Daha yumuşak başlangıç; loss başta sıçrıyorsa yarar, kısa çalışmada tam hıza az adım kalır.",
        },
        {
            "en": "Full rate sooner; without warmup the first large steps can throw a new model off.",
            "tr": "Tam hıza daha erken ulaşılır; warmup yoksa ilk büyük adımlar yeni modeli savurabilir.",
        },
    ),
    Hyperparameter(
        "schedule",
        {"en": "Schedule", "tr": "Schedule (hız planı)"},
        {
            "en": "How the learning rate falls after the warmup. cosine: slowly, then faster, then slowly again. linear: in a straight line. wsd: it stays, and falls at the end only. inverse-sqrt: fast at first, then ever slower. cosine-restarts: several cosines in a row. plateau: whenever validation stops improving. constant: never.",
            "tr": "Learning rate'in warmup'tan sonra nasıl düştüğü. cosine: önce yavaş, sonra hızlı, sonra yine yavaş. linear: düz bir çizgiyle. wsd: aynı kalır, yalnızca sonda düşer. inverse-sqrt: önce hızlı, sonra giderek yavaş. cosine-restarts: art arda birkaç cosine. plateau: validation iyileşmeyi her bıraktığında. constant: hiç düşmez.",
        },
        {
            "en": "cosine and linear usually end lowest. wsd comes near, and its run can be made longer from before the fall. The others end higher; inverse-sqrt, plateau and constant need not know the number of steps.",
            "tr": "Genellikle en düşükte cosine ile linear biter. wsd yaklaşır; çalışması, düşüşten öncesinden uzatılabilir. Ötekiler daha yüksekte biter; inverse-sqrt, plateau ve constant adım sayısını bilmek istemez.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "decay_share",
        {"en": "Decay share (wsd)", "tr": "Düşüş payı (wsd)"},
        {
            "en": "With the schedule wsd: the share of the steps after the warmup, at the end of the run, over which the learning rate falls.",
            "tr": "wsd schedule'unda: warmup'tan sonraki adımların, çalışmanın sonunda learning rate'in düştüğü payı.",
        },
        {
            "en": "A longer fall: the model settles more, and sees less text at the full rate; 1 is a fall from the start.",
            "tr": "Daha uzun düşüş: model daha çok oturur, tam hızda daha az metin görür; 1, baştan beri düşüş demektir.",
        },
        {
            "en": "More steps at the full rate; below 0.1 the model has little time to settle.",
            "tr": "Tam hızda daha çok adım; 0.1'in altında modelin oturmaya pek zamanı kalmaz.",
        },
    ),
    Hyperparameter(
        "cycles",
        {"en": "Cycles (restarts)", "tr": "Döngü (restarts)"},
        {
            "en": "With the schedule cosine-restarts: how many times the learning rate falls in the run, each time from its peak.",
            "tr": "cosine-restarts schedule'unda: learning rate'in çalışmada kaç kez, her defasında en yüksek değerden, düştüğü.",
        },
        {
            "en": "Shorter falls, with a good model at the end of each; every restart costs some of what was gained.",
            "tr": "Daha kısa düşüşler ve her birinin sonunda iyi bir model; her yeniden başlangıç kazanılanın bir kısmına mal olur.",
        },
        {
            "en": "Longer falls; 1 is the plain cosine.",
            "tr": "Daha uzun düşüşler; 1, düz cosine demektir.",
        },
    ),
    Hyperparameter(
        "plateau_factor",
        {"en": "Plateau factor", "tr": "Plato çarpanı"},
        {
            "en": "With the schedule plateau: what the learning rate is multiplied by when validation has stopped improving.",
            "tr": "plateau schedule'unda: validation iyileşmeyi bıraktığında learning rate'in çarpıldığı sayı.",
        },
        {
            "en": "Gentler falls, and more of them are needed.",
            "tr": "Daha yumuşak düşüşler; daha çoğu gerekir.",
        },
        {
            "en": "A harder fall: the model settles at once, and learns slowly from then on.",
            "tr": "Daha sert düşüş: model hemen oturur, ondan sonra yavaş öğrenir.",
        },
    ),
    Hyperparameter(
        "plateau_patience",
        {"en": "Plateau patience", "tr": "Plato patience"},
        {
            "en": "With the schedule plateau: evaluations in a row without a new best after which the learning rate is lowered. It should be below the early stopping patience, or the run ends first.",
            "tr": "plateau schedule'unda: art arda kaç değerlendirme yeni bir en iyi getirmezse learning rate'in düşürüldüğü. Early stopping patience'tan küçük olmalı; yoksa önce çalışma biter.",
        },
        {
            "en": "The rate stays up longer; chance rises of the loss lower it less often.",
            "tr": "Hız daha uzun süre yüksek kalır; loss'un rastgele yükselişleri onu daha seyrek düşürür.",
        },
        {
            "en": "The rate is lowered at the first sign, perhaps by chance.",
            "tr": "Hız ilk belirtide düşürülür, belki de rastlantıyla.",
        },
    ),
    Hyperparameter(
        "learning_rate_floor",
        {"en": "Learning rate floor", "tr": "Learning rate tabanı"},
        {
            "en": "Share of the peak learning rate below which no schedule falls; most are there at the last step: 0.1 means 3e-4 falls to 3e-5. constant ignores it.",
            "tr": "En yüksek learning rate'in, hiçbir schedule'ın altına inmediği payı; çoğu son adımda oradadır: 0.1 ile 3e-4, 3e-5'e iner. constant bunu dikkate almaz.",
        },
        {
            "en": "The last steps still learn, but the model settles less.",
            "tr": "Son adımlar da öğrenir, ama model daha az oturur.",
        },
        {
            "en": "The model settles more finely; at 0 the last steps change almost nothing.",
            "tr": "Model daha ince oturur; 0'da son adımlar neredeyse hiçbir şeyi değiştirmez.",
        },
    ),
    Hyperparameter(
        "weight_average",
        {"en": "Weight average", "tr": "Ağırlık ortalaması"},
        {
            "en": "With a value above 0 the model that is validated, saved and written with is a running average of the weights. The value is the mean age of what is averaged, as a share of the steps so far: 0.17 at step 600 means about 100 steps. It stands in for the fall of the learning rate where nobody knows when training will end.",
            "tr": "0'dan büyükse doğrulanan, saklanan ve metin yazan model, ağırlıkların yürüyen ortalamasıdır. Değer, ortalamaya girenlerin ortalama yaşıdır, o âna kadarki adımların payı olarak: 600. adımda 0.17 yaklaşık 100 adım demektir. Eğitimin ne zaman biteceği bilinmiyorsa learning rate'in düşüşünün yerini tutar.",
        },
        {
            "en": "Smoother, and further behind what the model has learnt last; at most 0.5, where all weights so far count alike.",
            "tr": "Daha düzgün, ama modelin son öğrendiklerinin daha gerisinde; en çok 0.5: o âna kadarki bütün ağırlıklar eşit sayılır.",
        },
        {
            "en": "Closer to the last weights, with more of their unrest. 0 keeps the weights as they are: right wherever the rate falls to the end.",
            "tr": "Son ağırlıklara daha yakın, ama onların dalgalanmasıyla. 0 ağırlıkları olduğu gibi bırakır: learning rate sona doğru düşüyorsa doğrusu budur.",
        },
    ),
    Hyperparameter(
        "weight_decay",
        {"en": "Weight decay", "tr": "Weight decay"},
        {
            "en": "Every step shrinks the weight matrices by the share learning rate × this value, so that only what helps again and again stays large.",
            "tr": "Her adım ağırlık matrislerini learning rate × bu değer oranında küçültür; yalnızca tekrar tekrar işe yarayan ağırlıklar büyük kalır.",
        },
        {
            "en": "A stronger hand against memorising; too high, and the model cannot learn the text.",
            "tr": "Ezberlemeye karşı daha güçlü önlem; çok yüksekse model metni öğrenemez.",
        },
        {
            "en": "More freedom for the weights, and sooner overfitting on little text.",
            "tr": "Ağırlıklara daha çok özgürlük; az metinde daha erken overfitting.",
        },
    ),
    Hyperparameter(
        "grad_clip",
        {"en": "Gradient clipping", "tr": "Gradient clipping"},
        {
            "en": "Largest length of the gradient; a longer one is shortened to it. 0 turns clipping off.",
            "tr": "Gradyanın en büyük uzunluğu; daha uzunu buna kısaltılır. 0, clipping'i kapatır.",
        },
        {
            "en": "Rarely interferes, so a wild batch can throw the weights about.",
            "tr": "Nadiren devreye girer; aykırı bir batch ağırlıkları savurabilir.",
        },
        {
            "en": "Tames more steps; far below the usual gradient norm every step counts alike, however steep the loss.",
            "tr": "Daha çok adımı dizginler; olağan gradyan normunun çok altında, eğim ne olursa olsun her adım eşit sayılır.",
        },
    ),
    Hyperparameter(
        "dropout",
        {"en": "Dropout", "tr": "Dropout"},
        {
            "en": "Share of units switched off at random in each training step, so that the model cannot lean on any one. Off for evaluating and writing.",
            "tr": "Her eğitim adımında rastgele kapatılan birimlerin payı; model tek bir birime dayanamaz. Değerlendirirken ve yazarken kapalıdır.",
        },
        {
            "en": "Less memorising, and slower learning; the shown training loss is higher.",
            "tr": "Daha az ezber, daha yavaş öğrenme; görünen eğitim loss'u yükselir.",
        },
        {
            "en": "Faster learning, and sooner overfitting on little text; 0 suits short runs and much text.",
            "tr": "Daha hızlı öğrenme, az metinde daha erken overfitting; 0, kısa çalışmaya ve çok metne uyar.",
        },
    ),
    Hyperparameter(
        "early_stopping_patience",
        {"en": "Patience", "tr": "Sabır"},
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
        {"en": "Metrics of its text", "tr": "Metin ölçüleri"},
        {
            "en": "What is measured, after training, of text that the best model writes: bleu and rouge (how near it comes to the text that really went on), distinct (how varied its words are), copied (how much of it stands in the training text). Joined by commas.",
            "tr": "Eğitimden sonra en iyi modelin yazdığı metinde ne ölçüleceği: bleu ve rouge (gerçekte süren metne ne kadar yaklaştığı), distinct (sözcüklerinin ne kadar çeşitli olduğu), copied (ne kadarının eğitim metninde bulunduğu). Virgülle ayrılır.",
        },
        {
            "en": 'bleu and rouge need further libraries: pip install "mmrec-tui[metrics]". Left out, nothing is measured. They are low even for good models; compare like with like.',
            "tr": 'bleu ve rouge ek kütüphane ister: pip install "mmrec-tui[metrics]". Boşsa hiçbir şey ölçülmez. İyi modellerde bile düşüktürler; yalnızca benzeri benzeriyle karşılaştırın.',
        },
        NOTHING,
    ),
    Hyperparameter(
        "seed",
        {"en": "Seed", "tr": "Seed (tohum)"},
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
