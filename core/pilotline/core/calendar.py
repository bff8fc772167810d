"""UTC milliseconds and the standard's dates: pure conversion, no clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pilotline.core.state import Boot, Clock, Instant, Stamp, UtcTime

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def utc_of(date: datetime) -> UtcTime:
    """A date as milliseconds since 1970."""
    return UtcTime((date - EPOCH) // _MS)


def date_of(utc: UtcTime) -> datetime:
    """Milliseconds since 1970 as a date in UTC; beyond what a date can hold, the nearest that it can."""
    try:
        return EPOCH + timedelta(milliseconds=utc)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if utc > 0 else datetime.min.replace(tzinfo=UTC)


def stamped(boot: Boot, clock: Clock, now: Instant) -> Stamp:
    """The present time: dated if the clock is known, to be dated later if not."""
    return Stamp(boot.number, now, None if clock.epoch is None else UtcTime(clock.epoch + now))


def dated(stamp: Stamp, boot: Boot, clock: Clock) -> Stamp:
    """The same time with its date, once the clock is known.

    A stamp of this boot is mapped through the clock. One of an earlier boot has no date only if no time was ever known
    before this boot (`boot`): it is not later than the beginning of this one.
    """
    if stamp.utc is not None or clock.epoch is None:
        return stamp
    since_ms = stamp.at if stamp.boot == boot.number else 0
    return Stamp(stamp.boot, stamp.at, UtcTime(clock.epoch + since_ms))
