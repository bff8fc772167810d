"""How much a connector may draw, and why; when that may change; the composite schedule (§3.13, §5.7).

Theory of operation: every source states a bound, and the least of them holds. A connector has its own: the product, the
prevailing profile of its transaction or the default in its place, limits measured on the spot. The station has some for
all connectors together: the ChargePointMaxProfile, limits of its grid connection. Such a bound is shared in its own
unit, for a fuse bears a sum of currents and a supply contract a sum of powers:

- everybody with a transaction has an equal share, for nothing in the standard prefers one driver to another; also one
  whose car takes nothing just now, for it may begin again at any moment;
- what somebody's own bounds keep him from using is shared among the others;
- whoever began later waits, with nothing, while his share would leave anybody too little to charge at all: half of 10 A
  twice charges no car.

Currents are summed as if all cars used the same phase, which is never too much. All arithmetic is exact; a limit that
leaves this module as a `Limit` is cut, never rounded up.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core.charging_profiles import (
    Chosen,
    Placed,
    Prevailing,
    Profile,
    Use,
    pieces,
    prevailing,
    stack_of,
    stack_of_station,
)
from pilotline.core.state import LocalLimit as LocalLimit
from pilotline.core.state import Map, UtcTime
from pilotline.spec.messages.structures import ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.products.model import Connector
from pilotline.spec.types import LIMIT_MAX, ChargingProfilePurposeType, ChargingRateUnitType

STEPS_MAX: Final = 20_000
"""Most changes a composite schedule is worked out for; whoever asks beyond is refused. A question has no bound."""

# --- what is given ---


class Outlet(Struct, frozen=True):
    """What counts of a connector's product: nominal values, per phase."""

    voltage_v: Fraction
    phases: int
    min_current_a: Fraction
    max_current_a: Fraction
    switches_phases: bool = False
    """ConnectorSwitch3to1PhaseSupported (§9.4.4)."""


class Situation(Struct, frozen=True):
    """All that the limits depend on, besides the time."""

    outlets: tuple[Outlet, ...]
    """Of connector 1, 2 …"""
    profiles: Map[int, Profile] = Map()
    """By chargingProfileId; never two of the same purpose and stackLevel on a connector."""
    uses: Map[int, Use] = Map()
    """By connector."""
    local_limits: tuple[LocalLimit, ...] = ()

    @property
    def connectors(self) -> range:
        """Their numbers: the only ones that may be asked about, besides 0."""
        return range(1, len(self.outlets) + 1)


def outlet_of(connector: Connector, *, switches_phases: bool = False) -> Outlet:
    """A connector of a product; what its file says in decimals is meant in decimals."""
    return Outlet(
        Fraction(repr(connector.nominal_voltage_v)),
        connector.phases,
        Fraction(repr(connector.min_current_a)),
        Fraction(repr(connector.max_current_a)),
        switches_phases,
    )


# --- what is found ---

Cause: TypeAlias = ChargingProfilePurposeType | Literal["product", "local"]


class Bound(Struct, frozen=True):
    """What one source leaves to a connector."""

    cause: Cause
    limit: Fraction
    """As it was stated, in its unit; one for the whole station is not yet shared."""
    unit: ChargingRateUnitType
    current_a: Fraction
    """What that is for this connector, on each phase."""
    name: str | None = None
    """Which local limit."""
    profile_id: int | None = None
    period: int | None = None
    """The place of its period in the profile, from 0."""
    min_charging_rate: Decimal | None = None
    """A hint in the same unit; it bounds nothing (§7.13)."""


class Permitted(Struct, frozen=True):
    """How much a connector may draw, with all that was asked about it."""

    connector: int
    outlet: Outlet
    phases: int
    """How many it may draw on."""
    bounds: tuple[Bound, ...]

    @property
    def binding(self) -> Bound:
        """The bound that holds; of equal ones the more particular."""
        return min(self.bounds, key=lambda bound: bound.current_a)

    @property
    def suffices(self) -> bool:
        """Whether a car can charge with it; if not, the station suspends (SuspendedEVSE)."""
        return self.binding.current_a >= self.outlet.min_current_a

    def per_ampere(self, unit: ChargingRateUnitType) -> Fraction:
        """Of the unit, for each ampere: by the nominal voltage, never a measured one (§7.12)."""
        return Fraction(1) if unit == "A" else self.outlet.voltage_v * self.phases

    def rate(self, unit: ChargingRateUnitType) -> Fraction:
        """Exactly: the current of each phase, or the power of all."""
        return self.binding.current_a * self.per_ampere(unit)


