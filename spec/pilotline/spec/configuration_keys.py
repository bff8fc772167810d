"""The standard configuration keys of OCPP 1.6 chapter 9 as one table, and how their values are read.

A product offers some of these keys and adds its own in the same form (`pilotline.spec.products`). A value
travels as text of at most 500 printable characters; `parse_value` turns the text into a typed value, once,
and `canonical_text` turns the value back into the text that GetConfiguration reports. Names and values are
CiStrings: they compare without case (OCPP 1.6 §2.2).
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, get_args

import msgspec

from pilotline.spec.types import Measurand, Phase

KeyProfile = Literal[
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
    "Security white paper",
    "ISO 15118 application note",
    "vendor",
]
"""Where a key is defined: a feature profile of OCPP 1.6, a document beside it, or the maker."""

ValueType = Literal["boolean", "integer", "decimal", "csl", "string"]
Access = Literal["R", "RW", "W"]
"""What the Central System may do with a key: read, read and write, or only write (a secret)."""
TakesEffect = Literal["at once", "reboot"]
"""When a change counts, which is answered Accepted or RebootRequired (OCPP 1.6 §5.3)."""

Value = bool | int | str | tuple[str, ...]
"""A parsed value: boolean, integer, string and decimal (as canonical text), comma separated list."""

INT32_MAX: Final = 2**31 - 1
MAX_VALUE_LENGTH: Final = 500
"""Longest value in characters: CiString500 (OCPP 1.6 §7.29)."""
MAX_CONNECTORS: Final = 32
"""Most connectors a product may have; our bound, not the standard's."""


class ConfigurationKey(msgspec.Struct, frozen=True):
    """One configuration key (OCPP 1.6 §9): what it is called, what values it takes, who may change it."""

    name: str
    profile: KeyProfile
    type: ValueType
    access: Access
    section: str
    required: bool = False
    """Every station with this profile offers it."""
    may_be_read_only: bool = False
    """The access is RW, yet a product may choose R."""
    unit: str = ""
    minimum: int = 0
    """Of an integer or decimal, as is `maximum`; both belong to the range."""
    maximum: int = INT32_MAX
    items: tuple[str, ...] | None = None
    """The items a list may hold, or what a string may be; None: any."""
    one_per_connector: bool = False
    """The items read n.X, and no n comes twice."""
    default: str | None = None
    """The value of a product that offers the key without stating one."""
    takes_effect: TakesEffect = "at once"
    aliases: tuple[str, ...] = ()
    """Other names under which the key is found; it is reported under `name`."""

    @property
    def max_length_key(self) -> str | None:
        """The name of the key that bounds the number of items, if a product offers it (OCPP 1.6 §5.3)."""
        return f"{self.name}MaxLength" if self.type == "csl" else None


class Refusal(msgspec.Struct, frozen=True):
    """Why a text is no value of a key; complete as an answer to a person."""

    reason: str


FEATURE_PROFILES: Final = (
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
)
"""The items of SupportedFeatureProfiles (OCPP 1.6 §9.1.29)."""

PHASE_ROTATIONS: Final = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")


def measurand_items(measurand: Measurand, phases: tuple[Phase, ...]) -> tuple[str, ...]:
    """The list items for a measurand: itself, and with each phase, as Voltage.L1 (OCPP 1.6 §9.1.17)."""
    return measurand, *(f"{measurand}.{phase}" for phase in phases)


def phase_rotation_items(connectors: int) -> tuple[str, ...]:
    """The items n.XXX of ConnectorPhaseRotation; 0 is the main meter against the grid (OCPP 1.6 §9.1.7)."""
    return tuple(f"{number}.{rotation}" for number in range(connectors + 1) for rotation in PHASE_ROTATIONS)


_MEASURANDS: Final = tuple(
    item for measurand in get_args(Measurand) for item in measurand_items(measurand, get_args(Phase))
)
_ENERGY: Final = "Energy.Active.Import.Register"


_key: Final = ConfigurationKey
_LIST: Final[KeyProfile] = "LocalAuthListManagement"
_SMART: Final[KeyProfile] = "SmartCharging"
_SECURITY: Final[KeyProfile] = "Security white paper"
_ISO: Final[KeyProfile] = "ISO 15118 application note"

