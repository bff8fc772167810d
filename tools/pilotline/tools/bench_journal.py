"""What the journal costs a step, how fast a day is replayed, and how much of it is kept.

The day is one of a station with two busy connectors, in virtual time: the real run loop, the simulated hardware, a
Central System that answers at once. The cost is measured over the steps of that day: to hand a happening over, which is
all that the loop does for the journal, beside the step itself.
"""

import asyncio
import statistics
import tempfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Final

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.journal import Bounds, Journal, segments_of
from pilotline.adapters.journal_reading import Gap
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore
from pilotline.core.step import step
from pilotline.spec.products import load_product
from pilotline.tools.bench_figure import Figure, at_least, below
from pilotline.tools.bench_memory import AnsweringLink
from pilotline.tools.replay import Replayed, replayed

SHARE_PERCENT: Final = 5
TIMES_FASTER: Final = 20
BOUNDS: Final = Bounds(segment_bytes=250_000, total_bytes=2_000_000)
_HOUR_MS: Final = 3_600_000


async def busy_day(journal: Journal, hours: int = 24) -> None:
    """Both connectors charge for 50 minutes of each hour; once a day power is cut."""
    product, clock, link = load_product("c6eu"), VirtualClock(), AnsweringLink()
    hardware = SimulatedHardware(product, clock)
    station = Station(product, MemoryStore(), hardware, link, clock=clock, journal=journal)
    link.post = station.post
    running = asyncio.create_task(station.run())
    try:
        await clock.advance(1000, station.settled)
        for hour in range(hours):
            for connector in (1, 2):
                hardware.plug_in(connector)
                hardware.present_tag(1, f"TAG{connector}")
                await clock.advance(1000, station.settled)
            if hour == hours // 2:
                await station.cut_power()
            await clock.advance(_HOUR_MS * 5 // 6, station.settled)
            for connector in (1, 2):
                hardware.unplug_ev(connector)
            await clock.advance(_HOUR_MS // 6 - 2000, station.settled)
    finally:
        running.cancel()
        await asyncio.wait((running,))


def journal_figures(hours: int = 24) -> list[Figure]:
    """A day recorded, held within its bounds, and replayed."""
    with tempfile.TemporaryDirectory() as folder:
        with closing(Journal(Path(folder), BOUNDS)) as journal:
            asyncio.run(busy_day(journal, hours))
        kept = sum(segment.stat().st_size for segment in segments_of(Path(folder)))
        began = perf_counter()
        found = list(replayed(Path(folder)))
        took_s = perf_counter() - began
        steps = [one for one in found if isinstance(one, Replayed)]
        differ = sum(one.differs for one in steps) + sum(isinstance(one, Gap) for one in found)
        assert steps, "nothing was recorded"  # noqa: S101
        instants = [one.happening.at for one in steps]
        span_s = sum(max(after - at, 0) for at, after in pairwise(instants)) / 1000
        return [
            below(
                "journal: handing over, of a step",
                _share_percent(steps, Path(folder, "cost")),
                SHARE_PERCENT,
                "%",
            ),
            at_least(
                f"journal: {len(steps)} steps replayed, faster than they were",
                span_s / took_s,
                TIMES_FASTER,
                "times",
            ),
            below("journal: steps that came to something else", differ, 1, "steps"),
            below("journal: kept of the day", kept / 1e6, BOUNDS.total_bytes / 1e6, "MB"),
        ]


def _share_percent(steps: list[Replayed], folder: Path) -> float:
    """By turns: all steps, then all handed over."""
    shares = []
    happenings = [one.happening for one in steps[:3000]]
    for turn in range(5):
        began = perf_counter()
        for happening in happenings:
            step(happening.before, happening.event, happening.at)
        stepped = perf_counter()
        with closing(Journal(folder / str(turn))) as journal:
            handing = perf_counter()
            for happening in happenings:
                journal.record(happening)
            handed = perf_counter()
        shares.append(100 * (handed - handing) / (stepped - began))
    return statistics.median(shares)
