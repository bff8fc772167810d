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
    """The same time with its date.

    A stamp of this boot is mapped through the clock. One of an earlier boot that never knew the time counts from the
    last time that was kept; if none ever was, from the beginning of this boot. A station that has no clock yet sends
    nothing that needs one, so the epoch is known here; if it is not, 1970 is what an unset clock shows.
    """
    if stamp.utc is not None:
        return stamp
    epoch = clock.epoch or UtcTime(0)
    if stamp.boot != boot.number:
        return Stamp(stamp.boot, stamp.at, min(UtcTime((boot.last_known or epoch) + stamp.at), epoch))
    return Stamp(stamp.boot, stamp.at, UtcTime(epoch + stamp.at))
