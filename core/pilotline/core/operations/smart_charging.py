"""SetChargingProfile, ClearChargingProfile and GetCompositeSchedule (§5.5, §5.7, §5.16)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.calendar import date_of
from pilotline.core.charging_profiles import matched, profile_of, with_installed
from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.effects import CallError, Drop, Put
from pilotline.core.events import ProfilesChanged
from pilotline.core.installing import (
    UNIT_NAMES,
    InstallingReads,
    contradicts_itself,
    exceeds_the_product,
    is_one_too_many,
    received,
)
from pilotline.core.limiting import LimitingReads, reckoned_epoch, situation
from pilotline.core.slices import every, key, station, stored, the_time
from pilotline.core.smart_charging import composite
from pilotline.core.state import (
    Counter,
    Instant,
    Map,
    Profile,
    SmartCharging,
    Transaction,
    UtcTime,
)
from pilotline.spec.messages.smart_charging import (
    ClearChargingProfileConf,
    ClearChargingProfileReq,
    GetCompositeScheduleConf,
    GetCompositeScheduleReq,
    SetChargingProfileConf,
    SetChargingProfileReq,
)
from pilotline.spec.messages.structures import ChargingSchedule
from pilotline.spec.types import ChargingRateUnitType

# --- SetChargingProfile --------------------------------------------------------------------------------------


class Reads(InstallingReads, frozen=True):
    """What is installed, what the product takes, and the running transactions."""

    transactions: Annotated[Map[Counter, Transaction], every("transactions")]


def connector_unknown(reads: Reads, request: SetChargingProfileReq) -> bool:
    return not 0 <= request.connector_id < len(reads.sessions)


def time_unknown(reads: Reads, _request: SetChargingProfileReq) -> bool:
    """Before BootNotification is answered nobody knows what the schedule would count from (§4.2)."""
    return reads.clock.epoch is None


def cannot_be_meant(_reads: Reads, request: SetChargingProfileReq) -> bool:
    return contradicts_itself(request.cs_charging_profiles)


def not_taken(reads: Reads, request: SetChargingProfileReq) -> bool:
    return exceeds_the_product(reads, request.cs_charging_profiles)


def for_the_station_on_a_connector(_reads: Reads, request: SetChargingProfileReq) -> bool:
    """ChargePointMaxProfile is for all connectors together (§3.13.1)."""
    purpose = request.cs_charging_profiles.charging_profile_purpose
    return purpose == "ChargePointMaxProfile" and request.connector_id != 0


def without_its_transaction(reads: Reads, request: SetChargingProfileReq) -> bool:
    """A TxProfile is for the transaction that runs on its connector, and for no other (§5.16.4)."""
    of_transaction = request.cs_charging_profiles.charging_profile_purpose == "TxProfile"
    return of_transaction and _transaction(reads, request) is None


def one_too_many(reads: Reads, request: SetChargingProfileReq) -> bool:
    return is_one_too_many(reads, _new(reads, request))


def _transaction(reads: Reads, request: SetChargingProfileReq) -> Counter | None:
    session = reads.sessions[request.connector_id]
    if session.state != "charging" or session.transaction is None:
        return None
    asked, answer = (
        request.cs_charging_profiles.transaction_id,
        reads.transactions[session.transaction].answered,
    )
    known = answer.transaction_id if answer is not None and answer.processed else None
    return session.transaction if asked in (None, known) else None


def _new(reads: Reads, request: SetChargingProfileReq) -> Profile:
    profile = request.cs_charging_profiles
    of_transaction = profile.charging_profile_purpose == "TxProfile"
    return profile_of(
        profile,
        request.connector_id,
        received(reads),
        _transaction(reads, request) if of_transaction else None,
    )


def install(
    reads: Reads, request: SetChargingProfileReq
) -> tuple[SetChargingProfileConf, tuple[Put | Drop | ProfilesChanged, ...]]:
    new = _new(reads, request)
    after = with_installed(reads.profiles, new)
    if reads.profiles.get(new.profile_id) == new:
        return SetChargingProfileConf(status="Accepted"), ()
    gone = tuple(Drop("profiles", number) for number in sorted(reads.profiles) if number not in after)
    return SetChargingProfileConf(status="Accepted"), (
        *gone,
        Put("profiles", new.profile_id, new),
        ProfilesChanged(),
    )


def reject(_reads: Reads, _request: SetChargingProfileReq) -> SetChargingProfileConf:
    return SetChargingProfileConf(status="Rejected")


def refuse_connector(_reads: Reads, request: SetChargingProfileReq) -> CallError:
    """Errata 3.39."""
    return CallError("PropertyConstraintViolation", f"connectorId: there is no {request.connector_id}")


SET_CHARGING_PROFILE: DecisionTable[Reads, SetChargingProfileReq] = DecisionTable(
    SetChargingProfileReq,
    Reads,
    (
        when(connector_unknown, name="unknown connector", answer=refuse_connector),
        when(time_unknown, name="the time is not known", answer=reject),
        when(cannot_be_meant, name="a profile that contradicts itself", answer=reject),
        when(not_taken, name="a level, a unit or periods beyond the keys", answer=reject),
        when(for_the_station_on_a_connector, name="ChargePointMaxProfile, not on connector 0", answer=reject),
        when(without_its_transaction, name="TxProfile, and no such transaction runs", answer=reject),
        when(one_too_many, name="one profile too many", answer=reject),
        otherwise("installed", install),
    ),
)


# --- ClearChargingProfile ------------------------------------------------------------------------------------


class ClearReads(Struct, frozen=True):
    """What is installed."""

    profiles: Annotated[Map[int, Profile], stored("profiles")]


def none_matches(reads: ClearReads, request: ClearChargingProfileReq) -> bool:
    return not matched(reads.profiles, request)


def say_unknown(_reads: ClearReads, _request: ClearChargingProfileReq) -> ClearChargingProfileConf:
    return ClearChargingProfileConf(status="Unknown")


def clear(
    reads: ClearReads, request: ClearChargingProfileReq
) -> tuple[ClearChargingProfileConf, tuple[Drop | ProfilesChanged, ...]]:
    gone = tuple(Drop("profiles", number) for number in matched(reads.profiles, request))
    return ClearChargingProfileConf(status="Accepted"), (*gone, ProfilesChanged())


CLEAR_CHARGING_PROFILE: DecisionTable[ClearReads, ClearChargingProfileReq] = DecisionTable(
    ClearChargingProfileReq,
    ClearReads,
    (
        when(none_matches, name="none matches", answer=say_unknown),
        otherwise("cleared", clear),
    ),
)


# --- GetCompositeSchedule ------------------------------------------------------------------------------------


class CompositeReads(LimitingReads, frozen=True):
    """What the limits depend on, the time, and in which units the product tells them."""

    smart_charging: Annotated[SmartCharging, station("smart_charging")]
    now: Annotated[Instant, the_time()]
    units: Annotated[tuple[str, ...], key("ChargingScheduleAllowedChargingRateUnit")]


def no_such_connector(reads: CompositeReads, request: GetCompositeScheduleReq) -> bool:
    return not 0 <= request.connector_id < len(reads.sessions)


def unit_not_offered(reads: CompositeReads, request: GetCompositeScheduleReq) -> bool:
    return UNIT_NAMES[_unit(reads, request)] not in reads.units


def cannot_be_worked_out(reads: CompositeReads, request: GetCompositeScheduleReq) -> bool:
    """No time at all, or more changes within it than are worked out."""
    return request.duration < 0 or _schedule(reads, request)[1] is None


def _unit(reads: CompositeReads, request: GetCompositeScheduleReq) -> ChargingRateUnitType:
    """If none is asked for, currents, unless the product has only powers (§5.7)."""
    return request.charging_rate_unit or ("A" if UNIT_NAMES["A"] in reads.units else "W")


def _schedule(
    reads: CompositeReads, request: GetCompositeScheduleReq
) -> tuple[UtcTime, ChargingSchedule | None]:
    """From when on, and what; None: it would be too much work."""
    epoch = reckoned_epoch(reads.clock, reads.boot)
    given = situation(reads, reads.smart_charging, reads.profiles, epoch, reads.now)
    start = UtcTime(epoch + reads.now)
    return start, composite(given, request.connector_id, start, request.duration, _unit(reads, request))


def reject_composite(_reads: CompositeReads, _request: GetCompositeScheduleReq) -> GetCompositeScheduleConf:
    return GetCompositeScheduleConf(status="Rejected")


def tell_composite(reads: CompositeReads, request: GetCompositeScheduleReq) -> GetCompositeScheduleConf:
    start, schedule = _schedule(reads, request)
    return GetCompositeScheduleConf(
        status="Accepted",
        connector_id=request.connector_id,
        schedule_start=date_of(start),
        charging_schedule=schedule,
    )


GET_COMPOSITE_SCHEDULE: DecisionTable[CompositeReads, GetCompositeScheduleReq] = DecisionTable(
    GetCompositeScheduleReq,
    CompositeReads,
    (
        when(no_such_connector, name="unknown connector", answer=reject_composite),
        when(unit_not_offered, name="a unit that is not offered", answer=reject_composite),
        when(cannot_be_worked_out, name="too many changes, or no duration", answer=reject_composite),
        otherwise("the composite schedule", tell_composite),
    ),
)
