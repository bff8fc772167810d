"""Certification cases of reservations."""

# ruff: noqa: N802  (the cases keep their names)

from datetime import timedelta
from typing import Any

import pytest
from conformance.certification_tool import FOREIGN, VALID, VALID_2, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case

RESERVATION = 11


async def _reserves(
    tool: CertificationTool, connector: int = 1, *, lasts_s: int = 3600, id_tag: str = VALID, **more: Any
) -> str:
    expiry = (tool.now() + timedelta(seconds=lasts_s)).isoformat()
    payload = {"connectorId": connector, "expiryDate": expiry, "idTag": id_tag, "reservationId": RESERVATION}
    return str((await tool.asks("ReserveNow", **(payload | more)))["status"])


async def _only_connector_1(tool: CertificationTool) -> None:
    """Reusable state SetConnectorUnavailable for all unused connectors."""
    answer = await tool.asks("ChangeAvailability", connectorId=2, type="Inoperative")
    assert answer == {"status": "Accepted"}
    await tool.expects("StatusNotification", connectorId=2, status="Unavailable")


async def _reserved(tool: CertificationTool, **more: Any) -> None:
    await _only_connector_1(tool)
    assert await _reserves(tool, **more) == "Accepted"
    await tool.expects("StatusNotification", connectorId=1, status="Reserved")


async def _starts(site: Site, id_tag: str, *, reservation: int | None) -> None:
    """The tag is presented, the cable is plugged in, and the car charges."""
    site.driver.presents(id_tag)
    await site.central_system.expects_in_any_order(
        message("Authorize", idTag=id_tag),
        message("StatusNotification", connectorId=1, status="Preparing"),
    )
    site.driver.plugs_in()
    await site.central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=id_tag, reservationId=reservation),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(67, 163, 165)
@case()
async def test_TC_046_1_CS_a_reserved_connector_is_used_by_its_driver(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    await _reserved(central_system)
    driver.presents(FOREIGN)
    await site.station.lives(5)
    assert not central_system.heard("StatusNotification")
    await _starts(site, VALID, reservation=RESERVATION)


@pytest.mark.rule(67, 163, 167)
@case()
async def test_TC_046_2_CS_a_reserved_connector_is_used_by_remote_start(
    site: Site, driver: Driver, central_system: CertificationTool
) -> None:
    await _reserved(central_system)
    refused = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=FOREIGN)
    assert refused == {"status": "Rejected"}
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("Authorize", idTag=VALID),
        message("StatusNotification", connectorId=1, status="Preparing"),
    )
    driver.plugs_in()
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID, reservationId=RESERVATION),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(165, 166)
@case()
async def test_TC_047_CS_a_reservation_expires(site: Site, central_system: CertificationTool) -> None:
    await _reserved(central_system, lasts_s=60)
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    await _starts(site, FOREIGN, reservation=None)


@pytest.mark.rule(160)
@case()
async def test_TC_048_1_CS_a_faulted_connector_is_not_reserved(
    station: StationUnderTest, central_system: CertificationTool
) -> None:
    station.hardware.raise_fault(1, "GroundFailure")
    await central_system.expects("StatusNotification", connectorId=1, status="Faulted")
    assert await _reserves(central_system) == "Faulted"


@pytest.mark.rule(160)
@case()
async def test_TC_048_2_CS_an_occupied_connector_is_not_reserved(
    driver: Driver, central_system: CertificationTool
) -> None:
    driver.plugs_in()
    await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    assert await _reserves(central_system) == "Occupied"


@pytest.mark.rule(160)
@case()
async def test_TC_048_3_CS_an_unavailable_connector_is_not_reserved(
    central_system: CertificationTool,
) -> None:
    await central_system.asks("ChangeAvailability", connectorId=1, type="Inoperative")
    await central_system.expects("StatusNotification", connectorId=1, status="Unavailable")
    assert await _reserves(central_system) == "Unavailable"


@pytest.mark.rule(160)
@case(without="Reservation")
async def test_TC_048_4_CS_a_station_that_takes_no_reservations(central_system: CertificationTool) -> None:
    assert await _reserves(central_system) == "Rejected"


