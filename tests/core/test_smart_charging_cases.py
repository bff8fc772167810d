"""Examples of smart charging with their numbers, named for the certification cases where there is one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, get_args

import pytest
from immutables import Map

from pilotline.core.calendar import utc_of
from pilotline.core.charging_profiles import Profile, Use, matched, profile_of, with_installed
from pilotline.core.smart_charging import (
    STEPS_MAX,
    LocalLimit,
    Outlet,
    Situation,
    composite,
    limit_at,
    next_boundary,
    outlet_of,
    total_at,
)
from pilotline.core.state import Counter
from pilotline.spec.messages.smart_charging import ClearChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.products import load_product
from pilotline.spec.types import ChargingProfilePurposeType, ChargingRateUnitType

REFERENCE: Final = load_product("reference")
OUTLETS: Final = tuple(outlet_of(connector) for connector in REFERENCE.connectors)
NOW: Final = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
RUNNING: Final = Counter(7)
DAY: Final = timedelta(days=1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def profile(
    number: int,
    purpose: str,
    periods: dict[int, float],
    *,
    connector: int = 1,
    level: int = 0,
    phases: int | None = None,
    unit: str = "A",
    received: datetime = NOW,
    transaction: int = RUNNING,
    kind: str = "Absolute",
    start: datetime | None = NOW,
    duration_s: int | None = None,
    **validity: Any,
) -> Profile:
    message = ChargingProfile.model_validate(
        {
            "charging_profile_id": number,
            "stack_level": level,
            "charging_profile_purpose": purpose,
            "charging_profile_kind": kind,
            "charging_schedule": ChargingSchedule(
                charging_rate_unit=unit,  # type: ignore[arg-type]
                charging_schedule_period=tuple(
                    ChargingSchedulePeriod(start_period=at, limit=Decimal(str(limit)), number_phases=phases)
                    for at, limit in periods.items()
                ),
                duration=duration_s,
                start_schedule=start,
                min_charging_rate=validity.pop("min_charging_rate", None),
            ),
            **validity,
        }
    )
    of_transaction = Counter(transaction) if purpose == "TxProfile" else None
    return profile_of(message, connector, utc_of(received), of_transaction)


def situation(
    *profiles: Profile, uses: dict[int, Use] | None = None, local: tuple[LocalLimit, ...] = ()
) -> Situation:
    installed: Map[int, Profile] = Map()
    for one in profiles:
        installed = with_installed(installed, one)
    return Situation(OUTLETS, installed, Map(uses or {}), local)


def in_use(at: datetime = NOW, transaction: int = RUNNING, phases: int | None = None) -> Use:
    return Use(Counter(transaction), utc_of(at), utc_of(at), phases)


def schedule(
    given: Situation,
    duration_s: int,
    unit: ChargingRateUnitType = "A",
    at: datetime = NOW,
    connector: int = 1,
) -> dict[int, float]:
    found = composite(given, connector, utc_of(at), duration_s, unit)
    assert found is not None
    assert found.duration == duration_s
    assert found.charging_rate_unit == unit
    return {period.start_period: float(period.limit) for period in found.charging_schedule_period}


def amperes(given: Situation, at: datetime = NOW, connector: int = 1) -> Fraction:
    return limit_at(given, connector, utc_of(at)).rate("A")


UNITS = pytest.mark.parametrize(("unit", "factor"), [("A", 1), ("W", 1000)])


def scaled(periods: dict[int, float], factor: int) -> dict[int, float]:
    return {at: limit * factor for at, limit in periods.items()}


# --- the certification cases ---


@UNITS
@pytest.mark.parametrize(
    ("case", "purpose"),
    [
        ("TC_056", "TxDefaultProfile"),
        ("TC_057", "TxProfile"),
        ("TC_059", "TxProfile"),
        ("TC_082", "TxDefaultProfile"),
    ],
)
@pytest.mark.parametrize("start", [None, NOW])
def test_one_profile_is_followed(
    case: str, purpose: str, start: datetime | None, unit: ChargingRateUnitType, factor: int
) -> None:
    one = profile(1, purpose, {0: 6 * factor}, unit=unit, start=start, duration_s=300)
    given = situation(one, uses={} if case == "TC_056" else {1: in_use()})
    assert schedule(given, 300, unit) == {0: 6 * factor}


@UNITS
@pytest.mark.parametrize("deviation_s", [0, 10, 49])
def test_tc_066_the_default_does_not_come_back_when_the_tx_profile_is_over(
    unit: ChargingRateUnitType, factor: int, deviation_s: int
) -> None:
    began = NOW - seconds(deviation_s)
    window = {"valid_from": began, "valid_to": began + seconds(401), "start": began, "unit": unit}
    most = {0: 10}
    default = {0: 6, 60: 10, 120: 8, 180: 15, 260: 8}
    own = {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}
    given = situation(
        profile(1, "ChargePointMaxProfile", scaled(most, factor), connector=0, start=began, unit=unit,
                duration_s=86400),
        profile(2, "TxDefaultProfile", scaled(default, factor), duration_s=300, **window),
        profile(3, "TxProfile", scaled(own, factor), duration_s=260, **window),
        uses={1: in_use(NOW - seconds(60))},
    )  # fmt: skip
    expected = {0: 8, 50: 10, 200: 6, 240: 10}
    assert schedule(given, 400, unit) == {
        max(at - deviation_s, 0): limit * factor for at, limit in expected.items()
    }


@UNITS
def test_tc_067_profiles_are_cleared_one_after_the_other(unit: ChargingRateUnitType, factor: int) -> None:
    window = {"valid_from": NOW, "valid_to": NOW + seconds(401), "unit": unit}
    given = situation(
        profile(
            1, "TxDefaultProfile", scaled({0: 6, 60: 8, 200: 10}, factor), level=1, duration_s=400, unit=unit
        ),
        profile(2, "TxDefaultProfile", scaled({0: 7, 100: 9}, factor), duration_s=400, **window),
        profile(
            3,
            "ChargePointMaxProfile",
            scaled({0: 11, 200: 12}, factor),
            connector=0,
            duration_s=86400,
            **window,
        ),
    )

    def clear(request: ClearChargingProfileReq) -> None:
        nonlocal given
        left = given.profiles
        for number in matched(left, request):
            left = left.delete(number)
        given = Situation(given.outlets, left)

    clear(ClearChargingProfileReq(id=1))
    assert schedule(given, 350, unit) == scaled({0: 7, 100: 9}, factor)
    clear(ClearChargingProfileReq(charging_profile_purpose="TxDefaultProfile", stack_level=0))
    assert schedule(given, 350, unit) == scaled({0: 11, 200: 12}, factor)
    clear(ClearChargingProfileReq())
    assert schedule(given, 350, unit) == {0: 32 if unit == "A" else 32 * 230 * 3}


@UNITS
def test_tc_072_the_higher_of_a_stack_prevails_until_it_is_over(
    unit: ChargingRateUnitType, factor: int
) -> None:
    window = {"valid_from": NOW, "valid_to": NOW + seconds(401), "unit": unit}
    given = situation(
        profile(1, "TxDefaultProfile", scaled({0: 6, 100: 8, 200: 10}, factor), duration_s=400, **window),
        profile(2, "TxDefaultProfile", scaled({0: 7, 100: 9}, factor), level=1, duration_s=150, **window),
    )
    assert schedule(given, 350, unit) == scaled({0: 7, 100: 9, 150: 8, 200: 10}, factor)


# --- recurrence ---

NIGHT: Final = {0: 32, 8 * 3600: 10, 20 * 3600: 32}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 12, 31, 7, 59, 59, 999_000, tzinfo=UTC), 32),
        (datetime(2026, 12, 31, 8, tzinfo=UTC), 10),
        (datetime(2026, 12, 31, 19, 59, 59, tzinfo=UTC), 10),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 32),
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), 32),
        (datetime(2027, 1, 1, 8, 0, 0, tzinfo=UTC), 10),
        (datetime(2028, 2, 29, 8, 0, 0, tzinfo=UTC), 10),
        (datetime(2012, 12, 31, 9, 0, 0, tzinfo=UTC), 32),  # it has not begun: no limit but the product's
    ],
)
def test_a_daily_schedule_goes_on_over_years_from_its_start(at: datetime, expected: int) -> None:
    daily = profile(
        100, "TxDefaultProfile", NIGHT, connector=0, kind="Recurring", recurrency_kind="Daily",
        start=datetime(2013, 1, 1, tzinfo=UTC), duration_s=86400,
    )  # fmt: skip
    assert amperes(situation(daily), at) == expected


def test_a_day_begins_at_the_start_of_the_schedule_and_not_at_midnight() -> None:
    begins = datetime(2026, 12, 30, 22, 30, tzinfo=UTC)
    daily = profile(
        1, "TxDefaultProfile", {0: 6, 3 * 3600: 16}, kind="Recurring", recurrency_kind="Daily", start=begins
    )
    eve = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert schedule(situation(daily), 6 * 3600, at=eve) == {0: 16, 1800: 6, 1800 + 3 * 3600: 16}


def test_a_week_begins_at_the_weekday_and_time_of_its_start() -> None:
    thursday = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    weekly = profile(
        1, "TxDefaultProfile", {0: 6, 12 * 3600: 16, 4 * 86400: 20}, kind="Recurring", recurrency_kind="Weekly",
        start=thursday, duration_s=5 * 86400,
    )  # fmt: skip
    given = situation(weekly)
    for week in (0, 1, 9):
        begins = thursday + 7 * week * DAY
        assert amperes(given, begins) == 6
        assert amperes(given, begins + seconds(12 * 3600 - 1)) == 6, "past midnight"
        assert amperes(given, begins + seconds(12 * 3600)) == 16
        assert amperes(given, begins + 4 * DAY) == 20
        assert amperes(given, begins + 5 * DAY) == 32, "over until the week is"
        assert next_boundary(given, 1, utc_of(begins + 5 * DAY)) == utc_of(begins + 7 * DAY)
    assert schedule(given, 8 * 86400, at=thursday) == {
        0: 6, 12 * 3600: 16, 4 * 86400: 20, 5 * 86400: 32, 7 * 86400: 6, 7 * 86400 + 12 * 3600: 16,
    }  # fmt: skip


@pytest.mark.parametrize("duration_s", [None, 2 * 86400])
def test_periods_beyond_the_recurrence_are_not_executed(duration_s: int | None) -> None:
    daily = profile(
        1,
        "TxDefaultProfile",
        {0: 6, 86400 + 60: 20},
        kind="Recurring",
        recurrency_kind="Daily",
        duration_s=duration_s,
    )
    assert schedule(situation(daily), 3 * 86400) == {0: 6}


# --- where a schedule counts from ---


@pytest.mark.parametrize(
    ("kind", "start", "began_s"),
    [
        ("Relative", None, 100),
        ("Relative", NOW, 100),
        ("Absolute", None, 40),
        ("Absolute", NOW - seconds(7), 7),
    ],
)
def test_a_schedule_counts_from_its_date_or_the_transaction_or_the_charging(
    kind: str, start: datetime | None, began_s: int
) -> None:
    one = profile(1, "TxProfile", {0: 6, 100: 10, 200: 8}, kind=kind, start=start)
    use = Use(RUNNING, utc_of(NOW - seconds(100)), utc_of(NOW - seconds(40)))
    expected = {at - began_s: limit for at, limit in {0: 6, 100: 10, 200: 8}.items()}
    found = schedule(situation(one, uses={1: use}), 300)
    assert {at: limit for at, limit in found.items() if at} == {
        at: limit for at, limit in expected.items() if at > 0
    }


def test_before_the_first_charging_its_schedule_stands_at_its_beginning() -> None:
    one = profile(1, "TxProfile", {0: 6, 100: 10}, start=None)
    given = situation(one, uses={1: Use(RUNNING, utc_of(NOW - seconds(1000)))})
    assert amperes(given) == amperes(given, NOW + seconds(500)) == 6
    assert schedule(given, 200) == {0: 6, 100: 10}


def test_a_clock_that_was_set_back_does_not_lift_a_limit() -> None:
    given = situation(
        profile(1, "TxProfile", {0: 6, 100: 10}, kind="Relative", start=None), uses={1: in_use()}
    )
    assert amperes(given, NOW - seconds(3600)) == 6
    assert next_boundary(given, 1, utc_of(NOW - seconds(3600))) == utc_of(NOW + seconds(100))


def test_the_limit_of_the_station_without_a_start_counts_from_its_receipt() -> None:
    one = profile(
        1, "ChargePointMaxProfile", {0: 8, 60: 16}, connector=0, start=None, received=NOW - seconds(20)
    )
    assert schedule(situation(one, uses={1: in_use()}), 100) == {0: 8, 40: 16}


# --- which profile counts ---


def test_a_profile_not_yet_valid_lets_the_lower_level_through_and_no_default() -> None:
    tx = profile(3, "TxProfile", {0: 8}, level=1, valid_from=NOW + seconds(60), valid_to=NOW + seconds(90))
    default = profile(1, "TxDefaultProfile", {0: 6})
    assert schedule(situation(default, tx, uses={1: in_use()}), 120) == {0: 32, 60: 8, 90: 32}
    lower = profile(2, "TxProfile", {0: 12})
    assert schedule(situation(default, lower, tx, uses={1: in_use()}), 120) == {0: 12, 60: 8, 90: 12}


def test_the_profile_of_another_transaction_counts_for_nothing() -> None:
    given = situation(
        profile(1, "TxDefaultProfile", {0: 20}),
        profile(2, "TxProfile", {0: 8}, transaction=6),
        uses={1: in_use()},
    )
    assert amperes(given) == 20
    assert amperes(situation(*given.profiles.values())) == 20, "nor without any transaction"


def test_a_default_on_a_connector_replaces_the_one_on_0_of_its_level_there() -> None:
    of_all = profile(1, "TxDefaultProfile", {0: 10}, connector=0)
    above = profile(2, "TxDefaultProfile", {0: 14}, connector=0, level=1, start=NOW + seconds(60))
    own = profile(3, "TxDefaultProfile", {0: 12}, connector=2, valid_to=NOW + seconds(30))
    given = situation(of_all, above, own)
    assert schedule(given, 120, connector=1) == {0: 10, 60: 14}
    assert schedule(given, 120, connector=2) == {0: 12, 30: 32, 60: 14}


def test_the_same_id_or_the_same_place_replaces() -> None:
    first = profile(1, "TxDefaultProfile", {0: 10})
    assert set(situation(first, profile(2, "TxDefaultProfile", {0: 8})).profiles) == {2}
    assert set(situation(first, profile(2, "TxDefaultProfile", {0: 8}, connector=2)).profiles) == {1, 2}
    assert set(situation(first, profile(2, "TxDefaultProfile", {0: 8}, level=1)).profiles) == {1, 2}
    moved = profile(1, "TxDefaultProfile", {0: 8}, connector=2, level=3)
    assert situation(first, moved).profiles == Map({1: moved})
    later = profile(2, "TxDefaultProfile", {0: 8}, valid_from=NOW + DAY)
    assert amperes(situation(first, later)) == 32, "the old one is gone at once"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"id": 3, "connector_id": 9, "stack_level": 9}, [3]),
        ({"id": 9, "connector_id": 1}, []),
        ({"connector_id": 1}, [2, 4]),
        ({"connector_id": 0}, [1, 3]),
        ({"charging_profile_purpose": "TxDefaultProfile"}, [2, 3]),
        ({"charging_profile_purpose": "TxDefaultProfile", "stack_level": 1}, [2]),
        ({"stack_level": 9}, []),
    ],
)
def test_clearing_matches_all_fields_given_or_the_id_alone(
    request_: dict[str, Any], expected: list[int]
) -> None:
    given = situation(
        profile(1, "ChargePointMaxProfile", {0: 10}, connector=0),
        profile(2, "TxDefaultProfile", {0: 10}, level=1),
        profile(3, "TxDefaultProfile", {0: 10}, connector=0),
        profile(4, "TxProfile", {0: 10}),
    )
    assert matched(given.profiles, ClearChargingProfileReq(**request_)) == expected


# --- composites that others got wrong ---


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({0: 10, 1800: 16, 3600: 20, 7200: 23}, {0: 32, 3600: 17, 7200: 32}),
        ({0: 32, 3600: 17, 7200: 32}, {0: 10, 1800: 16, 3600: 20, 7200: 23}),
    ],
)
def test_a_stack_asked_later_does_not_hide_an_earlier_change_of_another(
    first: dict[int, float], second: dict[int, float]
) -> None:
    given = situation(
        profile(1, "ChargePointMaxProfile", first, connector=0), profile(2, "TxDefaultProfile", second)
    )
    assert schedule(given, 10_800) == {0: 10, 1800: 16, 3600: 17, 7200: 23}


def test_equal_neighbours_are_merged_also_of_different_profiles() -> None:
    given = situation(
        profile(1, "TxDefaultProfile", {0: 10, 100: 10, 200: 12, 300: 10}),
        profile(2, "TxDefaultProfile", {0: 12}, level=1, start=NOW + seconds(150), duration_s=100),
    )
    assert schedule(given, 400) == {0: 10, 150: 12, 300: 10}


def test_section_3_13_3_the_least_of_the_prevailing_profiles_of_each_purpose_holds() -> None:
    given = situation(
        profile(1, "ChargePointMaxProfile", {0: 30, 120: 9}, connector=0),
        profile(2, "TxDefaultProfile", {0: 7}),
        profile(3, "TxProfile", {0: 20, 60: 12, 180: 8}),
        uses={1: in_use()},
    )
    assert schedule(given, 240) == {0: 20, 60: 12, 120: 9, 180: 8}


def test_section_3_13_2_a_week_with_full_power_at_night_and_a_holiday_on_top() -> None:
    """The calendar of the text: nights of weekdays and whole weekends in full, less by day; a holiday is otherwise."""
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    hours = {24 * day + hour: limit for day in range(5) for hour, limit in ((0, 32), (6, 10), (23, 32))}
    week = profile(
        1,
        "TxDefaultProfile",
        {hour * 3600: limit for hour, limit in hours.items()},
        kind="Recurring",
        recurrency_kind="Weekly",
        start=monday,
        duration_s=7 * 86_400,
    )
    wednesday = monday + 9 * DAY
    holiday = profile(2, "TxDefaultProfile", {0: 20}, level=1, start=wednesday, duration_s=86_400)
    found = schedule(situation(week, holiday), 7 * 86_400, at=monday + 7 * DAY)
    assert {second / 3600: limit for second, limit in found.items()} == {
        0: 32, 6: 10, 23: 32, 30: 10, 47: 32, 48: 20, 72: 32, 78: 10, 95: 32, 102: 10, 119: 32,
    }  # fmt: skip


def test_section_3_13_1_a_default_on_0_counts_for_each_connector_alone() -> None:
    given = situation(profile(1, "TxDefaultProfile", {0: 10}, connector=0))
    assert [schedule(given, 60, connector=number) for number in (1, 2)] == [{0: 10}, {0: 10}]
    assert schedule(given, 60, connector=0) == {0: 20}


def test_section_7_13_beyond_its_duration_a_schedule_says_nothing() -> None:
    assert schedule(situation(profile(1, "TxDefaultProfile", {0: 10}, duration_s=60)), 120) == {0: 10, 60: 32}


# --- phases and units ---


@pytest.mark.parametrize(
    ("unit", "limit", "stated_phases", "in_use_phases", "switches", "expected_a", "expected_w"),
    [
        ("A", 10, None, None, False, "10", 6900),
        ("A", 10, 3, 1, False, "10", 2300),  # errata 3.34: as given, on the phase that is used
        ("W", 6000, None, None, False, "200/23", 6000),
        ("W", 6000, 3, 1, False, "600/23", 6000),
        ("A", 10, 1, 3, False, "10", 6900),  # it cannot switch: the current of each phase stays as given
        ("A", 10, 1, 3, True, "10", 2300),
        ("W", 2300, 1, 3, True, "10", 2300),
        ("W", 2300, 1, 3, False, "10/3", 2300),
        ("A", 0, None, None, False, "0", 0),
    ],
)
def test_amperes_are_of_a_phase_and_watts_of_all_in_use(
    unit: str, limit: float, stated_phases: int | None, in_use_phases: int | None, switches: bool,
    expected_a: str, expected_w: int,
) -> None:  # fmt: skip
    one = profile(1, "TxProfile", {0: limit}, unit=unit, phases=stated_phases)
    outlet = outlet_of(REFERENCE.connectors[0], switches_phases=switches)
    given = Situation((outlet,), Map({1: one}), Map({1: in_use(phases=in_use_phases)}))
    permitted = limit_at(given, 1, utc_of(NOW))
    assert permitted.rate("A") == Fraction(expected_a)
    assert permitted.rate("W") == expected_w
    assert permitted.suffices == (Fraction(expected_a) >= 6)


def test_what_is_reported_is_cut_to_a_tenth_and_never_rounded_up() -> None:
    given = situation(profile(1, "TxDefaultProfile", {0: 6000}, unit="W"))  # 8.6956… A
    assert schedule(given, 10, "A") == {0: 8.6}


def test_the_hint_of_the_tx_profile_is_carried_along_in_the_unit_asked_for() -> None:
    hinted = profile(1, "TxProfile", {0: 10}, min_charging_rate=Decimal("6.5"))
    given = situation(hinted, uses={1: in_use()})
    for unit, expected in (("A", "6.5"), ("W", "4485.0")):
        found = composite(given, 1, utc_of(NOW), 60, unit)  # type: ignore[arg-type]
        assert found is not None
        assert found.min_charging_rate == Decimal(expected)


# --- sharing ---


def both(*profiles: Profile, local: tuple[LocalLimit, ...] = ()) -> Situation:
    later = in_use(NOW + seconds(0.001), transaction=8)
    return situation(*profiles, uses={1: in_use(), 2: later}, local=local)


@pytest.mark.parametrize(
    ("most", "first", "second", "expected"),
    [
        (40, 32, 32, (20, 20)),
        (40, 8, 32, (8, 32)),  # what one may not use is the other's
        (41, 32, 13, (28, 13)),
        (12, 32, 32, (6, 6)),
        (11, 32, 32, (11, 0)),  # half would be too little for either: the later waits
        (11, 6, 32, (6, 0)),
        (11, 5, 32, (5, 6)),  # the first cannot charge anyway
        (8, 5, 5, (4, 4)),  # neither can charge anyway: nobody waits
        (4, 32, 32, (4, 0)),
        (100, 32, 32, (32, 32)),
        (33.3, 32, 32, (16.65, 16.65)),
    ],
)
def test_the_stations_limit_is_shared_equally(
    most: float, first: float, second: float, expected: tuple[float, float]
) -> None:
    given = both(
        profile(1, "ChargePointMaxProfile", {0: most}, connector=0),
        profile(2, "TxProfile", {0: first}),
        profile(3, "TxProfile", {0: second}, connector=2, transaction=8),
    )
    found = total_at(given, utc_of(NOW + seconds(1)))
    assert tuple(each.rate("A") for each in found.permitted) == tuple(Fraction(str(one)) for one in expected)
    assert schedule(given, 10, connector=0, at=NOW + seconds(1)) == {
        0: float(sum(map(Decimal, map(str, expected))))
    }


def test_a_car_that_may_come_waits_behind_one_that_is_there() -> None:
    most = profile(1, "ChargePointMaxProfile", {0: 10}, connector=0, start=NOW - DAY)
    given = situation(most, uses={2: in_use(NOW)})
    assert [amperes(given, at, 1) for at in (NOW - seconds(1), NOW, NOW + seconds(1))] == [0, 0, 0]
    assert amperes(given, NOW, 2) == 10


def test_a_recurrency_kind_means_nothing_where_nothing_recurs() -> None:
    one = profile(1, "TxDefaultProfile", {0: 6, 60: 10}, recurrency_kind="Daily")
    assert amperes(situation(one), NOW + DAY) == 10


def test_a_share_of_power_is_a_share_of_watts() -> None:
    most = profile(1, "ChargePointMaxProfile", {0: 11040}, connector=0, unit="W")
    uses = {1: in_use(phases=1), 2: in_use(transaction=8)}
    found = total_at(situation(most, uses=uses), utc_of(NOW))
    assert [each.rate("W") for each in found.permitted] == [5520, 5520]
    assert [each.rate("A") for each in found.permitted] == [24, 8]


def test_a_local_limit_of_the_grid_bounds_the_sum_and_one_of_a_connector_that() -> None:
    most = profile(1, "ChargePointMaxProfile", {0: 40}, connector=0)
    given = both(
        most,
        local=(LocalLimit("grid", 0, Decimal(16560), "W"), LocalLimit("temperature", 2, Decimal(10), "A")),
    )
    found = total_at(given, utc_of(NOW + seconds(1)))
    assert [each.rate("A") for each in found.permitted] == [14, 10]
    assert [(each.binding.cause, each.binding.name) for each in found.permitted] == [
        ("local", "grid"),
        ("local", "temperature"),
    ]
    assert found.rate("W") == 16560


# --- why, when, how much work ---


def test_the_answer_tells_why() -> None:
    given = situation(
        profile(1, "ChargePointMaxProfile", {0: 10}, connector=0),
        profile(3, "TxProfile", {0: 8, 50: 11}),
        uses={1: in_use()},
    )
    permitted = limit_at(given, 1, utc_of(NOW + seconds(50)))
    told = [(bound.cause, bound.profile_id, bound.period, bound.current_a) for bound in permitted.bounds]
    assert told == [("TxProfile", 3, 1, 11), ("product", None, None, 32), ("ChargePointMaxProfile", 1, 0, 10)]
    assert permitted.binding is permitted.bounds[2]


def test_the_next_boundary_is_the_first_that_can_be_seen() -> None:
    given = situation(
        profile(1, "TxDefaultProfile", {0: 6, 10: 8, 30: 9}, valid_to=NOW + seconds(40)),
        profile(2, "TxDefaultProfile", {0: 7}, level=1, start=NOW + seconds(5), duration_s=15),
    )
    at, seen = utc_of(NOW), []
    while (boundary := next_boundary(given, 1, at)) is not None:
        seen.append(boundary - utc_of(NOW))
        at = boundary
    assert seen == [5_000, 20_000, 30_000, 40_000], "10 s lies below the higher level"


def test_a_schedule_too_long_to_work_out_is_refused() -> None:
    daily = profile(1, "TxDefaultProfile", {0: 6, 3600: 8}, kind="Recurring", recurrency_kind="Daily")
    given = situation(daily)
    assert composite(given, 1, utc_of(NOW), 2**62, "A") is None
    assert composite(given, 1, utc_of(NOW), STEPS_MAX // 2 * 86400, "A") is not None


def test_every_purpose_has_its_place() -> None:
    for purpose in get_args(ChargingProfilePurposeType):
        connector = 0 if purpose == "ChargePointMaxProfile" else 1
        assert amperes(situation(profile(1, purpose, {0: 9}, connector=connector), uses={1: in_use()})) == 9


def test_a_product_without_connectors_has_no_limits() -> None:
    given = Situation((), Map({1: profile(1, "ChargePointMaxProfile", {0: 9}, connector=0)}))
    assert total_at(given, utc_of(NOW)).rate("A") == 0


def test_figures_of_a_product_are_meant_in_decimals() -> None:
    connector = REFERENCE.connectors[0].model_copy(update={"nominal_voltage_v": 230.1})
    assert outlet_of(connector) == Outlet(Fraction(2301, 10), 3, Fraction(6), Fraction(32))
