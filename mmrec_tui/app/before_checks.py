"""The checks before training, run in the background for the shown plan; their findings can be read at any time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from mmrec_engine.checks.waivers import marked
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.events import Planned, result_of
from mmrec_engine.run.follow_up import Offer, leaves_checks_valid
from mmrec_engine.runs.run_text import text_of_new_run
from mmrec_engine.settings import Resolved, resolve, settings_that_decide
from mmrec_tui.app.session import Work

_OF_THE_TEXT = frozenset({
    "encoding", "fix_encoding", "skip_invalid_bytes", "text_field", "val_split", "vocab_size", "tokenizer", "init_from"
})  # fmt: skip
_OF_ONE_CHECK = frozenset({"learning_rate", "warmup_steps", "early_stopping_patience", "eval_every", "grad_clip"})


_CHOSEN = ("max_steps", "eval_every", "dropout", "learning_rate", "seq_len")  # by the planner, unless given


class BeforeChecks:
    """corpus: prepared; if None it is prepared first. after: work on the same processors, which is waited for.
    total: of checks, 0 until it is known. planned: the planner's choices for a run with a given time; with it,
    `resolved` has these choices and `corpus` is prepared with them."""

    def __init__(
        self,
        resolved: Resolved,
        corpus: Corpus | None,
        after: Work[Any] | None = None,
        planned: Planned | None = None,
    ) -> None:
        self.resolved = resolved
        self._corpus = corpus
        self._found: dict[str, dict[str, Any]] = {}
        self._waived: frozenset[str] = frozenset()
        self.planned = planned
        self.total = 0
        self._made: set[str] = set()
        self._to_make: list[tuple[str, str]] = []  # (check, item), in the order in which they are made
        self._work = self._begin(None, after)

    @property
    def found(self) -> list[dict[str, Any]]:
        """The findings so far, each check's newest; waived ones say so."""
        return [marked(one, self._waived) for one in list(self._found.values())]

    def waive(self, id: str) -> None:
        """Waive this check, or undo that."""
        self._waived ^= {id}

    @property
    def work(self) -> Work[None] | None:
        """What is under way; None once the checks are made."""
        return None if self.done else self._work

    @property
    def running_item(self) -> str:
        """The item whose check is running; empty if none is."""
        if self.done:
            return ""
        return next((item for check, item in list(self._to_make) if check not in self._made), "")

    @property
    def done(self) -> bool:
        return self._work.done

    @property
    def error(self) -> Exception | None:
        return self._work.error

    def apply(self, offer: Offer) -> None:
        """Change the plan by a remedy, and run the checks again whose result may differ."""
        self._work.stop()
        self.resolved = self._changed(offer.changes)
        again: Collection[str] | None = None
        if leaves_checks_valid(offer.changes) or set(offer.changes) <= _OF_ONE_CHECK:
            again = {id for id, one in self._found.items() if one["status"] != "pass"} | {str(offer.finding["id"])}
        else:
            self._found = {}
        if "init_from" in offer.changes:  # a check that applies only to trained weights is not repeated
            self._found.pop(str(offer.finding["id"]), None)
        self._work = self._begin(again, self._work, prepare=bool(_OF_THE_TEXT & set(offer.changes)))

    def _changed(self, changes: dict[str, Any]) -> Resolved:
        settings, sources = self.resolved.settings, self.resolved.sources
        if settings.time is None or "init_from" not in changes:
            changed = resolve({**settings.as_dict(), **changes}).settings
            if self.planned is not None:
                choices = {name: one for name, one in self.planned.choices.items() if name not in changes}
                slower = not set(changes).isdisjoint(settings_that_decide("speed"))
                self.planned = replace(self.planned, choices=choices, expected={} if slower else self.planned.expected)
            return Resolved(changed, {**sources, **dict.fromkeys(changes, "remedy")})
        from mmrec_engine.planning.free_settings import GIVEN

        # Another model in the same time is planned anew, from what a person has chosen.
        self.planned = None
        chosen = {name: getattr(settings, name) for name, source in sources.items() if source in (*GIVEN, "remedy")}
        return resolve({name: value for name, value in chosen.items() if name not in changes})

    def stop(self) -> Work[None]:
        """Stop working; returns the work whose last part is still running."""
        self._work.stop()
        return self._work

    def _in_the_time(self, work: Work[None]) -> tuple[Resolved, Planned | None]:
        """For a run with a given time: with the planner's choices, made once."""
        resolved = self.resolved
        if resolved.settings.time is None or "planner" in {resolved.sources[name] for name in _CHOSEN}:
            return resolved, self.planned
        from mmrec_engine.planning.candidate_speed import speeds_here
        from mmrec_engine.planning.planner import planned

        return result_of(planned(resolved, speeds_here(work.stopping)))

    def _begin(self, only: Collection[str] | None, after: Work[Any] | None, prepare: bool = False) -> Work[None]:
        def check(work: Work[None]) -> None:
            from mmrec_engine.checks.preflight.all_checks import checks_before, checks_of, count_of_checks
            from mmrec_engine.training.device import machine_for

            if after is not None:
                after.join()
            corpus = self._corpus
            known = self.planned
            resolved, chosen = self._in_the_time(work)
            if work.stopping():  # a remedy may have changed the plan meanwhile
                return
            self.resolved, self.planned = resolved, chosen  # a start between the two has the settings at least
            if prepare or corpus is None or self.planned is not known:
                corpus = self._corpus = result_of(text_of_new_run(resolved.settings))
            self.total = count_of_checks(corpus, resolved.settings)
            self._made = set()
            self._to_make = [pair for pair in checks_of(corpus, resolved.settings) if only is None or pair[0] in only]
            settings = resolved.settings
            machine = machine_for(settings, corpus.tokenizer.vocab_size)
            warm = settings.init_from is not None
            made = checks_before(settings, resolved.sources, corpus, settings.run_folder, machine, warm, only)
            for finding in made:
                if work.stopping():
                    return
                self._found[str(finding["id"])] = finding
                self._made.add(str(finding["id"]))

        return Work(check)
