"""Availability of a connector, or of the main controller (0), as ChangeAvailability set it; it lives in Memory (§5.2).

Theory of operation: Inoperative during a transaction, or while the user still has something to do, waits for the
end of the use (Scheduled). A station that was made Inoperative still is after any reboot (§4.9).
An installation of firmware holds the connectors out of use, too (§5.19, errata 3.49): those that the operator wants
Operative become `held`, or `to_be_held` after a transaction. So that wish is never lost, and may change meanwhile.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.boot import is_resumed
from pilotline.core.events import (
    AvailabilityAsked,
    MadeAvailable,
    MadeUnavailable,
    PoweredUp,
    UseEnded,
    UseResumed,
    UseSuspended,
)
from pilotline.core.slices import POINT, every, fact, here, station
from pilotline.core.state import Availability, Counter, Firmware, Instant, Map, Session, Transaction
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import AvailabilityRows as row


class Reads(Struct, frozen=True):
    """Whether the connector is in use, and whether firmware is to be installed."""

    session: Annotated[Session, here("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    resumes: Annotated[bool, fact(facts.resumes_after_power_cut)]
    firmware: Annotated[Firmware, station("firmware")]


HOLDS_CONNECTORS: Final = ("downloaded", "installing", "restarting")
"""The states of an update in which no use begins."""


def in_a_transaction(_own: Availability, reads: Reads, _event: object) -> bool:
    return reads.session.state in ("charging", "ending")


def use_is_over(own: Availability, reads: Reads, event: PoweredUp) -> bool:
    """The cut has ended the use, unless this boot resumes it."""
    return not any(
        transaction.connector == own.connector and is_resumed(transaction, reads.resumes, event)
        for transaction in reads.transactions.values()
    )


def operative_asked(_own: Availability, _reads: Reads, event: AvailabilityAsked) -> bool:
    return event.operative


def inoperative_asked(_own: Availability, _reads: Reads, event: AvailabilityAsked) -> bool:
    return not event.operative


def operative_asked_while_held(own: Availability, reads: Reads, event: AvailabilityAsked) -> bool:
    return event.operative and is_connector(own, reads, event) and reads.firmware.state in HOLDS_CONNECTORS


def is_connector(own: Availability, _reads: Reads, _event: object) -> bool:
    """Nobody uses the main controller, so nothing holds it."""
    return own.connector > 0


def connector_in_a_transaction(own: Availability, reads: Reads, event: object) -> bool:
    return is_connector(own, reads, event) and in_a_transaction(own, reads, event)


def close(
    own: Availability, _reads: Reads, _event: object, _now: Instant
) -> tuple[Availability, tuple[MadeUnavailable]]:
    return own, (MadeUnavailable(own.connector),)


def open_up(
    own: Availability, _reads: Reads, _event: object, _now: Instant
) -> tuple[Availability, tuple[MadeAvailable]]:
    return own, (MadeAvailable(own.connector),)


AVAILABILITY = Machine(
    "availability",
    family=POINT,
    home="memory",
    slot="availability",
    boot_event=PoweredUp,
    blank=Availability(0),
    reads=Reads,
    states=("operative", "scheduled", "inoperative", "to_be_held", "held"),
    table=(
        on(AvailabilityAsked, row.B14, when=[operative_asked_while_held]),
        on(AvailabilityAsked, row.B13, when=[operative_asked_while_held]),
        on(AvailabilityAsked, row.B12, when=[inoperative_asked]),
        on(AvailabilityAsked, row.B11, when=[inoperative_asked]),
        on(AvailabilityAsked, row.B2, when=[inoperative_asked, in_a_transaction]),
        on(AvailabilityAsked, row.B1, close, when=[inoperative_asked]),
        on(AvailabilityAsked, row.B4, when=[operative_asked]),
        on(AvailabilityAsked, row.B5, open_up, when=[operative_asked]),
        on(UseEnded, row.B3),
        on(UseEnded, row.B9),
        on(PoweredUp, row.B6, when=[use_is_over]),
        on(PoweredUp, row.B9, when=[use_is_over]),
        on(UseSuspended, row.B8, when=[connector_in_a_transaction]),
        on(UseSuspended, row.B7, close, when=[is_connector]),
        on(UseResumed, row.B10, open_up),
    ),
    ignored=(
        ignores(AvailabilityAsked, because="it is so already"),
        ignores(UseEnded, in_=("operative", "inoperative", "held"), because="nothing is scheduled"),
        ignores(UseSuspended, because="not to be used anyway, or the main controller"),
        ignores(
            UseResumed,
            in_=("operative", "scheduled", "inoperative"),
            because="the operator wants it like this",
        ),
        ignores(
            PoweredUp,
            because="availability survives the cut, and what is scheduled waits for the end of the use",
        ),
    ),
)
