"""What a product is: the facts of a station that the standard leaves to its maker, and the keys it offers.

A product never changes while it runs. It is read from TOML by `pilotline.spec.products.loading`; each table
there is a class here, each line a field. Whatever contradicts itself is refused when it is loaded.
"""

from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from immutables import Map
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from pilotline.spec.configuration_keys import (
    INT32_MAX,
    KEY_BY_NAME,
    MAX_CONNECTORS,
    Access,
    ConfigurationKey,
    TakesEffect,
    ValueType,
)
from pilotline.spec.products.configuration import Configuration, ConfigurationError, configured
from pilotline.spec.products.rules import (
    configuration_problems,
    fact_problems,
    key_problems,
    keys_of,
    payment_problems,
    texts_of,
    units_of,
)
from pilotline.spec.types import (
    CiString20,
    CiString25,
    CiString50,
    CiString255,
    Location,
    Measurand,
    Phase,
    UnitOfMeasure,
)

Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1, le=INT32_MAX)]
Amount = Annotated[int, Field(strict=True, ge=0, le=INT32_MAX)]
Quantity = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
Text20 = Annotated[CiString20, Field(min_length=1)]
Text25 = Annotated[CiString25, Field(min_length=1)]
Text50 = Annotated[CiString50, Field(min_length=1)]
ConnectorId = Annotated[int, Field(strict=True, ge=1, le=MAX_CONNECTORS)]


class Facts(BaseModel):
    """A frozen table of a product file; a line it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Identity(Facts):
    """How the station presents itself in BootNotification.req (OCPP 1.6 §6.3); lengths as there."""

    charge_point_vendor: Text20
    charge_point_model: Text20
    charge_point_serial_number: Text25 | None = None
    charge_box_serial_number: Text25 | None = None
    firmware_version: Text50 | None = None
    iccid: Text20 | None = None
    imsi: Text20 | None = None
    meter_serial_number: Text25 | None = None
    meter_type: Text25 | None = None


class Connector(Facts):
    """One connector; its number is its place in the list, from 1 (OCPP 1.6 §3.8)."""

    kind: Literal["AC", "DC"]
    cable: Literal["fixed", "socket"]
    """A cable that belongs to the station, or a socket for the driver's own."""
    lock: Flag
    """A motorised lock at the station that reports whether it holds; UnlockConnector needs it (§5.18)."""
    phases: Literal[1, 3]
    """Phases that feed it; 1 for DC. Turns A into W for charging profiles (§3.13)."""
    nominal_voltage_v: Quantity
    """Phase to neutral for AC, at the output for DC: what turns A into W where nothing is measured."""
    min_current_a: Quantity
    """Below this no charging is possible: a lower limit suspends (SuspendedEVSE)."""
    max_current_a: Quantity
    """What the connector can carry, whatever a charging profile allows."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_current_a > self.max_current_a:
            raise ValueError("min_current_a is above max_current_a")
        if self.cable == "fixed" and self.lock:
            raise ValueError("lock: a fixed cable has no lock at the station, so lock must be false")
        if self.kind == "DC" and self.phases != 1:
            raise ValueError("phases: must be 1 for DC")
        return self


class Reader(Facts):
    """A reader of idTags and the connectors that may be used after a tag was presented to it."""

    connectors: Annotated[tuple[ConnectorId, ...], Field(min_length=1)]


class Terminal(Facts):
    """A payment terminal and the connectors a driver may choose there (docs/payment.md)."""

    connectors: Annotated[tuple[ConnectorId, ...], Field(min_length=1)]


class Metered(Facts):
    """Something every connector's meter measures, as it appears in a SampledValue (OCPP 1.6 §7.43)."""

    measurand: Measurand
    unit: UnitOfMeasure | None = None
    """Not stated: Wh, W, A, V … as fits; none for Frequency, Power.Factor, RPM (§7.45, errata 3.84)."""
    location: Location = "Outlet"
    phases: tuple[Phase, ...] = ()
    """The phases measured one by one; all are sent for the bare measurand, one for Voltage.L1 (§3.16.3)."""

    @model_validator(mode="before")
    @classmethod
    def _natural_unit(cls, table: Any) -> Any:  # Any: pydantic hands over whatever the file holds
        """Fill in the unit that goes with the measurand."""
        if isinstance(table, dict) and table.get("unit") is None:
            return {**table, "unit": next(iter(units_of(str(table.get("measurand")))), None)}
        return table

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        units = units_of(self.measurand)
        if self.unit not in (units or (None,)):
            raise ValueError(
                f"unit: {self.measurand} is in {' or '.join(units) or 'no unit'}, not {self.unit}"
            )
        return self


