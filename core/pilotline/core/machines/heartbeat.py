"""Heartbeat: due after an interval in which nothing was sent, and once a day in any case (§4.6, §9.1.10).

Theory of operation: a station that is never silent still has to set its clock (OCPP-J §5.3), so silence is listened
to for the interval, but not beyond a day after the last Heartbeat.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core.calendar import utc_of
from pilotline.core.effects import Arm
from pilotline.core.events import (
    Asked,
    CallSent,
    ConfigurationChanged,
    Confirmed,
    Connected,
    Disconnected,
    HeartbeatDue,
    Refused,
    RegistrationAccepted,
    TimeTold,
    Unanswered,
    Withdrawn,
)
from pilotline.core.slices import STATION, key, station
from pilotline.core.state import Address, Ask, Heartbeat, Instant, Registration
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.core import HeartbeatConf, HeartbeatReq
from pilotline.spec.rows import HeartbeatRows as row

ME: Final = Address("heartbeat")
DAY_MS: Final = 86_400_000


class Reads(Struct, frozen=True):
    """How long silence may last."""

    registration: Annotated[Registration, station("registration")]
    interval_s: Annotated[int, key("HeartbeatInterval")]


def registered(_own: Heartbeat, reads: Reads, _event: object) -> bool:
    return reads.registration.state == "accepted"


def listen(own: Heartbeat, reads: Reads, _event: object, now: Instant) -> tuple[Heartbeat, tuple[Arm]]:
    over = min(now + reads.interval_s * 1000, own.last + DAY_MS)
    return own, (Arm("silence", Instant(max(now, over))),)


def listen_anew(own: Heartbeat, reads: Reads, event: object, now: Instant) -> tuple[Heartbeat, tuple[Arm]]:
    """The time was told, or asked for in vain: either way it is not asked for again before silence or a day."""
    return listen(Heartbeat(own.state, now), reads, event, now)


def of_the_interval(_own: Heartbeat, _reads: Reads, event: ConfigurationChanged) -> bool:
    return event.key == "HeartbeatInterval"


def beat(own: Heartbeat, _reads: Reads, _event: object, _now: Instant) -> tuple[Heartbeat, tuple[Asked]]:
    return own, (Asked(Ask(HeartbeatReq(), ME)),)


def set_clock(
    own: Heartbeat, reads: Reads, event: Confirmed[HeartbeatConf], now: Instant
) -> tuple[Heartbeat, tuple[TimeTold | Arm, ...]]:
    heard, armed = listen_anew(own, reads, event, now)
    return heard, (*armed, TimeTold(utc_of(event.confirmation.current_time)))


HEARTBEAT = Machine(
    "heartbeat",
    family=STATION,
    home="moment",
    blank=Heartbeat(),
    reads=Reads,
    states=("off", "silent", "asked"),
    timers=(Timer("silence", HeartbeatDue, ("silent",)),),
    table=(
        on(RegistrationAccepted, row.H1, listen_anew),
        on(Connected, row.H1, listen, when=[registered]),
        on(CallSent, row.H2, listen),
        on(ConfigurationChanged, row.H2, listen, when=[of_the_interval]),
        on(HeartbeatDue, row.H3, beat),
        on(Confirmed[HeartbeatConf], row.H4, set_clock),
        on(Refused, row.H4, listen_anew),
        on(Unanswered, row.H4, listen_anew),
        on(Withdrawn, row.H4, listen_anew),
        on(Disconnected, row.H5),
    ),
    ignored=(
        ignores(Connected, because="a Heartbeat is for a registered station"),
        ignores(RegistrationAccepted, in_=("silent", "asked"), because="silence is listened to already"),
        ignores(CallSent, in_=("off", "asked"), because="no silence is being measured"),
        ignores(ConfigurationChanged, because="another key, or no silence is being measured"),
        ignores(HeartbeatDue, in_=("off", "asked"), because="no silence is being measured"),
        ignores(
            Confirmed, Refused, Unanswered, Withdrawn, in_=("off", "silent"), because="nothing was asked"
        ),
        ignores(Disconnected, in_=("off",), because="off already"),
    ),
)
