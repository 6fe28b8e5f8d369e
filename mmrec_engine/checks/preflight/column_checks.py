"""Whether the text is prose: the check for unconverted markup, and the check of the field that the text came from.

Both use only the prepared text, an evenly spread sample of the training split.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from mmrec_engine.checks.finding import Check, Skip, Status, Values
from mmrec_engine.checks.preflight.split_checks import SHORTEST
from mmrec_engine.checks.preflight.text_context import TextContext
from mmrec_engine.data import text_measures
from mmrec_engine.data.sources.fields import is_prose
from mmrec_engine.data.sources.rows import table_of

Limits = Mapping[str, float]
_LINES = 2000  # that are tried as JSON
_TABLE = 2**16  # characters that are tried as a table
_EXAMPLE = 60  # characters
_MOSTLY = 0.5  # of a value
_FEW_DIFFERENT = 0.2  # of the values of labels
_RTF = re.compile(
    r"\\(?:rtf|ansi|pard?|plain|f|fs|cf|lang|b|i|ul|u|qc|ql|qj|li|ri|fi|sa|sb|tab|line)-?\d*\b ?|\\'[0-9a-f]{2}"
)


def _markup(context: TextContext) -> Values:
    sample = context.train_sample
    text = "\n".join(sample)
    if len(text) < SHORTEST:
        raise Skip("too-short")
    return {
        "html": text_measures.markup_share(text),
        "rtf": sum(map(len, _RTF.findall(text))) / len(text),
        "json": _json_share(text),
        "table": sum(len(one) for one in sample if table_of(one[:_TABLE], "", len(one) <= _TABLE)) / len(text),
    }


def _json_share(text: str) -> float:
    """Share of the characters in lines that are JSON objects."""
    lines = [line.strip() for line in text.splitlines()[:_LINES] if line.strip()]
    objects = [line for line in lines if line.startswith("{") and _is_object(line.rstrip(","))]
    return sum(map(len, objects)) / max(1, sum(map(len, lines)))


def _is_object(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(isinstance(one, str) for one in value.values())


def _judge_markup(values: Values, limits: Limits) -> Status:
    most = max(("html", "rtf", "json", "table"), key=lambda kind: values[kind] / limits[kind])
    values["share"] = values[most]
    if values[most] <= limits[most]:
        return "pass"
    values["variant"] = most
    return "warn"


def _column(context: TextContext) -> Values:
    sample = context.train_sample
    values: Values = {
        "field": ", ".join(name for name, _ in context.corpus.reading.fields),
        "documents": len(sample),
        "share": sum(map(_is_text, sample)) / max(1, len(sample)),
        "links": sum("://" in one[:12] for one in sample) / max(1, len(sample)),
        "different": len(set(sample)) / max(1, len(sample)),
    }
    if sample:
        values["example"] = next((one for one in sample if not _is_text(one)), sample[0])[:_EXAMPLE]
    return values


def _is_text(value: str) -> bool:
    """Prose, or an equation, which is valid training text."""
    return is_prose((value,)) or text_measures.arithmetic_share(value) > _MOSTLY


def _judge_column(values: Values, limits: Limits) -> Status:
    if values["share"] >= limits["share"]:
        return "pass"
    few_different = values["different"] < _FEW_DIFFERENT
    values["variant"] = "links" if values["links"] > limits["share"] else "labels" if few_different else "ids"
    return "warn"


MARKUP_CHECKS: Sequence[Check] = (Check("markup", _markup, _judge_markup),)
COLUMN_CHECKS: Sequence[Check] = (Check("column-odd", _column, _judge_column),)
