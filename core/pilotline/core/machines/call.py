"""Our own CALLs: one is open, the others wait in a declared order (OCPP-J §4.1.1).

Theory of operation: a machine asks by `Asked` and hears exactly one of `Confirmed`, `Refused`, `Unanswered`,
`Withdrawn`. This machine is also where silence is kept: before acceptance nothing passes but BootNotification
(§4.2). The outbox's head is never starved: once enough others went before it, it is next (`PASSED_OVER_MAX`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import Arm, SendCall
from pilotline.core.events import (
    AnsweredLate,
    Asked,
    CallsEnded,
    CallSent,
    CallTimedOut,
    Confirmed,
    Connected,
    Disconnected,
    ErrorReceived,
    Refused,
    ResultReceived,
    Unanswered,
    Withdrawn,
)
from pilotline.core.slices import STATION, fact, key, station
from pilotline.core.state import Ask, Boot, Call, Counter, Instant, OpenCall, Registration
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.actions import Confirmation
from pilotline.spec.rows import CallRows as row

ORDER: Final[Mapping[str, int]] = MappingProxyType(
    {
        name: place
        for place, name in enumerate(
            (
                "registration",
                "trigger",
                "authorization",
                "status_report",
                "firmware_notices",
                "diagnostics_notices",
                "data_transfer",
                "outbox",
                "card_session",
                "heartbeat",
            )
        )
    }
)
PASSED_OVER_MAX: Final = 4
Ended: TypeAlias = Confirmed[Confirmation] | Refused | Unanswered
Answered: TypeAlias = ResultReceived | ErrorReceived


class Reads(Struct, frozen=True):
    """Who may speak, and how long an answer may take."""

    registration: Annotated[Registration, station("registration")]
    boot: Annotated[Boot, station("boot")]
    message_timeout_s: Annotated[int | None, key("MessageTimeout")]
    timeout_ms: Annotated[int, fact(facts.call_timeout_ms)]
    waiting_max: Annotated[int, fact(facts.call_queue_max)]


# --- asking --------------------------------------------------------------------------------------------------


def permitted(_own: Call, reads: Reads, event: Asked) -> bool:
    """Before acceptance only BootNotification may be sent, and after Pending what is triggered (§4.2)."""
    standing, by = reads.registration.standing, event.ask.by.machine
    return standing == "Accepted" or by == "registration" or (standing == "Pending" and by == "trigger")


def room_is_left(own: Call, reads: Reads, event: Asked) -> bool:
    """The outbox, whose head is one request at most, always finds room: nothing would bring it back (§3.7)."""
    has_room = len(own.waiting) < reads.waiting_max or event.ask.by.machine == "outbox"
    return permitted(own, reads, event) and has_room


def send(
    own: Call, reads: Reads, event: Asked, now: Instant
) -> tuple[Call, tuple[SendCall | Arm | CallSent, ...]]:
    return _sent(own, (), event.ask, own.passed_over, reads, now)


def wait_for_turn(own: Call, _reads: Reads, event: Asked, _now: Instant) -> Call:
    waiting = tuple(sorted((*own.waiting, event.ask), key=lambda ask: ORDER[ask.by.machine]))
    return Call(own.state, own.connection, own.number, own.open, waiting, own.passed_over)


def withdraw(own: Call, _reads: Reads, event: Asked, _now: Instant) -> tuple[Call, tuple[Withdrawn]]:
    return own, (Withdrawn(event.ask.by),)


# --- the open call ends --------------------------------------------------------------------------------------


def answers_the_open_call(own: Call, _reads: Reads, event: Answered) -> bool:
    return own.open is not None and (event.connection, event.message_id) == (
        own.connection,
        own.open.message_id,
    )


def and_others_wait(own: Call, _reads: Reads, _event: object) -> bool:
    return bool(own.waiting)


def of_the_boot(own: Call, _reads: Reads, event: Answered) -> bool:
    return answers_the_open_call(own, _reads, event) and _is_boot(own)


def boot_is_open(own: Call, _reads: Reads, _event: CallTimedOut) -> bool:
    return _is_boot(own)


def _is_boot(own: Call) -> bool:
    return own.open is not None and own.open.by.machine == "registration"


def end_boot(
    own: Call, _reads: Reads, event: Answered | CallTimedOut, _now: Instant
) -> tuple[Call, tuple[Ended | Asked, ...]]:
    """Whether what waits may still be sent is for its outcome to say: it is asked anew (§4.2)."""
    asked = tuple(Asked(ask) for ask in own.waiting)
    return Call(own.state, own.connection, own.number), (*_ended(own, event), *asked)


def end_call(
    own: Call, _reads: Reads, event: Answered | CallTimedOut, _now: Instant
) -> tuple[Call, tuple[Ended | CallsEnded, ...]]:
    return Call(own.state, own.connection, own.number, None, (), 0), (*_ended(own, event), CallsEnded())


def end_call_and_send_next(
    own: Call, reads: Reads, event: Answered | CallTimedOut, now: Instant
) -> tuple[Call, tuple[Ended | SendCall | Arm | CallSent, ...]]:
    place = 0
    if own.passed_over >= PASSED_OVER_MAX:
        place = next((i for i, ask in enumerate(own.waiting) if ask.by.machine == "outbox"), 0)
    waiting = own.waiting[:place] + own.waiting[place + 1 :]
    outbox_waits = any(ask.by.machine == "outbox" for ask in waiting)
    call, sent = _sent(
        own, waiting, own.waiting[place], own.passed_over + 1 if outbox_waits else 0, reads, now
    )
    return call, (*_ended(own, event), *sent)


def late(own: Call, _reads: Reads, event: ResultReceived) -> bool:
    return event.connection == own.connection


def pass_on(
    own: Call, _reads: Reads, event: ResultReceived, _now: Instant
) -> tuple[Call, tuple[AnsweredLate]]:
    return own, (AnsweredLate(event.message_id, event.confirmation),)


# --- the link ------------------------------------------------------------------------------------------------


def greet(own: Call, _reads: Reads, event: Connected, _now: Instant) -> Call:
    return Call(own.state, event.connection, own.number)


def withdraw_all(
    own: Call, _reads: Reads, _event: Disconnected, _now: Instant
) -> tuple[Call, tuple[Withdrawn, ...]]:
    asked = ((own.open.by,) if own.open else ()) + tuple(ask.by for ask in own.waiting)
    return Call(own.state, own.connection, own.number), tuple(Withdrawn(by) for by in asked)


def _sent(
    own: Call, waiting: tuple[Ask, ...], ask: Ask, passed_over: int, reads: Reads, now: Instant
) -> tuple[Call, tuple[SendCall | Arm | CallSent, ...]]:
    """Ids are this station's, this boot's and this call's own: no two are alike, on any connection (OCPP-J §4.1.4)."""
    number = own.number if ask.message_id else Counter(own.number + 1)
    message_id = ask.message_id or f"{reads.boot.entropy}-{reads.boot.number:x}-{number:x}"
    timeout_ms = reads.message_timeout_s * 1000 if reads.message_timeout_s else reads.timeout_ms
    opened = OpenCall(message_id, type(ask.request).__name__, ask.by)
    return (
        Call(own.state, own.connection, number, opened, waiting, passed_over),
        (
            SendCall(own.connection, message_id, ask.request),
            Arm("answer", Instant(now + timeout_ms)),
            CallSent(),
        ),
    )


