"""Smart charging: the limit that each connector is held to (§3.13).

Theory of operation: limits follow from profiles, transactions, limits on the spot and the time (`limiting`). They are
found anew when one of these changes, and at the first instant at which they may be others: one timer for all
connectors, nothing is polled. A connector that nobody charges at is held to what the product can carry; its limit is
found in the step in which its transaction begins, before the contactor closes. A limit too low to charge with suspends
(the supply's row Y4).
"""

from typing import TypeAlias

from msgspec.structs import replace

from pilotline.core.charging_profiles import with_installed
from pilotline.core.effects import Arm, Disarm, Drop, Put
from pilotline.core.events import (
    BoundaryReached,
    ChargingEnded,
    ContactorClosed,
    LimitFell,
    LimitRose,
    LocalLimitFound,
    LocalLimitLifted,
    PhasesChanged,
    ProfilesChanged,
    Restored,
    TimeTold,
    TransactionBegan,
    UseEnded,
)
from pilotline.core.limiting import LimitingReads, limit_from, reckoned_epoch, situation, unbounded
from pilotline.core.slices import STATION
from pilotline.core.smart_charging import Situation, limit_at, next_boundary
from pilotline.core.state import (
    Instant,
    LocalLimit,
    Map,
    Profile,
    SmartCharging,
    UtcTime,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import SmartChargingRows as row

Found: TypeAlias = LimitFell | LimitRose | PhasesChanged | Arm | Disarm
Outcome: TypeAlias = tuple[SmartCharging, tuple[Found, ...]]


def look(own: SmartCharging, reads: LimitingReads, _event: object, now: Instant) -> Outcome:
    return _found(own, reads, reads.profiles, now)


def begin(
    own: SmartCharging, reads: LimitingReads, event: TransactionBegan, now: Instant
) -> tuple[SmartCharging, tuple[Put | Drop | Found, ...]]:
    """The profile of a remote start is from now on one of its transaction (§5.16.2)."""
    profiles = reads.profiles
    if event.profile is not None:
        profiles = with_installed(profiles, replace(event.profile, transaction=event.transaction))
    own, found = _found(own, reads, profiles, now, begins=event.connector)
    stored = tuple(Put("profiles", n, p) for n, p in profiles.items() if reads.profiles.get(n) != p)
    return own, (*_dropped(reads, profiles), *stored, *found)


def end(
    own: SmartCharging, reads: LimitingReads, _event: object, now: Instant
) -> tuple[SmartCharging, tuple[Drop | Found, ...]]:
    running = {session.transaction for session in reads.sessions if session.state in ("charging", "ending")}
    profiles = reads.profiles
    for profile_id, profile in profiles.items():
        if profile.purpose == "TxProfile" and profile.transaction not in running:
            profiles = profiles.delete(profile_id)
    own, found = _found(own, reads, profiles, now)
    return own, (*_dropped(reads, profiles), *found)


def _dropped(reads: LimitingReads, profiles: Map[int, Profile]) -> tuple[Drop, ...]:
    return tuple(Drop("profiles", number) for number in reads.profiles if number not in profiles)


def find_local_limit(
    own: SmartCharging, reads: LimitingReads, event: LocalLimitFound, now: Instant
) -> Outcome:
    found = LocalLimit(event.cause, event.connector, event.limit, event.unit)
    return _found(_with_local_limits(own, event, found), reads, reads.profiles, now)


def lift_local_limit(
    own: SmartCharging, reads: LimitingReads, event: LocalLimitLifted, now: Instant
) -> Outcome:
    return _found(_with_local_limits(own, event), reads, reads.profiles, now)


def told(own: SmartCharging, reads: LimitingReads, event: TimeTold, now: Instant) -> Outcome:
    return _found(own, reads, reads.profiles, now, UtcTime(event.utc - now))


def charges_first(_own: SmartCharging, reads: LimitingReads, event: ContactorClosed) -> bool:
    """What has no startSchedule counts from now (§7.13)."""
    number = reads.sessions[event.connector].transaction
    transaction = None if number is None else reads.transactions.get(number)
    return transaction is not None and transaction.charged is None


def _with_local_limits(
    own: SmartCharging, event: LocalLimitFound | LocalLimitLifted, *found: LocalLimit
) -> SmartCharging:
    which = (event.connector, event.cause)
    others = tuple(local for local in own.local_limits if (local.connector, local.cause) != which)
    return replace(own, local_limits=tuple(sorted((*others, *found), key=_which)))


def _which(local: LocalLimit) -> tuple[int, str]:
    return local.connector, local.cause


def _found(
    own: SmartCharging,
    reads: LimitingReads,
    profiles: Map[int, Profile],
    now: Instant,
    told: UtcTime | None = None,
    begins: int | None = None,
) -> Outcome:
    """The limits as they are now, with these profiles, and when to look again."""
    epoch = reckoned_epoch(reads.clock, reads.boot) if told is None else told
    given, at = situation(reads, own, profiles, epoch, now), UtcTime(epoch + now)
    limits = tuple(
        limit_from(limit_at(given, connector, at))
        if connector in given.uses
        else unbounded(given.outlets[connector - 1])
        for connector in given.connectors
    )
    changed = tuple(
        LimitRose(connector) if limit.suffices else LimitFell(connector)
        for connector, (before, limit) in enumerate(zip(own.limits[1:], limits, strict=True), start=1)
        if before is None or before.suffices != limit.suffices
    )
    switched = tuple(
        PhasesChanged(connector, connector == begins)
        for connector, (before, limit) in enumerate(zip(own.limits[1:], limits, strict=True), start=1)
        if before is None or before.phases != limit.phases
    )
    return replace(own, limits=(None, *limits)), (
        *changed,
        *switched,
        _look_again(given, at, now),
    )


def _look_again(given: Situation, at: UtcTime, now: Instant) -> Arm | Disarm:
    until = next_boundary(given, min(given.uses), at) if given.uses else None
    return Disarm("boundary") if until is None else Arm("boundary", Instant(now + until - at))


SMART_CHARGING = Machine(
    "smart_charging",
    family=STATION,
    home="moment",
    blank=SmartCharging(),
    reads=LimitingReads,
    states=("watching",),
    timers=(Timer("boundary", BoundaryReached, ("watching",)),),
    table=(
        on(TransactionBegan, row.M1, begin),
        on(ContactorClosed, row.M1, look, when=[charges_first]),
        on(ChargingEnded, row.M2, end),
        on(UseEnded, row.M2, end),
        on(ProfilesChanged, row.M3, look),
        on(BoundaryReached, row.M4, look),
        on(LocalLimitFound, row.M5, find_local_limit),
        on(LocalLimitLifted, row.M5, lift_local_limit),
        on(TimeTold, row.M6, told),
        on(Restored, row.M7, end),
    ),
    ignored=(ignores(ContactorClosed, because="it has charged before, or no transaction runs"),),
)
