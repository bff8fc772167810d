"""A way through the explorer's graph, told in words."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct
from pydantic import BaseModel

from pilotline.core.events import (
    CallReceived,
    CommitFailed,
    DeadlinePassed,
    ErrorReceived,
    External,
    PoweredUp,
    ResultReceived,
)
from pilotline.core.plain import printable

UNTOLD: Final = frozenset({"connection", "message_id", "readings", "info", "vendor_id", "vendor_error_code"})
"""Fields that a person does not need to follow a story."""


class Move(NamedTuple):
    """What happened between two nodes: an event, or (None) time that passed, in ms; and what followed at once."""

    event: External | None
    after_ms: int
    at_once: tuple[External, ...] = ()


def told(moves: Iterable[Move]) -> str:
    """The story: one numbered line for each move."""
    return "\n".join(f"{number:3}. {in_words(move)}" for number, move in enumerate(moves, start=1))


def in_words(move: Move) -> str:
    """One move: ``1 s passes: a deadline is reached; at once: the Central System answers Authorize.conf …``."""
    passed = f"{move.after_ms / 1000:g} s passes" if move.after_ms else ""
    happened = ": ".join(part for part in (passed, event_in_words(move.event) if move.event else "") if part)
    after = [event_in_words(event) for event in move.at_once]
    return "; at once: ".join((happened or "nothing", ", ".join(after))) if after else happened or "nothing"


def event_in_words(event: External) -> str:
    """``cable plugged (connector 1)``; what the Central System says is named as in the standard."""
    match event:
        case DeadlinePassed():
            return "a deadline is reached"
        case CommitFailed(failed):
            return f"{event_in_words(failed)}, but it cannot be stored"
        case PoweredUp(_, cause, plugged, _, _, utc):
            cables = ", ".join(str(c) for c, is_in in enumerate(plugged) if is_in and c) or "none"
            return f"power is on (after {cause}; plugged in: {cables}{'; with a clock' if utc is not None else ''})"
        case CallReceived(request=request):
            return f"the Central System calls {_message(request)}"
        case ResultReceived(confirmation=confirmation):
            return f"the Central System answers {_message(confirmation)}"
        case ErrorReceived(code=code):
            return f"the Central System answers CALLERROR {code}"
        case _:
            return record_in_words(event)


def _message(message: BaseModel) -> str:
    name = type(message).__name__
    name = f"{name[:-3]}.req" if name.endswith("Req") else f"{name[:-4]}.conf"
    fields = _flat(message)
    return f"{name} ({fields})" if fields else name


def _flat(message: BaseModel) -> str:
    told_fields = []
    for name, value in message:
        if value is None or name in ("current_time", "timestamp"):
            continue
        told_fields.append(_flat(value) if isinstance(value, BaseModel) else f"{_spaced(name)} {value}")
    return ", ".join(told_fields)


def record_in_words(record: Struct) -> str:
    """``close contactor (connector 1)``: what an event or an effect is called, and what it says."""
    fields = [
        f"{_spaced(name)} {printable(value) if isinstance(value, str) else value}"
        for name in record.__struct_fields__
        if name not in UNTOLD and (value := getattr(record, name)) is not None
    ]
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(record).__name__)
    return f"{words.strip()} ({', '.join(fields)})" if fields else words.strip()


def _spaced(name: str) -> str:
    return name.replace("_", " ")
