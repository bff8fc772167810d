"""The pure walk of a table against the `transitions` package, over everything that may hold."""

import subprocess
import sys
from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec
import pytest

from pilotline.core.as_transitions import Instance, as_transitions
from pilotline.core.declared import MACHINES
from pilotline.core.effects import Arm, OpenLink
from pilotline.core.events import LinkLost, LinkUp, PoweredUp, ReconnectDue
from pilotline.core.machines.link import LINK, Reads
from pilotline.core.state import Counter
from pilotline.core.statechart import Binding, Machine, guard_name

Guard = Callable[[Any, Any, Any], bool]


class Outcomes:
    """Stand-ins for guards: each returns what it was told, one outcome per guard object."""

    def __init__(self) -> None:
        self.told: dict[Guard, bool] = {}

    def stand_in(self, guard: Guard) -> Guard:
        def holds(_own: object, _reads: object, _event: object) -> bool:
            return self.told[guard]

        holds.__name__ = guard_name(guard)
        return holds


def twin(machine: Machine[Any, Any], outcomes: Outcomes) -> Machine[Any, Any]:
    """The same table with stand-ins for its guards, and without actions."""
    return Machine(
        machine.name,
        family=machine.family,
        home="memory" if machine.home == "memory" else "moment",
        blank=machine.blank,
        reads=machine.reads,
        states=machine.states,
        table=[
            Binding(b.event, b.row, None, tuple(outcomes.stand_in(guard) for guard in b.guards))
            for b in machine.table
        ],
        ignored=machine.ignored,
        timers=machine.timers,
        final=machine.final,
        lasting=machine.lasting,
        slot=machine.slot,
    )


def blank_event(kind: type[Any]) -> Any:
    """An event that only its class matters of: nothing looks into it here."""
    return kind(*[None] * len(kind.__struct_fields__))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_the_pure_walk_takes_the_same_row_as_transitions(machine: Machine[Any, Any]) -> None:
    outcomes = Outcomes()
    declared = twin(machine, outcomes)
    built = as_transitions(declared)
    instance: Instance[Any, Any] = Instance(declared.blank, None)
    built.add_model(instance)
    taken: set[Binding[Any, Any]] = set()
    for event in machine.alphabet:
        guards = tuple(dict.fromkeys(g for b in machine.table if b.event is event for g in b.guards))
        happened = blank_event(event)
        for state, holds in product(machine.states, product((False, True), repeat=len(guards))):
            outcomes.told = dict(zip(guards, holds, strict=True))
            own = msgspec.structs.replace(machine.blank, state=state)
            picked = declared.pick(own, None, happened)
            instance.own, instance.taken = own, []
            moved = instance.trigger(event.__name__, happened)
            assert instance.taken == ([] if picked is None else [picked]), (state, event, outcomes.told)
            assert moved is (picked is not None)
            assert instance.state == (state if picked is None else picked.target or state)
            taken.update(instance.taken)
    assert taken == set(declared.table), "some combination of guards takes every row"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_states_and_triggers_are_those_of_the_table(machine: Machine[Any, Any]) -> None:
    built = as_transitions(machine)
    assert tuple(built.states) == machine.states
    assert built.initial == machine.initial
    assert set(built.events) == {event.__name__ for event in machine.alphabet}
    assert {name for name, state in built.states.items() if state.final} == set(machine.final)
    assert len(built.get_transitions()) == sum(len(binding.sources) for binding in machine.table)


def test_an_embedder_sees_state_record_outputs_and_rows() -> None:
    built = as_transitions(LINK)
    link = Instance(LINK.blank, Reads(min_ms=1000, max_ms=60_000, jitter_percent=10))
    built.add_model(link, initial=link.state)

    assert link.trigger("ReconnectDue", ReconnectDue())
    assert (link.state, link.own.connection, link.outputs) == ("connecting", 1, [OpenLink(Counter(1))])

    link.now = 5000
    assert link.trigger("LinkLost", LinkLost(Counter(1), jitter=1000))
    assert (link.state, link.outputs[1:]) == ("waiting", [Arm("reconnect", 6100)])  # type: ignore[arg-type]
    assert [binding.name for binding in link.taken] == ["L1/ReconnectDue", "L3/LinkLost"]


def test_a_guard_sees_the_record_and_the_event() -> None:
    built = as_transitions(LINK)
    link = Instance(LINK.blank, Reads(min_ms=1000, max_ms=60_000, jitter_percent=0))
    built.add_model(link)
    link.trigger("ReconnectDue", ReconnectDue())

    assert not link.trigger("LinkUp", LinkUp(Counter(7)))
    assert link.state == "connecting"
    assert link.trigger("LinkUp", LinkUp(Counter(1)))
    assert link.state == "up"


def test_what_a_state_ignores_passes_without_an_error() -> None:
    built = as_transitions(LINK)
    link = Instance(LINK.blank, Reads(min_ms=1000, max_ms=60_000, jitter_percent=0))
    built.add_model(link)
    link.trigger("ReconnectDue", ReconnectDue())

    assert not link.trigger("PoweredUp", blank_event(PoweredUp))
    assert not link.trigger("ReconnectDue", ReconnectDue())
    assert len(link.taken) == 1


def test_two_instances_of_one_machine_are_independent() -> None:
    built = as_transitions(LINK)
    reads = Reads(min_ms=1000, max_ms=60_000, jitter_percent=0)
    one, other = Instance(LINK.blank, reads), Instance(LINK.blank, reads)
    built.add_model([one, other])
    one.trigger("ReconnectDue", ReconnectDue())

    assert (one.state, other.state, other.outputs) == ("connecting", "waiting", [])


def test_transitions_is_imported_only_when_asked_for() -> None:
    program = (
        "import sys, pilotline.core.as_transitions, pilotline.core.declared\n"
        "print('transitions' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
