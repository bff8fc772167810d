"""Certification cases of the local authorization list."""

# ruff: noqa: N802  (the cases keep their names)

from typing import Any

import pytest
from conformance.certification_tool import INVALID, VALID, VALID_2, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case


def entry(id_tag: str, status: str | None = "Accepted") -> dict[str, Any]:
    """An entry of the list; without a status it takes the tag out."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status}} if status else {})


async def _sends(tool: CertificationTool, version: int, update: str, *entries: dict[str, Any]) -> str:
    answer = await tool.asks(
        "SendLocalList", listVersion=version, updateType=update, localAuthorizationList=list(entries)
    )
    return str(answer["status"])


async def _version(tool: CertificationTool) -> int:
    return int((await tool.asks("GetLocalListVersion"))["listVersion"])


async def _with_the_list(tool: CertificationTool) -> None:
    await tool.configures(LocalPreAuthorize=True, LocalAuthListEnabled=True, AuthorizationCacheEnabled=False)
    await tool.configures(AuthorizeRemoteTxRequests=True)
    await _version(tool)
    assert await _sends(tool, 1, "Full", entry(VALID)) == "Accepted"


@case()
async def test_TC_008_CS_TC_008_2_CS_remote_start_with_a_listed_tag(
    driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2024; TC_008_2_CS of later lists."""
    await _with_the_list(central_system)
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@case()
async def test_TC_008_1_CS_local_start_with_a_listed_tag(
    driver: Driver, central_system: CertificationTool
) -> None:
    """The case of 2025: the tag is presented."""
    await _with_the_list(central_system)
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(149)
@case()
async def test_TC_042_1_CS_there_is_no_version_of_a_list_that_is_off(
    central_system: CertificationTool,
) -> None:
    await central_system.configures(LocalAuthListEnabled=False)
    assert await _version(central_system) == -1


@pytest.mark.rule(149, 150)
@case()
async def test_TC_042_2_CS_an_empty_list_has_the_version_0(central_system: CertificationTool) -> None:
    assert await _sends(central_system, 1, "Full") == "Accepted"
    assert await _version(central_system) == 0


@pytest.mark.rule(153)
@case()
async def test_TC_043_CS_a_full_and_a_differential_update(central_system: CertificationTool) -> None:
    assert await _sends(central_system, 1, "Full", entry(VALID)) == "Accepted"
    assert await _sends(central_system, 2, "Differential", entry(VALID_2)) == "Accepted"
    assert await _version(central_system) == 2


@pytest.mark.rule(149, 156)
@case(without="LocalAuthListManagement")
async def test_TC_043_1_CS_a_station_without_lists(central_system: CertificationTool) -> None:
    assert await _sends(central_system, 1, "Full", entry(VALID)) == "NotSupported"
    assert await _version(central_system) == -1


@pytest.mark.rule(154)
@case()
async def test_TC_043_2_CS_a_version_that_does_not_match(central_system: CertificationTool) -> None:
    assert await _sends(central_system, 2, "Full", entry(VALID)) == "Accepted"
    assert await _version(central_system) == 2
    assert await _sends(central_system, 5, "Differential", entry(VALID_2)) == "Accepted"
    assert await _version(central_system) == 5
    assert await _sends(central_system, 4, "Differential", entry(INVALID)) == "VersionMismatch"
    assert await _version(central_system) == 5


@pytest.mark.rule(155)
@case()
async def test_TC_043_3_CS_a_list_that_cannot_be_stored(central_system: CertificationTool) -> None:
    """One entry more than one message may hold."""
    most = int(await central_system.reads("SendLocalListMaxLength") or 0)
    entries = [entry(f"TAG-{number}") for number in range(most + 1)]
    assert await _sends(central_system, 1, "Full", *entries) == "Failed"
    assert await _version(central_system) == 0


@pytest.mark.rule(157)
@case()
async def test_the_list_survives_a_power_failure(
    station: StationUnderTest, central_system: CertificationTool
) -> None:
    assert await _sends(central_system, 7, "Full", entry(VALID), entry(INVALID, "Blocked")) == "Accepted"
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_status_of_all("Available")
    assert await _version(central_system) == 7


@pytest.mark.rule(61)
@case()
async def test_an_answer_that_contradicts_the_list_is_reported(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    """The list says Blocked, the Central System Accepted: LocalListConflict of the main controller (§3.5.2)."""
    await central_system.configures(LocalPreAuthorize=False, LocalAuthListEnabled=True)
    assert await _sends(central_system, 1, "Full", entry(VALID, "Blocked")) == "Accepted"
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await central_system.expects("Authorize", idTag=VALID)
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available", errorCode="LocalListConflict"),
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )
    await site.station.is_quiet()
    assert await _sends(central_system, 2, "Full", entry(VALID)) == "Accepted"
    await central_system.expects("StatusNotification", connectorId=0, errorCode="NoError")


@pytest.mark.parametrize(("status", "starts"), [("ConcurrentTx", True), ("Blocked", False)])
@case()
async def test_offline_the_list_decides(
    site: Site, driver: Driver, central_system: CertificationTool, status: str, starts: bool
) -> None:
    """Valid is Accepted and ConcurrentTx; all else is refused, whatever is allowed to the unknown (§3.5.4)."""
    await central_system.configures(LocalAuthorizeOffline=True, LocalAuthListEnabled=True)
    await central_system.configures_if_implemented(AllowOfflineTxForUnknownId=True)
    assert await _sends(central_system, 1, "Full", entry(VALID, status)) == "Accepted"
    await site.station.loses_the_network()
    driver.plugs_in()
    await site.station.shows(1, "Preparing")
    driver.presents(VALID)
    if starts:
        await site.station.shows(1, "Charging")
    else:
        await site.station.lives(15)
        assert site.station.hardware.power_w(1) == 0
    site.station.finds_the_network()
    if starts:
        expected = [
            message("StartTransaction", idTag=VALID),
            message("StatusNotification", status="Charging"),
        ]
    else:
        expected = [message("StatusNotification", connectorId=1, status="Preparing")]
    await central_system.expects_in_any_order(*expected)
