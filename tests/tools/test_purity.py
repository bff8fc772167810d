"""Whatever a guard or an action must not look at is found where it does so, also in what it calls."""

import datetime
import itertools
import os.path
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from time import monotonic
from types import MappingProxyType
from typing import Any

import pytest
from msgspec import Struct

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.statechart import negated
from pilotline.tools.check.purity import glances


class Own(Struct, frozen=True):
    state: str = "off"


class Reads(Struct, frozen=True):
    allowed: bool = False

    def may(self) -> bool:
        return self.allowed


class Box:
    def __init__(self) -> None:
        self.full = False


class Loose(Struct):
    full: bool = False


@dataclass(frozen=True)
class Sealed:
    full: bool = False


class Light(Enum):
    RED = "red"


BOX, LOOSE, NOBODY, SEALED = Box(), Loose(), Own(), Sealed()
RED = Light.RED
SEEN: dict[str, int] = {}
FIXED = MappingProxyType({"a": 1})
NAMES = ("a", "b")
WAITING: deque[int] = deque()
NUMBERS = itertools.count()
counted = 0


def counts() -> int:
    global counted
    counted += 1
    return counted


def what_of(function: Callable[..., Any]) -> list[str]:
    return [glance.what for glance in glances(function, Reads, 1)]


# --- each of these looks at something that it must not --------------------------------------------------------


def undeclared(own: Own, reads: Any, event: object) -> bool:
    return reads.allowed and reads.hidden > 0


def of_the_clock(own: Own, reads: Reads, event: object) -> bool:
    return time.monotonic() > 0


def of_the_clock_by_name(own: Own, reads: Reads, event: object) -> bool:
    return monotonic() > 0


def of_the_date(own: Own, reads: Reads, event: object) -> bool:
    return datetime.datetime.now().year > 2000  # noqa: DTZ005


def of_today(own: Own, reads: Reads, event: object) -> bool:
    return date.today().year > 2000  # noqa: DTZ011


def of_chance(own: Own, reads: Reads, event: object) -> bool:
    return random.random() > 0.5


def of_the_disk(own: Own, reads: Reads, event: object) -> bool:
    return os.path.exists("/")  # noqa: PTH110


def of_a_file(own: Own, reads: Reads, event: object) -> bool:
    return bool(open("/dev/null").read())  # noqa: PTH123


def of_this_process(own: Own, reads: Reads, event: object) -> bool:
    return hash(own.state) > 0


def imports(own: Own, reads: Reads, event: object) -> bool:
    from os import environ

    return "A" in environ


def of_a_dict(own: Own, reads: Reads, event: object) -> bool:
    return own.state in SEEN


def of_a_queue(own: Own, reads: Reads, event: object) -> bool:
    return len(WAITING) > 3


def of_a_counter(own: Own, reads: Reads, event: object) -> bool:
    return next(NUMBERS) > 3


def of_an_object(own: Own, reads: Reads, event: object) -> bool:
    return BOX.full


def of_a_record(own: Own, reads: Reads, event: object) -> bool:
    return LOOSE.full


def of_what_is_set(own: Own, reads: Reads, event: object) -> bool:
    return counted > 3


def sets(own: Own, reads: Reads, event: object, now: int) -> Own:
    global counted
    counted = now
    return own


def changes(own: Any, reads: Reads, event: object, now: int) -> Any:
    own.state = "on"
    return own


def changes_within(own: Any, reads: Reads, event: Any, now: int) -> Any:
    event.fields[0].name = "on"
    return own


def asks_another(own: Own, reads: Reads, event: object) -> bool:
    return of_chance(own, reads, event)


def hands_on(own: Own, reads: Any, event: object) -> bool:
    return _looks_further(reads, own)


def _looks_further(slice_: Any, own: Own) -> bool:
    return bool(slice_.hidden)


def in_a_comprehension(own: Own, reads: Any, event: object) -> bool:
    return any(reads.hidden == name for name in NAMES)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (undeclared, ["reads reads.hidden, which its slice does not hold"]),
        (of_the_clock, ["reads time of the module time"]),
        (of_the_clock_by_name, ["reads monotonic of the module time"]),
        (of_the_date, ["asks the clock by datetime.datetime.now"]),
        (of_today, ["asks the clock by date.today"]),
        (of_chance, ["reads random of the module random"]),
        (of_the_disk, ["reads os of the module os"]),
        (of_a_file, ["calls open"]),
        (of_this_process, ["calls hash"]),
        (imports, ["imports os"]),
        (of_a_dict, ["reads the global SEEN, a dict that may change"]),
        (of_a_queue, ["reads the global WAITING, a deque that may change"]),
        (of_a_counter, ["reads the global NUMBERS, a count that may change"]),
        (of_an_object, ["reads the global BOX, a Box that may change"]),
        (of_a_record, ["reads the global LOOSE, a Loose that may change"]),
        (of_what_is_set, ["reads the global counted, which a function sets"]),
        (sets, ["sets counted outside of itself"]),
        (changes, ["changes own, which it was handed"]),
        (changes_within, ["changes event, which it was handed"]),
        (asks_another, ["reads random of the module random"]),
        (hands_on, ["reads slice_.hidden, which its slice does not hold"]),
        (in_a_comprehension, ["reads reads.hidden, which its slice does not hold"]),
        (negated(of_chance), ["reads random of the module random"]),
    ],
)
def test_what_must_not_be_looked_at_is_found(function: Callable[..., Any], what: list[str]) -> None:
    assert what_of(function) == what


def test_a_guard_that_is_an_instance_is_read() -> None:
    class Luck:
        def __call__(self, own: Own, reads: Any, event: object) -> bool:
            return random.random() > reads.hidden

    assert sorted(what_of(Luck())) == [
        "reads random of the module random",
        "reads reads.hidden, which its slice does not hold",
    ]


def test_a_glance_is_told_at_its_line() -> None:
    (glance,) = glances(asks_another, Reads, 1)
    assert (glance.file, glance.line) == (__file__, of_chance.__code__.co_firstlineno + 1)


# --- and these do not -----------------------------------------------------------------------------------------


def pure(own: Own, reads: Reads, event: object) -> bool:
    """A name of its own may be called like a module."""
    random = [state for state in NAMES if state != own.state]
    time = {"on": 1}
    time["off"] = len(random)
    return (
        reads.may()
        and reads.allowed
        and FIXED["a"] == 1
        and own != NOBODY
        and not SEALED.full
        and own != RED
        and date(2026, 1, 1).year == 2026
        and bool(time)
    )


def calls_itself(own: Own, reads: Reads, event: object) -> bool:
    return reads.allowed or calls_itself(own, reads, event)


@pytest.mark.parametrize("function", [pure, calls_itself, negated(pure), len])
def test_what_keeps_to_its_arguments_is_left_alone(function: Callable[..., Any]) -> None:
    assert what_of(function) == []


def test_everything_that_is_declared_was_read() -> None:
    """A function whose source cannot be found would pass unseen."""
    from pilotline.tools.check.expressions import node_of, plain

    functions = [
        *(guard for machine in MACHINES for binding in machine.table for guard in binding.guards),
        *(binding.action for machine in MACHINES for binding in machine.table if binding.action),
        *(guard for table in OPERATIONS for row in table.rows for guard in row.guards),
        *(row.answer for table in OPERATIONS for row in table.rows),
    ]
    read = [plain(function) for function in functions]
    assert len(read) > 500
    assert all(function is not None and node_of(function) is not None for function in read)
