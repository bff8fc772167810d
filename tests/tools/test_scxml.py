"""SCXML: another program's interpreter reads it, and goes from state to state as the table does."""

from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from statemachine import StateChart
from statemachine.io import load

from pilotline.core.declared import MACHINES
from pilotline.core.statechart import Binding, Machine, guard_name
from pilotline.tools.diagram import diagram
from pilotline.tools.graph import edges_of

W3C = "{http://www.w3.org/2005/07/scxml}"
OURS = "{urn:pilotline:machines:1}"
each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


class Sent(NamedTuple):
    """An event, and the guards that hold meanwhile."""

    event: str
    holding: frozenset[str]


# --- the same walks ------------------------------------------------------------------------------------------


def holds(guard: str, holding: frozenset[str]) -> bool:
    return guard[4:] not in holding if guard.startswith("not ") else guard in holding


def guards_of(binding: Binding[Any, Any]) -> list[str]:
    return [guard_name(guard) for guard in binding.guards]


def after(machine: Machine[Any, Any], state: str, sent: Sent) -> str:
    """Where the table leads, with what it certainly raises."""
    classes = {event.__name__: event for event in machine.alphabet}
    queue = deque([sent.event])
    while queue:
        event = classes.get(queue.popleft())
        cell = machine.cells[event][state] if event else ()
        taken = next((b for b in cell if all(holds(g, sent.holding) for g in guards_of(b))), None)
        if taken:
            state = taken.target or state
            queue.extend(next(iter(edges_of(taken))).certain)
    return state


def worth_sending(machine: Machine[Any, Any], state: str) -> Iterator[Sent]:
    """Each event without any guard, and with just the guards of each row."""
    for event in machine.alphabet:
        yield Sent(event.__name__, frozenset())
        for binding in machine.cells[event][state]:
            yield Sent(event.__name__, frozenset(g for g in guards_of(binding) if not g.startswith("not ")))


def ways(machine: Machine[Any, Any]) -> dict[str, tuple[Sent, ...]]:
    """The shortest way to each state of the table."""
    found: dict[str, tuple[Sent, ...]] = {machine.initial: ()}
    pending = deque([machine.initial])
    while pending:
        state = pending.popleft()
        for sent in worth_sending(machine, state):
            target = after(machine, state, sent)
            if target not in found:
                found[target] = (*found[state], sent)
                pending.append(target)
    return found


@cache
def chart_of(name: str | None) -> type[StateChart]:
    return load(diagram(name, "scxml"), format="scxml", name=name or "station")


def walked(machine: Machine[Any, Any], way: tuple[Sent, ...]) -> str:
    """The state in which the other program's interpreter is after this."""
    chart = chart_of(machine.name)()
    guards = {guard.removeprefix("not ") for binding in machine.table for guard in guards_of(binding)}
    for sent in way:
        for guard in guards:
            setattr(chart.model, f"{machine.name}_{guard.replace(' ', '_')}", int(guard in sent.holding))
        chart.send(sent.event)
    (state,) = chart.configuration
    return str(state.id)


@each_machine
def test_an_interpreter_goes_where_the_table_leads(machine: Machine[Any, Any]) -> None:
    found = ways(machine)
    assert set(found) == set(machine.states)
    for state, way in found.items():
        assert walked(machine, way) == state
        if state not in machine.final:
            for sent in dict.fromkeys(worth_sending(machine, state)):
                assert walked(machine, (*way, sent)) == after(machine, state, sent), (state, sent)


def test_all_machines_together_hear_what_one_raises() -> None:
    chart = chart_of(None)()
    assert {f"{machine.name}.{machine.initial}" for machine in MACHINES} < {s.id for s in chart.configuration}
    chart.model.link_of_this_connection = 1
    chart.send("PoweredUp")
    assert {"link.connecting", "call.closed"} < {state.id for state in chart.configuration}
    chart.send("LinkUp")
    assert {"link.up", "call.idle"} < {state.id for state in chart.configuration}


# --- what the document says ----------------------------------------------------------------------------------


def document(machine: Machine[Any, Any]) -> ET.Element:
    return ET.fromstring(diagram(machine.name, "scxml"))


@each_machine
def test_the_transitions_of_a_state_are_its_bindings_in_order(machine: Machine[Any, Any]) -> None:
    states = {
        node.get("id"): node for kind in ("state", "final") for node in document(machine).iter(W3C + kind)
    }
    assert set(states) == set(machine.states)
    for state, node in states.items():
        told = [transition.get(f"{OURS}binding") for transition in node.iter(f"{W3C}transition")]
        assert told == [binding.name for binding in machine.table if state in binding.sources]


@each_machine
def test_final_and_lasting_states_are_marked(machine: Machine[Any, Any]) -> None:
    told = document(machine)
    assert {node.get("id") for node in told.iter(f"{W3C}final")} == set(machine.final)
    lasting = {node.get("id") for node in told.iter() if node.get(f"{OURS}lasting")}
    assert lasting == set(machine.lasting)


@each_machine
def test_all_that_may_be_raised_is_raised_or_may_be(machine: Machine[Any, Any]) -> None:
    edges = {edge.binding: edge for binding in machine.table for edge in edges_of(binding)}
    for transition in document(machine).iter(f"{W3C}transition"):
        edge = edges[transition.get(f"{OURS}binding", "")]
        certain = [node.get("event") for node in transition.findall(f"{W3C}raise")]
        perhaps = {node.get("event") for node in transition.findall(f"{W3C}if/{W3C}raise")}
        assert (certain, perhaps | set(certain)) == (list(edge.certain), set(edge.raises))


def test_ignored_events_timers_and_windows_are_in_a_namespace_of_ours() -> None:
    link = document(next(machine for machine in MACHINES if machine.name == "link"))
    ignored = link.findall(f"{W3C}state[@id='up']/{OURS}ignores")
    assert [node.get("events") for node in ignored] == ["LinkUp LinkLost", "PoweredUp ReconnectDue"]
    assert ignored[1].get("because") == "a connection is there or on its way"
    (timer,) = link.findall(f"{OURS}timer")
    assert timer.attrib == {"name": "reconnect", "event": "ReconnectDue", "runs-in": "waiting"}
    assert [node.get("name") for node in link.findall(f"{OURS}reads")] == [
        "min_ms",
        "max_ms",
        "jitter_percent",
    ]


def test_a_negated_guard_is_the_guard_that_is_not_set() -> None:
    told = diagram("reset", "scxml")
    assert 'cond="reset_soft == 0' in told
    assert "not_soft" not in told


def test_no_name_is_used_for_two_things() -> None:
    told = ET.fromstring(diagram(None, "scxml"))
    ids = [node.get("id") for node in told.iter() if node.get("id")]
    variables = {
        (machine.name, name)
        for machine in MACHINES
        for binding in machine.table
        for edge in edges_of(binding)
        for name in (
            *(guard.removeprefix("not ") for guard in edge.guards),
            *(f"raises {event}" for event in set(edge.raises) - set(edge.certain)),
        )
    }
    assert len(set(ids)) == len(ids)
    assert len(list(told.iter(f"{W3C}data"))) == len(variables)
