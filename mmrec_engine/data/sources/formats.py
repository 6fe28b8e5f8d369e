"""The format of a file, recognised by its first bytes and, if these are ambiguous, by its name."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from mmrec_engine.data.sources.compressed_files import plain_name
from mmrec_engine.data.sources.rows import table_of
from mmrec_engine.data.sources.text import marked_encoding

Kind = Literal["text", "json-lines", "json", "table", "html", "xml", "rtf", "columns"]
_LINES = (".jsonl", ".ndjson", ".jsonlines", ".ldjson")
_CODE_WITH_TAGS = (".md", ".markdown", ".py", ".js", ".ts", ".tsx", ".jsx", ".php", ".vue", ".svelte", ".rst", ".tex")
_XML_NAMES = (".xml", ".nxml", ".tei", ".fb2", ".rss", ".atom")
_XML_CODE = (".svg", ".xsl", ".xslt", ".xsd", ".xaml", ".csproj", ".plist")  # read as plain text, like other code
_HTML = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(r"\s*<\?xml\s")
_ELEMENT = re.compile(r"\s*<[\w!?:.-]+[^<>]*>")
_TAG = re.compile(r"<(?:p|div|body|head|title|h[1-6]|table|span|br|ul|a)\b[^<>]*>", re.IGNORECASE)


def kind_of(name: str, head: bytes, whole: bool) -> Kind:
    """The format of a file. name: without suffixes of compression; head: its first bytes; whole: whether the head is all."""
    ending = PurePosixPath(plain_name(name)).suffix
    if head.startswith((b"PAR1", b"ARROW1")):
        return "columns"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if ending in _LINES:
        return "json-lines"
    text = beginning(head)
    if (json_kind := _json_kind(text, ending == ".json", whole)) is not None:
        return json_kind
    if ending in (".html", ".htm", ".xhtml") and _TAG.search(text):
        return "html"
    if _HTML.match(text) and ending not in _CODE_WITH_TAGS:
        return "html"
    if ending not in (*_CODE_WITH_TAGS, *_XML_CODE) and (
        _XML.match(text) or (ending in _XML_NAMES and _ELEMENT.match(text))
    ):
        return "xml"
    if "\0" not in text and ending not in _CODE_WITH_TAGS and table_of(text, ending, whole) is not None:
        return "table"
    return "text"


def beginning(head: bytes) -> str:
    """The first bytes as text, with invalid ones replaced."""
    encoding = marked_encoding(head) or "utf-8"
    return codecs.getincrementaldecoder(encoding)("replace").decode(head).replace("\r\n", "\n").replace("\r", "\n")


def _json_kind(text: str, named: bool, whole: bool) -> Kind | None:
    """named: whether the name says JSON. Another file is JSON only if two rows of it can be read."""
    start = text.lstrip("\ufeff \n\t")
    if start.startswith("["):
        if named:
            return "json"
        return "json" if _value_at(start[1:].lstrip()) else None
    if not start.startswith("{"):
        return "json" if named else None
    lines = [line for line in start.split("\n") if line.strip()]
    if not whole or len(lines) > 1:
        first = _value_at(lines[0]) if len(lines) > 1 else named or start.startswith('{"')
        second = lines[1].lstrip().startswith("{") if len(lines) > 1 else True
        if first and second:
            return "json-lines"
    return "json" if named else None


def _value_at(text: str) -> bool:
    """Whether a complete JSON object begins here."""
    try:
        return isinstance(json.JSONDecoder().raw_decode(text)[0], Mapping)
    except (ValueError, RecursionError):
        return False
