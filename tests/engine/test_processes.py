import pytest

from mmrec_engine.distributed.process_group import as_launched, launched, share_of
from mmrec_engine.errors import RequestError
from mmrec_engine.settings import resolve
from mmrec_engine.system.memory import processes_here


@pytest.mark.parametrize(("windows", "size"), [(4, 2), (5, 2), (7, 4), (4, 4), (16, 3)])
def test_each_window_belongs_to_one_rank(windows: int, size: int) -> None:
    shares = [share_of(windows, rank, size) for rank in range(size)]
    assert [place for share in shares for place in range(windows)[share]] == list(range(windows))
    sizes = [share.stop - share.start for share in shares]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1


def test_world_size_is_read_from_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched() == (0, 1)
    assert processes_here(3) == 3
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert launched() == (1, 4)
    assert processes_here(4) == 2
    assert as_launched(resolve({})).settings.processes == 4
    assert as_launched(resolve({"processes": 4})).settings.processes == 4
    with pytest.raises(RequestError, match="torchrun has started 4"):
        as_launched(resolve({"processes": 2}))
    with pytest.raises(RequestError, match="has 2 windows"):
        as_launched(resolve({"batch_size": 2}))


def test_step_needs_a_window_per_rank() -> None:
    assert resolve({"batch_size": 2, "accumulate": 2, "processes": 4}).settings.processes == 4
    with pytest.raises(RequestError, match="--processes 5"):
        resolve({"batch_size": 4, "processes": 5})
