"""Simulated hardware: cables, locks, contactors, and the world that survives."""

import asyncio
import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from adapters.simulation_rig import HOUR_MS, Rig
from adapters.virtual_station import ac, running

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulated_world import SimulationError
from pilotline.core.effects import (
    CloseContactor,
    LimitCurrent,
    LockConnector,
    OpenContactor,
    ReadMeter,
    ReleaseConnector,
    ReportWorld,
    UnlockConnector,
)
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    LocalLimitFound,
    LocalLimitLifted,
    LockFailed,
    TagPresented,
    UnlockFailed,
)
from pilotline.spec.products import load_product

# --- cable, lock, contactor ---------------------------------------------------------------------------------


def test_plugging_in_tells_the_cable_and_then_that_the_car_asks() -> None:
    rig = Rig()
    rig.world.plug_in(1)
    assert rig.told() == [CablePlugged(1), EnergyRequested(1)]
    rig.world.plug_in(2, Car(paused=True))
    assert rig.told() == [CablePlugged(2)]


def test_a_locked_cable_cannot_be_pulled_at_the_station_until_it_is_unlocked() -> None:
    rig = Rig()
    rig.world.plug_in(1)
    rig.world.perform(LockConnector(1))
    rig.passes(299)
    assert not any(isinstance(fact, ConnectorLocked) for fact in rig.told())
    rig.passes(1)
    (locked,) = rig.told()
    assert isinstance(locked, ConnectorLocked)
    with pytest.raises(SimulationError, match="connector 1: the cable is locked"):
        rig.world.unplug_station(1)
    rig.world.perform(UnlockConnector(1))
    rig.passes(300)
    rig.world.unplug_station(1)
    assert rig.told() == [CableUnplugged(1)]


def test_a_cable_pulled_at_the_car_stays_in_a_socket_and_can_be_plugged_again() -> None:
    rig = Rig()
    rig.world.plug_in(1)
    rig.world.unplug_ev(1)
    assert rig.world.point(1).cable == "in_station"
    rig.world.plug_in(1)
    rig.world.unplug_ev(1)
    rig.world.unplug_station(1)
    told = [fact for fact in rig.told() if not isinstance(fact, EnergyRequested)]
    assert told == [CablePlugged(1), EvUnplugged(1), CablePlugged(1), EvUnplugged(1), CableUnplugged(1)]


def test_a_fixed_cable_is_free_when_pulled_at_the_car_and_cannot_be_pulled_at_the_station() -> None:
    rig = Rig(load_product("c6eu"))
    rig.world.plug_in(1)
    with pytest.raises(SimulationError, match="fixed"):
        rig.world.unplug_station(1)
    rig.world.unplug_ev(1)
    assert rig.world.point(1).cable == "out"


def test_a_lock_that_jams_or_finds_no_cable_says_that_it_failed() -> None:
    rig = Rig()
    rig.world.perform(LockConnector(1))
    rig.passes(300)
    assert rig.told() == [LockFailed(1)]
    rig.world.plug_in(1)
    rig.world.jam_lock(1)
    rig.told()
    rig.world.perform(LockConnector(1))
    rig.passes(300)
    assert rig.told() == [LockFailed(1)]
    assert not rig.world.point(1).locked


def test_a_release_is_answered_and_a_jammed_lock_says_that_it_did_not_open() -> None:
    rig = Rig()
    rig.world.plug_in(1)
    rig.world.perform(LockConnector(1))
    rig.passes(300)
    rig.world.jam_lock(1)
    rig.told()
    rig.world.perform(ReleaseConnector(1))
    rig.passes(300)
    assert rig.told() == [UnlockFailed(1)]
    assert rig.world.point(1).locked
    rig.world.jam_lock(1, False)
    rig.world.perform(ReleaseConnector(1))
    rig.passes(300)
    assert rig.told() == [ConnectorUnlocked(1)]
    assert not rig.world.point(1).locked


def test_a_report_of_the_world_tells_every_fact_again() -> None:
    rig = Rig()
    rig.charge()
    rig.world.raise_fault(2, "GroundFailure")
    rig.world.raise_fault(2, "OverVoltage")
    rig.world.clear_fault(2, "OverVoltage")
    rig.told()
    rig.world.perform(ReportWorld())
    assert rig.told() == [
        CablePlugged(1),
        EnergyRequested(1),
        ContactorClosed(1),
        CableUnplugged(2),
        EnergyDeclined(2),
        ContactorOpened(2, rig.world.readings(2)),
        FaultDetected(2, "GroundFailure"),
        FaultCleared(2, "OverVoltage"),
    ]


def test_a_newer_command_takes_the_place_of_one_that_is_under_way() -> None:
    rig = Rig()
    rig.world.perform(CloseContactor(1))
    rig.passes(20)
    rig.world.perform(OpenContactor(1))
    rig.passes(1000)
    assert [type(fact) for fact in rig.told()] == [ContactorOpened]


