"""What the tests of the command share."""

from collections.abc import Callable, Iterator

import pytest

from tests.command.terminal import Screen, end_all_in
from tests.conftest import Command


@pytest.fixture
def opened(command: Command) -> Iterator[Callable[..., Screen]]:
    """Opens `mmrec-tui WORDS` in a terminal; nothing that comes of it outlives the test."""
    screens: list[Screen] = []

    def open_one(*words: object, **how: object) -> Screen:
        screens.append(Screen(command, *words, **how))  # type: ignore[arg-type]
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()
    end_all_in(command.folder)
