"""The text of a planned run in a few lines: size, split, what was skipped, first window. Functions of the known values."""

from __future__ import annotations

from textual.content import Content

from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.sources.documents import Skipped
from mmrec_engine.data.sources.encodings_of_files import encoding_of
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import CharacterTokenizer
from mmrec_tui.app.draft import windows_of
from mmrec_tui.app.preparing import Look
from mmrec_tui.app.widgets.panel import plain
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.reading import reading_lines
from mmrec_tui.terminal import one_line, printable

_LINES = 12
_SAID_WHOLE = ("splits-left-out", "test-left-out", "empty-rows")  # parts of a text that are skipped
_MOST_NAMED = 3  # files that are left out
_PIECES = ("on $primary 30%", "underline on $accent 20%")  # alternating, and different without colour too


def _window(corpus: Corpus, settings: Settings, say: Wording) -> list[Content]:
    """The first window; subwords are shown one beside the other in two colours."""
    ids = [int(token) for token in corpus.train.tokens[: settings.seq_len]]
    if isinstance(corpus.tokenizer, CharacterTokenizer):
        window = "\n".join(printable(corpus.tokenizer.decode(ids)).splitlines()[:_LINES])
        return [Content.styled(say("plan.window"), "bold"), plain(window)]
    each = say.number(corpus.train.characters / max(1, len(corpus.train.tokens)), 2)
    pieces, lines = Content(""), 0
    for number, piece in enumerate(corpus.tokenizer.decode_each(ids)):
        lines += piece.count("\n")
        if lines >= _LINES:
            break
        pieces += Content.styled(printable(piece), _PIECES[number % len(_PIECES)])
    summary = plain(say("plan.tokens-each", each=each, kind=corpus.tokenizer.kind))
    return [summary, Content.styled(say("plan.pieces"), "bold"), pieces]


def _named(skipped: Skipped) -> str:
    """A file that is left out, with the encoding that it looks like."""
    name = one_line(skipped.name)
    return f"{name} ({encoding_of(skipped)})" if skipped.candidates else name


def preview_text(look: Look, settings: Settings, say: Wording) -> Content:
    """What is wrong with a text is said by the summary of the plan alone, which is always in sight."""
    parts: list[Content] = []
    preview = look.preview
    if preview is None and look.corpus is None and look.error is None:
        return plain(f"… {say('plan.preparing', percent=say.whole_percent(look.share))}")
    if preview is not None and preview.files and look.error is None:
        size = {"size": say.memory(preview.total_bytes), "files": say.number(preview.files)}
        parts.append(plain(say("plan.size", **size)))
    if look.corpus is not None:
        corpus = look.corpus
        train, validation = windows_of(settings, corpus)
        values = {
            "documents": say.number(corpus.documents),
            "train": say.number(corpus.train.characters),
            "validation": say.number(corpus.validation.characters),
            "vocabulary": say.number(corpus.tokenizer.vocab_size),
            "windows": say.number(train),
            "validation_windows": say.number(validation),
        }
        parts.append(plain(say("plan.corpus", **values)))
        parts += [plain(line.strip()) for line in reading_lines(corpus.describe(), say)]
        for part in corpus.parts:
            each = {"share": say.percent(part.share), "characters": say.number(part.train.characters)}
            parts.append(plain(say("corpus.part", name=one_line(part.name), **each)))
        named = [skipped for skipped in corpus.skipped if skipped.reason in _SAID_WHOLE]
        parts += [
            plain(say(f"skipped.{one.reason}", file=one_line(one.name), hint=one_line(one.hint))) for one in named
        ]
        if others := [skipped for skipped in corpus.skipped if skipped not in named]:
            names = ", ".join([*map(_named, others[:_MOST_NAMED]), *(["…"] if len(others) > _MOST_NAMED else [])])
            count = say.number(len(others))
            parts.append(Content.styled("! ", "bold $warning") + plain(say("plan.skipped", count=count, names=names)))
        parts += _window(corpus, settings, say)
    elif preview is not None and preview.lines:
        parts.append(Content.styled(one_line(preview.shown), "bold"))
        parts.append(plain("\n".join(one_line(line) for line in preview.lines[:_LINES])))
    return Content("\n").join(parts)
