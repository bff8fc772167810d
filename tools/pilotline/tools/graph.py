"""From the tables to a plain graph: what every renderer draws, and nothing of how.

    graph = graph_of(LINK)           # one machine: states and edges
    couplings = couplings_of()       # all machines: who raises what for whom

Everything is frozen, in the order of the tables, and made of strings, so two runs give the same picture.
"""

import typing
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Any, Final, NamedTuple

from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.effects import Configure, Effect
from pilotline.core.events import ConfigurationChanged, External, Internal
from pilotline.core.reading import SourceKind
from pilotline.core.statechart import Binding, Machine, classes_in, guard_name


class Node(NamedTuple):
    """A state; in a `final` one the instance ends, in a `lasting` one it may stay until power is cut."""

    name: str
    initial: bool
    final: bool
    lasting: bool


class Edge(NamedTuple):
    """One binding from one of its source states."""

    binding: str
    """Its name, unique within the machine."""
    row: str
    event: str
    source: str
    target: str
    internal: bool
    """The row leaves the state as it is; `target` repeats `source`."""
    guards: tuple[str, ...]
    remark: str
    section: str
    raises: tuple[str, ...]
    """Events that the action may raise for other machines."""
    certain: tuple[str, ...]
    """Those that it raises every time, in that order."""
    effects: tuple[str, ...]
    """What the action may ask of the world."""
    orders: tuple[str, ...]
    """What the action may ask of the reducer: to store, to set a timer."""

    @property
    def label(self) -> str:
        """``A2 UseBegan``."""
        return f"{self.row} {self.event}"


class Pass(NamedTuple):
    """Events that change nothing in these states (none named: wherever no row is taken), and why."""

    events: tuple[str, ...]
    states: tuple[str, ...]
    because: str


class Deadline(NamedTuple):
    """A timer: the event it becomes and the states it runs in."""

    name: str
    event: str
    runs_in: tuple[str, ...]


class Window(NamedTuple):
    """One field of what a machine reads: a machine's record, a key, a fact of the product, a collection."""

    field: str
    kind: SourceKind
    name: str


class Graph(NamedTuple):
    """One machine."""

    name: str
    family: str
    home: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    passes: tuple[Pass, ...]
    deadlines: tuple[Deadline, ...]
    windows: tuple[Window, ...]


class Arrow(NamedTuple):
    """The edges of one event between two nodes that are drawn as one arrow."""

    source: str
    target: str
    event: str
    rows: tuple[str, ...]

    @property
    def label(self) -> str:
        """``C4 EnergyDeclined``, ``B3 B4 B5 ChargingBegan``."""
        return f"{' '.join(self.rows)} {self.event}"


class Coupling(NamedTuple):
    """One machine or decision table raises events that another machine has rows for."""

    source: str
    target: str
    events: tuple[str, ...]


class Couplings(NamedTuple):
    """All machines, the decision tables (operations), and the events between them."""

    machines: tuple[str, ...]
    operations: tuple[str, ...]
    couplings: tuple[Coupling, ...]


PSEUDO: Final = "initial"
"""A state of this name is no state of the standard's: it is drawn as the initial mark."""


def graph_of(machine: Machine[Any, Any]) -> Graph:
    """One machine as a graph: an edge for every binding and each of its source states."""
    return Graph(
        machine.name,
        machine.family.name,
        machine.home,
        tuple(
            Node(state, state == machine.initial, state in machine.final, state in machine.lasting)
            for state in machine.states
        ),
        tuple(edge for binding in machine.table for edge in edges_of(binding)),
        tuple(
            Pass(tuple(event.__name__ for event in entry.events), entry.states or (), entry.because)
            for entry in machine.ignored
        ),
        tuple(Deadline(timer.name, timer.event.__name__, timer.runs_in) for timer in machine.timers),
        windows_of(machine),
    )


def windows_of(table: Machine[Any, Any] | DecisionTable[Any, Any]) -> tuple[Window, ...]:
    """What a machine or a decision table reads, in the order of its slice."""
    return tuple(Window(field, source.kind, source.name) for field, source in table.sources.items())


def arrows(edges: Iterable[Edge]) -> list[Arrow]:
    """Edges between the same two states on the same event as one, in the order of the table."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for edge in edges:
        found = rows.setdefault((edge.source, edge.target, edge.event), [])
        if edge.row not in found:
            found.append(edge.row)
    return [Arrow(*place, tuple(found)) for place, found in rows.items()]


def couplings_of(
    machines: Iterable[Machine[Any, Any]] = MACHINES,
    operations: Iterable[DecisionTable[Any, Any]] = OPERATIONS,
) -> Couplings:
    """Who raises what for whom; an event that a machine only ignores does not couple it."""
    machines, operations = tuple(machines), tuple(operations)
    heard = {machine.name: {binding.event for binding in machine.table} for machine in machines}
    raised = {table.name: _events(table.outputs) for table in operations}
    for machine in machines:
        raised[machine.name] = _events(frozenset().union(*(binding.outputs for binding in machine.table)))
    return Couplings(
        tuple(machine.name for machine in machines),
        tuple(table.name for table in operations),
        tuple(
            Coupling(source, target, names)
            for source, events in raised.items()
            for target, known in heard.items()
            if (names := tuple(sorted(event.__name__ for event in events & known)))
        ),
    )


def edges_of(binding: Binding[Any, Any]) -> Iterable[Edge]:
    """One edge from each source of a binding."""
    row: Any = binding.row
    outputs = binding.outputs
    for source in binding.sources:
        yield Edge(
            binding.name,
            row.id,
            binding.event.__name__,
            source,
            binding.target or source,
            binding.target is None,
            tuple(guard_name(guard) for guard in binding.guards),
            row.remark,
            getattr(row, "section", "§4.9"),
            _names(_events(outputs)),
            _certain(binding.action),
            _names(kind for kind in outputs if issubclass(kind, Effect)),
            _names(kind for kind in outputs if not issubclass(kind, Effect | External | Internal)),
        )


def _certain(action: Callable[..., object] | None) -> tuple[str, ...]:
    """The events that an action raises every time: its return annotation counts them, each of one class."""
    returned = typing.get_type_hints(action).get("return") if action else None
    handed_out = typing.get_args(returned)[1] if typing.get_origin(returned) is tuple else None
    parts = typing.get_args(handed_out)
    if typing.get_origin(handed_out) is not tuple or Ellipsis in parts:
        return ()
    each = [classes_in(part) for part in parts if typing.get_origin(part) not in (UnionType, typing.Union)]
    return tuple(kind.__name__ for kinds in each for kind in kinds if issubclass(kind, Internal | External))


def _events(outputs: Iterable[type]) -> frozenset[type]:
    """The events among the outputs; a key that is set is told by `ConfigurationChanged`."""
    return frozenset(
        ConfigurationChanged if kind is Configure else kind
        for kind in outputs
        if issubclass(kind, Internal | External | Configure)
    )


def _names(kinds: Iterable[type]) -> tuple[str, ...]:
    return tuple(sorted(kind.__name__ for kind in kinds))
