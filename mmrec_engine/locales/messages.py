"""Every error in the words a person reads, in both languages. Keys are used by `errors.py`; a test holds both complete."""

from __future__ import annotations

from mmrec_engine.locales.catalogue import LANGUAGES, Language

__all__ = ["GRADIENT", "LANGUAGES", "LOSS", "MESSAGES", "REASONS", "SIDES", "WEIGHT", "Language", "Words"]

# Words that stand inside other messages.
Words = dict[Language, str]
SIDES: dict[str, Words] = {
    "training": {"en": "training", "tr": "eğitim"},
    "validation": {"en": "validation", "tr": "validation"},
}
REASONS: dict[str, Words] = {
    "empty": {"en": "empty", "tr": "boş"},
    "binary": {"en": "not text (binary)", "tr": "metin değil (ikili)"},
    "undecodable": {"en": "not UTF-8 (undecodable)", "tr": "UTF-8 değil (çözülemiyor)"},
    "invalid-utf8": {"en": "UTF-8 but for some bytes", "tr": "birkaç bayt dışında UTF-8"},
    "invalid-utf8-rows": {
        "en": "lines with bytes that are not UTF-8 (--skip-invalid-bytes reads past these)",
        "tr": "UTF-8 olmayan baytlar içeren satırlar (--skip-invalid-bytes bunları atlayarak okur)",
    },
    "invalid-bytes": {"en": "read past bytes that are not UTF-8", "tr": "UTF-8 olmayan baytlar atlanarak okundu"},
    "encoding-unknown": {"en": "not UTF-8 (undecodable)", "tr": "UTF-8 değil (çözülemiyor)"},
    "damaged": {"en": "damaged", "tr": "bozuk"},
    "encrypted": {"en": "encrypted", "tr": "şifreli"},
    "too-large": {"en": "too large to be converted", "tr": "dönüştürülemeyecek kadar büyük"},
    "needs-extra": {"en": "in a format that an extra reads", "tr": "bir ek paketin okuduğu biçimde"},
    "no-field": {"en": "without a field of text", "tr": "metin alanı yok"},
    "invalid-rows": {"en": "rows that cannot be read (invalid-rows)", "tr": "okunamayan satırlar (invalid-rows)"},
    "unreadable": {"en": "not readable", "tr": "okunamıyor"},
    "invalid-json": {
        "en": "no JSON that holds text (invalid-json)",
        "tr": "metin tutan JSON değil (invalid-json)",
    },
    "empty-rows": {"en": "rows without text", "tr": "metni olmayan satırlar"},
    "link-outside": {
        "en": "a link that leads out of the folder, which is not followed",
        "tr": "klasörün dışına çıkan bir bağlantı; izlenmez",
    },
    "split-given": {"en": "left out of the given split", "tr": "verilen bölmenin dışında"},
    "splits-left-out": {
        "en": "a data set of which other splits are left out",
        "tr": "öteki bölümleri alınmayan bir veri kümesi",
    },
    "test-left-out": {"en": "test text, kept out", "tr": "test metni, dışarıda bırakıldı"},
}
LOSS: Words = {"en": "loss", "tr": "loss"}
WEIGHT: Words = {"en": "weight", "tr": "ağırlık"}
GRADIENT: Words = {"en": "gradient", "tr": "gradyan"}

