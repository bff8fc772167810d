"""The language of declarations: what it says, and what it refuses when a table is defined."""

from typing import Annotated, Any, ClassVar

import pytest
from core.machine_samples import (
    LAMP_IGNORED,
    LAMP_TABLE,
    OFF,
    ON,
    STAY,
    Boot,
    Own,
    Pressed,
    Rang,
    Reads,
    Released,
    Row,
    allowed,
    count,
    lamp,
    pressed_before,
    ring,
)
from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.reading import InvalidDefinition, NoReads, Source, slice_function, sources_of
from pilotline.core.statechart import (
    Machine,
    Timer,
    guard_name,
    ignores,
    negated,
    on,
    outputs_of,
    raise_cycles,
)

YES, NO = Reads(allowed=True), Reads(allowed=False)


def refusal(*args: Any, **more: Any) -> str:
    with pytest.raises(InvalidDefinition) as refused:
        lamp(*args, **more)
    return str(refused.value)


# --- bindings and guards ------------------------------------------------------------------------------------


def test_a_binding_takes_source_and_target_from_its_row() -> None:
    binding = on(Pressed, STAY, count)
    assert (binding.name, binding.sources, binding.target) == ("R3/Pressed", ("off", "on"), None)
    assert on(Pressed, ON).sources == ("off",)


def test_a_label_says_the_guards_as_a_person_reads_them() -> None:
    assert on(Pressed, ON, when=[allowed, pressed_before]).label == "R1/Pressed [allowed, pressed before]"


def test_a_generic_event_is_bound_by_its_class() -> None:
    from pilotline.core.events import Confirmed
    from pilotline.spec.messages.core import HeartbeatConf

    binding: Any = on(Confirmed[HeartbeatConf], ON)
    assert (binding.event, binding.name) == (Confirmed, "R1/Confirmed")


def test_a_negated_guard_holds_exactly_when_the_guard_does_not() -> None:
    forbidden = negated(allowed)
    assert (forbidden(Own(), YES, Pressed()), forbidden(Own(), NO, Pressed())) == (False, True)
    assert guard_name(forbidden) == "not allowed"


def test_a_row_bound_twice_to_an_event_is_told_apart_by_its_guards() -> None:
    machine = lamp((on(Pressed, ON, when=[pressed_before]), on(Pressed, ON), on(Released, OFF)))
    assert [b.name for b in machine.table] == ["R1/Pressed [pressed before]", "R1/Pressed", "R2/Released"]


def test_a_row_bound_twice_with_the_same_guards_is_refused() -> None:
    twice = (on(Pressed, ON, when=[allowed]), on(Pressed, ON, count, when=[allowed]), on(Released, OFF))
    assert refusal(twice) == "lamp: bound twice with the same guards: R1/Pressed [allowed]"


# --- walking ------------------------------------------------------------------------------------------------


def test_the_first_binding_whose_guards_all_hold_is_taken() -> None:
    first = on(Pressed, ON, count, when=[allowed, pressed_before])
    second = on(Pressed, ON, when=[allowed])
    machine = lamp((first, second, on(Released, OFF)))
    assert machine.pick(Own("off", 1), YES, Pressed()) is first
    assert machine.pick(Own("off", 0), YES, Pressed()) is second
    assert machine.pick(Own("off", 1), NO, Pressed()) is None


def test_only_bindings_of_the_state_are_tried() -> None:
    machine = lamp()
    assert machine.pick(Own("on"), YES, Pressed()) is None
    assert machine.pick(Own("on"), YES, Released()) is LAMP_TABLE[1]


def test_the_reason_for_silence_can_be_asked_for() -> None:
    machine = lamp()
    assert machine.ignores("on", Pressed) == "not allowed, or on already"
    assert machine.ignores("off", Released) == "off already"
    assert machine.ignores("on", Released) is None


def test_the_alphabet_is_what_is_bound_or_ignored() -> None:
    assert lamp().alphabet == (Pressed, Released)
    assert lamp(ignored=(*LAMP_IGNORED, ignores(Boot, because="it stays"))).alphabet == (
        Pressed,
        Released,
        Boot,
    )


# --- outputs ------------------------------------------------------------------------------------------------


