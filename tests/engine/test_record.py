from pathlib import Path

import pytest

from mmrec_engine.runs.record import LONGEST_LINE, WholeLines, blocks, newest_lines, starts
from mmrec_engine.storage.files import open_plain

LINES = [b'{"event": "%s", "step": %d}' % (b"state" if number % 3 else b"step", number) for number in range(100_000)]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A little over 3 MiB, so that lines cross block boundaries."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LINES) + b"\n")
    assert path.stat().st_size > 3 * 2**20
    return path


def test_reverse_search_finds_every_line_of_its_kinds(record: Path) -> None:
    with open_plain(record) as file:
        assert list(newest_lines(file, "state", "step")) == LINES[::-1]
        assert list(newest_lines(file, "step")) == LINES[::-3]


def test_blocks_contain_all_lines_whole(record: Path) -> None:
    with open_plain(record) as file:
        pieces = list(blocks(file, record.stat().st_size))
    assert len(pieces) > 3
    assert b"".join(block for _, block in pieces) == record.read_bytes()
    assert all(block.endswith(b"\n") for _, block in pieces)


def test_event_kind_is_matched_at_the_line_start_only() -> None:
    block = b'{"event": "check"}\n{"event": "checkpoint"}\n{"text": "{\\"event\\": \\"check\\""}\n {"event": "check"}\n'
    assert starts(block, "check") == [0]
    assert starts(block, "checkpoint", "check") == [0, 19]


@pytest.mark.parametrize("excess", [1, 2**16, 30 * 2**20])
def test_too_long_line_is_skipped_and_not_kept_in_memory(excess: int) -> None:
    lines, taken = WholeLines(), []
    whole = b"first\n" + b"a" * (LONGEST_LINE + excess) + b"\nlast\nto"
    for begin in range(0, len(whole), 2**16):
        taken.append(lines.feed(whole[begin : begin + 2**16]))
        assert len(lines._incomplete) <= LONGEST_LINE
    assert b"".join(taken) == b"first\nlast\n"
    assert lines.feed(b"rn\n") == b"torn\n"
