from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.data import split


@dataclass(frozen=True)
class Extent:
    fingerprint: str
    characters: int


def split_points(documents: Sequence[Extent], share: float) -> list[int]:
    halves = [divmod(int(document.fingerprint, 16), 2**64) for document in documents]
    characters = np.array([document.characters for document in documents])
    return split.split_points(np.array(halves, dtype=np.uint64), characters, share).tolist()


def extents(*lengths: int) -> list[Extent]:
    return [Extent(f"{index * 2654435761 % 2**32:08x}", length) for index, length in enumerate(lengths)]


def test_one_document_is_cut_by_position() -> None:
    assert split_points(extents(1_115_394), 0.1) == [1_003_854]


def test_whole_documents_are_split_as_near_the_share_as_possible() -> None:
    documents = extents(*[100] * 20)
    points = split_points(documents, 0.1)
    assert sorted(set(points)) == [0, 100]
    assert points.count(0) == 2


def test_single_fitting_document_becomes_the_validation_split() -> None:
    assert split_points(extents(400, 450, 100, 50), 0.1) == [400, 450, 0, 50]


def test_documents_are_cut_if_whole_ones_miss_the_share() -> None:
    assert split_points(extents(1000, 1000), 0.1) == [900, 900]


def test_split_depends_on_fingerprints_not_on_order() -> None:
    documents = extents(*range(50, 90))
    held = {doc.fingerprint for doc, point in zip(documents, split_points(documents, 0.2), strict=True) if not point}
    turned = documents[::-1]
    again = {doc.fingerprint for doc, point in zip(turned, split_points(turned, 0.2), strict=True) if not point}
    assert held == again
    assert held


def test_many_small_documents_stay_whole() -> None:
    for documents in (extents(*[100] * 9000), extents(*(10 + index % 97 for index in range(20_000)))):
        points = split_points(documents, 0.1)
        whole = sum(document.characters for document in documents)
        held = sum(document.characters for document, point in zip(documents, points, strict=True) if point == 0)
        assert all(point in (0, document.characters) for document, point in zip(documents, points, strict=True))
        assert abs(held / whole - 0.1) < 0.001


def test_identical_documents_are_in_one_split() -> None:
    for number in range(200):  # wherever their hash puts them
        documents = [Extent(f"{number:08x}", 10)] * 5 + extents(*[10] * 46)[1:]
        points = split_points(documents, 0.11)
        assert len(set(points[:5])) == 1


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=40), st.floats(0.01, 0.5))
def test_share_is_within_a_fifth_unless_documents_are_tiny(lengths: list[int], share: float) -> None:
    points = split_points(extents(*lengths), share)
    held = sum(length - point for length, point in zip(lengths, points, strict=True))
    wanted = share * sum(lengths)
    assert abs(held - wanted) <= 0.2 * wanted + len(lengths)
