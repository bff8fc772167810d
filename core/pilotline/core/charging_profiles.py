"""A charging profile and what it says at an instant; how profiles are installed, cleared, stacked (§3.13, §7.8-7.14).

A profile here passed the checks of its message: its first period starts at 0, periods ascend, a recurrencyKind goes
with Recurring and with nothing else.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import Final

from msgspec import Struct

from pilotline.core.calendar import utc_of
from pilotline.core.state import Map, TransactionNumber, UtcTime
from pilotline.spec.messages.smart_charging import ClearChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile
from pilotline.spec.types import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)

PHASES_ASSUMED: Final = 3
"""What an absent numberPhases means (§7.14)."""
RECURRENCE_MS: Final[dict[RecurrencyKindType, int]] = {"Daily": 86_400_000, "Weekly": 7 * 86_400_000}
"""Counted from startSchedule, neither from midnight nor from Monday (§7.37, errata 3.78)."""


class Period(Struct, frozen=True, cache_hash=True):
    """A limit from so many seconds after the start of the schedule on, until the next period (§7.14)."""

    start_s: int
    limit: Decimal
    phases: int = PHASES_ASSUMED


class Profile(Struct, frozen=True, cache_hash=True):
    """A charging profile as it is installed: with its connector, its time of receipt, its transaction."""

    profile_id: int
    connector: int
    purpose: ChargingProfilePurposeType
    stack_level: int
    kind: ChargingProfileKindType
    unit: ChargingRateUnitType
    periods: tuple[Period, ...]
    installed: UtcTime
    transaction: TransactionNumber | None = None
    recurrency_kind: RecurrencyKindType | None = None
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    start: UtcTime | None = None
    duration_s: int | None = None
    min_charging_rate: Decimal | None = None


def profile_of(
    message: ChargingProfile, connector: int, installed: UtcTime, transaction: TransactionNumber | None = None
) -> Profile:
    """The profile of a message, for a connector; a TxProfile for the transaction it was found to be for."""
    schedule = message.charging_schedule
    return Profile(
        message.charging_profile_id,
        connector,
        message.charging_profile_purpose,
        message.stack_level,
        message.charging_profile_kind,
        schedule.charging_rate_unit,
        tuple(
            Period(
                period.start_period,
                period.limit,
                PHASES_ASSUMED if period.number_phases is None else period.number_phases,
            )
            for period in schedule.charging_schedule_period
        ),
        installed,
        transaction,
        message.recurrency_kind,
        None if message.valid_from is None else utc_of(message.valid_from),
        None if message.valid_to is None else utc_of(message.valid_to),
        None if schedule.start_schedule is None else utc_of(schedule.start_schedule),
        schedule.duration,
        schedule.min_charging_rate,
    )


# --- which profiles there are ---


def with_installed(profiles: Map[int, Profile], new: Profile) -> Map[int, Profile]:
    """One of the same id, or of the same purpose and stackLevel on the same connector, gives way (§3.13.2, §5.16.3).

    It does so at once, also where the new one becomes valid only later.
    """
    place = (new.connector, new.purpose, new.stack_level)
    for profile_id, profile in profiles.items():
        if (profile.connector, profile.purpose, profile.stack_level) == place:
            profiles = profiles.delete(profile_id)
    return profiles.set(new.profile_id, new)


def matched(profiles: Map[int, Profile], request: ClearChargingProfileReq) -> list[int]:
    """The ids of the profiles to clear: by id alone if there is one, else by all fields given (errata 3.25, 3.26).

    Connector 0 means the profiles of the whole station, not those of every connector (§6.13).
    """
    if request.id is not None:
        return [request.id] if request.id in profiles else []
    return sorted(
        profile_id
        for profile_id, profile in profiles.items()
        if request.connector_id in (None, profile.connector)
        and request.charging_profile_purpose in (None, profile.purpose)
        and request.stack_level in (None, profile.stack_level)
    )


# --- what one says at an instant ---


class Use(Struct, frozen=True):
    """A running transaction."""

    transaction: TransactionNumber | None
    started: UtcTime
    charging: UtcTime | None = None
    """When it first charged; None: not yet."""
    phases: int | None = None
    """The phases the car uses; None: not known, so all."""


class Placed(Struct, frozen=True):
    """A profile with the instant its schedule counts from."""

    profile: Profile
    origin: UtcTime
    floating: bool
    """The origin is a beginning that was observed. A clock that was set back since then does not undo it."""


def placed(profile: Profile, started: UtcTime, charging: UtcTime) -> Placed:
    """By kind and startSchedule: from a date, the start of the transaction, or the start of charging (§7.9, §7.13)."""
    if profile.kind != "Relative" and profile.start is not None:
        return Placed(profile, profile.start, floating=False)
    return Placed(profile, started if profile.kind == "Relative" else charging, floating=True)


def period_at(of: Placed, at: UtcTime) -> int | None:
    """The index of the period that holds; None: not valid, not begun, over, or in the gap before it recurs."""
    profile = of.profile
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    run_ms, end_ms = _run_ms(of, at), _end_ms(profile)
    if run_ms < 0 or (end_ms is not None and run_ms >= end_ms):
        return None
    return bisect_right(profile.periods, run_ms // 1000, key=attrgetter("start_s")) - 1


def next_change(of: Placed, at: UtcTime) -> UtcTime | None:
    """The first instant after this one at which it may say something else; None: there is none."""
    profile = of.profile
    if profile.valid_from is not None and at < profile.valid_from:
        return profile.valid_from
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    left_ms = _left_ms(of, at)
    if left_ms is None:
        return profile.valid_to
    change = UtcTime(at + left_ms)
    return change if profile.valid_to is None else min(change, profile.valid_to)


def _left_ms(of: Placed, at: UtcTime) -> int | None:
    """How long its schedule goes on as at this instant; None: for ever."""
    profile = of.profile
    if at < of.origin:
        return of.origin - at
    run_ms, end_ms, recurrence_ms = _run_ms(of, at), _end_ms(profile), _recurrence_ms(profile)
    later = bisect_right(profile.periods, run_ms // 1000, key=attrgetter("start_s"))
    changes_ms = [
        profile.periods[later].start_s * 1000 if later < len(profile.periods) else None,
        end_ms,
        recurrence_ms,
    ]
    is_over = recurrence_ms is None and end_ms is not None and run_ms >= end_ms
    return min(
        (ms - run_ms for ms in changes_ms if ms is not None and ms > run_ms and not is_over), default=None
    )


def _run_ms(of: Placed, at: UtcTime) -> int:
    """The time since the schedule began, or began again; negative: it has not begun."""
    since_ms = at - of.origin
    if since_ms < 0:
        return 0 if of.floating else since_ms
    recurrence_ms = _recurrence_ms(of.profile)
    return since_ms if recurrence_ms is None else since_ms % recurrence_ms


def _recurrence_ms(profile: Profile) -> int | None:
    return (
        RECURRENCE_MS[profile.recurrency_kind]
        if profile.kind == "Recurring" and profile.recurrency_kind is not None
        else None
    )


def _end_ms(profile: Profile) -> int | None:
    """How long one run is executed: its duration, at most until it recurs (errata 3.43, 3.44)."""
    ends_ms = [_recurrence_ms(profile), None if profile.duration_s is None else profile.duration_s * 1000]
    return min((ms for ms in ends_ms if ms is not None), default=None)


# --- which of a stack prevails ---


class Chosen(Struct, frozen=True):
    """The prevailing profile of a stack, and the index of its period."""

    profile: Profile
    index: int

    @property
    def period(self) -> Period:
        """The period that holds."""
        return self.profile.periods[self.index]


def stack_of_station(profiles: Map[int, Profile]) -> tuple[Placed, ...]:
    """The profiles that limit all connectors together, highest level first. No transaction is theirs: what would count
    from its start counts from their receipt.
    """
    return _stacked(
        placed(profile, profile.installed, profile.installed)
        for profile in profiles.values()
        if profile.purpose == "ChargePointMaxProfile"
    )


def stack_of(profiles: Map[int, Profile], connector: int, use: Use, now: UtcTime) -> tuple[Placed, ...]:
    """The TxProfiles of a transaction, or else the defaults, highest level first. If it has not charged yet, as if it
    began to now.

    As long as the transaction has a TxProfile, also where that says nothing (not yet valid, over, in a gap), no default
    comes back in its place (§3.13.1; so asks TC_066). A default on the connector takes the place of the one on 0 with
    its stackLevel; those of other levels stack.
    """
    own: list[Profile] = []
    of_all: dict[int, Profile] = {}
    of_connector: dict[int, Profile] = {}
    for profile in profiles.values():
        if profile.connector not in (0, connector):
            continue
        if profile.purpose == "TxProfile" and profile.transaction == use.transaction is not None:
            own.append(profile)
        elif profile.purpose == "TxDefaultProfile":
            (of_connector if profile.connector else of_all)[profile.stack_level] = profile
    charging = now if use.charging is None else use.charging
    return _stacked(
        placed(profile, use.started, charging) for profile in own or (of_all | of_connector).values()
    )


def _stacked(stack: Iterable[Placed]) -> tuple[Placed, ...]:
    return tuple(sorted(stack, key=lambda of: of.profile.stack_level, reverse=True))


def prevailing(stack: tuple[Placed, ...], at: UtcTime) -> Chosen | None:
    """The highest that says something; one that is over or has a gap lets the next through (§3.13.2, errata 3.43)."""
    for of in stack:
        index = period_at(of, at)
        if index is not None:
            return Chosen(of.profile, index)
    return None


def changes(stack: tuple[Placed, ...], at: UtcTime) -> Iterator[UtcTime]:
    """When the prevailing profile may say something else, or one above it; what is below cannot be seen."""
    for of in stack:
        change = next_change(of, at)
        if change is not None:
            yield change
        if period_at(of, at) is not None:
            return
