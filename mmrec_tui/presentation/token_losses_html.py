"""A text coloured by how likely the model found each token, as one HTML page without a script or a file from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from mmrec_tui.locales import Wording
from mmrec_tui.presentation.token_losses import (
    HARD_HEADS,
    LEVELS,
    MEMORY_HEADS,
    expected_of,
    expected_text,
    hard_tokens,
    level,
    memory_rows,
)
from mmrec_tui.terminal import printable

if TYPE_CHECKING:
    from mmrec_engine.evaluation.inspection import Inspection

_HARDEST = 20
_SPARK = 48
# Background and text of each level, in a light and in a dark page; contrast at least 4.5 : 1.
_STYLE = """
:root { color-scheme: light dark; --l0: #d8f0da; --l1: #f6efc6; --l2: #f7d5b0; --l3: #f2b4ae; }
@media (prefers-color-scheme: dark) { :root { --l0: #173d20; --l1: #46400f; --l2: #5a3712; --l3: #6b1f1c; } }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
.text span, .key span { border-radius: 2px; }
.l0 { background: var(--l0); } .l1 { background: var(--l1); } .l2 { background: var(--l2); } .l3 { background: var(--l3); }
.key span { padding: 0 .5em; margin-right: .5em; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2em .8em .2em 0; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code, td.spark { font-family: ui-monospace, monospace; }
"""


def page(inspection: Inspection, name: str, say: Wording, decode: Callable[[list[int]], str]) -> str:
    """name: of the run or the checkpoint. decode: ids to text."""
    title = say("look.title", name=name)
    bounds = [say("look.level", share=say.whole_percent(bound)) for bound in LEVELS[:-1]]
    bounds.append(say("look.level-below", share=say.whole_percent(LEVELS[-2])))
    key = "".join(f'<span class="l{number}">{escape(words)}</span>' for number, words in enumerate(bounds))
    parts = [
        f'<!doctype html>\n<html lang="{say.language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(summary(inspection, say))}</p>",
        f'<p class="key">{escape(say("look.levels"))} {key}</p>\n<p>{escape(say("look.hover"))}</p>',
        f'<div class="text" dir="auto">{_text(inspection, say, decode)}</div>',
        f"<h2>{escape(say('look.hardest'))}</h2>\n{_hardest(inspection, say, decode)}",
    ]
    if inspection.memories:
        parts.append(f"<h2>{escape(say('look.memories'))}</h2>\n<p>{escape(say('look.memories-how'))}</p>")
        parts.append(_memories(inspection, say))
    return "\n".join([*parts, "</body>\n</html>\n"])


def summary(inspection: Inspection, say: Wording) -> str:
    line = say(
        "look.summary",
        tokens=say.number(len(inspection.tokens)),
        loss=say.number(inspection.loss, 3),
        bits=say.number(inspection.bits_per_character, 3),
    )
    return line + (say("look.left-out", tokens=say.number(inspection.left_out)) if inspection.left_out else "")


def _text(inspection: Inspection, say: Wording, decode: Callable[[list[int]], str]) -> str:
    spans = []
    for token in inspection.tokens:
        number = level(token)
        text = escape(printable(token.text))
        if number is None:
            spans.append(text)
            continue
        loss = say("look.loss", loss=say.number(-(token.logprob or 0.0), 2))
        title = escape(f"{loss}\n{expected_text(expected_of(token, decode), say)}", quote=True)
        spans.append(f'<span class="l{number}" title="{title}">{text}</span>')
    return "".join(spans)


def _hardest(inspection: Inspection, say: Wording, decode: Callable[[list[int]], str]) -> str:
    rows = [
        f'<tr><td class="number">{say.number(one.number)}</td><td dir="auto"><code>{escape(one.before)}<b class="l3">'
        f'{escape(one.token)}</b></code></td><td class="number">{say.number(one.loss, 2)}</td>'
        f"<td><code>{escape(expected_text(one.expected, say))}</code></td></tr>"
        for one in hard_tokens(inspection, _HARDEST, decode)
    ]
    return _table(list(map(say, HARD_HEADS)), rows)


def _memories(inspection: Inspection, say: Wording) -> str:
    rows = [
        f'<tr><td class="number">{constant}</td><td class="number">{cost}</td><td class="spark">{norms}</td></tr>'
        for constant, cost, norms in memory_rows(inspection, say, _SPARK)
    ]
    return _table(list(map(say, MEMORY_HEADS)), rows)


def _table(heads: list[str], rows: list[str]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"
