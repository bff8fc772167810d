"""How long the questions of smart charging take: the composite schedule of a day, and the limit at an instant."""

import statistics
import timeit
from collections.abc import Callable
from decimal import Decimal
from time import process_time
from typing import Final

from immutables import Map

from pilotline.core.charging_profiles import Period, Profile, Use
from pilotline.core.smart_charging import Situation, composite, limit_at, outlet_of
from pilotline.core.state import Counter, UtcTime
from pilotline.spec.products import load_product
from pilotline.tools.bench_figure import Figure, below, times_the_cost
from pilotline.tools.bench_rows import Peer, cases

NOW: Final = UtcTime(1_796_000_000_000)
DAY_S: Final = 86_400
LEVELS: Final = 8
PERIODS: Final = 24
MANY: Final = 10_000
COMPOSITE_US: Final = 150
LIMIT_US: Final = 20
COMPOSITE_TRIGGERS: Final = 26.0
LIMIT_TRIGGERS: Final = 3.4
"""What these times are on the machine the targets were set on: there a `trigger` takes 5.8 us."""
LINEAR: Final = 1.5
REPETITIONS: Final = 15
TRIGGERS: Final = 2000


def stacked(periods: int = PERIODS, levels: int = LEVELS) -> Situation:
    """A transaction with so many TxProfiles of a day, with so many periods each. The higher the shorter, so that in the
    end every level is seen.
    """
    step_s = DAY_S // periods
    profiles = {
        level: Profile(
            level,
            1,
            "TxProfile",
            level,
            "Absolute",
            "A",
            tuple(
                Period(place * step_s, Decimal(60 + (place * 7 + level) % 250).scaleb(-1))
                for place in range(periods)
            ),
            NOW,
            Counter(7),
            start=NOW,
            duration_s=DAY_S - level * DAY_S // (2 * levels),
        )
        for level in range(levels)
    }
    outlets = tuple(map(outlet_of, load_product("reference").connectors))
    return Situation(outlets, Map(profiles), Map({1: Use(Counter(7), NOW, NOW)}))


def day_of(given: Situation) -> int:
    """Work out the composite schedule of a day: of how many periods?"""
    found = composite(given, 1, NOW, DAY_S, "A")
    return 0 if found is None else len(found.charging_schedule_period)


def schedule_figures(repetitions: int = REPETITIONS) -> list[Figure]:
    """Medians of several turns, each after a turn of `trigger`.

    The limit is asked at another instant every time, spread over the day; the cost of a period in a long schedule is
    compared with that in one of a tenth.
    """
    small, peer = stacked(), Peer(cases()[0])
    instants = [UtcTime(NOW + place * 431_987) for place in range(200)]

    def limits() -> None:
        for at in instants:
            limit_at(small, 1, at)

    whole = _measured(lambda: day_of(small), 50, peer, repetitions)
    one = _measured(limits, 1, peer, repetitions)
    limit = [value / len(instants) for value in one]
    tenth, long = stacked(MANY // 10, 1), stacked(MANY, 1)
    few_us = _measured(lambda: day_of(tenth), 5, peer, repetitions)[0] / day_of(tenth)
    many_us = _measured(lambda: day_of(long), 1, peer, repetitions)[0] / day_of(long)
    name = f"schedule: a day of {LEVELS} x {PERIODS} periods"
    return [
        below(name, whole[0], COMPOSITE_US, "us"),
        below(f"{name} in triggers", whole[1], COMPOSITE_TRIGGERS, "triggers"),
        below("schedule: the limit at an instant", limit[0], LIMIT_US, "us"),
        below("schedule: the limit at an instant in triggers", limit[1], LIMIT_TRIGGERS, "triggers"),
        times_the_cost(
            f"schedule: a period of {MANY:,}, beside one of {MANY // 10:,}", many_us, few_us, LINEAR
        ),
    ]


def _measured(ask: Callable[[], object], number: int, peer: Peer, repetitions: int) -> tuple[float, float]:
    """Of CPU time: the microseconds of a question, and how many triggers that are."""
    times, ratios = [], []
    for _ in range(repetitions):
        trigger_s = timeit.timeit(peer.fire, timer=process_time, number=TRIGGERS) / TRIGGERS
        peer.forget()
        times.append(timeit.timeit(ask, timer=process_time, number=number) / number)
        ratios.append(times[-1] / trigger_s)
    return statistics.median(times) * 1e6, statistics.median(ratios)
