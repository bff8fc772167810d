"""Certification cases of configuration keys, and of data nobody knows."""

# ruff: noqa: N802  (the cases keep their names)

from typing import Final

import pytest
from conformance.certification_tool import CertificationTool
from conformance.conformance_rig import case
from ocpp.exceptions import OCPPError

ACCESS: Final = {
    "Core": {
        "AuthorizeRemoteTxRequests": "R or RW",
        "ClockAlignedDataInterval": "RW",
        "ConnectionTimeOut": "RW",
        "ConnectorPhaseRotation": "RW",
        "GetConfigurationMaxKeys": "R",
        "HeartbeatInterval": "RW",
        "LocalAuthorizeOffline": "RW",
        "LocalPreAuthorize": "RW",
        "MeterValuesAlignedData": "RW",
        "MeterValuesSampledData": "RW",
        "MeterValueSampleInterval": "RW",
        "NumberOfConnectors": "R",
        "ResetRetries": "RW",
        "StopTransactionOnInvalidId": "RW",
        "StopTxnAlignedData": "RW",
        "StopTxnSampledData": "RW",
        "SupportedFeatureProfiles": "R",
        "TransactionMessageAttempts": "RW",
        "TransactionMessageRetryInterval": "RW",
        "UnlockConnectorOnEVSideDisconnect": "R or RW",
    },
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": "RW",
        "LocalAuthListMaxLength": "R",
        "SendLocalListMaxLength": "R",
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": "R",
        "ChargingScheduleAllowedChargingRateUnit": "R",
        "ChargingScheduleMaxPeriods": "R",
        "MaxChargingProfilesInstalled": "R",
    },
    "FirmwareManagement": {},
    "Reservation": {},
    "RemoteTrigger": {},
}
"""What each profile requires, and who may write it (OCPP 1.6 chapter 9)."""


@pytest.mark.rule(144, 146)
@case()
async def test_TC_019_CS_retrieve_configuration(central_system: CertificationTool) -> None:
    answer = await central_system.asks("GetConfiguration", key=["SupportedFeatureProfiles"])
    assert not answer.get("unknownKey")
    (entry,) = answer["configurationKey"]
    assert entry["key"] == "SupportedFeatureProfiles"
    profiles = [profile.strip() for profile in entry["value"].split(",")]

    answer = await central_system.asks("GetConfiguration", key=[])
    readonly = {entry["key"]: entry["readonly"] for entry in answer["configurationKey"]}
    assert len(readonly) == len(answer["configurationKey"])
    required = {key: access for profile in profiles for key, access in ACCESS[profile].items()}
    assert required.keys() <= readonly.keys()
    assert not {
        key for key, access in required.items() if ("R" if readonly[key] else "RW") not in access.split()
    }

    max_keys = int(await central_system.reads("GetConfigurationMaxKeys") or 0)
    asked = list(readonly)[:max_keys]
    answer = await central_system.asks("GetConfiguration", key=asked)
    assert not answer.get("unknownKey")
    assert {entry["key"] for entry in answer["configurationKey"]} == set(asked)


@pytest.mark.rule(143)
@case()
async def test_TC_021_CS_change_configuration(central_system: CertificationTool) -> None:
    assert await central_system.reads("MeterValueSampleInterval") != "37"
    answer = await central_system.asks("ChangeConfiguration", key="MeterValueSampleInterval", value="37")
    assert answer == {"status": "Accepted"}
    assert await central_system.reads("MeterValueSampleInterval") == "37"


@pytest.mark.rule(143)
@case()
async def test_TC_040_1_CS_an_unknown_key_is_not_supported(central_system: CertificationTool) -> None:
    answer = await central_system.asks("ChangeConfiguration", key="Testing", value="true")
    assert answer == {"status": "NotSupported"}


@pytest.mark.rule(143)
@pytest.mark.parametrize("value", ["-1", "", "sixty"])
@case()
async def test_TC_040_2_CS_an_invalid_value_is_rejected(
    central_system: CertificationTool, value: str
) -> None:
    before = await central_system.reads("MeterValueSampleInterval")
    answer = await central_system.asks("ChangeConfiguration", key="MeterValueSampleInterval", value=value)
    assert answer == {"status": "Rejected"}
    assert await central_system.reads("MeterValueSampleInterval") == before


@pytest.mark.rule(148)
@case()
async def test_TC_062_CS_data_of_an_unknown_vendor_is_refused(central_system: CertificationTool) -> None:
    answer = await central_system.asks("DataTransfer", vendorId="org.nobody", messageId="Hello", data="?")
    assert answer == {"status": "UnknownVendorId"}


@pytest.mark.rule(148)
@case("reference")
async def test_TC_062_CS_data_of_a_known_vendor_is_answered(central_system: CertificationTool) -> None:
    """The other answers of the case, on a product that declares a vendor."""
    known = "org.example.vendor"
    answer = await central_system.asks("DataTransfer", vendorId=known, messageId="Hello", data="?")
    assert answer == {"status": "Accepted", "data": "World"}
    answer = await central_system.asks("DataTransfer", vendorId=known, messageId="Forbidden")
    assert answer == {"status": "Rejected"}
    answer = await central_system.asks("DataTransfer", vendorId=known, messageId="Unheard")
    assert answer == {"status": "UnknownMessageId"}


@pytest.mark.rule(145)
@case()
async def test_TC_019_CS_one_key_more_than_the_station_tells(central_system: CertificationTool) -> None:
    """Not defined by the standard (OCPP 1.6 §5.8): the request is refused as a whole."""
    max_keys = int(await central_system.reads("GetConfigurationMaxKeys") or 0)
    with pytest.raises(OCPPError) as refused:
        await central_system.asks("GetConfiguration", key=[f"K{n}" for n in range(max_keys + 1)])
    assert refused.value.code == "OccurenceConstraintViolation"
