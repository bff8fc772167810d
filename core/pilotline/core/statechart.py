"""The language of declarations: machines, rows bound to events, decision tables. No OCPP in it.

Theory of operation
    A *machine* is a table of *bindings*. A binding ties a row (source states, target state: written once,
    in ``pilotline.spec``) to an event, to guards and to one action. A machine keeps one record per instance;
    the record's ``state`` is one of the machine's states and only a binding moves it.

    What a machine may see of the rest of the station is its *slice*: a frozen record whose fields say where
    they come from. Guards are ``(own, reads, event) -> bool``; actions are
    ``(own, reads, event, now) -> own`` or ``-> (own, outputs)``. Nothing else is in reach, so an instance's
    reaction is a function of four small values: that is what the explorer memoises and what `explain` prints.

    What an action may hand out is its return annotation: mypy proves the body keeps to it, and
    `Binding.outputs` reads it. There is no second list of raised events to keep in step.

    Silence is stated: for every event of a machine's alphabet each state ends in an unguarded binding or in an
    `ignores`. What a table leaves open is refused here, when it is defined, with the names of the rows.
"""

import typing
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from types import UnionType
from typing import Any, Final, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from typing_extensions import override

from pilotline.core.reading import InvalidDefinition, sources_of

# The monotonic clock of one boot, in milliseconds. A plain NewType in `pilotline.core.state` wraps it.
Now: TypeAlias = int

S_co = TypeVar("S_co", covariant=True)
O = TypeVar("O")  # noqa: E741  (own record)
R = TypeVar("R")  # slice
E = TypeVar("E")  # event
INITIAL: Final = "initial"

Home: TypeAlias = Literal["memory", "moment"]


class RowLike(Protocol[S_co]):
    """A row of a table in `pilotline.spec`."""

    @property
    def id(self) -> str:
        """Its name in the standard, or in our tables."""
        ...

    @property
    def source(self) -> "S_co | tuple[S_co, ...]":
        """Where it starts: one state or several."""
        ...

    @property
    def target(self) -> "S_co | None":
        """Where it leads; None: the state stays."""
        ...


class Family(NamedTuple):
    """A kind of instance: its name and the field by which an event names one (None: there is only one)."""

    name: str
    key_field: str | None


class Binding(Generic[O, R]):
    """One row under one event: ``row.id/Event``, with guards and at most one action."""

    __slots__ = ("action", "event", "guards", "name", "row", "sources", "target")

    def __init__(
        self,
        event: type[Any],
        row: RowLike[str],
        action: Callable[[O, R, Any, Any], Any] | None,
        guards: tuple[Callable[[O, R, Any], bool], ...],
    ) -> None:
        self.event: type[Any] = typing.get_origin(event) or event
        self.row = row
        self.action = action
        self.guards = guards
        self.sources: tuple[str, ...] = row.source if isinstance(row.source, tuple) else (row.source,)
        self.target = row.target
        self.name = f"{row.id}/{self.event.__name__}"

    @override
    def __repr__(self) -> str:
        return f"<{self.label}>"

    @property
    def label(self) -> str:
        """``A2/CablePlugged [plugged, asked]``: what a diagram writes on the arrow."""
        return self.name + (f" [{', '.join(map(guard_name, self.guards))}]" if self.guards else "")

    @property
    def outputs(self) -> frozenset[type]:
        """Every class this binding's action may hand out, read off its return annotation."""
        return outputs_of(self.action) if self.action else frozenset()


class Ignored(NamedTuple):
    """Events that some states let pass, and why."""

    events: tuple[type[Any], ...]
    states: tuple[str, ...] | None
    because: str


def on(
    event: type[E],
    row: RowLike[str],
    action: Callable[[O, R, E, Any], object] | None = None,
    *,
    when: Iterable[Callable[[O, R, E], bool]] = (),
) -> Binding[O, R]:
    """Bind ``row`` to ``event``: it is taken if all guards in ``when`` hold, and then ``action`` runs."""
    return Binding(event, row, action, tuple(when))


def ignores(*events: type[Any], in_: Iterable[str] | None = None, because: str) -> Ignored:
    """State that these events change nothing in these states (None: wherever no binding is taken)."""
    return Ignored(events, tuple(in_) if in_ is not None else None, because)


def negated(guard: Callable[[O, R, E], bool]) -> Callable[[O, R, E], bool]:
    """The guard that holds exactly when ``guard`` does not."""

    def holds(own: O, reads: R, event: E) -> bool:
        return not guard(own, reads, event)

    holds.__name__ = f"not {guard_name(guard)}"
    return holds


def guard_name(guard: Callable[..., bool]) -> str:
    """The guard's name as a person reads it."""
    return getattr(guard, "__name__", repr(guard)).replace("_", " ")


