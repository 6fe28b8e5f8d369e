"""`look`: the loss of each token, in the terminal, as JSON, and as a page that needs nothing from elsewhere."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmrec_engine.evaluation.generation import Scored
from mmrec_engine.evaluation.inspection import Inspection
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.token_losses_html import page as page_of
from tests.command.terminal import Screen
from tests.conftest import Command


class Page(HTMLParser):
    """The tags that are open, the text of the tokens, and what would be loaded or run."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tokens: list[str] = []
        self.titles: list[str] = []
        self.foreign: list[str] = []
        self._within = False
        self.feed(content)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag != "meta":
            self.open.append(tag)
        if tag == "script" or {"src", "href"} & named.keys() or any(name.startswith("on") for name in named):
            self.foreign.append(tag)
        self._within = self._within or named.get("class") == "text"
        if self._within and tag == "span":
            self.titles.append(named.get("title") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._within = self._within and tag != "div"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.tokens.append(data)


def test_page_and_json_hold_the_text_with_its_losses(command: Command, made: Path) -> None:
    (command.folder / "other.txt").write_text("Ana Bir\n", encoding="utf-8")
    seen = command("look", "made", "--text", "other.txt", "--html", "page.html", "--json")
    assert seen.code == 0, seen.err
    page = Page((command.folder / "page.html").read_text(encoding="utf-8"))
    assert not page.open and not page.foreign
    assert "".join(page.tokens) == "Ana Bir\n"
    tokens = seen.json["tokens"]
    assert len(page.titles) == len(tokens) - 1 and "%" in page.titles[0]
    assert all(token["logprob"] < 0 and len(token["likeliest"]) == 5 for token in tokens[1:])
    assert seen.json["memories"][0]["time_constant"] == 2.0
    again = command("look", "made", "--text", "other.txt", "--html", "page.html")
    assert again.code == 2 and "--html" in again.err and len(again.err.strip().splitlines()) == 1


def test_tokens_are_escaped_in_the_page() -> None:
    tokens = tuple(Scored(0, text, -1.0, ((1, -0.1),)) for text in ("<script>alert('&')</script>", "\x1b[2J", '"'))
    content = page_of(Inspection(tokens, 1.0, 1.4, (), (), 0), "<b>run</b>", Wording("en"), lambda ids: '"><script>')
    page = Page(content)
    assert not page.open and not page.foreign
    assert "".join(page.tokens).startswith("<script>alert('&')</script>") and "\x1b" not in content
    assert all("><script>" in title for title in page.titles)


def test_without_a_text_the_validation_split_is_read(command: Command, made: Path) -> None:
    evaluated = command("evaluate", "made", "--json").json
    whole = command("look", "made", "--tokens", 10**6, "--json").json
    assert whole["left_out"] == 0
    assert abs(whole["loss"] - evaluated["loss"]) < 0.05  # evaluated in windows, each without the text before it


@pytest.mark.extended
def test_terminal_shows_the_text_in_colours(command: Command, made: Path, opened: Callable[..., Screen]) -> None:
    screen = opened("look", "made", "--tokens", 60)
    assert screen.wait_for_end(240) == 0
    assert b"\x1b[48;5;" in screen.written


def test_refusals_are_one_line(command: Command, made: Path) -> None:
    (command.folder / "latin.txt").write_bytes("Çağ".encode("iso-8859-9"))
    (command.folder / "one.txt").write_text("a")
    for flags, named in (
        (["--text", "absent.txt"], "absent.txt"),
        (["--text", "latin.txt"], "UTF-8"),
        (["--text", "one.txt"], "token"),
        (["--html", "no/such/page.html", "--tokens", 20], "no/such/page.html"),
        (["--tokens", 1], "--tokens"),
    ):
        refused = command("look", "made", *flags)
        assert refused.code == 2 and named in refused.err, (flags, refused.err)
        assert len(refused.err.strip().splitlines()) == 1, refused.err
