"""A charging profile and what it says at an instant; how profiles are installed, cleared, stacked (§3.13, §7.8-7.14).

A profile here passed the checks of its message: its first period starts at 0, periods ascend, no number is negative, a
Recurring one has its recurrencyKind.
"""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from pilotline.core.calendar import utc_of
from pilotline.core.state import (
    PHASES_ASSUMED,
    Map,
    TransactionNumber,
    UtcTime,
)
from pilotline.core.state import Period as Period
from pilotline.core.state import Profile as Profile
from pilotline.spec.messages.smart_charging import ClearChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile
from pilotline.spec.types import (
    RecurrencyKindType,
)

RECURRENCE_MS: Final[dict[RecurrencyKindType, int]] = {"Daily": 86_400_000, "Weekly": 7 * 86_400_000}
"""Counted from startSchedule, neither from midnight nor from Monday (§7.37, errata 3.78)."""


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
        message.recurrency_kind if message.charging_profile_kind == "Recurring" else None,
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
    """None: there is none yet, it is taken to begin."""
    started: UtcTime
    charging: UtcTime | None = None
    """When it first charged; None: not yet."""
    phases: int | None = None
    """The phases the car uses; None: not known, so all."""


class Placed(Struct, frozen=True):
    """A profile with the instant its schedule counts from, ready to be asked often."""

    profile: Profile
    origin: UtcTime
    floating: bool
    """The origin is a beginning that was observed. A clock that was set back since then does not undo it."""
    starts_s: tuple[int, ...]
    recurrence_ms: int | None
    end_ms: int | None
    """How long one run is executed: its duration, at most until it recurs (errata 3.43, 3.44); None: for ever."""


def placed(profile: Profile, started: UtcTime, charging: UtcTime) -> Placed:
    """By kind and startSchedule: from a date, the start of the transaction, or the start of charging (§7.9, §7.13)."""
    if profile.kind != "Relative" and profile.start is not None:
        origin, floating = profile.start, False
    else:
        origin, floating = (started if profile.kind == "Relative" else charging), True
    recurrence_ms = None if profile.recurrency_kind is None else RECURRENCE_MS[profile.recurrency_kind]
    ends_ms = [recurrence_ms, None if profile.duration_s is None else profile.duration_s * 1000]
    return Placed(
        profile,
        origin,
        floating,
        tuple(period.start_s for period in profile.periods),
        recurrence_ms,
        min((ms for ms in ends_ms if ms is not None), default=None),
    )


class Said(NamedTuple):
    """What a profile says at an instant."""

    period: int | None
    """The index of the period that holds; None: not valid, not begun, over, or in the gap before it recurs."""
    until: UtcTime | None
    """The first instant at which it may say something else; None: never."""


def said(of: Placed, at: UtcTime) -> Said:
    """What a profile says at this instant."""
    valid_from, valid_to = of.profile.valid_from, of.profile.valid_to
    if valid_from is not None and at < valid_from:
        return Said(None, valid_from)
    if valid_to is not None and at >= valid_to:
        return Said(None, None)
    period, left_ms = _scheduled(of, at - of.origin)
    if left_ms is None:
        return Said(period, valid_to)
    until = UtcTime(at + left_ms)
    return Said(period, until if valid_to is None else min(until, valid_to))


