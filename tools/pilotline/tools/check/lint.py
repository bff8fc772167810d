"""``python -m pilotline.tools.check.lint [FILE.py | MODULE …]``: what is wrong with declarations, by file and row.

Theory of operation: what makes a table ambiguous or leaves it open is refused when it is defined (`statechart`): open
cells, states that are unknown or cannot be left, unguarded rows before others, timers and held calls without an end.
Here is what needs to look further: at what can be reached, at the source of guards and actions, and across machines.

    unreachable   no row leads to a state, or every state in which a row starts is like that, or final
    shadowed      a row that is never taken: rows before it take all that it would, or its guards exclude each other
    overlapping   two rows of a machine of which both may hold, neither a special case of the other, and which do not do
                  the same: the first one wins, and an Order says why that is right; the rows of a decision table are
                  read in their order anyway
    glances       a guard or an action that looks at something else than its slice, its record, the event and the time
    cycles        events that raise each other, so that a step would not end

The exit status is 1 if there is any finding.
"""

import argparse
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import chain, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, TypeAlias

from typing_extensions import override

from pilotline.core.decision_table import Decision, DecisionTable
from pilotline.core.effects import Configure
from pilotline.core.events import Asked, ConfigurationChanged
from pilotline.core.reading import InvalidDefinition
from pilotline.core.statechart import Binding, Machine, guard_name
from pilotline.tools.check.declared_at import Place, Table, place_of_row, place_of_state
from pilotline.tools.check.guard_logic import Cell
from pilotline.tools.check.overlaps import ORDERS, Order
from pilotline.tools.check.purity import glances

AnyMachine: TypeAlias = Machine[Any, Any]
AnyTable: TypeAlias = DecisionTable[Any, Any]
Row: TypeAlias = Binding[Any, Any] | Decision[Any, Any]


class Finding(NamedTuple):
    """Something that is wrong: where, with which row or state of which table, and what to do."""

    place: Place
    table: str
    part: str
    what: str
    remedy: str

    @override
    def __str__(self) -> str:
        """``core/…/link.py:75: link row L2/LinkUp: what is wrong; what to do``."""
        return f"{self.place.told}: {self.table} {self.part}: {self.what}; {self.remedy}"


def lint(
    machines: Iterable[AnyMachine],
    operations: Iterable[AnyTable] = (),
    orders: Iterable[Order] = ORDERS,
) -> list[Finding]:
    """All that is wrong with these, in the order of files and lines."""
    machines, tables = tuple(machines), tuple(operations)
    looked_at = {pair for order in orders for pair in order.pairs}
    found: list[Finding] = []
    for machine in machines:
        cells = list(_cells_of(machine))
        found += [
            *_unreachable(machine),
            *_shadowed(machine, cells),
            *_overlapping(machine, cells, looked_at),
        ]
        found += _glances(machine, machine.table)
    for table in tables:
        found += [*_shadowed(table, [_cell_of(table)]), *_glances(table, table.rows)]
    return sorted({*found, *_cycles(machines)})


def shadowed(machines: Iterable[AnyMachine], operations: Iterable[AnyTable]) -> list[Finding]:
    """The rows that are never taken, whatever happens."""
    found = [*chain.from_iterable(_shadowed(machine, _cells_of(machine)) for machine in machines)]
    return [*found, *chain.from_iterable(_shadowed(table, [_cell_of(table)]) for table in operations)]


# --- what can be reached -------------------------------------------------------------------------------------


def _unreachable(machine: AnyMachine) -> Iterator[Finding]:
    reached, pending = {machine.initial}, [machine.initial]
    while pending:
        state = pending.pop()
        targets = {b.target for b in machine.table if state in b.sources and b.target} - reached
        reached |= targets
        pending += targets
    for state in machine.states:
        if state not in reached:
            place = place_of_state(machine, state)
            what, remedy = "no row leads here from the initial state", "bind a row to it, or take it out"
            yield Finding(place, machine.name, f"state {state}", what, remedy)
    for binding in machine.table:
        if not set(binding.sources) & reached - set(machine.final):
            place = place_of_row(machine, binding)
            what = f"no instance is ever in {' or '.join(binding.sources)}"
            yield Finding(place, machine.name, f"row {binding.name}", what, "take it out")


