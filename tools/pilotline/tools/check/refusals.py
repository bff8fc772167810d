"""Scopes of what becomes of a driver whose start was not accepted, or who pulls the cable at the EV."""

from typing import Final

from pilotline.spec.messages.core import RemoteStartTransactionReq, UnlockConnectorReq
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import ALL, OTHER, TAG, YES, YES_TO_GROUP, tags
from pilotline.tools.check.scope import (
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
)

REFUSALS: Final = (
    Scope(
        "allowance",
        "a start that is refused may still take some energy, until the key says otherwise or the meter is silent",
        one_connector("reference", StopTransactionOnInvalidId="false", MaxEnergyOnInvalidId="1"),
        (
            world.cable(1, forced=True),
            tags(1, TAG),
            world.looked_at_meter(1),
            *ONLINE,
            world.configuration("MaxEnergyOnInvalidId", "0"),
        ),
        at_once=WILLING,
        answers=YES._replace(start=ALL.start[1:]),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("charging without energy", "a refused driver has energy left"),
    ),
    Scope(
        "allowance, then stopped",
        "a start that is refused may take some energy, and is stopped when that is taken; power is cut",
        one_connector("reference", power_cut="resume", MaxEnergyOnInvalidId="1"),
        (world.cable(1, forced=True), tags(1, TAG), world.looked_at_meter(1), *ONLINE, world.power()),
        at_once=WILLING,
        answers=YES._replace(start=ALL.start[1:]),
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a refused driver has energy left",),
    ),
    Scope(
        "kept cable",
        "a start is refused: the lock keeps the cable until the tag, or one of its group, comes again",
        one_connector("reference"),
        (world.cable(1, forced=True), tags(1, TAG, OTHER), *ONLINE),
        at_once=WILLING,
        answers=YES_TO_GROUP._replace(start=ALL.start[1:]),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a cable is kept",),
    ),
    Scope(
        "kept cable, pulled",
        "pulled at the EV the cable stays locked until its tag or the Central System frees it, or it is used anew",
        one_connector("reference", UnlockConnectorOnEVSideDisconnect="false"),
        (
            world.cable(1, forced=True),
            tags(1, TAG),
            *ONLINE,
            world.availability(1),
            world.calls(
                UnlockConnectorReq(connector_id=1), RemoteStartTransactionReq(connector_id=1, id_tag=OTHER)
            ),
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a cable is kept",),
    ),
)
