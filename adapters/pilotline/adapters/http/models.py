"""Bodies and answers of the control API. Names in JSON are in the standard's style: idTag, registerWh."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_camel

from pilotline.core.charge_point import CARD_CHARACTERS_MAX
from pilotline.spec.types import (
    LIMIT_MAX,
    ChargePointErrorCode,
    ChargingRateUnitType,
    CiString20,
    CiString50,
    CiString255,
    DataTransferStatus,
)

_FREE_TEXT_MAX = 10_000


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


# --- requests -----------------------------------------------------------------------------------------------


class TagBody(_Body):
    """A tag that is held to a reader."""

    id_tag: Annotated[CiString20, Field(min_length=1, examples=["ANNA-4711"])]


class CardBody(_Body):
    """A payment card that is presented at a terminal, for a connector that the driver has chosen."""

    connector: Annotated[int, Field(ge=1, le=10_000)]
    card: Annotated[
        str, Field(min_length=1, max_length=CARD_CHARACTERS_MAX, pattern="^[ -~]+$", examples=["visa-1"])
    ]
    """The terminal's own name for it."""
    limit: Annotated[int, Field(ge=0)] | None = None
    """What it is good for, in minor units; none: any amount."""


class CarBody(_Body):
    """A car and its battery."""

    capacity_wh: Annotated[float, Field(gt=0, le=2_000_000)] = 60_000
    soc_percent: Annotated[float, Field(ge=0, le=100)] = 40
    target_percent: Annotated[float, Field(gt=0, le=100)] = 100
    """Where it stops asking for energy."""
    max_power_w: Annotated[float, Field(gt=0, le=4_000_000)] = 150_000
    max_ac_power_w: Annotated[float, Field(gt=0, le=100_000)] = 11_000
    """What its on-board charger takes at most."""
    phases: Literal[1, 3] = 3
    paused: bool = False


class FaultBody(_Body):
    """Something that goes wrong at a connector, or at the main controller (0)."""

    error_code: Annotated[ChargePointErrorCode, Field(examples=["GroundFailure"])]
    info: Annotated[str, Field(max_length=50)] | None = None
    vendor_id: CiString255 | None = None
    vendor_error_code: CiString50 | None = None
    prevents_charging: bool = True
    """False: a warning, reported without the status Faulted (§4.9)."""


class FaultClearedBody(_Body):
    """A fault that is over."""

    error_code: ChargePointErrorCode


class InstallationsBody(_Body):
    """Whether an installation of firmware fails."""

    fail: bool


class LocalLimitBody(_Body):
    """A limit on the spot, in A on each phase or in W."""

    limit: Annotated[Decimal, Field(ge=0, le=LIMIT_MAX, decimal_places=1, examples=[16])]
    unit: ChargingRateUnitType = "A"


class RestartsBody(_Body):
    """Whether a restart fails."""

    fail: bool


class DataTransferBody(_Body):
    """A DataTransfer.req to be sent (§4.3)."""

    vendor_id: CiString255
    message_id: CiString50 | None = None
    data: Annotated[str, Field(max_length=_FREE_TEXT_MAX)] | None = None