# --- rows of one cell ----------------------------------------------------------------------------------------


class _Rows(NamedTuple):
    """The rows of one event in one state; a decision table is one such cell, in no state."""

    state: str | None
    rows: tuple[Row, ...]
    cell: Cell


def _cells_of(machine: AnyMachine) -> Iterator[_Rows]:
    for event, by_state in machine.cells.items():
        types = {"own": type(machine.blank), "reads": machine.reads, "event": event}
        for state, rows in by_state.items():
            if state not in machine.final and any(row.guards for row in rows):
                yield _Rows(state, rows, Cell([row.guards for row in rows], types, {"own.state": (state,)}))


def _cell_of(table: AnyTable) -> _Rows:
    types = {"reads": table.reads, "request": table.request}
    return _Rows(None, table.rows, Cell([row.guards for row in table.rows], types))


def _shadowed(table: Table, cells: Iterable[_Rows]) -> Iterator[Finding]:
    """A row is told once, for all the states in which it is never taken."""
    hidden: dict[Row, dict[str | None, tuple[str, ...]]] = {}
    for state, rows, cell in cells:
        for untaken in cell.untaken():
            by = tuple(rows[other].name for other in untaken.hidden_by)
            hidden.setdefault(rows[untaken.row], {})[state] = by
    for row, states in hidden.items():
        where = f" in {', '.join(state for state in states if state)}" if None not in states else ""
        others = ", ".join(dict.fromkeys(name for by in states.values() for name in by))
        if others:
            what = f"is never taken{where}: {others} before it take all that it would"
            remedy = "put it before them, or take it out"
        else:
            what, remedy = f"is never taken{where}: its guards exclude each other", "let one of them go"
        yield Finding(place_of_row(table, row), table.name, f"row {row.name}", what, remedy)


def _overlapping(
    machine: AnyMachine, cells: Iterable[_Rows], looked_at: set[tuple[str, str, str]]
) -> Iterator[Finding]:
    pairs = {
        (rows[one], rows[other])
        for _, rows, cell in cells
        for one, other in cell.overlapping()
        if _outcome(rows[one]) != _outcome(rows[other])
    }
    for one, other in pairs:
        if (machine.name, one.name, other.name) not in looked_at:
            what = f"may hold together with {one.name}, which is taken then"
            remedy = "let their guards exclude each other, or say by an Order why that is right"
            yield Finding(place_of_row(machine, other), machine.name, f"row {other.name}", what, remedy)


def _outcome(row: Row) -> object:
    return (row.target, row.action) if isinstance(row, Binding) else row.answer


# --- the source of guards and actions ------------------------------------------------------------------------


def _glances(table: Table, rows: Iterable[Row]) -> Iterator[Finding]:
    told: set[object] = set()
    for row in rows:
        for kind, function, parameter in _functions(row):
            for glance in glances(function, table.reads, parameter):
                if glance not in told:
                    told.add(glance)
                    what = f"its {kind} {guard_name(function)} {glance.what}"
                    place = Place(glance.file, glance.line)
                    yield Finding(place, table.name, f"row {row.name}", what, glance.remedy)


def _functions(row: Row) -> Iterator[tuple[str, Callable[..., Any], int]]:
    """Guards, then what is done; and in which place each is handed the slice."""
    if isinstance(row, Binding):
        yield from (("guard", guard, 1) for guard in row.guards)
        if row.action:
            yield "action", row.action, 1
    else:
        yield from (("guard", guard, 0) for guard in row.guards)
        yield "answer", row.answer, 0


# --- events that raise each other ----------------------------------------------------------------------------

Addressed: TypeAlias = tuple[type, str | None]
"""An event; of a request, and of its end, also which machine asked: nobody else hears the end."""
Raises: TypeAlias = dict[Addressed, dict[Addressed, tuple[AnyMachine, Binding[Any, Any]]]]
"""What each event may raise within the same step, and by which row."""