def test_outputs_are_read_from_the_return_annotation() -> None:
    assert on(Pressed, ON, ring).outputs == {Rang, Pressed}
    assert on(Pressed, ON, count).outputs == frozenset()
    assert on(Pressed, ON).outputs == frozenset()


def test_outputs_of_unions_of_generics_and_of_none_are_found() -> None:
    from pilotline.core.events import Confirmed

    def act(own: Own) -> tuple[Own, tuple[Confirmed[int] | None, ...] | tuple[Rang, Pressed]]:
        return own, ()

    assert outputs_of(act) == {Confirmed, Rang, Pressed}


# --- slices -------------------------------------------------------------------------------------------------


def test_a_slice_says_where_each_field_comes_from() -> None:
    sources = lamp().sources
    assert [(field, of.kind, of.name) for field, of in sources.items()] == [("allowed", "fact", "allowed")]
    assert sources_of(NoReads) == {}


def test_a_slice_is_read_for_the_instance_at_hand() -> None:
    read = slice_function(Reads)
    assert (read({1: True, 2: False}, 1), read({1: True, 2: False}, 2)) == (YES, NO)


def test_a_field_without_a_source_is_refused() -> None:
    class Blind(Struct, frozen=True):
        kept: ClassVar[int] = 1
        allowed: bool

    with pytest.raises(InvalidDefinition, match=r"Blind\.allowed: say where it comes from, once"):
        sources_of(Blind)


def test_a_field_with_two_sources_is_refused() -> None:
    one, other = Source("fact", "one", "s"), Source("fact", "other", "s")

    class Torn(Struct, frozen=True):
        allowed: Annotated[bool, one, other]

    with pytest.raises(InvalidDefinition, match=r"Torn\.allowed"):
        sources_of(Torn)


# --- what a table may not leave open ------------------------------------------------------------------------


@pytest.mark.parametrize("row", [Row("X1", "off", "broken"), Row("X1", ("off", "broken"), "on")])
def test_a_row_that_names_an_unknown_state_is_refused(row: Row) -> None:
    assert "X1/Pressed names the unknown state 'broken'" in refusal((on(Pressed, row), *LAMP_TABLE[1:]))


def test_an_ignored_that_names_an_unknown_state_is_refused() -> None:
    told = refusal(ignored=(*LAMP_IGNORED, ignores(Pressed, Released, in_=("broken",), because="of nothing")))
    assert told == "lamp: ignores(Pressed, Released) names the unknown state 'broken'"


def test_an_unguarded_row_before_others_is_refused() -> None:
    hidden = Row("R9", "off", None)
    told = refusal((on(Pressed, ON), on(Pressed, hidden, when=[allowed]), on(Released, OFF)))
    assert told == "lamp: in off on Pressed the unguarded R1/Pressed hides R9/Pressed"


def test_a_state_that_cannot_be_left_is_refused() -> None:
    told = refusal((on(Pressed, ON),), (ignores(Pressed, in_=("on",), because="on already"),))
    assert told == "lamp: the state 'on' cannot be left and is neither final nor lasting"


def test_a_row_that_stays_does_not_leave_a_state() -> None:
    table = (on(Pressed, ON), on(Released, Row("R2", "on", None)))
    told = refusal(table, LAMP_IGNORED)
    assert told == "lamp: the state 'on' cannot be left and is neither final nor lasting"


@pytest.mark.parametrize("declared", [{"final": ("on",)}, {"lasting": ("on",)}])
def test_a_final_or_lasting_state_need_not_be_left(declared: dict[str, Any]) -> None:
    machine = lamp((on(Pressed, ON),), (ignores(Pressed, in_=("on",), because="on already"),), **declared)
    assert machine.pick(Own("on"), YES, Pressed()) is None


def test_a_machine_of_one_state_need_not_leave_it() -> None:
    assert lamp((on(Pressed, Row("M1", "off", None)),), (), states=("off",)).states == ("off",)


def test_an_event_that_is_neither_bound_nor_ignored_is_refused() -> None:
    told = refusal(ignored=(LAMP_IGNORED[0],))
    assert told == "lamp: in off the event Released is neither bound nor ignored after no row"


def test_guarded_rows_without_an_otherwise_are_refused() -> None:
    told = refusal(ignored=(ignores(Pressed, in_=("on",), because="on already"), LAMP_IGNORED[1]))
    assert told == "lamp: in off the event Pressed is neither bound nor ignored after R1/Pressed"


