"""The arithmetic of metering: what a list asks for, phases of the grid, intervals, ticks of the day (§3.16)."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar, cast, get_args

from msgspec.structs import replace

from pilotline.core.state import Sample, SampledReading, Stamp, UtcTime
from pilotline.spec.types import Measurand, Phase, ReadingContext

T = TypeVar("T")

DAY_MS: Final = 86_400_000
REGISTER_ALONE: Final = ("Energy.Active.Import.Register",)
"""What an empty list of a MeterValues.req means (§9.1.17, TC_070, TC_071)."""
_INTERVAL_OF: Final[Mapping[Measurand, Measurand]] = MappingProxyType(
    {
        register: cast("Measurand", register.replace(".Register", ".Interval"))
        for register in get_args(Measurand)
        if register.endswith(".Register")
    }
)
_PAIRS: Final[Mapping[frozenset[str], Phase]] = MappingProxyType(
    {frozenset(phase.split("-")): phase for phase in get_args(Phase) if "-" in phase}
)
_LINES: Final[Mapping[str, Phase]] = MappingProxyType({"R": "L1", "S": "L2", "T": "L3"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


# --- values --------------------------------------------------------------------------------------------------


def of_the_grid(
    values: tuple[SampledReading, ...], rotations: tuple[str, ...], connector: int
) -> tuple[SampledReading, ...]:
    """What the meter measured on the connector's conductors, by the phases of the grid that feed them (§4.7, §9.1.7).

    The item n.RTS says that R (L1), T (L3), S (L2) of the grid come to the first, second, third conductor;
    NotApplicable and Unknown leave them as they are. A meter's own …Interval counts from its last reading, whatever
    that was for, and is left out: intervals are reckoned here, from the registers.
    """
    order = next((item.partition(".")[2] for item in rotations if item.startswith(f"{connector}.")), "")
    lines: dict[str, Phase] = {
        f"L{number}": _LINES[letter] for number, letter in enumerate(order, 1) if order in _ROTATIONS
    }
    return tuple(
        [
            replace(value, phase=_turned(value.phase, lines)) if value.phase and lines else value
            for value in values
            if not value.measurand.endswith(".Interval")
        ]
    )


_ROTATIONS: Final = frozenset({"RST", "RTS", "SRT", "STR", "TRS", "TSR"})


def _turned(phase: Phase, lines: dict[str, Phase]) -> Phase:
    ends = [lines.get(end, end) for end in phase.split("-")]
    return cast("Phase", ends[0]) if len(ends) == 1 else _PAIRS[frozenset(ends)]


def selected(values: Sequence[SampledReading], measurands: tuple[str, ...]) -> tuple[SampledReading, ...]:
    """The readings that a list asks for: bare, all phases; with a phase (Voltage.L1), that one (§9.1.17)."""
    return tuple(
        [
            value
            for value in values
            if value.measurand in measurands
            or (value.phase and f"{value.measurand}.{value.phase}" in measurands)
        ]
    )


def samples(
    context: ReadingContext,
    stamp: Stamp,
    values: tuple[SampledReading, ...],
    measurands: tuple[str, ...],
    since: Sample | None,
) -> tuple[Sample, ...]:
    """What a list asks for of these values, and of the interval that ends with them, which bears the time of its
    start (§9.1.5, errata 3.75).
    """
    present = selected(values, measurands)
    passed = interval(context, values, measurands, since)
    return ((Sample(stamp, context, present),) if present else ()) + passed


def interval(
    context: ReadingContext,
    values: tuple[SampledReading, ...],
    measurands: tuple[str, ...],
    since: Sample | None,
) -> tuple[Sample, ...]:
    """How far each register went since the start of the interval, as far as a list asks for it."""
    if since is None or not wants_intervals(measurands):
        return ()
    before = {(value.measurand, value.phase, value.location): value.value for value in since.values}
    passed = []
    for value in registers(values):
        was = before.get((value.measurand, value.phase, value.location))
        if was is not None and (went := Decimal(value.value) - Decimal(was)) >= 0:
            text = format(went, "f")
            passed.append(replace(value, measurand=_INTERVAL_OF[value.measurand], value=text))
    asked = selected(passed, measurands)
    return (Sample(since.stamp, context, asked),) if asked else ()


def registers(values: tuple[SampledReading, ...]) -> tuple[SampledReading, ...]:
    """The energy registers among these values."""
    return tuple(
        [value for value in values if value.measurand in _INTERVAL_OF and _NUMBER.fullmatch(value.value)]
    )


def wants_intervals(measurands: tuple[str, ...]) -> bool:
    """Whether a list asks for an …Interval, of whatever phase."""
    return any(".Interval" in measurand for measurand in measurands)


def is_of_an_interval(sample: Sample) -> bool:
    """Its values are those of an interval, and its time is the start of it."""
    return all(value.measurand.endswith(".Interval") for value in sample.values)


def every_second(between: Sequence[T]) -> Sequence[T]:
    """What goes where there is too much: the 1st, 3rd, 5th … of those in between (errata 3.89)."""
    return between[::2]


# --- ticks ---------------------------------------------------------------------------------------------------


def tick_at(utc: UtcTime, interval_s: int) -> UtcTime:
    """The last tick that is not after this time: each day (UTC) is divided from midnight (§9.1.5)."""
    since_midnight_ms = utc % DAY_MS
    return UtcTime(utc - since_midnight_ms % (interval_s * 1000))


def tick_after(utc: UtcTime, interval_s: int) -> UtcTime:
    """The first tick after this time; if the interval does not divide the day, the last one of a day is shorter."""
    midnight = utc - utc % DAY_MS + DAY_MS
    return UtcTime(min(tick_at(utc, interval_s) + interval_s * 1000, midnight))
