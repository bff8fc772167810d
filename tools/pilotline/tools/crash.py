"""Kill a station again and again, and see that no transaction is lost: `python -m pilotline.tools.crash`.

The real process (`pilotline run` with simulated hardware) works against a Central System that misbehaves, while drivers
use it over its control API. It is killed by SIGKILL at random moments and started again, on the same state directory.
In the end everybody leaves, the outbox drains, and what reached the Central System is audited (`crash_audit`).
"""

import argparse
import asyncio
import contextlib
import json
import math
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from pilotline.tools.crash_audit import Arrivals, Problem, audit, transactions_of
from pilotline.tools.crash_central_system import MisbehavingCentralSystem
from pilotline.tools.crash_driver import POWER_CUTS, Drivers, Json, StationProcess

MOMENTS: Final = {"any time": 40, "at a message": 45, "while it starts": 15}
"""When it is killed, in percent."""
_ANY_TIME_S: Final = (0.1, 2.5)
_STARTING_S: Final = (0.2, 1.2)
_AFTER_MESSAGE_S: Final = (0.0, 0.03)
_MESSAGES_AWAITED_S: Final = 4.0
_DRAIN_S: Final = 120.0
_AROUND_S: Final = 6.0
"""How much of the story is told before and after a problem."""


class Line(NamedTuple):
    """One line of the story."""

    at: datetime
    who: str
    what: str


class Outcome(NamedTuple):
    """What came of a run: the figures of its table, and the promises that were not kept."""

    figures: dict[str, int]
    problems: list[Problem]
    story: list[Line]


class Crash:
    """One run."""

    def __init__(self, kills: int, seed: int, folder: Path, progress: Callable[[str], None]) -> None:
        self._kills, self._folder, self._progress = kills, folder, progress
        self._chance = random.Random(f"{seed} kills")  # noqa: S311  (it hides nothing)
        self._drivers_chance = random.Random(f"{seed} drivers")  # noqa: S311  (likewise)
        self._central_chance = random.Random(f"{seed} central system")  # noqa: S311  (likewise)
        self._story: list[Line] = []
        self._moments: Counter[str] = Counter()
        self._queued = asyncio.Semaphore(0)

    async def run(self) -> Outcome:
        """Kill, drain, audit."""
        async with MisbehavingCentralSystem(self._central_chance, self._queued.release) as central_system:
            station = StationProcess(self._folder, central_system.url)
            drivers = Drivers(station, self._drivers_chance, lambda what: self._tell("driver", what))
            driving = asyncio.create_task(drivers.drive())
            try:
                for number in range(1, self._kills + 1):
                    await self._live_and_die(station)
                    begun = len(central_system.transactions)
                    self._progress(f"{number} of {self._kills} kills, {begun} transactions so far")
                await self._drain(station, drivers, central_system)
                problems = audit(central_system.frames, drivers.seen, registers_wh(self._folder))
            except (RuntimeError, TimeoutError) as error:
                problems = [Problem(str(error) or "nothing happens any more", datetime.now(UTC))]
            finally:
                driving.cancel()
                await station.stop()
        figures = self._figures(central_system, drivers)
        return Outcome({**figures, "promises broken": len(problems)}, problems, self._told(central_system))

    async def _live_and_die(self, station: StationProcess) -> None:
        (moment,) = self._chance.choices([*MOMENTS], [*MOMENTS.values()])
        self._moments[moment] += 1
        self._tell("station", f"starts, to be killed: {moment}")
        await station.start(self._chance.choice(POWER_CUTS))
        match moment:
            case "while it starts":
                await asyncio.sleep(self._chance.uniform(*_STARTING_S))
            case "any time":
                await station.ready()
                await asyncio.sleep(self._chance.uniform(*_ANY_TIME_S))
            case _:
                await station.ready()
                await self._messages(self._chance.randint(1, 6))
                await asyncio.sleep(self._chance.uniform(*_AFTER_MESSAGE_S))
        await station.kill()
        self._tell("station", "is killed")

    async def _messages(self, count: int) -> None:
        """Until so many more transaction-related messages came in, or nothing happens."""
        while not self._queued.locked():
            await self._queued.acquire()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MESSAGES_AWAITED_S):
                for _ in range(count):
                    await self._queued.acquire()

    async def _drain(
        self, station: StationProcess, drivers: Drivers, central_system: MisbehavingCentralSystem
    ) -> None:
        self._tell("station", "starts, to drain")
        central_system.calm, drivers.leaving = True, True
        await station.start(POWER_CUTS[0])
        await station.ready()
        try:
            async with asyncio.timeout(_DRAIN_S):
                while not _is_done(await station.ask("GET", "/state")):
                    station.must_live()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise RuntimeError(f"the station has not drained within {_DRAIN_S:g} s") from None
        if await station.stop() != 0:
            raise RuntimeError("the station did not end well when it was asked to")

    # --- what came of it ------------------------------------------------------------------------------------

    def _figures(self, central_system: MisbehavingCentralSystem, drivers: Drivers) -> dict[str, int]:
        arrivals = Arrivals(central_system.frames)
        transactions, _ = transactions_of(arrivals)
        return {
            **{f"killed {moment}": self._moments[moment] for moment in MOMENTS},
            "transactions seen by the drivers": len(drivers.seen),
            "transactions at the Central System": len(transactions),
            "their messages": len(arrivals.first),
            "repeats of these": len(arrivals.repeats),
            "farthest repeat, in messages": max((back for _, back in arrivals.repeats), default=0),
            **{f"requests {fate}": count for fate, count in sorted(central_system.fates.items())},
        }

    def _told(self, central_system: MisbehavingCentralSystem) -> list[Line]:
        directions = {"received": "station →", "sent": "central →"}
        frames = [Line(frame.at, directions[frame.direction], frame.text) for frame in central_system.frames]
        return sorted([*self._story, *frames], key=lambda line: line.at)

    def _tell(self, who: str, what: str) -> None:
        self._story.append(Line(datetime.now(UTC), who, what))


