"""Dates and instants: nothing that a message or a clock may say is beyond what they can hold."""

from datetime import UTC, datetime, timedelta

import pytest

from pilotline.core.calendar import date_of, dated, stamped, utc_of
from pilotline.core.state import Boot, Clock, Counter, Instant, Stamp, UtcTime

DATE = datetime(2026, 11, 23, 6, 54, 28, 123000, tzinfo=UTC)
BOOT, KNOWN = Boot(number=Counter(2)), Clock("known", UtcTime(1_000_000))


def test_a_date_comes_back_from_its_milliseconds() -> None:
    assert date_of(utc_of(DATE)) == DATE
    assert utc_of(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert utc_of(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1000


@pytest.mark.parametrize(
    ("utc", "nearest"),
    [
        (10**15, datetime.max.replace(tzinfo=UTC)),
        (-(10**15), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_beyond_what_a_date_holds_is_the_nearest_that_it_does(utc: int, nearest: datetime) -> None:
    assert abs(date_of(UtcTime(utc)) - nearest) < timedelta(milliseconds=1)


def test_a_stamp_is_dated_as_soon_as_the_clock_is_known() -> None:
    undated = stamped(BOOT, Clock(), Instant(500))
    assert undated == Stamp(Counter(2), Instant(500), None)
    assert dated(undated, BOOT, Clock()) is undated
    assert dated(undated, BOOT, KNOWN).utc == 1_000_500
    assert stamped(BOOT, KNOWN, Instant(500)).utc == 1_000_500


def test_what_an_earlier_boot_left_undated_is_no_later_than_this_one_began() -> None:
    assert dated(Stamp(Counter(1), Instant(9_000_000), None), BOOT, KNOWN).utc == 1_000_000
