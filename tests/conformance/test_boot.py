"""Certification cases of a cold boot."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import CertificationTool
from conformance.conformance_rig import StationUnderTest, case

WAIT_S = 30
HEARTBEAT_S = 30
LATE_S = 15
"""How late a loaded machine may be, in the station's time: a quarter of a second."""


async def _beats_every_interval(central_system: CertificationTool) -> None:
    """Heartbeats keep the interval, counted from the last message of the station or the last heartbeat."""
    silent_since = central_system.told_at["StatusNotification"]
    for beat_at, _ in await central_system.takes("Heartbeat", 3):
        silence_s = (beat_at - silent_since).total_seconds()
        assert HEARTBEAT_S - 1 <= silence_s <= HEARTBEAT_S + LATE_S
        silent_since = beat_at


@pytest.mark.rule(36, 40, 44)
@case(booted=False)
async def test_TC_001_CS_cold_boot_charge_point(
    station: StationUnderTest, central_system: CertificationTool
) -> None:
    central_system.answers_boots(("Rejected", WAIT_S), ("Accepted", HEARTBEAT_S))
    await central_system.expects(
        "BootNotification", chargePointModel=station.product.identity.charge_point_model
    )
    rejected_at = central_system.told_at["BootNotification"]
    await central_system.expects("BootNotification")
    waited_s = (central_system.told_at["BootNotification"] - rejected_at).total_seconds()
    assert WAIT_S <= waited_s <= WAIT_S + LATE_S
    await central_system.expects_status_of_all("Available")
    await _beats_every_interval(central_system)


@pytest.mark.rule(38)
@case(booted=False)
async def test_TC_002_CS_cold_boot_charge_point_pending(central_system: CertificationTool) -> None:
    central_system.answers_boots(("Pending", WAIT_S), ("Accepted", HEARTBEAT_S))
    await central_system.expects("BootNotification")
    pending_at = central_system.told_at["BootNotification"]
    everything = await central_system.asks("GetConfiguration")
    assert "unknownKey" not in everything
    assert any(entry["key"] == "MeterValueSampleInterval" for entry in everything["configurationKey"])
    answer = await central_system.asks("ChangeConfiguration", key="MeterValueSampleInterval", value="45")
    assert answer == {"status": "Accepted"}
    await central_system.expects("BootNotification")
    waited_s = (central_system.told_at["BootNotification"] - pending_at).total_seconds()
    assert WAIT_S <= waited_s <= WAIT_S + LATE_S
    await central_system.expects_status_of_all("Available")
    await _beats_every_interval(central_system)
    assert await central_system.reads("MeterValueSampleInterval") == "45"
