"""The energy that a driver whose start was not accepted may still take (§3.5.4, §9.1.14).

Theory of operation: with MaxEnergyOnInvalidId the transaction goes on with energy, counted from the register at the
refusal, so that the car can drive away. The meter is looked at again and again; when the allowance is used up, or the
meter no longer tells, no more energy is offered, and with StopTransactionOnInvalidId the transaction stops. A power
cut ends it too.
"""

from typing import Annotated, Final, get_args

from msgspec import Struct

from pilotline.core.effects import Arm, ReadMeter
from pilotline.core.events import (
    AllowanceLookDue,
    AllowanceSpent,
    AllowanceUnmeasured,
    ChargingEnded,
    MeterRead,
    StartInvalidated,
    UseEnded,
)
from pilotline.core.slices import CONNECTOR, here, key
from pilotline.core.state import Allowance, Instant, Session
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import AllowanceRows as row
from pilotline.spec.rows import AllowanceState
from pilotline.spec.types import ReadingContext

LOOK_MS: Final = 1000
LOOKED_AT: Final[ReadingContext] = "Other"


class Reads(Struct, frozen=True):
    """How much, and in which transaction."""

    session: Annotated[Session, here("sessions")]
    most_wh: Annotated[int | None, key("MaxEnergyOnInvalidId")]


def some_is_granted(_own: Allowance, reads: Reads, _event: StartInvalidated) -> bool:
    return bool(reads.most_wh)


def look(
    own: Allowance, reads: Reads, _event: object, now: Instant
) -> tuple[Allowance, tuple[ReadMeter | Arm, ...]]:
    meter = ReadMeter(own.connector, reads.session.transaction, LOOKED_AT)
    return own, (meter, Arm("silence", Instant(now + LOOK_MS)))


def is_look(_own: Allowance, _reads: Reads, event: MeterRead) -> bool:
    return event.context == LOOKED_AT


def used_up(own: Allowance, reads: Reads, event: MeterRead) -> bool:
    begin = event.readings.register if own.begin is None else own.begin
    return is_look(own, reads, event) and event.readings.register - begin >= (reads.most_wh or 0)


def count(own: Allowance, _reads: Reads, event: MeterRead, now: Instant) -> tuple[Allowance, tuple[Arm]]:
    begin = event.readings.register if own.begin is None else own.begin
    return Allowance(own.connector, own.state, begin), (Arm("look", Instant(now + LOOK_MS)),)


def spend(
    own: Allowance, _reads: Reads, _event: object, _now: Instant
) -> tuple[Allowance, tuple[AllowanceSpent]]:
    return Allowance(own.connector, own.state), (AllowanceSpent(own.connector),)


def forget(own: Allowance, _reads: Reads, _event: object, _now: Instant) -> Allowance:
    return Allowance(own.connector, own.state)


ALLOWANCE = Machine(
    "allowance",
    family=CONNECTOR,
    home="moment",
    slot="allowances",
    blank=Allowance(0),
    reads=Reads,
    states=get_args(AllowanceState),
    timers=(
        Timer("look", AllowanceLookDue, ("counting",)),
        Timer("silence", AllowanceUnmeasured, ("looking",)),
    ),
    table=(
        on(StartInvalidated, row.E1, look, when=[some_is_granted]),
        on(MeterRead, row.E3, spend, when=[used_up]),
        on(MeterRead, row.E2, count, when=[is_look]),
        on(AllowanceUnmeasured, row.E4, spend),
        on(AllowanceLookDue, row.E5, look),
        on(ChargingEnded, row.E6, forget),
        on(UseEnded, row.E6, forget),
    ),
    ignored=(
        ignores(StartInvalidated, because="nothing is granted, or it is being used already"),
        ignores(MeterRead, because="the meter was read for something else"),
        ignores(AllowanceUnmeasured, AllowanceLookDue, because="no allowance is being measured now"),
        ignores(ChargingEnded, UseEnded, in_=("none",), because="there is no allowance"),
    ),
)
