"""Hostile frames to a whole charge point: text in, `step`, text out, and the deadlines that follow.

An input is a byte that chooses how the station stands, then frames, one on a line. Nobody but the input answers the
station from there on. Time passes between the frames, and more of it at the end.
"""

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cache
from typing import Final, Self

from typing_extensions import override

from pilotline.core.effects import Effect, SendCall, SendError, SendResult
from pilotline.core.events import (
    BadCallReceived,
    CablePlugged,
    CallReceived,
    EnergyRequested,
    FrameReceived,
    TagPresented,
)
from pilotline.core.frames import read, text_of
from pilotline.core.snapshot import decode_state, encode_state
from pilotline.spec import rpc
from pilotline.spec.products import load_product
from pilotline.tools.bench_memory import CoreWorld

DEAF_FROM: Final = ("BootNotificationReq", "StartTransactionReq", "HeartbeatReq")
"""How a station may stand: it waits for the answer to this request, which only the input may give."""
STATE_BYTES_MAX: Final = 20_000
"""What a station may remember of an input, beside `_STATE_PER_BYTE` for each byte of it."""
_STATE_PER_BYTE: Final = 16
_BETWEEN_MS: Final = 500
_AFTER_MS: Final = 120_000
"""Longer than any answer of the station may take."""
_TAG: Final = "CAFE0001"
_TIME: Final = "2026-11-23T06:54:28.123Z"


class HostileWorld(CoreWorld):
    """A station whose driver came to charge, before a Central System that turned hostile on the way."""

    def __init__(self, deaf_from: str) -> None:
        self._deaf_from, self.hostile = deaf_from, False
        self.owed: Counter[str] = Counter()
        """By message id, how many answers the station owes."""
        self.answers: list[str] = []
        super().__init__("reference")
        self.tell(CablePlugged(1))
        self.tell(EnergyRequested(1))
        self.tell(TagPresented(1, _TAG))
        while not self.hostile:
            self.passes(10_000)

    def again(self) -> Self:
        """The same once more, with nothing of what happens to the other."""
        other = copy(self)
        other.sent, other._events, other.owed, other.answers = {}, deque(), Counter(), []
        return other

    @override
    def obey(self, effects: Iterable[Effect]) -> None:
        """What goes out can be read by the other side; what is answered was asked."""
        heard = []
        for effect in effects:
            if isinstance(effect, SendCall | SendResult | SendError):
                frame = rpc.parse(text_of(effect), sender="ChargePoint")
                assert isinstance(frame, rpc.Call | rpc.CallResult | rpc.CallError), frame  # noqa: S101
            if isinstance(effect, SendResult | SendError):
                self.answers.append(text_of(effect))
                self.owed[effect.message_id] -= 1
                assert self.owed[effect.message_id] >= 0, f"{effect} answers what was not asked"  # noqa: S101
            if isinstance(effect, SendCall) and type(effect.request).__name__ == self._deaf_from:
                self.hostile = True
            if not (self.hostile and isinstance(effect, SendCall)):
                heard.append(effect)
        super().obey(heard)

    def hear(self, text: str) -> None:
        """A frame comes in."""
        event = read(self.state, FrameReceived(self.state.moment.link.connection, text))
        if isinstance(event, CallReceived | BadCallReceived):
            self.owed[event.message_id] += 1
        self.tell(event)


@cache
def _standing(deaf_from: str) -> HostileWorld:
    return HostileWorld(deaf_from)


def hear_frames(data: bytes) -> None:
    """The station takes all of it in, answers each CALL once, and remembers no more than it may."""
    if not data:
        return
    world = _standing(DEAF_FROM[data[0] % len(DEAF_FROM)]).again()
    before, connection = len(encode_state(world.state)), world.state.moment.link.connection
    for line in data[1:].split(b"\n"):
        world.hear(line.decode("utf-8", "surrogateescape"))
        world.passes(_BETWEEN_MS)
    world.passes(_AFTER_MS)
    link = world.state.moment.link
    if (link.connection, link.state) == (connection, "up"):
        assert not +world.owed, f"never answered: {+world.owed}"  # noqa: S101
    state = encode_state(world.state)
    grown = len(state) - before
    assert grown <= STATE_BYTES_MAX + _STATE_PER_BYTE * len(data), f"the state grew by {grown} bytes"  # noqa: S101
    assert decode_state(state) == world.state, "what is stored is not what is remembered"  # noqa: S101


# --- what to begin with -------------------------------------------------------------------------------------

_SCHEDULE: Final = {
    "chargingRateUnit": "A",
    "duration": 3600,
    "startSchedule": _TIME,
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
}
_PROFILE: Final = {
    "chargingProfileId": 7,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": _TIME,
    "chargingSchedule": _SCHEDULE,
}
CALLS: Final[dict[str, dict[str, object]]] = {
    "CancelReservation": {"reservationId": 1},
    "ChangeAvailability": {"connectorId": 0, "type": "Inoperative"},
    "ClearCache": {},
    "ClearChargingProfile": {"id": 7, "connectorId": 1, "stackLevel": 0},
    "DataTransfer": {"vendorId": "maker", "messageId": "m", "data": "d"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"},
    "GetConfiguration": {"key": ["HeartbeatInterval", "Nothing"]},
    "GetDiagnostics": {"location": "ftp://user:secret@example.org/a", "retries": 1, "startTime": _TIME},
    "GetLocalListVersion": {},
    "RemoteStartTransaction": {"idTag": "R", "connectorId": 2, "chargingProfile": _PROFILE},
    "RemoteStopTransaction": {"transactionId": 1},
    "ReserveNow": {"connectorId": 2, "expiryDate": _TIME, "idTag": "R", "reservationId": 1},
    "Reset": {"type": "Soft"},
    "SendLocalList": {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": "L", "idTagInfo": {"status": "Accepted", "parentIdTag": "P"}}],
    },
    "SetChargingProfile": {"connectorId": 1, "csChargingProfiles": _PROFILE},
    "TriggerMessage": {"requestedMessage": "MeterValues", "connectorId": 1},
    "UnlockConnector": {"connectorId": 1},
    "UpdateFirmware": {"location": "https://example.org/f", "retrieveDate": _TIME, "retryInterval": 1},
}
"""One of each that a Central System may send, beside ChangeConfiguration, of which there is one for each key."""


def frames_to_begin_with() -> Iterator[bytes]:
    """Every action, every key with its own value, and an answer to what each station waits for."""
    for number, deaf_from in enumerate(DEAF_FROM):
        opened = _standing(deaf_from).state.moment.call.open
        assert opened is not None  # noqa: S101  (it is deaf to the answer)
        for payload in ({}, {"status": "Accepted", "currentTime": _TIME, "interval": 1, "transactionId": 5}):
            info = {"idTagInfo": {"status": "Blocked", "expiryDate": _TIME}} if "Start" in deaf_from else {}
            yield _input(number, [3, opened.message_id, {**payload, **info}])
        yield _input(number, [4, opened.message_id, "InternalError", "", {}])
    for action, payload in CALLS.items():
        yield _input(2, [2, "i", action, payload])
    for name, text in load_product("reference").factory_configuration.texts().items():
        yield _input(2, [2, "i", "ChangeConfiguration", {"key": name, "value": text}])


def _input(number: int, *frames: list[object]) -> bytes:
    return bytes([number]) + b"\n".join(json.dumps(frame).encode() for frame in frames)
