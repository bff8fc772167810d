"""How fast frames become validated messages and messages become frames, beside the `ocpp` package.

Ours: `rpc.parse`, then `rpc.encode_call`. Theirs: unpack, validate by the JSON schema, build the typed
dataclass, and all of it backwards. Both read and write the same frames.
"""

import statistics
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from pilotline.spec import rpc
from pilotline.spec.messages.actions import Initiator

_ID: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"
_SAMPLE: Final = (
    '{"value":"12.5","context":"Sample.Periodic","format":"Raw","measurand":"Current.Import",'
    '"phase":"L1","location":"Outlet","unit":"A"}'
)
_METER_VALUE: Final = (
    f'{{"timestamp":"2026-11-23T06:54:28.123Z","sampledValue":[{",".join([_SAMPLE] * 20)}]}}'
)
_PERIODS: Final = ",".join(
    f'{{"startPeriod":{hour * 3600},"limit":{6 + hour / 10:.1f},"numberPhases":3}}' for hour in range(24)
)
_STATUS: Final = (
    f'[2,"{_ID}","StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"Charging",'
    '"timestamp":"2026-11-23T06:54:28.123Z"}]'
)
_METER_VALUES: Final = (
    f'[2,"{_ID}","MeterValues",{{"connectorId":1,"transactionId":7,"meterValue":[{_METER_VALUE}]}}]'
)
_PROFILE: Final = (
    f'[2,"{_ID}","SetChargingProfile",{{"connectorId":1,"csChargingProfiles":{{"chargingProfileId":1,'
    '"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Absolute",'
    '"chargingSchedule":{"chargingRateUnit":"A","startSchedule":"2026-11-23T00:00:00.000Z",'
    f'"chargingSchedulePeriod":[{_PERIODS}]}}}}}}]'
)
FRAMES: Final[tuple[tuple[str, Initiator, str], ...]] = (
    ("StatusNotification", "ChargePoint", _STATUS),
    ("MeterValues (20 samples)", "ChargePoint", _METER_VALUES),
    ("SetChargingProfile (24 periods)", "CentralSystem", _PROFILE),
)
"""The frames that are measured, and who sends them."""


class CodecRow(NamedTuple):
    """One frame there and back: median times in microseconds, and how many times faster ours is."""

    name: str
    ours_us: float
    peer_us: float
    ratio: float


def ours(frame: str, sender: Initiator) -> str:
    """Frame to validated message to frame, by this project."""
    call = rpc.parse(frame, sender=sender)
    if not isinstance(call, rpc.Call):
        raise ValueError(f"not a valid CALL: {call}")
    return rpc.encode_call(call.message_id, call.action, call.request)


def peer() -> Callable[[str], str]:
    """Frame to validated message to frame, by the typed path of the `ocpp` package (extra: demo)."""
    from ocpp import messages
    from ocpp.charge_point import (
        camel_to_snake_case,
        remove_nones,
        serialize_as_dict,
        snake_to_camel_case,
    )
    from ocpp.v16 import call as calls

    def there_and_back(frame: str) -> str:
        received = messages.unpack(frame)
        payload = received.payload  # the validation below turns its own copy into decimals
        messages._validate_payload(received, "1.6")
        fields: Any = camel_to_snake_case(payload)
        request = getattr(calls, received.action)(**fields)
        answer = snake_to_camel_case(remove_nones(serialize_as_dict(request)))
        sent = messages.Call(received.unique_id, received.action, answer)
        messages._validate_payload(sent, "1.6")
        return str(messages.pack(sent))

    return there_and_back


def codec_rows(rounds: int = 15, calls_per_round: int = 100) -> list[CodecRow]:
    """Measure every frame, ours and theirs by turns, and take the medians of the rounds."""
    theirs = peer()
    rows = []
    for name, sender, frame in FRAMES:
        ours_s, peer_s = [], []
        for _round in range(rounds):
            ours_s.append(timeit.timeit(partial(ours, frame, sender), number=calls_per_round))
            peer_s.append(timeit.timeit(partial(theirs, frame), number=max(calls_per_round // 10, 1)) * 10)
        ours_us = statistics.median(ours_s) / calls_per_round * 1e6
        peer_us = statistics.median(peer_s) / calls_per_round * 1e6
        rows.append(CodecRow(name, ours_us, peer_us, peer_us / ours_us))
    return rows
