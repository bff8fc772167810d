"""Messages of the Core feature profile (OCPP 1.6 §6)."""

from typing import Annotated

from pydantic import Field

from pilotline.spec.messages.structures import ChargingProfile, IdTagInfo, KeyValue, MeterValue, Structure
from pilotline.spec.types import (
    AvailabilityStatus,
    AvailabilityType,
    ChargePointErrorCode,
    ChargePointStatus,
    CiString20,
    CiString25,
    CiString50,
    CiString255,
    CiString500,
    ClearCacheStatus,
    ConfigurationStatus,
    DataTransferStatus,
    DateTime,
    IdToken,
    Integer,
    Maybe,
    Reason,
    RegistrationStatus,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    UnlockStatus,
)


class AuthorizeReq(Structure):
    """§6.1."""

    id_tag: IdToken


class AuthorizeConf(Structure):
    """§6.2."""

    id_tag_info: IdTagInfo


class BootNotificationReq(Structure):
    """§6.3."""

    charge_point_vendor: CiString20
    charge_point_model: CiString20
    charge_point_serial_number: Maybe[CiString25] = None
    charge_box_serial_number: Maybe[CiString25] = None
    firmware_version: Maybe[CiString50] = None
    iccid: Maybe[CiString20] = None
    imsi: Maybe[CiString20] = None
    meter_type: Maybe[CiString25] = None
    meter_serial_number: Maybe[CiString25] = None


class BootNotificationConf(Structure):
    """§6.4. interval in seconds: of the Heartbeat if accepted, else the wait before the next attempt."""

    status: RegistrationStatus
    current_time: DateTime
    interval: Integer


class ChangeAvailabilityReq(Structure):
    """§6.7. connectorId 0 is the charge point and all its connectors."""

    connector_id: Integer
    type: AvailabilityType


class ChangeAvailabilityConf(Structure):
    """§6.8."""

    status: AvailabilityStatus


class ChangeConfigurationReq(Structure):
    """§6.9."""

    key: CiString50
    value: CiString500


class ChangeConfigurationConf(Structure):
    """§6.10."""

    status: ConfigurationStatus


class ClearCacheReq(Structure):
    """§6.11."""


class ClearCacheConf(Structure):
    """§6.12."""

    status: ClearCacheStatus


class DataTransferReq(Structure):
    """§6.15. data has neither length nor form; the frame bounds it."""

    vendor_id: CiString255
    message_id: Maybe[CiString50] = None
    data: Maybe[str] = None


class DataTransferConf(Structure):
    """§6.16."""

    status: DataTransferStatus
    data: Maybe[str] = None


class GetConfigurationReq(Structure):
    """§6.23. No keys, or an empty list, asks for all."""

    key: Maybe[tuple[CiString50, ...]] = None


class GetConfigurationConf(Structure):
    """§6.24."""

    configuration_key: Maybe[tuple[KeyValue, ...]] = None
    unknown_key: Maybe[tuple[CiString50, ...]] = None


class HeartbeatReq(Structure):
    """§6.29."""


class HeartbeatConf(Structure):
    """§6.30."""

    current_time: DateTime


class MeterValuesReq(Structure):
    """§6.31. connectorId 0 is the main meter."""

    connector_id: Integer
    meter_value: Annotated[tuple[MeterValue, ...], Field(min_length=1)]
    transaction_id: Maybe[Integer] = None


class MeterValuesConf(Structure):
    """§6.32."""


class RemoteStartTransactionReq(Structure):
    """§6.33."""

    id_tag: IdToken
    connector_id: Maybe[Integer] = None
    charging_profile: Maybe[ChargingProfile] = None


class RemoteStartTransactionConf(Structure):
    """§6.34."""

    status: RemoteStartStopStatus


class RemoteStopTransactionReq(Structure):
    """§6.35."""

    transaction_id: Integer


class RemoteStopTransactionConf(Structure):
    """§6.36."""

    status: RemoteStartStopStatus


class ResetReq(Structure):
    """§6.39."""

    type: ResetType


class ResetConf(Structure):
    """§6.40."""

    status: ResetStatus


class StartTransactionReq(Structure):
    """§6.45. meterStart in Wh; timestamp is the time of the start, not of the sending."""

    connector_id: Integer
    id_tag: IdToken
    meter_start: Integer
    timestamp: DateTime
    reservation_id: Maybe[Integer] = None


class StartTransactionConf(Structure):
    """§6.46. transactionId may be any integer (errata 3.54)."""

    id_tag_info: IdTagInfo
    transaction_id: Integer


class StatusNotificationReq(Structure):
    """§6.47. connectorId 0 is the main controller."""

    connector_id: Integer
    error_code: ChargePointErrorCode
    status: ChargePointStatus
    info: Maybe[CiString50] = None
    timestamp: Maybe[DateTime] = None
    vendor_id: Maybe[CiString255] = None
    vendor_error_code: Maybe[CiString50] = None


class StatusNotificationConf(Structure):
    """§6.48."""


class StopTransactionReq(Structure):
    """§6.49. meterStop in Wh; reason may be absent only for Local (OCPP-J errata 2.5)."""

    meter_stop: Integer
    timestamp: DateTime
    transaction_id: Integer
    id_tag: Maybe[IdToken] = None
    reason: Maybe[Reason] = None
    transaction_data: Maybe[tuple[MeterValue, ...]] = None


class StopTransactionConf(Structure):
    """§6.50."""

    id_tag_info: Maybe[IdTagInfo] = None


class UnlockConnectorReq(Structure):
    """§6.53."""

    connector_id: Integer


class UnlockConnectorConf(Structure):
    """§6.54."""

    status: UnlockStatus
