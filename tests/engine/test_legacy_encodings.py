"""Proposals for text that is not UTF-8, in the encodings that people have."""

import random

import pytest

from mmrec_engine.data.sources.legacy_encodings import MOST_READINGS, likeliest_encoding, readings

TEXTS = [
    (
        "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Всё смешалось в доме Облонских. Жена узнала, что муж был в связи с бывшею в их доме француженкою-гувернанткой, и объявила мужу, что не может жить с ним в одном доме.",
        ["windows-1251", "koi8-r", "iso-8859-5", "cp866"],
    ),
    (
        "Садок вишневий коло хати, хрущі над вишнями гудуть, плугатарі з плугами йдуть, співають ідучи дівчата, а матері вечерять ждуть. Сім'я вечеря коло хати, вечірня зіронька встає. Дочка вечерять подає, а мати хоче научати, так соловейко не дає.",
        ["windows-1251", "koi8-u"],
    ),
    (
        "Аз съм българче и силна майка мене е родила; с хубости, блага обилна мойта родина е мила. Аз съм българче. Обичам наште планини зелени, българин да се наричам — първа радост е за мене.",
        ["windows-1251"],
    ),
    (
        "Σα βγεις στον πηγαιμό για την Ιθάκη, να εύχεσαι νά 'ναι μακρύς ο δρόμος, γεμάτος περιπέτειες, γεμάτος γνώσεις. Τους Λαιστρυγόνας και τους Κύκλωπας, τον θυμωμένο Ποσειδώνα μη φοβάσαι, τέτοια στον δρόμο σου ποτέ σου δεν θα βρεις.",
        ["windows-1253", "iso-8859-7"],
    ),
    (
        "Litwo! Ojczyzno moja! ty jesteś jak zdrowie. Ile cię trzeba cenić, ten tylko się dowie, kto cię stracił. Dziś piękność twą w całej ozdobie widzę i opisuję, bo tęsknię po tobie. Panno święta, co jasnej bronisz Częstochowy i w Ostrej świecisz Bramie! Żółć, gęś, jaźń.",
        ["windows-1250", "iso-8859-2"],
    ),
    (
        "Byl pozdní večer – první máj – večerní máj – byl lásky čas. Hrdliččin zval ku lásce hlas, kde borový zaváněl háj. O lásce šeptal tichý mech; květoucí strom lhal lásky žel, svou lásku slavík růži pěl, růžinu jevil vonný vzdech. Příliš žluťoučký kůň.",
        ["windows-1250", "iso-8859-2"],
    ),
    (
        "Nagy fehérlő kő a hegyen, ahol a szél fúj, és az őszi erdő fölött madarak szállnak. Az öreg űrhajós leült, s a tűz mellett elmesélte, hogyan jött vissza a csillagok közül, ahol senki sem várta őt. Árvíztűrő tükörfúrógép.",
        ["windows-1250", "iso-8859-2"],
    ),
    (
        "Ağaçların gölgesinde oturup çayımızı içtik. Şimdi yağmur yağıyor, İstanbul ıslak. Çocuklar şarkı söyleyerek eve döndü; güneş battı, ışıklar söndü.",
        ["windows-1254", "iso-8859-9", "cp857"],
    ),
    (
        "Le garçon a mangé à l’école où sa mère était déjà arrivée, très fatiguée. Les élèves français préfèrent être tranquilles ; ça c’est sûr.",
        ["windows-1252"],
    ),
    (
        "Le garçon a mangé à l'école où sa mère était déjà arrivée, très fatiguée. Les élèves français préfèrent être tranquilles ; ça c'est sûr.",
        ["iso-8859-1", "cp850"],
    ),
    (
        "Die Bäume grünen schön über den Straßen, und die Mädchen hören süße Vögel. Er weiß, daß er früher gehen müßte, aber die Tür läßt sich nicht öffnen.",
        ["windows-1252"],
    ),
    (
        "El niño comió una piña mañana por la mañana; ¿cuándo llegará el señor López? ¡Qué alegría! La canción está aquí, más allá del río.",
        ["windows-1252"],
    ),
    (
        "A manhã está fria e os cães não param; as ações começaram ontem. Você não vê que há pão e maçãs? São muitas emoções então.",
        ["windows-1252"],
    ),
    (
        "Det är på ön vi går, när våren kommer och sjön ligger öppen. Å andra sidan får små båtar inte åka där ännu.",
        ["windows-1252"],
    ),
    (
        "בראשית ברא אלהים את השמים ואת הארץ. והארץ היתה תהו ובהו וחשך על פני תהום ורוח אלהים מרחפת על פני המים. ויאמר אלהים יהי אור ויהי אור.",
        ["windows-1255", "iso-8859-8"],
    ),
    (
        "كان يا ما كان في قديم الزمان ملك عظيم يعيش في قصر كبير على شاطئ البحر، وكان له ثلاثة أبناء. وفي يوم من الأيام قال الملك لأبنائه: من يأتيني بالطائر الذهبي يصبح ملكا بعدي.",
        ["windows-1256", "iso-8859-6"],
    ),
    (
        "Lietuva, Tėvyne mūsų, tu didvyrių žeme, iš praeities tavo sūnūs te stiprybę semia. Tegul tavo vaikai eina vien takais dorybės, tegul dirba tavo naudai ir žmonių gėrybei. Ąžuolų šakos.",
        ["windows-1257"],
    ),
    (
        "Dievs, svētī Latviju, mūs’ dārgo tēviju, svētī jel Latviju, ak, svētī jel to! Kur latvju meitas zied, kur latvju dēli dzied, laid mums tur laimē diet, mūs’ Latvijā! Ķēve šņāc.",
        ["windows-1257"],
    ),
    (
        "A fost odată ca-n poveşti, a fost ca niciodată, din rude mari împărăteşti, o prea frumoasă fată. Şi era una la părinţi şi mândră-n toate cele, cum e Fecioara între sfinţi şi luna între stele.",
        ["windows-1250", "iso-8859-2"],
    ),
    (
        "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。今天天气很好，我们去公园散步，看见很多孩子在那里玩耍。",
        ["gb18030", "gbk"],
    ),
    (
        "人人生而自由,在尊嚴和權利上一律平等。他們賦有理性和良心,並應以兄弟關係的精神互相對待。今天天氣很好，我們去公園散步，看見很多孩子在那裡玩耍。",
        ["big5"],
    ),
    (
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。",
        ["shift_jis", "euc-jp"],
    ),
    (
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
        ["euc-kr", "cp949"],
    ),
    (
        "Još Hrvatska nij' propala dok mi živimo, visoko će bit' stajala kad ju probudimo. Ak je dugo tvrdo spala, jača hoće bit, ak je sada u snu mala, će se prostranit. Đak čita žutu knjigu.",
        ["windows-1250"],
    ),
    (
        "“Well,” said he, “it’s a naïve café — don’t you think?” The old river ran past a mill where nobody had ground any corn for forty years.",
        ["windows-1252"],
    ),
    (
        "Mu isamaa, mu õnn ja rõõm, kui kaunis oled sa! Ei leia mina iial teal see suure laia ilma peal, mis mul nii armas oleks ka, kui sa, mu isamaa! Šokolaad ja žanr, öö ja üür.",
        ["windows-1257"],
    ),
]
CASES = [(text, encoding) for text, encodings in TEXTS for encoding in encodings]


