"""Certification case of a station that is faulted."""

# ruff: noqa: N802  (the cases keep their names)

import pytest
from conformance.certification_tool import VALID, CertificationTool, message
from conformance.conformance_rig import Driver, StationUnderTest, case


@pytest.mark.rule(131)
@pytest.mark.parametrize("faulted", [(0,), (1, 2)], ids=["main controller", "all connectors"])
@case()
async def test_TC_041_CS_a_faulted_station_starts_nothing(
    station: StationUnderTest, driver: Driver, central_system: CertificationTool, faulted: tuple[int, ...]
) -> None:
    for connector in faulted:
        station.hardware.raise_fault(connector, "InternalError")
    await central_system.expects_in_any_order(
        *(
            message("StatusNotification", connectorId=connector, status="Faulted", errorCode="InternalError")
            for connector in faulted
        )
    )
    driver.plugs_in()
    if 1 not in faulted:  # a connector has a status of its own (OCPP 1.6 §4.9)
        await central_system.expects("StatusNotification", connectorId=1, status="Preparing")
    driver.presents(VALID)
    await station.lives(20)
    answer = await central_system.asks("RemoteStartTransaction", connectorId=1, idTag=VALID)
    assert answer == {"status": "Rejected"}
    await station.lives(20)
    assert not central_system.heard("StartTransaction")
    assert station.hardware.power_w(1) == 0
