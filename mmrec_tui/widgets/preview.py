"""The text of a planned run in a few lines: its size, its split, its first window. A function of what is known of it."""

from __future__ import annotations

from textual.content import Content

from mmrec_engine.errors import MmrecError
from mmrec_engine.settings import Settings
from mmrec_tui.draft import windows_of
from mmrec_tui.preparing import Look
from mmrec_tui.terminal import one_line, printable
from mmrec_tui.text import Wording
from mmrec_tui.widgets.panels import plain

_LINES = 12


def preview_text(look: Look, settings: Settings, say: Wording) -> Content:
    parts: list[Content] = []
    if isinstance(look.error, MmrecError):
        parts.append(Content.styled("✗ ", "bold $error") + plain(look.error.text(say.language)))
    preview = look.preview
    if preview is not None:
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
        if corpus.skipped:
            names = ", ".join(one_line(skipped.name) for skipped in corpus.skipped[:3])
            count = say.number(len(corpus.skipped))
            parts.append(Content.styled("! ", "bold $warning") + plain(say("plan.skipped", count=count, names=names)))
        window = corpus.tokenizer.decode([int(token) for token in corpus.train.tokens[: settings.seq_len]])
        parts.append(Content.styled(say("plan.window"), "bold"))
        parts.append(plain("\n".join(printable(window).splitlines()[:_LINES])))
    elif preview is not None and preview.lines:
        parts.append(Content.styled(one_line(preview.shown), "bold"))
        parts.append(plain("\n".join(one_line(line) for line in preview.lines[:_LINES])))
    return Content("\n").join(parts)