def _ended(own: Call, event: Answered | CallTimedOut) -> tuple[Ended, ...]:
    if own.open is None:
        return ()
    match event:
        case ResultReceived():
            return (Confirmed(own.open.by, event.confirmation),)
        case ErrorReceived():
            return (Refused(own.open.by, event.code, event.description),)
        case CallTimedOut():
            return (Unanswered(own.open.by),)


CALL = Machine(
    "call",
    family=STATION,
    home="moment",
    blank=Call(),
    reads=Reads,
    states=("closed", "idle", "open"),
    timers=(Timer("answer", CallTimedOut, ("open",)),),
    table=(
        on(Connected, row.C1, greet),
        on(Asked, row.C2, send, when=[permitted]),
        on(Asked, row.C3, wait_for_turn, when=[room_is_left]),
        on(Asked, row.C7, withdraw),
        on(ResultReceived, row.C9, end_boot, when=[of_the_boot]),
        on(ResultReceived, row.C5, end_call_and_send_next, when=[answers_the_open_call, and_others_wait]),
        on(ResultReceived, row.C4, end_call, when=[answers_the_open_call]),
        on(ResultReceived, row.C8, pass_on, when=[late]),
        on(ErrorReceived, row.C9, end_boot, when=[of_the_boot]),
        on(ErrorReceived, row.C5, end_call_and_send_next, when=[answers_the_open_call, and_others_wait]),
        on(ErrorReceived, row.C4, end_call, when=[answers_the_open_call]),
        on(CallTimedOut, row.C9, end_boot, when=[boot_is_open]),
        on(CallTimedOut, row.C5, end_call_and_send_next, when=[and_others_wait]),
        on(CallTimedOut, row.C4, end_call),
        on(Disconnected, row.C6, withdraw_all),
    ),
    ignored=(
        ignores(Connected, in_=("idle", "open"), because="the link is up already"),
        ignores(ResultReceived, ErrorReceived, because="it answers nothing that was asked (OCPP-J §4.1.4)"),
        ignores(CallTimedOut, in_=("closed", "idle"), because="nothing is open"),
        ignores(Disconnected, in_=("closed",), because="the link is down already"),
    ),
)