def test_a_final_state_hears_nothing() -> None:
    assert lamp((on(Pressed, ON),), (), final=("on",)).cells[Pressed]["on"] == ()


def test_a_machine_in_memory_says_what_the_boot_event_does() -> None:
    assert refusal(home="memory", boot_event=Boot) == "lamp: lives in Memory but does not say what Boot does"
    assert lamp(home="moment", boot_event=Boot).home == "moment"
    told = (*LAMP_IGNORED, ignores(Boot, because="it is as it was"))
    assert lamp(ignored=told, home="memory", boot_event=Boot).home == "memory"


def test_a_timer_in_an_unknown_state_or_without_a_row_is_refused() -> None:
    assert (
        refusal(timers=(Timer("dim", Released, ("gone",)),))
        == "lamp: timer dim runs in the unknown state 'gone'"
    )
    assert (
        refusal(timers=(Timer("dim", Rang, ("on",)),)) == "lamp: timer dim becomes Rang, which no row lists"
    )
    assert lamp(timers=(Timer("dim", Released, ("on",)),)).timers[0].runs_in == ("on",)


def test_all_problems_are_told_at_once() -> None:
    told = refusal((on(Pressed, Row("X1", "off", "broken"), when=[allowed]),), ()).splitlines()
    assert len(told) == 4
    assert all(line.startswith("lamp: ") for line in told)


# --- raised events ------------------------------------------------------------------------------------------


def raising(name: str, event: type, raised: Any) -> Machine[Any, Any]:
    def act(own: Own, _reads: Reads, _event: object, _now: int) -> Any:
        return own, (raised(),)

    act.__annotations__["return"] = tuple[Own, tuple[raised]]
    row = Row(name, "off", None)
    return lamp((on(event, row, act),), (), states=("off",))


def test_raised_events_that_come_round_are_found() -> None:
    machines = [raising("A", Pressed, Released), raising("B", Released, Rang), raising("C", Rang, Pressed)]
    assert raise_cycles(machines, lambda _: True) == ["Pressed -> Released -> Rang -> Pressed"]
    assert raise_cycles([raising("A", Pressed, Pressed)], lambda _: True) == ["Pressed -> Pressed"]


def test_a_chain_that_ends_is_no_cycle() -> None:
    machines = [raising("A", Pressed, Released), raising("B", Released, Rang)]
    assert raise_cycles(machines, lambda _: True) == []


def test_outputs_that_are_no_events_make_no_cycle() -> None:
    machines = [raising("A", Pressed, Released), raising("B", Released, Pressed)]
    assert raise_cycles(machines, lambda kind: kind is not Released) == []


# --- decision tables ----------------------------------------------------------------------------------------


def yes(_reads: Reads, _request: Pressed) -> str:
    return "yes"


def no(_reads: Reads, _request: Pressed) -> tuple[str, tuple[Rang]]:
    return "no", (Rang(),)


def may(reads: Reads, _request: Pressed) -> bool:
    return reads.allowed


def decide(*rows: Any) -> DecisionTable[Reads, Pressed]:
    return DecisionTable(Pressed, Reads, rows)


def test_the_first_decision_that_holds_answers() -> None:
    table = decide(when(may, name="allowed", answer=yes), otherwise("forbidden", no))
    assert table.pick(YES, Pressed()).name == "allowed"
    assert table.pick(NO, Pressed()).answer(NO, Pressed()) == ("no", (Rang(),))
    assert (table.name, table.outputs, list(table.sources)) == ("Pressed", {Rang}, ["allowed"])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "Pressed: the last row must have no guard"),
        ((when(may, name="a", answer=yes),), "Pressed: the last row must have no guard"),
        ((otherwise("a", yes), otherwise("b", no)), "Pressed: unguarded before the end: a"),
        ((when(may, name="a", answer=yes), otherwise("a", no)), "Pressed: a row name is used twice: a, a"),
    ],
)
def test_a_decision_table_that_leaves_something_open_is_refused(rows: tuple[Any, ...], told: str) -> None:
    with pytest.raises(InvalidDefinition, match=f"^{told}$"):
        decide(*rows)