@pytest.mark.parametrize(("text", "encoding"), CASES, ids=[f"{number}-{one}" for number, (_, one) in enumerate(CASES)])
@pytest.mark.parametrize("times", [1, 20])
def test_likeliest_encoding_decodes_the_text(text: str, encoding: str, times: int) -> None:
    data = f"{text}\n".encode(encoding, "ignore") * times
    found = likeliest_encoding(data)
    assert found is not None
    assert data.decode(found[0]) == data.decode(encoding)


def test_proposals_start_with_the_likeliest_and_show_a_distinctive_line() -> None:
    data = "plain words\nÇağrı ışığı söndürüp uyudu.\n".encode("windows-1254")
    found = readings(data)
    assert found[0] == ("windows-1254", "Çağrı ışığı söndürüp uyudu.")
    assert ("windows-1252", "Çaðrý ýþýðý söndürüp uyudu.") in found
    assert likeliest_encoding(data) == found[0]
    assert len(found) <= MOST_READINGS
    assert len({line for _, line in found}) == len(found), "those that read alike are told once"


def test_encoding_that_cannot_decode_a_byte_is_not_proposed() -> None:
    # 0x81 is no character in windows-1252 and windows-1254.
    names = [name for name, _ in readings("Größe für Übung, schön".encode("cp850") * 3)]
    assert "windows-1252" not in names and "windows-1254" not in names


@pytest.mark.parametrize(
    "data", [b"", random.Random(1).randbytes(5000), bytes(range(128, 256)) * 9], ids=["empty", "noise", "all bytes"]
)
def test_no_encoding_is_proposed_if_none_fits(data: bytes) -> None:
    assert readings(data) == []


def test_text_cut_within_a_character_is_read() -> None:
    data = ("今天天气很好，我们去公园散步，看见很多孩子在那里玩耍。" * 9).encode("gb18030")[:-1]
    assert readings(data)[0][0] == "gb18030"
