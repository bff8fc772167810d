"""A simulated battery: what it takes, exactly, however often one looks."""

import math

import pytest
from adapters.simulation_rig import HOUR_MS
from hypothesis import given
from hypothesis import strategies as st

from pilotline.adapters.simulated_car import Car

cars = st.builds(
    Car,
    capacity_wh=st.floats(1_000, 200_000),
    soc_percent=st.floats(0, 100),
    target_percent=st.floats(1, 100),
    max_power_w=st.floats(1_000, 400_000),
    taper_from_percent=st.floats(0, 99),
)
offers = st.floats(500, 500_000)


@given(cars, offers, st.floats(0, 10 * HOUR_MS), st.floats(0, 10 * HOUR_MS))
def test_energy_does_not_depend_on_how_often_one_looks(
    car: Car, offered: float, first: float, rest: float
) -> None:
    at_once = car.energy_wh(first + rest, offered)
    halfway = car.charged(car.energy_wh(first, offered))
    in_two = car.energy_wh(first, offered) + halfway.energy_wh(rest, offered)
    assert math.isclose(at_once, in_two, rel_tol=1e-6, abs_tol=1e-3)


@given(cars, offers)
def test_a_battery_is_full_when_it_said_it_would_be_and_not_before(car: Car, offered: float) -> None:
    full_ms = car.full_after_ms(offered)
    assert math.isclose(car.energy_wh(full_ms + 1, offered), car.missing_wh, rel_tol=1e-6, abs_tol=1e-3)
    if car.missing_wh > 1:
        assert car.energy_wh(full_ms * 0.9, offered) < car.missing_wh


@given(cars, offers, st.floats(0, HOUR_MS))
def test_energy_is_the_integral_of_power(car: Car, offered: float, at_ms: float) -> None:
    before, after = car.energy_wh(at_ms, offered), car.energy_wh(at_ms + 1000, offered)
    if after < car.missing_wh:
        started = car.charged(before).power_w(offered)
        ended = car.charged(after).power_w(offered)
        mean_w = (after - before) * 3600
        assert min(started, ended) * 0.999 - 1 <= mean_w <= max(started, ended) * 1.001 + 1


def test_a_battery_tapers_above_its_bend_and_takes_what_is_offered_below() -> None:
    car = Car(capacity_wh=50_000, soc_percent=50, max_power_w=100_000, taper_from_percent=80)
    assert car.power_w(40_000) == 40_000
    assert car.power_w(200_000) == 100_000
    nearly_full = Car(capacity_wh=50_000, soc_percent=90, max_power_w=100_000, taper_from_percent=80)
    assert nearly_full.power_w(200_000) == pytest.approx(52_500)


@pytest.mark.parametrize("wrong", [{"capacity_wh": 0}, {"soc_percent": 101}, {"max_power_w": -1}])
def test_a_car_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="car:"):
        Car(**wrong)  # type: ignore[arg-type]  # phases and paused are not among them
