"""The class types of OCPP 1.6 §7, and what all message models have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pilotline.spec.types import (
    AuthorizationStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    CiString50,
    CiString500,
    DateTime,
    IdToken,
    Integer,
    Limit,
    Location,
    Maybe,
    Measurand,
    Phase,
    ReadingContext,
    RecurrencyKindType,
    UnitOfMeasure,
    ValueFormat,
)


class Structure(BaseModel):
    """A frozen, hashable record: snake_case in Python, camelCase on the wire, no field beyond the schema.

    Nothing is coerced: "1" is no number and 1 is no boolean. Limits of single fields are checked here; what
    joins several fields is the business of the operation that treats the message.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,  # a validator is built at its first use: importing all of them is cheap
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class IdTagInfo(Structure):
    """Status of an identifier (§7.27). Without expiryDate it has no end."""

    status: AuthorizationStatus
    expiry_date: Maybe[DateTime] = None
    parent_id_tag: Maybe[IdToken] = None


class AuthorizationData(Structure):
    """One entry of an update of the Local Authorization List (§7.1). Without idTagInfo it is a removal."""

    id_tag: IdToken
    id_tag_info: Maybe[IdTagInfo] = None


class KeyValue(Structure):
    """One configuration key as GetConfiguration.conf reports it (§7.29)."""

    key: CiString50
    readonly: bool
    value: Maybe[CiString500] = None


class SampledValue(Structure):
    """One reading (§7.43). The value is text, also for numbers; absent fields have their defaults."""

    value: str
    context: Maybe[ReadingContext] = None
    format: Maybe[ValueFormat] = None
    measurand: Maybe[Measurand] = None
    phase: Maybe[Phase] = None
    location: Maybe[Location] = None
    unit: Maybe[UnitOfMeasure] = None


class MeterValue(Structure):
    """Readings taken at one point in time (§7.33)."""

    timestamp: DateTime
    sampled_value: Annotated[tuple[SampledValue, ...], Field(min_length=1)]


class ChargingSchedulePeriod(Structure):
    """A limit from startPeriod (seconds after the schedule's start) to the next period (§7.14)."""

    start_period: Integer
    limit: Limit
    number_phases: Maybe[Integer] = None


class ChargingSchedule(Structure):
    """Limits over time, in one unit (§7.13). duration in seconds."""

    charging_rate_unit: ChargingRateUnitType
    charging_schedule_period: Annotated[tuple[ChargingSchedulePeriod, ...], Field(min_length=1)]
    duration: Maybe[Integer] = None
    start_schedule: Maybe[DateTime] = None
    min_charging_rate: Maybe[Limit] = None


class ChargingProfile(Structure):
    """A charging schedule with its purpose, place in the stack and validity (§7.8)."""

    charging_profile_id: Integer
    stack_level: Integer
    charging_profile_purpose: ChargingProfilePurposeType
    charging_profile_kind: ChargingProfileKindType
    charging_schedule: ChargingSchedule
    transaction_id: Maybe[Integer] = None
    recurrency_kind: Maybe[RecurrencyKindType] = None
    valid_from: Maybe[DateTime] = None
    valid_to: Maybe[DateTime] = None
