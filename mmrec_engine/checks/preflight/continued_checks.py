"""The check of a run that begins with the weights of an earlier one: were these trained on its validation split?

Must not know: models, torch, screens.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.split_checks import judge_share
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.checks.specs import numbers
from mmrec_engine.locales.guide.remedies import remedy
from mmrec_engine.runs.catalog import locate, read_description
from mmrec_engine.runs.run_text import is_described
from mmrec_engine.settings.pretrained import is_pretrained


def _continued(context: TextContext) -> Values:
    """Exact for known documents; by sampled passages for documents that were changed, joined or cut since.

    A passage that this run's own training split has too is a copy in the text, which the check split-overlap reports: unchanged
    documents with common passages are as apart as they were.
    """
    corpus, record = context.corpus, context.corpus.earlier.record
    values: Values = {"characters": corpus.validation.characters, "seen": 0, "share": 0.0}
    if context.settings.train_layers is not None:
        values["train_layers"] = context.settings.train_layers
    if record is None or corpus.record is None:
        if is_pretrained(context.settings.init_from):
            raise Skip("not-recorded")
        if _same_split(context):
            return values
        raise Skip("not-recorded")
    _, _, seen = record.look_up(corpus.record.keys)
    values["seen"] = int(np.maximum(0, seen - corpus.record.train).sum())
    values["share"] = min(1.0, values["seen"] / max(1, corpus.validation.characters))
    least = max(values["share"], numbers("split-continued")["gram_share"])
    of_grams, grams = record.share_of_grams(corpus.validation.tokens)
    if of_grams > least:
        of_grams, grams = record.share_of_grams(corpus.validation.tokens, corpus.train.tokens)
    if of_grams > least:
        values |= {"share": of_grams, "grams": grams, "variant": "passages"}
    return values


def _same_split(context: TextContext) -> bool:
    """For a run without a record: whether text and share are the same, so that the split is too."""
    assert context.settings.init_from is not None
    described = read_description(locate(context.settings.init_from).parent) or {}
    stored = described.get("settings", {})
    same_share = stored.get("val_split") == context.settings.val_split
    return same_share and is_described(context.corpus, described.get("corpus", {})) and stored.get("init_from") is None


def _random_weights(values: Values, status: Status) -> list[dict[str, Any]]:
    if status not in ("warn", "fail"):
        return []
    whole = {"train_layers": None} if "train_layers" in values else {}  # random weights cannot be left as they are
    return [remedy("random-weights", init_from=None, **whole)]


CONTINUED_CHECKS: tuple[Check, ...] = (Check("split-continued", _continued, judge_share, _random_weights),)
