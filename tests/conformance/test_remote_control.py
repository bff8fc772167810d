"""Certification cases of remote start and remote stop."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import VALID, VALID_2, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case

CONNECTION_TIME_OUT_S = 30


async def _remote_start_first(central_system: CertificationTool) -> None:
    authorizes = await central_system.reads("AuthorizeRemoteTxRequests") == "true"
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Accepted"}
    if authorizes:
        await central_system.expects("Authorize", idTag=VALID)
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")


@pytest.mark.rule(132)
@case()
async def test_TC_010_CS_remote_start_cable_plugged_in_first(site: Site) -> None:
    await site.charging()


@pytest.mark.rule(132)
@case()
async def test_TC_010_CS_without_authorization_of_remote_requests(
    site: Site, central_system: CertificationTool
) -> None:
    await central_system.configures(AuthorizeRemoteTxRequests=False)
    await site.charging()


@case()
async def test_TC_011_1_CS_remote_start_first(driver: Driver, central_system: CertificationTool) -> None:
    await _remote_start_first(central_system)
    driver.plugs_in()
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(72, 129)
@case()
async def test_TC_011_2_CS_remote_start_time_out(central_system: CertificationTool) -> None:
    await central_system.configures(ConnectionTimeOut=CONNECTION_TIME_OUT_S)
    await _remote_start_first(central_system)
    prepared_at = central_system.told_at["StatusNotification"]
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    waited_s = (central_system.told_at["StatusNotification"] - prepared_at).total_seconds()
    assert CONNECTION_TIME_OUT_S - 5 <= waited_s <= CONNECTION_TIME_OUT_S + 15


@pytest.mark.rule(78, 134)
@case()
async def test_TC_012_CS_remote_stop(site: Site, central_system: CertificationTool) -> None:
    transaction_id = await site.charging()
    answer = await central_system.asks("RemoteStopTransaction", transactionId=transaction_id)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="Remote"),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )


@pytest.mark.rule(131)
@case()
async def test_TC_026_CS_remote_start_on_a_charging_connector_is_rejected(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await central_system.configures(LocalPreAuthorize=False)
    await site.charging()
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID_2)
    assert answer == {"status": "Rejected"}
    await station.lives(5)  # and nothing follows, which the end of the case looks at


@pytest.mark.rule(130)
@case()
async def test_TC_027_CS_remote_start_on_connector_0_is_rejected(
    station: StationUnderTest, central_system: CertificationTool
) -> None:
    answer = await central_system.asks("RemoteStartTransaction", connectorId=0, idTag=VALID)
    assert answer == {"status": "Rejected"}
    await station.lives(5)


@pytest.mark.rule(134)
@pytest.mark.parametrize("unknown", [0, -1, 99_999])
@case()
async def test_TC_028_CS_remote_stop_of_an_unknown_transaction_is_rejected(
    site: Site, station: StationUnderTest, central_system: CertificationTool, unknown: int
) -> None:
    await site.charging()
    answer = await central_system.asks("RemoteStopTransaction", transactionId=unknown)
    assert answer == {"status": "Rejected"}
    await station.lives(5)
    assert station.hardware.power_w(1) > 0
