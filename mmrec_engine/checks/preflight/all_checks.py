"""The checklist before training: all checks of the text and of the model, one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmrec_engine.checks.finding import Check, Finding, run
from mmrec_engine.checks.report import newest
from mmrec_engine.checks.waivers import is_waived
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.runs.history import History
from mmrec_engine.settings import Settings, settings_that_decide
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.tokenizer import LEARNT


def checks_before(
    settings: Settings,
    sources: Mapping[str, str],
    corpus: Corpus,
    folder: Path,
    machine: Any = None,
    warm_start: bool = False,
    only: Collection[str] | None = None,
) -> Iterator[Finding]:
    """The findings in turn, the quick ones of the text first. machine: where the run will compute.

    folder: of the run, which need not exist yet. warm_start: its first weights are those of a trained model. only: ids of the
    checks to make; None for all. Nothing is written, and torch's state is restored.
    """
    from mmrec_engine.checks.preflight.text_context import TextContext

    text = TextContext(settings, corpus, dict(sources))
    for check in text_checks_of(corpus, settings):
        if only is None or check.id in only:
            yield _of_the_model(run(check, text), settings)

    from mmrec_engine.checks.preflight.model_context import ModelContext

    model = ModelContext(settings, corpus, machine, folder, warm_start=warm_start).in_pieces_that_fit()
    for check in model_checks_of(settings):
        if only is None or check.id in only:
            yield _of_the_model(run(check, model), settings)


def _of_the_model(found: Finding, settings: Settings) -> Finding:
    """The finding without remedies that need another model than the one that the run begins with."""
    if settings.init_from is None:
        return found
    fixed = set(settings_that_decide("pretrained"))
    remedies = [one for one in found["remedies"] if "init_from" in one["settings"] or fixed.isdisjoint(one["settings"])]
    return {**found, "remedies": remedies}


def text_checks_of(corpus: Corpus, settings: Settings) -> tuple[Check, ...]:
    """The checks of a text, and those that apply only to fields, subwords, several corpora or trained weights."""
    from mmrec_engine.checks.preflight.column_checks import COLUMN_CHECKS
    from mmrec_engine.checks.preflight.continued_checks import CONTINUED_CHECKS
    from mmrec_engine.checks.preflight.mixture_checks import MIXING_CHECKS
    from mmrec_engine.checks.preflight.text_checks import TEXT_CHECKS
    from mmrec_engine.checks.preflight.vocabulary_checks import VOCABULARY_CHECKS

    mixing = MIXING_CHECKS if len(corpus.parts) > 1 else ()
    # The vocabulary of a model that the run begins with cannot be another one.
    vocabulary = VOCABULARY_CHECKS if corpus.tokenizer.kind in LEARNT and settings.init_from is None else ()
    continued = CONTINUED_CHECKS if settings.init_from is not None else ()
    column = COLUMN_CHECKS if corpus.reading.fields else ()
    return (*TEXT_CHECKS, *column, *vocabulary, *continued, *mixing)


def model_checks_of(settings: Settings) -> tuple[Check, ...]:
    """The checks of a model. Of a pretrained one: how well it reads the text, instead of the loss of random weights, and what
    its further training takes and is worth."""
    from mmrec_engine.checks.preflight.model_checks import MODEL_CHECKS

    if not is_pretrained(settings.init_from):
        return MODEL_CHECKS
    from mmrec_engine.checks.preflight.pretrained_costs import FURTHER_TRAINING
    from mmrec_engine.checks.preflight.pretrained_loss import PRETRAINED_LOSS
    from mmrec_engine.checks.preflight.pretrained_trial import PRETRAINED_TRIAL

    others = (check for check in MODEL_CHECKS if check.id != "initial-loss")
    return (PRETRAINED_LOSS, *others, FURTHER_TRAINING, PRETRAINED_TRIAL)


def checks_of(corpus: Corpus, settings: Settings) -> list[tuple[str, str]]:
    """The checks that `checks_before` makes, in its order: the id of each, and the checklist item it belongs to."""
    return [(check.id, check.item) for check in (*text_checks_of(corpus, settings), *model_checks_of(settings))]


def count_of_checks(corpus: Corpus, settings: Settings) -> int:
    """How many findings `checks_before` makes."""
    return len(checks_of(corpus, settings))


def baselines_of(findings: list[Finding]) -> dict[str, float]:
    """The n-gram baselines found by the check `baselines`; empty without it."""
    values: dict[str, Any] = next((one["values"] for one in findings if one.get("id") == "baselines"), {})
    return {name: values[name] for name in ("unigram", "bigram", "5-gram") if isinstance(values.get(name), float)}


def failing(findings: list[Finding], strict: bool = False) -> list[Finding]:
    """The findings that prevent a start, without waived ones. strict: warnings do too."""
    stopping = ("fail", "error", "warn") if strict else ("fail", "error")
    return [one for one in findings if one.get("status") in stopping and not is_waived(one)]


def strictly_failing(history: History) -> list[Finding]:
    """The findings that a strict run fails for after its end: the last one of each check, if it is a warning or worse."""
    return failing(newest(history.findings), strict=True)
