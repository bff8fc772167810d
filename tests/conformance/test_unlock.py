"""Certification cases of UnlockConnector, and of a lock that fails."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case


@pytest.mark.rule(141)
@case("reference")
async def test_TC_017_1_CS_unlock_without_a_session(central_system: CertificationTool) -> None:
    assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "Unlocked"}


@pytest.mark.rule(142)
@case("c6eu")
async def test_TC_017_2_CS_unlock_of_a_fixed_cable(central_system: CertificationTool) -> None:
    assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "NotSupported"}


@pytest.mark.rule(78, 141)
@case("reference")
async def test_TC_018_1_CS_unlock_with_a_session(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    transaction_id = await site.charging()
    assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="UnlockCommand"),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )
    await driver.unplugs()
    await central_system.expects("StatusNotification", connectorId=1, status="Available")


@pytest.mark.rule(142)
@case("c6eu")
async def test_TC_018_2_CS_unlock_of_a_fixed_cable_leaves_the_session_alone(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await site.charging()
    assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    await station.lives(5)
    assert station.hardware.power_w(1) > 0


@case("reference")
async def test_TC_024_CS_a_lock_that_fails_starts_no_transaction(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    authorizes = await central_system.reads("AuthorizeRemoteTxRequests") == "true"
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Accepted"}
    if authorizes:
        await central_system.expects("Authorize", idTag=VALID)
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    station.hardware.jam_lock(1)  # plugged in halfway, the bolt does not find its hole
    driver.plugs_in()
    await central_system.expects(
        "StatusNotification", connectorId=1, status="Faulted", errorCode="ConnectorLockFailure"
    )
    await station.lives(5)
    assert not central_system.heard("StartTransaction")
    assert station.hardware.power_w(1) == 0


@case("reference")
async def test_TC_030_CS_unlock_failure(station: StationUnderTest, central_system: CertificationTool) -> None:
    station.hardware.jam_lock(1)
    assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}


@pytest.mark.rule(18, 142)
@case()
async def test_TC_031_CS_unlock_of_an_unknown_connector(central_system: CertificationTool) -> None:
    assert await central_system.asks("UnlockConnector", connectorId=3) == {"status": "NotSupported"}