def outputs_of(action: Callable[..., object]) -> frozenset[type]:
    """The classes in the second element of an action's return annotation ``tuple[Own, tuple[X | Y, ...]]``."""
    returned = typing.get_type_hints(action).get("return")
    return classes_in(typing.get_args(returned)[1]) if typing.get_origin(returned) is tuple else frozenset()


def classes_in(hint: object) -> frozenset[type]:
    """All classes that a type is made of, tuples and unions taken apart."""
    origin = typing.get_origin(hint)
    if origin in (tuple, UnionType, typing.Union):
        return frozenset().union(*map(classes_in, typing.get_args(hint)))
    found = origin or hint
    return frozenset((found,)) if isinstance(found, type) and found is not type(None) else frozenset()


class Timer(NamedTuple):
    """A deadline of one instance: the event it becomes and the states in which it may run.

    Leaving those states disarms it, so no row has to remember to.
    """

    name: str
    event: type[Any]
    runs_in: tuple[str, ...]


# --- machines ----------------------------------------------------------------------------------------------

Cell: TypeAlias = tuple[Binding[O, R], ...]


class Machine(Generic[O, R]):
    """A declared machine: a family of instances, each a record in Memory or in the Moment.

    A `final` state removes the instance; a `lasting` one is kept until power is cut. In the states
    `holds_call_in` the record's ``call`` is a request of the peer that waits for its answer (see `later`).

    Raises:
        InvalidDefinition: the table contradicts itself or leaves an event open; the message names the rows.
    """

    def __init__(
        self,
        name: str,
        *,
        family: Family,
        home: Home,
        blank: O,
        reads: type[R],
        states: tuple[str, ...],
        table: Iterable[Binding[O, R]],
        ignored: Iterable[Ignored] = (),
        timers: Iterable[Timer] = (),
        final: tuple[str, ...] = (),
        lasting: tuple[str, ...] = (),
        slot: str | None = None,
        boot_event: type[Any] | None = None,
        holds_call_in: tuple[str, ...] = (),
        answers_with: tuple[type[Any], ...] = (),
        link_lost: type[Any] | None = None,
    ) -> None:
        self.home: Home = home
        self.name, self.family, self.blank, self.reads = name, family, blank, reads
        self.states, self.final, self.lasting = states, final, lasting
        self.table: tuple[Binding[O, R], ...] = tuple(table)
        self.ignored: tuple[Ignored, ...] = tuple(ignored)
        self.timers: tuple[Timer, ...] = tuple(timers)
        self.stopped_in = {
            state: tuple(timer.name for timer in self.timers if state not in timer.runs_in)
            for state in states
        }
        self.holds_call_in, self.answers_with, self.link_lost = holds_call_in, answers_with, link_lost
        self.slot = slot or name
        self.boot_event = boot_event
        self.initial: str = blank.state  # type: ignore[attr-defined]  # every record has a state
        self.sources = sources_of(reads)
        self._compile()

    def with_table(
        self, table: Iterable[Binding[O, R]], ignored: Iterable[Ignored] | None = None
    ) -> "Machine[O, R]":
        """The same machine with another table, which is checked as any is."""
        other = copy(self)
        other.table = tuple(table)
        other.ignored = self.ignored if ignored is None else tuple(ignored)
        other._compile()
        return other

    def _compile(self) -> None:
        self.alphabet: tuple[type[Any], ...] = tuple(
            dict.fromkeys([b.event for b in self.table] + [e for i in self.ignored for e in i.events])
        )
        self._name_bindings()
        # event class -> state -> the bindings to try, in order
        self.cells: dict[type[Any], dict[str, Cell[O, R]]] = {
            event: {state: self._cell(state, event) for state in self.states} for event in self.alphabet
        }
        self._check()

    def _name_bindings(self) -> None:
        """A row bound twice to one event carries its guards in its name, so that a trace is unambiguous."""
        names = [binding.name for binding in self.table]
        for binding in self.table:
            if names.count(binding.name) > 1:
                binding.name = binding.label
        twice = {b.name for b in self.table if [c.name for c in self.table].count(b.name) > 1}
        if twice:
            raise InvalidDefinition(
                f"{self.name}: bound twice with the same guards: {', '.join(sorted(twice))}"
            )

    def _cell(self, state: str, event: type[Any]) -> Cell[O, R]:
        return tuple(b for b in self.table if b.event is event and state in b.sources)

    def ignores(self, state: str, event: type[Any]) -> str | None:
        """Why this state lets this event pass when no binding is taken; None if it must not."""
        for entry in self.ignored:
            if event in entry.events and (entry.states is None or state in entry.states):
                return entry.because
        return None

    def pick(self, own: O, reads: R, event: object) -> Binding[O, R] | None:
        """The binding this event takes in this state, or None: the event is ignored."""
        for binding in self.cells[type(event)][own.state]:  # type: ignore[attr-defined]  # every record has a state
            for guard in binding.guards:
                if not guard(own, reads, event):
                    break
            else:
                return binding
        return None

    # --- definition-time checks ---

    def _check(self) -> None:
        boot_event = self.boot_event
        problems = [
            *(f"{f}: a machine is told the time as now" for f, s in self.sources.items() if s.kind == "time"),
            *self._unknown_states(),
            *self._shadowed_rows(),
            *self._open_cells(),
            *self._dead_ends(),
            *self._timer_problems(),
            *self._held_call_problems(),
        ]
        if self.home == "memory" and boot_event is not None and boot_event not in self.alphabet:
            problems.append(f"lives in Memory but does not say what {boot_event.__name__} does")
        if problems:
            raise InvalidDefinition("\n".join(f"{self.name}: {problem}" for problem in problems))

    def _unknown_states(self) -> Iterator[str]:
        known = set(self.states)
        for binding in self.table:
            for state in {*binding.sources, binding.target or binding.sources[0]} - known:
                yield f"{binding.name} names the unknown state {state!r}"
        for entry in self.ignored:
            for state in set(entry.states or ()) - known:
                yield f"ignores({', '.join(e.__name__ for e in entry.events)}) names the unknown state {state!r}"

    def _shadowed_rows(self) -> Iterator[str]:
        for event, by_state in self.cells.items():
            for state, cell in by_state.items():
                for position, binding in enumerate(cell[:-1]):
                    if not binding.guards:
                        later = ", ".join(b.name for b in cell[position + 1 :])
                        yield f"in {state} on {event.__name__} the unguarded {binding.name} hides {later}"

    def _open_cells(self) -> Iterator[str]:
        for event, by_state in self.cells.items():
            for state, cell in by_state.items():
                if state in self.final:
                    continue
                ends_unguarded = bool(cell) and not cell[-1].guards
                ignored = self.ignores(state, event) is not None
                if not ends_unguarded and not ignored:
                    rows = ", ".join(b.name for b in cell) or "no row"
                    yield f"in {state} the event {event.__name__} is neither bound nor ignored after {rows}"

    def _dead_ends(self) -> Iterator[str]:
        if len(self.states) == 1:
            return
        for state in self.states:
            if state in self.final or state in self.lasting:
                continue
            if not any(state in b.sources and b.target not in (None, state) for b in self.table):
                yield f"the state {state!r} cannot be left and is neither final nor lasting"

    def _timer_problems(self) -> Iterator[str]:
        for timer in self.timers:
            for state in set(timer.runs_in) - set(self.states):
                yield f"timer {timer.name} runs in the unknown state {state!r}"
            for state in timer.runs_in:
                if state in self.states and timer.event not in self.alphabet:
                    yield f"timer {timer.name} becomes {timer.event.__name__}, which no row lists"
                    break

    def _held_call_problems(self) -> Iterator[str]:
        """A call that is held is answered on every way out, and there is a way out by time and by link."""
        held = set(self.holds_call_in)
        if not held:
            return
        for binding in self.table:
            leaves = held & set(binding.sources) and binding.target is not None and binding.target not in held
            answers = binding.outputs & set(self.answers_with)
            if leaves and not answers and binding.event is not self.link_lost:
                yield f"{binding.name} leaves with a call that it does not answer"
        for state in self.holds_call_in:
            if self.link_lost not in self.cells or not self.cells[self.link_lost][state]:
                yield f"in {state} a call is held and nothing is said of a lost link"
            if not any(state in timer.runs_in for timer in self.timers):
                yield f"in {state} a call is held without a deadline"


def raise_cycles(machines: Iterable[Machine[Any, Any]], internal: Callable[[type], bool]) -> list[str]:
    """Chains of raised events that come round: ``A -> B -> A``. A step would never end on one.

    An edge runs from an event to every internal event that a binding on it may raise *and* for which some
    machine has a binding that raises again.
    """
    edges: dict[type, set[type]] = {}
    for machine in machines:
        for binding in machine.table:
            edges.setdefault(binding.event, set()).update(o for o in binding.outputs if internal(o))
    cycles: list[str] = []

    def visit(event: type, path: tuple[type, ...]) -> None:
        if event in path:
            ring = path[path.index(event) :]
            if ring[0] is min(ring, key=lambda e: e.__name__):
                cycles.append(" -> ".join(e.__name__ for e in (*ring, event)))
            return
        for raised in sorted(edges.get(event, ()), key=lambda e: e.__name__):
            visit(raised, (*path, event))

    for start in sorted(edges, key=lambda e: e.__name__):
        visit(start, ())
    return sorted(set(cycles))
