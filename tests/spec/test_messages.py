"""Our models and the published JSON schemas of OCPP 1.6 mean the same messages, both ways."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from spec.schema_deviations import DEVIATIONS, NOT_IN_THE_STANDARD, Deviation
from spec.schema_strategies import (
    MESSAGES,
    Kind,
    Schema,
    broken,
    messages,
    model,
    schema,
    schema_accepts,
    valid_payloads,
)

from pilotline.spec.messages.actions import ACTION_OF, ACTIONS, Action
from pilotline.spec.messages.core import StatusNotificationReq
from pilotline.spec.messages.payload import Violation, read_payload, write_payload
from pilotline.spec.messages.structures import ChargingSchedulePeriod

each_message = pytest.mark.parametrize(("action", "kind"), MESSAGES)
some = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def test_the_table_holds_the_28_actions_of_the_standard() -> None:
    assert len(ACTIONS) == len(ACTION_OF) == 28
    initiators = [row.initiators for row in ACTIONS.values()]
    assert initiators.count(("ChargePoint",)) == 9
    assert initiators.count(("CentralSystem",)) == 18
    assert ACTIONS["DataTransfer"].initiators == ("ChargePoint", "CentralSystem")


def test_each_model_is_named_after_its_action() -> None:
    for action, row in ACTIONS.items():
        assert (row.request.__name__, row.confirmation.__name__) == (f"{action}Req", f"{action}Conf")
        assert ACTION_OF[row.request] == action


@each_message
@some
@given(data=st.data())
def test_the_schemas_accept_what_we_emit_and_we_read_the_same_back(
    action: Action, kind: Kind, data: st.DataObject
) -> None:
    message = data.draw(messages(model(action, kind)))
    text = write_payload(message)
    assert schema_accepts(action, kind, text)
    again = read_payload(model(action, kind), text)
    assert again == message
    assert hash(again) == hash(message)


@each_message
@some
@given(data=st.data())
def test_we_accept_what_the_schemas_accept(action: Action, kind: Kind, data: st.DataObject) -> None:
    text = json.dumps(data.draw(valid_payloads(action, kind)))
    assert schema_accepts(action, kind, text)
    assert not isinstance(read_payload(model(action, kind), text), Violation)


@pytest.mark.rule(16, 17, 21)
@each_message
@settings(some, max_examples=40)
@given(data=st.data())
def test_we_refuse_what_the_schemas_refuse_with_the_code_of_the_first_fault(
    action: Action, kind: Kind, data: st.DataObject
) -> None:
    text, code = data.draw(broken(action, kind))
    assert not schema_accepts(action, kind, text)
    refused = read_payload(model(action, kind), text)
    assert isinstance(refused, Violation)
    assert refused.code == code, refused.description


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.because[:60])
def test_every_listed_deviation_from_the_schemas_is_real(deviation: Deviation) -> None:
    by_schema = schema_accepts(deviation.action, deviation.message, deviation.payload, deviation.numbers)
    ours = read_payload(model(deviation.action, deviation.message), deviation.payload)
    by_us = not isinstance(ours, Violation)
    assert (by_schema, by_us) == ((True, False) if deviation.accepted_by == "schema" else (False, True))


def _facts(part: Schema, root: Schema, path: str = "payload") -> dict[str, Any]:
    """What a JSON schema says, flat: for each path its type, its bounds, and what is required."""
    if "$ref" in part:
        return _facts(root["$defs"][part["$ref"].rsplit("/", 1)[1]], root, path)
    values = part.get("enum", [part["const"]] if "const" in part else [])
    facts: dict[str, Any] = {
        path: (
            part["type"],
            frozenset(values) - NOT_IN_THE_STANDARD,
            part.get("maxLength"),
            frozenset(part.get("required", ())),
            part.get("additionalProperties", True) if part["type"] == "object" else None,
        )
    }
    if part["type"] == "array":
        facts |= _facts(part["items"], root, f"{path}[]")
    for name, inner in part.get("properties", {}).items():
        facts |= _facts(inner, root, f"{path}.{name}")
    return facts


@pytest.mark.rule(21, 55)
@each_message
def test_fields_types_values_and_lengths_are_those_of_the_schema(action: Action, kind: Kind) -> None:
    ours = model(action, kind).model_json_schema(by_alias=True)
    theirs = schema(action, kind)
    assert _facts(ours, ours) == _facts(theirs, theirs)


def test_the_names_of_python_are_not_the_names_of_the_wire() -> None:
    by_python = StatusNotificationReq(connector_id=1, error_code="NoError", status="Available")
    assert write_payload(by_python) == '{"connectorId":1,"errorCode":"NoError","status":"Available"}'
    refused = read_payload(
        StatusNotificationReq, '{"connector_id":1,"errorCode":"NoError","status":"Available"}'
    )
    assert isinstance(refused, Violation)
    assert refused.code == "FormationViolation"


def test_a_message_cannot_be_changed() -> None:
    message = StatusNotificationReq(connector_id=1, error_code="NoError", status="Available")
    with pytest.raises(ValidationError, match="frozen"):
        message.connector_id = 2  # type: ignore[misc]  # what is tested


def test_python_values_are_checked_as_strictly_as_json() -> None:
    with pytest.raises(ValidationError, match="valid integer"):
        ChargingSchedulePeriod.model_validate({"start_period": "0", "limit": "16"})
    with pytest.raises(ValidationError, match="valid integer"):
        ChargingSchedulePeriod.model_validate({"start_period": True, "limit": "16"})


REPEATED = [
    ('{"connectorId":1,"connectorId":1,"type":"Operative"}', "payload.connectorId"),
    ('{"connectorId" :1, "connectorId" : 1,"type":"Operative"}', "payload.connectorId"),
    ('{"connectorId":1,"\\u0063onnectorId":1,"type":"Operative"}', "payload.connectorId"),
]


@pytest.mark.parametrize(("payload", "path"), REPEATED)
def test_a_repeated_field_violates_occurrence_however_it_is_written(payload: str, path: str) -> None:
    refused = read_payload(ACTIONS["ChangeAvailability"].request, payload)
    assert refused == Violation("OccurenceConstraintViolation", f"{path}: field given more than once")


def test_a_repeated_field_deep_in_a_list_is_found_and_named() -> None:
    entries = '{"idTag":"A"},{"idTag":"B","idTagInfo":{"status":"Blocked","status":"Accepted"}}'
    payload = f'{{"listVersion":1,"updateType":"Full","localAuthorizationList":[{entries}]}}'
    refused = read_payload(ACTIONS["SendLocalList"].request, payload)
    assert isinstance(refused, Violation)
    assert refused.description.startswith("payload.localAuthorizationList[1].idTagInfo.status: ")


@pytest.mark.parametrize("data", ['\\"a\\":1,\\"a\\":2', '{\\"a\\":1}', "\\\\", "::,,{}[]", "a:1,a:1"])
def test_text_that_looks_like_json_repeats_no_field(data: str) -> None:
    payload = f'{{"vendorId":"v","data":"{data}"}}'
    assert not isinstance(read_payload(ACTIONS["DataTransfer"].request, payload), Violation)


@each_message
@some
@given(payload=st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
@example(payload='"\ud800"')
@example(payload="[" * 5000)
@example(payload='{"a":' * 5000)
@example(payload="9" * 4300)
@example(payload='{"a":' + "9" * 4301 + "}")
@example(payload='{"a":-' + "9" * 4300 + "}")
@example(payload="NaN")
def test_no_payload_makes_reading_raise(action: Action, kind: Kind, payload: str) -> None:
    result = read_payload(model(action, kind), payload)
    assert isinstance(result, model(action, kind) | Violation)
