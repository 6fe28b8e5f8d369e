import numpy as np
import pytest

from mmrec_engine.randomness import hash64, permuted


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 17, 1000, 4097])
def test_a_keyed_permutation_hits_every_number_once(size: int) -> None:
    assert sorted(permuted(np.arange(size), size, key=7)) == list(range(size))


def test_another_key_gives_another_order() -> None:
    first, second = (permuted(np.arange(1000), 1000, key) for key in (1, 2))
    assert (first != second).mean() > 0.9


def test_the_order_of_a_permutation_looks_random() -> None:
    image = permuted(np.arange(10_000), 10_000, key=3)
    assert abs(np.corrcoef(np.arange(10_000), image)[0, 1]) < 0.05


def test_a_hash_depends_on_the_order_of_its_keys() -> None:
    assert len({hash64(1, 2), hash64(2, 1), hash64(1), hash64(1, 2, 0)}) == 4
