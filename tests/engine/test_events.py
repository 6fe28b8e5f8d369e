import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine import events


def test_event_round_trips_through_its_line() -> None:
    event = events.Checkpoint(step=3, time=1.5, path="best_model.pt", kind="best")
    assert events.from_line(events.to_line(event)) == event


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_still_valid_json(loss: float) -> None:
    event = events.Step(step=1, loss=loss, learning_rate=1e-3, grad_norm=1.0, tokens_per_second=1.0, tokens=4, epoch=1)
    line = events.to_line(event)
    json.loads(line, parse_constant=lambda name: pytest.fail(f"bare {name}"))
    restored = events.from_line(line)
    assert isinstance(restored, events.Step)
    assert restored.loss == loss or (math.isnan(loss) and math.isnan(restored.loss))


@given(st.binary() | st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_line_is_an_event_or_ignored(line: str | bytes) -> None:
    assert events.from_line(line) is None or isinstance(events.from_line(line), events.Event)


def test_unknown_fields_of_a_newer_version_are_ignored() -> None:
    line = '{"event": "paused", "time": 1.0, "step": 2, "mood": "calm"}'
    assert events.from_line(line) == events.Paused(step=2, time=1.0)
