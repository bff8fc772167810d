"""UnlockConnector (§5.18). It releases a cable that is stuck; it is no means to open a door (errata 3.85)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.decision_table import DecisionTable, later, when
from pilotline.core.events import UnlockAsked
from pilotline.core.machines.unlock import UNLOCK
from pilotline.core.slices import every, fact, key
from pilotline.core.state import HeldCall, Unlock
from pilotline.spec.messages.core import UnlockConnectorConf, UnlockConnectorReq


class Reads(Struct, frozen=True):
    """Which connectors have a lock, and which are being unlocked."""

    unlocks: Annotated[tuple[Unlock, ...], every("unlocks")]
    locks: Annotated[tuple[bool, ...], fact(facts.locks)]
    connectors: Annotated[int, key("NumberOfConnectors")]


def connector_unknown(reads: Reads, request: UnlockConnectorReq) -> bool:
    return not 0 < request.connector_id <= reads.connectors


def no_lock(reads: Reads, request: UnlockConnectorReq) -> bool:
    """A fixed cable, or a socket without a lock: a transaction is left alone (§5.18, errata 3.85)."""
    return not reads.locks[request.connector_id]


def being_unlocked(reads: Reads, request: UnlockConnectorReq) -> bool:
    return reads.unlocks[request.connector_id].state != "idle"


def not_supported(_reads: Reads, _request: UnlockConnectorReq) -> UnlockConnectorConf:
    return UnlockConnectorConf(status="NotSupported")


def failed(_reads: Reads, _request: UnlockConnectorReq) -> UnlockConnectorConf:
    return UnlockConnectorConf(status="UnlockFailed")


def unlock(_reads: Reads, request: UnlockConnectorReq, call: HeldCall) -> tuple[UnlockAsked]:
    return (UnlockAsked(request.connector_id, call),)


UNLOCK_CONNECTOR: DecisionTable[Reads, UnlockConnectorReq] = DecisionTable(
    UnlockConnectorReq,
    Reads,
    (
        when(connector_unknown, name="unknown connector", answer=not_supported),
        when(no_lock, name="nothing to unlock", answer=not_supported),
        when(being_unlocked, name="being unlocked already", answer=failed),
        later(name="stop, release, then tell", by=UNLOCK, ask=unlock),
    ),
)