class Total(Struct, frozen=True):
    """How much the whole station may draw: its connectors together."""

    permitted: tuple[Permitted, ...]

    def rate(self, unit: ChargingRateUnitType) -> Fraction:
        """Exactly: the current of each phase, or the power of all."""
        return sum((each.rate(unit) for each in self.permitted), Fraction(0))


def limit_of(rate: Fraction) -> Decimal:
    """The largest Limit that is not above this rate."""
    return Decimal(math.floor(rate * 10)).scaleb(-1)


# --- the questions ---


def limit_at(situation: Situation, connector: int, at: UtcTime) -> Permitted:
    """How much a connector may draw at this instant. If nobody uses it: how much, if somebody began just then."""
    return _seen(_planned(situation, connector, at), at).permitted[connector]


def total_at(situation: Situation, at: UtcTime) -> Total:
    """How much the station may draw, whoever comes: idle connectors count as if somebody began just then."""
    return Total(tuple(_seen(_planned(situation, 0, at), at).permitted.values()))


def next_boundary(situation: Situation, connector: int, at: UtcTime) -> UtcTime | None:
    """The first instant after this one at which a limit may be another, of a connector or (0) of any; None: never."""
    return _seen(_planned(situation, connector, at), at).until


def composite(
    situation: Situation, connector: int, at: UtcTime, duration_s: int, unit: ChargingRateUnitType
) -> ChargingSchedule | None:
    """What GetCompositeSchedule answers for a connector or, with 0, the station; None: it would be too much work.

    The limit of a second is the one at its beginning, counted from this instant (errata 3.28, 3.29). Of an idle
    connector, and of a transaction that has not charged yet, it is told as if charging began now.
    """
    plan = _planned(situation, connector, at)
    last = UtcTime(at + (max(duration_s, 1) - 1) * 1000 + 1)
    swept = _swept(plan, connector, at, last, unit)
    if swept is None:
        return None
    periods: list[ChargingSchedulePeriod] = []
    told: tuple[int, int | None] | None = None
    for place, (second, tenths, phases) in enumerate(swept):
        hidden = place + 1 < len(swept) and swept[place + 1][0] == second
        if not hidden and told != (tenths, phases):
            told = tenths, phases
            periods.append(
                ChargingSchedulePeriod(
                    start_period=second, limit=Decimal(tenths).scaleb(-1), number_phases=phases
                )
            )
    return ChargingSchedule(
        charging_rate_unit=unit,
        charging_schedule_period=tuple(periods),
        duration=duration_s,
        min_charging_rate=_min_charging_rate(_seen(plan, at).permitted[connector], unit)
        if connector
        else None,
    )


def _min_charging_rate(permitted: Permitted, unit: ChargingRateUnitType) -> Decimal | None:
    """The hint of the transaction's own profile, in this unit; cut upwards, for below it charging is inefficient."""
    for bound in permitted.bounds:
        if bound.min_charging_rate is not None and bound.cause != "ChargePointMaxProfile":
            current_a = Fraction(bound.min_charging_rate) / permitted.per_ampere(bound.unit)
            return min(Decimal(math.ceil(current_a * permitted.per_ampere(unit) * 10)).scaleb(-1), LIMIT_MAX)
    return None


# --- made ready ---


class _Plan(NamedTuple):
    """A situation made ready for questions: who is in use or taken to be, and the stacks, highest level first."""

    situation: Situation
    uses: Mapping[int, Use]
    of_station: tuple[Placed, ...]
    of_connector: Mapping[int, tuple[Placed, ...]]


def _planned(situation: Situation, asked: int, at: UtcTime) -> _Plan:
    """Whoever is asked about (0: all) and idle is taken to begin now, as is the charging of all who have not yet."""
    newcomers = {connector: Use(None, at) for connector in ((asked,) if asked else situation.connectors)}
    uses = newcomers | dict(situation.uses)
    return _Plan(
        situation,
        dict(sorted(uses.items())),
        stack_of_station(situation.profiles),
        {connector: stack_of(situation.profiles, connector, use, at) for connector, use in uses.items()},
    )


