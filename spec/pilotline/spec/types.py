"""The scalar types and enumerations of OCPP 1.6 (§2.2, §3.14, §7, errata v4.0).

Enumerations are `Literal` aliases of the wire words: a value is its own spelling on the wire, and a
type checker sees whether all of them are treated. The class types of §7 are in `messages.structures`.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from pydantic import Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

# --- Text (§2.2, §7.15-7.19, §7.28) ---

_PRINTABLE_ASCII: Final = r"^[\x20-\x7E]*$"

CiString20 = Annotated[str, StringConstraints(max_length=20, pattern=_PRINTABLE_ASCII)]
"""At most 20 printable ASCII characters, compared without case (§7.15)."""
CiString25 = Annotated[str, StringConstraints(max_length=25, pattern=_PRINTABLE_ASCII)]
"""At most 25 printable ASCII characters, compared without case (§7.16)."""
CiString50 = Annotated[str, StringConstraints(max_length=50, pattern=_PRINTABLE_ASCII)]
"""At most 50 printable ASCII characters, compared without case (§7.17)."""
CiString255 = Annotated[str, StringConstraints(max_length=255, pattern=_PRINTABLE_ASCII)]
"""At most 255 printable ASCII characters, compared without case (§7.18)."""
CiString500 = Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE_ASCII)]
"""At most 500 printable ASCII characters, compared without case (§7.19)."""
IdToken = CiString20
"""An identifier of a user, compared without case; nothing else is known of its form (§3.9, §7.28)."""


def ci_key(text: str) -> str:
    """The look-up key of a CiString: equal for texts that differ in case only (§2.2)."""
    return text.lower()


def same(first: str, second: str) -> bool:
    """Whether two CiStrings are the same value: case does not count (§2.2)."""
    return first.lower() == second.lower()


# --- Numbers ---

Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A JSON integer of at most 64 bits. The standard sets no bound (errata 3.54); memory and stores need one."""

LIMIT_MAX: Final = Decimal(10**12)
"""No limit is above this, in either direction; up to here a JSON number keeps its one decimal exactly."""

_TENTHS: Final = Decimal("0.0")


