"""OCPP-J frames: what may be answered, what must be, and what must not (rules 4 to 21)."""

import json
from typing import get_args

import pytest

from pilotline.spec import rpc
from pilotline.spec.messages.actions import ACTIONS, Action, Initiator
from pilotline.spec.messages.core import (
    BootNotificationConf,
    ChangeAvailabilityReq,
    ClearCacheReq,
    DataTransferReq,
    HeartbeatReq,
    ResetConf,
    ResetReq,
    StopTransactionConf,
)
from pilotline.spec.messages.payload import Violation
from pilotline.spec.messages.smart_charging import SetChargingProfileReq
from pilotline.spec.rpc import BadCall, Call, CallError, CallResult, Ignored, parse
from pilotline.spec.types import ErrorCode

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def call(action: str, payload: str, message_id: str = ID) -> str:
    return f'[2,"{message_id}","{action}",{payload}]'


def refusal(frame: rpc.Frame) -> ErrorCode:
    assert isinstance(frame, BadCall), frame
    assert frame.message_id == ID
    return frame.code


# --- Rule 4: the three kinds of frames ---


@pytest.mark.rule(4)
def test_a_call_is_read_to_its_request() -> None:
    assert parse(call("Reset", '{"type":"Hard"}')) == Call(ID, "Reset", ResetReq(type="Hard"))


@pytest.mark.rule(4)
def test_bytes_and_blanks_make_no_difference() -> None:
    assert parse(b' [ 2 , "1" , "Reset" ,\n{ "type" : "Hard" } ] ') == parse(
        '[2,"1","Reset",{"type":"Hard"}]'
    )


@pytest.mark.rule(4, 5)
def test_frames_are_written_compactly_and_without_absent_fields() -> None:
    assert rpc.encode_call("1", "DataTransfer", DataTransferReq(vendor_id="v")) == (
        '[2,"1","DataTransfer",{"vendorId":"v"}]'
    )
    assert rpc.encode_call("1", "Heartbeat", HeartbeatReq()) == '[2,"1","Heartbeat",{}]'
    assert rpc.encode_result("1", ResetConf(status="Accepted")) == '[3,"1",{"status":"Accepted"}]'
    assert rpc.encode_error("1", "GenericError") == '[4,"1","GenericError","",{}]'


def test_the_description_of_an_error_is_cut_to_255_characters() -> None:
    sent = json.loads(rpc.encode_error("1", "InternalError", "x" * 300))
    assert sent[3] == "x" * 255
    received = parse(json.dumps([4, "1", "InternalError", "x" * 300, {}]))
    assert isinstance(received, CallError)
    assert received.description == "x" * 255


def test_ids_and_descriptions_are_escaped() -> None:
    awkward = 'a"b\\c\n\u00e9'
    assert parse(rpc.encode_error(awkward, "GenericError", awkward)) == (
        CallError(awkward, "GenericError", awkward, "{}")
    )


# --- Rule 5: null for no payload ---


@pytest.mark.rule(5)
def test_a_null_payload_is_an_empty_one() -> None:
    assert parse(call("ClearCache", "null")) == Call(ID, "ClearCache", ClearCacheReq())
    assert parse(f'[3,"{ID}",null]') == CallResult(ID, "{}")
    assert rpc.confirmation("StopTransaction", "null") == StopTransactionConf()


def test_a_null_payload_lacks_what_is_required() -> None:
    assert refusal(parse(call("Reset", "null"))) == "OccurenceConstraintViolation"


# --- Rules 9, 19, 20: message ids ---


@pytest.mark.rule(9, 19)
def test_an_id_of_36_characters_is_the_longest() -> None:
    assert isinstance(parse(call("ClearCache", "{}", "x" * 36)), Call)
    too_long = parse(call("ClearCache", "{}", "x" * 37))
    assert too_long == BadCall("x" * 37, "GenericError", "message id longer than 36")


@pytest.mark.rule(19, 20)
def test_an_absurdly_long_id_is_not_sent_back() -> None:
    assert isinstance(parse(call("ClearCache", "{}", "x" * 256)), Ignored)
    assert isinstance(parse(f'[2,"{"x" * 256}","ClearCache"]'), Ignored)


@pytest.mark.rule(20)
@pytest.mark.parametrize("message_id", ["1", "null", "{}", '["1"]', "true"])
@pytest.mark.parametrize(
    "rest", ['2,{},"Reset",{{"type":"Hard"}}', "3,{},{{}}", '4,{},"GenericError","",{{}}']
)
def test_an_id_that_is_no_string_cannot_be_answered(message_id: str, rest: str) -> None:
    assert parse(f"[{rest.format(message_id)}]") == Ignored("no usable message id")


@pytest.mark.parametrize("frame", [f'[3,"{"x" * 37}",{{}}]', f'[4,"{"x" * 37}","GenericError","",{{}}]'])
def test_an_answer_with_an_id_we_never_send_is_ignored(frame: str) -> None:
    assert isinstance(parse(frame), Ignored)