def test_energy_flows_from_contactor_closed_to_contactor_opened_and_the_register_stands_still_then() -> None:
    rig = Rig()
    rig.charge()
    rig.passes(HOUR_MS - 50)
    rig.world.perform(OpenContactor(1))
    rig.passes(50)
    rig.passes(HOUR_MS)
    *_, opened = rig.told()
    assert isinstance(opened, ContactorOpened)
    assert opened.readings.register == 11_000
    assert rig.world.readings(1).register == 11_000


def test_a_welded_contactor_neither_opens_nor_says_so_until_it_is_mended() -> None:
    rig = Rig()
    rig.charge()
    rig.world.weld_contactor(1)
    rig.told()
    rig.world.perform(OpenContactor(1))
    rig.passes(HOUR_MS)
    assert rig.told() == []
    assert rig.world.power_w(1) > 0
    rig.world.weld_contactor(1, False)
    (opened,) = rig.told()
    assert isinstance(opened, ContactorOpened)
    assert rig.world.power_w(1) == 0


def test_a_full_battery_declines_at_its_computed_instant() -> None:
    rig = Rig()
    rig.charge(Car(capacity_wh=50_000, soc_percent=50, target_percent=60))  # 5 kWh at 11 kW
    rig.told()
    full_ms = math.ceil(5_000 / 11_000 * HOUR_MS)
    rig.passes(full_ms - 1)
    assert rig.told() == []
    rig.passes(1)
    assert rig.told() == [EnergyDeclined(1)]
    assert rig.world.point(1).register_wh == pytest.approx(5_000)
    assert rig.world.point(1).car == Car(capacity_wh=50_000, soc_percent=60, target_percent=60)
    rig.passes(HOUR_MS)
    assert rig.world.point(1).register_wh == pytest.approx(5_000)