MESSAGES: dict[str, dict[Language, str]] = {
    # settings
    "setting-unknown": {
        "en": "{place}: there is no setting {name!r}; did you mean {nearest}?",
        "tr": "{place}: {name!r} diye bir ayar yok; şunu mu demek istediniz: {nearest}",
    },
    "setting-not-integer": {
        "en": "{flag} takes a whole number, not {value!r}",
        "tr": "{flag} bir tam sayı ister, verilen: {value!r}",
    },
    "setting-not-number": {
        "en": "{flag} takes a number, not {value!r}",
        "tr": "{flag} bir sayı ister, verilen: {value!r}",
    },
    "setting-not-size": {
        "en": "{flag} takes a number of bytes such as 500000, 500MB or 2GB, not {value!r}",
        "tr": "{flag} bir bayt sayısı ister, örneğin 500000, 500MB ya da 2GB; verilen: {value!r}",
    },
    "setting-not-duration": {
        "en": "{flag} takes a length of time such as 90s, 10m or 2h, not {value!r}",
        "tr": "{flag} bir süre ister, örneğin 90s, 10m ya da 2h; verilen: {value!r}",
    },
    "time-too-short": {
        "en": "--time {time}s is too short to train on this text here; give at least --time {least}s",
        "tr": "--time {time}s burada bu metinle eğitmek için çok kısa; en az --time {least}s verin",
    },
    "plan-no-memory": {
        "en": "no config fits into memory, not even {config}; use a shorter --seq-len or a smaller --batch-size",
        "tr": "hiçbir config belleğe sığmıyor, {config} bile; daha kısa bir --seq-len ya da daha küçük bir --batch-size kullanın",
    },
    "plan-needs-time": {
        "en": "a plan needs a time to keep to: give --time, such as --time 10m",
        "tr": "plan için uyulacak bir süre gerekir: --time verin, örneğin --time 10m",
    },
    "setting-not-text": {
        "en": "{flag} takes text, not {value!r}",
        "tr": "{flag} bir metin ister, verilen: {value!r}",
    },
    "setting-empty": {
        "en": "{flag} is empty; give it a value, or leave it out",
        "tr": "{flag} boş; bir değer verin ya da hiç yazmayın",
    },
    "setting-not-boolean": {
        "en": "{flag} takes true or false, not {value!r}",
        "tr": "{flag} true ya da false ister, verilen: {value!r}",
    },
    "setting-range": {
        "en": "{flag} must be {range}, not {value}; the nearest valid value is {nearest}",
        "tr": "{flag} şu aralıkta olmalı: {range}; verilen: {value}; en yakın geçerli değer: {nearest}",
    },
    "setting-choice": {
        "en": "{flag} must be one of {choices}, not {value!r}",
        "tr": "{flag} şunlardan biri olmalı: {choices}; verilen: {value!r}",
    },
    "setting-name": {
        "en": "--name must be a plain folder name, not {value!r}; leave out slashes, leading dots and control characters",
        "tr": "--name düz bir klasör adı olmalı, verilen: {value!r}; eğik çizgi, baştaki nokta ve denetim karakterleri olmasın",
    },
    "setting-stride": {
        "en": "--stride {stride} is larger than --seq-len {seq_len}: text between windows would never be seen; use at most {seq_len}",
        "tr": "--stride {stride}, --seq-len değerinden ({seq_len}) büyük: pencereler arasındaki metin hiç görülmezdi; en çok {seq_len} verin",
    },
    "setting-llama": {
        "en": "{flag} is for --arch llama, not for {arch}; leave it out, or give --arch llama",
        "tr": "{flag} yalnız --arch llama içindir, {arch} için değil; çıkarın ya da --arch llama verin",
    },
    "setting-kv-heads": {
        "en": "--kv-heads {value} does not divide the {heads} heads of this config; give one of {choices}",
        "tr": "--kv-heads {value}, bu yapılandırmanın {heads} başlığını bölmüyor; şunlardan birini verin: {choices}",
    },
    "setting-tokens": {
        "en": "--batch-size {batch_size} × --seq-len {seq_len} is more than {most} tokens in one step; "
        "use --batch-size {nearest} and --accumulate for the rest",
        "tr": "--batch-size {batch_size} × --seq-len {seq_len}, tek adımda {most} tokendan fazla; "
        "--batch-size {nearest} ve kalanı için --accumulate kullanın",
    },
    "setting-no-limit": {
        "en": "neither --epochs nor --max-steps limits the run; give one of them",
        "tr": "ne --epochs ne de --max-steps çalışmayı sınırlıyor; birini verin",
    },
    "mixing-weight": {
        "en": "{name}={value}: a weight is a number above 0; give another one",
        "tr": "{name}={value}: ağırlık 0'dan büyük bir sayıdır; başka bir sayı verin",
    },
    "mixing-some-weights": {
        "en": "{name} has no weight, others have; give each corpus a weight (PATH=WEIGHT), or none of them",
        "tr": "{name} ağırlıksız, ötekiler ağırlıklı; her derleme bir ağırlık verin (YOL=AĞIRLIK) ya da hiçbirine vermeyin",
    },
    "mixing-both": {
        "en": "--mixing-temperature is for corpora without weights; leave it out, or the weights",
        "tr": "--mixing-temperature ağırlıksız derlemeler içindir; onu ya da ağırlıkları vermeyin",
    },
    "mixing-twice": {
        "en": "{name} is named twice; give each corpus once, with a larger weight where it is to be read more often",
        "tr": "{name} iki kez verilmiş; her derlemeyi bir kez verin, daha sık okunacaksa ağırlığını artırın",
    },
    "mixing-short": {
        "en": "{name}: {reason}",
        "tr": "{name}: {reason}",
    },
    "early-stopping-on": {
        "en": "--early-stopping-on {value}: no such corpus here; use one of {choices}",
        "tr": "--early-stopping-on {value}: burada böyle bir derlem yok; şunlardan birini verin: {choices}",
    },
    "tag-unknown": {
        "en": "--corpus-tag {name}: the model was not trained on such a corpus; it knows {choices}",
        "tr": "--corpus-tag {name}: model böyle bir derlemle eğitilmedi; bildikleri: {choices}",
    },
    "denoising-short": {
        "en": "--seq-len {seq_len} leaves no room for --denoising; use --seq-len {nearest} or more",
        "tr": "--seq-len {seq_len}, --denoising için yer bırakmıyor; --seq-len {nearest} ya da daha çok verin",
    },
    "setting-two-corpora": {
        "en": "{first} and {second} both name a corpus; give one of them",
        "tr": "{first} ve {second} ikisi de bir derlem adı veriyor; yalnızca birini verin",
    },
    "settings-file-missing": {
        "en": "--settings {path}: cannot read the file ({reason})",
        "tr": "--settings {path}: dosya okunamıyor ({reason})",
    },
    "settings-file-invalid": {
        "en": "--settings {path}: not valid TOML ({reason})",
        "tr": "--settings {path}: geçerli TOML değil ({reason})",
    },
    # corpus
    "corpus-missing": {
        "en": "{path}: no such file or folder; give --data-dir a text file or a folder of text files",
        "tr": "{path}: böyle bir dosya ya da klasör yok; --data-dir için bir metin dosyası ya da metin klasörü verin",
    },
    "corpus-unreadable": {
        "en": "{path}: cannot be read ({reason}); check its permissions",
        "tr": "{path}: okunamıyor ({reason}); izinlerine bakın",
    },
    "corpus-empty": {
        "en": "{path}: no text found (nothing but hidden, empty or binary files); put .txt, .md or .jsonl files there",
        "tr": "{path}: metin bulunamadı (yalnızca gizli, boş ya da ikili dosyalar var); oraya .txt, .md ya da .jsonl dosyaları koyun",
    },
    "corpus-nothing-usable": {
        "en": "{path}: no usable text; {first} is {reason} ({count} left out in all); put text files there",
        "tr": "{path}: kullanılabilir metin yok; {first}: {reason} (toplam {count} dosya dışarıda); oraya metin dosyaları koyun",
    },
    "corpus-undecodable": {
        "en": "{path}: no usable text; {first} is {reason} ({count} left out in all); it looks like --encoding {hint}",
        "tr": "{path}: kullanılabilir metin yok; {first}: {reason} (toplam {count} dosya dışarıda); şuna benziyor: --encoding {hint}",
    },
    "corpus-invalid-utf8": {
        "en": "{path}: no usable text; {first} is UTF-8 but for byte {hint} (counted from 0; {count} left out in all); mend it, or read past that with --skip-invalid-bytes",
        "tr": "{path}: kullanılabilir metin yok; {first}, {hint}. bayt dışında UTF-8 (0'dan sayılır; toplam {count} dosya dışarıda); onarın ya da orayı --skip-invalid-bytes ile atlayın",
    },
    "corpus-encoding-untold": {
        "en": "{path}: no usable text; {first} is {reason} ({count} left out in all), and no encoding known here reads it well; name its own with --encoding, or save it as UTF-8",
        "tr": "{path}: kullanılabilir metin yok; {first}: {reason} (toplam {count} dosya dışarıda) ve burada bilinen hiçbir kodlama ona uymuyor; kodlamasını --encoding ile verin ya da UTF-8 olarak kaydedin",
    },
    "corpus-no-field": {
        "en": "{path}: no usable text; {first} has no field that is known to hold the text ({count} left out in all); name one with --text-field, of: {hint}",
        "tr": "{path}: kullanılabilir metin yok; {first}: metni tuttuğu bilinen bir alan yok (toplam {count} dosya dışarıda); --text-field ile birini verin: {hint}",
    },
    "corpus-needs-extra": {
        "en": "{path}: no usable text; {first} needs a library that is not installed: {hint}",
        "tr": "{path}: kullanılabilir metin yok; {first} için gereken kütüphane kurulu değil: {hint}",
    },
    "corpus-encoding-unknown": {
        "en": "--encoding {encoding}: no such text encoding; try windows-1254 (Turkish), windows-1252, windows-1251 (Cyrillic) or gb18030",
        "tr": "--encoding {encoding}: böyle bir metin kodlaması yok; windows-1254 (Türkçe), windows-1252, windows-1251 (Kiril) ya da gb18030 deneyin",
    },
    "corpus-name-unknown": {
        "en": "--corpus {name}: no such built-in corpus; choose one of {choices}, or hf:OWNER/NAME",
        "tr": "--corpus {name}: böyle bir hazır derlem yok; şunlardan birini seçin: {choices} ya da hf:OWNER/NAME",
    },
    "corpus-builtin-missing": {
        "en": "--corpus {name}: this Python does not carry it ({reason}); use --corpus sample or --data-dir",
        "tr": "--corpus {name}: bu Python onu içermiyor ({reason}); --corpus sample ya da --data-dir kullanın",
    },
    # data sets that are streamed
    "hub-form": {
        "en": "--corpus {corpus}: not the form of a data set; write {form}",
        "tr": "--corpus {corpus}: bir veri kümesinin biçimi bu değil; şöyle yazın: {form}",
    },
    "hub-unreachable": {
        "en": "--corpus {source}: cannot reach {place} ({reason}); connect this machine and start again, what was read is kept; or use --data-dir",
        "tr": "--corpus {source}: {place} adresine ulaşılamıyor ({reason}); bağlantıyı kurup yeniden başlatın, okunmuş olan durur; ya da --data-dir kullanın",
    },
    "hub-missing": {
        "en": "--corpus {source}: the hub has no such data set or revision, or it is private; check the name, or set HF_TOKEN",
        "tr": "--corpus {source}: merkezde böyle bir veri kümesi ya da sürüm yok ya da gizli; adı denetleyin ya da HF_TOKEN verin",
    },
    "hub-gated": {
        "en": "--corpus {source}: its owner asks for consent first; give it on the data set's page, then set HF_TOKEN",
        "tr": "--corpus {source}: sahibi önce onay istiyor; veri kümesinin sayfasında onaylayın, sonra HF_TOKEN verin",
    },
    "hub-config": {
        "en": "--corpus {source}: there is no config {config!r}; write one behind the name, as in OWNER/NAME/CONFIG: {choices}",
        "tr": "--corpus {source}: {config!r} diye bir config yok; adın ardına birini yazın, OWNER/NAME/CONFIG gibi: {choices}",
    },
    "hub-split": {
        "en": "--corpus {source}: there is no split {split!r}; choose one of {choices}",
        "tr": "--corpus {source}: {split!r} diye bir bölüm yok; şunlardan birini seçin: {choices}",
    },
    "hub-column": {
        "en": "--corpus {source}: there is no column {column!r}; choose one of {choices}",
        "tr": "--corpus {source}: {column!r} diye bir sütun yok; şunlardan birini seçin: {choices}",
    },
    "hub-column-untold": {
        "en": "--corpus {source}: no column is known to hold text; name one with --text-field, of: {choices}",
        "tr": "--corpus {source}: metni tuttuğu bilinen bir sütun yok; --text-field ile birini verin: {choices}",
    },
    "hub-column-no-text": {
        "en": "--corpus {source}: the column {column!r} holds no text; columns of text: {choices}",
        "tr": "--corpus {source}: {column!r} sütununda metin yok; metin olan sütunlar: {choices}",
    },
    "hub-unreadable": {
        "en": "--corpus {source}: the data set cannot be read ({reason}); check it, or choose another",
        "tr": "--corpus {source}: veri kümesi okunamıyor ({reason}); onu denetleyin ya da başkasını seçin",
    },
    "corpus-too-short": {
        "en": "the {side} split has {tokens} tokens, less than one window of {seq_len} and its next token; "
        "add text or use --seq-len {nearest} or less",
        "tr": "{side} bölümü {tokens} token; {seq_len} tokenlık bir pencere ve sonraki tokena yetmiyor; "
        "metin ekleyin ya da --seq-len en çok {nearest} olsun",
    },
    "corpus-side-empty": {
        "en": "the {side} split has no text; add some, or let --val-split divide the text",
        "tr": "{side} bölümünde metin yok; metin ekleyin ya da bölmeyi --val-split ayarına bırakın",
    },
    "setting-processes": {
        "en": "--processes {processes}: a step has {windows} windows (--batch-size times --accumulate) to share; use {windows} processes at most, or a larger batch",
        "tr": "--processes {processes}: bir adımda paylaşılacak {windows} pencere var (--batch-size çarpı --accumulate); en çok {windows} süreç ya da daha büyük bir batch kullanın",
    },
    "sharding-alone": {
        "en": "--sharding full: one process has nobody to share its model with; give --processes 2 or more, or leave it out",
        "tr": "--sharding full: tek sürecin modelini paylaşacağı kimse yok; --processes 2 ya da daha çok verin ya da bu ayarı vermeyin",
    },
    "processes-differ": {
        "en": "--processes {asked}: torchrun has started {launched}; leave the flag out, or let --nproc-per-node say {asked}",
        "tr": "--processes {asked}: torchrun {launched} süreç başlattı; bu ayarı vermeyin ya da --nproc-per-node {asked} olsun",
    },
    "processes-device": {
        "en": "--processes: on {device} only one process can train; leave it out, or use --device cpu",
        "tr": "--processes: {device} üzerinde yalnızca bir süreç eğitebilir; bu ayarı vermeyin ya da --device cpu kullanın",
    },
    "processes-unavailable": {
        "en": "--processes: this PyTorch is built without torch.distributed; leave it out",
        "tr": "--processes: bu PyTorch, torch.distributed olmadan derlenmiş; bu ayarı vermeyin",
    },
    "process-lost": {
        "en": "process {number} of {size} is gone ({reason}), so all have ended; go on from the last checkpoint with --resume",
        "tr": "{size} süreçten {number}. süreç yok oldu ({reason}), bu yüzden hepsi bitti; son checkpoint'ten --resume ile sürdürün",
    },
    "process-never-came": {
        "en": "process {missing} of {size} has not come to {place} ({reason}); start it there with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE, or train with fewer",
        "tr": "{size} süreçten {missing}. süreç {place} adresine gelmedi ({reason}); onu aynı MASTER_ADDR, MASTER_PORT ve WORLD_SIZE ile başlatın ya da daha az süreçle eğitin",
    },
    "setting-curriculum-length": {
        "en": "--curriculum length cuts windows, and with them the tags of several corpora and the spans of --denoising; choose another curriculum",
        "tr": "--curriculum length pencereleri, onlarla birlikte birkaç derlemin etiketlerini ve --denoising parçalarını böler; başka bir curriculum seçin",
    },
    "mixing-streamed": {
        "en": "--corpus {name}: a data set that is streamed cannot be mixed with others yet; give it alone, or save its text in a folder first",
        "tr": "--corpus {name}: akıtılan bir veri kümesi henüz başkalarıyla karıştırılamaz; tek başına verin ya da metnini önce bir klasöre kaydedin",
    },
    "setting-recased": {
        "en": "--recased: with the tokenizer {tokenizer} text in another case falls into other pieces; use --tokenizer char, or leave it out",
        "tr": "--recased: {tokenizer} tokenizer'ıyla başka harf düzenindeki metin başka parçalara ayrılır; --tokenizer char kullanın ya da bunu vermeyin",
    },
    "vocabulary-small": {
        "en": "--vocab-size {value}: the tokenizer {tokenizer} needs at least {nearest} for this text; give that or more",
        "tr": "--vocab-size {value}: {tokenizer} tokenizer'ı bu metin için en az {nearest} ister; onu ya da daha çoğunu verin",
    },
    "tokenizer-differs": {
        "en": "{path}: the tokenizer that is learnt from this text now is not the run's; use the library version that the run was made with",
        "tr": "{path}: bu metinden şimdi öğrenilen tokenizer çalışmanınki değil; çalışmanın yapıldığı kütüphane sürümünü kullanın",
    },
    "metrics-too-short": {
        "en": "the validation split has {tokens} tokens, metrics of written text need {needed}; leave --metrics out, or use more text",
        "tr": "validation bölümünde {tokens} token var, yazılan metnin ölçüleri {needed} ister; --metrics vermeyin ya da daha çok metin kullanın",
    },
    "extra-missing": {
        "en": "the library {library} is not installed; install it with: {command}",
        "tr": "{library} kütüphanesi kurulu değil; şununla kurun: {command}",
    },
    "corpus-changed-while-read": {
        "en": "{path}: changed or vanished while it was read; start again once it is at rest",
        "tr": "{path}: okunurken değişti ya da kayboldu; dosya yerine oturunca yeniden başlatın",
    },
    "cache-unwritable": {
        "en": "cannot write prepared tokens to {path} ({reason}); free space there or set XDG_CACHE_HOME to another folder",
        "tr": "hazırlanan tokenlar {path} klasörüne yazılamıyor ({reason}); orada yer açın ya da XDG_CACHE_HOME ile başka klasör verin",
    },
    # runs and checkpoints
    "run-exists": {
        "en": "{path} already holds a run; use --resume to go on with it, --overwrite to replace it, or another --name",
        "tr": "{path} içinde zaten bir çalışma var; sürdürmek için --resume, yerine yazmak için --overwrite ya da başka bir --name verin",
    },
    "run-folder-foreign": {
        "en": "{path} exists and is not a run folder; choose another --name or --output-dir",
        "tr": "{path} var ve bir çalışma klasörü değil; başka bir --name ya da --output-dir seçin",
    },
    "run-locked": {
        "en": "{path} is being trained by another process; wait for it, or choose another --name",
        "tr": "{path} şu anda başka bir süreç tarafından eğitiliyor; bitmesini bekleyin ya da başka bir --name seçin",
    },
    "run-is-live": {
        "en": "{path} is being trained now; stop it first, then delete it",
        "tr": "{path} şu anda eğitiliyor; önce durdurun, sonra silin",
    },
    "run-missing": {
        "en": "{path}: no such run or checkpoint; `mmrec-tui runs` lists the runs",
        "tr": "{path}: böyle bir çalışma ya da checkpoint yok; `mmrec-tui runs` çalışmaları listeler",
    },
    "run-gone": {
        "en": "{path} is no longer there: it was deleted, or its training was given up before the first step, which leaves nothing",
        "tr": "{path} artık yok: silindi ya da eğitimi ilk adımdan önce bırakıldı; o zaman geriye bir şey kalmaz",
    },
    "run-unwritable": {
        "en": "{path}: cannot write there ({reason}); choose another --output-dir",
        "tr": "{path}: oraya yazılamıyor ({reason}); başka bir --output-dir seçin",
    },
    "run-description-damaged": {
        "en": "{path}: run.json cannot be read ({reason}); the run cannot be resumed, use --overwrite or another --name",
        "tr": "{path}: run.json okunamıyor ({reason}); çalışma sürdürülemez, --overwrite ya da başka bir --name kullanın",
    },
    "resume-differs": {
        "en": "--resume: {flag} {given} differs from the run's {stored}; leave it out, or start a new run with --name",
        "tr": "--resume: {flag} {given}, çalışmadakinden ({stored}) farklı; vermeyin ya da --name ile yeni bir çalışma başlatın",
    },
    "resume-corpus-differs": {
        "en": "--resume: the text has changed since this run began ({path}); restore it, or start a new run with --name",
        "tr": "--resume: metin bu çalışma başladığından beri değişmiş ({path}); eski haline getirin ya da --name ile yeni çalışma başlatın",
    },
    "checkpoint-damaged": {
        "en": "{path}: damaged or not a checkpoint of mmrec ({reason}); use another checkpoint of the run",
        "tr": "{path}: bozuk ya da bir mmrec checkpoint dosyası değil ({reason}); çalışmanın başka bir checkpoint dosyasını kullanın",
    },
    "checkpoint-newer": {
        "en": "{path}: written by a newer mmrec (format {format}, this one reads up to {known}); update mmrec",
        "tr": "{path}: daha yeni bir mmrec yazmış (biçim {format}, bu sürüm en çok {known} okur); mmrec sürümünü yükseltin",
    },
    "generate-not-finite": {
        "en": "the model's numbers are not finite: its weights are damaged or have run away; use another checkpoint of the run",
        "tr": "modelin sayıları sonlu değil: ağırlıkları bozuk ya da kontrolden çıkmış; çalışmanın başka bir checkpoint dosyasını kullanın",
    },
    "export-exists": {
        "en": "{path} exists and is not empty; choose a new folder",
        "tr": "{path} var ve boş değil; yeni bir klasör seçin",
    },
    "export-unwritable": {
        "en": "{path}: cannot write there ({reason}); choose another folder",
        "tr": "{path}: oraya yazılamıyor ({reason}); başka bir klasör seçin",
    },
    "export-architecture": {
        "en": "--to {format} is for {architectures}, and this model is {arch}; train one with --arch {nearest}, or export it without --to",
        "tr": "--to {format} yalnız {architectures} içindir, bu model ise {arch}; --arch {nearest} ile bir model eğitin ya da --to vermeden dışa aktarın",
    },
    "export-license": {
        "en": "--license is written into the model card of --to hf; leave it out, or give --to hf",
        "tr": "--license, --to hf ile yazılan model kartı içindir; çıkarın ya da --to hf verin",
    },
    "export-license-name": {
        "en": "--license {value} is no name of a licence; give its identifier in one word, like mit or cc-by-4.0",
        "tr": "--license {value} bir lisans adı değil; kimliğini tek sözcükle verin: mit ya da cc-by-4.0 gibi",
    },
    "evaluate-no-corpus": {
        "en": "{path}: the text this checkpoint was trained on is not at hand; give one with --data-dir or --corpus",
        "tr": "{path}: bu checkpoint dosyasının eğitildiği metin elde yok; --data-dir ya da --corpus ile bir metin verin",
    },
    "waive-unknown": {
        "en": "--waive {value}: no check has this id; the checks are {choices}",
        "tr": "--waive {value}: bu id'de bir denetim yok; denetimler: {choices}",
    },
    "init-vocabulary": {
        "en": "--init-from {path}: it was trained with another vocabulary than this text's; use the text it was trained on, or begin anew",
        "tr": "--init-from {path}: bu metninkinden başka bir sözlükle eğitilmiş; eğitildiği metni kullanın ya da baştan başlayın",
    },
    "init-model": {
        "en": "--init-from {path}: it does not fit the model that is asked for ({reason}); give the same --config and --arch, or begin anew",
        "tr": "--init-from {path}: istenen modele uymuyor ({reason}); aynı --config ve --arch verin ya da baştan başlayın",
    },
    "change-unsound": {
        "en": "{names}: cannot change in a training that goes on; start a new run with it",
        "tr": "{names}: süren bir eğitimde değiştirilemez; bununla yeni bir çalışma başlatın",
    },
    "remedy-unknown": {
        "en": "--remedy {remedy}: the run {run} offers {offered}; choose one of them",
        "tr": "--remedy {remedy}: {run} çalışmasının önerdikleri: {offered}; bunlardan birini seçin",
    },
    "remedy-none": {
        "en": "--remedy {remedy}: nothing is wrong with the run {run} that a change of settings would mend; leave --remedy out",
        "tr": "--remedy {remedy}: {run} çalışmasında ayar değiştirerek giderilecek bir sorun yok; --remedy vermeyin",
    },
    # device
    "device-unknown": {
        "en": "--device {device}: not a device; use auto, cpu, cuda, cuda:N or mps",
        "tr": "--device {device}: böyle bir aygıt türü yok; auto, cpu, cuda, cuda:N ya da mps kullanın",
    },
    "compile-missing": {
        "en": "--compile {mode}: not possible on {device} here (graphs needs a CUDA GPU, inductor a C++ compiler, on a GPU Triton and a C compiler); use --compile auto or off",
        "tr": "--compile {mode}: burada {device} üzerinde olanaklı değil (graphs bir CUDA GPU'su, inductor bir C++ derleyicisi, GPU üzerinde Triton ve bir C derleyicisi ister); --compile auto ya da off kullanın",
    },
    "compile-processes": {
        "en": "--compile {mode}: only with one process; use --compile auto or off, or --processes 1",
        "tr": "--compile {mode}: yalnızca tek süreçle olur; --compile auto ya da off, ya da --processes 1 kullanın",
    },
    "device-missing": {
        "en": "--device {device}: this machine or this PyTorch has no such device; use --device auto or cpu",
        "tr": "--device {device}: bu makinede ya da bu PyTorch sürümünde böyle bir aygıt yok; --device auto ya da cpu kullanın",
    },
    # training
    "checks-failed": {
        "en": "{count} of the checks before training failed: {titles}; mend them, or train all the same with --no-check",
        "tr": "eğitim öncesi denetimlerden {count} tanesi başarısız: {titles}; bunları giderin ya da --no-check ile yine de eğitin",
    },
    "training-non-finite": {
        "en": "the {what} became {value} at step {step}, first in {module}; no update was made with it. "
        "Try a lower learning rate (--learning-rate {rate:g}) or a longer warmup (--warmup-steps {warmup})",
        "tr": "{what} {step}. adımda {value} oldu, ilk olarak şurada: {module}; bununla güncelleme yapılmadı. "
        "Daha düşük bir öğrenme oranı (--learning-rate {rate:g}) ya da daha uzun warmup (--warmup-steps {warmup}) deneyin",
    },
    "race-exists": {
        "en": "{path} already holds a run; use --overwrite to race anew, or another --name",
        "tr": "{path} içinde zaten bir çalışma var; yeniden yarışmak için --overwrite ya da başka bir --name verin",
    },
    "training-weights-lost": {
        "en": "at step {step} {module} holds numbers that are not finite; no checkpoint was written of it, the one before stays. "
        "Try a lower learning rate (--learning-rate {rate:g}) or a longer warmup (--warmup-steps {warmup})",
        "tr": "{step}. adımda {module} içinde sonlu olmayan sayılar var; onlarla checkpoint yazılmadı, bir önceki duruyor. "
        "Daha düşük bir öğrenme oranı (--learning-rate {rate:g}) ya da daha uzun warmup (--warmup-steps {warmup}) deneyin",
    },
    "training-no-memory": {
        "en": "not enough memory for --batch-size {batch_size} × --seq-len {seq_len}; "
        "halve --batch-size and double --accumulate, shorten --seq-len, or use --gradient-checkpointing",
        "tr": "--batch-size {batch_size} × --seq-len {seq_len} için bellek yetmiyor; "
        "--batch-size yarıya inip --accumulate iki katına çıksın, --seq-len kısalsın ya da --gradient-checkpointing kullanın",
    },
    # searches
    "search-memory": {
        "en": "a batch of {batch_size} × {seq_len} tokens takes about {needed} MiB, too much for the {available} MiB that are free; "
        "use a smaller --config, --batch-size or --seq-len",
        "tr": "{batch_size} × {seq_len} tokenlık bir batch yaklaşık {needed} MiB ister, boştaki {available} MiB için çok fazla; "
        "daha küçük bir --config, --batch-size ya da --seq-len kullanın",
    },
    "search-time": {
        "en": "not even one batch could be measured within {seconds} s; give the search more time with --seconds",
        "tr": "{seconds} saniyede tek bir batch bile ölçülemedi; --seconds ile aramaya daha çok süre verin",
    },
    "run-linked": {
        "en": "{path}: a link, or no plain file; a run's own files must be plain ones, so nothing here is read or written: "
        "remove it, or put the file itself in its place",
        "tr": "{path}: bağlantı ya da düz olmayan bir dosya; bir çalışmanın kendi dosyaları düz dosya olmalı, bu yüzden burada "
        "hiçbir şey okunup yazılmıyor: kaldırın ya da yerine dosyanın kendisini koyun",
    },
    "training-disk": {
        "en": "cannot write {path} ({reason}); free some space, then go on with --resume",
        "tr": "{path} yazılamıyor ({reason}); yer açın, sonra --resume ile sürdürün",
    },
    "watching-broke": {
        "en": "the run's record could not be followed ({reason}); open it again",
        "tr": "çalışmanın kaydı izlenemedi ({reason}); yeniden açın",
    },
    "training-broke-early": {
        "en": "training could not start: {reason}; run again with --debug for the traceback",
        "tr": "eğitim başlayamadı: {reason}; hata izi için --debug ile yeniden çalıştırın",
    },
    "training-broke": {
        "en": "training stopped on an error: {reason}; details are in {log}",
        "tr": "eğitim bir hatayla durdu: {reason}; ayrıntılar: {log}",
    },
}
