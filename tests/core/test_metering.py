"""The arithmetic of metering: lists, phases, intervals, ticks."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotline.core.metering import (
    DAY_MS,
    every_second,
    interval,
    of_the_grid,
    samples,
    selected,
    tick_after,
    tick_at,
)
from pilotline.core.state import Counter, Instant, Sample, SampledReading, Stamp, UtcTime
from pilotline.spec.types import Measurand, Phase

REGISTER: Measurand = "Energy.Active.Import.Register"
INTERVAL: Measurand = "Energy.Active.Import.Interval"
STAMP, START = Stamp(Counter(1), Instant(9)), Stamp(Counter(1), Instant(5))


def reading(measurand: Measurand, value: str = "1", phase: Phase | None = None) -> SampledReading:
    return SampledReading(measurand, value, phase, "Outlet")


def test_a_bare_measurand_asks_for_all_phases_and_one_with_a_phase_for_that_one() -> None:
    voltages = [reading("Voltage", phase=phase) for phase in ("L1", "L2", "L3")]
    current = reading("Current.Import", phase="L1")
    values = (*voltages, current, reading("SoC"))
    assert selected(values, ("Voltage",)) == tuple(voltages)
    assert selected(values, ("Voltage.L2", "Current.Import")) == (voltages[1], current)
    assert selected(values, ()) == ()


# --- phases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rotation", "conductors"),
    [
        ("RST", ("L1", "L2", "L3")),
        ("RTS", ("L1", "L3", "L2")),
        ("SRT", ("L2", "L1", "L3")),
        ("STR", ("L2", "L3", "L1")),
        ("TRS", ("L3", "L1", "L2")),
        ("TSR", ("L3", "L2", "L1")),
        ("Unknown", ("L1", "L2", "L3")),
        ("NotApplicable", ("L1", "L2", "L3")),
    ],
)
def test_each_conductor_is_reported_as_the_phase_of_the_grid_that_feeds_it(
    rotation: str, conductors: tuple[str, ...]
) -> None:
    values = tuple(reading("Voltage", phase=phase) for phase in ("L1", "L2", "L3"))
    rotations = ("0.STR", f"1.{rotation}", "11.TSR")
    assert tuple(value.phase for value in of_the_grid(values, rotations, 1)) == conductors
    assert of_the_grid(values, rotations, 2) == values


def test_a_rotation_turns_pairs_and_leaves_the_neutral() -> None:
    phases: tuple[Phase, ...] = ("N", "L1-N", "L1-L2", "L2-L3", "L3-L1")
    values = tuple(reading("Voltage", phase=phase) for phase in phases)
    turned = [value.phase for value in of_the_grid(values, ("1.RTS",), 1)]
    assert turned == ["N", "L1-N", "L3-L1", "L2-L3", "L1-L2"]


@given(st.permutations("RST"), st.sets(st.sampled_from(get_args(Phase))))
def test_no_phase_is_lost_by_a_rotation(order: list[str], phases: set[Phase]) -> None:
    values = tuple(reading("Voltage", phase=phase) for phase in sorted(phases))
    turned = of_the_grid(values, (f"1.{''.join(order)}",), 1)
    assert len({value.phase for value in turned}) == len(phases)


# --- intervals ------------------------------------------------------------------------------------------------


def since(*values: SampledReading) -> Sample:
    return Sample(START, "Transaction.Begin", values)


def test_an_interval_is_the_difference_of_the_registers_with_the_time_of_its_start() -> None:
    before = since(reading(REGISTER, "1000.250"), reading(REGISTER, "400", "L1"))
    values = (reading(REGISTER, "1000.75"), reading(REGISTER, "400", "L1"), reading("Voltage", "230"))
    (told,) = interval("Sample.Periodic", values, (INTERVAL,), before)
    assert (told.stamp, told.context) == (START, "Sample.Periodic")
    assert [(v.measurand, v.value, v.phase) for v in told.values] == [
        (INTERVAL, "0.500", None),
        (INTERVAL, "0", "L1"),
    ]


@pytest.mark.parametrize("now", ["999", "rubbish", "NaN", ""])
def test_a_register_that_runs_backwards_or_is_no_number_has_no_interval(now: str) -> None:
    assert (
        interval("Sample.Clock", (reading(REGISTER, now),), (INTERVAL,), since(reading(REGISTER, "1000")))
        == ()
    )


def test_a_meters_own_interval_is_left_out() -> None:
    values = (reading(REGISTER), reading(INTERVAL))
    assert of_the_grid(values, (), 1) == (reading(REGISTER),)


def test_a_sample_and_its_interval_are_two_meter_values() -> None:
    values = (reading(REGISTER, "1010"),)
    told = samples("Sample.Clock", STAMP, values, (REGISTER, INTERVAL), since(reading(REGISTER, "1000")))
    assert [(s.stamp, s.values[0].measurand, s.values[0].value) for s in told] == [
        (STAMP, REGISTER, "1010"),
        (START, INTERVAL, "10"),
    ]
    assert samples("Sample.Clock", STAMP, values, ("Voltage",), None) == ()


# --- thinning and ticks ---------------------------------------------------------------------------------------


def test_the_1st_3rd_5th_go() -> None:
    assert every_second([1, 2, 3, 4, 5]) == [1, 3, 5]


@given(st.integers(-(10**13), 10**14), st.integers(1, 86_400))
def test_a_tick_lies_on_the_grid_of_its_day_and_the_next_is_one_interval_on(
    utc: int, interval_s: int
) -> None:
    last, following = tick_at(UtcTime(utc), interval_s), tick_after(UtcTime(utc), interval_s)
    assert last <= utc < following
    for tick in (last, following):
        assert tick % DAY_MS % (interval_s * 1000) == 0
    assert following - last == interval_s * 1000 or following % DAY_MS == 0
    assert tick_after(last, interval_s) == following