@pytest.mark.rule(162)
@case("reference")
async def test_TC_049_CS_any_connector_is_reserved_and_used(
    site: Site, central_system: CertificationTool
) -> None:
    await _only_connector_1(central_system)
    assert await _reserves(central_system, connector=0) == "Accepted"
    await central_system.expects("StatusNotification", connectorId=1, status="Reserved")
    site.driver.presents(FOREIGN)
    await site.station.lives(5)
    assert not central_system.heard("StatusNotification")
    await _starts(site, VALID, reservation=RESERVATION)


@pytest.mark.rule(160)
@case("reference")
async def test_TC_050_1_CS_a_faulted_station_is_not_reserved(
    station: StationUnderTest, central_system: CertificationTool
) -> None:
    station.hardware.raise_fault(0, "InternalError")
    await central_system.expects("StatusNotification", connectorId=0, status="Faulted")
    assert await _reserves(central_system, connector=0) == "Faulted"


@pytest.mark.rule(160)
@case("reference")
async def test_TC_050_2_CS_an_occupied_station_is_not_reserved(
    driver: Driver, central_system: CertificationTool
) -> None:
    for connector in (1, 2):
        driver.plugs_in(connector)
        await central_system.expects("StatusNotification", connectorId=connector, status="Preparing")
        driver.presents_at(connector, VALID if connector == 1 else VALID_2)
        await central_system.expects("Authorize")
        await central_system.expects_in_any_order(
            message("StartTransaction", connectorId=connector),
            message("StatusNotification", connectorId=connector, status="Charging"),
        )
    assert await _reserves(central_system, connector=0) == "Occupied"


@pytest.mark.rule(160)
@case("reference")
async def test_TC_050_3_CS_an_unavailable_station_is_not_reserved(
    central_system: CertificationTool,
) -> None:
    await central_system.asks("ChangeAvailability", connectorId=0, type="Inoperative")
    await central_system.expects_status_of_all("Unavailable")
    assert await _reserves(central_system, connector=0) == "Unavailable"


@pytest.mark.rule(161)
@case("c6eu")
async def test_TC_050_4_CS_connector_0_is_rejected_where_it_is_not_supported(
    central_system: CertificationTool,
) -> None:
    """ReserveConnectorZeroSupported is not offered (§5.13)."""
    assert await _reserves(central_system, connector=0) == "Rejected"


@pytest.mark.rule(67, 165, 166, 168)
@case()
async def test_TC_051_CS_a_reservation_is_cancelled(site: Site, central_system: CertificationTool) -> None:
    await _reserved(central_system)
    answer = await central_system.asks("CancelReservation", reservationId=RESERVATION)
    assert answer == {"status": "Accepted"}
    await central_system.expects("StatusNotification", connectorId=1, status="Available")
    await _starts(site, VALID, reservation=None)


@pytest.mark.rule(168)
@case()
async def test_TC_052_CS_an_unknown_reservation_is_not_cancelled(
    site: Site, central_system: CertificationTool
) -> None:
    await _reserved(central_system)
    answer = await central_system.asks("CancelReservation", reservationId=RESERVATION + 1)
    assert answer == {"status": "Rejected"}
    await _starts(site, VALID, reservation=RESERVATION)


@pytest.mark.rule(163, 164)
@case()
async def test_TC_053_CS_TC_053_1_CS_a_tag_of_the_group_uses_the_reservation(
    site: Site, central_system: CertificationTool
) -> None:
    """The case of 2024 is the local start; another tag of the same parent comes."""
    await _reserved(central_system, parentIdTag="FAMILY")
    await _starts(site, VALID_2, reservation=RESERVATION)


@pytest.mark.rule(163, 164)
@case()
async def test_TC_053_2_CS_a_tag_of_the_group_uses_the_reservation_by_remote_start(
    driver: Driver, central_system: CertificationTool
) -> None:
    await _reserved(central_system, parentIdTag="FAMILY")
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID_2)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("Authorize", idTag=VALID_2),
        message("StatusNotification", connectorId=1, status="Preparing"),
    )
    driver.plugs_in()
    await central_system.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID_2, reservationId=RESERVATION),
        message("StatusNotification", connectorId=1, status="Charging"),
    )


@pytest.mark.rule(169)
@case()
async def test_a_reservation_survives_a_power_failure(
    site: Site, station: StationUnderTest, central_system: CertificationTool
) -> None:
    await _reserved(central_system)
    await station.is_power_cycled()
    await central_system.expects("BootNotification")
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status="Reserved"),
        message("StatusNotification", connectorId=2, status="Unavailable"),
    )
    await _starts(site, VALID, reservation=RESERVATION)
