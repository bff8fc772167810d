"""Certification cases of a charging session: how it begins, and who ends it."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import FOREIGN, VALID, VALID_2, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case

CONNECTION_TIME_OUT_S = 30
UNPLUGGED = "EV side disconnected"


@pytest.mark.rule(50, 65, 66)
@case()
async def test_TC_003_CS_regular_charging_session_plugin_first(
    driver: Driver, central_system: CertificationTool
) -> None:
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await central_system.expects("Authorize", idTag=VALID)
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(65, 66)
@case()
async def test_TC_004_1_CS_regular_charging_session_identification_first(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    await central_system.configures(MeterValueSampleInterval=45)
    await site.authorized()
    driver.plugs_in()
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(72)
@case()
async def test_TC_004_2_CS_identification_first_connection_time_out(
    site: Site, central_system: CertificationTool
) -> None:
    await central_system.configures(ConnectionTimeOut=CONNECTION_TIME_OUT_S)
    await site.authorized()
    prepared_at = central_system.told_at["StatusNotification"]
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    waited_s = (central_system.told_at["StatusNotification"] - prepared_at).total_seconds()
    assert CONNECTION_TIME_OUT_S - 5 <= waited_s <= CONNECTION_TIME_OUT_S + 15


@pytest.mark.rule(74)
@case("reference")
async def test_TC_005_1_CS_ev_side_disconnected_stops_and_unlocks(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    await central_system.configures_if_implemented(MinimumStatusDuration=0)
    await central_system.configures(
        StopTransactionOnEVSideDisconnect=True, UnlockConnectorOnEVSideDisconnect=True
    )
    transaction_id = await site.charging()
    driver.unplugs_at_the_ev()
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="EVDisconnected", idTag=None),
        message("StatusNotification", connectorId=1, status="Finishing", errorCode="NoError", info=UNPLUGGED),
    )
    await driver.unplugs()  # the lock is open: nobody has to be asked
    await central_system.expects("StatusNotification", connectorId=1, status="Available")


@pytest.mark.rule(76)
@case("c6eu")
async def test_TC_005_1_CS_is_ruled_out_by_a_fixed_cable(central_system: CertificationTool) -> None:
    """A fixed cable cannot be unlocked, so the key reads false and is not to be written (errata 3.83)."""
    answer = await central_system.asks("GetConfiguration", key=["UnlockConnectorOnEVSideDisconnect"])
    (entry,) = answer["configurationKey"]
    assert entry == {"key": "UnlockConnectorOnEVSideDisconnect", "readonly": True, "value": "false"}
    answer = await central_system.asks(
        "ChangeConfiguration", key="UnlockConnectorOnEVSideDisconnect", value="true"
    )
    assert answer == {"status": "Rejected"}


@pytest.mark.rule(74)
@case()
async def test_TC_005_2_CS_ev_side_disconnected_stops_and_stays_locked(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    await central_system.configures_if_implemented(MinimumStatusDuration=0)
    await central_system.configures(
        StopTransactionOnEVSideDisconnect=True, UnlockConnectorOnEVSideDisconnect=False
    )
    transaction_id = await site.charging()
    driver.unplugs_at_the_ev()
    after = {"Finishing", "Available"} if station.fixed_cable else {"Finishing"}
    _, status = await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="EVDisconnected", idTag=None),
        message("StatusNotification", connectorId=1, status=after),
    )
    if station.fixed_cable:
        assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        if status["status"] == "Finishing":
            await central_system.expects("StatusNotification", connectorId=1, status="Available")
    else:
        await station.lives(5)
        assert station.hardware.point(1).locked
        assert await central_system.asks("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        await driver.unplugs()
        await central_system.expects("StatusNotification", connectorId=1, status="Available")


@pytest.mark.rule(75)
@case()
async def test_TC_005_3_CS_ev_side_disconnected_goes_on(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    await central_system.configures_if_implemented(MinimumStatusDuration=0)
    await central_system.configures(
        StopTransactionOnEVSideDisconnect=False, UnlockConnectorOnEVSideDisconnect=False
    )
    transaction_id = await site.charging()
    driver.unplugs_at_the_ev()
    await central_system.expects(
        "StatusNotification", connectorId=1, status={"SuspendedEV", "SuspendedEVSE"}, info=UNPLUGGED
    )
    answer = await central_system.asks("RemoteStopTransaction", transactionId=transaction_id)
    assert answer == {"status": "Accepted"}
    after = {"Finishing", "Available"} if station.fixed_cable else "Finishing"
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason="Remote"),
        message("StatusNotification", connectorId=1, status=after),
    )


@pytest.mark.rule(62)
@case()
async def test_TC_068_CS_the_tag_that_started_stops(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    """The other connector of a common reader is occupied, so a foreign tag can mean none."""
    await _occupied_beside(site)
    transaction_id = await site.charging(FOREIGN)
    driver.presents(VALID)
    await station.lives(5)
    assert not central_system.heard("StopTransaction")
    assert not central_system.heard("Authorize")
    driver.presents(FOREIGN)
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, idTag=FOREIGN, reason={"Local", None}),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )


@pytest.mark.rule(63, 79)
@case()
async def test_TC_069_CS_a_tag_of_the_same_parent_stops(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    await _occupied_beside(site)
    transaction_id = await site.charging(VALID)
    driver.presents(VALID_2)
    await central_system.expects("Authorize", idTag=VALID_2)
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, idTag=VALID_2, reason={"Local", None}),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )


async def _occupied_beside(site: Site) -> None:
    """Connector 2 charges for a tag of no group, if the reader of connector 1 serves it too."""
    if site.station.product.readers[0].connectors == (1, 2):
        site.central_system.tags["other-9"] = site.central_system.tags[FOREIGN.casefold()]
        await site.charging("OTHER-9", connector=2)
