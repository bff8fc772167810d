"""The intermediate graph: nothing of the tables is lost or made up."""

from typing import Any

import pytest

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.machines.link import LINK
from pilotline.core.statechart import Machine
from pilotline.tools.graph import Arrow, Coupling, Node, arrows, couplings_of, graph_of

COUPLINGS = couplings_of()


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_binding_has_an_edge_from_each_of_its_sources(machine: Machine[Any, Any]) -> None:
    graph = graph_of(machine)
    expected = [
        (b.row.id, b.event.__name__, source, b.target or source, len(b.guards))
        for b in machine.table
        for source in b.sources
    ]
    assert [(e.row, e.event, e.source, e.target, len(e.guards)) for e in graph.edges] == expected
    assert tuple(node.name for node in graph.nodes) == machine.states
    assert [node.name for node in graph.nodes if node.initial] == [machine.initial]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_edge_says_why_and_where_it_is_written(machine: Machine[Any, Any]) -> None:
    assert [edge.label for edge in graph_of(machine).edges if not (edge.remark and edge.section)] == []


def test_an_edge_tells_effects_events_and_orders_apart() -> None:
    lost = next(edge for edge in graph_of(LINK).edges if edge.row == "L4")
    assert (lost.source, lost.target, lost.guards) == ("up", "waiting", ("of this connection",))
    assert (lost.effects, lost.raises, lost.orders) == ((), ("Disconnected",), ("Arm",))
    opened = next(edge for edge in graph_of(LINK).edges if edge.row == "L1")
    assert (opened.effects, opened.raises) == (("OpenLink",), ())


def test_a_graph_holds_timers_windows_and_what_passes() -> None:
    graph = graph_of(LINK)
    assert graph.nodes[0] == Node("waiting", initial=True, final=False, lasting=False)
    assert graph.deadlines == (("reconnect", "ReconnectDue", ("waiting",)),)
    assert graph.windows[0] == ("min_ms", "fact", "reconnect_min_ms")
    assert graph.passes[1].states == ("connecting", "up")


def test_rows_of_one_event_between_two_states_are_one_arrow() -> None:
    ended = Arrow("initial", "decided", "AuthorizationAsked", ("U1",))
    authorization = next(machine for machine in MACHINES if machine.name == "authorization")
    drawn = arrows(graph_of(authorization).edges)
    assert [arrow for arrow in drawn if arrow.target == "decided" and arrow.source == "initial"] == [ended]
    assert ended.label == "U1 AuthorizationAsked"


def test_couplings_name_only_machines_and_tables_that_there_are() -> None:
    assert COUPLINGS.machines == tuple(machine.name for machine in MACHINES)
    assert COUPLINGS.operations == tuple(table.name for table in OPERATIONS)
    assert {c.target for c in COUPLINGS.couplings} <= set(COUPLINGS.machines)
    assert {c.source for c in COUPLINGS.couplings} <= {*COUPLINGS.machines, *COUPLINGS.operations}


def test_the_link_tells_the_calls_that_it_is_up_or_down() -> None:
    assert Coupling("link", "call", ("Connected", "Disconnected")) in COUPLINGS.couplings


def test_a_key_that_is_set_couples_its_readers() -> None:
    changed = [c for c in COUPLINGS.couplings if c.source == "ChangeConfigurationReq"]
    assert {c.target for c in changed} >= {"heartbeat", "transaction"}
    assert {c.events for c in changed} == {("ConfigurationChanged",)}
