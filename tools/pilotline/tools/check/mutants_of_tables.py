"""Seeded faults in what is declared besides machines: decision tables, levels, what is stored, and what makes safe."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, TypeAlias

from pilotline.core import effects, levels
from pilotline.core.decision_table import Decision, DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.draft import Draft
from pilotline.core.effects import Change, Effect
from pilotline.core.state import Memory
from pilotline.core.statechart import guard_name
from pilotline.tools.check.guard_logic import Cell
from pilotline.tools.check.mutants import Mutant, Place, of_machines

AnyTable: TypeAlias = DecisionTable[Any, Any]
AnyRow: TypeAlias = Decision[Any, Any]


def every_mutant() -> tuple[Mutant, ...]:
    """All of them."""
    return (*of_machines(), *_of_operations(), *_of_levels(), *_of_commits(), *_of_the_order())


# --- decision tables -----------------------------------------------------------------------------------------


def _of_operations() -> Iterator[Mutant]:
    for table in OPERATIONS:
        for at, row in enumerate(table.rows):
            before, after = table.rows[:at], table.rows[at + 1 :]
            here, what = ((table.name, row.name),), f"{table.name} {row.name}"
            yield Mutant("decision dropped", what, here, _with_rows(table, (*before, *after)))
            if len(after) > 1 and _order_counts(table, row, after[0]):
                there = (*here, (table.name, after[0].name))
                rows = (*before, after[0], row, *after[1:])
                yield Mutant(
                    "decisions swapped", f"{what} and {after[0].name}", there, _with_rows(table, rows)
                )
            for guard_at, guard in enumerate(row.guards):
                guards = (*row.guards[:guard_at], _negated(guard), *row.guards[guard_at + 1 :])
                rows = (*before, row._replace(guards=guards), *after)
                yield Mutant(
                    "decision's guard negated",
                    f"{what}, {guard_name(guard)}",
                    (*here, *((table.name, other.name) for other in after)),
                    _with_rows(table, rows),
                )
            for kind in sorted(row.outputs, key=lambda output: output.__name__):
                rows = (*before, row._replace(answer=_silenced(row, kind)), *after)
                yield Mutant(
                    "decision's output left out", f"{what}, {kind.__name__}", here, _with_rows(table, rows)
                )


def _order_counts(table: AnyTable, row: AnyRow, following: AnyRow) -> bool:
    """They may hold together, and then answer otherwise."""
    types = {"reads": table.reads, "request": table.request}
    return row.answer is not following.answer and not Cell([row.guards, following.guards], types).exclude(
        0, 1
    )


def _with_rows(table: AnyTable, rows: tuple[AnyRow, ...]) -> Callable[[], None]:
    def put_in() -> None:
        table.rows = DecisionTable(table.request, table.reads, rows).rows

    return put_in


def _negated(guard: Callable[..., bool]) -> Callable[..., bool]:
    return lambda reads, request: not guard(reads, request)


def _silenced(row: AnyRow, kind: type) -> Callable[..., Any]:
    @wraps(row.answer)
    def silent(*arguments: Any) -> Any:
        outcome = row.answer(*arguments)
        if row.later is not None:
            return tuple([output for output in outcome if not isinstance(output, kind)])
        if type(outcome) is not tuple:
            return outcome
        confirmation, outputs = outcome
        return confirmation, tuple([output for output in outputs if not isinstance(output, kind)])

    return silent


# --- levels --------------------------------------------------------------------------------------------------


def _of_levels() -> Iterator[Mutant]:
    for level in levels.LEVELS:
        others = tuple(other for other in levels.LEVELS if other is not level)
        yield Mutant("level dropped", level.name, _acting_on(*level.reads), _with_levels(*others))
        for slot in sorted(level.reads):
            blind = level._replace(reads=level.reads - {slot})
            put_in = _with_levels(*(blind if other is level else other for other in levels.LEVELS))
            yield Mutant("level blind", f"{level.name} to {slot}", _acting_on(slot), put_in)


def _with_levels(*changed: levels.Level) -> Callable[[], None]:
    def put_in() -> None:
        levels.LEVELS = changed  # type: ignore[misc,assignment]  # a fault

    return put_in


def _acting_on(*slots: str) -> tuple[Place, ...]:
    """Whatever may write these slots; a slot that no machine owns is written by decisions."""
    owned = [(m.name, b.name) for m in MACHINES if m.slot in slots for b in m.table]
    return (
        tuple(owned) if owned else tuple((table.name, row.name) for table in OPERATIONS for row in table.rows)
    )


# --- commits -------------------------------------------------------------------------------------------------


def _of_commits() -> Iterator[Mutant]:
    """What a row replaces in Memory is not among the changes."""
    for collection in Memory.__struct_fields__:

        def put_in(collection: str = collection) -> None:
            listed = Draft.set_memory

            def unlisted(self: Draft, change: Change, slot: str, value: object) -> None:
                listed(self, change, slot, value)
                if slot == collection:
                    self.changes.pop()

            Draft.set_memory = unlisted  # type: ignore[method-assign]  # a fault

        yield Mutant("not committed", collection, _acting_on(collection), put_in)


def _of_the_order() -> Iterator[Mutant]:
    """What is done before the commit is done after it, and the other way round."""
    for kind in _ACTS:

        def put_in(kind: Any = kind) -> None:
            kind.makes_safe = not kind.makes_safe

        operator = "done after the commit" if kind.makes_safe else "done before the commit"
        acts = tuple((m.name, b.name) for m in MACHINES for b in m.table if kind in b.outputs)
        yield Mutant(operator, kind.__name__, acts or _acting_on(*_OF_LEVELS), put_in)


_OF_LEVELS: Final = frozenset().union(*(level.reads for level in levels.LEVELS))
_ACTS: Final = tuple(
    kind
    for kind in vars(effects).values()
    if isinstance(kind, type) and issubclass(kind, Effect) and kind is not Effect
)