@pytest.mark.rule(20)
@pytest.mark.parametrize(
    "frame", ["", "Hello", "[", "[2,", '[2,"1"', "{}", "null", "2", '"2"', "[]", "[2]", "\ufeff[]"]
)
def test_what_is_no_json_array_with_an_id_is_ignored(frame: str) -> None:
    assert isinstance(parse(frame), Ignored)


@pytest.mark.rule(4, 20)
@pytest.mark.parametrize("frame", [b"\xff\xfe", b'[2,"\xc3","Reset",{}]', '[2,"\ud800","Reset",{}]'])
def test_what_is_not_utf_8_is_ignored(frame: str | bytes) -> None:
    assert isinstance(parse(frame), Ignored)


# --- Rule 12: message types ---


@pytest.mark.rule(12)
@pytest.mark.parametrize("number", ["0", "1", "5", "-2", "2.0", '"2"', "null", "[2]", "22"])
def test_an_unknown_message_type_gets_no_error(number: str) -> None:
    frame = parse(f'[{number},"1","Reset",{{"type":"Hard"}}]')
    assert isinstance(frame, Ignored)
    assert number in frame.reason


# --- Frames with too few or too many elements ---


@pytest.mark.parametrize("rest", ["", ',"Reset"', ',"Reset",{"type":"Hard"},{}', ",5,{}", ",null,{}"])
def test_a_malformed_call_with_an_id_is_a_formation_violation(rest: str) -> None:
    assert refusal(parse(f'[2,"{ID}"{rest}]')) == "FormationViolation"


@pytest.mark.parametrize("frame", ['[3,"1"]', '[3,"1",{},{}]'])
def test_a_malformed_result_is_ignored(frame: str) -> None:
    assert isinstance(parse(frame), Ignored)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ('[4,"1","InternalError","why",{"a":1}]', CallError("1", "InternalError", "why", '{"a":1}')),
        ('[4,"1","InternalError","why",null]', CallError("1", "InternalError", "why", "{}")),
        ('[4,"1","InternalError",null,[]]', CallError("1", "InternalError", "", "{}")),
        ('[4,"1","InternalError"]', CallError("1", "InternalError", "", "{}")),
        ('[4,"1","Oops","why",{}]', CallError("1", "GenericError", "unknown error code 'Oops': why", "{}")),
        ('[4,"1"]', CallError("1", "GenericError", "unknown error code '': ", "{}")),
    ],
)
def test_an_error_with_an_id_ends_our_call_however_carelessly_it_is_written(
    frame: str, error: CallError
) -> None:
    assert parse(frame) == error


# --- Rules 13, 14: the error codes ---


@pytest.mark.rule(13)
def test_the_error_codes_are_the_ten_of_the_standard() -> None:
    assert set(get_args(ErrorCode)) == {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }


@pytest.mark.rule(14)
@pytest.mark.parametrize("code", get_args(ErrorCode))
def test_every_error_code_is_sent_and_read_as_it_is_spelled(code: ErrorCode) -> None:
    assert f'"{code}"' in rpc.encode_error("1", code)
    assert parse(rpc.encode_error("1", code, "why")) == CallError("1", code, "why", "{}")


@pytest.mark.rule(14)
@pytest.mark.parametrize(
    ("received", "meant"),
    [
        ("OccurrenceConstraintViolation", "OccurenceConstraintViolation"),
        ("FormatViolation", "FormationViolation"),
    ],
)
def test_the_two_misspelled_codes_may_arrive_spelled_right(received: str, meant: str) -> None:
    error = parse(f'[4,"1","{received}","",{{}}]')
    assert isinstance(error, CallError)
    assert error.code == meant


# --- Rule 15: actions ---


@pytest.mark.rule(15)
@pytest.mark.parametrize("action", ["reset", "RESET", "", "SignedUpdateFirmware", "__class__"])
def test_an_unknown_action_is_not_implemented_whatever_its_payload(action: str) -> None:
    assert refusal(parse(call(action, "5"))) == "NotImplemented"


@pytest.mark.rule(15)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("sender", get_args(Initiator))
def test_an_action_of_the_other_side_is_not_supported(action: Action, sender: Initiator) -> None:
    frame = parse(call(action, '{"noSuchField":1}'), sender=sender)
    expected = "FormationViolation" if sender in ACTIONS[action].initiators else "NotSupported"
    assert refusal(frame) == expected


# --- Rules 16, 17, 21: bad payloads ---


