"""What the figures and curves of a run mean: 11 measures, each with what it is, why it matters and how to read it.

Numbers are of characters as tokens: a model of config tiny on the sample corpus or on a megabyte of English (docs/results.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from mmrec_engine.locales.messages import Words


@dataclass(frozen=True)
class Measure:
    """One figure. what: what it measures; why: why it matters; read: healthy and warning shapes, with numbers."""

    id: str
    title: Words
    what: Words
    why: Words
    read: Words


MEASURES: tuple[Measure, ...] = (
    Measure(
        "loss",
        {"en": "Loss", "tr": "Loss"},
        {
            "en": "How surprised the model is by the token that really comes next: the mean of −ln(its probability), in nats a token. "
            "0 would be certainty. The training loss is of the text of the step, with dropout on; the validation loss is of text that is never trained on, with dropout off.",
            "tr": "Gerçekte gelen sonraki token modeli ne kadar şaşırtıyor: o tokena verdiği olasılığın −ln değerinin ortalaması, token başına nat. "
            "0, tam kesinlik olurdu. Eğitim loss'u o adımın metninden, dropout açıkken ölçülür; validation loss ise eğitimde hiç kullanılmayan metinden, dropout kapalıyken.",
        },
        {
            "en": "It is what training makes smaller; perplexity and bits per character are only other ways to write it. "
            "The validation loss tells which model is best, and when to stop.",
            "tr": "Eğitimin küçülttüğü değer budur; perplexity ve karakter başına bit onun başka yazılışlarıdır. "
            "Hangi modelin en iyi olduğunu ve ne zaman durulacağını validation loss söyler.",
        },
        {
            "en": "A new model starts at ln(vocabulary size): 4.5 with 88 tokens. It drops fast to about 2.5, then ever more slowly; 0.1 lower late in a run is much. "
            "Single steps are noisy: follow the smoothed curve. Flat near the start, repeated jumps upwards, or a validation loss that turns and rises are warnings.",
            "tr": "Yeni model ln(sözlük boyutu) değerinden başlar: 88 tokenda 4,5. Çabucak 2,5 dolayına iner, sonra giderek yavaşlar; sonlara doğru 0,1'lik düşüş çoktur. "
            "Tek tek adımlar gürültülüdür: yumuşatılmış eğriyi izleyin. Başlangıçta yatay kalması, tekrar tekrar yukarı sıçraması ya da validation loss'un dönüp yükselmesi uyarıdır.",
        },
    ),
    Measure(
        "perplexity",
        {"en": "Perplexity", "tr": "Perplexity"},
        {
            "en": "exp(loss): among how many equally likely tokens the model wavers at each place.",
            "tr": "exp(loss): modelin her yerde kaç eşit olasılıklı token arasında kaldığı.",
        },
        {
            "en": "It says what the loss says, in a number that can be pictured: 6 means as unsure as with a fair die. "
            "Only models with the same tokenizer and validation text can be compared by it.",
            "tr": "Loss ile aynı şeyi, göz önüne getirilebilen bir sayıyla söyler: 6, zar atmak kadar kararsız demektir. "
            "Yalnızca tokenizer'ı ve validation metni aynı olan modeller bununla karşılaştırılabilir.",
        },
        {
            "en": "It starts near the vocabulary's size (88 tokens: 88) and falls below 10 in a sound run with characters. "
            "A loss lower by 0.1 is a perplexity lower by a tenth. Above the vocabulary's size it is worse than guessing.",
            "tr": "Sözlük boyutu dolayından başlar (88 tokenda 88) ve karakterlerle yapılan sağlıklı bir eğitimde 10'un altına iner. "
            "Loss'un 0,1 düşmesi, perplexity'nin onda bir düşmesidir. Sözlük boyutunun üstü, rastgele tahminden kötüdür.",
        },
    ),
    Measure(
        "accuracy",
        {"en": "Accuracy", "tr": "Accuracy"},
        {
            "en": "The share of validation tokens for which the model's likeliest guess is the right one.",
            "tr": "Modelin en olası gördüğü tahminin doğru çıktığı validation tokenlarının payı.",
        },
        {
            "en": "It is easy to grasp, and it shows that a lower loss is no mere play with probabilities. "
            "The loss is the finer measure: it also counts how sure the model was.",
            "tr": "Kavraması kolaydır ve loss'taki düşüşün yalnızca olasılık oyunu olmadığını gösterir. "
            "Loss daha ince bir ölçüdür: modelin ne kadar emin olduğunu da sayar.",
        },
        {
            "en": "With characters, always guessing the space gives about 15%; a small model reaches 40 to 50%. "
            "100% is out of reach, for a text can always go on in several ways. Near it, validation text has almost surely leaked into training.",
            "tr": "Karakterlerle, hep boşluk tahmin etmek %15 kadar tutturur; küçük bir model %40–50'ye ulaşır. "
            "%100'e ulaşılamaz, çünkü bir metin hep birkaç türlü sürebilir. Buna yaklaşıyorsa validation metni neredeyse kesin eğitime sızmıştır.",
        },
    ),
    Measure(
        "gap",
        {"en": "Gap (validation − training)", "tr": "Fark (validation − eğitim)"},
        {
            "en": "The validation loss less the loss on training text, both measured at the same moment with dropout off and on about as much text.",
            "tr": "Validation loss ile eğitim metnindeki loss'un farkı; ikisi de aynı anda, dropout kapalıyken ve aşağı yukarı aynı miktarda metinde ölçülür.",
        },
        {
            "en": "It tells learning from memorising. What helps on the training text alone widens the gap.",
            "tr": "Öğrenmeyi ezberlemekten ayırır. Yalnızca eğitim metninde işe yarayan her şey farkı açar.",
        },
        {
            "en": "It starts near 0 and widens slowly: 0.1 to 0.2 is nothing to fear while the validation loss still falls. "
            "A widening gap with a rising validation loss is overfitting. "
            "A little below 0 (−0.1) only means that the validation text is easier; far below, that it also stands in the training text.",
            "tr": "0 dolayında başlar ve yavaşça açılır: validation loss hâlâ düşüyorsa 0,1–0,2 korkulacak bir şey değildir. "
            "Fark açılırken validation loss yükseliyorsa bu overfitting'dir. "
            "Biraz 0'ın altı (−0,1), yalnızca validation metninin daha kolay olduğunu gösterir; çok altı, o metnin eğitim metninde de bulunduğunu.",
        },
    ),
    Measure(
        "learning-rate",
        {"en": "Learning rate over the steps", "tr": "Adım adım öğrenme oranı"},
        {
            "en": "How far each step moves the weights. The curve is planned, not measured: up in a straight line during warmup, then down by the schedule to its floor.",
            "tr": "Her adımın ağırlıkları ne kadar oynattığı. Eğri ölçülmez, plandan gelir: warmup boyunca düz bir çizgiyle çıkar, sonra schedule'a göre tabanına iner.",
        },
        {
            "en": "Small first steps keep a new model from being thrown about; small last steps let it settle. "
            "Much of what the loss does is explained by where on this curve it happens.",
            "tr": "Küçük ilk adımlar yeni modelin savrulmasını önler; küçük son adımlar yerine oturmasını sağlar. "
            "Loss'ta görülenlerin çoğu, bu eğrinin neresinde olduğuyla açıklanır.",
        },
        {
            "en": "With the guide's values: 3e-4 at step 100, 3e-5 at the last step. "
            "If it is still rising when the run ends, the warmup was too long for the run. "
            "After a resume with more epochs it may jump up, since the whole plan became longer.",
            "tr": "Rehberin değerleriyle: 100. adımda 3e-4, son adımda 3e-5. "
            "Çalışma biterken hâlâ yükseliyorsa warmup bu çalışma için çok uzundur. "
            "Daha çok epoch ile sürdürülen çalışmada yukarı sıçrayabilir, çünkü planın tümü uzamıştır.",
        },
    ),
    Measure(
        "gradient-norm",
        {"en": "Gradient norm", "tr": "Gradyan normu"},
        {
            "en": "The length of the gradient of all weights together, before clipping: how steep the loss is at this place. "
            "Where it exceeds the clipping value (1.0), the step is made with the gradient shortened to that length.",
            "tr": "Tüm ağırlıkların gradyanının toplu uzunluğu, clipping'den önce: loss'un o noktada ne kadar dik olduğu. "
            "Clipping değerini (1.0) aştığında adım, o uzunluğa kısaltılmış gradyanla atılır.",
        },
        {
            "en": "It is often the earliest sign of trouble: it shoots up before the loss does.",
            "tr": "Çoğu kez sorunun en erken belirtisidir: loss'tan önce fırlar.",
        },
        {
            "en": "Typical here: 1 to 2.5 in the first hundred steps, then a steady 0.5 to 1; single spikes are caught by clipping. "
            "Always above the clipping value late in a run, or growing from step to step, it points to a learning rate that is too high. "
            "Near 0 with a high loss, nothing reaches the weights any more.",
            "tr": "Burada olağan olan: ilk yüz adımda 1–2,5, sonra düzenli 0,5–1; tek tük sıçramaları clipping yakalar. "
            "Sonlarda bile hep clipping değerinin üstündeyse ya da adım adım büyüyorsa öğrenme oranının çok yüksek olduğuna işaret eder. "
            "Loss yüksekken 0'a yakınsa ağırlıklara artık bir şey ulaşmıyordur.",
        },
    ),
    Measure(
        "speed",
        {"en": "Speed (tokens per second)", "tr": "Hız (token/saniye)"},
        {
            "en": "Tokens trained on in a second of step time. Evaluations and saving are not counted.",
            "tr": "Bir saniyelik adım süresinde eğitilen token sayısı. Değerlendirmeler ve kaydetme sayılmaz.",
        },
        {
            "en": "It tells how long the run will take, and whether a change of batch, threads, precision or device has paid.",
            "tr": "Çalışmanın ne kadar süreceğini ve batch, iş parçacığı, precision ya da aygıt değişikliğinin işe yarayıp yaramadığını söyler.",
        },
        {
            "en": "The first steps are slow; after that it should keep a level. tiny makes about 5,000 to 14,000 on one core. "
            "A lasting drop means that something else wants the processor, that it is hot, or that memory is being swapped to disk.",
            "tr": "İlk adımlar yavaştır; sonra aynı düzeyde kalmalıdır. tiny, tek çekirdekte 5.000–14.000 dolayındadır. "
            "Kalıcı bir düşüş; işlemciyi başkasının da istediğini, işlemcinin ısındığını ya da belleğin diske taştığını gösterir.",
        },
    ),
    Measure(
        "machine",
        {"en": "Machine (CPU, memory)", "tr": "Makine (CPU, bellek)"},
        {
            "en": "How busy the processor is, and how much memory is in use. Weights, gradients and optimizer take up to 16 bytes a parameter; "
            "the rest grows with batch size × sequence length.",
            "tr": "İşlemcinin ne kadar meşgul olduğu ve ne kadar bellek kullanıldığı. Ağırlıklar, gradyanlar ve optimizer parametre başına en çok 16 bayt tutar; "
            "gerisi batch size × sequence length ile büyür.",
        },
        {
            "en": "A run that needs more memory than there is gets ended by the system. A processor that idles makes the run longer than it need be.",
            "tr": "Var olandan çok bellek isteyen çalışmayı sistem sonlandırır. Boş duran işlemci, çalışmayı gereğinden uzun kılar.",
        },
        {
            "en": "Memory rises in the first steps and at the first evaluation, then stays level. If it goes on climbing or nears the machine's limit, see `mmrec-tui guide out-of-memory`. "
            "Training on the CPU keeps its threads busy; much idle time means too few threads. On a GPU a mostly idle CPU is normal.",
            "tr": "Bellek ilk adımlarda ve ilk değerlendirmede artar, sonra düz gider. Artmayı sürdürür ya da makinenin sınırına yaklaşırsa: `mmrec-tui guide out-of-memory`. "
            "CPU'da eğitim iş parçacıklarını meşgul tutar; çok boşluk, iş parçacığının az olduğunu gösterir. GPU'da CPU'nun çoğunlukla boş olması olağandır.",
        },
    ),
    Measure(
        "patience",
        {"en": "Patience", "tr": "Patience"},
        {
            "en": "How many evaluations in a row have brought no new lowest validation loss, out of how many are allowed. A new best sets it back to 0.",
            "tr": "Kaç değerlendirmedir üst üste yeni bir en düşük validation loss çıkmadığı ve kaçına izin verildiği. Yeni en iyi, sayacı 0'a döndürür.",
        },
        {
            "en": "When it is used up, early stopping ends the run: more training would only memorise. The best model has been saved before (unless that is turned off), so nothing is lost.",
            "tr": "Tükendiğinde early stopping çalışmayı bitirir: daha çok eğitim yalnızca ezberletirdi. Best model (kapatılmadıysa) daha önce kaydedilmiştir, yani bir şey kaybedilmez.",
        },
        {
            "en": "0 of 5 at every evaluation: learning goes on. 1 or 2 now and then is noise. "
            "Climbing without a break while the training loss falls is overfitting; climbing within the first epochs points to a learning rate that is too high.",
            "tr": "Her değerlendirmede 0/5: öğrenme sürüyor. Arada bir 1 ya da 2 gürültüdür. "
            "Eğitim loss'u düşerken hiç durmadan artması overfitting'dir; daha ilk epoch'larda artması öğrenme oranının çok yüksek olduğuna işaret eder.",
        },
    ),
    Measure(
        "bits-per-character",
        {"en": "Bits per character", "tr": "Karakter başına bit"},
        {
            "en": "The validation loss told in bits and for each character instead of each token: how many bits a compressor that uses the model would need a character. "
            "Where every character is a token it is loss ÷ ln 2, or loss × 1.44.",
            "tr": "Validation loss'un bit olarak ve token yerine karakter başına söylenişi: modeli kullanan bir sıkıştırıcının karakter başına harcayacağı bit. "
            "Her karakter bir tokensa loss ÷ ln 2, yani loss × 1,44 değeridir.",
        },
        {
            "en": "It does not depend on what a token is. Models with different tokenizers can be compared by it, on the same text; by loss or perplexity they cannot.",
            "tr": "Tokenın ne olduğuna bağlı değildir. Farklı tokenizer'lı modeller, aynı metin üzerinde bununla karşılaştırılabilir; loss ya da perplexity ile karşılaştırılamaz.",
        },
        {
            "en": "Guessing among 88 characters costs 6.5 bits; tiny comes to about 2.5 on a megabyte of English. "
            "Shannon (1951) put printed English between 0.6 and 1.3. A small model well below 1 has most likely seen the validation text.",
            "tr": "88 karakter arasında rastgele tahmin 6,5 bit tutar; tiny, bir megabayt İngilizcede 2,5 dolayına iner. "
            "Shannon (1951) basılı İngilizce için 0,6 ile 1,3 arasını bulmuştur. 1'in çok altındaki küçük bir model büyük olasılıkla validation metnini görmüştür.",
        },
    ),
    Measure(
        "sample",
        {"en": "Sample", "tr": "Örnek metin"},
        {
            "en": "What the model writes after each evaluation: 120 tokens that continue the beginning of the validation text. "
            "Prompt and seed are always the same, so that samples of one run can be compared.",
            "tr": "Modelin her değerlendirmeden sonra yazdığı: validation metninin başını sürdüren 120 token. "
            "Prompt ve seed hep aynıdır; böylece bir çalışmanın örnekleri karşılaştırılabilir.",
        },
        {
            "en": "Figures do not tell how a model writes. Only reading does.",
            "tr": "Sayılar modelin nasıl yazdığını söylemez. Bunu yalnızca okumak gösterir.",
        },
        {
            "en": "With characters, roughly: loss 4 random letters, 2.5 word lengths and syllables, 2 shapes of words, 1.5 mostly real words; sense comes much later. "
            "One phrase over and over early on is no fault yet. Whole sentences out of the training text are a sign of memorising.",
            "tr": "Karakterlerle kabaca: loss 4'te rastgele harfler, 2,5'te sözcük boyları ve heceler, 2'de sözcük biçimleri, 1,5'te çoğu gerçek sözcükler; anlam çok daha sonra gelir. "
            "Başlarda bir kalıbın yinelenmesi henüz kusur değildir. Eğitim metninden olduğu gibi çıkan cümleler ise ezber belirtisidir.",
        },
    ),
)
