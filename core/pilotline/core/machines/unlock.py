"""UnlockConnector: the transaction is stopped first, then the lock opens, and then the Central System is told (§5.18).

Theory of operation: the CALL is held until the lock has told. The deadline covers the contactor and the lock; a
transaction that does not stop in time is UnlockFailed, as is a lock that does not open.
"""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import Arm, ReleaseConnector, SendError, SendResult
from pilotline.core.events import (
    ChargingEnded,
    ConnectorUnlocked,
    Disconnected,
    StopAsked,
    UnlockAsked,
    UnlockFailed,
    UnlockTimedOut,
    UseEnded,
)
from pilotline.core.slices import CONNECTOR, fact, here
from pilotline.core.state import HeldCall, Instant, Session, Unlock
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.core import UnlockConnectorConf
from pilotline.spec.rows import UnlockRows as row


class Reads(Struct, frozen=True):
    """Whether a transaction runs, and how long contactor and lock may take."""

    session: Annotated[Session, here("sessions")]
    contactor_deadline_ms: Annotated[int, fact(facts.contactor_deadline_ms)]
    lock_deadline_ms: Annotated[int, fact(facts.lock_deadline_ms)]


def in_a_transaction(_own: Unlock, reads: Reads, _event: UnlockAsked) -> bool:
    return reads.session.state in ("charging", "ending")


def stop_first(
    own: Unlock, reads: Reads, event: UnlockAsked, now: Instant
) -> tuple[Unlock, tuple[Arm | StopAsked, ...]]:
    stop = StopAsked(own.connector, "UnlockCommand")
    return Unlock(own.connector, own.state, event.call), (_deadline(reads, now), stop)


def release_for(
    own: Unlock, reads: Reads, event: UnlockAsked, now: Instant
) -> tuple[Unlock, tuple[Arm | ReleaseConnector, ...]]:
    release = ReleaseConnector(own.connector)
    return Unlock(own.connector, own.state, event.call), (_deadline(reads, now), release)


def release(
    own: Unlock, _reads: Reads, _event: object, _now: Instant
) -> tuple[Unlock, tuple[ReleaseConnector]]:
    return own, (ReleaseConnector(own.connector),)


def tell_unlocked(
    own: Unlock, _reads: Reads, _event: object, _now: Instant
) -> tuple[Unlock, tuple[SendResult, ...]]:
    return Unlock(own.connector, own.state), _answer(own.call, UnlockConnectorConf(status="Unlocked"))


def tell_failed(
    own: Unlock, _reads: Reads, _event: object, _now: Instant
) -> tuple[Unlock, tuple[SendResult, ...]]:
    return Unlock(own.connector, own.state), _answer(own.call, UnlockConnectorConf(status="UnlockFailed"))


def forget(own: Unlock, _reads: Reads, _event: Disconnected, _now: Instant) -> Unlock:
    return Unlock(own.connector, own.state)


def _answer(call: HeldCall | None, confirmation: UnlockConnectorConf) -> tuple[SendResult, ...]:
    return () if call is None else (SendResult(call.connection, call.message_id, confirmation),)


def _deadline(reads: Reads, now: Instant) -> Arm:
    return Arm("feedback", Instant(now + reads.contactor_deadline_ms + reads.lock_deadline_ms))


UNLOCK = Machine(
    "unlock",
    family=CONNECTOR,
    home="moment",
    slot="unlocks",
    blank=Unlock(0),
    reads=Reads,
    states=("idle", "stopping", "releasing"),
    holds_call_in=("stopping", "releasing"),
    answers_with=(SendResult, SendError),
    link_lost=Disconnected,
    timers=(Timer("feedback", UnlockTimedOut, ("stopping", "releasing")),),
    table=(
        on(UnlockAsked, row.Z1, stop_first, when=[in_a_transaction]),
        on(UnlockAsked, row.Z2, release_for),
        on(ChargingEnded, row.Z3, release),
        on(UseEnded, row.Z3, release),
        on(ConnectorUnlocked, row.Z4, tell_unlocked),
        on(UnlockFailed, row.Z5F, tell_failed),
        on(UnlockTimedOut, row.Z5, tell_failed),
        on(Disconnected, row.Z6, forget),
    ),
    ignored=(
        ignores(
            UnlockAsked, in_=("stopping", "releasing"), because="the decision table refuses a second one"
        ),
        ignores(ChargingEnded, UseEnded, in_=("idle", "releasing"), because="no unlock waits for a stop"),
        ignores(
            ConnectorUnlocked, UnlockFailed, in_=("idle", "stopping"), because="the lock was not told by us"
        ),
        ignores(UnlockTimedOut, Disconnected, in_=("idle",), because="nothing is held"),
    ),
)