def registers_wh(folder: Path) -> dict[int, int]:
    """What the meters of the simulated world show, by connector."""
    points = json.loads((folder / "world.json").read_text())["points"]
    return {number: math.floor(point["register_wh"]) for number, point in enumerate(points)}


def _is_done(state: Json | None) -> bool:
    """Nobody is there any more, and all is answered."""
    return (
        state is not None
        and not state["transactions"]
        and state["outboxLength"] == 0
        and all(point["session"] == "idle" and not point["plugged"] for point in state["connectors"])
    )


# --- the command --------------------------------------------------------------------------------------------


def table_of(figures: Mapping[str, int]) -> Table:
    """The figures as people read them."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("what")
    table.add_column("count", justify="right")
    for name, count in figures.items():
        table.add_row(name, f"{count:,}")
    return table


def report(outcome: Outcome, seed: int, folder: Path) -> Iterator[str]:
    """What went wrong, and the story around the first of it."""
    yield f"seed {seed}, the state directory is {folder}"
    yield from (f"{problem.at:%H:%M:%S.%f}  {problem.what}" for problem in outcome.problems)
    at, around = outcome.problems[0].at, timedelta(seconds=_AROUND_S)
    yield f"around {at:%H:%M:%S.%f}:"
    for line in outcome.story:
        if abs(line.at - at) <= around:
            yield f"  {line.at:%H:%M:%S.%f}  {line.who:<9}  {line.what}"


def main(arguments: list[str] | None = None) -> int:
    """Run, print the table; 0, or 1 with a report and the state directory kept if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m pilotline.tools.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often the station is killed")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn")
    options = parser.parse_args(arguments)
    folder, began = Path(tempfile.mkdtemp(prefix="pilotline-crash-")), perf_counter()

    def progress(text: str) -> None:
        print(f"{perf_counter() - began:6.0f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201  (a program's progress)

    outcome = asyncio.run(Crash(options.kills, options.seed, folder, progress).run())
    Console(highlight=False).print(table_of(outcome.figures))
    if outcome.problems:
        print("\n".join(report(outcome, options.seed, folder)))  # noqa: T201  (this is the program's voice)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
