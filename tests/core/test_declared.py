"""What holds for everything that is declared: steps end, outputs are known, whoever asks hears an answer."""

import ast
import inspect
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest

from pilotline.core import machines as package
from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.effects import Arm, ArmUtc, Clear, Configure, Disarm, Drop, Effect, Put
from pilotline.core.events import (
    Asked,
    ConfigurationChanged,
    Confirmed,
    External,
    Internal,
    PoweredUp,
    Refused,
    Unanswered,
    Withdrawn,
)
from pilotline.core.slices import CONNECTOR, MAIN_CONTROLLER
from pilotline.core.state import Memory, Moment
from pilotline.core.statechart import Machine, raise_cycles
from pilotline.spec.status import ROWS

ORDERS = (Put, Drop, Clear, Arm, ArmUtc, Disarm, Configure)
TIMER_ORDERS = {"Arm", "ArmUtc", "Disarm"}


def name_of(table: Any) -> str:
    return str(table.name)


def outputs_of_machine(machine: Machine[Any, Any]) -> frozenset[type]:
    return frozenset().union(*(binding.outputs for binding in machine.table))


def events_raised(outputs: frozenset[type]) -> set[type]:
    """The events among the outputs; a key that is set is told by ConfigurationChanged."""
    changed = {ConfigurationChanged} if Configure in outputs else set()
    return {kind for kind in outputs if is_event(kind)} | changed


def is_event(kind: type) -> bool:
    return issubclass(kind, Internal | External)


Addressed = tuple[type, str | None]
"""An event, and of a request and of its end also which machine asked."""


def addressed_raises() -> dict[Addressed, set[Addressed]]:
    """What each event may raise in the same step; only who asked hears the end of a request."""
    askers = [machine.name for machine in MACHINES if Asked in outputs_of_machine(machine)]
    raises: dict[Addressed, set[Addressed]] = {}
    for machine in MACHINES:
        for binding in machine.table:
            if "by" in binding.event.__struct_fields__:
                heard: list[str | None] = [machine.name]
            else:
                heard = [*askers] if binding.event is Asked else [None]
            for asker in heard:
                found = raises.setdefault((binding.event, asker), set())
                for kind in events_raised(binding.outputs):
                    if kind is Asked:
                        found.add((kind, machine.name))
                    elif "by" in kind.__struct_fields__:
                        found.update((kind, name) for name in askers if asker in (None, name))
                    else:
                        found.add((kind, None))
    return raises


def test_raised_events_come_to_an_end() -> None:
    assert list(TopologicalSorter(addressed_raises()).static_order())


def test_events_come_round_only_where_another_machine_asks() -> None:
    """By class alone, a request that is withdrawn at once looks as if its end reached other askers, too."""
    cycles = raise_cycles(MACHINES, is_event)
    assert [cycle for cycle in cycles if "Asked -> Withdrawn -> " not in cycle] == []


def test_names_and_slots_are_unique() -> None:
    names = [machine.name for machine in MACHINES]
    assert len(set(names)) == len(names)
    shared = [m for m in MACHINES if m.family not in (CONNECTOR, MAIN_CONTROLLER)]
    assert len({machine.slot for machine in shared}) == len(shared)


@pytest.mark.parametrize("machine", MACHINES, ids=name_of)
def test_a_machine_keeps_its_record_where_it_says(machine: Machine[Any, Any]) -> None:
    holder = Memory if machine.home == "memory" else Moment
    assert machine.slot in holder.__struct_fields__


@pytest.mark.parametrize("machine", MACHINES, ids=name_of)
def test_an_action_hands_out_effects_orders_and_events(machine: Machine[Any, Any]) -> None:
    strange = {
        (binding.name, kind.__name__)
        for binding in machine.table
        for kind in binding.outputs
        if not (issubclass(kind, (Effect, *ORDERS)) or is_event(kind))
    }
    assert strange == set()


@pytest.mark.parametrize("machine", MACHINES, ids=name_of)
def test_a_level_is_handed_out_by_no_row(machine: Machine[Any, Any]) -> None:
    from pilotline.core import levels

    handed_out = {kind.__name__ for kind in outputs_of_machine(machine)}
    commands = {
        "LockConnector",
        "UnlockConnector",
        "CloseContactor",
        "OpenContactor",
        "ShowStatus",
        "PingEvery",
        "SetLightIntensity",
    }
    assert commands <= set(vars(levels))
    assert handed_out & commands == set()


@pytest.mark.parametrize("table", OPERATIONS, ids=name_of)
def test_an_operation_hands_out_effects_orders_and_internal_events(table: DecisionTable[Any, Any]) -> None:
    assert all(issubclass(kind, (Effect, Internal, Put, Drop, Clear, Configure)) for kind in table.outputs)


ASKING = [m for m in MACHINES if Asked in outputs_of_machine(m) and m.name != "call"]
"""`call` asks only for others: what waited for the end of BootNotification."""


@pytest.mark.parametrize("machine", ASKING, ids=name_of)
def test_whoever_asks_lists_every_way_the_call_may_end(machine: Machine[Any, Any]) -> None:
    assert {Confirmed, Refused, Unanswered, Withdrawn} <= set(machine.alphabet)


def test_all_that_send_calls_were_looked_at() -> None:
    assert {"registration", "heartbeat", "outbox", "status_report"} <= {machine.name for machine in ASKING}


def test_a_machine_in_memory_says_what_power_up_does() -> None:
    silent = [m.name for m in MACHINES if m.home == "memory" and PoweredUp not in m.alphabet]
    assert silent == []


def test_every_internal_event_that_is_raised_is_heard() -> None:
    heard = {event for machine in MACHINES for event in machine.alphabet}
    raised = frozenset().union(*map(outputs_of_machine, MACHINES), *(table.outputs for table in OPERATIONS))
    deaf = {kind.__name__ for kind in raised if is_event(kind)} - {kind.__name__ for kind in heard}
    assert deaf == set()
    assert ConfigurationChanged in heard


@pytest.mark.rule(96)
def test_the_connector_binds_every_row_of_the_status_table() -> None:
    connector = next(machine for machine in MACHINES if machine.name == "connector")
    assert {binding.row.id for binding in connector.table if binding.row in ROWS} == {row.id for row in ROWS}


# --- timers ------------------------------------------------------------------------------------------

MODULES = sorted(name for name in sys.modules if name.startswith(f"{package.__name__}."))


def timer_orders(module: str) -> Iterator[ast.expr]:
    """The first argument of every Arm, ArmUtc and Disarm in the source of a module."""
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TIMER_ORDERS:
            yield node.args[0]


@pytest.mark.parametrize("module", MODULES)
def test_exactly_the_declared_timers_are_armed(module: str) -> None:
    declared = {
        timer.name
        for machine in vars(sys.modules[module]).values()
        if isinstance(machine, Machine)
        for timer in machine.timers
    }
    ordered = {
        name.value if isinstance(name, ast.Constant) else ast.dump(name) for name in timer_orders(module)
    }
    assert ordered == declared
