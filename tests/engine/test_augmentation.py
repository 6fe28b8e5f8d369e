import numpy as np
import pytest

from mmrec_engine.data.transforms.augmentation import AugmentedWindows, augmented, recased
from mmrec_engine.data.transforms.case_tables import CaseTables, without_marks
from mmrec_engine.data.windows import TrainingWindows, Windows
from mmrec_engine.errors import RequestError
from mmrec_engine.randomness import hash64, shares
from mmrec_engine.settings import resolve
from mmrec_engine.tokenizer import CharacterTokenizer

LETTERS = "abcçdefgğhıijklmnoöprsştuüvyz"
ALL = set(LETTERS + "ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ" + "xqwXQWß éÉ.,;'’\n")
TOKENIZER = CharacterTokenizer(ALL)
RECASING = CaseTables.of(TOKENIZER)
NUMBERS = np.arange(200, dtype=np.int64)


def tokens(count: int = 20_000) -> np.ndarray:
    """Text of the letters a to e, so that a replaced token is visible."""
    text = "".join("abcde"[hash64(7, place) % 5] for place in range(count))
    return TOKENIZER.encode(text)


def windows(plain: np.ndarray | None = None, jitter: float = 0.0) -> TrainingWindows:
    return TrainingWindows(tokens() if plain is None else plain, 64, 64, seed=5, jitter=jitter)


def changed(**settings: float) -> Windows:
    return augmented(windows(), tokens(), resolve({**settings, "seed": 5}).settings, TOKENIZER)


def form(text: str, way: int) -> str:
    ids = TOKENIZER.encode(f" {text}").astype(np.int64)
    return TOKENIZER.decode(recased(ids, RECASING, way).tolist())[1:]


@pytest.mark.parametrize(
    ("text", "lower", "upper", "capitals", "plain"),
    [
        ("Ilık ışık, İri inci", "ılık ışık, iri inci", "ILIK IŞIK, İRİ İNCİ", "Ilık Işık, İri İnci", "Ilik isik, Iri inci"),
        ("Görüşme çok", "görüşme çok", "GÖRÜŞME ÇOK", "Görüşme Çok", "Gorusme cok"),
        ("In his Irish inn", "in his irish inn", "IN HIS IRISH INN", "In His Irish Inn", "In his Irish inn"),
        ("Don't, Ankara’da; Yağız told the others of the long night at sea and of the cold that followed them home",
         "don't, ankara’da; yağız told the others of the long night at sea and of the cold that followed them home",
         "DON'T, ANKARA’DA; YAĞIZ TOLD THE OTHERS OF THE LONG NIGHT AT SEA AND OF THE COLD THAT FOLLOWED THEM HOME",
         "Don't, Ankara’da; Yağız Told The Others Of The Long Night At Sea And Of The Cold That Followed Them Home",
         "Don't, Ankara’da; Yagiz told the others of the long night at sea and of the cold that followed them home"),
        ("é É ß", "é é ß", "É É ß", "É É ß", "e E ß"),
    ],
)  # fmt: skip
def test_case_mapping_follows_the_language(text: str, lower: str, upper: str, capitals: str, plain: str) -> None:
    assert [form(text, way) for way in range(4)] == [lower, upper, capitals, plain]


def test_character_without_case_pair_in_vocabulary_is_unchanged() -> None:
    tokenizer = CharacterTokenizer("abAş")
    recasing = CaseTables.of(tokenizer)
    ids = tokenizer.encode("abAş").astype(np.int64)
    assert tokenizer.decode(recased(ids, recasing, 1).tolist()) == "AbAş"
    assert tokenizer.decode(recased(ids, recasing, 3).tolist()) == "abAş"


def test_combining_marks_are_removed_from_letters_only() -> None:
    assert [without_marks(character) for character in "çĞıİöûé"] == list("cGiIoue")
    assert [without_marks(character) for character in "≠½aß한йが"] == list("≠½aß한йが")


def test_without_augmentation_windows_are_unchanged() -> None:
    plain = windows()
    assert augmented(plain, tokens(), resolve({}).settings, TOKENIZER) is plain