def test_a_car_pauses_and_resumes_and_takes_nothing_in_between() -> None:
    rig = Rig()
    rig.charge()
    rig.told()
    rig.passes(HOUR_MS // 2)
    rig.world.pause_ev(1)
    rig.passes(HOUR_MS)
    rig.world.resume_ev(1)
    rig.passes(HOUR_MS // 2)
    assert rig.told() == [EnergyDeclined(1), EnergyRequested(1)]
    assert rig.world.point(1).register_wh == pytest.approx(11_000)


def test_a_limit_slows_and_one_below_the_least_current_stops() -> None:
    rig = Rig()
    rig.charge()
    rig.world.perform(LimitCurrent(1, Decimal("7.5"), 3))
    assert rig.world.power_w(1) == 11_000  # a car may take some seconds to obey
    rig.passes(2_000)
    assert rig.world.power_w(1) == 7.5 * 230 * 3
    rig.world.perform(LimitCurrent(1, Decimal("5.9"), 3))
    rig.passes(2_000)
    assert rig.world.power_w(1) == 0
    rig.world.perform(LimitCurrent(1, Decimal(32), 3))
    assert rig.world.power_w(1) == 0
    rig.passes(2_000)
    assert rig.world.power_w(1) == 11_000


def test_a_car_draws_on_the_phases_that_are_closed() -> None:
    rig = Rig()
    rig.world.perform(LimitCurrent(1, Decimal(10), 1))
    rig.charge()
    assert rig.world.power_w(1) == 2_300


def test_limits_on_the_spot_are_told_again_at_each_start(tmp_path: Path) -> None:
    rig = Rig()
    rig.world.find_local_limit(0, "grid", Decimal(20), "A")
    rig.world.find_local_limit(0, "grid", Decimal(16), "A")
    rig.world.find_local_limit(1, "temperature", Decimal(0), "A")
    rig.world.lift_local_limit(1, "temperature")
    assert rig.told()[-1] == LocalLimitLifted(1, "temperature")
    told: list[External] = []
    rig.world.begin(told.append)
    assert told == [LocalLimitFound(0, "grid", Decimal(16), "A")]
    with pytest.raises(SimulationError, match="not -1"):
        rig.world.find_local_limit(0, "grid", Decimal(-1), "A")


def test_acts_that_cannot_be_are_refused_in_one_clear_line() -> None:
    rig = Rig()
    with pytest.raises(SimulationError, match="connector 3: the product has 2"):
        rig.world.plug_in(3)
    with pytest.raises(SimulationError, match="connector 1: no car is plugged in"):
        rig.world.unplug_ev(1)
    with pytest.raises(SimulationError, match="connector 1: no car is plugged in"):
        rig.world.pause_ev(1)
    with pytest.raises(SimulationError, match="no cable is in the socket"):
        rig.world.unplug_station(1)
    rig.world.plug_in(1)
    with pytest.raises(SimulationError, match="plugged in already"):
        rig.world.plug_in(1)
    with pytest.raises(SimulationError, match="reader 3"):
        rig.world.present_tag(3, "A")
    with pytest.raises(SimulationError, match="NoError"):
        rig.world.raise_fault(1, "NoError")


def test_tags_and_faults_are_told_as_they_are() -> None:
    rig = Rig()
    rig.world.present_tag(2, "CAFE")
    rig.world.raise_fault(0, "OtherError", info="door open", prevents_charging=False)
    rig.world.clear_fault(0, "OtherError")
    door = FaultDetected(0, "OtherError", "door open", prevents_charging=False)
    assert rig.told() == [TagPresented(2, "CAFE"), door, FaultCleared(0, "OtherError")]


# --- the world that survives --------------------------------------------------------------------------------


def test_the_world_survives_the_process_but_the_contactor_opens(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    rig = Rig(file=file)
    rig.charge(Car(soc_percent=40, capacity_wh=50_000))
    rig.world.perform(LockConnector(1))
    rig.world.raise_fault(2, "GroundFailure")
    rig.passes(HOUR_MS)
    rig.world.perform(ReadMeter(1, None, "Sample.Periodic"))

    again = Rig(file=file)
    point = again.world.point(1)
    assert (point.cable, point.locked, point.closed) == ("joined", True, False)
    assert point.register_wh == pytest.approx(11_000)
    assert point.car is not None
    assert point.car.soc_percent == pytest.approx(62)
    assert again.told() == [EnergyRequested(1), FaultDetected(2, "GroundFailure")]
    assert again.world.world().plugged == (False, True, False)


def test_a_file_that_holds_no_world_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    for junk in (
        "",
        "{}",
        "[]",
        '{"version": 1, "points": [{"cable": "loose"}]}',
        '{"version": 2, "points": []}',
    ):
        file.write_text(junk)
        with pytest.raises(SimulationError, match=r"world\.json"):
            Rig(file=file)
        assert file.read_text() == junk


def test_the_file_can_be_read_by_others(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    Rig(file=file).world.plug_in(1, Car(soc_percent=12))
    assert json.loads(file.read_text())["points"][1]["car"]["soc_percent"] == 12
    assert list(tmp_path.iterdir()) == [file]


def test_a_power_cut_calls_off_what_was_under_way_and_nobody_is_told() -> None:
    rig = Rig()
    rig.charge()
    rig.world.perform(LockConnector(1))
    rig.told()
    rig.world.power_lost()
    rig.passes(HOUR_MS)
    assert rig.told() == []
    assert not rig.world.point(1).locked
    assert rig.world.point(1).register_wh == 0
    rig.world.begin(rig.facts.append)
    assert rig.told() == [EnergyRequested(1)]


def test_a_contactor_that_is_welded_over_a_power_cut_is_told_at_the_next_start() -> None:
    rig = Rig()
    rig.charge()
    rig.world.weld_contactor(1)
    rig.world.power_lost()
    rig.told()
    rig.world.begin(rig.facts.append)
    assert ContactorClosed(1) in rig.told()


# --- with a station -----------------------------------------------------------------------------------------


def test_a_jammed_lock_makes_the_connector_faulted_and_no_transaction_starts() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.world.jam_lock(1)
            bench.world.plug_in(1)
            bench.world.present_tag(1, "CAFE")
            await bench.passes(2)
            assert bench.status(1) == "Faulted"
            errors = [p["errorCode"] for p in bench.system.all("StatusNotification") if p["connectorId"] == 1]
            assert errors[-1] == "ConnectorLockFailure"
            assert bench.system.all("StartTransaction") == []

    asyncio.run(scenario())


def test_a_welded_contactor_ends_in_powerswitchfailure_and_the_stop_is_sent_all_the_same() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.world.plug_in(1)
            bench.world.present_tag(1, "CAFE")
            await bench.passes(1)
            bench.world.weld_contactor(1)
            bench.world.present_tag(1, "CAFE")
            await bench.passes(1)
            assert bench.status(1) == "Faulted"
            (stop,) = bench.system.all("StopTransaction")
            assert stop["reason"] == "Local"
            errors = [p["errorCode"] for p in bench.system.all("StatusNotification") if p["connectorId"] == 1]
            assert "PowerSwitchFailure" in errors

    asyncio.run(scenario())


def test_a_full_battery_suspends_the_transaction_and_ends_no_transaction() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.world.plug_in(1, Car(soc_percent=50, target_percent=51, capacity_wh=50_000))
            bench.world.present_tag(1, "CAFE")
            await bench.passes(200)
            assert bench.status(1) == "SuspendedEV"
            assert bench.system.all("StopTransaction") == []

    asyncio.run(scenario())


def test_an_accelerated_clock_runs_as_much_faster() -> None:
    async def scenario() -> None:
        clock = SystemClock(factor=1000)
        rung = asyncio.get_running_loop().create_future()
        clock.call_at(10_000, lambda: rung.set_result(clock.now_ms()))
        assert 10_000 <= await asyncio.wait_for(rung, 5) < 60_000

    asyncio.run(scenario())
