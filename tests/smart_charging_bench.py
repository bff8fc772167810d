"""How long the questions of smart charging take: 100 profiles of 24 periods, both connectors of the reference product.

Run it with `python tests/smart_charging_bench.py`.
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from time import perf_counter
from typing import Final, NamedTuple

from immutables import Map

from pilotline.core.charging_profiles import Period, Profile, Use
from pilotline.core.smart_charging import Situation, composite, limit_at, next_boundary, outlet_of
from pilotline.core.state import Counter, UtcTime
from pilotline.spec.products import load_product
from pilotline.spec.types import ChargingProfilePurposeType

NOW: Final = UtcTime(1_796_000_000_000)
DAY_S: Final = 86_400
PROFILES: Final = 100
PERIODS: Final = 24
PLACES: Final[tuple[tuple[ChargingProfilePurposeType, int, int | None], ...]] = (
    ("ChargePointMaxProfile", 0, None),
    ("TxDefaultProfile", 0, None),
    ("TxDefaultProfile", 1, None),
    ("TxProfile", 1, 7),
    ("TxProfile", 2, 8),
)


class Figure(NamedTuple):
    question: str
    microseconds: float
    periods: int = 0


def crowded() -> Situation:
    """As many profiles as the reference product installs; each of a day, the higher the level the shorter, so that a
    question goes through the whole stack before it has its answer.
    """
    profiles = Map(
        {
            number: _profile(number, *PLACES[number % len(PLACES)], level=number // len(PLACES))
            for number in range(PROFILES)
        }
    )
    uses = Map({1: Use(Counter(7), NOW, NOW), 2: Use(Counter(8), NOW, NOW)})
    return Situation(tuple(map(outlet_of, load_product("reference").connectors)), profiles, uses)


def _profile(
    number: int, purpose: ChargingProfilePurposeType, connector: int, transaction: int | None, *, level: int
) -> Profile:
    periods = tuple(
        Period(hour * 3600 + number, Decimal(6 + (hour + number) % 26) if hour else Decimal(16))
        for hour in range(PERIODS)
    )
    return Profile(
        number,
        connector,
        purpose,
        level,
        "Recurring",
        "A",
        (Period(0, Decimal(16)), *periods[1:]),
        NOW,
        None if transaction is None else Counter(transaction),
        recurrency_kind="Daily",
        start=UtcTime(NOW - 100 * DAY_S * 1000),
        duration_s=DAY_S - level * 3600,
    )


def figures(repeats: int = 200) -> list[Figure]:
    """Of each question the mean; the last are of a whole day."""
    given, late = crowded(), UtcTime(NOW + 23 * 3_600_000)
    questions: tuple[tuple[str, Callable[[], object], int], ...] = (
        ("limit_at, early", lambda: limit_at(given, 1, NOW), repeats),
        ("limit_at, late", lambda: limit_at(given, 1, late), repeats),
        ("next_boundary, late", lambda: next_boundary(given, 1, late), repeats),
        ("composite of an hour", lambda: composite(given, 1, NOW, 3600, "A"), max(repeats // 10, 1)),
        ("composite of a day", lambda: composite(given, 1, NOW, DAY_S, "A"), max(repeats // 40, 1)),
        (
            "composite of a day, connector 0",
            lambda: composite(given, 0, NOW, DAY_S, "W"),
            max(repeats // 40, 1),
        ),
    )
    found = []
    for name, ask, times in questions:
        began = perf_counter()
        for _ in range(times):
            answer = ask()
        took = (perf_counter() - began) / times
        count = len(getattr(answer, "charging_schedule_period", ()))
        found.append(Figure(name, took * 1e6, count))
    return found


if __name__ == "__main__":
    sys.stdout.writelines(
        f"{one.question:34} {one.microseconds:10.0f} µs {one.periods or ''}\n" for one in figures()
    )
