"""Where our models and the published JSON schemas of OCPP 1.6 disagree, on purpose: the complete list.

Each line holds a payload that only one of the two accepts. A test fails when a line is no longer true, and
the property tests fail for any disagreement that is not listed here.
"""

from typing import Final, Literal, NamedTuple

from pilotline.spec.messages.actions import Action

NOT_IN_THE_STANDARD: Final = frozenset({"Hertz"})
"""Enumeration values of the schemas that we do not know."""


class Deviation(NamedTuple):
    action: Action
    message: Literal["request", "confirmation"]
    payload: str
    accepted_by: Literal["schema", "us"]
    because: str
    numbers: Literal["decimal", "float"] = "decimal"  # how the schema's side reads JSON numbers


def _period(period: str) -> str:
    return (
        '{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,'
        '"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":'
        f'{{"chargingRateUnit":"A","chargingSchedulePeriod":[{period}]}}}}}}'
    )


_TIME = '"timestamp":"2026-11-23T06:54:28Z"'

DEVIATIONS: Final = (
    Deviation(
        "Heartbeat",
        "confirmation",
        '{"currentTime":"yesterday"}',
        "schema",
        "§3.14: a dateTime is ISO 8601; a schema validator takes any text unless told to check formats",
    ),
    Deviation(
        "RemoteStartTransaction",
        "request",
        '{"idTag":"caf\u00e9"}',
        "schema",
        "§2.2: a CiString holds ASCII only",
    ),
    Deviation(
        "ChangeConfiguration",
        "request",
        '{"key":"A","value":"line\\nbreak"}',
        "schema",
        "§2.2: a CiString holds printable characters only",
    ),
    Deviation(
        "DataTransfer",
        "request",
        '{"vendorId":"v","data":"\\ud800"}',
        "schema",
        "OCPP-J §4.1.2: text is UTF-8, which has no half of a surrogate pair",
    ),
    Deviation(
        "RemoteStopTransaction",
        "request",
        '{"transactionId":9223372036854775808}',
        "schema",
        "errata 3.54 allows any integer; ours are bounded to 64 bits",
    ),
    Deviation(
        "SetChargingProfile",
        "request",
        _period('{"startPeriod":0,"limit":1000000000001}'),
        "schema",
        "limits are bounded to 10^12, where a JSON number still keeps its one decimal",
    ),
    Deviation(
        "SetChargingProfile",
        "request",
        _period('{"startPeriod":0,"limit":16.100000000000000001}'),
        "us",
        "a JSON number is read as the nearest double first: more than 17 digits are not seen",
    ),
    Deviation(
        "SetChargingProfile",
        "request",
        _period('{"startPeriod":0,"limit":0.3}'),
        "us",
        "§7.14: 0.3 has one decimal; a schema validator that divides doubles finds no multiple of 0.1",
        numbers="float",
    ),
    Deviation(
        "SetChargingProfile",
        "request",
        _period(""),
        "schema",
        "§7.13: a schedule has at least one period; the schema forgot minItems",
    ),
    Deviation(
        "StopTransaction",
        "request",
        f'{{"transactionId":1,{_TIME},"meterStop":1,"transactionData":[{{{_TIME},"sampledValue":[]}}]}}',
        "schema",
        "§7.33: a meter value has at least one sampled value; only the schema of MeterValues says so",
    ),
    Deviation(
        "MeterValues",
        "request",
        f'{{"connectorId":1,"meterValue":[{{{_TIME},"sampledValue":[{{"value":"50","unit":"Hertz"}}]}}]}}',
        "schema",
        "§7.45, errata 3.84: a frequency has no unit; the schema of StopTransaction has no Hertz either",
    ),
    Deviation(
        "Reset",
        "request",
        '{"type":"Hard","type":"Soft"}',
        "schema",
        "OCPP-J §4.2.3: a repeated field violates occurrence; a schema validator sees only the last one",
    ),
    Deviation(
        "ClearCache",
        "request",
        "null",
        "us",
        "OCPP-J §4.2.1: null is another notation of no payload",
    ),
    Deviation(
        "Heartbeat",
        "request",
        "null",
        "us",
        "OCPP-J §4.2.1: null is another notation of no payload",
    ),
    Deviation(
        "StatusNotification",
        "confirmation",
        "null",
        "us",
        "OCPP-J §4.2.2: null is another notation of no payload",
    ),
)