class _Seen(NamedTuple):
    """What all in use may draw, and until when nothing of it changes; None: for ever."""

    permitted: dict[int, Permitted]
    until: UtcTime | None


def _seen(plan: _Plan, at: UtcTime) -> _Seen:
    of_station = prevailing(plan.of_station, at)
    of_connector = {connector: prevailing(stack, at) for connector, stack in plan.of_connector.items()}
    untils = [each.until for each in (of_station, *of_connector.values()) if each.until is not None]
    return _Seen(_permitted(plan, of_station, of_connector), min(untils, default=None))


# --- over time ---


class _Step(NamedTuple):
    """What may be drawn from this second on, until the next."""

    second: int
    tenths: int
    """Of the unit asked for: the precision of the messages (§7.14)."""
    phases: int | None


def _swept(
    plan: _Plan, asked: int, at: UtcTime, end: UtcTime, unit: ChargingRateUnitType
) -> list[_Step] | None:
    """Every change of any stack, in order; of those within one second the last counts. None: more than STEPS_MAX."""
    stacks = {0: plan.of_station, **plan.of_connector}
    if asked and _alone(plan, asked):
        stacks = {place: stacks[place] for place in ((0, asked) if len(plan.uses) == 1 else (asked,))}
    changes: list[tuple[UtcTime, int, Profile | None, int]] = []
    for place, stack in stacks.items():
        found = pieces(stack, at, end, STEPS_MAX)
        if found is None:
            return None
        changes += [(since, place, profile, index) for since, profile, index in found]
    if len(changes) > STEPS_MAX + len(stacks):
        return None
    changes.sort(key=itemgetter(0))
    if asked and _alone(plan, asked):
        return _least(plan, asked, at, changes, unit)
    return _shared(plan, asked, at, changes, unit)


def _alone(plan: _Plan, connector: int) -> bool:
    """Nobody shares with this connector, and its phases are the same all the time: its limit is the least of all."""
    shares = plan.of_station or any(local.connector == 0 for local in plan.situation.local_limits)
    return not plan.situation.outlets[connector - 1].switches_phases and (len(plan.uses) == 1 or not shares)


