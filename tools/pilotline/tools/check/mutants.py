"""Seeded faults: what may be wrong in a table, generated from the tables, one fault in each mutant.

Theory of operation: an operator goes through the declarations and yields a mutant for each place where it can be at
work. A mutant is put into the declarations of this process, before or after they were compiled: a machine keeps its
identity and gets the cells of a machine that differs in one thing. That other machine is defined as any is, so the
checks at definition may refuse it.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from functools import wraps
from itertools import chain, islice, pairwise, zip_longest
from typing import Any, Final, NamedTuple, TypeAlias

from pilotline.core.declared import MACHINES
from pilotline.core.effects import Arm, ArmUtc, Clear, Configure, Disarm, Drop, Effect, Put
from pilotline.core.events import External, Internal, PoweredUp
from pilotline.core.statechart import Binding, Machine, guard_name, ignores, negated
from pilotline.tools.check.guard_logic import Cell

Place: TypeAlias = tuple[str, str]
"""A machine and its binding, or a request and the row of its table."""
AnyMachine: TypeAlias = Machine[Any, Any]
AnyBinding: TypeAlias = Binding[Any, Any]


class Mutant(NamedTuple):
    """One fault in one place."""

    operator: str
    what: str
    places: tuple[Place, ...]
    """What must be taken for the fault to be at work."""
    put_in: Callable[[], None]
    """Put it into the declarations of this process; raises InvalidDefinition if they refuse it."""

    @property
    def name(self) -> str:
        """By which it is asked for, and excused."""
        return f"{self.operator}: {self.what}"


def chosen(mutants: Iterable[Mutant], count: int, seed: int) -> tuple[Mutant, ...]:
    """So many of them by chance, of each operator as many as of any other while it has any. Which of two comes first
    follows from their names: a new row changes the choice by no more than its own faults.
    """

    def place(name: str) -> float:
        return random.Random(f"{seed} {name}").random()  # noqa: S311  (a choice that can be made again)

    by_operator: dict[str, list[Mutant]] = {}
    for mutant in sorted(mutants, key=lambda mutant: (place(mutant.operator), place(mutant.name))):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    rounds = chain.from_iterable(zip_longest(*by_operator.values()))
    return tuple(islice((mutant for mutant in rounds if mutant), count))


def of_machines() -> Iterator[Mutant]:
    """Every mutant of every machine."""
    for machine in MACHINES:
        for binding in machine.table:
            yield from _of_guards(machine, binding)
            yield from _of_outputs(machine, binding)
            yield from _of_row(machine, binding)
        yield from _swapped(machine)
        yield from _of_timers(machine)
        yield from _of_boot(machine)


def _install(machine: AnyMachine, *table: AnyBinding, unheard: tuple[AnyBinding, ...] = ()) -> None:
    """Give a machine another table; the events of what it lost are ignored."""
    let_pass = [ignores(b.event, in_=b.sources, because="a seeded fault") for b in unheard]
    other = machine.with_table(table, (*machine.ignored, *let_pass))
    machine.table, machine.ignored = other.table, other.ignored
    for event, by_state in machine.cells.items():  # who listens holds these
        by_state.update(other.cells[event])


def _mutant(
    operator: str, machine: AnyMachine, binding: AnyBinding, detail: str, changed: Callable[[], AnyBinding]
) -> Mutant:
    """One binding is another."""

    def put_in() -> None:
        other = changed()
        _install(machine, *(other if b is binding else b for b in machine.table))

    what = f"{machine.name} {binding.name}" + (f", {detail}" if detail else "")
    return Mutant(operator, what, ((machine.name, binding.name),), put_in)


def _like(binding: AnyBinding, **changes: object) -> AnyBinding:
    """The same binding under the same name but for these attributes."""
    other = copy(binding)
    for attribute, value in changes.items():
        setattr(other, attribute, value)
    return other


# --- guards --------------------------------------------------------------------------------------------------


def _of_guards(machine: AnyMachine, binding: AnyBinding) -> Iterator[Mutant]:
    """It may be taken where another is in the table as it is meant."""
    cells = [machine.cells[binding.event][state] for state in binding.sources]
    after = chain.from_iterable(cell[cell.index(binding) + 1 :] for cell in cells)
    instead = tuple((machine.name, other.name) for other in dict.fromkeys(after))
    for at, guard in enumerate(binding.guards):
        left = (*binding.guards[:at], *binding.guards[at + 1 :])
        turned = (*binding.guards[:at], negated(guard), *binding.guards[at + 1 :])
        for operator, guards in (("guard dropped", left), ("guard negated", turned)):

            def changed(guards: tuple[Any, ...] = guards) -> AnyBinding:
                return _like(binding, guards=guards)

            mutant = _mutant(operator, machine, binding, guard_name(guard), changed)
            yield mutant._replace(places=(*mutant.places, *instead))


# --- what a row does -----------------------------------------------------------------------------------------

_OUTPUTS: Final[tuple[tuple[str, tuple[type, ...]], ...]] = (
    ("raised event left out", (External, Internal)),
    ("effect left out", (Effect,)),
    ("timer not armed", (Arm, ArmUtc)),
    ("timer not stopped by its row", (Disarm,)),
    ("record not stored or dropped by its row", (Put, Drop, Clear, Configure)),
)

SILENT: Final = frozenset(operator for operator, _ in _OUTPUTS)
AT_WORK: Final[set[type]] = set()
"""What was left out in this process: an annotation may name what its row never hands out."""


def silenced(action: Callable[..., Any], kind: type) -> Callable[..., Any]:
    """The action, which hands out nothing of this class."""

    @wraps(action)
    def silent(*arguments: Any) -> Any:
        outcome = action(*arguments)
        if type(outcome) is not tuple:
            return outcome
        own, outputs = outcome
        left = tuple([output for output in outputs if not isinstance(output, kind)])
        if len(left) < len(outputs):
            AT_WORK.add(kind)
        return own, left

    return silent


def _of_outputs(machine: AnyMachine, binding: AnyBinding) -> Iterator[Mutant]:
    action = binding.action
    if action is None:
        return

    def without() -> AnyBinding:
        return _like(binding, action=None)

    yield _mutant("action omitted", machine, binding, "", without)
    for operator, kinds in _OUTPUTS:
        for kind in sorted(binding.outputs, key=lambda output: output.__name__):
            if issubclass(kind, kinds):

                def changed(kind: type = kind) -> AnyBinding:
                    return _like(binding, action=silenced(action, kind))

                yield _mutant(operator, machine, binding, kind.__name__, changed)


# --- rows ----------------------------------------------------------------------------------------------------


def _of_row(machine: AnyMachine, binding: AnyBinding) -> Iterator[Mutant]:
    def removed() -> None:
        _install(machine, *(b for b in machine.table if b is not binding), unheard=(binding,))

    here = (machine.name, binding.name)
    yield Mutant("row removed", f"{machine.name} {binding.name}", (here,), removed)
    if len(machine.states) == 1:
        return
    usual = binding.target or binding.sources[0]
    target = machine.states[(machine.states.index(usual) + 1) % len(machine.states)]

    def led_astray() -> AnyBinding:
        return _like(binding, target=target)

    yield _mutant("target changed", machine, binding, f"to {target}", led_astray)


def _swapped(machine: AnyMachine) -> Iterator[Mutant]:
    """Rows that are tried one after the other, the other way round, if that can make a difference."""
    pairs: dict[tuple[AnyBinding, AnyBinding], list[tuple[type[Any], str]]] = {}
    for event, by_state in machine.cells.items():
        for state, cell in by_state.items():
            for pair in pairwise(cell):
                pairs.setdefault(pair, []).append((event, state))
    for (first, second), found_in in pairs.items():
        alike = (first.action, first.target) == (second.action, second.target)
        if alike or all(_exclude(machine, first, second, *cell) for cell in found_in):
            continue

        def put_in(first: AnyBinding = first, second: AnyBinding = second) -> None:
            places = {id(first): second, id(second): first}
            _install(machine, *(places.get(id(b), b) for b in machine.table))

        what = f"{machine.name} {first.name} and {second.name}"
        places = ((machine.name, first.name), (machine.name, second.name))
        yield Mutant("rows swapped", what, places, put_in)


def _exclude(
    machine: AnyMachine, first: AnyBinding, second: AnyBinding, event: type[Any], state: str
) -> bool:
    types = {"own": type(machine.blank), "reads": machine.reads, "event": event}
    return Cell([first.guards, second.guards], types, {"own.state": (state,)}).exclude(0, 1)


# --- timers and boots ----------------------------------------------------------------------------------------


def _of_timers(machine: AnyMachine) -> Iterator[Mutant]:
    for timer in machine.timers:
        if set(timer.runs_in) == set(machine.states):
            continue

        def put_in(name: str = timer.name) -> None:
            for state, stopped in machine.stopped_in.items():
                machine.stopped_in[state] = tuple(other for other in stopped if other != name)

        places = tuple(
            (machine.name, b.name)
            for b in machine.table
            if b.target not in (None, *timer.runs_in) and set(b.sources) & set(timer.runs_in)
        )
        yield Mutant("timer not stopped by its state", f"{machine.name} {timer.name}", places, put_in)


def _of_boot(machine: AnyMachine) -> Iterator[Mutant]:
    lost = tuple(b for b in machine.table if b.event is PoweredUp)

    def put_in() -> None:
        _install(machine, *(b for b in machine.table if b.event is not PoweredUp), unheard=lost)

    if lost:
        places = tuple((machine.name, b.name) for b in lost)
        yield Mutant("PoweredUp does nothing", machine.name, places, put_in)
