"""A planned run: the given values, the settings that result, and the expected costs. Pure: does not query the machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrec_engine.data.batches import training_windows, validation_windows
from mmrec_engine.data.mixture import moved
from mmrec_engine.data.prepare import Corpus, short_split
from mmrec_engine.data.sources.hub_source import anchored, is_downloaded
from mmrec_engine.errors import RequestError
from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.runs.run_time import Costs, schedule_of
from mmrec_engine.settings import FIELDS, Resolved, Settings, resolve, settings_that_decide, value_type
from mmrec_engine.settings.presets import PROFILES
from mmrec_engine.settings.pretrained import FOLDER, is_pretrained
from mmrec_engine.storage.files import read_plain
from mmrec_engine.storage.user_folders import expanded
from mmrec_engine.training.plan import make_plan

OF_A_TEXT = settings_that_decide("source")  # reset when the text changes
_OF_A_DOWNLOAD = ("max_corpus_bytes", 100_000_000)
# What the weights that a run begins with decide: a choice that was made before them is dropped.
_OF_STARTING_WEIGHTS = settings_that_decide("pretrained")
_MOST_CONFIG_BYTES = 2**16  # of a config.json that is looked into
_BUILDING_SECONDS = 0.5  # the model, and the first step's buffers and kernels
_BESIDE_THE_KEPT = 3  # best, final, and the one being written


@dataclass(frozen=True)
class Draft:
    """given: values set by the user, by setting. profile: the one that was chosen last, if any."""

    given: dict[str, Any]
    profile: str = ""

    @property
    def held_profile(self) -> str:
        """The chosen profile while all its values are given as it sets them; else empty."""
        values = PROFILES.get(self.profile, {})
        return self.profile if all(str(self.given.get(name)) == str(value) for name, value in values.items()) else ""

    def with_value(self, name: str, value: Any) -> Draft:
        """Set one value, or with None restore the one of the next source.

        Starting weights decide the model's size and tokenizer; choosing a config leaves a pretrained model."""
        given = {key: kept for key, kept in self.given.items() if key != name}
        if name == "init_from" and isinstance(value, str):
            value = _named_model(value)
            given = {key: kept for key, kept in given.items() if key not in _OF_STARTING_WEIGHTS}
        if name == "config" and is_pretrained(given.get("init_from")):
            del given["init_from"]
            given.pop("train_layers", None)
        return replace(self, given=given if value is None else {**given, name: value})

    def with_remedy(self, changes: Mapping[str, Any]) -> Draft:
        """With the changes of a remedy. Another model in a given time is planned anew: what the remedy changes is left to the
        planner, also where a value was given."""
        anew = "init_from" in changes and self.given.get("time") is not None
        draft = self
        for name, value in changes.items():
            draft = draft.with_value(name, None if anew else value)
        return draft

    def with_corpus(self, choice: dict[str, Any]) -> Draft:
        """Limits a data set that would be downloaded to a part at first, because choosing it starts the download."""
        if is_downloaded(choice.get("corpus")) and "max_corpus_bytes" not in self.given:
            choice = dict([*choice.items(), _OF_A_DOWNLOAD])
        kept = {
            name: value
            for name, value in self.given.items()
            if name not in OF_A_TEXT and (name, value) != _OF_A_DOWNLOAD
        }
        return replace(self, given={**kept, **choice})

    def with_profile(self, values: dict[str, Any], profile: str = "") -> Draft:
        """A profile replaces all given values except model, text and name. profile: its name; none for the guide's values."""
        kept = {name: self.given[name] for name in (*OF_A_TEXT, "config", "init_from", "name") if name in self.given}
        return Draft({**kept, **values}, profile)

    def in_the_time(self, seconds: float) -> Draft:
        """The best model in a time: of the given values only the text is kept, the planner chooses the others."""
        return Draft({**{name: self.given[name] for name in OF_A_TEXT if name in self.given}, "time": seconds})

    def resolved(self) -> Resolved:
        """Raises RequestError if the values are invalid."""
        return resolve(self.given)


def _named_model(typed: str) -> str:
    """Weights to start with, as the setting names them: a folder of transformers gets the hf: before it, ~ is expanded."""
    prefix = FOLDER if typed.startswith(FOLDER) else ""
    place = typed.removeprefix(FOLDER)
    path = expanded(Path(place))
    if place.startswith("~"):
        place = str(path)
    with contextlib.suppress(OSError, ValueError):
        if not prefix and "model_type" in read_plain(path / "config.json")[:_MOST_CONFIG_BYTES].decode(
            errors="replace"
        ):
            prefix = FOLDER
    return prefix + place


