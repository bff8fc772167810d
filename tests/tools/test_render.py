"""The renderers: every row is in every picture, and the same tables give the same text."""

import re
import shutil
from itertools import pairwise
from typing import Any

import pytest

from pilotline.core.declared import MACHINES
from pilotline.core.statechart import Machine
from pilotline.spec.status import ROWS
from pilotline.tools.diagram import FORMATS, diagram
from pilotline.tools.graph import graph_of
from pilotline.tools.render.frames import COLUMNS, FRAMES, edges_of, framed
from pilotline.tools.render.svg import GraphvizMissingError, svg

NAMES = [machine.name for machine in MACHINES]
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.mark.parametrize("form", ["mermaid", "dot", "table"])
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_row_and_event_is_shown(machine: Machine[Any, Any], form: str) -> None:
    words = set(re.findall(r"\w+", diagram(machine.name, form)))
    for binding in machine.table:
        assert {binding.row.id, binding.event.__name__} <= words, binding


@pytest.mark.parametrize("form", ["mermaid", "dot", "table"])
def test_the_connector_shows_every_row_of_the_status_table(form: str) -> None:
    words = set(re.findall(r"\w+", diagram("connector", form)))
    assert {row.id for row in ROWS} <= words


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_frames_hide_no_edge_and_invent_none(machine: Machine[Any, Any]) -> None:
    graph = graph_of(machine)
    drawn = [edge for arrow in framed(graph) for edge in edges_of(graph, arrow)]
    assert sorted(drawn) == sorted(graph.edges)


def test_frames_and_columns_name_states_that_there_are_and_nest() -> None:
    states = {machine.name: set(machine.states) for machine in MACHINES}
    for name, frames in FRAMES.items():
        for frame in frames:
            assert set(frame.states) <= states[name]
            assert {inside for _, inside in frame.doors} <= set(frame.states)
            assert {outside for outside, _ in frame.doors} <= states[name] - set(frame.states)
        for outer, inner in pairwise(frames):
            assert set(inner.states) < set(outer.states)
    for name, columns in COLUMNS.items():
        assert sorted(state for column in columns for state in column) == sorted(states[name])


def test_the_connector_is_drawn_with_few_lines() -> None:
    connector = next(machine for machine in MACHINES if machine.name == "connector")
    graph = graph_of(connector)
    ends = {(arrow.source, arrow.target) for arrow in framed(graph)}
    assert {("no_fault", "Faulted"), ("Faulted", "no_fault"), ("initial", "no_fault")} <= ends
    assert {("in_transaction", "Finishing"), ("Available", "in_transaction")} <= ends
    assert len(ends) < 30 < len({(edge.source, edge.target) for edge in graph.edges})


def test_mermaid_marks_where_a_machine_begins_and_ends() -> None:
    transaction = diagram("transaction", "mermaid").splitlines()
    assert transaction[0] == "stateDiagram-v2"
    assert "    [*] --> running: T1 TransactionBegan" in transaction
    assert "    closed --> [*]" in transaction
    assert "    [*] --> waiting" in diagram("link", "mermaid").splitlines()


def test_the_table_says_what_is_ignored_timed_and_read() -> None:
    table = diagram("link", "table")
    assert "| L2 | LinkUp | connecting | up | of this connection | the handshake agreed on ocpp1.6 |" in table
    assert "| PoweredUp, ReconnectDue | connecting, up | a connection is there or on its way |" in table
    assert "| reconnect | ReconnectDue | waiting |" in table
    assert "| min_ms | fact | reconnect_min_ms |" in table


@pytest.mark.parametrize("form", ["mermaid", "dot", "table"])
def test_couplings_show_every_machine_that_raises_or_hears(form: str) -> None:
    text = diagram(None, form)
    for word in ("link", "call", "Connected", "RemoteStartTransactionReq", "UseGranted", "StatusChanged"):
        assert word in text


@needs_graphviz
@pytest.mark.parametrize("name", [*NAMES, None])
def test_graphviz_draws_every_picture(name: str | None) -> None:
    picture = diagram(name, "svg")
    assert picture.startswith("<?xml")
    assert picture.rstrip().endswith("</svg>")


@needs_graphviz
def test_the_picture_of_the_connector_holds_every_row() -> None:
    texts = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", diagram("connector", "svg")))
    assert {row.id for row in ROWS} <= set(texts.split())


def test_without_graphviz_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        GraphvizMissingError, match="install the package graphviz, or choose mermaid, dot or table"
    ):
        svg("digraph {}")


def test_an_unknown_machine_is_answered_by_those_known() -> None:
    with pytest.raises(
        ValueError, match=r"^no machine 'conector': choose one of link, clock, registration, "
    ):
        diagram("conector", "mermaid")


def test_an_unknown_format_is_answered_by_those_known() -> None:
    assert FORMATS == ("mermaid", "dot", "svg", "table", "scxml", "json")
    with pytest.raises(
        ValueError, match=r"^no format 'png': choose one of mermaid, dot, svg, table, scxml, json$"
    ):
        diagram("link", "png")
