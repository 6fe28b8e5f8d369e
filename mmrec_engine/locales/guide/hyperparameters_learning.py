"""What each setting of the optimizer does: how far, and how steadily, a step moves the weights."""

from __future__ import annotations

from mmrec_engine.locales.guide.hyperparameter import NOTHING, Hyperparameter

LEARNING: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "optimizer",
        {"en": "Optimizer", "tr": "Optimizer"},
        {
            "en": "The rule that turns gradients into steps. adamw is the usual one and the guide's.",
            "tr": "Gradyanları adıma çeviren kural. adamw alışılmış olandır ve rehberin seçimidir.",
        },
        {
            "en": "muon often learns faster in few steps; it wants a learning rate of its own, about 0.04.",
            "tr": "muon az adımda çoğu kez daha hızlı öğrenir; kendine göre bir öğrenme oranı ister: 0.04 dolayı.",
        },
        NOTHING,
    ),
    Hyperparameter(
        "learning_rate",
        {"en": "Learning rate", "tr": "Öğrenme oranı"},
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
            "tr": "Öğrenme oranının 0 dolayından en yüksek değerine çıktığı adım sayısı.",
        },
        {
            "en": "A gentler start, which helps where the loss jumps early; in a short run few steps are left at the full learning rate.",
            "tr": "Daha yumuşak başlangıç; loss başta sıçrıyorsa yarar, kısa çalışmada tam öğrenme oranına az adım kalır.",
        },
        {
            "en": "The full learning rate sooner; without warmup the first large steps can throw a new model off.",
            "tr": "Tam öğrenme oranına daha erken ulaşılır; warmup yoksa ilk büyük adımlar yeni modeli savurabilir.",
        },
    ),
    Hyperparameter(
        "schedule",
        {"en": "Schedule", "tr": "Schedule"},
        {
            "en": "How the learning rate falls after the warmup. cosine: slowly, then faster, then slowly again. linear: in a straight line. wsd: it stays, and falls at the end only. inverse-sqrt: fast at first, then ever slower. cosine-restarts: several cosines in a row. plateau: whenever validation stops improving. constant: never.",
            "tr": "Öğrenme oranının warmup'tan sonra nasıl düştüğü. cosine: önce yavaş, sonra hızlı, sonra yine yavaş. linear: düz bir çizgiyle. wsd: aynı kalır, yalnızca sonda düşer. inverse-sqrt: önce hızlı, sonra giderek yavaş. cosine-restarts: art arda birkaç cosine. plateau: validation iyileşmeyi her bıraktığında. constant: hiç düşmez.",
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
            "tr": "wsd schedule'unda: warmup'tan sonraki adımların, çalışmanın sonunda öğrenme oranının düştüğü payı.",
        },
        {
            "en": "A longer fall: the model settles more, and sees less text at the full learning rate; 1 is a fall from the start.",
            "tr": "Daha uzun düşüş: model daha çok oturur, tam öğrenme oranında daha az metin görür; 1, baştan beri düşüş demektir.",
        },
        {
            "en": "More steps at the full learning rate; below 0.1 the model has little time to settle.",
            "tr": "Tam öğrenme oranında daha çok adım; 0.1'in altında modelin oturmaya pek zamanı kalmaz.",
        },
    ),
    Hyperparameter(
        "cycles",
        {"en": "Cycles (restarts)", "tr": "Döngü (restarts)"},
        {
            "en": "With the schedule cosine-restarts: how many times the learning rate falls in the run, each time from its peak.",
            "tr": "cosine-restarts schedule'unda: öğrenme oranının çalışmada kaç kez, her defasında en yüksek değerden, düştüğü.",
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
            "tr": "plateau schedule'unda: validation iyileşmeyi bıraktığında öğrenme oranının çarpıldığı sayı.",
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
            "tr": "plateau schedule'unda: art arda kaç değerlendirme yeni bir en iyi getirmezse öğrenme oranının düşürüldüğü. Early stopping patience'tan küçük olmalı; yoksa önce çalışma biter.",
        },
        {
            "en": "The learning rate stays up longer; chance rises of the loss lower it less often.",
            "tr": "Öğrenme oranı daha uzun süre yüksek kalır; loss'un rastgele yükselişleri onu daha seyrek düşürür.",
        },
        {
            "en": "The learning rate is lowered at the first sign, perhaps by chance.",
            "tr": "Öğrenme oranı ilk belirtide düşürülür, belki de rastlantıyla.",
        },
    ),
    Hyperparameter(
        "learning_rate_floor",
        {"en": "Learning rate floor", "tr": "Öğrenme oranı tabanı"},
        {
            "en": "Share of the peak learning rate below which no schedule falls; most are there at the last step: 0.1 means 3e-4 falls to 3e-5. constant ignores it.",
            "tr": "En yüksek öğrenme oranının, hiçbir schedule'ın altına inmediği payı; çoğu son adımda oradadır: 0.1 ile 3e-4, 3e-5'e iner. constant bunu dikkate almaz.",
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
            "tr": "0'dan büyükse değerlendirilen, saklanan ve metin yazan model, ağırlıkların yürüyen ortalamasıdır. Değer, ortalamaya girenlerin ortalama yaşıdır, o âna kadarki adımların payı olarak: 600. adımda 0.17 yaklaşık 100 adım demektir. Eğitimin ne zaman biteceği bilinmiyorsa öğrenme oranının düşüşünün yerini tutar.",
        },
        {
            "en": "Smoother, and further behind what the model has learnt last; at most 0.5, where all weights so far count alike.",
            "tr": "Daha düzgün, ama modelin son öğrendiklerinin daha gerisinde; en çok 0.5: o âna kadarki bütün ağırlıklar eşit sayılır.",
        },
        {
            "en": "Closer to the last weights, with more of their unrest. 0 keeps the weights as they are: right wherever the learning rate falls to the end.",
            "tr": "Son ağırlıklara daha yakın, ama onların dalgalanmasıyla. 0 ağırlıkları olduğu gibi bırakır: öğrenme oranı sona doğru düşüyorsa doğrusu budur.",
        },
    ),
    Hyperparameter(
        "weight_decay",
        {"en": "Weight decay", "tr": "Weight decay"},
        {
            "en": "Every step shrinks the weight matrices by the share learning rate × this value, so that only what helps again and again stays large.",
            "tr": "Her adım ağırlık matrislerini öğrenme oranı × bu değer oranında küçültür; yalnızca tekrar tekrar işe yarayan ağırlıklar büyük kalır.",
        },
        {
            "en": "Stronger against memorising; too high, and the model cannot learn the text.",
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
            "tr": "Daha çok adımı sınırlar; olağan gradyan normunun çok altında, eğim ne olursa olsun her adım eşit sayılır.",
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
)
