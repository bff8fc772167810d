"""Certification cases of a station that loses its connection, and of one that starts without."""

# ruff: noqa: N802  (the cases keep their names)

from datetime import datetime

import pytest
from conformance.certification_tool import INVALID, VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, are_apart, case

SAMPLE_INTERVAL_S = 30


async def _works_offline(site: Site, id_tag: str) -> None:
    """The tag is in the cache, which counts offline."""
    await site.central_system.configures(LocalAuthorizeOffline=True, AuthorizationCacheEnabled=True)
    await site.central_system.configures_if_implemented(
        LocalAuthListEnabled=True, AllowOfflineTxForUnknownId=True, MaxEnergyOnInvalidId=0
    )
    await site.id_tag_cached(id_tag)


async def _starts_offline(site: Site, id_tag: str) -> None:
    await site.station.loses_the_network()
    site.driver.plugs_in()
    await site.station.shows(1, "Preparing")
    site.driver.presents(id_tag)
    await site.station.shows(1, "Charging")


@pytest.mark.rule(84, 85, 115)
@case()
async def test_TC_036_CS_connection_loss_during_a_transaction(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await central_system.configures(MeterValueSampleInterval=SAMPLE_INTERVAL_S)
    transaction_id = await site.charging()
    await station.loses_the_network()
    await station.lives(SAMPLE_INTERVAL_S * 3.5)
    assert not central_system.heard("MeterValues")
    station.finds_the_network()
    samples = await central_system.takes("MeterValues", 5)
    taken_at = []
    for _, payload in samples:
        assert payload["connectorId"] == 1
        assert payload["transactionId"] == transaction_id
        (value,) = payload["meterValue"]
        taken_at.append(datetime.fromisoformat(value["timestamp"]))
        assert {v.get("context", "Sample.Periodic") for v in value["sampledValue"]} == {"Sample.Periodic"}
        assert {v.get("format", "Raw") for v in value["sampledValue"]} == {"Raw"}
    are_apart(taken_at, SAMPLE_INTERVAL_S)


@pytest.mark.rule(85)
@case()
async def test_TC_037_1_CS_offline_start_with_a_valid_tag(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await _works_offline(site, VALID)
    await _starts_offline(site, VALID)
    station.finds_the_network()
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


async def _starts_offline_with_a_tag_that_is_invalid_by_now(site: Site) -> None:
    site.central_system.answers_tag(INVALID, "Accepted")
    await _works_offline(site, INVALID)
    site.central_system.answers_tag(INVALID, "Invalid")
    await _starts_offline(site, INVALID)
    site.station.finds_the_network()
    await site.central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=INVALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(68)
@case()
async def test_TC_037_2_CS_offline_start_with_an_invalid_tag_goes_on_without_energy(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await central_system.configures(StopTransactionOnInvalidId=False)
    await _starts_offline_with_a_tag_that_is_invalid_by_now(site)
    await central_system.expects("StatusNotification", connectorId=1, status="SuspendedEVSE")
    await station.lives(5)
    assert not central_system.heard("StopTransaction")
    assert station.hardware.power_w(1) == 0


@pytest.mark.rule(68, 78)
@case()
async def test_TC_037_3_CS_offline_start_with_an_invalid_tag_is_stopped(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await central_system.configures(StopTransactionOnInvalidId=True)
    await _starts_offline_with_a_tag_that_is_invalid_by_now(site)
    await central_system.expects_in_any_order(
        message("StopTransaction", reason="DeAuthorized", transactionId=max(central_system.transactions)),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )
    assert station.hardware.power_w(1) == 0


@case()
async def test_TC_038_CS_offline_stop(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    transaction_id = await site.charging()
    await station.loses_the_network()
    driver.presents(VALID)
    await station.shows(1, "Finishing")
    station.finds_the_network()
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id, reason={"Local", None}, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Finishing"),
    )


@pytest.mark.rule(84)
@case()
async def test_TC_039_CS_offline_transaction(
    site: Site, station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    await _works_offline(site, VALID)
    known = len(central_system.transactions)
    await _starts_offline(site, VALID)
    await station.lives(20)
    driver.presents(VALID)
    await station.shows(1, "Finishing")
    await driver.unplugs()
    await station.shows(1, "Available")
    station.finds_the_network()
    start = await central_system.expects("StartTransaction", connectorId=1, idTag=VALID)
    stop = await central_system.expects("StopTransaction", idTag=VALID, reason={"Local", None})
    assert stop["transactionId"] == known + 1
    assert stop["meterStop"] > start["meterStart"]
    lasted = datetime.fromisoformat(stop["timestamp"]) - datetime.fromisoformat(start["timestamp"])
    assert lasted.total_seconds() >= 19
