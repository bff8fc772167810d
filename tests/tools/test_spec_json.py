"""The JSON document: complete, in the order of the tables, and JSON."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.statechart import Machine
from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.messages.actions import ACTIONS
from pilotline.spec.payment import PAYMENT_KEYS
from pilotline.spec.status import ROWS
from pilotline.tools.diagram import diagram
from pilotline.tools.graph import couplings_of, edges_of
from pilotline.tools.spec_json import spec_document, spec_json
from pilotline.tools.spec_model import Document, spec_schema

DOCUMENT: dict[str, Any] = json.loads(spec_json())


def name_of(each: Any) -> str:
    return getattr(each, "name", "")


def test_the_text_is_the_document() -> None:
    assert Document.model_validate_json(spec_json()) == spec_document()


def test_every_table_is_there_in_its_own_order() -> None:
    assert [machine["name"] for machine in DOCUMENT["machines"]] == [machine.name for machine in MACHINES]
    assert [table["request"] for table in DOCUMENT["operations"]] == [table.name for table in OPERATIONS]
    assert [level["name"] for level in DOCUMENT["levels"]] == [level.name for level in LEVELS]
    assert [key["name"] for key in DOCUMENT["configuration_keys"]] == [
        *(key.name for key in KEYS),
        *PAYMENT_KEYS,
    ]
    assert [action["action"] for action in DOCUMENT["actions"]] == list(ACTIONS)
    assert [row["id"] for row in DOCUMENT["status_rows"]] == [row.id for row in ROWS]


@pytest.mark.parametrize(
    ("machine", "told"),
    list(zip(MACHINES, DOCUMENT["machines"], strict=True)),
    ids=name_of,
)
def test_a_machine_is_complete(machine: Machine[Any, Any], told: dict[str, Any]) -> None:
    assert [(b["binding"], b["row"], b["target"]) for b in told["bindings"]] == [
        (b.name, b.row.id, b.target) for b in machine.table
    ]
    assert [tuple(b["sources"]) for b in told["bindings"]] == [b.sources for b in machine.table]
    assert [set(b["outputs"]) for b in told["bindings"]] == [
        {output.__name__ for output in b.outputs} for b in machine.table
    ]
    assert [len(b["guards"]) for b in told["bindings"]] == [len(b.guards) for b in machine.table]
    assert all(b["remark"] and b["section"] for b in told["bindings"])
    assert tuple(told["states"]) == machine.states
    assert (told["initial"], tuple(told["final"]), tuple(told["lasting"])) == (
        machine.initial,
        machine.final,
        machine.lasting,
    )
    assert tuple(told["holds_call_in"]) == machine.holds_call_in
    assert [tuple(timer["runs_in"]) for timer in told["timers"]] == [
        timer.runs_in for timer in machine.timers
    ]
    assert told["events"] == [event.__name__ for event in machine.alphabet]
    assert [entry["because"] for entry in told["ignores"]] == [entry.because for entry in machine.ignored]
    assert [timer["name"] for timer in told["timers"]] == [timer.name for timer in machine.timers]
    assert [(window["name"], window["of"]) for window in told["reads"]] == [
        (field, source.name) for field, source in machine.sources.items()
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    list(zip(OPERATIONS, DOCUMENT["operations"], strict=True)),
    ids=name_of,
)
def test_an_operation_is_complete(table: DecisionTable[Any, Any], told: dict[str, Any]) -> None:
    assert [row["name"] for row in told["rows"]] == [row.name for row in table.rows]
    assert [len(row["guards"]) for row in told["rows"]] == [len(row.guards) for row in table.rows]
    assert [window["name"] for window in told["reads"]] == list(table.sources)


def test_a_key_names_its_readers() -> None:
    keys = {key["name"]: key for key in DOCUMENT["configuration_keys"]}
    assert keys["ConnectionTimeOut"]["readers"] == ["session"]
    assert keys["ConnectionTimeOut"]["unit"] == "s"
    assert "transaction" in keys["MeterValueSampleInterval"]["readers"]
    for machine in MACHINES:
        for source in machine.sources.values():
            assert source.kind != "key" or machine.name in keys[source.name]["readers"]


def test_a_binding_tells_effects_from_what_others_hear() -> None:
    link = next(machine for machine in DOCUMENT["machines"] if machine["name"] == "link")
    bindings = {binding["binding"]: binding for binding in link["bindings"]}
    assert bindings["L1/PoweredUp"]["effects"] == ["OpenLink"]
    assert bindings["L2/LinkUp"]["raises"] == bindings["L2/LinkUp"]["always_raises"] == ["Connected"]
    assert (bindings["L4/LinkLost"]["raises"], bindings["L4/LinkLost"]["always_raises"]) == (
        ["Disconnected"],
        [],
    )
    assert bindings["L4/LinkLost"]["outputs"] == ["Arm", "Disconnected"]


def test_what_comes_every_time_may_come() -> None:
    for machine in MACHINES:
        for binding in machine.table:
            for edge in edges_of(binding):
                assert set(edge.certain) <= set(edge.raises)


def test_couplings_are_those_that_are_drawn() -> None:
    couplings = json.loads(diagram(None, "json"))
    assert couplings["machines"] == [machine.name for machine in MACHINES]
    assert couplings["couplings"] == DOCUMENT["couplings"]
    assert [tuple(each["events"]) for each in DOCUMENT["couplings"]] == [
        c.events for c in couplings_of().couplings
    ]


@pytest.mark.parametrize("machine", MACHINES, ids=name_of)
def test_one_machine_is_as_in_the_document(machine: Machine[Any, Any]) -> None:
    assert json.loads(diagram(machine.name, "json")) in DOCUMENT["machines"]


# --- the schema ----------------------------------------------------------------------------------------------

SCHEMA: dict[str, Any] = json.loads(spec_schema())


def validator(of: str | None = None) -> Validator:
    return Draft202012Validator(SCHEMA if of is None else {**SCHEMA["$defs"][of], "$defs": SCHEMA["$defs"]})


def test_the_document_keeps_to_its_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator().validate(DOCUMENT)


def test_one_machine_keeps_to_its_part_of_the_schema() -> None:
    validator("Machine").validate(json.loads(diagram("session", "json")))


@pytest.mark.parametrize("field", SCHEMA["$defs"]["Binding"]["properties"])
def test_the_schema_refuses_a_binding_that_lacks_something(field: str) -> None:
    binding = {**DOCUMENT["machines"][0]["bindings"][0]}
    validator("Binding").validate(binding)
    del binding[field]
    assert not validator("Binding").is_valid(binding)
    assert not validator("Binding").is_valid({**DOCUMENT["machines"][0]["bindings"][0], field: 1.5})


def test_the_schema_says_what_the_fields_mean() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$defs"]["Binding"]["properties"]["target"]["description"] == "null: the state stays."
