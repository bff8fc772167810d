"""The JSON document: complete, in the order of the tables, and JSON."""

import json
from typing import Any

import pytest

from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.statechart import Machine
from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.messages.actions import ACTIONS
from pilotline.spec.payment import PAYMENT_KEYS
from pilotline.spec.status import ROWS
from pilotline.tools.spec_json import spec_document, spec_json

DOCUMENT: dict[str, Any] = json.loads(spec_json())


def name_of(each: Any) -> str:
    return getattr(each, "name", "")


def test_the_text_is_the_document() -> None:
    assert spec_document() == DOCUMENT


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
    assert [len(b["guards"]) for b in told["bindings"]] == [len(b.guards) for b in machine.table]
    assert all(b["remark"] and b["section"] for b in told["bindings"])
    assert tuple(told["states"]) == machine.states
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
