"""Simulated hardware without a station: commands in by hand, facts in a list."""

import asyncio
from pathlib import Path

from adapters.virtual_station import ac

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.core.effects import CloseContactor
from pilotline.core.events import (
    External,
)
from pilotline.core.state import Readings
from pilotline.spec.products import Product

HOUR_MS = 3_600_000


class Rig:
    """Simulated hardware without a station: commands in by hand, facts in a list."""

    def __init__(self, product: Product | None = None, file: Path | None = None, now_ms: int = 0) -> None:
        self.clock = VirtualClock(now_ms)
        self.world = SimulatedHardware(product or ac(), self.clock, file=file, entropy="c0ffee")
        self.facts: list[External] = []
        self.world.begin(self.facts.append)

    def passes(self, duration_ms: int) -> None:
        async def settled() -> None:
            pass

        asyncio.run(self.clock.advance(duration_ms, settled))

    def charge(self, car: Car | None = None) -> None:
        self.world.plug_in(1, car)
        self.world.perform(CloseContactor(1))
        self.passes(50)
        assert self.world.point(1).closed

    def told(self) -> list[External]:
        told, self.facts[:] = list(self.facts), []
        return told


def value(readings: Readings, measurand: str, phase: str | None = None) -> str:
    (found,) = [v.value for v in readings.values if (v.measurand, v.phase) == (measurand, phase)]
    return found