# fmt: off
KEYS: Final[tuple[ConfigurationKey, ...]] = (
    _key("AllowOfflineTxForUnknownId", "Core", "boolean", "RW", "§9.1.1", default="false"),
    _key("AuthorizationCacheEnabled", "Core", "boolean", "RW", "§9.1.2", default="true"),
    _key("AuthorizeRemoteTxRequests", "Core", "boolean", "RW", "§9.1.3", required=True, may_be_read_only=True,
         default="true"),
    _key("BlinkRepeat", "Core", "integer", "RW", "§9.1.4", unit="times"),
    _key("ClockAlignedDataInterval", "Core", "integer", "RW", "§9.1.5, errata 3.75", required=True, unit="s",
         maximum=86_400, default="0"),
    _key("ConnectionTimeOut", "Core", "integer", "RW", "§9.1.6, errata 3.76, 3.87", required=True, unit="s",
         minimum=1),
    _key("ConnectorPhaseRotation", "Core", "csl", "RW", "§9.1.7", required=True,
         items=phase_rotation_items(MAX_CONNECTORS), one_per_connector=True),
    _key("ConnectorPhaseRotationMaxLength", "Core", "integer", "R", "§9.1.8", unit="items", minimum=1),
    _key("GetConfigurationMaxKeys", "Core", "integer", "R", "§9.1.9", required=True, unit="keys", minimum=1),
    _key("HeartbeatInterval", "Core", "integer", "RW", "§9.1.10, §4.2", required=True, unit="s", minimum=1),
    _key("LightIntensity", "Core", "integer", "RW", "§9.1.11", unit="%", maximum=100),
    _key("LocalAuthorizeOffline", "Core", "boolean", "RW", "§9.1.12", required=True),
    _key("LocalPreAuthorize", "Core", "boolean", "RW", "§9.1.13", required=True),
    _key("MaxEnergyOnInvalidId", "Core", "integer", "RW", "§9.1.14", unit="Wh", default="0"),
    _key("MessageTimeout", "Core", "integer", "RW", "errata 3.82", unit="s", minimum=1),
    _key("MeterValuesAlignedData", "Core", "csl", "RW", "§9.1.15", required=True, items=_MEASURANDS),
    _key("MeterValuesAlignedDataMaxLength", "Core", "integer", "R", "§9.1.16", unit="items", minimum=1),
    _key("MeterValuesSampledData", "Core", "csl", "RW", "§9.1.17", required=True, items=_MEASURANDS,
         default=_ENERGY),
    _key("MeterValuesSampledDataMaxLength", "Core", "integer", "R", "§9.1.18", unit="items", minimum=1),
    _key("MeterValueSampleInterval", "Core", "integer", "RW", "§9.1.19", required=True, unit="s"),
    _key("MinimumStatusDuration", "Core", "integer", "RW", "§9.1.20", unit="s", default="0"),
    _key("NumberOfConnectors", "Core", "integer", "R", "§9.1.21", required=True, unit="connectors", minimum=1,
         maximum=MAX_CONNECTORS),
    _key("ResetRetries", "Core", "integer", "RW", "§9.1.22", required=True, unit="times"),
    _key("StopTransactionMaxMeterValues", "Core", "integer", "R", "errata 3.89", unit="meter values",
         minimum=2),
    _key("StopTransactionOnEVSideDisconnect", "Core", "boolean", "RW", "§9.1.23, errata 3.79",
         may_be_read_only=True, default="true"),
    _key("StopTransactionOnInvalidId", "Core", "boolean", "RW", "§9.1.24, errata 3.17", required=True),
    _key("StopTxnAlignedData", "Core", "csl", "RW", "§9.1.25", required=True, items=_MEASURANDS),
    _key("StopTxnAlignedDataMaxLength", "Core", "integer", "R", "§9.1.26", unit="items", minimum=1),
    _key("StopTxnSampledData", "Core", "csl", "RW", "§9.1.27", required=True, items=_MEASURANDS),
    _key("StopTxnSampledDataMaxLength", "Core", "integer", "R", "§9.1.28", unit="items", minimum=1),
    _key("SupportedFeatureProfiles", "Core", "csl", "R", "§9.1.29", required=True, items=FEATURE_PROFILES),
    _key("SupportedFeatureProfilesMaxLength", "Core", "integer", "R", "§9.1.30, errata 3.80", unit="items",
         minimum=1),
    _key("TransactionMessageAttempts", "Core", "integer", "RW", "§9.1.31, §3.7.1", required=True,
         unit="times", minimum=1),
    _key("TransactionMessageRetryInterval", "Core", "integer", "RW", "§9.1.32, §3.7.1", required=True,
         unit="s"),
    _key("UnlockConnectorOnEVSideDisconnect", "Core", "boolean", "RW", "§9.1.33, errata 3.83", required=True,
         may_be_read_only=True),
    _key("WebSocketPingInterval", "Core", "integer", "RW", "§9.1.34, OCPP-J §7", unit="s"),
    _key("LocalAuthListEnabled", _LIST, "boolean", "RW", "§9.2.1", required=True, default="true"),
    _key("LocalAuthListMaxLength", _LIST, "integer", "R", "§9.2.2", required=True, unit="identifiers",
         minimum=1),
    _key("SendLocalListMaxLength", _LIST, "integer", "R", "§9.2.3", required=True, unit="identifiers",
         minimum=1),
    _key("ReserveConnectorZeroSupported", "Reservation", "boolean", "R", "§9.3.1"),
    _key("ChargeProfileMaxStackLevel", _SMART, "integer", "R", "§9.4.1", required=True, unit="level"),
    _key("ChargingScheduleAllowedChargingRateUnit", _SMART, "csl", "R", "§9.4.2, errata 3.86", required=True,
         items=("Current", "Power")),
    _key("ChargingScheduleMaxPeriods", _SMART, "integer", "R", "§9.4.3", required=True, unit="periods",
         minimum=1),
    _key("ConnectorSwitch3to1PhaseSupported", _SMART, "boolean", "R", "§9.4.4"),
    _key("MaxChargingProfilesInstalled", _SMART, "integer", "R", "§9.4.5", required=True, unit="profiles",
         minimum=1),
    _key("SupportedFileTransferProtocols", "FirmwareManagement", "csl", "R", "§8, errata 3.88",
         items=("FTP", "FTPS", "HTTP", "HTTPS")),
    _key("AdditionalRootCertificateCheck", _SECURITY, "boolean", "R", "white paper §7.1"),
    _key("AuthorizationKey", _SECURITY, "string", "W", "white paper §7.2, OCPP-J §6.2.2", unit="hex digits"),
    _key("CertificateSignedMaxChainSize", _SECURITY, "integer", "R", "white paper §7.3", unit="characters",
         maximum=10_000),
    _key("CertificateStoreMaxLength", _SECURITY, "integer", "R", "white paper §7.4", unit="certificates"),
    _key("CpoName", _SECURITY, "string", "RW", "white paper §7.5"),
    _key("SecurityProfile", _SECURITY, "integer", "RW", "white paper §7.6", unit="profile", maximum=3),
    _key("CentralContractValidationAllowed", _ISO, "boolean", "RW", "application note §9.1"),
    _key("CertSigningWaitMinimum", _ISO, "integer", "RW", "application note §9.3", unit="s"),
    _key("CertSigningRepeatTimes", _ISO, "integer", "RW", "application note §9.4", unit="times"),
    _key("ContractValidationOffline", _ISO, "boolean", "RW", "application note §9.6", required=True),
    _key("ISO15118PnCEnabled", _ISO, "boolean", "RW", "application note §9.7", required=True),
)
# fmt: on
"""Every standard key. The last two profiles are defined beside OCPP 1.6; no product can offer them yet,
because they are not among the feature profiles that SupportedFeatureProfiles may name."""

