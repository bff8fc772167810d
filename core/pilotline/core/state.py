"""The state of a station: Product + Memory + Moment, all frozen and hashable.

Memory survives a power cut and is what the store holds. The Moment is all else; `PoweredUp` makes a fresh one.
Each machine owns one record (or one per connector, reader, transaction …); its ``state`` is moved by the
machine's table and by nothing else. Tuples that go by connector are indexed by connectorId: index 0 stands for
the main controller and stays blank where the main controller has no such thing.

Types say what they measure, and so what the explorer may shift: `Instant`, `UtcTime`, `Stamp` move with time,
`Counter` is renumbered, `Wh` counts from the last start. A plain int is never shifted.
"""

from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple, NewType, TypeAlias

from immutables import Map as Map  # persistent: the maps of a state
from msgspec import Struct, field
from typing_extensions import override

from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.payment import CardSessionState, MinorUnits, TerminalState
from pilotline.spec.products import Configuration, Product
from pilotline.spec.rows import (
    AlignedState,
    AllowanceState,
    AuthorizationState,
    AvailabilityState,
    CableState,
    CallState,
    ClockState,
    ContactorState,
    DataTransferState,
    DiagnosticsState,
    EvState,
    FaultState,
    FirmwareState,
    HeartbeatState,
    KeptCableState,
    LinkState,
    NoticesState,
    OutboxState,
    PhaseSwitchState,
    ReaderState,
    RegistrationState,
    ReservationState,
    ResetState,
    SessionState,
    StatusReportState,
    StorageState,
    SupplyState,
    TransactionState,
    UnlockState,
    VendorState,
)
from pilotline.spec.types import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    DiagnosticsStatus,
    FirmwareStatus,
    Location,
    Measurand,
    Phase,
    ReadingContext,
    Reason,
    RecurrencyKindType,
    UnitOfMeasure,
)

