"""Scopes of smart charging: profiles and limits on the spot before, while and after a car charges."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from pilotline.core.calendar import EPOCH
from pilotline.spec.messages.core import RemoteStartTransactionReq
from pilotline.spec.messages.smart_charging import ClearChargingProfileReq, SetChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.types import ChargingProfileKindType, ChargingProfilePurposeType
from pilotline.tools.check import environment as world
from pilotline.tools.check import metering_world as metering
from pilotline.tools.check.environment import TAG, YES, YES_OR_NO, central_system, tags
from pilotline.tools.check.scope import (
    DRIVER,
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
    two_connectors,
)

_UNHURRIED: Final = QUIET | {("session", "connection_time_out")}


def profile(
    number: int,
    purpose: ChargingProfilePurposeType,
    *periods: tuple[int, int],
    kind: ChargingProfileKindType = "Relative",
    phases: int | None = None,
    start: datetime | None = None,
) -> ChargingProfile:
    """Periods are (seconds, A)."""
    return ChargingProfile(
        charging_profile_id=number,
        stack_level=0,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=ChargingSchedule(
            charging_rate_unit="A",
            start_schedule=start,
            charging_schedule_period=tuple(
                ChargingSchedulePeriod(start_period=start_s, limit=Decimal(limit_a), number_phases=phases)
                for start_s, limit_a in periods
            ),
        ),
    )


def install(connector: int, new: ChargingProfile) -> SetChargingProfileReq:
    """The request for it."""
    return SetChargingProfileReq(connector_id=connector, cs_charging_profiles=new)


LIMITS: Final = (
    Scope(
        "limited",
        "profiles of a transaction and for all, cleared at any time; a limit of 0 suspends and lifts",
        one_connector(),
        (
            world.cable(1),
            tags(1, TAG),
            world.car(1),
            world.calls(
                install(1, profile(1, "TxProfile", (0, 16), (1, 0), kind="Absolute")),
                install(0, profile(2, "TxDefaultProfile", (0, 0), (1, 16))),
                ClearChargingProfileReq(),
            ),
            *ONLINE,
        ),
        at_once=(world.hardware(1),),
        inert=_UNHURRIED,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        knows_origins=True,
        shows=("a limit suspends", "a TxProfile is installed"),
    ),
    Scope(
        "limited from afar",
        "a remote start brings a profile; its driver comes, or not, or power is cut",
        one_connector("reference", power_cut="resume"),
        (
            world.cable(1),
            world.calls(
                RemoteStartTransactionReq(
                    id_tag=TAG, connector_id=1, charging_profile=profile(1, "TxProfile", (0, 5), (1, 16))
                )
            ),
            world.power(),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        knows_origins=True,
        shows=("a profile waits for its transaction",),
    ),
    Scope(
        "limited on the spot",
        "free vending where it is too hot; the connector may be Inoperative when the car comes",
        one_connector(start_without_authorization="FREE", readers=()),
        (
            world.cable(1),
            world.local_limits(1, 4),
            world.availability(1),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=_UNHURRIED,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "limited together",
        "two cars share what the station may draw, and the younger waits",
        two_connectors(),
        (
            world.cable(1),
            world.cable(2),
            tags(1, TAG),
            world.local_limits(0, 9),
            *ONLINE,
        ),
        at_once=(*WILLING, world.hardware(2), world.hungry_car(2)),
        inert=_UNHURRIED,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        knows_origins=True,
    ),
    Scope(
        "limited and refused",
        "a start that is refused goes on, with what little energy is granted, where it is too hot",
        one_connector(
            "reference",
            StopTransactionOnInvalidId="false",
            StopTransactionOnEVSideDisconnect="false",
            MaxEnergyOnInvalidId="10",
        ),
        (
            *DRIVER,
            central_system(YES_OR_NO),
            world.looked_at_meter(1),
            world.local_limits(1, 4),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=_UNHURRIED,
        prompt=TALK | (TRANSACTIONS - {"StartTransactionReq"}),
        answers=YES_OR_NO,
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "limited and refused at once",
        "a start that is refused goes on without energy, where it is too hot",
        one_connector(StopTransactionOnInvalidId="false", StopTransactionOnEVSideDisconnect="false"),
        (
            *DRIVER,
            central_system(YES_OR_NO),
            world.local_limits(1, 4),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=_UNHURRIED,
        prompt=TALK,
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "phases",
        "phases are switched while a car charges; the contactor is slow, or does not open in time",
        one_connector("reference"),
        (
            tags(1, TAG),
            world.cable(1),
            world.hardware(1),
            world.calls(install(1, profile(1, "TxProfile", (0, 16), phases=1)), ClearChargingProfileReq()),
            *ONLINE,
        ),
        at_once=(world.hungry_car(1),),
        inert=_UNHURRIED,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "limited by dates",
        "a profile counts from a date, and a Heartbeat may set the clock",
        one_connector(HeartbeatInterval="1"),
        (
            tags(1, TAG),
            world.cable(1),
            metering.clock_jumps(0, 3, -1),
            world.calls(
                install(
                    0,
                    profile(
                        1,
                        "TxDefaultProfile",
                        (0, 16),
                        (2, 0),
                        kind="Absolute",
                        start=EPOCH + timedelta(seconds=1),
                    ),
                )
            ),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=frozenset({("status_report", "settle"), ("session", "connection_time_out")}),
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        shows=("a limit suspends",),
    ),
    Scope(
        "limited anew",
        "a remote start brings a profile under the id of one that another transaction has",
        two_connectors(),
        (
            world.cable(2),
            world.calls(
                install(1, profile(1, "TxProfile", (0, 16), (1, 10))),
                RemoteStartTransactionReq(
                    id_tag=TAG, connector_id=1, charging_profile=profile(2, "TxProfile", (0, 16))
                ),
                RemoteStartTransactionReq(
                    id_tag=TAG, connector_id=2, charging_profile=profile(1, "TxProfile", (0, 12))
                ),
            ),
            world.cable(1),
            *ONLINE,
        ),
        at_once=(*WILLING, world.hardware(2), world.hungry_car(2)),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        knows_origins=True,
        shows=("two cars charge at once", "a TxProfile is installed"),
    ),
)
