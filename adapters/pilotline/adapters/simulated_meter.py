"""A simulated meter: every measurand that the product's meter has, from energy and power, as a SampledValue
says it.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from pilotline.core.state import Readings, SampledReading, Wh
from pilotline.spec.products import Metered
from pilotline.spec.types import Phase, UnitOfMeasure

_POWER_FACTOR: Final = 0.98  # of an on-board charger, AC only
_MAINS_HZ: Final = 50
_AMBIENT_CELSIUS: Final = 25
_WARMING_CELSIUS: Final = 20  # at full power


class Electrics(Struct, frozen=True):
    """What flows at a connector now, and what has flowed."""

    energy_wh: float
    power_w: float
    offered_w: float
    full_power_w: float
    voltage_v: float
    phases: int
    """Those that carry current: the connector's that the car uses."""
    alternating: bool
    soc_percent: float | None
    """As far as the car tells it; None without a car."""


def readings_of(meter: tuple[Metered, ...], now: Electrics) -> Readings:
    """All that the meter shows; what flowed in an interval is not for a meter to say."""
    values = [reading for metered in _shown(meter) for reading in _readings(metered, now)]
    return Readings(Wh(math.floor(now.energy_wh)), tuple(values))


def sum_of(meter: tuple[Metered, ...], readings: Sequence[Readings]) -> Readings:
    """A main meter that is not there: of what adds up, energy and power, the sum over all connectors, at the inlet."""
    values = []
    for metered in _shown(meter):
        if _adds_up(metered.measurand):
            parts = [v for r in readings for v in r.values if _is(v, metered) and v.phase is None]
            total = sum((Decimal(part.value) for part in parts), Decimal(0))
            values.append(SampledReading(metered.measurand, str(total), None, "Inlet", metered.unit))
    return Readings(Wh(sum(r.register for r in readings)), tuple(values))


def _shown(meter: tuple[Metered, ...]) -> list[Metered]:
    return [metered for metered in meter if not metered.measurand.endswith(".Interval")]


def _is(value: SampledReading, metered: Metered) -> bool:
    return (value.measurand, value.location) == (metered.measurand, metered.location)


def _adds_up(measurand: str) -> bool:
    return measurand.startswith(("Energy", "Power.")) and measurand != "Power.Factor"


def _readings(metered: Metered, now: Electrics) -> list[SampledReading]:
    """The sum where there is one, then phase by phase; only the phases where a sum makes no sense."""
    total = _MEASURED[metered.measurand](now) if metered.measurand in _MEASURED else 0.0
    if total is None:
        return []
    additive = _adds_up(metered.measurand)
    readings = [] if metered.phases and not additive else [_reading(metered, total, None)]
    for phase in metered.phases:
        value = total * _share(phase, now) if additive else _at(phase, metered.measurand, total, now)
        readings.append(_reading(metered, value, phase))
    return readings


def _reading(metered: Metered, value: float, phase: Phase | None) -> SampledReading:
    unit = metered.unit
    return SampledReading(metered.measurand, _text(value, unit), phase, metered.location, unit)


def _share(phase: Phase, now: Electrics) -> float:
    """The part of the whole that goes through one phase."""
    return 1 / now.phases if phase[:2] in ("L1", "L2", "L3")[: now.phases] else 0.0


def _at(phase: Phase, measurand: str, value: float, now: Electrics) -> float:
    """A value that does not add up, at one phase: a current flows in the phases used, a voltage is on all
    of them.
    """
    if measurand == "Voltage":
        return (
            0.0 if phase == "N" else value * math.sqrt(3) if phase in ("L1-L2", "L2-L3", "L3-L1") else value
        )
    if measurand.startswith("Current"):
        return value if _share(phase, now) > 0 or (phase == "N" and now.phases == 1) else 0.0
    return value


def _current_a(power_w: float, now: Electrics) -> float:
    factor = _POWER_FACTOR if now.alternating else 1.0
    return power_w / (now.voltage_v * now.phases * factor)


def _reactive(active: float, now: Electrics) -> float:
    return active * math.tan(math.acos(_POWER_FACTOR)) if now.alternating else 0.0


_MEASURED: Final[dict[str, Callable[[Electrics], float | None]]] = {
    "Energy.Active.Import.Register": lambda now: now.energy_wh,
    "Energy.Reactive.Import.Register": lambda now: _reactive(now.energy_wh, now),
    "Power.Active.Import": lambda now: now.power_w,
    "Power.Reactive.Import": lambda now: _reactive(now.power_w, now),
    "Power.Offered": lambda now: now.offered_w,
    "Power.Factor": lambda now: _POWER_FACTOR if now.alternating else 1.0,
    "Current.Import": lambda now: _current_a(now.power_w, now),
    "Current.Offered": lambda now: now.offered_w / (now.voltage_v * now.phases),
    "Voltage": lambda now: now.voltage_v,
    "Frequency": lambda _now: float(_MAINS_HZ),
    "SoC": lambda now: now.soc_percent,
    "Temperature": lambda now: _AMBIENT_CELSIUS + _WARMING_CELSIUS * now.power_w / now.full_power_w,
}
"""In the base unit and degrees Celsius; what is exported, and the fan's RPM, is 0 here. None: nobody tells it
now.
"""


def _text(value: float, unit: UnitOfMeasure | None) -> str:
    """The number in the unit of the SampledValue, with the digits that such a meter shows."""
    match unit:
        case "Wh" | "varh" | "Percent":
            return str(math.floor(value))
        case "kWh" | "kvarh" | "kW" | "kvar" | "kVA":
            return f"{math.floor(value) / 1000:.3f}"
        case "Fahrenheit":
            return f"{value * 9 / 5 + 32:.1f}"
        case "K":
            return f"{value + 273.15:.1f}"
        case "A" | None:
            return f"{value:.2f}"
        case _:
            return f"{value:.1f}"
