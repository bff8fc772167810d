"""What can never be taken is found, and what can be is left alone."""

from collections.abc import Callable
from itertools import product
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import Struct

from pilotline.core.statechart import negated
from pilotline.tools.check.guard_logic import Cell, Untaken

Guard = Callable[[Any, Any, Any], bool]


class Own(Struct, frozen=True):
    state: Literal["off", "dim", "on"] = "off"
    pressed: int = 0
    name: str | None = None


class Reads(Struct, frozen=True):
    allowed: bool = False
    lamp: Own = Own()


def cell(*rows: list[Guard]) -> Cell:
    return Cell(rows, {"own": Own, "reads": Reads, "event": object})


def never(*rows: list[Guard]) -> list[Untaken]:
    return cell(*rows).untaken()


def allowed(_own: Own, reads: Reads, _event: object) -> bool:
    return reads.allowed


def allowed_by_another_name(_own: Own, slice_: Reads, _event: object) -> bool:
    """The same words, with parameters called otherwise."""
    may = slice_.allowed
    return may  # noqa: RET504


def is_off(own: Own, _reads: Reads, _event: object) -> bool:
    return own.state == "off"


def is_lit(own: Own, _reads: Reads, _event: object) -> bool:
    return own.state in ("dim", "on")


def lit_and_allowed(own: Own, reads: Reads, event: object) -> bool:
    """By calling others."""
    return is_lit(own, reads, event) and allowed(own, reads, event)


def often(own: Own, _reads: Reads, _event: object) -> bool:
    return own.pressed > MANY


def very_often(own: Own, _reads: Reads, _event: object) -> bool:
    if own.pressed <= VERY_MANY:  # noqa: SIM103
        return False
    return True


def unknown(own: Own, reads: Reads, _event: object) -> bool:
    for _ in range(own.pressed):  # noqa: SIM110
        if reads.allowed:
            return True
    return False


MANY = 5
VERY_MANY = 10


def above(own: Own, _reads: Reads, _event: object) -> bool:
    return VERY_MANY < own.pressed  # noqa: SIM300


class At:
    """A guard that is an instance."""

    def __init__(self, state: str) -> None:
        self.state, self.__name__ = state, f"at {state}"

    def __call__(self, own: Own, reads: Reads, _event: object) -> bool:
        return own.state == self.state


@pytest.mark.parametrize(
    ("rows", "untaken"),
    [
        ([[allowed], [allowed]], [(1, (0,))]),
        ([[allowed], [allowed_by_another_name]], [(1, (0,))]),
        ([[allowed], [allowed, is_off]], [(1, (0,))]),
        ([[allowed], [negated(allowed)], [is_off]], [(2, (0, 1))]),
        ([[is_off], [is_lit], [allowed]], [(2, (0, 1))]),
        ([[allowed], [lit_and_allowed]], [(1, (0,))]),
        ([[often], [above]], [(1, (0,))]),
        ([[unknown], [unknown]], [(1, (0,))]),
        ([[At("dim")], [At("dim")]], [(1, (0,))]),
        ([[At("dim")], [At("on")], [is_lit]], [(2, (0, 1))]),
        ([[allowed, negated(allowed)]], [(0, ())]),
        ([[is_off, is_lit], []], [(0, ())]),
    ],
)
def test_a_row_that_can_never_be_taken_is_found(
    rows: list[list[Guard]], untaken: list[tuple[int, tuple[int, ...]]]
) -> None:
    assert never(*rows) == untaken


@pytest.mark.parametrize(
    "rows",
    [
        [[allowed, is_off], [allowed], []],
        [[allowed], [is_off]],
        [[lit_and_allowed], [is_lit], [allowed], []],
        [[above], [often], []],
        [[very_often], [often, is_off], [is_off]],
        [[unknown], [negated(unknown)]],
        [[At("dim")], [At("on")], [At("off")]],
        [[lambda own, reads, event: own.pressed > 1], [lambda own, reads, event: own.pressed > 2]],
    ],
)
def test_a_row_that_can_be_taken_is_left_alone(rows: list[list[Guard]]) -> None:
    """Of two lambdas on one line nobody knows which is which."""
    assert never(*rows) == []


def test_a_choice_of_returns_is_read() -> None:
    assert never([often], [very_often]) == [(1, (0,))]


def test_what_a_path_may_be_can_be_known() -> None:
    rows, types = [[is_off], [allowed]], {"own": Own, "reads": Reads, "event": object}
    assert Cell(rows, types, {"own.state": ("off",)}).untaken() == [(1, (0,))]
    assert Cell(rows, types, {"own.state": ("on",)}).untaken() == [(0, ())]


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([[allowed], [is_off]], [(0, 1)]),
        ([[allowed, is_off], [allowed]], []),
        ([[is_off], [is_lit]], []),
        ([[allowed], []], []),
        ([[often], [above]], []),
        ([[often], [negated(above)], [is_off]], [(0, 1), (0, 2), (1, 2)]),
    ],
)
def test_rows_overlap_if_neither_is_a_special_case_of_the_other(
    rows: list[list[Guard]], pairs: list[tuple[int, int]]
) -> None:
    assert cell(*rows).overlapping() == pairs


# --- what is found is so: rows of random guards, tried with random inputs ----------------------------------------


def named(own: Own, _reads: Reads, _event: object) -> bool:
    return own.name is not None


def named_lamp(own: Own, _reads: Reads, _event: object) -> bool:
    return own.name == "lamp" or own.pressed in (0, 6)


def other_lamp_is_lit(_own: Own, reads: Reads, _event: object) -> bool:
    return not (reads.lamp.state == "off") and 4 <= reads.lamp.pressed < 11  # noqa: SIM201


GUARDS: list[Guard] = [
    allowed, is_off, is_lit, lit_and_allowed, often, very_often, above, unknown, named, named_lamp, other_lamp_is_lit,
    At("dim"), At("on"),
]  # fmt: skip
guards = some.sampled_from([*GUARDS, *map(negated, GUARDS)])
LAMPS = list(product(["off", "dim", "on"], [-1, 0, 2, 4, 5, 6, 7, 10, 11], [None, "lamp", "other"]))
INPUTS = [
    (Own(*lamp), Reads(allowed, Own(*other)))
    for lamp, allowed, other in product(LAMPS, [True, False], [("off", 4), ("on", 3), ("on", 4), ("dim", 11)])
]


@given(rows=some.lists(some.lists(guards, max_size=3), min_size=1, max_size=4))
def test_no_input_takes_a_row_that_is_said_never_to_be_taken(rows: list[list[Guard]]) -> None:
    untaken = {found.row for found in never(*rows)}
    for own, reads in INPUTS:
        holding = (row for row, tried in enumerate(rows) if all(guard(own, reads, None) for guard in tried))
        assert next(holding, None) not in untaken
