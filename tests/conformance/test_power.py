"""Certification cases of power failures."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case

from pilotline.adapters.simulated_world import SimulationError


@pytest.mark.rule(78, 82)
@case(backup_power=True)
async def test_TC_032_1_CS_back_up_power_lets_transactions_stop_before_going_down(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    transaction_id = await site.charging()
    station.loses_mains()
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="PowerLoss", idTag=None),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )
    await station.is_quiet()
    await station.lives(5)  # what was answered has left the store: it would be sent once more (ADR 0009)
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status={"Preparing", "Finishing"}),
        message("StatusNotification", connectorId=2, status="Available"),
    )
    assert station.hardware.power_w(1) == 0


@case()
async def test_TC_032_1_CS_is_ruled_out_without_back_up_power(station: StationUnderTest) -> None:
    """As they are shipped both products lose power at once (TC_032_2_CS)."""
    with pytest.raises(SimulationError, match="no back-up power"):
        station.loses_mains()


@pytest.mark.rule(78, 82)
@case("c6eu")
async def test_TC_032_2_CS_a_power_failure_stops_the_transaction(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    """This product stops what power interrupted."""
    transaction_id = await site.charging()
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status={"Preparing", "Finishing"}),
        message("StatusNotification", connectorId=2, status="Available"),
        message("StopTransaction", transactionId=transaction_id, reason="PowerLoss", idTag=None),
    )
    assert station.hardware.power_w(1) == 0


@pytest.mark.rule(82)
@case("reference")
async def test_TC_032_2_CS_a_resumed_transaction_is_stopped_by_the_driver(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    """This product resumes what power interrupted, and the driver stops it then."""
    transaction_id = await site.charging()
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status="Charging"),
        message("StatusNotification", connectorId=2, status="Available"),
    )
    driver.presents(VALID)
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason={"Local", None}, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )


@pytest.mark.rule(108)
@case()
async def test_TC_034_CS_unavailable_survives_a_power_failure(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    answer = await central_system.asks("ChangeAvailability", connectorId=0, type="Inoperative")
    assert answer == {"status": "Accepted"}
    await central_system.expects_status_of_all("Unavailable")
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_status_of_all("Unavailable")