def raises_of(machines: tuple[AnyMachine, ...]) -> Raises:
    """What each event may raise, over all machines."""
    heard = {event for machine in machines for event in machine.cells}
    askers = [machine.name for machine in machines if any(Asked in b.outputs for b in machine.table)]
    raises: Raises = {}
    for machine in machines:
        for binding in machine.table:
            outputs = {
                ConfigurationChanged if kind is Configure else kind for kind in binding.outputs
            } & heard
            asked_by = [machine.name] if _ends_a_request(binding.event) else askers
            for asker in asked_by if _is_addressed(binding.event) else [None]:
                found = raises.setdefault((binding.event, asker), {})
                for kind in sorted(outputs, key=lambda kind: kind.__name__):
                    for name in _hearers(kind, machine, asker, askers):
                        found.setdefault((kind, name), (machine, binding))
    return raises


def _hearers(kind: type, machine: AnyMachine, asker: str | None, askers: list[str]) -> list[str | None]:
    """Who asks, of a request; of its end those who may have asked."""
    if kind is Asked:
        return [machine.name]
    return [name for name in askers if asker in (None, name)] if _ends_a_request(kind) else [None]


def _is_addressed(event: type) -> bool:
    return event is Asked or _ends_a_request(event)


def _ends_a_request(event: type) -> bool:
    return "by" in getattr(event, "__struct_fields__", ())


def _cycles(machines: tuple[AnyMachine, ...]) -> Iterator[Finding]:
    raises = raises_of(machines)
    while True:
        try:
            TopologicalSorter({event: set(raised) for event, raised in raises.items()}).prepare()
        except CycleError as error:
            events: list[Addressed] = error.args[1][::-1]
        else:
            return
        rows = [raises[event][raised] for event, raised in pairwise(events)]
        ring = " -> ".join(event.__name__ for event, _ in events)
        by = ", ".join(f"{machine.name} {binding.name}" for machine, binding in rows)
        machine, binding = rows[0]
        what, remedy = (
            f"{ring} comes round ({by}): a step would not end",
            "raise one of them by a timer instead",
        )
        yield Finding(place_of_row(machine, binding), machine.name, f"row {binding.name}", what, remedy)
        del raises[events[0]][events[1]]


# --- the command ---------------------------------------------------------------------------------------------

_DEFINING: Final = ("statechart.py", "decision_table.py", "reading.py", "slices.py")


def main(arguments: list[str] | None = None) -> int:
    """Lint what the command line names; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.check.lint", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "module", nargs="*", help="files or modules with declarations; none: all that is shipped"
    )
    chosen = parser.parse_args(arguments).module or ["pilotline.core.declared"]
    machines: list[AnyMachine] = []
    tables: list[AnyTable] = []
    orders = [*ORDERS]
    findings: list[str] = []
    for name in chosen:
        try:
            values = _flat(vars(_loaded(name)).values())
        except InvalidDefinition as refused:
            findings += _refused(refused)
        except (FileNotFoundError, ModuleNotFoundError) as missing:
            parser.error(f"no such file or module: {name} ({missing})")
        else:
            machines += dict.fromkeys(value for value in values if isinstance(value, Machine))
            tables += dict.fromkeys(value for value in values if isinstance(value, DecisionTable))
            orders += [value for value in values if isinstance(value, Order)]
    findings += map(str, lint(machines, tables, orders))
    rows = sum(len(machine.table) for machine in machines) + sum(len(table.rows) for table in tables)
    for finding in findings:
        print(finding)  # noqa: T201  (a command speaks on stdout)
    print(f"{len(machines)} machines, {len(tables)} operations, {rows} rows: {len(findings)} findings")  # noqa: T201
    return 1 if findings else 0


def _loaded(name: str) -> ModuleType:
    path = Path(name)
    spec = importlib.util.spec_from_file_location(path.stem, path) if path.suffix == ".py" else None
    if spec is None or spec.loader is None:
        return importlib.import_module(name)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _flat(values: Iterable[object]) -> list[object]:
    """Of a module's values also what is in tuples of them."""
    return [one for value in values for one in (value if type(value) is tuple else (value,))]


def _refused(refused: InvalidDefinition) -> list[str]:
    """What is told of a table that was refused when it was defined, at the line that defines it."""
    frames = traceback.extract_tb(refused.__traceback__)
    frame = next(frame for frame in reversed(frames) if Path(frame.filename).name not in _DEFINING)
    return [f"{Place(frame.filename, frame.lineno or 0).told}: {line}" for line in str(refused).splitlines()]


if __name__ == "__main__":
    sys.exit(main())
