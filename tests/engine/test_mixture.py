"""Several corpora in one training: their names, their shares, and the corpus of each window."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrec_engine import events
from mmrec_engine.checks.finding import run
from mmrec_engine.checks.preflight.mixture_checks import MIXING_CHECKS
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.data.batches import training_windows, validation_windows
from mmrec_engine.data.mixture import MixedWindows, shares_of, sources_of
from mmrec_engine.data.prepare import Corpus, cache_folder, prepare_corpus
from mmrec_engine.data.windows import TrainingWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.metrics import MetricSums
from mmrec_engine.evaluation.validation import training_loss, validate, validate_sample
from mmrec_engine.events import result_of
from mmrec_engine.model.language_model import create_model
from mmrec_engine.runs.part_bits import part_bits
from mmrec_engine.settings import Settings, resolve
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.tokenizer import tokenizer_from_dict
from mmrec_engine.training.plan import make_plan

LETTERS = ("abcdefgh", "stuvwxyz")  # of the two corpora, none in both


def two(folder: Path, first: int = 6000, second: int = 2000) -> list[str]:
    """Two folders with so many characters, each with its own letters."""
    generator = np.random.default_rng(5)
    for name, letters, length in (("one", LETTERS[0], first), ("two", LETTERS[1], second)):
        (folder / name).mkdir(parents=True)
        text = "".join(generator.choice(list(letters), length))
        (folder / name / "text.txt").write_text(text, encoding="utf-8")
    return [str(folder / "one"), str(folder / "two")]


def prepared(data_dir: list[str], **settings: Any) -> tuple[Settings, Corpus]:
    asked = resolve({"data_dir": data_dir, "seq_len": 32, **settings}).settings
    return asked, result_of(prepare_corpus(asked))


def mixed(shares: tuple[float, ...], seed: int = 7) -> MixedWindows:
    tokens = np.zeros(4000, dtype=np.uint8)
    return MixedWindows(tuple(TrainingWindows(tokens, 8, 8, number) for number in range(len(shares))), shares, seed)


@pytest.mark.parametrize(
    "shares", [(0.7, 0.3), (0.5, 0.5), (0.6, 0.3, 0.1), (0.9, 0.06, 0.03, 0.01), (0.99999, 0.00001)]
)
def test_any_range_of_windows_keeps_the_shares(shares: tuple[float, ...]) -> None:
    corpus, within = mixed(shares).places(np.arange(50_000))
    for number, share in enumerate(shares):
        mine = np.concatenate(([0], np.cumsum(corpus == number)))
        exact = max(share, 1e-4)  # a corpus comes once in 10,000 windows at least
        for length in (16, 100, 10_000):
            apart = mine[length:] - mine[:-length] - exact * length
            assert abs(apart).max() < 1 + len(shares) / 2, (number, length)
        assert within[corpus == number].tolist() == list(range(mine[-1])), (
            "its windows come in their order, none left out"
        )


def test_window_does_not_depend_on_earlier_windows() -> None:
    windows = mixed((0.6, 0.3, 0.1))
    walked = np.stack(windows.places(np.arange(123_456)))
    asked = np.array([123_455, 7, 99_999, 10_000, 0])
    assert (np.stack(windows.places(asked)) == walked[:, asked]).all()
    far = np.arange(10**15, 10**15 + 4)
    corpus, within = windows.places(far)
    assert abs(within - np.array([0.6, 0.3, 0.1])[corpus] * 10**15).max() < 10_000
    inputs, labels = windows.batch(far)
    for row, number in enumerate(far):
        alone = windows.batch(np.array([number]))
        assert (inputs[row] == alone[0][0]).all() and (labels[row] == alone[1][0]).all()


def test_seed_selects_the_first_window() -> None:
    first, second = (mixed((0.7, 0.3), seed).places(np.arange(200))[0].tolist() for seed in (1, 2))
    assert first != second


def test_shares_follow_weights_or_size_and_temperature(tmp_path: Path) -> None:
    paths = two(tmp_path)
    by_size = sources_of(resolve({"data_dir": paths}).settings)
    assert [source.name for source in by_size] == ["one", "two"]
    assert shares_of(by_size, [8000, 2000], 1.0) == pytest.approx([0.8, 0.2])
    assert shares_of(by_size, [8000, 2000], 2.0) == pytest.approx([2 / 3, 1 / 3])
    assert shares_of(by_size, [8000, 2000], 1000.0) == pytest.approx([0.5, 0.5], abs=1e-3)
    weighted = sources_of(resolve({"data_dir": [f"{paths[0]}=3", f"{paths[1]}=1"]}).settings)
    assert shares_of(weighted, [8000, 2000], 1.0) == [0.75, 0.25]
    _, corpus = prepared([f"{paths[0]}=3", f"{paths[1]}=1"])
    assert [(part.name, part.share) for part in corpus.parts] == [("one", 0.75), ("two", 0.25)]


def test_existing_path_with_an_equals_sign_is_a_path(tmp_path: Path) -> None:
    paths = two(tmp_path)
    (tmp_path / "one=5").mkdir()
    sources = sources_of(resolve({"data_dir": [f"{paths[0]}=5", paths[1]]}).settings)
    assert [(source.name, source.weight) for source in sources] == [("one=5", None), ("two", None)]
    single = sources_of(resolve({"data_dir": f"{paths[1]}=5"}).settings)
    assert single[0].place == f"{paths[1]}=5", "a single corpus has no weight"


def test_corpus_name_is_the_shortest_unique_path_suffix(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a/text", "b/text", "b/notes")]
    assert [one.name for one in sources_of(resolve({"data_dir": paths}).settings)] == ["a/text", "b/text", "notes"]


@pytest.mark.parametrize(
    ("endings", "settings", "key"),
    [
        (("=0.5", ""), {}, "mixing-some-weights"),
        (("=0.5", "=0"), {}, "mixing-weight"),
        (("=0.5", "=nan"), {}, "mixing-weight"),
        (("=2", "=1"), {"mixing_temperature": 2}, "mixing-both"),
        (("", "/missing"), {}, "corpus-missing"),
        (("", ""), {"early_stopping_on": "three"}, "early-stopping-on"),
    ],
)
def test_invalid_mixtures_are_refused(
    tmp_path: Path, endings: tuple[str, str], settings: dict[str, Any], key: str
) -> None:
    paths = [path + ending for path, ending in zip(two(tmp_path), endings, strict=True)]
    with pytest.raises(RequestError) as told:
        prepared(paths, **settings)
    assert told.value.key == key


def test_duplicate_and_too_short_corpora_are_refused(tmp_path: Path) -> None:
    one, other = two(tmp_path, second=100)
    with pytest.raises(RequestError) as told:
        prepared([one, f"{tmp_path}/./one"])
    assert told.value.key == "mixing-twice"
    with pytest.raises(RequestError) as told:
        prepared([one, other])
    assert told.value.key == "mixing-short"
    assert "two: the validation split has 11 tokens" in str(told.value)


def test_window_lies_in_one_corpus_and_begins_with_its_tag(tmp_path: Path) -> None:
    settings, corpus = prepared(two(tmp_path), seed=3)
    tokenizer, tags = corpus.tokenizer, corpus.tokenizer.tags
    assert list(tags) == ["one", "two"]
    assert len(corpus.train.tokens) == sum(len(part.train.tokens) for part in corpus.parts)
    windows = training_windows(settings, corpus)
    assert isinstance(windows, MixedWindows)
    batches = [windows.batch(np.arange(3 * windows.count)), *(
        split.batch(np.arange(split.count)) for split in validation_windows(corpus, 32)
    )]  # fmt: skip
    seen = set()
    for inputs, labels in batches:
        for row, targets in zip(inputs, labels, strict=True):
            (mine,) = [name for name, tag in tags.items() if tag == row[0]]
            seen.add(mine)
            text = tokenizer.decode([*row[1:][targets[1:] >= 0], *targets[targets >= 0]])
            assert set(text) <= set(LETTERS[list(tags).index(mine)]), "a window crosses into another corpus"
            assert not {*row[1:].tolist(), *targets.tolist()} & set(tags.values()), "a tag is no target"
    assert seen == {"one", "two"}


def test_tag_leaves_the_labels_unchanged() -> None:
    tokens = np.arange(100, dtype=np.uint8)
    plain, tagged = (TrainingWindows(tokens, 8, 8, 1, tag) for tag in (None, 200))
    (inputs, labels), (with_tag, same) = (windows.batch(np.arange(5)) for windows in (plain, tagged))
    assert (labels == same).all()
    assert (with_tag[:, 0] == 200).all()
    assert (with_tag[:, 1:] == inputs[:, 1:]).all()


def test_epoch_has_the_windows_of_all_corpora(tmp_path: Path) -> None:
    settings, corpus = prepared(two(tmp_path), epochs=2)
    counts = [TrainingWindows(part.train.tokens, 32, 32, 0).count for part in corpus.parts]
    windows = training_windows(settings, corpus)
    assert windows.count == sum(counts)
    assert make_plan(settings, windows.count).planned_steps == -(-2 * sum(counts) // 4)


def test_total_loss_weights_corpora_by_their_shares(tmp_path: Path) -> None:
    paths = two(tmp_path)
    _, corpus = prepared([f"{paths[0]}=1", f"{paths[1]}=3"])
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    whole = result_of(validate(model, corpus, 32))
    assert whole is not None
    assert list(whole.parts) == ["one", "two"]
    assert whole.parts["one"] != whole.parts["two"]
    assert whole.loss == pytest.approx(0.25 * whole.parts["one"] + 0.75 * whole.parts["two"])
    assert whole.deciding_loss("two") == whole.parts["two"]
    assert whole.deciding_loss("all") == whole.loss
    assert whole.tokens == sum(len(part.validation.tokens) - 1 for part in corpus.parts)
    # A token is a character, except the ends of the two documents.
    assert whole.bits_per_character == pytest.approx(whole.loss / np.log(2), rel=0.01)
    assert result_of(training_loss(model, corpus, 32)) == pytest.approx(whole.loss, rel=0.02)
    looked = result_of(validate_sample(model, corpus, 32, 10**6, False, corpus_that_decides="two"))
    assert looked is not None
    assert looked[0].loss == pytest.approx(whole.parts["two"])


def test_bits_of_each_corpus_make_those_of_all(tmp_path: Path) -> None:
    """Weighted by share and characters a token. They compare with a run on one corpus, as a loss of other tokens does not."""
    paths = two(tmp_path)
    _, corpus = prepared([f"{paths[0]}=1", f"{paths[1]}=3"])
    whole = result_of(
        validate(create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1), corpus, 32)
    )
    assert whole is not None
    told = events.Validation(
        step=1, loss=whole.loss, perplexity=2.0, accuracy=0.5, bits_per_character=whole.bits_per_character, batches=1,
        best=True, patience_used=0, patience=5, epoch=1, parts=whole.parts,
    )  # fmt: skip
    described = corpus.describe()
    started = events.RunStarted(planned_steps=1, steps_an_epoch=1, parameters=1, corpus=described, settings={})
    bits = part_bits(told, started)
    assert list(bits) == ["one", "two"]
    weights = {
        one["name"]: one["share"] * (one["validation_characters"] - 1) / (one["validation_tokens"] - 1)
        for one in described["parts"]
    }
    together = sum(weights[name] * bits[name] for name in bits) / sum(weights.values())
    assert together == pytest.approx(whole.bits_per_character)
    assert part_bits(told, None) == part_bits(replace(told, parts=None), started) == {}


def test_corpus_loss_is_weighted_by_share_not_by_size(tmp_path: Path) -> None:
    from mmrec_engine.evaluation.mixture_metrics import MixtureMetrics

    paths = two(tmp_path)
    _, corpus = prepared([f"{paths[0]}=1", f"{paths[1]}=4"])
    small, large = MetricSums(), MetricSums()
    small.loss_sum, small.tokens, small.correct, small.batches = 20.0, 10, 5, 1
    large.loss_sum, large.tokens, large.correct, large.batches = 1000.0, 1000, 100, 3
    both = MixtureMetrics.of([large, small], corpus.parts)
    assert both.loss == pytest.approx(0.2 * 1.0 + 0.8 * 2.0)
    assert both.accuracy == pytest.approx(0.2 * 0.1 + 0.8 * 0.5)
    assert both.standard_error is None, "a single batch does not tell how far it scatters"


def test_single_corpus_is_prepared_without_tags(tmp_path: Path) -> None:
    one, _ = two(tmp_path)
    settings, corpus = prepared([one])
    assert settings.data_dir == one, "a list of one is that one"
    assert corpus.parts == () and "parts" not in corpus.describe()
    assert corpus.tokenizer.special == ("unknown",)
    assert isinstance(training_windows(settings, corpus), TrainingWindows)
    (folder,) = cache_folder().iterdir()
    described = json.loads((folder / "corpus.json").read_text())
    del described["parts"]  # as prepared by a version for single corpora
    (folder / "corpus.json").write_text(json.dumps(described))
    (folder / "kept").touch()
    assert prepared([one])[1].fingerprint == corpus.fingerprint
    assert (folder / "kept").exists(), "what was prepared before is taken, not made anew"


def test_tokenizer_with_tags_round_trips_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    _, corpus = prepared(two(tmp_path), denoising=0.5)
    stored = corpus.tokenizer.to_dict()
    assert tokenizer_from_dict(stored).tags == corpus.tokenizer.tags
    special = stored["special"]
    for wrong in (special[::-1], [*special, special[-1]], [*special, "other"], special[:-3] + special[-2:], [7]):
        with pytest.raises(ValueError, match="special"):
            tokenizer_from_dict({**stored, "special": wrong})


def test_generation_tag_is_by_name_by_request_or_the_first(tmp_path: Path) -> None:
    paths = two(tmp_path)
    settings, corpus = prepared(paths)
    tags = corpus.tokenizer.tags
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / "text.txt").write_text("stuv" * 50)
    for place, asked, expected in (
        (paths[1], None, "two"),
        (str(tmp_path / "three"), None, "one"),
        (paths[0], "two", "two"),
    ):
        settings = resolve({"data_dir": place, "seq_len": 32}).settings
        (part,) = result_of(prepare_corpus(settings, corpus.tokenizer, asked)).parts
        assert part.tag == tags[expected]
    with pytest.raises(RequestError) as told:
        result_of(prepare_corpus(settings, corpus.tokenizer, "three"))
    assert told.value.key == "tag-unknown"


@pytest.mark.parametrize(
    ("weights", "epochs", "status"), [(("", ""), 50, "pass"), (("=1", "=9"), 2, "note"), (("=1", "=9"), 20, "warn")]
)
def test_corpus_repeated_far_more_than_others_is_reported(
    tmp_path: Path, weights: tuple[str, str], epochs: int, status: str
) -> None:
    paths = [path + weight for path, weight in zip(two(tmp_path), weights, strict=True)]
    settings, corpus = prepared(paths, epochs=epochs)
    found = run(MIXING_CHECKS[0], TextContext(settings, corpus, {}))
    assert found["status"] == status
    if status != "pass":
        assert found["values"]["corpus"] == "two"
        assert found["values"]["passes"] == pytest.approx(epochs * 0.9 * 4, rel=0.02), "its windows are a quarter"
        assert "passes over two, small for its share of 90" in found["evidence"]
    evened, corpus = prepared(two(tmp_path / "more", 30_000, 1000), epochs=20, mixing_temperature=10)
    found = run(MIXING_CHECKS[0], TextContext(evened, corpus, {}))
    assert found["status"] == "warn"
    assert [one["settings"] for one in found["remedies"]] == [{"mixing_temperature": 1.0}]


def test_each_corpus_has_its_own_order(tmp_path: Path) -> None:
    settings, corpus = prepared(two(tmp_path, 4000, 4000))
    windows = training_windows(settings, corpus)
    assert isinstance(windows, MixedWindows)
    orders = [part.starts(np.arange(20)).tolist() for part in windows.parts if isinstance(part, TrainingWindows)]
    assert all(first != second for first, second in pairwise(orders))


def test_losses_of_each_corpus_are_read_from_the_record() -> None:
    told = events.Validation(
        step=5, loss=2.0, perplexity=7.4, accuracy=0.5, bits_per_character=2.9, batches=3, best=True, patience_used=0,
        patience=5, epoch=1, parts={"one": 1.5, "two": float("inf")},
    )  # fmt: skip
    line = events.to_line(told)
    back = events.from_line(line)
    assert isinstance(back, events.Validation)
    assert back.parts == told.parts
    assert '"parts"' not in events.to_line(replace(told, parts=None))
    assert events.from_line(line.replace('"Infinity"', '"much"')) is None