Instant = NewType("Instant", int)
"""Milliseconds of the monotonic clock of one boot."""
UtcTime = NewType("UtcTime", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""
Wh = NewType("Wh", int)
"""A register of energy in Wh; it only grows."""
Counter = NewType("Counter", int)
"""A number that only says which: equal or not, earlier or later."""


class Namespace(NamedTuple):
    """Which numbers belong together: those of one name are compared with each other, and with no others.

    With ``present`` (where in the state) all that counts is whether a number is that one.
    """

    name: str
    present: str | None = None


class Origin(NamedTuple):
    """Marks a time that schedules count from: how long ago it was goes on to matter when it is past."""


BootNumber: TypeAlias = Annotated[Counter, Namespace("boot", "memory.boot.number")]
ConnectionNumber: TypeAlias = Annotated[Counter, Namespace("connection", "moment.link.connection")]
CallNumber: TypeAlias = Annotated[Counter, Namespace("call")]
EntryNumber: TypeAlias = Annotated[Counter, Namespace("entry")]
TransactionNumber: TypeAlias = Annotated[Counter, Namespace("transaction")]
SampleNumber: TypeAlias = Annotated[Counter, Namespace("sample")]
CacheAge: TypeAlias = Annotated[Counter, Namespace("cache")]
PaymentNumber: TypeAlias = Counter
"""Which card, of all that a station has ever seen: it is in the card's idTag, so that a search cannot renumber it."""
DownloadNumber: TypeAlias = Annotated[Counter, Namespace("download", "memory.firmware.job")]
UploadNumber: TypeAlias = Annotated[Counter, Namespace("upload", "memory.diagnostics.job")]
MessageId: TypeAlias = Annotated[str, Namespace("message id")]


class Address(Struct, frozen=True, cache_hash=True):
    """One instance of one machine."""

    machine: str
    key: object = None


class Asker(Struct, frozen=True, cache_hash=True):
    """Who wants a tag authorized: a reader, the remote start on a connector, or a card's session."""

    kind: Literal["reader", "connector", "card"]
    number: int


# --- Memory ------------------------------------------------------------------------------------------------


class Stamp(Struct, frozen=True, cache_hash=True):
    """A time that may not be known yet: the instant in its boot, and the UTC time once there is a clock."""

    boot: BootNumber
    at: Instant
    utc: UtcTime | None = None


class Boot(Struct, frozen=True, cache_hash=True):
    """What is known of the boots: how many, why the last one, and the last time that was known (§4.2)."""

    number: BootNumber = Counter(0)
    entropy: str = (
        ""  # hexadecimal digits, drawn once at the first boot: makes message ids this station's own
    )
    model: str = ""  # whose memory this is: another product must not take it for its own
    last_known: Stamp | None = None  # dated: the last time that was told, or at which a message was recorded
    ever_accepted: bool = False


class Availability(Struct, frozen=True, cache_hash=True):
    """Whether a connector, or the whole station (0), is to be used (§5.2)."""

    connector: int
    state: AvailabilityState = "operative"


class StopCause(Struct, frozen=True, cache_hash=True):
    """Why a transaction ends (§7.36), by whose tag, and when that was."""

    reason: Reason
    id_tag: str | None
    stamp: Stamp


class Transaction(Struct, frozen=True, cache_hash=True):
    """One transaction from its start until its last message was answered or skipped (§3.7, §4.8, §4.10)."""

    number: TransactionNumber = Counter(0)
    connector: int = 0
    state: TransactionState = "initial"
    id_tag: str = ""
    parent_id_tag: str | None = None
    register: Wh = Wh(0)  # the last reading that was recorded
    answered: "StartAnswer | None" = None
    stop: StopCause | None = None
    since: "IntervalStarts | None" = None  # None: no …Interval is configured
    began: Annotated[Stamp | None, Origin()] = None
    charged: Annotated[Stamp | None, Origin()] = (
        None  # when energy was first let flow: what has no startSchedule counts from it (§7.13)
    )


class StartAnswer(Struct, frozen=True, cache_hash=True):
    """What the Central System said of the start (§6.46); if it never processed it, the id is -1 (errata 3.18)."""

    transaction_id: int
    status: AuthorizationStatus
    processed: bool = True


class SampledReading(Struct, frozen=True, cache_hash=True):
    """One value of the meter as it goes into a SampledValue (§7.43); value is the number in text."""

    measurand: Measurand
    value: str
    phase: Phase | None = None
    location: Location | None = None
    unit: UnitOfMeasure | None = None


class Readings(Struct, frozen=True, cache_hash=True):
    """What the meter of a connector, or the main meter, shows: the energy register and all it can measure besides.

    Phases are the connector's own conductors; `age_ms` is how long ago the meter was looked at.
    """

    register: Wh
    values: tuple[SampledReading, ...] = ()
    age_ms: int = 0


class Sample(Struct, frozen=True, cache_hash=True):
    """Values of one moment, and why they were taken: a MeterValue to be (§7.33, §7.35)."""

    stamp: Stamp
    context: ReadingContext
    values: tuple[SampledReading, ...]


class IntervalStarts(Struct, frozen=True, cache_hash=True):
    """The registers at the start of the interval that is running: what …Interval values count from (§7.31)."""

    sampled: Sample
    aligned: Sample


class KeptSample(Struct, frozen=True, cache_hash=True):
    """A sample that waits for the StopTransaction of its transaction (§3.16.6)."""

    number: SampleNumber
    transaction: TransactionNumber
    sample: Sample


class StartMessage(Struct, frozen=True, cache_hash=True, tag="start"):
    """A StartTransaction.req to be sent (§6.45)."""

    connector: int
    id_tag: str
    meter_start: Wh
    stamp: Stamp
    reservation_id: int | None = None


class MeterMessage(Struct, frozen=True, cache_hash=True, tag="meter"):
    """A periodic or clock-aligned MeterValues.req to be sent (§6.31); connector 0 is the main meter."""

    connector: int
    samples: tuple[Sample, ...]


class StopMessage(Struct, frozen=True, cache_hash=True, tag="stop"):
    """A StopTransaction.req to be sent (§6.49)."""

    meter_stop: Wh
    stamp: Stamp
    reason: Reason
    id_tag: str | None
    transaction_data: tuple[Sample, ...] = ()


TransactionMessage: TypeAlias = StartMessage | MeterMessage | StopMessage


class Entry(Struct, frozen=True, cache_hash=True):
    """One transaction-related message in the outbox: which, of which transaction, and how often it was sent.

    Clock-aligned readings taken outside of transactions are such messages too (§3.7), and have none.
    ``boot`` and ``number`` make its message id, which it keeps over all boots. A message whose time was not known
    when it was recorded gets it at the first sending and keeps it; transactionId is the transaction's, which the
    start's answer fixes before anything behind it is sent (§3.7, errata 3.18).
    """

    boot: BootNumber
    number: EntryNumber
    transaction: TransactionNumber | None
    message: TransactionMessage
    attempts: int = 0


class CachedTag(Struct, frozen=True, cache_hash=True):
    """What an answer told of a tag (§3.5.1)."""

    status: AuthorizationStatus
    parent_id_tag: str | None = None
    expiry: UtcTime | None = None
    stored: CacheAge = Counter(0)


class ListedTag(Struct, frozen=True, cache_hash=True):
    """An entry of the local authorization list (§3.5.2, §7.1)."""

    status: AuthorizationStatus
    parent_id_tag: str | None = None
    expiry: UtcTime | None = None


class ListVersion(Struct, frozen=True, cache_hash=True):
    """The version of the local authorization list; 0 exactly when it is empty (§5.10)."""

    version: int = 0


class Reservation(Struct, frozen=True, cache_hash=True):
    """A connector, or any one of the station's (0), that is kept free for a tag (§5.13)."""

    reservation_id: int = 0
    state: ReservationState = "initial"
    connector: int = 0
    id_tag: str = ""
    expiry: UtcTime = UtcTime(0)
    parent_id_tag: str | None = None


class Terminal(Struct, frozen=True, cache_hash=True):
    """The payment terminals: how many cards there have been (docs/payment.md)."""

    state: TerminalState = "ready"
    cards: PaymentNumber = Counter(0)


class Terms(Struct, frozen=True, cache_hash=True):
    """What the keys said when the card was presented; a change counts for the next one (docs/payment.md)."""

    amount: MinorUnits
    currency: str
    attempts_max: int
    retry_interval_s: int
    price_per_kwh: str


class Bill(Struct, frozen=True, cache_hash=True):
    """What is known of a transaction whose amount is to be asked for, and how often that was answered in vain."""

    transaction_id: int
    energy_wh: int
    attempts: int = 0


class CardSession(Struct, frozen=True, cache_hash=True):
    """One payment card, from its reservation of money until that is settled or released (docs/payment.md)."""

    number: PaymentNumber = Counter(0)
    state: CardSessionState = "initial"
    terminal: int = 0
    connector: int = 0
    card: str = ""  # the terminal's own name for the card, never its number
    id_tag: str = ""
    terms: Terms = Terms(MinorUnits(0), "", 0, 0, "0")
    transaction: TransactionNumber | None = None
    meter_start: Wh = Wh(0)
    bill: Bill | None = None
    amount: MinorUnits = MinorUnits(0)  # to be settled


Cause: TypeAlias = Literal["PowerLoss", "HardReset", "SoftReset", "Reboot"]
"""Why a station was down (§7.36); PowerLoss also before its first start."""


class Reset(Struct, frozen=True, cache_hash=True):
    """Whether the station goes down, why, and how often a restart was tried in vain (§5.14, §9.1.22)."""

    state: ResetState = "up"
    cause: Cause = "PowerLoss"
    failures: int = 0


class ClockAligned(Struct, frozen=True, cache_hash=True):
    """The last tick at which the meters were read (§3.16.2)."""

    state: Literal["counting"] = "counting"
    tick: UtcTime | None = None


class Url(Struct, frozen=True, cache_hash=True):
    """Where a file is; a login may be in it, so that nobody is shown more than that there is one."""

    text: str = ""

    @override
    def __repr__(self) -> str:
        return "Url(…)"


class Update(Struct, frozen=True, cache_hash=True):
    """What UpdateFirmware ordered (§6.55); retries count what follows the first attempt (errata 3.50)."""

    location: Url = Url()
    retrieve: UtcTime = UtcTime(0)
    retries: int = 0
    interval_s: int = 0


class Firmware(Struct, frozen=True, cache_hash=True):
    """The update that is under way, the one that waits behind it, and the firmware that is installed.

    `version` is what an installer told; it counts as long as the product itself does not tell another than `base`.
    """

    state: FirmwareState = "idle"
    job: DownloadNumber = Counter(0)  # the last attempt: what is told of another comes too late
    update: Update = Update()
    next: Update | None = None
    version: str | None = None
    base: str | None = None


class Diagnostics(Struct, frozen=True, cache_hash=True):
    """The diagnostics that are on their way (§6.25); `asked` names the file."""

    state: DiagnosticsState = "idle"
    job: UploadNumber = Counter(0)
    location: Url = Url()
    retries: int = 0
    interval_s: int = 0
    asked: UtcTime = UtcTime(0)
    start: UtcTime | None = None
    stop: UtcTime | None = None


DueStatus: TypeAlias = FirmwareStatus | DiagnosticsStatus


class DueStatuses(Struct, frozen=True, cache_hash=True):
    """What the Central System is still to be told of an update, or of diagnostics, oldest first (§4.4, §4.5)."""

    statuses: tuple[DueStatus, ...] = ()


PHASES_ASSUMED: Final = 3
"""What an absent numberPhases means (§7.14)."""


class Period(Struct, frozen=True, cache_hash=True):
    """A limit from so many seconds after the start of the schedule on, until the next period (§7.14)."""

    start_s: int
    limit: Decimal
    phases: int = PHASES_ASSUMED


class Profile(Struct, frozen=True, cache_hash=True):
    """A charging profile as it is installed: with its connector, its time of receipt, its transaction."""

    profile_id: int
    connector: int
    purpose: ChargingProfilePurposeType
    stack_level: int
    kind: ChargingProfileKindType
    unit: ChargingRateUnitType
    periods: tuple[Period, ...]
    installed: Annotated[UtcTime, Origin()]
    transaction: TransactionNumber | None = None
    recurrency_kind: RecurrencyKindType | None = None
    """Of a Recurring one, and of no other (errata 3.56)."""
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    start: Annotated[UtcTime | None, Origin()] = None
    duration_s: int | None = None
    min_charging_rate: Decimal | None = None


class Memory(Struct, frozen=True, cache_hash=True):
    """What survives a power cut."""

    configuration: Configuration
    boot: Boot
    availability: tuple[Availability, ...]
    transactions: Map[TransactionNumber, Transaction] = field(default_factory=Map)
    outbox: Map[EntryNumber, Entry] = field(default_factory=Map)
    cache: Map[str, CachedTag] = field(default_factory=Map)
    local_list: Map[str, ListedTag] = field(default_factory=Map)
    list_version: ListVersion = ListVersion()
    reservations: Map[int, Reservation] = field(default_factory=Map)
    terminal: Terminal = Terminal()
    card_sessions: Map[PaymentNumber, CardSession] = field(default_factory=Map)
    reset: Reset = Reset()
    samples: Map[SampleNumber, KeptSample] = field(default_factory=Map)
    clock_aligned: ClockAligned = ClockAligned()
    firmware: Firmware = Firmware()
    firmware_due: DueStatuses = DueStatuses()
    diagnostics: Diagnostics = Diagnostics()
    diagnostics_due: DueStatuses = DueStatuses()
    profiles: Map[int, Profile] = field(default_factory=Map)  # by chargingProfileId


# --- Moment ------------------------------------------------------------------------------------------------


class Clock(Struct, frozen=True, cache_hash=True):
    """The wall clock: UTC = now + offset, once it is known."""

    state: ClockState = "unknown"
    epoch: UtcTime | None = None  # UTC time at instant 0 of this boot


class Link(Struct, frozen=True, cache_hash=True):
    """The WebSocket: ``connection`` numbers the attempts, so that a frame of an old one is told apart."""

    state: LinkState = "waiting"
    connection: ConnectionNumber = Counter(0)
    failures: int = 0


class Registration(Struct, frozen=True, cache_hash=True):
    """Whether the Central System has accepted this boot; ``standing`` is its last word (§4.2)."""

    state: RegistrationState = "unregistered"
    standing: Literal["none", "Accepted", "Pending", "Rejected"] = "none"


class Ask(Struct, frozen=True, cache_hash=True):
    """A request that wants to be sent; ``message_id`` only if it has one already (the outbox)."""

    request: Request
    by: Address
    message_id: MessageId | None = None


class OpenCall(Struct, frozen=True, cache_hash=True):
    """The CALL that was sent and not answered yet."""

    message_id: MessageId
    action: str
    by: Address


class Call(Struct, frozen=True, cache_hash=True):
    """Our CALLs: one open, the others in the order in which they will go."""

    state: CallState = "closed"
    connection: ConnectionNumber = Counter(0)
    number: CallNumber = Counter(0)
    open: OpenCall | None = None
    waiting: tuple[Ask, ...] = ()
    passed_over: int = 0  # how many others went since the outbox's head began to wait


class Heartbeat(Struct, frozen=True, cache_hash=True):
    """The interval of silence (§4.6)."""

    state: HeartbeatState = "off"
    last: Instant = Instant(0)  # when the Central System last told the time, or did not although it was asked


class Outbox(Struct, frozen=True, cache_hash=True):
    """Which entry is the head, the number that the next one gets, and the newest transaction that has one."""

    state: OutboxState = "idle"
    head: EntryNumber = Counter(1)
    tail: EntryNumber = Counter(1)
    newest: TransactionNumber = Counter(0)  # so that none has to be looked for among thousands that wait


class Cable(Struct, frozen=True, cache_hash=True):
    """The cable between station and EV."""

    connector: int
    state: CableState = "unplugged"


class Ev(Struct, frozen=True, cache_hash=True):
    """Whether the EV asks for energy."""

    connector: int
    state: EvState = "content"


class Contactor(Struct, frozen=True, cache_hash=True):
    """What the feedback of the contactor says."""

    connector: int
    state: ContactorState = "open"


class RaisedFault(Struct, frozen=True, cache_hash=True):
    """One fault or warning as the hardware told of it (§4.9, §7.6)."""

    error_code: ChargePointErrorCode
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    prevents_charging: bool = True
    by_station: bool = False  # found by a machine, from a feedback that did not come


class Fault(Struct, frozen=True, cache_hash=True):
    """What is wrong at a connector, or at the main controller (0)."""

    connector: int
    state: FaultState = "clear"
    raised: tuple[RaisedFault, ...] = ()
    since: Instant = Instant(0)  # when one was last raised or cleared


class Supply(Struct, frozen=True, cache_hash=True):
    """Whether the EVSE offers energy."""

    connector: int
    state: SupplyState = "offered"


class LocalLimit(Struct, frozen=True, cache_hash=True):
    """A limit that was found on the spot, such as of the grid connection or by temperature; on 0 for all together."""

    cause: str
    connector: int
    limit: Decimal
    unit: ChargingRateUnitType


class Limit(Struct, frozen=True, cache_hash=True):
    """How much a connector may draw now: on each of so many phases, and whether a car can charge with that."""

    current_a: Decimal
    phases: int
    suffices: bool


class PhaseSwitch(Struct, frozen=True, cache_hash=True):
    """On how many phases a connector's contactor closes."""

    connector: int
    state: PhaseSwitchState = "settled"
    phases: int = 3


class SmartCharging(Struct, frozen=True, cache_hash=True):
    """The limit that each connector is held to, and what was measured on the spot; index 0 of limits is blank."""

    state: Literal["watching"] = "watching"
    limits: tuple[Limit | None, ...] = ()
    local_limits: tuple[LocalLimit, ...] = ()


class Session(Struct, frozen=True, cache_hash=True):
    """The use of a connector: from the first sign of a driver until nothing is left to do."""

    connector: int
    state: SessionState = "idle"
    id_tag: str | None = None
    parent_id_tag: str | None = None
    reader: int | None = None  # which reader granted it: such a grant moves to the connector that is plugged
    transaction: TransactionNumber | None = None
    profile: Profile | None = None  # came with the remote start, for the transaction to be (§5.11)


class Allowance(Struct, frozen=True, cache_hash=True):
    """What is left to a driver whose start was not accepted, counted from the register at ``begin`` (§9.1.14)."""

    connector: int
    state: AllowanceState = "none"
    begin: Wh | None = None


class KeptCable(Struct, frozen=True, cache_hash=True):
    """Whether the lock keeps a cable for a driver whose start was not accepted, and whose it is (§3.5.4)."""

    connector: int
    state: KeptCableState = "free"
    id_tag: str = ""
    parent_id_tag: str | None = None


class HeldCall(Struct, frozen=True, cache_hash=True):
    """A CALL of the Central System that a machine answers in its own time."""

    connection: ConnectionNumber
    message_id: MessageId


class Unlock(Struct, frozen=True, cache_hash=True):
    """An UnlockConnector.req that is being carried out (§5.18)."""

    connector: int
    state: UnlockState = "idle"
    call: HeldCall | None = None


class Connector(Struct, frozen=True, cache_hash=True):
    """The status of §4.9, and since when."""

    connector: int
    state: Literal[ChargePointStatus, "initial"] = "initial"
    since: Instant = Instant(0)


class Report(Struct, frozen=True, cache_hash=True):
    """The content of a StatusNotification.req (§6.47) but for its time."""

    status: ChargePointStatus
    error_code: ChargePointErrorCode = "NoError"
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class StatusReport(Struct, frozen=True, cache_hash=True):
    """What the Central System was told of a connector's status, and what it is still to be told."""

    connector: int
    state: StatusReportState = "silent"
    confirmed: Report | None = None
    sent: Report | None = None
    settling: tuple[Report, Instant] | None = None
    due: tuple[tuple[Report, Instant], ...] = ()


class Reader(Struct, frozen=True, cache_hash=True):
    """A tag reader and the tag it is busy with."""

    number: int
    state: ReaderState = "idle"
    id_tag: str = ""


class Authorization(Struct, frozen=True, cache_hash=True):
    """One question whether a tag may charge (§4.1)."""

    state: AuthorizationState = "initial"
    asker: Asker = Asker("reader", 0)
    id_tag: str = ""
    profile: Profile | None = None  # came with the remote start


class CacheKeeper(Struct, frozen=True, cache_hash=True):
    """Who writes the authorization cache."""

    state: Literal["keeping"] = "keeping"


class ListKeeper(Struct, frozen=True, cache_hash=True):
    """Who compares what the Central System says with the local list."""

    state: Literal["keeping"] = "keeping"


class Vacancy(Struct, frozen=True, cache_hash=True):
    """Who watches how many connectors are left for those who reserved any one."""

    state: Literal["watching"] = "watching"


class Trigger(Struct, frozen=True, cache_hash=True):
    """Who sends what TriggerMessage asks for, of a connector or of the main controller (0)."""

    connector: int
    state: Literal["watching"] = "watching"


class Aligned(Struct, frozen=True, cache_hash=True):
    """The tick whose reading is awaited, and the registers at the one before (of the main meter)."""

    connector: int
    state: AlignedState = "idle"
    tick: UtcTime = UtcTime(0)
    since: Sample | None = None


class SampleKeeper(Struct, frozen=True, cache_hash=True):
    """Who keeps the samples, and the number that the next one gets."""

    state: Literal["keeping"] = "keeping"
    next: SampleNumber = Counter(1)


class Storage(Struct, frozen=True, cache_hash=True):
    """Whether Memory can be written."""

    state: StorageState = "fine"


class DataTransfer(Struct, frozen=True, cache_hash=True):
    """A DataTransfer of the station's own."""

    state: DataTransferState = "idle"


class Vendor(Struct, frozen=True, cache_hash=True):
    """A DataTransfer of the Central System that the embedder is asked to answer."""

    state: VendorState = "idle"
    call: HeldCall | None = None


class Notices(Struct, frozen=True, cache_hash=True):
    """Whether what is due of an update, or of diagnostics, is on its way."""

    state: NoticesState = "told"


class TimerKey(Struct, frozen=True, cache_hash=True):
    """One timer of one instance of a machine."""

    machine: str
    timer: str
    key: object = None


class Answered(Struct, frozen=True, cache_hash=True):
    """The last CALL that was answered, and how: a repeat gets the same answer and nothing happens twice."""

    connection: ConnectionNumber
    message_id: MessageId
    request: Request
    confirmation: Confirmation


class Forgettable(NamedTuple):
    """Marks what only a repeat of an old message reads: a world that repeats none cannot tell it from None."""


class Moment(Struct, frozen=True, cache_hash=True):
    """All that a power cut forgets."""

    cables: tuple[Cable, ...]
    evs: tuple[Ev, ...]
    contactors: tuple[Contactor, ...]
    faults: tuple[Fault, ...]
    supplies: tuple[Supply, ...]
    sessions: tuple[Session, ...]
    kept_cables: tuple[KeptCable, ...]
    allowances: tuple[Allowance, ...]
    connectors: tuple[Connector, ...]
    status_reports: tuple[StatusReport, ...]
    readers: tuple[Reader, ...]
    unlocks: tuple[Unlock, ...]
    triggers: tuple[Trigger, ...]
    phase_switches: tuple[PhaseSwitch, ...]
    aligned: tuple[Aligned, ...]
    authorizations: Map[Asker, Authorization] = field(default_factory=Map)
    clock: Clock = Clock()
    link: Link = Link()
    registration: Registration = Registration()
    call: Call = Call()
    heartbeat: Heartbeat = Heartbeat()
    queue: Outbox = Outbox()
    cache_keeper: CacheKeeper = CacheKeeper()
    list_keeper: ListKeeper = ListKeeper()
    vacancy: Vacancy = Vacancy()
    sample_keeper: SampleKeeper = SampleKeeper()
    data_transfer: DataTransfer = DataTransfer()
    vendor: Vendor = Vendor()
    storage: Storage = Storage()
    firmware_notices: Notices = Notices()
    diagnostics_notices: Notices = Notices()
    smart_charging: SmartCharging = SmartCharging()
    answered: Annotated[Answered | None, Forgettable()] = None
    timers: Map[TimerKey, Instant] = field(default_factory=Map)
    dates: Map[TimerKey, UtcTime] = field(default_factory=Map)  # sleep while no clock is known


class State(Struct, frozen=True, cache_hash=True):
    """A whole station."""

    product: Product
    memory: Memory
    moment: Moment
