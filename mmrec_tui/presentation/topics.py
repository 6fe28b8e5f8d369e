"""The guide's topics in one language, for the command and the screen. Must not know: Typer, Textual.

A topic is plain text: a title, and paragraphs under headings. Headings and sections are keys of the wording (`text/`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mmrec_engine.checks.remedies import offered_for
from mmrec_engine.checks.specs import CHECKS
from mmrec_engine.locales.catalogue import words as words_of
from mmrec_engine.locales.guide import (
    HYPERPARAMETERS,
    ITEMS,
    MEASURES,
    PROBLEMS,
    Hyperparameter,
    Item,
    Measure,
    Problem,
)
from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.guide.findings import sources, texts, thresholds
from mmrec_engine.locales.guide.remedies import remedy_title
from mmrec_engine.locales.letters import folded
from mmrec_engine.locales.messages import Language, Words
from mmrec_engine.settings import value_type

Kind = Literal["item", "problem", "finding", "measure", "hyperparameter"]


@dataclass(frozen=True)
class Topic:
    """section: key of the heading it is listed under; paragraphs: (key of its heading, text); remedies: a line each. finding:
    title of the check's finding that is explained here, if it has another one."""

    id: str
    kind: Kind
    section: str
    title: str
    paragraphs: tuple[tuple[str, str], ...]
    remedies: tuple[str, ...] = ()
    finding: str = ""


def topics(language: Language) -> tuple[Topic, ...]:
    """All topics, in the order of the guide; those of one section follow each other. Ids are unique."""
    told_already = {item.id for item in ITEMS} | {problem.id for problem in PROBLEMS}
    return (
        *(_of_item(item, language) for item in ITEMS),
        *(_of_problem(problem, language) for problem in PROBLEMS),
        *(_of_finding(entry, language) for entry in texts().values() if entry.id not in told_already),
        *(_of_measure(measure, language) for measure in MEASURES),
        *(_of_hyperparameter(setting, language) for setting in HYPERPARAMETERS),
    )


def named(name: str, language: Language) -> list[Topic]:
    """The topics with this id, and then those that differ in - and _ alone: `learning-rate` is a measure, and as
    `learning_rate` a setting."""
    found = [topic for topic in topics(language) if _plain(topic.id) == _plain(name)]
    return sorted(found, key=lambda topic: topic.id != name)


def search(query: str, language: Language) -> list[Topic]:
    """The topics that mention `query`: first those with it in the id, then in the title, then in the text; after them those
    that mention the term of the guide for which `query` is another word (synonyms.json)."""
    listed = topics(language)
    found: dict[str, Topic] = {}
    for wanted in (query, *_terms_for(query, language)):
        ranked = [(_rank(topic, wanted), topic) for topic in listed]
        by_rank = sorted(ranked, key=lambda pair: pair[0])
        found |= {topic.id: topic for rank, topic in by_rank if rank < _UNMENTIONED and topic.id not in found}
    return list(found.values())


_UNMENTIONED = 4
_FEWEST_LETTERS = 3  # of a word that is not typed to its end yet


def _terms_for(query: str, language: Language) -> list[str]:
    typed = _folded(query)
    others = {term: [_folded(one) for one in words] for term, words in words_of("synonyms", language).items()}
    is_begun = len(typed) >= _FEWEST_LETTERS
    return [
        term
        for term, words in others.items()
        if any(typed == one or (is_begun and one.startswith(typed)) for one in words)
    ]


def _rank(topic: Topic, query: str) -> int:
    wanted, name, title = _folded(query), _plain(topic.id), _folded(f"{topic.title}\n{topic.finding}")
    text = _folded("\n".join((*(text for _, text in topic.paragraphs), *topic.remedies)))
    places = (name == _plain(query), _plain(query) in name, wanted in title, wanted in text)
    return places.index(True) if any(places) else _UNMENTIONED


def _plain(name: str) -> str:
    return _folded(name).replace("_", "-")


def _folded(text: str) -> str:
    return folded(text.strip())


def _of_item(item: Item, language: Language) -> Topic:
    paragraphs = _paragraphs(language, (("guide.why", item.why), ("guide.do", item.do)))
    title, told = _finding_within(item.id, language, paragraphs)
    return Topic(item.id, "item", f"guide.{item.phase}", item.question[language], (*paragraphs, *told), finding=title)


def _of_problem(problem: Problem, language: Language) -> Topic:
    paragraphs = _paragraphs(language, (("guide.seen", problem.seen), ("guide.why", problem.why)))
    remedies = tuple(remedy.title[language] for remedy in problem.remedies)
    title, told = _finding_within(problem.id, language, paragraphs)
    return Topic(
        problem.id, "problem", "guide.problems", problem.title[language], (*paragraphs, *told), remedies, title
    )


def _finding_within(
    id: str, language: Language, paragraphs: tuple[tuple[str, str], ...]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The title of the finding with this id, and a paragraph that tells what its topic does not tell yet; empty without one."""
    entry = texts().get(id)
    if entry is None:
        return "", ()
    known = {text for _, text in paragraphs}
    title = entry.title[language]
    told = [f"{title}."] + [text[language] for text in (entry.why, entry.do) if text[language] not in known]
    return title, (("guide.finding", " ".join(told)),)


def _of_finding(entry: FindingText, language: Language) -> Topic:
    words = _paragraphs(language, (("guide.why", entry.why), ("guide.do", entry.do)))
    threshold = CHECKS.get(entry.id)
    if threshold is not None and threshold.numbers:
        words = (*words, ("guide.limits", thresholds(entry.id, threshold.numbers, language)))
        words = (*words, ("guide.sources", sources(threshold.source, language)))
    remedies = tuple(remedy_title({"id": remedy}, language) for remedy in offered_for(entry.id))
    return Topic(entry.id, "finding", "guide.findings", entry.title[language], words, remedies)


def _of_measure(measure: Measure, language: Language) -> Topic:
    words = (("guide.what", measure.what), ("guide.matters", measure.why), ("guide.read", measure.read))
    title = measure.title[language]
    return Topic(measure.id, "measure", "guide.measures", title, _paragraphs(language, words))


def _of_hyperparameter(setting: Hyperparameter, language: Language) -> Topic:
    is_switch, has_order = value_type(setting.name) is bool, bool(setting.lower[language])
    words = (
        ("guide.what", setting.what),
        ("guide.on" if is_switch else "guide.higher" if has_order else "guide.other", setting.higher),
        ("guide.off" if is_switch else "guide.lower", setting.lower),
    )
    title = setting.title[language]
    return Topic(setting.name, "hyperparameter", "guide.settings", title, _paragraphs(language, words))


def _paragraphs(language: Language, words: Iterable[tuple[str, Words]]) -> tuple[tuple[str, str], ...]:
    return tuple((heading, text[language]) for heading, text in words if text[language])
