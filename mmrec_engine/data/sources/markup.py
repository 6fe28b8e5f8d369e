"""The text of documents in markup (HTML, XML and RTF), by libraries for these formats."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4.element import PageElement, Tag

# Elements that start a new line where a page is shown.
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "thead", "tr", "ul",
])  # fmt: skip
_PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl")
_XML_PARAGRAPHS = (*_PARAGRAPHS, "para", "title", "head", "section", "chapter", "div", "item", "entry", "page")
_XML_UNSEEN = ("script", "style", "binary")  # binary: pictures of an e-book
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"<\?.*?\?>", re.DOTALL)
_EMPTY_LINE = re.compile(r"\n[ \t]*\n\s*")
_UNSEEN = ("script", "style", "head", "noscript", "template", "svg", "iframe", "object", "button", "select")
# Private characters until white space is normalised: line ends, paragraph ends, and the content of a `pre`.
_LINE, _PARAGRAPH, _KEPT_LINE, _KEPT_SPACE = "\ue000", "\ue001", "\ue002", "\ue003"
_MARKS = str.maketrans("", "", _LINE + _PARAGRAPH + _KEPT_LINE + _KEPT_SPACE)
_KEPT = str.maketrans({"\n": _KEPT_LINE, " ": _KEPT_SPACE})
_SHOWN = str.maketrans({_KEPT_LINE: "\n", _KEPT_SPACE: " ", _PARAGRAPH: "\n\n"})


def html_text(source: str) -> str:
    """The visible text of the page, with an empty line between paragraphs."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(source.translate(_MARKS), "html.parser")
    title = page.title.get_text().strip() if page.title is not None else ""

    def marks(element: Tag) -> tuple[str, str] | None:
        name = element.name
        if name in _UNSEEN:
            return None
        if name in ("td", "th"):
            return "", " "
        mark = _PARAGRAPH if name in _PARAGRAPHS else _LINE if name in _BLOCKS else ""
        return mark, "" if name == "br" else mark

    shown = _laid_out("".join(_marked(page, marks)))
    whole = f"{title}\n\n{shown}" if title and not shown.startswith(title) else shown
    return f"{whole.strip()}\n" if whole.strip() else ""


def xml_text(source: str) -> str:
    """The words between the tags. An element within a sentence stays in its line, any other starts a new line.

    The HTML parser reads it, because it accepts documents that are not well-formed; the case of names does not matter here.
    """
    from bs4 import BeautifulSoup
    from bs4.builder import builder_registry

    builder = builder_registry.lookup("html.parser")()  # type: ignore[misc]
    builder.empty_element_tags = set()  # a link of HTML is empty, one of a feed is not
    plain = _CDATA.sub(lambda part: html.escape(part[1], quote=False), source.translate(_MARKS))
    document = BeautifulSoup(_DOCTYPE.sub("", _DECLARATION.sub("", plain), count=1), builder=builder)
    sentences = {id(words.parent) for words in document.find_all(string=_is_text) if words.strip()}

    def marks(element: Tag) -> tuple[str, str] | None:
        if element.name in _XML_UNSEEN:
            return None
        if id(element.parent) in sentences:
            return "", ""
        mark = _PARAGRAPH if element.name.rpartition(":")[2] in _XML_PARAGRAPHS else _LINE
        return mark, mark

    shown = _laid_out(_EMPTY_LINE.sub(_PARAGRAPH, "".join(_marked(document, marks))))
    return f"{shown}\n" if shown else ""


def _marked(root: Tag, marks: Callable[[Tag], tuple[str, str] | None]) -> Iterator[str]:
    """The text of a document in its order. marks: text to put before and after an element; None to omit it.

    A single walk: each change of the tree would take time proportional to the element's children.
    """
    from bs4 import Tag

    waiting: list[tuple[Iterator[PageElement], str, bool]] = [(iter(root.contents), "", False)]
    while waiting:
        children, behind, kept = waiting[-1]
        child = next(children, None)
        if child is None:
            waiting.pop()
            yield behind
        elif isinstance(child, Tag):
            around = marks(child)
            if around is not None:
                yield around[0]
                waiting.append((iter(child.contents), around[1], kept or child.name == "pre"))
        elif _is_text(child):
            yield str(child).translate(_KEPT) if kept else str(child)


def _is_text(part: object) -> bool:
    """Whether it is visible text: comments, declarations and the like are text too for the library."""
    return type(part).__name__ in ("NavigableString", "CData")


def _laid_out(marked: str) -> str:
    """Text with lines and paragraphs for the marks; other white space becomes one blank."""
    shown = re.sub(r"[ \t\r\n\f\xa0]+", " ", marked)
    shown = re.sub(rf"[ {_LINE}]*{_PARAGRAPH}[ {_LINE}{_PARAGRAPH}]*", _PARAGRAPH, shown)
    return re.sub(rf"(?: ?{_LINE} ?)+", "\n", shown).translate(_SHOWN).strip()


def rtf_text(source: str) -> str:
    """The words of a document in Rich Text Format. source: its bytes as Latin-1."""
    from striprtf.striprtf import rtf_to_text

    text = str(rtf_to_text(source, errors="ignore")).strip()  # type: ignore[no-untyped-call]
    return f"{text}\n" if text else ""
