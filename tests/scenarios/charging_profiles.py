"""Charging profiles as a Central System writes them, for scenarios and conformance."""

from decimal import Decimal
from typing import Any

from pilotline.spec.messages.smart_charging import (
    ClearChargingProfileReq,
    GetCompositeScheduleReq,
    SetChargingProfileReq,
)
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod


def profile(
    number: int,
    purpose: Any,
    *periods: tuple[int, str],
    stack_level: int = 0,
    kind: Any = "Relative",
    unit: Any = "A",
    phases: int | None = None,
    start: Any = None,
    duration: int | None = None,
    **more: Any,
) -> ChargingProfile:
    """Periods are (seconds, limit)."""
    return ChargingProfile(
        charging_profile_id=number,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=unit,
            charging_schedule_period=tuple(
                ChargingSchedulePeriod(start_period=start_s, limit=Decimal(limit), number_phases=phases)
                for start_s, limit in periods
            ),
            start_schedule=start,
            duration=duration,
        ),
        **more,
    )


def install(connector: int, new: ChargingProfile) -> SetChargingProfileReq:
    return SetChargingProfileReq(connector_id=connector, cs_charging_profiles=new)


def clear(**which: Any) -> ClearChargingProfileReq:
    return ClearChargingProfileReq(**which)


def ask(connector: int, duration: int = 600, unit: Any = None) -> GetCompositeScheduleReq:
    return GetCompositeScheduleReq(connector_id=connector, duration=duration, charging_rate_unit=unit)
