import numpy as np
import pytest

from mmrec_engine.data.windows import IGNORED_LABEL, EvaluationWindows, TrainingWindows


def tokens(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint16)


def test_labels_are_inputs_shifted_by_one() -> None:
    inputs, labels = TrainingWindows(tokens(1000), 16, 16, seed=1).batch(np.arange(8))
    assert inputs.shape == labels.shape == (8, 16)
    assert inputs.dtype == labels.dtype == np.int64
    assert (labels == inputs + 1).all()


@pytest.mark.parametrize("count", [17, 18, 40, 999, 1000, 1001])
@pytest.mark.parametrize("stride", [1, 5, 16])
def test_epoch_has_every_window_once_and_none_past_the_end(count: int, stride: int) -> None:
    windows = TrainingWindows(tokens(count), 16, stride, seed=3)
    for epoch in range(3):
        starts = windows.starts(np.arange(epoch * windows.count, (epoch + 1) * windows.count))
        assert len(np.unique(starts)) == windows.count
        assert len(np.unique(starts % stride)) == 1
        assert starts.min() >= 0
        assert starts.max() + 16 + 1 <= count


def test_epochs_differ_in_window_offsets_and_order() -> None:
    windows = TrainingWindows(tokens(10_000), 16, 16, seed=3)
    first, second = (windows.starts(np.arange(e * windows.count, (e + 1) * windows.count)) for e in (0, 1))
    assert first[0] % 16 != second[0] % 16
    assert (np.argsort(first) != np.argsort(second)).mean() > 0.9


def test_batch_is_a_pure_function_of_seed_and_number() -> None:
    windows = TrainingWindows(tokens(5000), 16, 16, seed=3)
    alone = [windows.batch(np.array([number]))[0][0] for number in (7, 400, 3000)]
    together = windows.batch(np.array([7, 400, 3000]))[0]
    assert (np.stack(alone) == together).all()
    other = TrainingWindows(tokens(5000), 16, 16, seed=4)
    assert (other.starts(np.arange(100)) != windows.starts(np.arange(100))).any()


def test_text_shorter_than_a_window_has_no_windows() -> None:
    assert TrainingWindows(tokens(16), 16, 16, seed=1).count == 0
    assert TrainingWindows(tokens(17), 16, 16, seed=1).count == 1


@pytest.mark.parametrize("count", [17, 32, 33, 34, 100])
def test_evaluation_predicts_each_token_except_the_first_once(count: int) -> None:
    windows = EvaluationWindows(tokens(count), 16)
    inputs, labels = windows.batch(np.arange(windows.count))
    counted = labels[labels != IGNORED_LABEL]
    assert sorted(counted) == list(range(1, count))
    assert (inputs[labels != IGNORED_LABEL] + 1 == counted).all()