def _in_tenths(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > LIMIT_MAX:
        raise ValueError(f"at most {LIMIT_MAX} in either direction")
    value += _TENTHS  # 16 and 16.0 become one form; more decimals stay visible
    if value.as_tuple().exponent != -1:
        raise ValueError("at most one decimal place")
    return value


@lru_cache(maxsize=4096)  # the same few limits come again and again
def _limit_from_json(number: float) -> Decimal:
    return _in_tenths(Decimal(repr(number)))


class _LimitSchema:
    @staticmethod
    def __get_pydantic_core_schema__(_source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(
                _limit_from_json, core_schema.float_schema(strict=True, allow_inf_nan=False)
            ),
            core_schema.no_info_after_validator_function(_in_tenths, core_schema.is_instance_schema(Decimal)),
            serialization=core_schema.plain_serializer_function_ser_schema(
                float, return_schema=core_schema.float_schema(), when_used="json"
            ),
        )


Limit = Annotated[Decimal, _LimitSchema]
"""A charging rate in the unit of its schedule, with at most one decimal place (§7.13, §7.14).

A JSON number on the wire, both ways; a `Decimal` with exactly one decimal in memory, so sums are exact.
"""

# --- Time (§3.14, §3.15) ---


def utc_milliseconds(value: datetime) -> datetime:
    """The instant in UTC, cut to whole milliseconds; without a zone it is read as UTC (§3.14).

    OverflowError if the instant leaves the years 1 to 9999.
    """
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    elif value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    microsecond = value.microsecond
    return value.replace(microsecond=microsecond - microsecond % 1000) if microsecond % 1000 else value


def parse_date_time(text: str) -> datetime:
    """Read an ISO 8601 date and time with any zone offset and any fraction (§3.14, §3.15).

    Gives an aware time in UTC, in whole milliseconds; text without a zone is read as UTC. ValueError if
    it is anything else, a date without a time included.
    """
    if text[10:11] not in ("T", "t") or len(text) > 40:
        raise ValueError("not an ISO 8601 date and time, such as 2026-11-23T06:54:28.123Z")
    try:
        return utc_milliseconds(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        raise ValueError("no such date and time in ISO 8601") from None


def format_date_time(value: datetime) -> str:
    """Write an instant as `2026-11-23T06:54:28.123Z`: UTC, always three decimals (§3.14)."""
    return _format_utc(utc_milliseconds(value))


def _format_utc(value: datetime) -> str:
    text: str = msgspec.to_builtins(value)  # with six decimals or none, six times as fast as isoformat
    return f"{text[:23]}Z" if value.microsecond else f"{text[:19]}.000Z"


class _DateTimeSchema:
    @staticmethod
    def __get_pydantic_core_schema__(_source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(
                parse_date_time, core_schema.str_schema(strict=True)
            ),
            core_schema.no_info_after_validator_function(
                utc_milliseconds, core_schema.is_instance_schema(datetime)
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _format_utc, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )


DateTime = Annotated[datetime, _DateTimeSchema]
"""dateTime: in memory an aware `datetime` in UTC and whole milliseconds (§3.14, §3.15)."""

# --- Fields that may be absent (cardinality 0..1 and 0..*) ---


class _AbsentNotNull:
    """Absent is `None` in Python; on the wire null is a wrong type (OCPP-J errata 3.1)."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable = handler(source)
        if nullable["type"] != "nullable":
            raise TypeError(f"Maybe needs one type besides None, not {source}")
        return core_schema.json_or_python_schema(nullable["schema"], nullable)


T = TypeVar("T")
Maybe = Annotated[T | None, _AbsentNotNull]
"""A field that may be left out, which is `None` here; null on the wire is refused."""

# --- Enumerations (§7) ---

AuthorizationStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
"""§7.2."""
AvailabilityStatus = Literal["Accepted", "Rejected", "Scheduled"]
"""§7.3."""
AvailabilityType = Literal["Inoperative", "Operative"]
"""§7.4."""
CancelReservationStatus = Literal["Accepted", "Rejected"]
"""§7.5."""
ChargePointErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
]
"""§7.6."""
ChargePointStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]
"""§7.7. Connector 0 knows only Available, Unavailable and Faulted."""
ChargingProfileKindType = Literal["Absolute", "Recurring", "Relative"]
"""§7.9."""
ChargingProfilePurposeType = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
"""§7.10."""
ChargingProfileStatus = Literal["Accepted", "Rejected", "NotSupported"]
"""§7.11."""
ChargingRateUnitType = Literal["W", "A"]
"""§7.12. W: total power. A: current of each phase."""
ClearCacheStatus = Literal["Accepted", "Rejected"]
"""§7.20."""
ClearChargingProfileStatus = Literal["Accepted", "Unknown"]
"""§7.21."""
ConfigurationStatus = Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]
"""§7.22."""
DataTransferStatus = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
"""§7.23."""
DiagnosticsStatus = Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]
"""§7.24. Idle only in answer to a TriggerMessage."""
FirmwareStatus = Literal[
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"
]
"""§7.25. Idle only in answer to a TriggerMessage."""
GetCompositeScheduleStatus = Literal["Accepted", "Rejected"]
"""§7.26."""
Location = Literal["Body", "Cable", "EV", "Inlet", "Outlet"]
"""§7.30."""
Measurand = Literal[
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "RPM",
    "SoC",
    "Temperature",
    "Voltage",
]
"""§7.31."""
MessageTrigger = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]
"""§7.32."""
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
"""§7.34."""
ReadingContext = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
]
"""§7.35."""
Reason = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
]
"""§7.36."""
RecurrencyKindType = Literal["Daily", "Weekly"]
"""§7.37."""
RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]
"""§7.38."""
RemoteStartStopStatus = Literal["Accepted", "Rejected"]
"""§7.39."""
ReservationStatus = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]
"""§7.40."""
ResetStatus = Literal["Accepted", "Rejected"]
"""§7.41."""
ResetType = Literal["Hard", "Soft"]
"""§7.42."""
TriggerMessageStatus = Literal["Accepted", "Rejected", "NotImplemented"]
"""§7.44."""
UnitOfMeasure = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "K",
    "Percent",
]
"""§7.45. Both spellings of Celsius are read (OCPP-J errata 2025-04, 2.1). Frequency has none (3.84)."""
TEMPERATURE_UNIT: Final[UnitOfMeasure] = "Celcius"
"""The spelling we send: the one that every published schema knows (OCPP-J errata 2025-04, 2.1)."""
UnlockStatus = Literal["Unlocked", "UnlockFailed", "NotSupported"]
"""§7.46."""
UpdateStatus = Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]
"""§7.47."""
UpdateType = Literal["Differential", "Full"]
"""§7.48."""
ValueFormat = Literal["Raw", "SignedData"]
"""§7.49."""

# --- OCPP-J ---

ErrorCode = Literal[
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
]
"""The error codes of a CALLERROR (OCPP-J §4.2.3), two misspelled on purpose (OCPP-J errata 5.1, 5.2)."""
