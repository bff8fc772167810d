"""OCPP-J 1.6 frames (§4): text of the WebSocket to typed values and back, as pure functions.

`parse` takes anything a peer may send and never raises. What it gives back says what to do: treat a `Call`,
match a `CallResult` or `CallError` with the open call, answer a `BadCall` by its CALLERROR, drop and log
what is `Ignored`. Whether an id is already being handled, or this product supports an action, is not
known here.

A payload whose meaning depends on something else stays the JSON text it was: a CALLRESULT names no action,
so `confirmation` reads it once the open call is known.
"""

import re
from typing import Final, get_args

import msgspec
from msgspec import Raw, Struct

from pilotline.spec.messages.actions import ACTIONS, Action, Confirmation, Initiator, Request
from pilotline.spec.messages.payload import Violation, read_payload, write_payload
from pilotline.spec.types import ErrorCode

FRAME_CHARACTERS_MAX: Final = 262_144
"""Longest frame read by default: room for a local list of about 2,000 entries."""
NESTING_MAX: Final = 32
"""Deepest nesting read. The deepest message of the standard has 6 levels, its frame included."""
MESSAGE_ID_CHARACTERS_MAX: Final = 36
"""Longest message id (OCPP-J §4.1.4)."""
ECHOED_ID_CHARACTERS_MAX: Final = 255
"""Longest id that is still sent back in the CALLERROR which says that it is too long."""
DESCRIPTION_CHARACTERS_MAX: Final = 255
"""Longest errorDescription, sent or kept."""


class Call(Struct, frozen=True):
    """A CALL with a valid payload (OCPP-J §4.2.1)."""

    message_id: str
    action: Action
    request: Request


class CallResult(Struct, frozen=True):
    """A CALLRESULT; the payload as JSON text, to be read by `confirmation` (OCPP-J §4.2.2)."""

    message_id: str
    payload: str


class CallError(Struct, frozen=True):
    """A CALLERROR; the details as JSON text of an object (OCPP-J §4.2.3)."""

    message_id: str
    code: ErrorCode
    description: str
    details: str


class BadCall(Struct, frozen=True):
    """A CALL that is to be answered by a CALLERROR with this code and description (OCPP-J §4.2.3)."""

    message_id: str
    code: ErrorCode
    description: str


class Ignored(Struct, frozen=True):
    """Text that cannot be answered, or must not be: dropped, for this reason (OCPP-J §4.1.3, §4.1.4)."""

    reason: str


Frame = Call | CallResult | CallError | BadCall | Ignored
"""Whatever a peer may send."""


# --- Reading ---


class _CallFrame(Struct, tag=2, array_like=True, forbid_unknown_fields=True, frozen=True):
    message_id: str
    action: str
    payload: Raw


class _CallResultFrame(Struct, tag=3, array_like=True, forbid_unknown_fields=True, frozen=True):
    message_id: str
    payload: Raw


_FRAME: Final = msgspec.json.Decoder(_CallFrame | _CallResultFrame)
_ELEMENTS: Final = msgspec.json.Decoder(list[Raw])
_STRING: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()


