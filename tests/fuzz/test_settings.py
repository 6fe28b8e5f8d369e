"""Settings, settings files and flags of any kind are accepted or refused in one line, and a refusal leaves nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example
from hypothesis import strategies as st

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import FIELDS, Resolved, read_settings_file, resolve
from mmrec_engine.settings.declaration import flag
from mmrec_tui.cli import main  # noqa: F401, loaded before anything is counted
from tests.fuzz import hostile
from tests.fuzz.tried import everything_in, is_clear, is_safe, said, tries

NAMES = st.sampled_from(sorted(FIELDS)) | hostile.TEXTS
GIVEN = st.dictionaries(NAMES, hostile.VALUES, max_size=6)
KNOWN = st.dictionaries(st.sampled_from(sorted(FIELDS)), hostile.VALUES, max_size=6)
COMMANDS = [
    ["train"], ["check", "before"], ["check", "after"], ["find-lr"], ["find-batch"], ["evaluate"], ["generate"], ["export"],
    ["guide"], ["configs"], ["watch"], ["check"],
]  # fmt: skip
SWITCHES = [
    "--json", "--quiet", "--strict", "--resume", "--overwrite", "--no-check", "--auto-remedy", "--help", "--debugging",
    "--from", "--remedy", "--tokens", "--temperature", "--top-k", "--top-p", "--prompt", "--steps", "--seconds", "--settings",
    "--lang", "--vocabulary", "--", "-", "--=", "-h", "--no-", "--save-best-model", "--no-save-best-model",
]  # fmt: skip
# No slash: a run's folder stays below the place of the example.
WORDS = hostile.TEXTS.filter(lambda text: "/" not in text and text != "..")
FLAGS = st.lists(
    st.sampled_from(SWITCHES).map(lambda word: [word])
    | st.tuples(st.sampled_from([flag(name) for name in FIELDS]), WORDS | hostile.INTEGERS.map(str)).map(list)
    | st.tuples(st.sampled_from([flag(name) for name in FIELDS]), WORDS).map(lambda pair: ["=".join(pair)])
    | WORDS.map(lambda word: [word]),
    max_size=6,
)
TOML_VALUES = st.sampled_from([
    "1", "-0.0", "nan", "inf", "-inf", "1e999", "0x10", "true", '"x"', "'\\'", "[1, 2]", "{a = 1}", "1979-05-27", "07:32:00",
    "1_000", "[[1]]", '"""\n\n"""', "9" * 400, "9" * 5000, "0x" + "f" * 5000,
    "[0x" + "f" * 5000 + "]", "[" * 2000,
    "{", '"\\u0000"', '"\\ud800"', '"\x1b"',
])  # fmt: skip
TOML = st.lists(
    st.tuples(NAMES, TOML_VALUES | hostile.TEXTS).map(lambda pair: f"{pair[0]} = {pair[1]}")
    | st.sampled_from(["[a]", "[[a]]", "a.b = 1", "[a.b", "# x", "\ufeff", "=", "epochs.x = 1"])
    | hostile.TEXTS,
    max_size=5,
).map("\n".join)


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def resolved(given: dict[str, Any], from_file: dict[str, Any] | None, stored: dict[str, Any] | None) -> None:
    try:
        found = resolve(given, from_file, stored)
    except RequestError as error:
        is_clear(error)
        return
    assert isinstance(found, Resolved)
    settings = found.settings
    assert resolve(settings.as_dict()).settings == settings
    assert (
        settings.windows_a_step > 0
        and settings.window_stride > 0
        and 0 < settings.windows_at_once <= settings.batch_size
    )


@tries(60, given_by_hand=GIVEN, from_file=KNOWN | GIVEN, stored=st.none() | KNOWN)
def test_any_settings_are_resolved_or_refused(
    given_by_hand: dict[str, Any], from_file: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    resolved(given_by_hand, from_file, stored)


@example(name="epochs", value=10**400)
@example(name="epochs", value=10**5000)
@example(name="learning_rate", value=10**400)
@example(name="target_loss", value=float("inf"))
@tries(60, name=st.sampled_from(sorted(FIELDS)), value=hostile.VALUES)
def test_any_value_is_accepted_or_refused(name: str, value: Any) -> None:
    resolved({name: value}, None, None)


@tries(20, content=TOML.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60))
def test_any_settings_file_is_read_or_refused(content: bytes, new_place: Callable[[], Path]) -> None:
    path = new_place() / "settings\n.toml"
    path.write_bytes(content)
    try:
        values = read_settings_file(path)
    except RequestError as error:
        is_clear(error)
        return
    resolved({}, values, None)


@tries(10, command=st.sampled_from(COMMANDS), flags=FLAGS, turkish=st.booleans())
def test_any_invalid_flags_are_refused_in_one_line(
    command: list[str],
    flags: list[list[str]],
    turkish: bool,
    new_place: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is trained: there is no text, or the named one does not exist."""
    place = new_place() / "a" / "b"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    words = [word for group in flags for word in group]
    missing = ["--data-dir", "not-there", "--no-check"] if command == ["train"] else ["--data-dir", "not-there"]
    if command[0] in ("train", "find-lr", "find-batch") or command == ["check", "before"]:
        command = [*command, *missing]
    code, _, err = said([*(["--lang", "tr"] if turkish else []), *command, *words])
    is_safe(err)
    assert "Traceback" not in err and "unexpected" not in err and "beklenmeyen" not in err, err
    if code == 0:  # a table, or help
        assert command[0] in ("guide", "configs") or {"-h", "--help"} & set(words) or command == ["check"], (words, err)
    else:
        assert code == 2, err
        assert err.splitlines()[-1].strip()
        assert len(err.splitlines()) <= 2, err  # what is being done, and why it is refused
    assert everything_in(place.parent.parent) == {"a": everything_in(place.parent.parent)["a"], **_of("a/b", place)}


def _of(name: str, place: Path) -> dict[str, int]:
    return {name: place.lstat().st_size}