def _least(
    plan: _Plan,
    connector: int,
    at: UtcTime,
    changes: list[tuple[UtcTime, int, Profile | None, int]],
    unit: ChargingRateUnitType,
) -> list[_Step]:
    """The least of all bounds, in whole tenths: cutting keeps the order, so each is cut before they are compared."""
    each = _by_own_bounds(plan, connector, None, None)
    fixed = [each.rate(unit)] + [
        Fraction(local.limit) / each.per_ampere(local.unit) * each.per_ampere(unit)
        for local in plan.situation.local_limits
        if local.connector == 0
    ]
    ratios = {
        stated: 10 * each.per_ampere(unit) / each.per_ampere(stated)
        for stated in get_args(ChargingRateUnitType)
    }
    parts = {stated: ratio.as_integer_ratio() for stated, ratio in ratios.items()}
    always = math.floor(min(fixed) * 10)
    now = {0: always, connector: always}
    steps = []
    for since, place, profile, index in changes:
        if profile is None:
            now[place] = always
        else:
            number, of = profile.periods[index].limit.as_integer_ratio()
            by, over = parts[profile.unit]
            now[place] = number * by // (of * over)
        steps.append(_Step(-((at - since) // 1000), min(always, now[0], now[connector]), each.phases))
    return steps


def _shared(
    plan: _Plan,
    asked: int,
    at: UtcTime,
    changes: list[tuple[UtcTime, int, Profile | None, int]],
    unit: ChargingRateUnitType,
) -> list[_Step]:
    """As `_permitted` shares what is for all. The same periods together, as on another day, are worked out once."""
    now: dict[int, Chosen | None] = dict.fromkeys((0, *plan.of_connector))
    known: dict[tuple[tuple[int, int] | None, ...], tuple[int, int | None]] = {}
    steps = []
    for number, (since, place, profile, index) in enumerate(changes):
        now[place] = None if profile is None else Chosen(profile, index)
        second = -((at - since) // 1000)
        if number + 1 < len(changes) and -((at - changes[number + 1][0]) // 1000) == second:
            continue
        key = tuple(None if one is None else (one.profile.profile_id, one.index) for one in now.values())
        if key not in known:
            permitted = _permitted(
                plan, Prevailing(now[0], None), {one: Prevailing(now[one], None) for one in plan.of_connector}
            )
            whose = permitted[asked] if asked else Total(tuple(permitted.values()))
            phases = whose.phases if isinstance(whose, Permitted) else None
            known[key] = math.floor(whose.rate(unit) * 10), phases
        steps.append(_Step(second, *known[key]))
    return steps


# --- bounds, and how those of the station are shared ---


def _permitted(
    plan: _Plan, of_station: Prevailing, of_connector: Mapping[int, Prevailing]
) -> dict[int, Permitted]:
    """The bounds of the station one after the other, each among what the former left."""
    permitted = {
        connector: _by_own_bounds(plan, connector, of_connector[connector].chosen, of_station.chosen)
        for connector in plan.uses
    }
    shared = [] if of_station.chosen is None else [_stated(of_station.chosen)]
    shared += [_found(local) for local in plan.situation.local_limits if local.connector == 0]
    by_age = sorted(plan.uses, key=lambda connector: _age(connector, plan.uses[connector]))
    for bound in shared:
        factors = {connector: each.per_ampere(bound.unit) for connector, each in permitted.items()}
        shares = _shares(
            bound.limit,
            by_age,
            {connector: each.rate(bound.unit) for connector, each in permitted.items()},
            {
                connector: each.outlet.min_current_a * factors[connector]
                for connector, each in permitted.items()
            },
        )
        for connector, each in permitted.items():
            share = replace(bound, current_a=shares[connector] / factors[connector])
            permitted[connector] = replace(each, bounds=(*each.bounds, share))
    return permitted


def _age(connector: int, use: Use) -> tuple[bool, UtcTime, int]:
    """Who is only taken to begin comes after all who did."""
    return use.transaction is None, use.started, connector


def _by_own_bounds(plan: _Plan, connector: int, own: Chosen | None, of_station: Chosen | None) -> Permitted:
    outlet, use = plan.situation.outlets[connector - 1], plan.uses[connector]
    phases = min(outlet.phases, use.phases or outlet.phases)
    if outlet.switches_phases:
        for chosen in (own, of_station):
            if chosen is not None:  # more than are in use change nothing (errata 3.34)
                phases = min(phases, max(chosen.period.phases, 1))
    stated = [] if own is None else [_stated(own)]
    stated += [_found(local) for local in plan.situation.local_limits if local.connector == connector]
    stated.append(Bound("product", outlet.max_current_a, "A", outlet.max_current_a))
    each = Permitted(connector, outlet, phases, ())
    bounds = (
        bound if bound.unit == "A" else replace(bound, current_a=bound.limit / each.per_ampere("W"))
        for bound in stated
    )
    return replace(each, bounds=tuple(bounds))


@lru_cache(1024)
def _stated(chosen: Chosen) -> Bound:
    profile = chosen.profile
    limit = Fraction(chosen.period.limit)
    return Bound(
        profile.purpose,
        limit,
        profile.unit,
        limit,
        profile_id=profile.profile_id,
        period=chosen.index,
        min_charging_rate=profile.min_charging_rate,
    )


def _found(local: LocalLimit) -> Bound:
    limit = Fraction(local.limit)
    return Bound("local", limit, local.unit, limit, name=local.cause)


def _shares(
    limit: Fraction, by_age: list[int], most: Mapping[int, Fraction], least: Mapping[int, Fraction]
) -> dict[int, Fraction]:
    """What a limit for all leaves to each who can use so much at most, and at least needs so much to charge."""
    served: list[int] = []
    for connector in by_age:
        level = _level(limit, [most[other] for other in (*served, connector)])
        too_little = any(level < least[other] <= most[other] for other in (*served, connector))
        if not served or not too_little:
            served.append(connector)
    level = _level(limit, [most[connector] for connector in served])
    return {connector: level if connector in served else Fraction(0) for connector in by_age}


def _level(limit: Fraction, most: list[Fraction]) -> Fraction:
    """The equal share: who can use less leaves the rest to the others. If there is enough for all, it is more than
    anybody can use.
    """
    left = limit
    for number, each in enumerate(sorted(most)):
        equal = left / (len(most) - number)
        if equal <= each:
            return equal
        left -= each
    return max(most, default=Fraction(0)) + left
