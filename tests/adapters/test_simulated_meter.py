"""A simulated meter: the measurands, units and phases of the product, which fit each other."""

import pytest
from adapters.simulation_rig import HOUR_MS, Rig, value
from adapters.virtual_station import ac

from pilotline.adapters.simulated_car import Car
from pilotline.core.effects import CloseContactor, ReadMeter
from pilotline.core.events import (
    MeterRead,
)
from pilotline.spec.products import Metered, adjusted, load_product


@pytest.mark.rule(116)
def test_the_meter_shows_all_that_the_product_measures_while_charging() -> None:
    for name in ("c6eu", "reference"):
        product = load_product(name)
        rig = Rig(product)
        rig.charge()
        rig.passes(HOUR_MS)
        readings = rig.world.readings(1)
        shown = {(v.measurand, v.location, v.unit) for v in readings.values}
        assert shown == {
            (m.measurand, m.location, m.unit) for m in product.meter if not m.measurand.endswith(".Interval")
        }
        assert int(value(readings, "Energy.Active.Import.Register")) == readings.register > 0
        assert all(float(v.value) >= 0 for v in readings.values)


def test_power_voltage_and_current_fit_each_other_on_three_phases() -> None:
    rig = Rig()
    rig.charge()
    readings = rig.world.readings(1)
    power = float(value(readings, "Power.Active.Import"))
    assert power == 11_000
    phases = ("L1", "L2", "L3")
    assert sum(float(value(readings, "Power.Active.Import", p)) for p in phases) == pytest.approx(
        power, abs=0.2
    )
    apparent = sum(
        float(value(readings, "Voltage", p)) * float(value(readings, "Current.Import", p)) for p in phases
    )
    assert apparent * float(value(readings, "Power.Factor")) == pytest.approx(power, rel=0.001)


def test_a_car_on_one_phase_loads_that_one_alone() -> None:
    rig = Rig()
    rig.charge(Car(phases=1, max_ac_power_w=7_360))
    readings = rig.world.readings(1)
    assert value(readings, "Current.Import", "L1") == "32.65"
    assert value(readings, "Current.Import", "L2") == "0.00"
    assert value(readings, "Voltage", "L2") == "230.0"


def test_the_state_of_charge_is_the_cars_and_nobodys_without_one() -> None:
    rig = Rig(load_product("c6eu"))
    assert not any(v.measurand == "SoC" for v in rig.world.readings(1).values)
    rig.world.plug_in(1, Car(soc_percent=41.7))
    assert value(rig.world.readings(1), "SoC") == "41"


def test_an_interval_is_not_for_the_meter_to_tell() -> None:
    rig = Rig()
    assert any(
        metered.measurand == "Energy.Active.Import.Interval" for metered in load_product("reference").meter
    )
    assert not any(".Interval" in v.measurand for v in rig.world.readings(1).values)


def test_the_main_meter_is_the_sum_of_what_adds_up_at_the_inlet() -> None:
    rig = Rig()
    rig.charge()
    rig.world.plug_in(2, Car(max_ac_power_w=7_000))
    rig.world.perform(CloseContactor(2))
    rig.passes(HOUR_MS)
    rig.told()
    rig.world.perform(ReadMeter(0, None, "Sample.Clock"))
    (read,) = rig.told()
    assert isinstance(read, MeterRead)
    assert (read.connector, read.transaction, read.context) == (0, None, "Sample.Clock")
    assert read.readings.register == sum(rig.world.readings(c).register for c in (1, 2))
    assert value(read.readings, "Energy.Active.Import.Register") == str(read.readings.register)
    assert float(value(read.readings, "Power.Active.Import")) == 18_000
    assert {v.location for v in read.readings.values} == {"Inlet"}
    shown = {v.measurand for v in read.readings.values}
    assert not shown & {"Voltage", "Temperature", "Power.Factor", "Frequency"}


def test_units_are_those_of_the_product() -> None:
    meter = (
        Metered(measurand="Energy.Active.Import.Register"),
        Metered(measurand="Power.Active.Import", unit="kW"),
        Metered(measurand="Temperature", unit="K"),
    )
    rig = Rig(adjusted(ac(), {"MeterValuesSampledData": "Power.Active.Import"}, meter=meter))
    rig.charge()
    readings = rig.world.readings(1)
    assert value(readings, "Power.Active.Import") == "11.000"
    assert value(readings, "Temperature") == f"{273.15 + 25 + 20 * 11_000 / 22_080:.1f}"