class DataTransferAnswerBody(_Body):
    """The answer to a DataTransfer that the Central System sent; data goes only with Accepted (§6.16)."""

    status: DataTransferStatus
    data: Annotated[str, Field(max_length=_FREE_TEXT_MAX)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.data is not None and self.status != "Accepted":
            raise ValueError("data goes only with Accepted")
        return self


# --- answers ------------------------------------------------------------------------------------------------


class Refusal(_Answer):
    """Why a request was not taken in."""

    error: str


class Health(_Answer):
    """The station runs."""

    status: Literal["ok"] = "ok"


class TransactionAnswer(_Answer):
    """One transaction that has not yet been reported to its end."""

    number: int
    connector: int
    state: str
    id_tag: str
    transaction_id: int | None
    """None: the Central System has not answered the start yet."""
    register_wh: int
    """The last reading that was recorded."""
    stop_reason: str | None


class FaultAnswer(_Answer):
    """One fault or warning that stands."""

    error_code: ChargePointErrorCode
    info: str | None
    prevents_charging: bool


class ConnectorAnswer(_Answer):
    """One connector; 0 is the main controller."""

    connector: int
    status: str
    availability: str
    plugged: bool
    locked: bool
    ev_asks_for_energy: bool
    contactor_closed: bool
    energy_offered: bool
    limit_a: float | None
    """What it may draw on each phase; null: the main controller."""
    phases: int | None
    session: str
    id_tag: str | None
    transaction: TransactionAnswer | None
    faults: list[FaultAnswer]
    register_wh: int
    """What the meter shows now."""
    power_w: float
    soc_percent: float | None
    """The state of charge of the car that is plugged in."""


class SignalAnswer(_Answer):
    """What a reader showed a driver."""

    accepted: bool
    blinks: int


class ReaderAnswer(_Answer):
    """One tag reader, the tag it is busy with, and what it last showed a driver."""

    reader: int
    state: str
    id_tag: str | None
    signal: SignalAnswer | None


class HoldAnswer(_Answer):
    """What the payment provider knows of one reservation, in minor units of its currency."""

    reference: str
    currency: str
    reserved: int
    settled: int
    released: int


class TerminalAnswer(_Answer):
    """One payment terminal: what it last told a driver (none: nothing yet)."""

    terminal: int
    accepted: bool | None


class CardSessionAnswer(_Answer):
    """One card whose money is not settled or released yet (docs/payment.md)."""

    number: int
    terminal: int
    connector: int
    state: str
    id_tag: str
    reserved: int
    currency: str
    attempts: int
    """How often the amount was asked for in vain."""


class LinkAnswer(_Answer):
    """The WebSocket to the Central System, and whether it accepted this boot."""

    state: str
    connection: int
    failures: int
    registration: str


class ClockAnswer(_Answer):
    """The wall clock that the Central System told."""

    state: str
    utc: str | None


class StateAnswer(_Answer):
    """A whole station, readable."""

    vendor: str
    model: str
    firmware_version: str | None
    boots: int
    reset: str
    """Whether the station goes down: up, winding_down, rebooting, on_battery."""
    firmware: str
    """How far an update is: idle, scheduled, downloading, retrying, downloaded, installing, restarting."""
    diagnostics: str
    """Whether diagnostics are on their way: idle, uploading, retrying."""
    now_ms: int
    next_deadline_ms: int | None
    clock: ClockAnswer
    link: LinkAnswer
    connectors: list[ConnectorAnswer]
    readers: list[ReaderAnswer]
    light_intensity_percent: int
    open_call: str | None
    data_transfer_to_answer: str | None
    """The id of a DataTransfer that waits for its answer (``POST /data-transfer/answer``)."""
    outbox_length: int
    """Transaction-related messages that are not answered yet (§3.7)."""
    transactions: list[TransactionAnswer]
    terminals: list[TerminalAnswer]
    card_sessions: list[CardSessionAnswer]
    holds: list[HoldAnswer]
    """All reservations of money there have been, as the simulated payment provider knows them."""
    configuration: dict[str, str | None]
    """All keys offered; None: the value is not to be shown."""


# --- explanations -------------------------------------------------------------------------------------------


class TriedAnswer(_Answer):
    """A row that was tried."""

    row: str
    target: str | None
    """The state it leads to; None: the state stays."""
    guards: list[str]
    refused_by: str | None
    """The first guard that said no; None: the row was taken."""
    looked_at: dict[str, JsonValue]
    """What the guards that were asked have looked at."""


class EventAnswer(_Answer):
    """Something that happened, or that one machine told the others."""

    name: str
    fields: dict[str, JsonValue]


class HeardAnswer(_Answer):
    """What one instance of a machine made of an event."""

    machine: str
    key: str | None
    record: dict[str, JsonValue]
    tried: list[TriedAnswer]
    taken: str | None
    because: str | None
    """Why the event changes nothing here."""


class RoundAnswer(_Answer):
    """An event and everybody who heard it."""

    event: EventAnswer
    heard: list[HeardAnswer]


class DecidedAnswer(_Answer):
    """How a request of the Central System was answered: the rows of its decision table, and the reply."""

    table: str
    tried: list[TriedAnswer]
    taken: str | None
    reply: dict[str, JsonValue] | None


class ExplanationAnswer(_Answer):
    """Why an event came to what it came to."""

    now_ms: int
    event: EventAnswer
    decided: DecidedAnswer | None
    rounds: list[RoundAnswer]
    text: str
    """The same in lines for a person: ✓ taken, ✗ refused, – ignored."""


class WayAnswer(_Answer):
    """What an event would lead to from a status, if it came now."""

    event: str
    tried: list[TriedAnswer]


class LimitExplanationAnswer(_Answer):
    """Why a connector may draw what it may now."""

    connector: int
    in_use: bool
    """If not: the limit as if somebody began now."""
    current_a: str
    """On each phase, as a decimal number."""
    phases: int
    won: str
    """Where the bound that holds comes from: a purpose, product or local."""
    bounds: list[dict[str, JsonValue]]
    purposes: list[dict[str, JsonValue]]
    text: str


class StatusExplanationAnswer(_Answer):
    """Why a connector has its status."""

    connector: int
    status: str
    since_ms: int
    implied: str
    """The status that the conditions imply (§4.9)."""
    conditions: dict[str, JsonValue]
    ways: list[WayAnswer]
    text: str
