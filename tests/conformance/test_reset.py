"""Certification cases of Reset."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import CertificationTool, Message, message
from conformance.conformance_rig import Site, StationUnderTest, case


def statuses(first: object, second: object) -> tuple[Message, ...]:
    """What is told after the boot of the station and its two connectors."""
    return (
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status=first),
        message("StatusNotification", connectorId=2, status=second),
    )


async def _resets_with_a_connector_inoperative(kind: str, central_system: CertificationTool) -> None:
    answer = await central_system.asks("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Accepted"}
    await central_system.expects("StatusNotification", connectorId=1, status="Unavailable")
    assert await central_system.asks("Reset", type=kind) == {"status": "Accepted"}
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(*statuses("Unavailable", "Available"))
    answer = await central_system.asks("ChangeAvailability", connectorId=1, type="Operative")
    assert answer == {"status": "Accepted"}
    await central_system.expects("StatusNotification", connectorId=1, status="Available")


@pytest.mark.rule(108, 139, 140)
@case()
async def test_TC_013_CS_hard_reset_without_transaction(central_system: CertificationTool) -> None:
    await _resets_with_a_connector_inoperative("Hard", central_system)


@pytest.mark.rule(108, 138, 140)
@case()
async def test_TC_014_CS_soft_reset_without_transaction(central_system: CertificationTool) -> None:
    await _resets_with_a_connector_inoperative("Soft", central_system)


@pytest.mark.rule(78, 139)
@case()
async def test_TC_015_CS_hard_reset_with_transaction(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    transaction_id = await site.charging()
    assert await central_system.asks("Reset", type="Hard") == {"status": "Accepted"}
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(
        *statuses({"Finishing", "Preparing"}, "Available"),
        message("StopTransaction", transactionId=transaction_id, reason="HardReset", idTag=None),
    )
    assert station.hardware.power_w(1) == 0


@pytest.mark.rule(78, 138)
@case()
async def test_TC_016_CS_soft_reset_with_transaction(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    transaction_id = await site.charging()
    assert await central_system.asks("Reset", type="Soft") == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="SoftReset", idTag=None),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(*statuses({"Finishing", "Preparing"}, "Available"))
    assert station.hardware.power_w(1) == 0


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
@case()
async def test_a_restart_that_fails_is_given_up_and_the_station_goes_on(
    station: StationUnderTest, central_system: CertificationTool, kind: str
) -> None:
    """ResetRetries (OCPP 1.6 §9.1.22)."""
    await central_system.configures(ResetRetries=1)
    station.hardware.reboots_fail = True
    assert await central_system.asks("Reset", type=kind) == {"status": "Accepted"}
    await central_system.expects(
        "StatusNotification", connectorId=0, status="Available", errorCode="ResetFailure"
    )
    assert not central_system.heard("BootNotification")