def parse(
    frame: str | bytes,
    *,
    sender: Initiator = "CentralSystem",
    characters_max: int = FRAME_CHARACTERS_MAX,
) -> Frame:
    """Read one WebSocket message that `sender` sent. Raises nothing, whatever the text (OCPP-J §4.2)."""
    if len(frame) > characters_max:
        return Ignored(f"frame of {len(frame)} characters or bytes, more than {characters_max}")
    try:
        text = frame if isinstance(frame, str) else frame.decode()
    except UnicodeDecodeError:
        return Ignored("not UTF-8")
    if text.count("[") + text.count("{") > NESTING_MAX and _nested_too_deeply(text):
        return Ignored(f"nested deeper than {NESTING_MAX} levels")
    try:
        well_formed = _FRAME.decode(text)
    except msgspec.ValidationError:  # JSON, but neither CALL nor CALLRESULT: what is it?
        return _parse_elements(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:  # the second: half a surrogate pair
        return Ignored(f"not JSON: {error}")
    if isinstance(well_formed, _CallFrame):
        return _read_call(well_formed, sender)
    if len(well_formed.message_id) > MESSAGE_ID_CHARACTERS_MAX:
        return Ignored("no CALL of ours has so long a message id")
    payload = _text(well_formed.payload)
    return CallResult(well_formed.message_id, "{}" if payload == "null" else payload)


def confirmation(action: Action, payload: str) -> Confirmation | Violation:
    """Read the payload of a CALLRESULT that answers our CALL of `action`. Raises nothing."""
    return read_payload(ACTIONS[action].confirmation, payload)


def _read_call(frame: _CallFrame, sender: Initiator) -> Call | BadCall | Ignored:
    message_id = frame.message_id
    if len(message_id) > MESSAGE_ID_CHARACTERS_MAX:
        if len(message_id) > ECHOED_ID_CHARACTERS_MAX:
            return Ignored("message id too long to be sent back")
        # §4.2.3 wants a CALLERROR but names no code. All others speak of action and payload.
        return BadCall(message_id, "GenericError", f"message id longer than {MESSAGE_ID_CHARACTERS_MAX}")
    action = _ACTIONS_BY_NAME.get(frame.action)
    if action is None:
        return BadCall(message_id, "NotImplemented", f"unknown action {frame.action[:50]!r}")
    row = ACTIONS[action]
    if sender not in row.initiators:  # known, but not in this direction: "recognized but not supported"
        return BadCall(message_id, "NotSupported", f"{action} is not for a {sender} to call")
    request = read_payload(row.request, _text(frame.payload))
    if isinstance(request, Violation):
        return BadCall(message_id, request.code, request.description[:DESCRIPTION_CHARACTERS_MAX])
    return Call(message_id, action, request)


def _parse_elements(text: str) -> CallError | BadCall | Ignored:
    try:
        message_type, message_id, *rest = _ELEMENTS.decode(text)
    except (msgspec.DecodeError, ValueError):
        return Ignored("not a JSON array of a message type, a message id and more")
    number, id_text = _text(message_type), _string(message_id)
    if number not in ("2", "3", "4"):  # OCPP-J §4.1.3: these get no CALLERROR
        return Ignored(f"unknown message type {number[:50]}")
    if id_text is None or len(id_text) > ECHOED_ID_CHARACTERS_MAX:
        return Ignored("no usable message id")
    if number == "2":
        wrong = "a CALL has 4 elements, and the action is a string"
        return BadCall(id_text, "FormationViolation", wrong)
    if number == "3":
        return Ignored(f"a CALLRESULT has 3 elements, this one {2 + len(rest)}")
    return _read_call_error(id_text, rest)


def _read_call_error(message_id: str, elements: list[Raw]) -> CallError | Ignored:
    """Read leniently: whatever it says, it ends our CALL, and that must not wait for the time-out."""
    if len(message_id) > MESSAGE_ID_CHARACTERS_MAX:
        return Ignored("no CALL of ours has so long a message id")
    name = (_string(elements[0]) if elements else None) or ""
    description = (_string(elements[1]) if len(elements) > 1 else None) or ""
    details = _text(elements[2]) if len(elements) > 2 else "{}"
    code = _ERROR_CODES_BY_NAME.get(name)
    if code is None:
        code, description = "GenericError", f"unknown error code {name[:50]!r}: {description}"
    return CallError(
        message_id,
        code,
        description[:DESCRIPTION_CHARACTERS_MAX],
        details if details.startswith("{") else "{}",
    )


_ACTIONS_BY_NAME: Final[dict[str, Action]] = {action: action for action in ACTIONS}

_ERROR_CODES: Final[tuple[ErrorCode, ...]] = get_args(ErrorCode)

_ERROR_CODES_BY_NAME: Final[dict[str, ErrorCode]] = {
    **{code: code for code in _ERROR_CODES},
    # what the two misspelled ones should have been (OCPP-J errata 5.1, 5.2)
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    "FormatViolation": "FormationViolation",
}


def _text(element: Raw) -> str:
    return bytes(element).decode()


def _string(element: Raw) -> str | None:
    try:
        return _STRING.decode(element)
    except msgspec.DecodeError:
        return None


_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # the last may be open: no second look
_BRACKETS: Final = re.compile(r"[\[\]{}]")


def _nested_too_deeply(text: str) -> bool:
    """Judged before any parser runs: where parsers give up depends on the stack they run on."""
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > NESTING_MAX:
            return True
    return False


# --- Writing ---


def encode_call(message_id: str, action: Action, request: Request) -> str:
    """The text of a CALL; fields that are absent are left out (OCPP-J §4.2.1)."""
    return f'[2,{_json(message_id)},"{action}",{write_payload(request)}]'


def encode_result(message_id: str, confirmation: Confirmation) -> str:
    """The text of a CALLRESULT; fields that are absent are left out (OCPP-J §4.2.2)."""
    return f"[3,{_json(message_id)},{write_payload(confirmation)}]"


def encode_error(message_id: str, code: ErrorCode, description: str = "", details: str = "{}") -> str:
    """The text of a CALLERROR; `details` is the JSON text of an object (OCPP-J §4.2.3)."""
    return f'[4,{_json(message_id)},"{code}",{_json(description[:DESCRIPTION_CHARACTERS_MAX])},{details}]'


def _json(text: str) -> str:
    return _ENCODER.encode(text).decode()
