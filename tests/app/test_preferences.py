"""The app's preferences, and how often it draws; neither may ever cause an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mmrec_tui.app.pacing import FASTEST, SHARE, SLOWEST, RedrawInterval
from mmrec_tui.preferences import Preferences, read_preferences


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "mmrec" / "app.json"
    path.parent.mkdir(parents=True)
    return path


def test_preferences_round_trip(tmp_path: Path) -> None:
    kept = Preferences(
        "tr", "mmrec-light", {"dropout": "0.2", "epochs": 3}, "thorough", ["/metin/çay.txt"], "tokens", 0.99, "bell"
    )
    kept.save()
    assert read_preferences() == kept
    assert [path.name for path in (tmp_path / "config" / "mmrec").iterdir()] == ["app.json"]


def test_name_that_is_not_unicode_can_be_saved() -> None:
    kept = Preferences(corpora=["/text/\udce7ay.txt"])
    kept.save()
    assert len(read_preferences().corpora) == 1


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"{", b"null", b"[1, 2]", b"\xff\xfe", b'{"language": "xx", "theme": 7, "plan": [], "corpora": {}}',
        b'{"x_axis": "colour", "smoothing": null}', b'{"smoothing": true}', b'{"smoothing": 0.123}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_damaged_preferences_are_the_defaults(stored: Path, damaged: bytes) -> None:
    stored.write_bytes(damaged)
    assert read_preferences() == Preferences()


def test_valid_values_of_a_damaged_file_are_kept(stored: Path) -> None:
    stored.write_text('{"language": "tr", "theme": 3, "corpora": ["/a", 5, null], "from_the_future": 1}')
    assert read_preferences() == Preferences(language="tr", corpora=["/a"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_preferences_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o500)
    Preferences("tr").save()


def test_file_in_place_of_the_preferences_folder_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    Preferences("tr").save()
    assert read_preferences() == Preferences()


def test_recent_texts_are_ordered_and_limited() -> None:
    kept = Preferences()
    for number in range(20):
        kept.note_corpus(f"/{number}")
    kept.note_corpus("/15")
    assert kept.corpora[:3] == ["/15", "/19", "/18"]
    assert len(kept.corpora) == len(set(kept.corpora)) == 12


class Clock:
    """A clock that the test sets, and the processor time of the thread."""

    def __init__(self) -> None:
        self.now = self.used = 0.0

    def pass_by(self, seconds: float, share: float) -> None:
        self.now += seconds
        self.used += share * seconds


def paced(clock: Clock) -> RedrawInterval:
    return RedrawInterval(lambda: clock.used, lambda: clock.now)


def drawn(pacing: RedrawInterval, clock: Clock, seconds: float, share: float) -> int:
    """How often the curves were due while so much time passed in ticks."""
    times = 0
    for _ in range(round(seconds / 0.25)):
        clock.pass_by(0.25, share)
        times += pacing.tick()
    return times


def test_cheap_curves_are_drawn_twice_a_second() -> None:
    clock = Clock()
    pacing = paced(clock)
    assert drawn(pacing, clock, 30, 0.01) == 60
    assert pacing.interval == FASTEST


def test_expensive_curves_are_drawn_less_often() -> None:
    clock = Clock()
    pacing = paced(clock)
    assert drawn(pacing, clock, 60, 2 * SHARE) < 60
    assert FASTEST < pacing.interval <= SLOWEST


def test_curves_are_drawn_at_least_every_few_seconds() -> None:
    clock = Clock()
    pacing = paced(clock)
    drawn(pacing, clock, 120, 0.9)
    assert pacing.interval == SLOWEST
    assert drawn(pacing, clock, 60, 0.9) >= 60 / SLOWEST - 1


def test_curves_of_a_young_run_are_drawn_often() -> None:
    clock = Clock()
    pacing = paced(clock)
    drawn(pacing, clock, 120, 0.9)
    for age in range(60):
        clock.pass_by(0.25, 0.9)
        pacing.tick(age / 4)
        assert pacing.interval <= 0.5, "a run of fifteen seconds"
    clock.pass_by(5, 0.9)
    pacing.tick(60.0)
    assert pacing.interval <= 1.0


def test_drawing_rate_recovers_when_drawing_is_cheap_again() -> None:
    clock = Clock()
    pacing = paced(clock)
    drawn(pacing, clock, 60, 0.5)
    drawn(pacing, clock, 240, 0.001)
    assert pacing.interval == FASTEST


def test_single_slow_drawing_changes_little() -> None:
    clock = Clock()
    pacing = paced(clock)
    drawn(pacing, clock, 10, 0.0)
    drawn(pacing, clock, 0.5, 0.12)
    assert pacing.interval <= 2 * FASTEST


def test_drawing_cost_is_cpu_time_of_the_drawing_thread() -> None:
    pacing: Any = RedrawInterval()
    assert pacing.tick() is False