def test_masked_tokens_are_short_spans_and_labels_are_unchanged() -> None:
    numbers = np.arange(2000, dtype=np.int64)
    inputs, labels = changed(masked=0.15).batch(numbers)
    true_inputs, true_labels = windows().batch(numbers)
    assert (labels == true_labels).all()
    hidden = inputs != true_inputs
    assert (inputs[hidden] == TOKENIZER.unknown).all()
    assert hidden.mean() == pytest.approx(0.15, abs=0.01)
    begins = hidden & ~np.pad(hidden, ((0, 0), (1, 0)))[:, :-1]
    assert 2.8 < hidden.sum() / begins.sum() < 3.9, "spans of three on average, some of which meet"
    assert hidden[:, 0].mean() == pytest.approx(0.15, abs=0.03), "also at the beginning of a window"


def test_masking_without_an_unknown_token_uses_other_tokens() -> None:
    plain = windows()
    inputs, labels = AugmentedWindows(plain, plain.tokens, None, None, 5, 0, 0.3, 0).batch(NUMBERS)
    true_inputs, true_labels = plain.batch(NUMBERS)
    assert (labels == true_labels).all()
    assert set(np.unique(inputs)) == set(np.unique(plain.tokens))
    assert (inputs != true_inputs).mean() == pytest.approx(0.3 * 0.8, abs=0.02), "one in five is the same letter"


def test_noise_follows_token_frequencies_and_labels_are_unchanged() -> None:
    rare = tokens().copy()
    rare[::10] = TOKENIZER.encode("z")[0]
    plain = windows(rare)
    inputs, labels = augmented(plain, rare, resolve({"noise": 0.2, "seed": 5}).settings, TOKENIZER).batch(NUMBERS)
    true_inputs, true_labels = plain.batch(NUMBERS)
    assert (labels == true_labels).all()
    wrong = inputs != true_inputs
    assert wrong.mean() == pytest.approx(0.2 * (1 - 0.1**2 - 5 * 0.18**2), abs=0.01)
    assert (inputs[wrong] == TOKENIZER.encode("z")[0]).mean() == pytest.approx(0.11, abs=0.03)


def test_given_share_of_windows_is_recased_with_labels() -> None:
    inputs, labels = changed(recased=0.4).batch(NUMBERS)
    true_inputs, true_labels = windows().batch(NUMBERS)
    assert (inputs[:, 1:] == labels[:, :-1]).all()
    differing = (inputs != true_inputs).any(1)
    assert (differing == (labels != true_labels).any(1)).all()
    assert differing.mean() == pytest.approx(0.4 / 4, abs=0.05), "of the four ways only upper case is another text here"


def test_jitter_shifts_windows_within_the_text() -> None:
    plain, moved = windows().starts(NUMBERS), windows(jitter=0.5).starts(NUMBERS)
    by = moved - plain
    assert (np.abs(by) <= 32).all() and by.min() < -25 and by.max() > 25
    everywhere = windows(tokens(300), jitter=1.0).starts(np.arange(400, dtype=np.int64))
    assert everywhere.min() == 0 and everywhere.max() == 300 - 65


@pytest.mark.parametrize(
    "settings", [{"masked": 0.3}, {"noise": 0.3}, {"recased": 0.9}, {"masked": 0.1, "noise": 0.1, "recased": 0.5}]
)
def test_augmented_window_is_a_function_of_its_number(settings: dict[str, float]) -> None:
    one = changed(**settings)
    alone = [one.batch(np.array([number])) for number in (7, 100, 3000)]
    together = one.batch(np.array([7, 100, 3000]))
    for part in (0, 1):
        assert (np.concatenate([each[part] for each in alone]) == together[part]).all()
    assert (one.batch(NUMBERS)[0] != one.batch(NUMBERS + one.count)[0]).any()


def test_recasing_requires_character_tokens() -> None:
    with pytest.raises(RequestError, match="--recased"):
        resolve({"recased": 0.1, "tokenizer": "bpe"})


def test_shares_are_uniform_and_differ_by_key() -> None:
    drawn = shares(np.arange(100_000), 9)
    assert drawn.min() >= 0 and drawn.max() < 1
    assert np.histogram(drawn, 10, (0, 1))[0] == pytest.approx([10_000] * 10, rel=0.05)
    assert abs(np.corrcoef(drawn, shares(np.arange(100_000), 10))[0, 1]) < 0.02
