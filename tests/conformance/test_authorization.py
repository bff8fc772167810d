"""Certification cases of tags that are cached, and of tags that are refused."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import INVALID, VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case


@pytest.mark.rule(49, 132)
@case()
async def test_TC_007_CS_TC_007_2_CS_remote_start_with_a_cached_tag(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2024; TC_007_2_CS of later lists."""
    await central_system.configures(AuthorizeRemoteTxRequests=True, LocalPreAuthorize=True)
    await site.id_tag_cached()
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(49)
@case()
async def test_TC_007_1_CS_local_start_with_a_cached_tag(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2025: the tag is presented."""
    await central_system.configures(LocalPreAuthorize=True)
    await site.id_tag_cached()
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@case()
async def test_TC_007_1_CS_a_cached_tag_is_asked_for_without_local_pre_authorize(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    """The other side of the key (OCPP 1.6 §9.1.13)."""
    await central_system.configures(LocalPreAuthorize=False)
    await site.id_tag_cached()
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await central_system.expects("Authorize", idTag=VALID)
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(60)
@case()
async def test_TC_061_CS_TC_061_1_CS_clear_authorization_data_in_the_cache(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2024; TC_061_1_CS of later lists, whose start is a local one."""
    await central_system.configures(AuthorizationCacheEnabled=True, LocalPreAuthorize=True)
    await site.authorized()
    driver.presents(VALID)
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    assert await central_system.asks("ClearCache") == {"status": "Accepted"}
    await site.authorized()  # the tag is asked for again


@pytest.mark.rule(60)
@case()
async def test_TC_061_2_CS_clear_authorization_data_and_start_remotely(
    site: Site, central_system: CertificationTool
) -> None:
    await central_system.configures(AuthorizeRemoteTxRequests=True, LocalPreAuthorize=True)
    await site.id_tag_cached()
    assert await central_system.asks("ClearCache") == {"status": "Accepted"}
    await site.charging()  # with an Authorize.req


@pytest.mark.rule(60)
@case()
async def test_TC_061_CS_is_rejected_without_a_cache(central_system: CertificationTool) -> None:
    """OCPP 1.6 errata 3.23."""
    await central_system.configures(AuthorizationCacheEnabled=False)
    assert await central_system.asks("ClearCache") == {"status": "Rejected"}


async def _with_slow_statuses(central_system: CertificationTool) -> None:
    await central_system.configures_if_implemented(MinimumStatusDuration=10)
    await central_system.configures(LocalPreAuthorize=True)


async def _nothing_starts(station: StationUnderTest, central_system: CertificationTool) -> None:
    await station.lives(15)
    assert not central_system.heard("StartTransaction")
    assert station.hardware.power_w(1) == 0


@pytest.mark.rule(47)
@case()
async def test_TC_023_CS_authorize_invalid_after_plugging(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2024."""
    await _with_slow_statuses(central_system)
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(INVALID)
    await central_system.expects("Authorize", idTag=INVALID)
    await _nothing_starts(station, central_system)


@case()
async def test_TC_023_4_CS_authorize_invalid_before_plugging(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2025: the tag first, then the cable."""
    await _with_slow_statuses(central_system)
    driver.presents(INVALID)
    await central_system.expects("Authorize", idTag=INVALID)
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    await _nothing_starts(station, central_system)


@pytest.mark.rule(129, 132)
@case()
async def test_TC_023_5_CS_authorize_invalid_of_a_remote_start(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool
) -> None:
    await _with_slow_statuses(central_system)
    await central_system.configures(AuthorizeRemoteTxRequests=True)
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=INVALID)
    assert answer == {"status": "Accepted"}
    await central_system.expects("Authorize", idTag=INVALID)
    await _nothing_starts(station, central_system)
