"""What the graph of a search says about rest, held against the plain definitions on small graphs of any shape."""

from hypothesis import given
from hypothesis import strategies as st

from pilotline.tools.check.graph import Graph
from pilotline.tools.check.liveness import never_at_rest

NODES = 7
Moves = list[list[tuple[int, bool]]]
GRAPHS = st.lists(
    st.lists(st.tuples(st.integers(0, NODES - 1), st.booleans()), max_size=4), min_size=NODES, max_size=NODES
)
RESTING = st.sets(st.integers(0, NODES - 1))


def graph_of(moves: Moves) -> Graph:
    graph = Graph()
    for ways in moves:
        for target, settles in ways:
            graph.add(target, settles)
        graph.end()
    return graph


def reached(moves: Moves, start: int, *, settling: bool) -> set[int]:
    """All that can be come to from a node, itself included."""
    seen, pending = {start}, [start]
    while pending:
        for target, settles in moves[pending.pop()]:
            if target not in seen and (settles or not settling):
                seen.add(target)
                pending.append(target)
    return seen


@given(GRAPHS, RESTING, st.booleans())
def test_a_node_leads_to_what_can_be_come_to_from_it(moves: Moves, goals: set[int], settling: bool) -> None:
    leads = graph_of(moves).leading_to(goals, NODES, settling=settling)
    expected = [not goals.isdisjoint(reached(moves, node, settling=settling)) for node in range(NODES)]
    assert list(map(bool, leads)) == expected


@given(GRAPHS, RESTING)
def test_stuck_is_what_comes_back_to_itself_for_ever_and_never_to_rest(
    moves: Moves, resting: set[int]
) -> None:
    ways = [reached(moves, node, settling=True) for node in range(NODES)]
    expected = [
        node
        for node in range(NODES)
        if resting.isdisjoint(ways[node]) and all(node in ways[other] for other in ways[node])
    ]
    assert never_at_rest(graph_of(moves), NODES, resting) == expected
