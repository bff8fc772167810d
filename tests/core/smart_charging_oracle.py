"""What a connector may draw at one instant, straight from the text: slow, in dates, one question at a time.

Shares nothing with `pilotline.core.smart_charging` but the messages: runs of a schedule are counted one by one,
periods are searched from the first, the equal share is found by trying all that it could be.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod


class Sent(NamedTuple):
    profile: ChargingProfile
    connector: int
    received: datetime
    transaction: int | None = None


class Drawing(NamedTuple):
    transaction: int | None
    started: datetime
    charging: datetime | None
    phases: int | None


class Socket(NamedTuple):
    volts: Fraction
    phases: int
    least_a: Fraction
    most_a: Fraction
    switches_phases: bool


class World(NamedTuple):
    sockets: dict[int, Socket]
    sent: tuple[Sent, ...]
    drawing: dict[int, Drawing]
    local: tuple[tuple[int, Fraction, str], ...]


def as_if_begun(world: World, asked: int, at: datetime) -> World:
    """A car at the connector asked about (0: at each), and everybody charging from now on who does not yet."""
    drawing = dict(world.drawing)
    for connector in world.sockets:
        if asked in (0, connector) and connector not in drawing:
            drawing[connector] = Drawing(None, at, at, None)
    for connector, one in drawing.items():
        if one.charging is None:
            drawing[connector] = one._replace(charging=at)
    return world._replace(drawing=drawing)


# --- one profile ---


def _began(sent: Sent, drawing: Drawing | None, at: datetime) -> datetime | None:
    """When the run of the schedule began that would be executed at this time."""
    profile, schedule = sent.profile, sent.profile.charging_schedule
    if profile.charging_profile_kind == "Relative" or schedule.start_schedule is None:
        if drawing is None:
            first = sent.received
        elif profile.charging_profile_kind == "Relative":
            first = drawing.started
        else:
            assert drawing.charging is not None
            first = drawing.charging
        if first > at:  # the clock was set back
            return at
    else:
        first = schedule.start_schedule
    if first > at:
        return None
    again = _again(profile)
    while again is not None and first + again <= at:
        first += again
    return first


def _again(profile: ChargingProfile) -> timedelta | None:
    if profile.charging_profile_kind != "Recurring":
        return None
    return timedelta(hours=24) if profile.recurrency_kind == "Daily" else timedelta(days=7)


def _says(sent: Sent, drawing: Drawing | None, at: datetime) -> ChargingSchedulePeriod | None:
    profile, schedule = sent.profile, sent.profile.charging_schedule
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and not at < profile.valid_to:
        return None
    began = _began(sent, drawing, at)
    if began is None:
        return None
    if schedule.duration is not None and not at < began + timedelta(seconds=schedule.duration):
        return None
    holds = None
    for period in schedule.charging_schedule_period:
        if began + timedelta(seconds=period.start_period) <= at:
            holds = period
    return holds


class Stated(NamedTuple):
    limit: Fraction
    unit: str
    phases: int


def _highest(stack: list[Sent], drawing: Drawing | None, at: datetime) -> Stated | None:
    for level in sorted({sent.profile.stack_level for sent in stack}, reverse=True):
        (sent,) = [sent for sent in stack if sent.profile.stack_level == level]
        period = _says(sent, drawing, at)
        if period is not None:
            phases = 3 if period.number_phases is None else period.number_phases
            return Stated(Fraction(period.limit), sent.profile.charging_schedule.charging_rate_unit, phases)
    return None


# --- the stacks ---


def _station_stack(world: World) -> list[Sent]:
    return [sent for sent in world.sent if sent.profile.charging_profile_purpose == "ChargePointMaxProfile"]


def _connector_stack(world: World, connector: int) -> list[Sent]:
    transaction = world.drawing[connector].transaction
    own = [
        sent
        for sent in world.sent
        if sent.profile.charging_profile_purpose == "TxProfile"
        and sent.connector == connector
        and transaction is not None
        and sent.transaction == transaction
    ]
    if own:
        return own
    defaults = [sent for sent in world.sent if sent.profile.charging_profile_purpose == "TxDefaultProfile"]
    here = [sent for sent in defaults if sent.connector == connector]
    replaced = {sent.profile.stack_level for sent in here}
    return here + [
        sent for sent in defaults if sent.connector == 0 and sent.profile.stack_level not in replaced
    ]


# --- amperes ---


class Answer(NamedTuple):
    amperes: Fraction
    phases: int
    watts: Fraction


def answers(world: World, at: datetime) -> dict[int, Answer]:
    """Of everybody who draws, in a world that was made `as_if_begun`."""
    station = _highest(_station_stack(world), None, at)
    phases, most_a, volts = {}, {}, {}
    for connector, drawing in world.drawing.items():
        socket = world.sockets[connector]
        own = _highest(_connector_stack(world, connector), drawing, at)
        count = socket.phases if drawing.phases is None else min(socket.phases, drawing.phases)
        if socket.switches_phases:
            count = min(count, *(stated.phases for stated in (own, station) if stated is not None), 3)
        bounds = [socket.most_a]
        stated = [(0, own.limit, own.unit)] if own is not None else []
        for _, limit, unit in stated + [local for local in world.local if local[0] == connector]:
            bounds.append(limit if unit == "A" else limit / (socket.volts * count))
        phases[connector], most_a[connector], volts[connector] = count, min(bounds), socket.volts * count
    for limit, unit in _of_all(world, station):
        each = {connector: Fraction(1) if unit == "A" else volts[connector] for connector in most_a}
        shared = _shared(
            limit,
            _oldest_first(world),
            {connector: most_a[connector] * each[connector] for connector in most_a},
            {connector: world.sockets[connector].least_a * each[connector] for connector in most_a},
        )
        most_a = {connector: shared[connector] / each[connector] for connector in most_a}
    return {c: Answer(most_a[c], phases[c], most_a[c] * volts[c]) for c in most_a}


def _oldest_first(world: World) -> list[int]:
    """A car that is only supposed to come is the newest."""
    real = [
        connector for connector in sorted(world.drawing) if world.drawing[connector].transaction is not None
    ]
    supposed = [connector for connector in sorted(world.drawing) if connector not in real]
    return sorted(real, key=lambda connector: world.drawing[connector].started) + supposed


def _of_all(world: World, station: Stated | None) -> Iterator[tuple[Fraction, str]]:
    if station is not None:
        yield station.limit, station.unit
    for connector, limit, unit in world.local:
        if connector == 0:
            yield limit, unit


def _shared(
    limit: Fraction, by_age: list[int], most: dict[int, Fraction], least: dict[int, Fraction]
) -> dict[int, Fraction]:
    waiting: set[int] = set()
    for number, newcomer in enumerate(by_age):
        if number == 0:
            continue
        seen = [connector for connector in by_age[: number + 1] if connector not in waiting]
        given = _evenly(limit, {connector: most[connector] for connector in seen})
        if any(most[connector] >= least[connector] > given[connector] for connector in seen):
            waiting.add(newcomer)
    served = {connector: most[connector] for connector in by_age if connector not in waiting}
    return _evenly(limit, served) | dict.fromkeys(waiting, Fraction(0))


def _evenly(limit: Fraction, most: dict[int, Fraction]) -> dict[int, Fraction]:
    """The highest level up to which all may be filled that exceeds the limit nowhere."""
    if sum(most.values()) <= limit:
        return most
    candidates = [
        (limit - sum(each for each in most.values() if each < edge))
        / sum(each >= edge for each in most.values())
        for edge in most.values()
    ]
    level = max(one for one in candidates if sum(min(one, each) for each in most.values()) <= limit)
    return {connector: min(level, each) for connector, each in most.items()}


def confirm(
    world: World, connector: int, at: datetime, told: ChargingSchedule, duration_s: int, unit: str
) -> None:
    """A composite schedule says, second by second, what is asked here one instant at a time (§5.7, errata 3.28)."""
    periods = told.charging_schedule_period
    assert periods[0].start_period == 0
    assert (told.duration, told.start_schedule, told.charging_rate_unit) == (duration_s, None, unit)
    for before, after in pairwise(periods):
        assert before.start_period < after.start_period < duration_s
        assert (before.limit, before.number_phases) != (after.limit, after.number_phases), (
            "neighbours are merged"
        )
    begun = as_if_begun(world, connector, at)
    period, later = periods[0], {period.start_period: period for period in periods}
    for second in range(duration_s):
        period = later.get(second, period)
        expected = answers(begun, at + timedelta(seconds=second))
        rates = {n: answer.amperes if unit == "A" else answer.watts for n, answer in expected.items()}
        rate = rates[connector] if connector else sum(rates.values())
        assert period.limit <= rate < period.limit + Decimal("0.1"), second
        assert period.number_phases == (expected[connector].phases if connector else None)


def moments(world: World, first: datetime, last: datetime) -> set[datetime]:
    """Every instant between these at which any profile may begin to say something else."""
    found: set[datetime] = set()
    for sent in world.sent:
        profile, schedule = sent.profile, sent.profile.charging_schedule
        found |= {date for date in (profile.valid_from, profile.valid_to) if date is not None}
        begins = {schedule.start_schedule, sent.received} | {
            date for one in world.drawing.values() for date in (one.started, one.charging)
        }
        again = _again(profile)
        for begin in begins - {None}:
            assert begin is not None
            runs = [begin]
            while again is not None and runs[-1] + again <= last:
                runs.append(runs[-1] + again)
            for run in runs:
                found.add(run)
                found |= {run + timedelta(seconds=p.start_period) for p in schedule.charging_schedule_period}
                if schedule.duration is not None:
                    found.add(run + timedelta(seconds=schedule.duration))
    return {date for date in found if first <= date <= last}
