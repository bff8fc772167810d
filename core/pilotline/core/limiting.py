"""What the limits of a station depend on, read out of its state (§3.13)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.charging_profiles import Use
from pilotline.core.reading import slice_function
from pilotline.core.slices import every, fact, key, station, stored
from pilotline.core.smart_charging import Outlet, Permitted, Situation, limit_of
from pilotline.core.state import (
    Boot,
    Clock,
    Counter,
    Instant,
    Limit,
    Map,
    Profile,
    Session,
    SmartCharging,
    Stamp,
    State,
    Transaction,
    UtcTime,
)


class LimitingReads(Struct, frozen=True):
    """Who charges, what is installed, the time, and what the product can carry."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    profiles: Annotated[Map[int, Profile], stored("profiles")]
    clock: Annotated[Clock, station("clock")]
    boot: Annotated[Boot, station("boot")]
    outlets: Annotated[tuple[Outlet, ...], fact(facts.outlets)]
    switches_phases: Annotated[bool | None, key("ConnectorSwitch3to1PhaseSupported")]


def reckoned_epoch(clock: Clock, boot: Boot) -> UtcTime:
    """The UTC time at instant 0 of this boot.

    Without a clock the last time known stood still while the power was off: schedules go on, late, rather than not at
    all, for a limit that holds too long is safer than none, and what suspends until the network is back strands the
    driver. Where no time was ever known there is no profile: none is installed before the time is told (§4.2).
    """
    if clock.epoch is not None:
        return clock.epoch
    last = boot.last_known
    return UtcTime(0) if last is None or last.utc is None else last.utc


def situation(
    reads: LimitingReads, own: SmartCharging, profiles: Map[int, Profile], epoch: UtcTime, now: Instant
) -> Situation:
    """All that the limits depend on, with these profiles, at this instant."""
    outlets = reads.outlets
    if reads.switches_phases:
        outlets = tuple(replace(outlet, switches_phases=True) for outlet in outlets)
    return Situation(outlets, profiles, Map(_uses(reads, epoch, now)), own.local_limits)


_reads_of: Final[Callable[[State, object], LimitingReads]] = slice_function(LimitingReads)


def situation_of(state: State, now: Instant) -> tuple[Situation, UtcTime]:
    """What the limits of a station depend on as it stands, and the UTC time it reckons with."""
    reads = _reads_of(state, None)
    epoch = reckoned_epoch(reads.clock, reads.boot)
    return situation(reads, state.moment.smart_charging, reads.profiles, epoch, now), UtcTime(epoch + now)


def _uses(reads: LimitingReads, epoch: UtcTime, now: Instant) -> Mapping[int, Use]:
    """A transaction counts until it has stopped; one that is just being recorded begins now."""
    uses = {}
    for session in reads.sessions:
        if session.state in ("charging", "ending"):
            transaction = reads.transactions.get(session.transaction or Counter(0), Transaction())
            uses[session.connector] = Use(
                session.transaction,
                UtcTime(epoch + now)
                if transaction.began is None
                else _utc_of(transaction.began, reads.boot, epoch),
                None if transaction.charged is None else _utc_of(transaction.charged, reads.boot, epoch),
            )
    return uses


def _utc_of(stamp: Stamp, boot: Boot, epoch: UtcTime) -> UtcTime:
    """One of an earlier boot that never met a clock is taken to be of the beginning of this one."""
    if stamp.utc is not None:
        return stamp.utc
    return UtcTime(epoch + stamp.at) if stamp.boot == boot.number else epoch


def limit_from(permitted: Permitted) -> Limit:
    """What the hardware is told: cut to a tenth of an ampere, never rounded up."""
    return Limit(limit_of(permitted.binding.current_a), permitted.phases, permitted.suffices)


def unbounded(outlet: Outlet) -> Limit:
    """What the product can carry."""
    return Limit(limit_of(outlet.max_current_a), outlet.phases, suffices=True)
