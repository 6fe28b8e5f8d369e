"""The guide, searchable, opened where it speaks of what had focus."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from mmrec_tui.app.in_app import in_app
from mmrec_tui.app.screens.base import KeyBar, MmrecScreen, Title
from mmrec_tui.app.widgets.panels import plain
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.topics import Topic, named, search, topics


class GuideScreen(MmrecScreen):
    """topic: the id of the topic to open at."""

    table: ClassVar[str] = "guide"

    def __init__(self, topic: str | None = None) -> None:
        super().__init__()
        self._wanted = topic
        self._topics: dict[str, Topic] = {}

    def compose(self) -> ComposeResult:
        say = self.say
        yield Title(say("guide.title"))
        yield Input(placeholder=say("guide.search"), id="search")
        with Container(id="guide"):
            yield OptionList(id="topics")
            with VerticalScroll(id="page"):
                yield Static(id="topic")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self._show_list("")
        found = named(self._wanted, self.say.language) if self._wanted else []
        where = self.query_one("#topics", OptionList)
        position = where.get_option_index(found[0].id) if found else 1
        where.highlighted = position
        self.set_focus(where)
        self.call_after_refresh(lambda: where.scroll_to_highlight())

    def _show_list(self, query: str) -> None:
        language = self.say.language
        listed = search(query, language) if query else list(topics(language))
        self._topics = {topic.id: topic for topic in listed}
        where = self.query_one("#topics", OptionList)
        where.clear_options()
        section = ""
        for topic in listed:
            if topic.section != section and not query:
                section = topic.section
                where.add_option(Option(Content.styled(self.say(section), "bold $primary"), disabled=True))
            where.add_option(Option(plain(f"  {topic.title}" if not query else topic.title), id=topic.id))
        if query and listed:
            where.highlighted = 0

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show_list(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.set_focus(self.query_one("#topics"))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        topic = self._topics.get(str(event.option.id))
        if topic is not None:
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
