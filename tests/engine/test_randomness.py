import numpy as np
import pytest
import torch

from mmrec_engine.model.dropout import hashed_levels
from mmrec_engine.randomness import hash64, hash64_table, hashed, permuted


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 17, 1000, 4097])
def test_keyed_permutation_is_a_bijection(size: int) -> None:
    assert sorted(permuted(np.arange(size), size, key=7)) == list(range(size))


def test_another_key_gives_another_permutation() -> None:
    first, second = (permuted(np.arange(1000), 1000, key) for key in (1, 2))
    assert (first != second).mean() > 0.9


def test_permutation_order_is_statistically_random() -> None:
    image = permuted(np.arange(10_000), 10_000, key=3)
    assert abs(np.corrcoef(np.arange(10_000), image)[0, 1]) < 0.05


def test_a_hash_depends_on_the_order_of_its_keys() -> None:
    assert len({hash64(1, 2), hash64(2, 1), hash64(1), hash64(1, 2, 0)}) == 4


def test_hash_table_equals_single_hashes() -> None:
    table = hash64_table((3, 2**64 - 1), [0, 7], range(3))
    assert table.tolist() == [[hash64(3, 2**64 - 1, row, column) for column in range(3)] for row in (0, 7)]


def test_gpu_mask_hash_equals_the_numpy_hash() -> None:
    keys = hash64_table((1,), [4, 9], [0])
    levels = hashed_levels(torch.from_numpy(keys.view(np.int64))[:, 0], torch.empty(2, 5, 6))
    for row, key in zip(levels, keys[:, 0], strict=True):
        drawn = hashed(np.arange(8), int(key)).view(np.int16)[:30]
        assert row.flatten().tolist() == drawn.tolist()
