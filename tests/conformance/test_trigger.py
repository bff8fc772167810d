"""Certification cases of triggered messages."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import CertificationTool, message
from conformance.conformance_rig import Site, case


async def _triggers(tool: CertificationTool, requested: str, **more: object) -> str:
    answer = await tool.asks("TriggerMessage", requestedMessage=requested, **more)
    return str(answer["status"])


@pytest.mark.rule(174)
@case()
async def test_TC_054_CS_each_message_is_triggered(central_system: CertificationTool) -> None:
    assert await _triggers(central_system, "MeterValues", connectorId=1) == "Accepted"
    ((_, payload),) = await central_system.takes("MeterValues")
    assert payload["connectorId"] == 1
    assert {v["context"] for v in payload["meterValue"][0]["sampledValue"]} == {"Trigger"}
    assert await _triggers(central_system, "Heartbeat") == "Accepted"
    await central_system.takes("Heartbeat")
    assert await _triggers(central_system, "StatusNotification", connectorId=1) == "Accepted"
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    assert await _triggers(central_system, "DiagnosticsStatusNotification") == "Accepted"
    await central_system.expects("DiagnosticsStatusNotification", status="Idle")
    assert await _triggers(central_system, "FirmwareStatusNotification") == "Accepted"
    await central_system.expects("FirmwareStatusNotification", status="Idle")


@pytest.mark.rule(172)
@case()
async def test_TC_054_CS_without_a_connector_all_are_meant(central_system: CertificationTool) -> None:
    """The main controller and every connector (§5.17)."""
    assert await _triggers(central_system, "StatusNotification") == "Accepted"
    await central_system.expects_status_of_all("Available")


@pytest.mark.rule(173)
@case()
async def test_TC_055_CS_an_unknown_connector_is_rejected(central_system: CertificationTool) -> None:
    for requested in ("MeterValues", "StatusNotification"):
        assert await _triggers(central_system, requested, connectorId=3) == "Rejected"


@pytest.mark.rule(172)
@case()
async def test_a_connector_that_does_not_matter_is_ignored(central_system: CertificationTool) -> None:
    assert await _triggers(central_system, "Heartbeat", connectorId=7) == "Accepted"
    await central_system.takes("Heartbeat")


@pytest.mark.rule(171)
@case(without="FirmwareManagement")
async def test_a_station_without_firmware_updates_sends_no_status_of_one(
    central_system: CertificationTool,
) -> None:
    for requested in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
        assert await _triggers(central_system, requested) == "NotImplemented"


@pytest.mark.rule(42)
@case()
async def test_a_triggered_boot_is_rejected_once_accepted(central_system: CertificationTool) -> None:
    """Errata 3.35."""
    assert await _triggers(central_system, "BootNotification") == "Rejected"


@case(booted=False)
async def test_a_station_that_is_pending_boots_again_when_it_is_asked(
    site: Site, central_system: CertificationTool
) -> None:
    """Long before the interval is over (§4.2)."""
    central_system.answers_boots(("Pending", 3600), ("Accepted", 300))
    await central_system.expects("BootNotification")
    await site.station.is_pending()
    assert await _triggers(central_system, "BootNotification") == "Accepted"
    await central_system.expects("BootNotification")
    await central_system.expects_status_of_all("Available")


@case()
async def test_triggered_meter_values_name_the_transaction(
    site: Site, central_system: CertificationTool
) -> None:
    """Errata 3.16."""
    transaction_id = await site.charging()
    assert await _triggers(central_system, "MeterValues", connectorId=1) == "Accepted"
    ((_, payload),) = await central_system.takes("MeterValues")
    assert payload["transactionId"] == transaction_id
    assert await _triggers(central_system, "StatusNotification", connectorId=1) == "Accepted"
    await central_system.expects_in_any_order(message("StatusNotification", connectorId=1, status="Charging"))
