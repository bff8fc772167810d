"""Registration: BootNotification until the Central System accepts this boot.

Theory of operation: nothing else is sent before Accepted or Pending (`call` keeps that silence). Not accepted means
to wait for the interval given, at least; no usable answer means to wait for the product's own. A reconnect alone
needs no new BootNotification (OCPP-J §5.4). ``standing`` remembers the last word while the next answer is awaited:
a station that was Rejected stays mute, one that is Pending goes on answering (§4.2).
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.calendar import utc_of
from pilotline.core.effects import Arm, Configure, Put
from pilotline.core.events import (
    Asked,
    BootDue,
    BootTriggered,
    Confirmed,
    Connected,
    Refused,
    RegistrationAccepted,
    TimeTold,
    Unanswered,
    Withdrawn,
)
from pilotline.core.machines.firmware import told_version
from pilotline.core.slices import STATION, fact, station
from pilotline.core.state import Address, Ask, Boot, Firmware, Instant, Link, Registration
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.core import BootNotificationConf, BootNotificationReq
from pilotline.spec.products import Identity
from pilotline.spec.rows import RegistrationRows as row

ME: Final = Address("registration")
Answer = Confirmed[BootNotificationConf]


class Reads(Struct, frozen=True):
    """Who we are, and whether anybody listens."""

    link: Annotated[Link, station("link")]
    boot: Annotated[Boot, station("boot")]
    firmware: Annotated[Firmware, station("firmware")]
    identity: Annotated[Identity, fact(facts.identity)]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]


def link_is_up(_own: Registration, reads: Reads, _event: object) -> bool:
    return reads.link.state == "up"


def notify_boot(
    own: Registration, reads: Reads, _event: object, _now: Instant
) -> tuple[Registration, tuple[Asked]]:
    told = {**reads.identity.model_dump(), "firmware_version": told_version(reads.firmware, reads.identity)}
    return own, (Asked(Ask(BootNotificationReq(**told), ME)),)


def accepted(_own: Registration, _reads: Reads, event: Answer) -> bool:
    return event.confirmation.status == "Accepted"


def take_up_work(
    own: Registration, reads: Reads, event: Answer, _now: Instant
) -> tuple[Registration, tuple[TimeTold | RegistrationAccepted | Configure | Put, ...]]:
    """The interval becomes HeartbeatInterval; 0 leaves it to the station (§4.2)."""
    interval_s = event.confirmation.interval
    configured = (Configure("HeartbeatInterval", str(interval_s)),) if interval_s > 0 else ()
    first = () if reads.boot.ever_accepted else (Put("boot", None, replace(reads.boot, ever_accepted=True)),)
    told = TimeTold(utc_of(event.confirmation.current_time))
    return Registration(own.state, "Accepted"), (*configured, *first, told, RegistrationAccepted())


def pending(_own: Registration, _reads: Reads, event: Answer) -> bool:
    return event.confirmation.status == "Pending"


def wait_as_told(
    own: Registration, reads: Reads, event: Answer, now: Instant
) -> tuple[Registration, tuple[TimeTold | Arm, ...]]:
    wait_ms = event.confirmation.interval * 1000 if event.confirmation.interval > 0 else reads.retry_ms
    told = TimeTold(utc_of(event.confirmation.current_time))
    return Registration(own.state, event.confirmation.status), (Arm("boot", Instant(now + wait_ms)), told)


def wait_a_while(
    own: Registration, reads: Reads, _event: object, now: Instant
) -> tuple[Registration, tuple[Arm]]:
    return own, (Arm("boot", Instant(now + reads.retry_ms)),)


REGISTRATION = Machine(
    "registration",
    family=STATION,
    home="moment",
    blank=Registration(),
    reads=Reads,
    states=("unregistered", "asked", "accepted", "pending", "rejected"),
    lasting=("accepted",),
    timers=(Timer("boot", BootDue, ("unregistered", "pending", "rejected")),),
    table=(
        on(Connected, row.R0, notify_boot),
        on(BootDue, row.R1, notify_boot, when=[link_is_up]),
        on(BootDue, row.R7),
        on(BootTriggered, row.R8, notify_boot),
        on(Confirmed[BootNotificationConf], row.R2, take_up_work, when=[accepted]),
        on(Confirmed[BootNotificationConf], row.R3, wait_as_told, when=[pending]),
        on(Confirmed[BootNotificationConf], row.R4, wait_as_told),
        on(Refused, row.R5, wait_a_while),
        on(Unanswered, row.R5, wait_a_while),
        on(Withdrawn, row.R5, wait_a_while, when=[link_is_up]),
        on(Withdrawn, row.R6),
    ),
    ignored=(
        ignores(
            Connected, in_=("asked", "accepted"), because="a reconnect alone calls for no BootNotification"
        ),
        ignores(Connected, in_=("pending", "rejected"), because="the interval given is not over"),
        ignores(
            BootTriggered,
            in_=("unregistered", "asked", "accepted", "rejected"),
            because="the decision table lets it pass only while Pending",
        ),
        ignores(BootDue, in_=("unregistered",), because="offline: BootNotification goes when the link is up"),
        ignores(BootDue, in_=("asked", "accepted"), because="BootNotification is on its way or accepted"),
        ignores(
            Confirmed,
            Refused,
            Unanswered,
            Withdrawn,
            in_=("unregistered", "accepted", "pending", "rejected"),
            because="nothing was asked",
        ),
    ),
)
