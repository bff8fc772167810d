"""The link: one WebSocket to the Central System, opened again after every loss.

Theory of operation: every attempt has a number, and what comes from an older one is not ours any more. After a
failure the station waits, twice as long each time, and a little longer by chance, so that stations that lost the
same Central System do not come back in the same second (OCPP-J §5.3).
"""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import Arm, OpenLink
from pilotline.core.events import (
    Connected,
    Disconnected,
    LinkLost,
    LinkUp,
    PoweredUp,
    ReconnectDue,
)
from pilotline.core.slices import STATION, fact
from pilotline.core.state import Counter, Instant, Link
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import LinkRows as row


class Reads(Struct, frozen=True):
    """How long to wait."""

    min_ms: Annotated[int, fact(facts.reconnect_min_ms)]
    max_ms: Annotated[int, fact(facts.reconnect_max_ms)]
    jitter_percent: Annotated[int, fact(facts.reconnect_jitter_percent)]


def of_this_connection(own: Link, _reads: Reads, event: LinkUp | LinkLost) -> bool:
    return event.connection == own.connection


def connect(own: Link, _reads: Reads, _event: object, _now: Instant) -> tuple[Link, tuple[OpenLink]]:
    connection = Counter(own.connection + 1)
    return Link(own.state, connection, own.failures), (OpenLink(connection),)


def greet(own: Link, _reads: Reads, _event: object, _now: Instant) -> tuple[Link, tuple[Connected]]:
    return Link(own.state, own.connection, 0), (Connected(own.connection),)


def back_off(own: Link, reads: Reads, event: LinkLost, now: Instant) -> tuple[Link, tuple[Arm]]:
    wait_ms = min(reads.max_ms, reads.min_ms << own.failures)
    wait_ms += wait_ms * reads.jitter_percent * max(0, min(event.jitter, 1000)) // 100_000
    failures = own.failures + (
        reads.min_ms << own.failures < reads.max_ms
    )  # more would not lengthen the wait
    return Link(own.state, own.connection, failures), (Arm("reconnect", Instant(now + wait_ms)),)


def mourn(
    own: Link, reads: Reads, event: LinkLost, now: Instant
) -> tuple[Link, tuple[Disconnected | Arm, ...]]:
    link, (arm,) = back_off(own, reads, event, now)
    return link, (arm, Disconnected())


LINK = Machine(
    "link",
    family=STATION,
    home="moment",
    blank=Link(),
    reads=Reads,
    states=("waiting", "connecting", "up"),
    timers=(Timer("reconnect", ReconnectDue, ("waiting",)),),
    table=(
        on(PoweredUp, row.L1, connect),
        on(LinkUp, row.L2, greet, when=[of_this_connection]),
        on(LinkLost, row.L3, back_off, when=[of_this_connection]),
        on(LinkLost, row.L4, mourn, when=[of_this_connection]),
        on(ReconnectDue, row.L1, connect),
    ),
    ignored=(
        ignores(
            LinkUp, LinkLost, because="it tells of an older connection, or of one that is up or gone already"
        ),
        ignores(
            PoweredUp, ReconnectDue, in_=("connecting", "up"), because="a connection is there or on its way"
        ),
    ),
)
