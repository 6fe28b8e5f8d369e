"""The split record of a run: rows by fingerprint, and a sample of the n-grams that were trained on."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.data.split import kept_points, split_points
from mmrec_engine.data.split_record import SplitRecord

lengths = st.lists(st.integers(1, 5000), min_size=1, max_size=40)


def fingerprints_of(count: int, first: int = 0) -> np.ndarray:
    names = np.arange(first, first + count, dtype=np.uint64)
    return np.stack([names * np.uint64(0x9E3779B97F4A7C15), names], axis=1)


@given(lengths, lengths, st.floats(0.05, 0.5))
def test_known_documents_keep_their_split(old: list[int], new: list[int], share: float) -> None:
    names, sizes = fingerprints_of(len(old) + len(new)), np.array(old + new)
    before = split_points(names[: len(old)], sizes[: len(old)], share)
    record = SplitRecord.of(names[: len(old), 0], before)
    points = kept_points(names, sizes, share, record)
    assert (points[: len(old)] == before).all()
    assert ((points >= 0) & (points <= sizes)).all()
    again = kept_points(names[::-1], sizes[::-1], share, record)
    assert (again[::-1] == points).all()


@given(lengths, st.floats(0.05, 0.5))
def test_new_documents_restore_the_split_share(old: list[int], share: float) -> None:
    names, sizes = fingerprints_of(len(old) + 200), np.array(old + [500] * 200)
    record = SplitRecord.of(names[: len(old), 0], np.array(old))  # all of the old ones are in the training split
    points = kept_points(names, sizes, share, record)
    held, wanted = int((sizes - points).sum()), share * int(sizes.sum())
    assert abs(held - min(wanted, 500 * 200)) <= 0.2 * wanted


@given(lengths, st.floats(0.05, 0.5))
def test_a_record_of_the_same_documents_gives_the_same_split(old: list[int], share: float) -> None:
    names, sizes = fingerprints_of(len(old)), np.array(old)
    points = split_points(names, sizes, share)
    record = SplitRecord.of(names[:, 0], points)
    assert (kept_points(names, sizes, share, record) == points).all()
    assert SplitRecord.of(names[::-1, 0], points[::-1]).digest == record.digest


def test_trained_documents_stay_in_the_record() -> None:
    names = fingerprints_of(3)[:, 0]
    first = SplitRecord.of(names, np.array([100, 0, 60]))
    second = SplitRecord.of(names[1:2], np.array([0])).after(first)
    known, train, seen = second.look_up(names)
    assert known.all() and train.tolist() == [100, 0, 60] and seen.tolist() == [100, 0, 60]
    given_anew = SplitRecord.of(names[:1], np.array([0])).after(second)  # a user puts it into the validation split
    assert [one.tolist() for one in given_anew.look_up(names[:1])[1:]] == [[0], [100]]


def test_trained_passages_are_recognised_in_other_documents(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    train, other = (generator.integers(0, 90, 200_000).astype(np.uint8) for _ in range(2))
    record = SplitRecord.of(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)).with_grams_of(train)
    record.write(tmp_path / "split.npz")
    read = SplitRecord.read(tmp_path / "split.npz")
    assert read is not None and (read.grams == record.grams).all() and read.one_in == record.one_in
    mixed = np.concatenate([other[:30_000], train[70_003:80_003]])
    assert read.share_of_grams(other)[0] == 0
    share, grams = read.share_of_grams(mixed)
    assert abs(share - 0.25) < 0.03 and grams > 1000
    coarser = read.after(SplitRecord.of(read.keys, read.train).with_grams_of(np.tile(other, 8)))
    assert coarser.one_in > read.one_in
    assert coarser.share_of_grams(np.concatenate([train, other]))[0] > 0.99


def test_passages_of_the_own_training_split_do_not_count_as_trained_on() -> None:
    generator = np.random.default_rng(4)
    train, other = (generator.integers(0, 90, 60_000).astype(np.uint8) for _ in range(2))
    record = SplitRecord.of(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)).with_grams_of(train)
    validation = np.concatenate([other, train[:20_000], train[40_000:60_000]])
    assert abs(record.share_of_grams(validation)[0] - 0.4) < 0.04
    assert record.share_of_grams(validation, train)[0] == 0
    assert abs(record.share_of_grams(validation, train[30_000:])[0] - 0.2) < 0.04


def test_damaged_split_record_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "split.npz"
    assert SplitRecord.read(path) is None
    SplitRecord.of(fingerprints_of(3)[:, 0], np.array([1, 2, 3])).write(path)
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"PK" + content[5:], content.replace(b"one_in", b"two_in")):
        path.write_bytes(damaged)
        assert SplitRecord.read(path) is None