@pytest.mark.rule(16, 17)
@pytest.mark.parametrize(
    ("payload", "code", "names"),
    [
        ("[]", "FormationViolation", "payload: "),
        ('"Hard"', "FormationViolation", "payload: "),
        ('{"connectorId":1,"type":"Operative","extra":1}', "FormationViolation", "payload.extra: "),
        ('{"connectorId":1}', "OccurenceConstraintViolation", "payload.type: "),
        (
            '{"connectorId":1,"connectorId":2,"type":"Operative"}',
            "OccurenceConstraintViolation",
            "payload.connectorId: ",
        ),
        ('{"connectorId":"1","type":"Operative"}', "TypeConstraintViolation", "payload.connectorId: "),
        ('{"connectorId":true,"type":"Operative"}', "TypeConstraintViolation", "payload.connectorId: "),
        ('{"connectorId":null,"type":"Operative"}', "TypeConstraintViolation", "payload.connectorId: "),
        ('{"connectorId":1,"type":1}', "TypeConstraintViolation", "payload.type: "),
        ('{"connectorId":1,"type":"operative"}', "PropertyConstraintViolation", "payload.type: "),
        ('{"connectorId":"1","type":"x","extra":1}', "FormationViolation", "payload.extra: "),
        ('{"connectorId":"1"}', "OccurenceConstraintViolation", "payload.type: "),
        ('{"connectorId":"1","type":"x"}', "TypeConstraintViolation", "payload.connectorId: "),
        (
            '{"connectorId":"1","connectorId":"2","type":"x"}',
            "OccurenceConstraintViolation",
            "payload.connectorId: ",
        ),
        ('{"connectorId":1,"connectorId":2,"extra":1}', "FormationViolation", "payload.extra: "),
    ],
)
def test_the_first_fault_in_order_gives_the_code_and_is_named(payload: str, code: str, names: str) -> None:
    frame = parse(call("ChangeAvailability", payload))
    assert refusal(frame) == code
    assert isinstance(frame, BadCall)
    assert frame.description.startswith(names)


def profile(**changes: str) -> str:
    fields = {
        "chargingRateUnit": '"A"',
        "chargingSchedulePeriod": '[{"startPeriod":0,"limit":16.1}]',
    } | changes
    schedule = ",".join(f'"{name}":{value}' for name, value in fields.items())
    return call(
        "SetChargingProfile",
        '{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,'
        f'"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":{{{schedule}}}}}}}',
    )


@pytest.mark.rule(17, 21)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chargingRateUnit": '"kW"'}, "PropertyConstraintViolation"),  # rule 17
        ({"minChargingRate": "8.15"}, "PropertyConstraintViolation"),
        ({"chargingSchedulePeriod": '[{"startPeriod":0,"limit":16.15}]'}, "PropertyConstraintViolation"),
        ({"chargingSchedulePeriod": '[{"startPeriod":0,"limit":"16"}]'}, "TypeConstraintViolation"),
        ({"chargingSchedulePeriod": "{}"}, "TypeConstraintViolation"),
        ({"chargingSchedulePeriod": "[]"}, "OccurenceConstraintViolation"),
        ({"chargingSchedulePeriod": '[{"startPeriod":0}]'}, "OccurenceConstraintViolation"),
        ({"chargingSchedulePeriod": "[5]"}, "TypeConstraintViolation"),
        ({"chargingSchedulePeriod": '[{"startPeriod":0,"limit":1,"a":1}]'}, "FormationViolation"),
    ],
)
def test_faults_count_at_any_depth(changes: dict[str, str], code: str) -> None:
    assert refusal(parse(profile(**changes))) == code


def test_the_description_leads_to_the_field() -> None:
    frame = parse(
        profile(chargingSchedulePeriod='[{"startPeriod":0,"limit":1},{"startPeriod":9,"limit":1.25}]')
    )
    assert frame == BadCall(
        ID,
        "PropertyConstraintViolation",
        "payload.csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1].limit: "
        "Value error, at most one decimal place",
    )


@pytest.mark.rule(31)
def test_a_limit_with_one_decimal_is_read_exactly() -> None:
    frame = parse(profile())
    assert isinstance(frame, Call)
    assert isinstance(frame.request, SetChargingProfileReq)
    assert (
        str(frame.request.cs_charging_profiles.charging_schedule.charging_schedule_period[0].limit) == "16.1"
    )


def test_a_description_stays_on_one_line_and_in_bounds_whatever_the_field_is_called() -> None:
    name = "line\\nbreak" + "x" * 1000
    frame = parse(call("Reset", f'{{"type":"Hard","{name}":1}}'))
    assert isinstance(frame, BadCall)
    assert frame.description.isprintable()
    assert len(frame.description) <= 255


def test_a_confirmation_is_read_once_the_action_is_known() -> None:
    payload = '{"status":"Accepted","currentTime":"2026-11-23T06:54:28Z","interval":300}'
    frame = parse(f'[3,"{ID}",{payload}]')
    assert isinstance(frame, CallResult)
    read = rpc.confirmation("BootNotification", frame.payload)
    assert isinstance(read, BootNotificationConf)
    assert (read.status, read.interval) == ("Accepted", 300)
    wrong = rpc.confirmation("Heartbeat", frame.payload)
    assert isinstance(wrong, Violation)
    assert wrong.code == "FormationViolation"


def test_frames_are_hashable() -> None:
    frames = [
        parse(call("ChangeAvailability", '{"connectorId":1,"type":"Operative"}')),
        parse("x"),
        parse('[3,"1",{}]'),
    ]
    assert len(set(frames)) == 3
    assert frames[0] == Call(
        ID, "ChangeAvailability", ChangeAvailabilityReq(connector_id=1, type="Operative")
    )
