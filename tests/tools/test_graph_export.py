"""A graph that is written is the graph that was searched: read back by others, it has the same states and moves."""

import re
from collections import Counter, defaultdict
from functools import cache
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import networkx
import pytest

from pilotline.core.events import CablePlugged, CallReceived, CommitFailed, External, TagPresented
from pilotline.core.state import Instant, State
from pilotline.core.step import Step, step
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.graph_export import graph_writer, label, summary, write_aut, write_graphml
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.story import Move

SCOPE = "remote, unasked"


@cache
def searched(name: str = SCOPE, states_max: int = 1_000_000) -> Search:
    search = Search(scopes()[name], states_max)
    search.run()
    return search


class Aut(NamedTuple):
    """An Aldebaran file as another program reads it."""

    root: int
    transitions: int
    states: int
    edges: Counter[tuple[int, str, int]]


def read_aut(text: str) -> Aut:
    head, *lines = text.splitlines()
    sizes = re.fullmatch(r"des \((\d+), (\d+), (\d+)\)", head)
    edges = [re.fullmatch(r'\((\d+), "([\x20-\x21\x23-\x7e]*)", (\d+)\)', line) for line in lines]
    assert sizes is not None
    assert None not in edges
    root, transitions, states = map(int, sizes.groups())
    return Aut(root, transitions, states, Counter((int(e[1]), e[2], int(e[3])) for e in edges if e))


def aut_text(search: Search) -> str:
    file = StringIO()
    write_aut(search, file)
    return file.getvalue()


def aut_of(search: Search) -> Aut:
    return read_aut(aut_text(search))


def reached(aut: Aut) -> set[int]:
    leads: dict[int, set[int]] = defaultdict(set)
    for source, _, target in aut.edges:
        leads[source].add(target)
    seen, pending = {aut.root}, [aut.root]
    while pending:
        new = leads[pending.pop()] - seen
        seen |= new
        pending.extend(new)
    return seen


def test_an_aut_file_holds_every_state_and_every_transition() -> None:
    search = Search(scopes()[SCOPE])
    report = search.run()
    aut = aut_of(search)
    assert report.complete
    assert (aut.root, aut.transitions, aut.states) == (0, report.transitions, report.states)
    assert aut.edges.total() == report.transitions
    assert reached(aut) == set(range(report.states))


def test_an_edge_leads_where_its_move_leads() -> None:
    """The moves are made again: of each edge, the step itself says so."""
    search = searched()
    states = [state for state, _ in search.states()]
    tried = 0
    for source, move, target in search.edges():
        if isinstance(move.event, CablePlugged) and not move.at_once:
            after = step(states[source], move.event, Instant(move.after_ms)).state.moment
            assert [cable.state for cable in after.cables] == [
                cable.state for cable in states[target].moment.cables
            ]
            tried += 1
    assert tried > 100


def test_the_same_scope_gives_the_same_file() -> None:
    again = Search(scopes()[SCOPE])
    again.run()
    assert aut_text(again) == aut_text(searched())


def test_graphml_is_the_same_graph(tmp_path: Path) -> None:
    path = tmp_path / "explored.graphml"
    graph_writer(path)(searched())
    graph, aut = networkx.read_graphml(path, node_type=lambda name: int(name[1:])), aut_of(searched())
    assert graph.is_directed()
    assert set(graph.nodes) == set(range(aut.states))
    assert Counter((source, move, target) for source, target, move in graph.edges(data="move")) == aut.edges
    assert [number for number, data in graph.nodes(data=True) if data.get("initial")] == [0]


def test_graphml_says_of_a_state_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "explored.graphml"
    graph_writer(path)(searched())
    told = dict(networkx.read_graphml(path).nodes(data="summary"))
    assert told["n0"] == "0 Available; 1 Available, idle; link connecting; registration unregistered; queue 0"
    assert told == {f"n{number}": summary(state) for number, (state, _) in enumerate(searched().states())}


def test_what_a_scope_does_not_follow_is_marked_and_leads_nowhere() -> None:
    search = searched("power")
    file = StringIO()
    write_graphml(search, file)
    graph = networkx.parse_graphml(file.getvalue())
    marked = {name for name, data in graph.nodes(data=True) if data.get("followed") is False}
    assert marked
    assert marked == {name for name, ways in graph.out_degree() if not ways}


def test_of_a_search_that_was_given_up_there_is_what_it_saw() -> None:
    search = searched(states_max=50)
    aut = aut_of(search)
    assert aut.states == len(list(search.states())) >= 50
    assert aut.edges.total() == aut.transitions > 0
    assert reached(aut) == set(range(aut.states))


def test_of_a_search_that_broke_a_promise_there_is_what_it_saw() -> None:
    def fail(state: State | None, event: External, now: Instant) -> Step:
        taken = step(state, event, now)
        if isinstance(event, CallReceived) and taken.state.moment.cables[1].state == "plugged":
            raise KeyError("lost")
        return taken

    search = Search(scopes()[SCOPE], stepper=fail)
    assert search.run().violation is not None
    aut = aut_of(search)
    assert aut.edges.total() == aut.transitions > 0
    assert reached(aut) == set(range(aut.states))


# --- labels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("move", "told"),
    [
        (Move(CablePlugged(1), 0), "cable plugged (connector 1)"),
        (Move(CommitFailed(CablePlugged(1)), 0), "cable plugged (connector 1), but it cannot be stored"),
        (Move(None, 1000), "1 s passes"),
    ],
)
def test_a_label_is_the_move_as_a_story_tells_it(move: Move, told: str) -> None:
    assert label(move) == told


def written(move: Move, suffix: str, folder: Path) -> str:
    """A graph of one edge, in a file."""

    class OneEdge(Search):
        size = (1, 1)

        def __init__(self) -> None:
            self.scope = scopes()[SCOPE]

        def states(self):  # type: ignore[no-untyped-def]
            return iter([next(searched().states())])

        def edges(self):  # type: ignore[no-untyped-def]
            return iter([(0, move, 0)])

    path = folder / f"one{suffix}"
    graph_writer(path)(OneEdge())
    return path.read_text("ascii")


HOSTILE = Move(TagPresented(1, 'a"<&>\nü\x00'), 0)


def test_no_label_breaks_an_aut_file(tmp_path: Path) -> None:
    ((_, told, _),) = read_aut(written(HOSTILE, ".aut", tmp_path)).edges
    assert told.endswith("(reader 1, id tag a'<&>\\n\\xfc\\x00)")


def test_no_label_breaks_graphml(tmp_path: Path) -> None:
    ((_, _, told),) = networkx.parse_graphml(written(HOSTILE, ".graphml", tmp_path)).edges(data="move")
    assert told.endswith("(reader 1, id tag a'<&>\\nü\\x00)")


def test_an_unknown_format_is_answered_by_those_known() -> None:
    with pytest.raises(ValueError, match=r"^no format for 'graph.png': end it in .aut or .graphml$"):
        graph_writer(Path("graph.png"))
