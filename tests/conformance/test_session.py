"""Certification cases of a charging session: how it begins, and how it ends when the EV is unplugged."""

from conformance.certification_tool import VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, StationUnderTest, case


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
