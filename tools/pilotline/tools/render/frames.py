"""Frames: states that are drawn in one box because rows lead to, or from, all of them alike.

A machine of many states is a hairball if every row is an arrow of its own. Where one event leads from every
state of a frame to the same state, or from one state to every state of the frame, one arrow at the frame's
border says it, with the ids of all its rows. No row is left out.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pilotline.tools.graph import Arrow, Edge, Graph, arrows


class Frame(NamedTuple):
    """A box around states; frames nest, and the outer one comes first."""

    name: str
    label: str
    states: tuple[str, ...]
    doors: tuple[tuple[str, str], ...] = ()
    """State outside, state inside: at which of its states an arrow from or to outside meets the frame."""

    def door(self, outside: str) -> str:
        """The state by which `outside` is reached, or reaches the frame."""
        return dict(self.doors).get(outside, self.states[0])


_TRANSACTION: Final = ("Charging", "SuspendedEV", "SuspendedEVSE")
_NO_FAULT: Final = ("Available", "Preparing", *_TRANSACTION, "Finishing", "Reserved", "Unavailable")

FRAMES: Final[dict[str, tuple[Frame, ...]]] = {
    "connector": (
        Frame(
            "no_fault",
            "no fault that prevents charging",
            _NO_FAULT,
            (("initial", "Reserved"), ("Faulted", "Charging")),
        ),
        Frame(
            "in_transaction",
            "a transaction is running",
            _TRANSACTION,
            (("Finishing", "SuspendedEV"), ("Unavailable", "SuspendedEVSE")),
        ),
    ),
}
"""Machine name -> its frames. A machine without an entry is drawn without."""

COLUMNS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "connector": (
        ("initial", "Available"),
        ("Preparing", "Reserved"),
        ("Charging",),
        ("SuspendedEV", "Faulted"),
        ("SuspendedEVSE", "Finishing"),
        ("Unavailable",),
    ),
}
"""Machine name -> states that stand above each other, from left to right, where Graphviz needs to be told."""


def frames_of(graph: Graph) -> tuple[Frame, ...]:
    """The frames of this machine, outer ones first."""
    return FRAMES.get(graph.name, ())


def framed(graph: Graph) -> list[Arrow]:
    """All arrows of a machine; those that hold for a whole frame start or end at the frame's name."""
    found = arrows(graph.edges)
    for frame in frames_of(graph):
        found = _merged(found, frame)
    return found


def together(drawn: Iterable[Arrow]) -> dict[tuple[str, str], list[Arrow]]:
    """The arrows by the two ends they share: each entry is one line of the picture."""
    lines: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in drawn:
        lines.setdefault((arrow.source, arrow.target), []).append(arrow)
    return lines


def edges_of(graph: Graph, arrow: Arrow) -> list[Edge]:
    """The edges that an arrow stands for."""
    inside = {frame.name: frame.states for frame in frames_of(graph)}
    sources, targets = inside.get(arrow.source, (arrow.source,)), inside.get(arrow.target, (arrow.target,))
    return [
        edge
        for edge in graph.edges
        if edge.event == arrow.event
        and edge.row in arrow.rows
        and edge.source in sources
        and edge.target in targets
    ]


def _merged(drawn: list[Arrow], frame: Frame) -> list[Arrow]:
    into: dict[tuple[str, str], list[Arrow]] = {}
    out_of: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in drawn:
        if arrow.target in frame.states and arrow.source not in frame.states:
            into.setdefault((arrow.source, arrow.event), []).append(arrow)
        if arrow.source in frame.states and arrow.target not in frame.states:
            out_of.setdefault((arrow.target, arrow.event), []).append(arrow)
    replaced: dict[Arrow, Arrow] = {}
    for (source, event), group in into.items():
        if {arrow.target for arrow in group} == set(frame.states):
            replaced |= dict.fromkeys(group, Arrow(source, frame.name, event, _rows(group)))
    for (target, event), group in out_of.items():
        if {arrow.source for arrow in group} == set(frame.states):
            replaced |= dict.fromkeys(group, Arrow(frame.name, target, event, _rows(group)))
    return list(dict.fromkeys(replaced.get(arrow, arrow) for arrow in drawn))


def _rows(group: Iterable[Arrow]) -> tuple[str, ...]:
    return tuple(sorted({row for arrow in group for row in arrow.rows}))
