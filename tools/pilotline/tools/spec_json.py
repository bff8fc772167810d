"""All tables as one JSON document, for programs that are not written in Python; its shape is in `spec_model`."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from pilotline.core import statechart
from pilotline.core.decision_table import Decision, DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.statechart import guard_name
from pilotline.spec import status
from pilotline.spec.messages.actions import ACTIONS
from pilotline.tools import spec_model as model
from pilotline.tools.graph import Couplings, couplings_of, edges_of, windows_of
from pilotline.tools.readers import KeyReaders, key_readers


def spec_json() -> str:
    """The document as indented text."""
    return _text(spec_document())


def machine_json(machine: statechart.Machine[Any, Any]) -> str:
    """One machine, as it is in the document."""
    return _text(_machine(machine))


def couplings_json() -> str:
    """Who raises what for whom, with the names of all machines and operations."""
    found = couplings_of()
    return _text(
        model.Couplings(machines=found.machines, operations=found.operations, couplings=_couplings(found))
    )


def spec_document() -> model.Document:
    """Every table of the specification and of the core."""
    return model.Document(
        machines=tuple(map(_machine, MACHINES)),
        operations=tuple(map(_operation, OPERATIONS)),
        couplings=_couplings(couplings_of()),
        levels=tuple(
            model.Level(name=level.name, per_connector=level.per_connector, reads=tuple(sorted(level.reads)))
            for level in LEVELS
        ),
        configuration_keys=tuple(map(_key, key_readers())),
        actions=tuple(
            model.Action(
                action=action,
                request=row.request.__name__,
                confirmation=row.confirmation.__name__,
                profile=row.profile,
                initiators=row.initiators,
            )
            for action, row in ACTIONS.items()
        ),
        status_rows=tuple(
            model.StatusRow(id=row.id, source=row.source, target=row.target, remark=row.remark)
            for row in status.ROWS
        ),
    )


def _machine(machine: statechart.Machine[Any, Any]) -> model.Machine:
    return model.Machine(
        name=machine.name,
        family=machine.family.name,
        named_by=machine.family.key_field,
        home=machine.home,
        slot=machine.slot,
        initial=machine.initial,
        states=machine.states,
        final=machine.final,
        lasting=machine.lasting,
        holds_call_in=machine.holds_call_in,
        events=_names(machine.alphabet),
        bindings=tuple(map(_binding, machine.table)),
        ignores=tuple(
            model.Ignored(events=_names(entry.events), states=entry.states, because=entry.because)
            for entry in machine.ignored
        ),
        timers=tuple(
            model.Timer(name=timer.name, event=timer.event.__name__, runs_in=timer.runs_in)
            for timer in machine.timers
        ),
        reads=_reads(machine),
    )


def _binding(binding: statechart.Binding[Any, Any]) -> model.Binding:
    edge, *_ = edges_of(binding)
    return model.Binding(
        binding=edge.binding,
        row=edge.row,
        event=edge.event,
        sources=binding.sources,
        target=binding.target,
        guards=edge.guards,
        action=None if binding.action is None else guard_name(binding.action),
        outputs=_names(_sorted(binding.outputs)),
        raises=edge.raises,
        always_raises=edge.certain,
        effects=edge.effects,
        section=edge.section,
        remark=edge.remark,
    )


def _operation(table: DecisionTable[Any, Any]) -> model.Operation:
    return model.Operation(request=table.name, reads=_reads(table), rows=tuple(map(_decision, table.rows)))


def _decision(row: Decision[Any, Any]) -> model.Decision:
    return model.Decision(
        name=row.name,
        guards=tuple(map(guard_name, row.guards)),
        answer=guard_name(row.answer),
        outputs=_names(_sorted(row.outputs)),
    )


def _couplings(found: Couplings) -> tuple[model.Coupling, ...]:
    return tuple(
        model.Coupling(source=each.source, target=each.target, events=each.events) for each in found.couplings
    )


def _key(entry: KeyReaders) -> model.Key:
    key = entry.key
    return model.Key(
        name=key.name,
        profile=key.profile,
        type=key.type,
        unit=key.unit,
        access=key.access,
        section=key.section,
        required=key.required,
        minimum=key.minimum,
        maximum=key.maximum,
        items=key.items,
        default=key.default,
        takes_effect=key.takes_effect,
        readers=entry.readers,
    )


def _reads(table: statechart.Machine[Any, Any] | DecisionTable[Any, Any]) -> tuple[model.Window, ...]:
    return tuple(model.Window(name=w.field, kind=w.kind, of=w.name) for w in windows_of(table))


def _names(kinds: Iterable[type]) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in kinds)


def _sorted(kinds: Iterable[type]) -> list[type]:
    return sorted(kinds, key=lambda kind: kind.__name__)


def _text(table: BaseModel) -> str:
    return table.model_dump_json(indent=2) + "\n"