KEY_BY_NAME: Final[dict[str, ConfigurationKey]] = {key.name.lower(): key for key in KEYS}
"""The table by lower-case name, since names compare without case (OCPP 1.6 §2.2)."""


def parse_value(key: ConfigurationKey, text: str, max_items: int | None = None) -> Value | Refusal:
    """Read `text` as a value of `key`; `max_items` bounds a list (the value of its …MaxLength key).

    Booleans and list items are taken in any case and kept in the standard's spelling; blanks around list
    items are dropped. Anything malformed, out of range or not among the items is a `Refusal`, and of a list
    with one bad item nothing is kept (OCPP 1.6 §3.16.4, §5.3). Never raises.
    """
    if len(text) > MAX_VALUE_LENGTH:
        return Refusal(f"is longer than {MAX_VALUE_LENGTH} characters")
    if not all(" " <= character <= "~" for character in text):
        return Refusal("holds a character that is not printable ASCII")
    match key.type:
        case "boolean":
            return _parse_boolean(text)
        case "integer":
            if not re.fullmatch(r"-?[0-9]{1,10}", text):
                return Refusal("is not a whole number")
            return _bounded(key, int(text))
        case "decimal":
            if not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", text):
                return Refusal("is not a decimal number")
            return _bounded(key, Decimal(text))
        case "csl":
            return _parse_csl(key, text, max_items)
        case "string":
            return _parse_string(key, text)


def canonical_text(value: Value) -> str:
    """The one text a value is reported as; `parse_value` of it gives the value again."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return value
        case tuple():
            return ",".join(value)


def _parse_string(key: ConfigurationKey, text: str) -> str | Refusal:
    if key.items is None:
        return text
    return _spelling(key.items).get(text.lower()) or Refusal(f"is none of {', '.join(key.items)}")


def _parse_boolean(text: str) -> bool | Refusal:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            return Refusal("is neither true nor false")


def _bounded(key: ConfigurationKey, number: int | Decimal) -> int | str | Refusal:
    if number < key.minimum:
        return Refusal(f"is below {key.minimum}")
    if number > key.maximum:
        return Refusal(f"is above {key.maximum}")
    return number if isinstance(number, int) else format(number, "f")


def _parse_csl(key: ConfigurationKey, text: str, max_items: int | None) -> tuple[str, ...] | Refusal:
    if not text.strip():
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        return Refusal("has an empty item")
    if max_items is not None and len(words) > max_items:
        return Refusal(f"has {len(words)} items, more than {max_items}")
    if key.items is not None:
        spelling = _spelling(key.items)
        for word in words:
            if word.lower() not in spelling:
                return Refusal(f"has the item {word!r}, which is not supported")
        words = [spelling[word.lower()] for word in words]
    subjects = [(word.partition(".")[0] if key.one_per_connector else word).lower() for word in words]
    for position, subject in enumerate(subjects):
        if subject in subjects[:position]:
            return Refusal(f"names {subject!r} twice")
    return tuple(words)


@lru_cache(maxsize=256)
def _spelling(items: tuple[str, ...]) -> dict[str, str]:
    return {item.lower(): item for item in items}
