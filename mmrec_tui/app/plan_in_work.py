"""A plan that is being made: its drafts, the settings that result from the newest one, and its work in the background.

Knows no screen: the one that shows it may be closed and opened again, in another language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmrec_engine.data.prepare import Corpus, short_split
from mmrec_engine.errors import RequestError
from mmrec_engine.run.starting_weights import with_model_of
from mmrec_engine.runs.catalog import locate
from mmrec_engine.settings import FIELDS, Resolved, Settings, parse
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_tui.app.draft import OF_A_TEXT, Draft, corpora_as_typed, known_settings
from mmrec_tui.app.plan_work import PlanWork
from mmrec_tui.app.undo import Drafts
from mmrec_tui.preferences import Preferences

# Errors of a text itself, whatever the other settings are: it is missing, empty, or no text.
_UNUSABLE = {"corpus-missing", "corpus-empty", "corpus-not-usable", "corpus-nothing-usable"}


class PlanInWork:
    """`change` the draft, `look` now and then.

    first: the draft to begin with; preferences: where each draft is kept, so that a new plan begins with it. proposed: first is
    no draft of the user; one that is kept stays kept until this one is changed, and can be restored by undoing. resolved: the
    settings as they were given, with those of their pretrained model; none while one is invalid, or the model is read.
    error: of the settings as they were given. begun: a run was started from this plan. awaited: its checklist was asked for,
    and opens as soon as the plan is ready; a change ends that.
    """

    def __init__(self, first: Draft, preferences: Preferences, *, proposed: bool = False) -> None:
        self.work = PlanWork()
        self.resolved: Resolved | None = None
        self.error: RequestError | None = None
        self.begun = False
        self.awaited = False
        kept = kept_draft(preferences)
        self.beside_own = proposed and _has_own_choices(kept, first, preferences.proposed)
        self._kept = (kept.given, preferences.proposed)
        self._proposed = dict(first.given) if proposed else preferences.proposed
        self._drafts = Drafts(kept if self.beside_own else first)
        self._drafts.change(first)
        self._opened_with = dict(first.given)
        self._preferences = preferences
        self._is_unsaved = False
        self._texts: list[str] = []  # paths and data sets that were chosen for it, the newest first
        self._time_emptied = False  # in its field, which is still being typed into

    # The draft

    @property
    def draft(self) -> Draft:
        return self._drafts.now

    @property
    def is_changed(self) -> bool:
        return self.draft.given != self._opened_with

    @property
    def can_undo(self) -> bool:
        return self._drafts.can_undo

    def note_text(self) -> bool:
        """Among the recent texts are those that could be read, the newest first. One stays there if only another setting
        kept it from being read now. Returns whether they have changed."""
        given, view, kept = self.draft.given.get("data_dir"), self.work.preparing.view, self._preferences
        unusable = view.error is not None and view.error.key in _UNUSABLE
        if not given or (view.corpus is None and not unusable):
            return False
        path, before = corpora_as_typed(given), list(kept.corpora)
        if view.corpus is not None:
            kept.note_corpus(path)
        else:
            kept.forget_corpus(path)
        if kept.corpora == before:
            return False
        kept.save()
        return True

    @property
    def known_texts(self) -> list[str]:
        """Paths and data sets: those chosen for this plan, also what could not be read so far, and those of earlier runs."""
        return [*(one for one in self._texts if one not in self._preferences.corpora), *self._preferences.corpora]

    def change(self, draft: Draft, typing: str = "") -> None:
        """Validate a draft, and start the work that it needs. typing: the setting whose field is being typed into."""
        self.awaited = False
        had_time = self._time_emptied or self.draft.given.get("time") is not None
        self._time_emptied = typing == "time" and had_time and draft.given.get("time") is None
        self._drafts.change(draft, typing)
        path, streamed = draft.given.get("data_dir"), draft.given.get("corpus")
        text = corpora_as_typed(path) if path else streamed
        if isinstance(text, str) and text not in self._texts:
            self._texts.insert(0, text)
        self.keep()
        text = {name: draft.given.get(name) for name in OF_A_TEXT}
        if text != self.work.text:
            self.work.text = text
            self.work.preparing.forget()  # the new one may be read only when the planner has chosen how
            self.work.planning.forget()
        self._resolve()

    def undo(self) -> Draft | None:
        """The draft before the last change, for `change`; None if nothing was changed."""
        return self._drafts.undo()

    def end_typing(self) -> bool:
        """Returns whether the given time was removed by what was typed."""
        emptied, self._time_emptied = self._time_emptied, False
        return emptied

    # Where it is kept

    def keep(self) -> None:
        """So that the plan is the same when the screen is opened the next time. It is saved when this one is closed."""
        self.beside_own = self.beside_own and not self.is_changed
        if self.begun or self.beside_own:
            return
        now, kept = (dict(self.draft.given), self.draft.held_profile), self._preferences
        if now != (kept.plan, kept.profile):
            kept.plan, kept.profile = now
            own, proposed_before = self._kept
            kept.proposed = proposed_before if self.draft.given == own else self._proposed
            self._is_unsaved = True

    def save(self) -> None:
        """Save whatever is kept by now: perhaps a plan that has replaced this one."""
        if self._is_unsaved:
            self._is_unsaved = False
            self._preferences.save()

    def begin(self) -> None:
        """A run is started from it: the next plan begins with the same settings, and another name; or with the user's own."""
        if not self.beside_own:
            self._preferences.plan = {name: value for name, value in self.draft.given.items() if name != "name"}
            self._preferences.profile = self.draft.held_profile
            self._preferences.proposed = self._proposed
            self._preferences.save()
        self.begun = True

    # What results from it

    @property
    def settings(self) -> Settings:
        """The settings as they are, or as the planner will choose them; while a field is invalid, the defaults with the chosen
        model."""
        if self.resolved is not None:
            plan = self.work.planning.plan
            return (self.resolved if plan is None else plan.resolved).settings
        config = self.draft.given.get("config", FIELDS["config"].default)
        return Settings(config=config) if config in PRESETS else Settings()

    @property
    def shown(self) -> Resolved | None:
        """The settings to show, with what the planner chose; none while one is invalid, or the pretrained model is read."""
        return None if self.resolved is None else self.work.planning.shown(self.resolved)

    @property
    def beside_wrong(self) -> tuple[Resolved | None, frozenset[str]]:
        """While values are invalid: the settings to show in the other fields, as they are without them, and their names. None
        if leaving them out is not enough."""
        given, wrong = dict(self.draft.given), set[str]()
        while True:
            try:
                resolved = replace(self.draft, given=given).resolved()
                first = resolved.settings.init_from
                if first is not None and not is_pretrained(first):
                    resolved = with_model_of(resolved, locate(first))
                return self.work.planning.shown(resolved), frozenset(wrong)
            except RequestError as error:
                flag = "--init-from" if error.key == "run-missing" else str(error.values.get("flag", ""))
                name = flag.removeprefix("--").replace("-", "_")
                wrong.add(name)
                if given.pop(name, None) is None:
                    return None, frozenset(wrong)

    @property
    def usable_corpus(self) -> Corpus | None:
        """The text, once it is prepared and has a complete window in each split."""
        corpus = self.work.preparing.corpus
        return None if corpus is None or short_split(corpus, self.settings.seq_len) is not None else corpus

    @property
    def ready(self) -> tuple[Resolved, Corpus] | None:
        """The run with the planner's choices, and its text; None while something is missing or invalid."""
        planning, corpus = self.work.planning, self.usable_corpus
        if self.resolved is None or planning.is_under_way or planning.error is not None or corpus is None:
            return None
        return (self.resolved if planning.plan is None else planning.plan.resolved), corpus

    @property
    def may_be_awaited(self) -> bool:
        """Whether it will be ready without any change of it, and soon."""
        work, view = self.work, self.work.preparing.view
        if self.error is not None or work.pretrained.error is not None or work.planning.error is not None:
            return False
        if view.error is not None or view.waits_for_encoding or work.planning.waits:
            return False
        return work.pretrained.is_under_way or work.planning.is_under_way or view.corpus is None

    def look(self, *, may_measure: bool, trains: bool) -> bool:
        """Continue the work. may_measure, trains: as for `PlanWork.look`. Returns whether there are other settings."""
        model = self.work.pretrained
        reading = model.is_under_way
        settings = None if self.resolved is None else self.settings
        changed = self.work.look(settings, may_measure=may_measure, trains=trains)
        if reading and not model.is_under_way:
            self._resolve()
            return True
        if changed:
            self._prepare()
        return changed

    def _resolve(self) -> None:
        """The settings of the draft, with those of its pretrained model."""
        model = self.work.pretrained
        self.resolved = self.error = None
        try:
            resolved = self.draft.resolved()
            model.want(resolved.settings.init_from)
            if not model.is_under_way and model.error is None:
                self.resolved = model.completed(resolved)
        except RequestError as error:
            self.error = error
        if self.resolved is not None:
            self.work.want(self.resolved)
            self._prepare()

    def _prepare(self) -> None:
        """The text, as the planner has chosen to read it."""
        shown = self.shown
        if shown is not None:
            self.work.prepare(shown.settings)


def kept_draft(preferences: Preferences) -> Draft:
    """The one that was kept when its screen was left."""
    return Draft(known_settings(preferences.plan), preferences.profile)


def _has_own_choices(kept: Draft, first: Draft, proposed: Mapping[str, Any]) -> bool:
    """Whether `first` in place of this draft would lose a choice of the user other than a text and a time. proposed: values
    that were proposed for it. A usual value is no choice where nothing else would take its place."""
    usual = {"time", "recipe"}.isdisjoint(kept.given)
    return any(
        first.given.get(name) != value and (name not in proposed or proposed[name] != value)
        for name, value in kept.given.items()
        if name not in (*OF_A_TEXT, "time") and not (usual and parse(name, value) == FIELDS[name].default)
    )
