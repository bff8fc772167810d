"""All tables as one JSON document, for programs that are not written in Python.

Whoever reads it can rely on: every table is there, in its own order; ids and names are those of the diagrams
and of a trace (`binding` is what `explain` and coverage count).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from pilotline.core.decision_table import Decision, DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.statechart import Binding, Machine, guard_name
from pilotline.spec import status
from pilotline.spec.messages.actions import ACTIONS
from pilotline.tools.readers import KeyReaders, key_readers

Json: TypeAlias = str | int | bool | list["Json"] | dict[str, "Json"] | None
FORMAT: Final = 1
"""Counted up when a reader of the document would have to change."""


def spec_json() -> str:
    """The document as indented text."""
    return json.dumps(spec_document(), indent=2, ensure_ascii=False) + "\n"


def spec_document() -> dict[str, Json]:
    """Every table of the specification and of the core."""
    return {
        "format": FORMAT,
        "machines": [_machine(machine) for machine in MACHINES],
        "operations": [_operation(table) for table in OPERATIONS],
        "levels": [
            {"name": level.name, "per_connector": level.per_connector, "reads": [*sorted(level.reads)]}
            for level in LEVELS
        ],
        "configuration_keys": [_key(entry) for entry in key_readers()],
        "actions": [
            {
                "action": action,
                "request": row.request.__name__,
                "confirmation": row.confirmation.__name__,
                "profile": row.profile,
                "initiators": list(row.initiators),
            }
            for action, row in ACTIONS.items()
        ],
        "status_rows": [
            {"id": row.id, "source": row.source, "target": row.target, "remark": row.remark}
            for row in status.ROWS
        ],
    }


def _machine(machine: Machine[Any, Any]) -> Json:
    return {
        "name": machine.name,
        "family": machine.family.name,
        "named_by": machine.family.key_field,
        "home": machine.home,
        "slot": machine.slot,
        "initial": machine.initial,
        "states": list(machine.states),
        "final": list(machine.final),
        "lasting": list(machine.lasting),
        "events": _names(machine.alphabet),
        "bindings": [_binding(binding) for binding in machine.table],
        "ignores": [
            {
                "events": _names(entry.events),
                "states": None if entry.states is None else list(entry.states),
                "because": entry.because,
            }
            for entry in machine.ignored
        ],
        "timers": [
            {"name": timer.name, "event": timer.event.__name__, "runs_in": list(timer.runs_in)}
            for timer in machine.timers
        ],
        "reads": _reads(machine.sources),
    }


def _binding(binding: Binding[Any, Any]) -> Json:
    return {
        "binding": binding.name,
        "row": binding.row.id,
        "event": binding.event.__name__,
        "sources": list(binding.sources),
        "target": binding.target,
        "guards": [guard_name(guard) for guard in binding.guards],
        "action": None if binding.action is None else guard_name(binding.action),
        "outputs": _names(_sorted(binding.outputs)),
        "section": getattr(binding.row, "section", "§4.9"),  # the status rows are one section's table
        "remark": getattr(binding.row, "remark", ""),
    }


def _operation(table: DecisionTable[Any, Any]) -> Json:
    return {
        "request": table.name,
        "reads": _reads(table.sources),
        "rows": [_decision(row) for row in table.rows],
    }


def _decision(row: Decision[Any, Any]) -> Json:
    return {
        "name": row.name,
        "guards": [guard_name(guard) for guard in row.guards],
        "answer": guard_name(row.answer),
        "outputs": _names(_sorted(row.outputs)),
    }


def _key(entry: KeyReaders) -> Json:
    key = entry.key
    return {
        "name": key.name,
        "profile": key.profile,
        "type": key.type,
        "unit": key.unit,
        "access": key.access,
        "section": key.section,
        "required": key.required,
        "minimum": key.minimum,
        "maximum": key.maximum,
        "items": None if key.items is None else list(key.items),
        "default": key.default,
        "takes_effect": key.takes_effect,
        "readers": list(entry.readers),
    }


def _reads(sources: Mapping[str, Any]) -> Json:
    return [{"name": name, "kind": source.kind, "of": source.name} for name, source in sources.items()]


def _names(kinds: Iterable[type]) -> list[Json]:
    return [kind.__name__ for kind in kinds]


def _sorted(kinds: Iterable[type]) -> list[type]:
    return sorted(kinds, key=lambda kind: kind.__name__)
