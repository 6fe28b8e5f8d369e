"""The best loss against the n-gram baselines: also whether the difference is more than chance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mmrec_engine.checks.finding import Finding, Skip, run
from mmrec_engine.checks.postrun.curve_checks import COURSE_CHECKS
from mmrec_engine.locales.guide.findings import evidence
from mmrec_engine.locales.messages import LANGUAGES
from tests.engine.test_finding_words import LONGEST_EVIDENCE
from tests.engine.test_verdict import BASELINES
from tests.engine.test_verdict import run as a_run


class Ended:
    """A run that has ended, with this best loss; half_interval: of its confidence interval, None if it is not known."""

    def __init__(self, loss: float, half_interval: float | None) -> None:
        self.history = a_run([(2.4, 2.4), (loss, loss)])
        self.half_interval = half_interval


def compared(context: Any) -> Finding:
    (check,) = [one for one in COURSE_CHECKS if one.id == "beats-baselines"]
    return run(check, context)


@pytest.mark.parametrize("away", [-0.1, 0.1], ids=["better", "worse"])
@pytest.mark.parametrize("half", [0.2, 0.05, None])
def test_difference_that_may_be_chance_is_told_as_such(away: float, half: float | None) -> None:
    finding = compared(Ended(BASELINES["5-gram"] + away, half))
    assert finding["status"] == "pass"
    for language, chance in zip(LANGUAGES, ("may be chance", "rastlantı olabilir"), strict=True):
        told = evidence(finding, language)
        assert (chance in told) is (half == 0.2)
        assert len(told) <= LONGEST_EVIDENCE


def test_difference_is_told_without_an_interval_where_the_model_cannot_be_loaded() -> None:
    class Damaged(SimpleNamespace):
        @property
        def half_interval(self) -> float:
            raise Skip("not-loaded")

    finding = compared(Damaged(history=a_run([(2.4, 2.4), (1.8, 1.8)])))
    assert finding["status"] == "pass" and finding["evidence"].endswith("by 0.10")