def known_settings(values: dict[str, Any]) -> dict[str, Any]:
    """The stored values that are still valid settings; a stored plan must never cause an error."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name in FIELDS:
            try:
                resolve({**kept, name: value})
            except ValueError:
                continue
            kept[name] = value
    return kept


def typed(name: str, text: str) -> Any:
    """What was typed into a field: None if it is empty; a comma is a decimal point."""
    text = text.strip()
    if not text:
        return None
    return text.replace(",", ".") if value_type(name) in (int, float) else text


def typed_corpora(text: str) -> str | tuple[str, ...]:
    """A path, or several separated by ;, each with or without a weight, as a value of the setting `data_dir`."""
    text = text.strip()
    several = tuple(one.strip() for one in text.split(";") if one.strip())
    return text if len(several) < 2 or os.path.exists(text) else several  # noqa: PTH110, it may be too long to ask for


def corpora_as_typed(data_dir: str | Sequence[str]) -> str:
    return data_dir if isinstance(data_dir, str) else "; ".join(data_dir)


def found_corpora(data_dir: str | tuple[str, ...], base: Path = Path()) -> str | tuple[str, ...]:
    """The same with absolute paths. Raises RequestError if one does not exist.

    base: the folder in which a relative path is looked for first; then in the working directory.
    """

    def found(path: Path) -> Path:
        path = expanded(path)
        for one in (base / path, path):
            if os.path.exists(one):  # noqa: PTH110
                return one.resolve() if ".." in one.parts else one.absolute()
        raise RequestError("corpus-missing", path=path)

    return moved(data_dir, found)


def key_of(settings: Settings, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(settings, name) for name in names)


@dataclass(frozen=True)
class RunEstimate:
    """The summary of a run. seconds: from its start to its end, including evaluations, saving and the checks after training;
    None if no speed is known. seconds_an_epoch: with one evaluation. The preparation is not included: the text is prepared
    already.

    target_loss: may end it sooner. time: given to the run, so that its steps are not known yet. pretrained: it begins with a
    pretrained model.
    """

    steps: int
    steps_an_epoch: int
    first_validation: int
    parameters: int
    disk_bytes: int
    memory_bytes: int
    seconds: float | None
    seconds_an_epoch: float | None
    seconds_to_validation: float | None
    target_loss: float | None = None
    time: float | None = None
    step_seconds: float | None = None
    pretrained: bool = False


def windows_of(settings: Settings, corpus: Corpus) -> tuple[int, int]:
    """Complete windows of the two splits; 0 if a split is shorter than one."""
    train = training_windows(settings, corpus).count
    if short_split(corpus, settings.seq_len, ("validation",)) is not None:
        return train, 0
    return train, sum(windows.count for windows in validation_windows(corpus, settings.evaluated_length))


def estimate_run(settings: Settings, corpus: Corpus, costs: Costs | None) -> RunEstimate:
    """corpus: prepared with these settings, with a complete window in each split."""
    windows, validation = windows_of(settings, corpus)
    plan = make_plan(settings, windows)
    model = settings.model(corpus.tokenizer.vocab_size)
    first = min(plan.planned_steps, settings.eval_every or plan.steps_an_epoch)
    kept = settings.keep_checkpoints + _BESIDE_THE_KEPT
    times: dict[str, float | None] = dict.fromkeys(("seconds", "seconds_an_epoch", "seconds_to_validation"))
    schedule = schedule_of(plan.planned_steps, settings.as_dict(), plan.steps_an_epoch, validation)
    if costs is not None and schedule is not None:
        times["seconds_an_epoch"] = schedule.seconds_an_epoch(plan.steps_an_epoch, costs)
        if not settings.time:
            until_evaluated = costs.validation + costs.writing
            times["seconds"] = _BUILDING_SECONDS + schedule.seconds_from(0, costs)
            times["seconds_to_validation"] = _BUILDING_SECONDS + first * costs.step + until_evaluated
    return RunEstimate(
        steps=plan.planned_steps,
        steps_an_epoch=plan.steps_an_epoch,
        first_validation=first,
        parameters=model.parameters(),
        disk_bytes=kept * model.checkpoint_bytes(settings.train_layers),
        memory_bytes=needed_bytes(settings, model.vocabulary, config=model),
        step_seconds=None if costs is None else costs.step,
        pretrained=settings.shape is not None,
        target_loss=settings.target_loss,
        time=settings.time,
        **times,
    )


def named(resolved: Resolved, name: str) -> Resolved:
    """The same run in a folder of this name, with an absolute path of its text."""
    settings = replace(resolved.settings, name=name)
    if settings.data_dir is not None:
        settings = replace(settings, data_dir=moved(settings.data_dir, lambda path: expanded(path).absolute()))
    if isinstance(settings.corpus, str):
        settings = replace(settings, corpus=anchored(settings.corpus))
    return replace(resolved, settings=settings, sources={**resolved.sources, "name": "hand"})
