"""What happens, made readable: frames as name and payload, rows by their binding, events with their fields.

Used by the stream of events, by the log of `pilotline run` and by the timeline of `pilotline demo`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from pilotline.adapters.diagnostics_archive import Entry
from pilotline.adapters.happenings import Happening
from pilotline.core.effects import SendCall, SendError, SendResult
from pilotline.core.events import BadCallReceived, CallReceived, ErrorReceived, ResultReceived
from pilotline.core.plain import instance, message_name, plain, printable, without_secret
from pilotline.core.state import State, Url, UtcTime
from pilotline.core.step import Taken
from pilotline.spec.messages.payload import write_payload
from pilotline.spec.products import Product


class Frame(NamedTuple):
    """One message, `in` from or `out` to the Central System (OCPP-J §4.2)."""

    direction: Literal["in", "out"]
    name: str
    """``Heartbeat.req``, ``Heartbeat.conf``, or the error code of a CALLERROR."""
    message_id: str
    payload: str
    """JSON; of a CALLERROR its description."""


def frames_of(happening: Happening) -> tuple[Frame, ...]:
    """The messages of one happening: what came, then what is sent."""
    came = _received(happening.event)
    sent = tuple(frame for effect in happening.effects if (frame := _sent(effect)) is not None)
    return sent if came is None else (came, *sent)


def row_of(taken: Taken) -> str:
    """``connector[1] A2/CablePlugged``."""
    return f"{instance(taken.machine, taken.key)} {taken.binding}"


def line_of(happening: Happening) -> dict[str, Any]:
    """A happening as plain JSON, one line of the stream; secrets stay out."""
    event = happening.event
    return {
        "atMs": happening.at,
        "event": type(event).__name__,
        "fields": _fields(event),
        "rows": [row_of(taken) for taken in happening.trace],
        "frames": [
            {to_camel(name): text for name, text in frame._asdict().items()} for frame in frames_of(happening)
        ],
        "effects": [
            {"effect": type(effect).__name__, **_fields(effect)}
            for effect in happening.effects
            if not isinstance(effect, SendCall | SendResult | SendError)
        ],
    }


def entries(happenings: Iterable[Happening]) -> Iterator[Entry]:
    """The same as entries of a journal, with the UTC time where the clock was known."""
    for happening in happenings:
        before = happening.before
        epoch = before.moment.clock.epoch if isinstance(before, State) else None
        at = None if epoch is None else UtcTime(epoch + happening.at)
        yield Entry(at, line_of(happening))


def _received(event: object) -> Frame | None:
    match event:
        case CallReceived():
            return Frame("in", message_name(event.request), event.message_id, _payload(event.request))
        case ResultReceived():
            return Frame(
                "in", message_name(event.confirmation), event.message_id, _payload(event.confirmation)
            )
        case ErrorReceived() | BadCallReceived():
            return Frame("in", event.code, event.message_id, printable(event.description))
        case _:
            return None


def _sent(effect: object) -> Frame | None:
    match effect:
        case SendCall():
            return Frame("out", message_name(effect.request), effect.message_id, _payload(effect.request))
        case SendResult():
            return Frame(
                "out", message_name(effect.confirmation), effect.message_id, _payload(effect.confirmation)
            )
        case SendError():
            return Frame("out", effect.code, effect.message_id, effect.description)
        case _:
            return None


def _payload(message: Any) -> str:  # Any: one of the 56 models of spec.messages
    return write_payload(without_secret(message))


def _fields(record: Struct) -> dict[str, Any]:  # Any: JSON values
    return {to_camel(name): _plain(value) for name, value in asdict(record).items()}


def _plain(value: Any) -> Any:  # Any: fields of events and effects, whatever they hold, as JSON values
    match value:
        case Product():
            return value.identity.charge_point_model
        case BaseModel():
            return message_name(value)  # its payload is among the frames
        case Url():
            return plain(value)
        case Struct():
            return _fields(value)
        case tuple():
            return [_plain(part) for part in value]
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return str(value)
