"""A simulated car: a battery, what it takes at which state of charge, and in closed form, so that time can
jump.

Up to `taper_from` percent the battery takes all that is offered, up to its own maximum; above, what it takes
falls in a straight line to a twentieth at 100 %. Energy over time is therefore a straight line and then an
exponential, both solved exactly: asking often or seldom, late or early, gives the same answer. The charger
has no losses.
"""

import math
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

_HOUR_MS: Final = 3_600_000
_LEAST: Final = 0.05
"""What the battery still takes at 100 %, as a part of its maximum."""


class Car(Struct, frozen=True):
    """A car and the state of its battery; what changes is replaced."""

    capacity_wh: float = 60_000
    soc_percent: float = 40
    target_percent: float = 100
    """Where it stops asking for energy."""
    max_power_w: float = 150_000
    """What it takes at most; on AC its on-board charger usually takes less (see `max_ac_power_w`)."""
    max_ac_power_w: float = 11_000
    taper_from_percent: float = 80
    phases: Literal[1, 3] = 3
    """How many phases its on-board charger uses."""
    paused: bool = False
    """It was told not to charge, by its driver or a timer of its own."""

    def __post_init__(self) -> None:
        if not (self.capacity_wh > 0 and self.max_power_w > 0 and self.max_ac_power_w > 0):
            raise ValueError("car: capacity_wh, max_power_w and max_ac_power_w must be above 0")
        if not (
            0 <= self.soc_percent <= 100
            and 0 < self.target_percent <= 100
            and 0 <= self.taper_from_percent < 100
        ):
            raise ValueError("car: soc_percent, target_percent and taper_from_percent are 0 to 100")

    @property
    def asks(self) -> bool:
        """Whether it asks for energy (S2 closed)."""
        return not self.paused and self.missing_wh > 0

    @property
    def missing_wh(self) -> float:
        """How much it takes until its target."""
        return max(0.0, (self.target_percent - self.soc_percent) / 100 * self.capacity_wh)

    def power_w(self, offered_w: float) -> float:
        """What it takes now of what is offered."""
        over = max(0.0, self.soc_percent - self.taper_from_percent) / (100 - self.taper_from_percent)
        return min(offered_w, self.max_power_w * (1 - (1 - _LEAST) * over))

    def energy_wh(self, duration_ms: float, offered_w: float) -> float:
        """What it takes in this time, its target at most."""
        level_w, flat_wh, fall_per_h = self._course(offered_w)
        hours = duration_ms / _HOUR_MS
        flat_h = flat_wh / level_w if level_w > 0 else math.inf
        if hours <= flat_h:
            energy_wh = level_w * hours
        else:
            energy_wh = flat_wh + level_w / fall_per_h * -math.expm1(-fall_per_h * (hours - flat_h))
        return min(energy_wh, self.missing_wh)

    def full_after_ms(self, offered_w: float) -> float:
        """How long until its target; infinite if nothing is offered."""
        level_w, flat_wh, fall_per_h = self._course(offered_w)
        if level_w <= 0:
            return math.inf
        if self.missing_wh <= flat_wh:
            return self.missing_wh / level_w * _HOUR_MS
        rest = 1 - (self.missing_wh - flat_wh) * fall_per_h / level_w
        return (flat_wh / level_w - math.log(rest) / fall_per_h) * _HOUR_MS

    def charged(self, energy_wh: float) -> "Car":
        """The car after it took this energy."""
        soc_percent = min(100.0, self.soc_percent + energy_wh / self.capacity_wh * 100)
        if energy_wh >= self.missing_wh > 0:
            soc_percent = self.target_percent  # no rounding may leave it asking for nothing
        return replace(self, soc_percent=soc_percent)

    def _course(self, offered_w: float) -> tuple[float, float, float]:
        """The level it starts at, how long in Wh it stays there, and how fast it falls then, per hour."""
        level_w = self.power_w(offered_w)
        span_percent = 100 - self.taper_from_percent
        bend_percent = (
            self.taper_from_percent + (1 - level_w / self.max_power_w) / (1 - _LEAST) * span_percent
        )
        flat_wh = max(0.0, bend_percent - self.soc_percent) / 100 * self.capacity_wh
        fall_per_h = self.max_power_w * (1 - _LEAST) / (span_percent / 100 * self.capacity_wh)
        return level_w, flat_wh, fall_per_h
