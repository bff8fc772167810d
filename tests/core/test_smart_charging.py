"""The limits of smart charging, held against an evaluator that follows the text one instant at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from core import smart_charging_oracle as oracle
from pilotline.core.calendar import date_of, utc_of
from pilotline.core.charging_profiles import Profile, Use, profile_of, with_installed
from pilotline.core.smart_charging import (
    LocalLimit,
    Outlet,
    Situation,
    composite,
    limit_at,
    next_boundary,
    total_at,
)
from pilotline.core.state import Counter
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod

NOW = datetime(2026, 12, 31, 23, 59, 0, 250_000, tzinfo=UTC)
CONNECTORS = (1, 2, 3)


def situation_of(world: oracle.World) -> Situation:
    profiles: Map[int, Profile] = Map()
    for sent in world.sent:
        transaction = None if sent.transaction is None else Counter(sent.transaction)
        new = profile_of(sent.profile, sent.connector, utc_of(sent.received), transaction)
        profiles = with_installed(profiles, new)
    return Situation(
        tuple(Outlet(*world.sockets[number]) for number in sorted(world.sockets)),
        profiles,
        Map(
            {
                number: Use(
                    None if one.transaction is None else Counter(one.transaction),
                    utc_of(one.started),
                    None if one.charging is None else utc_of(one.charging),
                    one.phases,
                )
                for number, one in world.drawing.items()
            }
        ),
        tuple(
            LocalLimit(
                "temperature" if number else "grid",
                number,
                Decimal(limit.numerator) / limit.denominator,
                unit,
            )  # type: ignore[arg-type]
            for number, limit, unit in world.local
        ),
    )


# --- random worlds: much happens within two minutes before and after NOW ---

OFFSETS_MS = st.one_of(
    st.integers(-120, 120).map(lambda seconds: seconds * 1000 - 250),
    st.integers(-120, 120).map(lambda seconds: seconds * 1000),
    st.integers(-120_000, 120_000),
)
DATES = OFFSETS_MS.map(lambda ms: NOW + timedelta(milliseconds=ms))
STARTS = st.builds(
    lambda date, days: date - timedelta(days=days), DATES, st.sampled_from((0, 0, 1, 6, 7, 14, 15))
)
LIMITS = st.one_of(
    st.integers(0, 40).map(Decimal), st.integers(0, 400).map(lambda tenths: Decimal(tenths) / 10)
)
DAY_S = 86_400


@st.composite
def schedules(draw: st.DrawFn, recurrence_s: int | None) -> ChargingSchedule:
    unit = draw(st.sampled_from(("A", "W")))
    near = st.integers(1, 240)
    seconds = (
        near if recurrence_s is None else st.one_of(near, near.map(lambda after: recurrence_s - 120 + after))
    )
    starts = sorted({0} | draw(st.sets(seconds, max_size=3)))
    return ChargingSchedule(
        charging_rate_unit=unit,
        charging_schedule_period=tuple(
            ChargingSchedulePeriod(
                start_period=start,
                limit=draw(LIMITS) * (100 if unit == "W" else 1),
                number_phases=draw(st.sampled_from((None, 1, 2, 3))),
            )
            for start in starts
        ),
        duration=draw(st.none() | st.integers(0, 300) | seconds),
        start_schedule=draw(st.none() | STARTS),
        min_charging_rate=draw(st.none() | LIMITS),
    )


@st.composite
def profiles(draw: st.DrawFn, number: int) -> oracle.Sent:
    purpose = draw(
        st.sampled_from(("ChargePointMaxProfile", "TxDefaultProfile", "TxDefaultProfile", "TxProfile"))
    )
    connector = {
        "ChargePointMaxProfile": st.just(0),
        "TxDefaultProfile": st.sampled_from((0, 0, 1, 2)),
        "TxProfile": st.sampled_from((1, 1, 2)),
    }[purpose]
    kind = draw(st.sampled_from(("Absolute", "Recurring", "Recurring", "Relative")))
    recurrency = draw(st.sampled_from(("Daily", "Weekly"))) if kind == "Recurring" else None
    recurrence_s = {"Daily": DAY_S, "Weekly": 7 * DAY_S, None: None}[recurrency]
    where = draw(connector)
    return oracle.Sent(
        ChargingProfile(
            charging_profile_id=number,
            stack_level=draw(st.integers(0, 2)),
            charging_profile_purpose=purpose,
            charging_profile_kind=kind,
            charging_schedule=draw(schedules(recurrence_s)),
            recurrency_kind=recurrency,
            valid_from=draw(st.none() | DATES),
            valid_to=draw(st.none() | DATES),
        ),
        where,
        draw(DATES),
        where * 10 if purpose == "TxProfile" else None,
    )


def socket(volts: str, phases: int, least_a: int, most_a: int, *, switches: bool = False) -> oracle.Socket:
    return oracle.Socket(Fraction(volts), phases, Fraction(least_a), Fraction(most_a), switches)


STATIONS = (
    (socket("230", 3, 6, 32), socket("230", 3, 6, 32), socket("230", 3, 6, 32)),
    (socket("230", 3, 6, 32, switches=True), socket("230.5", 1, 5, 16), socket("110", 1, 0, 16)),
    (
        socket("230", 3, 0, 16, switches=True),
        socket("230", 3, 6, 16, switches=True),
        socket("400", 1, 5, 125),
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> oracle.World:
    sent: dict[tuple[str, int, int], oracle.Sent] = {}
    for number in range(draw(st.integers(0, 6))):
        one = draw(profiles(number))
        sent[one.profile.charging_profile_purpose, one.connector, one.profile.stack_level] = one
    sockets = dict(zip(CONNECTORS, draw(st.sampled_from(STATIONS)), strict=True))
    drawing = {
        number: oracle.Drawing(
            number * 10, draw(DATES), draw(st.none() | DATES), draw(st.sampled_from((None, 1, 2, 3)))
        )
        for number in draw(st.sets(st.sampled_from(CONNECTORS)))
    }
    local = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 30).map(Fraction), st.sampled_from(("A", "W"))).map(
                lambda one: (one[0], one[1] * (400 if one[2] == "W" else 1), one[2])
            ),
            max_size=2,
        )
    )
    return oracle.World(sockets, tuple(sent.values()), drawing, tuple(local))


def oracle_at(world: oracle.World, connector: int, at: datetime) -> oracle.Answer:
    return oracle.answers(oracle.as_if_begun(world, connector, at), at)[connector]


def found_at(situation: Situation, connector: int, at: datetime) -> oracle.Answer:
    found = limit_at(situation, connector, utc_of(at))
    return oracle.Answer(found.rate("A"), found.phases, found.rate("W"))


# --- against the oracle ---


@given(worlds(), st.sampled_from(CONNECTORS), st.lists(DATES, min_size=3, max_size=6))
def test_the_limit_is_the_oracles_at_every_boundary_and_at_any_instant(
    world: oracle.World, connector: int, dates: list[datetime]
) -> None:
    situation = situation_of(world)
    edges = oracle.moments(world, NOW - timedelta(minutes=5), NOW + timedelta(minutes=5))
    millisecond = timedelta(milliseconds=1)
    for at in sorted(edges | {edge - millisecond for edge in edges} | set(dates)):
        assert found_at(situation, connector, at) == oracle_at(world, connector, at), at


@given(worlds(), st.sampled_from(CONNECTORS), DATES)
def test_nothing_changes_before_the_next_boundary(
    world: oracle.World, connector: int, since: datetime
) -> None:
    situation = situation_of(world)
    until = NOW + timedelta(days=8)
    edges = sorted(edge for edge in oracle.moments(world, since, until) if edge > since)
    at = since
    for edge in edges:
        boundary = next_boundary(situation, connector, utc_of(at))
        if boundary is not None and date_of(boundary) <= edge:
            at = edge
            continue
        assert oracle_at(world, connector, edge) == oracle_at(world, connector, at), (at, edge)


@given(worlds(), st.sampled_from((0, *CONNECTORS)), st.integers(1, 150), st.sampled_from(("A", "W")))
def test_the_composite_is_the_oracles_second_by_second(
    world: oracle.World, connector: int, duration_s: int, unit: Any
) -> None:
    found = composite(situation_of(world), connector, utc_of(NOW), duration_s, unit)
    assert found is not None
    oracle.confirm(world, connector, NOW, found, duration_s, unit)


# --- what always holds ---


@given(worlds(), DATES)
def test_no_limit_is_above_any_bound_and_the_sum_not_above_the_stations(
    world: oracle.World, at: datetime
) -> None:
    situation = situation_of(world)
    total = total_at(situation, utc_of(at))
    for permitted in total.permitted:
        assert any(bound.cause == "product" for bound in permitted.bounds)
        for bound in permitted.bounds:
            if bound.profile_id is not None:
                profile = situation.profiles[bound.profile_id]
                assert bound.period is not None
                assert bound.limit == Fraction(profile.periods[bound.period].limit)
            assert permitted.rate(bound.unit) <= bound.limit
        assert permitted.binding.current_a == permitted.rate("A")
    for bound in total.permitted[0].bounds:
        if bound.cause == "ChargePointMaxProfile" or bound.name == "grid":
            assert total.rate(bound.unit) <= bound.limit


@given(worlds(), DATES, st.randoms(use_true_random=False))
def test_the_order_in_which_profiles_came_does_not_matter(
    world: oracle.World, at: datetime, random: Any
) -> None:
    others = list(world.sent)
    random.shuffle(others)
    now = utc_of(at)
    assert total_at(situation_of(world._replace(sent=tuple(others))), now) == total_at(
        situation_of(world), now
    )


@pytest.mark.parametrize("station", STATIONS)
@pytest.mark.parametrize("connector", CONNECTORS)
def test_without_profiles_the_product_alone_bounds(
    station: tuple[oracle.Socket, ...], connector: int
) -> None:
    sockets = dict(zip(CONNECTORS, station, strict=True))
    situation = situation_of(oracle.World(sockets, (), {}, ()))
    permitted = limit_at(situation, connector, utc_of(NOW))
    assert permitted.rate("A") == sockets[connector].most_a
    assert [bound.cause for bound in permitted.bounds] == ["product"]
    assert next_boundary(situation, connector, utc_of(NOW)) is None
