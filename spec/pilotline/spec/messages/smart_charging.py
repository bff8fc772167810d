"""Messages of the Smart Charging feature profile (OCPP 1.6 §6)."""

from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, Structure
from pilotline.spec.types import (
    ChargingProfilePurposeType,
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearChargingProfileStatus,
    DateTime,
    GetCompositeScheduleStatus,
    Integer,
    Maybe,
)


class ClearChargingProfileReq(Structure):
    """§6.13. An absent field matches every profile."""

    id: Maybe[Integer] = None
    connector_id: Maybe[Integer] = None
    charging_profile_purpose: Maybe[ChargingProfilePurposeType] = None
    stack_level: Maybe[Integer] = None


class ClearChargingProfileConf(Structure):
    """§6.14."""

    status: ClearChargingProfileStatus


class GetCompositeScheduleReq(Structure):
    """§6.21. duration in seconds; connectorId 0 is the grid connection."""

    connector_id: Integer
    duration: Integer
    charging_rate_unit: Maybe[ChargingRateUnitType] = None


class GetCompositeScheduleConf(Structure):
    """§6.22. The periods count from scheduleStart."""

    status: GetCompositeScheduleStatus
    connector_id: Maybe[Integer] = None
    schedule_start: Maybe[DateTime] = None
    charging_schedule: Maybe[ChargingSchedule] = None


class SetChargingProfileReq(Structure):
    """§6.43."""

    connector_id: Integer
    cs_charging_profiles: ChargingProfile


class SetChargingProfileConf(Structure):
    """§6.44."""

    status: ChargingProfileStatus
