"""The text of documents that are written in markup: HTML and RTF, by the libraries that know them."""

from __future__ import annotations

import re

# Elements that begin a line of their own where a page is shown.
_BLOCKS = [
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "thead", "tr", "ul",
]  # fmt: skip
_PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl")
_UNSEEN = ("script", "style", "head", "noscript", "template", "svg", "iframe", "object", "button", "select")
# Private characters, until white space has been made one: ends of lines and paragraphs, and what a `pre` keeps.
_LINE, _PARAGRAPH, _KEPT_LINE, _KEPT_SPACE = "\ue000", "\ue001", "\ue002", "\ue003"
_MARKS = str.maketrans("", "", _LINE + _PARAGRAPH + _KEPT_LINE + _KEPT_SPACE)
_KEPT = str.maketrans({"\n": _KEPT_LINE, " ": _KEPT_SPACE})
_SHOWN = str.maketrans({_KEPT_LINE: "\n", _KEPT_SPACE: " ", _PARAGRAPH: "\n\n"})


def html_text(source: str) -> str:
    """What a person reads on the page, a paragraph parted from the next by an empty line."""
    from bs4 import BeautifulSoup, Comment, Doctype

    page = BeautifulSoup(source.translate(_MARKS), "html.parser")
    title = page.title.get_text().strip() if page.title is not None else ""
    for element in page(_UNSEEN):
        element.decompose()
    for node in page.find_all(string=lambda text: isinstance(text, Comment | Doctype)):
        node.extract()
    for element in page("pre"):
        for inner in element.find_all(string=True):
            inner.replace_with(str(inner).translate(_KEPT))
    for element in page(["td", "th"]):
        element.append(" ")
    for element in page(_BLOCKS):
        mark = _PARAGRAPH if element.name in _PARAGRAPHS else _LINE
        element.insert_before(mark)
        element.insert_after(mark if element.name != "br" else "")
    shown = re.sub(r"[ \t\r\n\f\xa0]+", " ", page.get_text())
    shown = re.sub(rf"[ {_LINE}]*{_PARAGRAPH}[ {_LINE}{_PARAGRAPH}]*", _PARAGRAPH, shown)
    shown = re.sub(rf"(?: ?{_LINE} ?)+", "\n", shown).translate(_SHOWN).strip()
    whole = f"{title}\n\n{shown}" if title and not shown.startswith(title) else shown
    return f"{whole.strip()}\n" if whole.strip() else ""


def rtf_text(source: str) -> str:
    """The words of a document in Rich Text Format. source: its bytes as Latin-1."""
    from striprtf.striprtf import rtf_to_text

    text = str(rtf_to_text(source, errors="ignore")).strip()  # type: ignore[no-untyped-call]
    return f"{text}\n" if text else ""
