"""The guide, searchable, opened at the topic of the focused widget."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from mmrec_tui.app.in_app import in_app
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.widgets.fields import Search
from mmrec_tui.app.widgets.panel import hanging, plain
from mmrec_tui.app.widgets.restyling import set_options
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.topics import Topic, named, search, topics
from mmrec_tui.terminal import one_line


class GuideScreen(MmrecScreen):
    """topic: the id of the topic to open at. words: of a search, kept if that topic is among those found in this language."""

    table: ClassVar[str] = "guide"

    def __init__(self, topic: str | None = None, words: str = "") -> None:
        super().__init__()
        self._wanted = topic
        self._searched = words  # what the list shows
        self._topics: dict[str, Topic] = {}
        self._open = ""  # the id of the topic that is shown

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("guide.title"))
        if self._searched and not any(topic.id == self._wanted for topic in search(self._searched, say.language)):
            self._searched = ""
        yield Search("#topics", value=self._searched, placeholder=say("guide.search"), id="search")
        with Container(id="guide"):
            yield OptionList(id="topics")
            with VerticalScroll(id="page"):
                yield Static(id="topic")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._show_list(self._searched)
        found = named(self._wanted, self.say.language) if self._wanted else []
        where = self.query_one("#topics", OptionList)
        listed = next((topic.id for topic in found if topic.id in self._topics), None)  # a search may leave it out
        first = 0 if self._searched else 1  # below the heading of the section
        where.highlighted = where.get_option_index(listed) if listed is not None else first
        self.set_focus(where)
        self.call_after_refresh(lambda: where.scroll_to_highlight())

    def opened_again(self) -> dict[str, Any]:
        return {"topic": self._open or self._wanted, "words": self._searched}

    def _show_list(self, query: str) -> None:
        language, self._searched = self.say.language, query
        listed = search(query, language) if query else list(topics(language))
        self._topics = {topic.id: topic for topic in listed}
        where = self.query_one("#topics", OptionList)
        where.clear_options()
        where.add_options(self._options(query))
        if query and listed:
            where.highlighted = 0
        elif not listed:
            self.query_one("#topic", Static).update(self.say("guide.nothing-else"))
        elif self._open in self._topics:  # all of them again, after a search
            where.highlighted = where.get_option_index(self._open)
            where.scroll_to_highlight()

    def _options(self, query: str) -> list[Option]:
        """The topics as lines; under their sections unless they were searched for."""
        width = self.query_one("#topics", OptionList).scrollable_content_region.width
        options: list[Option] = []
        if query and not self._topics:
            options.append(Option(plain(self.say("guide.nothing", words=one_line(query))), disabled=True))
        section, titles = "", [topic.title for topic in self._topics.values()]
        for topic in self._topics.values():
            if topic.section != section and not query:
                section = topic.section
                options.append(Option(Content.styled(self.say(section), "bold $primary"), disabled=True))
            head = Content("" if query else "  ")
            alike = query and titles.count(topic.title) > 1  # such as a measure and a setting
            title = f"{topic.title} ({self.say(topic.section)})" if alike else topic.title
            options.append(Option(hanging(head, plain(title), width), id=topic.id))
        return options

    def on_resize(self) -> None:
        self.call_after_refresh(self._wrap)

    def _wrap(self) -> None:
        """Update the list, with its rows wrapped to the present width."""
        where = self.query_one("#topics", OptionList)
        set_options(where, self._options(self.query_one(Input).value.strip()))
        where.scroll_to_highlight()

    def on_input_changed(self, event: Input.Changed) -> None:
        words = event.value.strip()
        if words != self._searched:  # the words that the screen is opened with are told too
            self._show_list(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.set_focus(self.query_one("#topics"))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        topic = self._topics.get(str(event.option.id))
        if topic is not None:
            self._open = topic.id
            self.query_one("#topic", Static).update(topic_text(topic, self.say))
            self.query_one("#page").scroll_home(animate=False)

    def action_filter(self) -> None:
        self.set_focus(self.query_one(Input))


def topic_text(topic: Topic, say: Wording) -> Content:
    text = plain(topic.title, "bold $primary")
    for heading, paragraph in topic.paragraphs:
        text += Content("\n\n") + Content.styled(say(heading), "bold") + Content("\n") + plain(in_app(paragraph, say))
    for remedy in topic.remedies:
        text += Content("\n") + Content.styled("→ ", "bold $accent") + plain(remedy)
    return text