def _scheduled(of: Placed, since_ms: int) -> tuple[int | None, int | None]:
    """The period that holds so long after the origin, and for how long; None: for ever."""
    if since_ms < 0 and not of.floating:
        return None, -since_ms
    run_ms = max(since_ms, 0)
    if of.recurrence_ms is not None:
        run_ms %= of.recurrence_ms
    if of.end_ms is not None and run_ms >= of.end_ms:
        return None, None if of.recurrence_ms is None else of.recurrence_ms - run_ms
    later = bisect_right(of.starts_s, run_ms // 1000)
    change_ms = of.end_ms
    if later < len(of.starts_s) and (change_ms is None or of.starts_s[later] * 1000 < change_ms):
        change_ms = of.starts_s[later] * 1000
    return later - 1, None if change_ms is None else change_ms - min(run_ms, since_ms)


# --- which of a stack prevails ---


class Chosen(Struct, frozen=True):
    """The prevailing profile of a stack, and the index of its period."""

    profile: Profile
    index: int

    @property
    def period(self) -> Period:
        """The period that holds."""
        return self.profile.periods[self.index]


class Prevailing(NamedTuple):
    """What holds of a stack, if anything, and when that may be something else; None: never."""

    chosen: Chosen | None
    until: UtcTime | None


@lru_cache(64)
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
    charging = now if use.charging is None else use.charging
    return _stack(profiles, connector, use.transaction, use.started, charging)


@lru_cache(64)
def _stack(
    profiles: Map[int, Profile],
    connector: int,
    transaction: TransactionNumber | None,
    started: UtcTime,
    charging: UtcTime,
) -> tuple[Placed, ...]:
    """Laid out once for questions at many instants."""
    own: list[Profile] = []
    of_all: dict[int, Profile] = {}
    of_connector: dict[int, Profile] = {}
    for profile in profiles.values():
        if profile.connector not in (0, connector):
            continue
        if profile.purpose == "TxProfile" and profile.transaction == transaction is not None:
            own.append(profile)
        elif profile.purpose == "TxDefaultProfile":
            (of_connector if profile.connector else of_all)[profile.stack_level] = profile
    return _stacked(placed(profile, started, charging) for profile in own or (of_all | of_connector).values())


def _stacked(stack: Iterable[Placed]) -> tuple[Placed, ...]:
    return tuple(sorted(stack, key=lambda of: of.profile.stack_level, reverse=True))


def prevailing(stack: tuple[Placed, ...], at: UtcTime) -> Prevailing:
    """The highest that says something; one that is over or has a gap lets the next through (§3.13.2, errata 3.43).

    What lies below cannot be seen, and its changes neither.
    """
    untils: list[UtcTime] = []
    for of in stack:
        index, until = said(of, at)
        if until is not None:
            untils.append(until)
        if index is not None:
            return Prevailing(Chosen(of.profile, index), min(untils, default=None))
    return Prevailing(None, min(untils, default=None))


# --- a stack over time ---

Piece: TypeAlias = tuple[UtcTime, Profile | None, int]
"""From this instant on, this profile prevails with this period."""


def pieces(stack: tuple[Placed, ...], begin: UtcTime, end: UtcTime, most: int) -> list[Piece] | None:
    """What prevails from `begin` until before `end`, without gaps; None: in more pieces than `most`.

    The highest profile is laid out first, the next only where that left holes, so that the work is that of what can be
    seen.
    """
    found: list[Piece] = []
    holes = [(begin, end)]
    for of in stack:
        left: list[tuple[UtcTime, UtcTime]] = []
        for since, until in holes:
            _lay_out(of, since, until, found, left, most)
            if len(found) + len(left) > most:
                return None
        holes = left
    found += [(since, None, 0) for since, _ in holes]
    found.sort(key=itemgetter(0))
    return found


def _lay_out(
    of: Placed,
    begin: UtcTime,
    end: UtcTime,
    found: list[Piece],
    holes: list[tuple[UtcTime, UtcTime]],
    most: int,
) -> None:
    """Add the pieces in which a profile says something, and the holes in which it does not; a few more than `most` end
    it.
    """
    profile = of.profile
    at = begin if profile.valid_from is None else max(begin, profile.valid_from)
    high = end if profile.valid_to is None else min(end, profile.valid_to)
    if not of.floating:
        at = max(at, of.origin)
    if at >= high or of.end_ms == 0:
        holes.append((begin, end))
        return
    if begin < at:
        holes.append((begin, at))
    while at < high and len(found) + len(holes) <= most:
        run = of.origin
        if of.recurrence_ms is not None and at > run:
            run = UtcTime(at - (at - run) % of.recurrence_ms)
        over = high if of.end_ms is None else min(high, UtcTime(run + of.end_ms))
        first = max(bisect_right(of.starts_s, (at - run) // 1000) - 1, 0)
        for index in range(first, len(of.starts_s)):
            begins = at if index == first else UtcTime(run + of.starts_s[index] * 1000)
            if begins >= over:
                break
            found.append((begins, profile, index))
        at = max(at, over)
        again = high if of.recurrence_ms is None else min(high, UtcTime(run + of.recurrence_ms))
        if at < again:
            holes.append((at, again))
            at = again
    if high < end:
        holes.append((high, end))