class Setting(Facts):
    """A standard key the product offers; what is not said comes from the table of the standard."""

    value: str | None = None
    access: Access | None = None
    takes_effect: TakesEffect | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, entry: Any) -> Any:  # Any: pydantic hands over whatever the file holds
        """Read `NAME = "value"` as `NAME = {value = "value"}`."""
        if isinstance(entry, int | float | list):
            raise ValueError(
                'every value is text here, as on the wire: "60", "true", "SoC,Voltage"'
            )  # pydantic wants a ValueError
        return {"value": entry} if isinstance(entry, str) else entry


class _SettingsSchema:
    """Reads a table of settings into a `Map`, which keeps the product hashable."""

    @staticmethod
    def __get_pydantic_core_schema__(_source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        table = core_schema.dict_schema(core_schema.str_schema(), handler.generate_schema(Setting))
        return core_schema.no_info_before_validator_function(
            lambda entries: dict(entries) if isinstance(entries, Map) else entries,
            core_schema.no_info_after_validator_function(Map, table),
            serialization=core_schema.plain_serializer_function_ser_schema(dict),
        )


Settings = Annotated[Map[str, Setting], _SettingsSchema]


class VendorKey(Facts):
    """A key of the maker's own, in the form of the standard's table."""

    name: Text50
    type: ValueType
    access: Access
    value: str
    unit: str = ""
    minimum: int = 0
    """Of an integer or decimal, as is `maximum`; both belong to the range."""
    maximum: int = INT32_MAX
    items: tuple[str, ...] | None = None
    """What a list may hold, or which words a string may be."""
    takes_effect: TakesEffect = "at once"
    aliases: tuple[Text50, ...] = ()
    """Other names the key is found by; it is reported under its own."""


class VendorMessage(Facts):
    """A message of a vendor's that the Central System may send by DataTransfer, and who answers it (§5.6)."""

    vendor_id: Annotated[CiString255, Field(min_length=1)]
    message_id: Text50 | None = None
    """None: whatever this vendor sends that no other line names."""
    status: Literal["Accepted", "Rejected"] | None = None
    """The answer; None: the embedder is asked and has `data_transfer_deadline_s`."""
    data: str | None = None
    """What goes with Accepted."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.data is not None and self.status != "Accepted":
            raise ValueError('data: goes only with status "Accepted"')
        return self


class Product(Facts):
    """A station model: how it behaves, what it is built of and which keys it offers, as in the file."""

    start_without_authorization: Text20 | None = None
    """Free vending: a plug alone starts charging, under this idTag (rows A3-A5, H3-H5 of §4.9)."""
    charge_before_first_acceptance: Flag
    """Whether a station no Central System has ever accepted charges at all (§4.2.1)."""
    power_cut: Literal["stop", "resume"]
    """What becomes of a transaction when power returns: stopped with PowerLoss, or resumed."""
    backup_power: Flag
    """Power lasts long enough after a cut to stop transactions before going down."""
    soft_reset_wait_s: Count
    """Longest time a soft reset stops transactions and lets their messages go before it restarts (§5.14)."""
    reboot_deadline_s: Count
    """Longest time from ordering a restart to going down; later it has failed and is tried again (§9.1.22)."""
    transfer_deadline_s: Count
    """Longest time for one attempt to fetch firmware or to send diagnostics; later it has failed (§5.9, §5.19)."""
    installation_deadline_s: Count
    """Longest time to install firmware, for which connectors are kept out of use; later it has failed (§5.19)."""
    on_commit_failure: Literal["stop", "continue"]
    """What running transactions do when memory cannot be written; new ones never start then."""
    call_timeout_s: Count
    """Longest wait for the answer to a CALL, if MessageTimeout is not offered (OCPP-J §4.1.1)."""
    boot_retry_s: Count
    """Wait before the next BootNotification when none was answered or the interval given is 0 (§4.2)."""
    reconnect_min_s: Count
    """First wait before connecting again; doubled at each failure."""
    reconnect_max_s: Count
    """Longest wait before connecting again, before jitter."""
    reconnect_jitter_percent: Annotated[int, Field(strict=True, ge=0, le=100)]
    """How far, at most, chance lengthens each of these waits, so that stations do not return together."""
    call_queue_max: Count
    """Most CALLs of the station that wait to be sent, transaction-related ones not counted."""
    outbox_max: Count
    """Most transaction-related messages kept while offline; intermediate meter values go first (§3.7)."""
    authorization_cache_max: Count
    """Most idTags the authorization cache holds (§3.5.1)."""
    contactor_deadline_ms: Count
    """Longest time from commanding a contactor to its feedback; later is a fault."""
    lock_deadline_ms: Count
    """Longest time from commanding a lock to its feedback; later is ConnectorLockFailure."""
    register_max_age_ms: Count
    """Oldest reading of a meter that still counts, and longest wait for a clock-aligned one."""
    data_transfer_deadline_s: Count
    """How long the embedder may take to answer a DataTransfer; then it is Rejected (§5.6)."""
    transaction_data_max: Annotated[int, Field(strict=True, ge=2, le=INT32_MAX)]
    """Most meter values in a StopTransaction, if StopTransactionMaxMeterValues is not offered (errata 3.89)."""
    status_delay_ms: Amount
    """Built-in shortest life of a status before it is reported; MinimumStatusDuration adds to it (§4.9)."""
    max_frame_bytes: Annotated[int, Field(strict=True, ge=1024, le=16 * 1024 * 1024)]
    """Longest WebSocket message accepted, unless a local list of the lengths offered needs more (`frame_bytes_max`)."""

    identity: Identity
    connectors: Annotated[tuple[Connector, ...], Field(max_length=MAX_CONNECTORS)]
    readers: tuple[Reader, ...]
    """None: no means of authorization at the station; only remote starts, or free vending."""
    terminals: tuple[Terminal, ...] = ()
    """None: no payment by card. With one all keys of `spec.payment` are to be offered."""
    terminal_deadline_ms: Count = 60_000
    """Longest time from a command to a payment terminal to its answer; the driver may have to enter a PIN."""
    meter: tuple[Metered, ...]
    configuration: Settings
    """The standard keys offered, by name; any other does not exist on this product (§9)."""
    vendor_keys: tuple[VendorKey, ...] = ()
    data_transfer: tuple[VendorMessage, ...] = ()
    """The vendors' messages that are known; all others are UnknownVendorId or UnknownMessageId (§5.6)."""

    @cached_property
    def offered_keys(self) -> tuple[ConfigurationKey, ...]:
        """Every key offered, with the access, items and bounds it has on this product."""
        return keys_of(self)

    @cached_property
    def factory_configuration(self) -> Configuration:
        """The values of the product file: what a station starts with that was never commissioned."""
        return configured(self.offered_keys, texts_of(self))

    @cached_property
    def frame_bytes_max(self) -> int:
        """Longest frame taken, in bytes: also the longest list that SendLocalListMaxLength allows fits (§9.2.3)."""
        entries = self.factory_configuration.integer("SendLocalListMaxLength", 0)
        return max(self.max_frame_bytes, FRAME_BYTES + entries * ENTRY_BYTES)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*fact_problems(self), *key_problems(self), *payment_problems(self)]
        if not problems:
            try:
                problems.extend(configuration_problems(self, self.factory_configuration))
            except ConfigurationError as error:
                problems.extend(f"{_table(line)}.{line}" for line in str(error).splitlines())
        if problems:
            raise ValueError("\n".join(problems))
        return self


FRAME_BYTES: Final = 1024
"""A frame without its list."""
ENTRY_BYTES: Final = 400
"""The longest entry of a local list (§7.1), with all its characters escaped."""


def _table(finding: str) -> str:
    """The table of the file that holds the key a finding begins with."""
    return "configuration" if finding.partition(":")[0].lower() in KEY_BY_NAME else "vendor_keys"
