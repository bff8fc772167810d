"""All that may happen to a station. Facts, in the past participle.

External events come from the world; internal ones are raised by rows and seen by other machines in the next
round. An event with a field `connector`, `reader`, `transaction`, `asker` or `payment` is for that instance; one with
`by` is for the machine that asked; any other is for all.
"""

from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from pilotline.core.state import (
    Address,
    Ask,
    Asker,
    Cause,
    Counter,
    Diagnostics,
    HeldCall,
    Instant,
    PaymentNumber,
    Profile,
    Readings,
    Sample,
    Terms,
    TransactionMessage,
    Update,
    UtcTime,
)
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.messages.core import DataTransferReq
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.products import Product
from pilotline.spec.types import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargingRateUnitType,
    DataTransferStatus,
    DiagnosticsStatus,
    ErrorCode,
    FirmwareStatus,
    MessageTrigger,
    ReadingContext,
    Reason,
)

C = TypeVar("C")


class External(Struct, frozen=True):
    """Something the world tells the station."""


class Internal(Struct, frozen=True):
    """Something one machine tells the others."""


# --- power, time, storage ------------------------------------------------------------------------------------


class PoweredUp(External, frozen=True):
    """Power is on, or the process starts anew: the world as it is. Tuples go by connectorId; index 0 is unused."""

    product: Product
    cause: Cause
    plugged: tuple[bool, ...]
    readings: tuple[Readings | None, ...]
    entropy: str
    utc: UtcTime | None = None
    asking: tuple[bool, ...] = ()
    """Which EVs ask for energy, if that is known at once; else `EnergyRequested` follows."""


class PowerFailing(External, frozen=True):
    """Mains are gone and a battery keeps the station up, for as long as it lasts."""


class MainsRestored(External, frozen=True):
    """Mains are back before the battery was empty."""


class RebootFailed(External, frozen=True):
    """The restart that was ordered does not come about."""


class DeadlinePassed(External, frozen=True):
    """The earliest deadline of the state is reached."""


class CommitFailed(External, frozen=True):
    """What this event decided could not be stored; the state is the one before it."""

    event: "External"


# --- link ----------------------------------------------------------------------------------------------------


class LinkUp(External, frozen=True):
    """The handshake of this connection agreed on ocpp1.6 (OCPP-J §3.2)."""

    connection: Counter


class LinkLost(External, frozen=True):
    """The connection is gone or never came; jitter is drawn anew each time, in thousandths (0..1000)."""

    connection: Counter
    jitter: int = 0


class FrameReceived(External, frozen=True):
    """Text of one WebSocket message; `step` reads it into one of the four events below."""

    connection: Counter
    text: str


class CallReceived(External, frozen=True):
    """A valid CALL of the Central System (OCPP-J §4.2.1)."""

    connection: Counter
    message_id: str
    request: Request


class BadCallReceived(External, frozen=True):
    """A CALL that is to be answered by this CALLERROR (OCPP-J §4.2.3)."""

    connection: Counter
    message_id: str
    code: ErrorCode
    description: str


class ResultReceived(External, frozen=True):
    """A CALLRESULT to a request of ours, open or timed out, read by the model of its action (OCPP-J §4.2.2)."""

    connection: Counter
    message_id: str
    confirmation: Confirmation


class ErrorReceived(External, frozen=True):
    """A CALLERROR, or a CALLRESULT that cannot be read, to a request of ours (OCPP-J §4.2.3)."""

    connection: Counter
    message_id: str
    code: ErrorCode
    description: str


class FrameDropped(External, frozen=True):
    """A frame that nobody can answer, and why: nothing happens but a line in the log (OCPP-J §4.1.3)."""

    connection: Counter
    reason: str


# --- driver, car, hardware -----------------------------------------------------------------------------------


class TagPresented(External, frozen=True):
    """A tag was held to a reader."""

    reader: int
    id_tag: str


class CablePlugged(External, frozen=True):
    """Station and EV are joined."""

    connector: int


class EvUnplugged(External, frozen=True):
    """The cable was pulled at the EV."""

    connector: int


class CableUnplugged(External, frozen=True):
    """The cable was pulled at the station's socket."""

    connector: int


class EnergyRequested(External, frozen=True):
    """The EV asks for energy (S2 closed)."""

    connector: int


class EnergyDeclined(External, frozen=True):
    """The EV stops asking for energy (S2 opened)."""

    connector: int


class ConnectorLocked(External, frozen=True):
    """The feedback of the lock says locked."""

    connector: int
    readings: Readings


class LockFailed(External, frozen=True):
    """The lock did not close."""

    connector: int


class ConnectorUnlocked(External, frozen=True):
    """The feedback of the lock says open."""

    connector: int


class UnlockFailed(External, frozen=True):
    """The lock was told to open and did not."""

    connector: int


class ContactorClosed(External, frozen=True):
    """The feedback of the contactor says closed."""

    connector: int


class ContactorOpened(External, frozen=True):
    """The feedback of the contactor says open; the register stands still from here."""

    connector: int
    readings: Readings


class MeterRead(External, frozen=True):
    """What ReadMeter asked for; `transaction` and `context` as they were asked."""

    connector: int
    transaction: Counter | None
    context: ReadingContext
    readings: Readings


class FaultDetected(External, frozen=True):
    """The hardware, or a machine, found something wrong (§4.9, §7.6). Connector 0 is the main controller."""

    connector: int
    error_code: ChargePointErrorCode
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    prevents_charging: bool = True
    by_station: bool = False
    """A machine missed a feedback; the hardware did not tell, and will not tell that it is over."""


class FaultCleared(External, frozen=True):
    """What was wrong is well again."""

    connector: int
    error_code: ChargePointErrorCode


class LocalLimitFound(External, frozen=True):
    """A limit on the spot, of the grid connection (0) or by temperature; another one of this cause is over."""

    connector: int
    cause: str
    limit: Decimal
    unit: ChargingRateUnitType


class LocalLimitLifted(External, frozen=True):
    """The limit of this cause is over."""

    connector: int
    cause: str


class DataTransferRequested(External, frozen=True):
    """The embedder wants a DataTransfer.req to be sent (§4.3)."""

    vendor_id: str
    message_id: str | None = None
    data: str | None = None


class CardPresented(External, frozen=True):
    """The driver chose a connector and held a payment card to this terminal; `card` is its name for the card."""

    terminal: int
    connector: int
    card: str


class AmountReserved(External, frozen=True):
    """What ReserveAmount asked for is reserved."""

    payment: PaymentNumber


class AmountRefused(External, frozen=True):
    """What ReserveAmount asked for is not reserved: the card was refused."""

    payment: PaymentNumber


class AmountSettled(External, frozen=True):
    """What SettleAmount asked for is settled, and the rest released."""

    payment: PaymentNumber


class AmountReleased(External, frozen=True):
    """Nothing is reserved under this number, or never was."""

    payment: PaymentNumber


class DataTransferAnswered(External, frozen=True):
    """What the embedder says to `AnswerDataTransfer` of this call; data goes only with Accepted (§6.16)."""

    call: HeldCall
    status: DataTransferStatus
    data: str | None = None


class FirmwareDownloaded(External, frozen=True):
    """The file of this job is whole and kept."""

    job: Counter


class DownloadFailed(External, frozen=True):
    """The file of this job did not come; nothing of it is left."""

    job: Counter
    reason: str


class FirmwareInstalled(External, frozen=True):
    """The file of this job is installed; version None: only the next start tells."""

    job: Counter
    version: str | None = None


class InstallationFailed(External, frozen=True):
    """The file of this job is not installed; the old firmware is as it was."""

    job: Counter
    reason: str


class DiagnosticsUploaded(External, frozen=True):
    """The file of this job is where it was wanted."""

    job: Counter


class UploadFailed(External, frozen=True):
    """The file of this job did not get there."""

    job: Counter
    reason: str


# --- internal: firmware, diagnostics -------------------------------------------------------------------------


class UpdateAsked(Internal, frozen=True):
    """The Central System orders another firmware (§5.19)."""

    update: Update


class RetrieveDateReached(Internal, frozen=True):
    """The firmware may be retrieved from now on (errata 3.63)."""


class DownloadRetryDue(Internal, frozen=True):
    """The wait before the next attempt to download is over."""


class DownloadOverdue(Internal, frozen=True):
    """Nothing was told of an attempt to download, in time."""


class InstallationOverdue(Internal, frozen=True):
    """Nothing was told of an installation, in time."""


class UseSuspended(Internal, frozen=True):
    """Firmware is to be installed: no use begins any more (§5.19, errata 3.49)."""


class UseResumed(Internal, frozen=True):
    """Firmware is not to be installed any more."""


class FirmwareProgressed(Internal, frozen=True):
    """The Central System is to be told this status of an update (§4.5)."""

    status: FirmwareStatus


class DiagnosticsAsked(Internal, frozen=True):
    """The Central System wants diagnostics (§5.9)."""

    order: Diagnostics


class UploadOverdue(Internal, frozen=True):
    """Nothing was told of an attempt to upload, in time."""


class UploadRetryDue(Internal, frozen=True):
    """The wait before the next attempt to upload is over."""


class DiagnosticsProgressed(Internal, frozen=True):
    """The Central System is to be told this status of diagnostics (§4.4)."""

    status: DiagnosticsStatus


class FirmwareNoticeDue(Internal, frozen=True):
    """The wait before a status of an update is told once more is over."""


class DiagnosticsNoticeDue(Internal, frozen=True):
    """The wait before a status of diagnostics is told once more is over."""


# --- internal: going down -----------------------------------------------------------------------------------


class ResetAsked(Internal, frozen=True):
    """The Central System wants the station to start anew (§5.14)."""

    cause: Cause


class GoingDown(Internal, frozen=True):
    """The station goes down in good order: no use begins any more."""


class StayedUp(Internal, frozen=True):
    """The station does not go down after all."""


class WindDownOver(Internal, frozen=True):
    """A soft reset has waited long enough."""


class RebootOverdue(Internal, frozen=True):
    """The restart that was ordered did not come about in time."""


# --- internal: link, registration, calls ---------------------------------------------------------------------


class Restored(Internal, frozen=True):
    """After PoweredUp: the machines have come back, the status can follow."""


class StoreRetryDue(Internal, frozen=True):
    """The store is to be tried again."""


class ReconnectDue(Internal, frozen=True):
    """The wait before the next connection is over."""


class Connected(Internal, frozen=True):
    """The link is up."""

    connection: Counter


class Disconnected(Internal, frozen=True):
    """The link is down."""


class TimeTold(Internal, frozen=True):
    """The Central System told the UTC time (§4.2, §4.6)."""

    utc: UtcTime


class BootDue(Internal, frozen=True):
    """The wait before the next BootNotification is over."""


class RegistrationAccepted(Internal, frozen=True):
    """BootNotification.conf said Accepted (§4.2)."""


class Asked(Internal, frozen=True):
    """A machine wants this request to be sent."""

    ask: Ask


class CallSent(Internal, frozen=True):
    """A CALL of ours went out."""


class CallTimedOut(Internal, frozen=True):
    """The open CALL was not answered in time (errata 3.82)."""


class Confirmed(Internal, Generic[C], frozen=True):
    """The request was answered by a CALLRESULT."""

    by: Address
    confirmation: C


class Refused(Internal, frozen=True):
    """The request was answered by a CALLERROR."""

    by: Address
    code: ErrorCode
    description: str


class Unanswered(Internal, frozen=True):
    """The request was not answered in time."""

    by: Address


class Withdrawn(Internal, frozen=True):
    """The request was not sent, or the link was lost before its answer."""

    by: Address


class CallsEnded(Internal, frozen=True):
    """No CALL of ours is open, and none waits."""


class VendorAsked(Internal, frozen=True):
    """The Central System sent a vendor's message that the embedder answers (§5.6)."""

    call: HeldCall
    request: DataTransferReq


class VendorTimedOut(Internal, frozen=True):
    """The embedder did not answer in time."""


class AnsweredLate(Internal, frozen=True):
    """A request that had timed out was answered after all."""

    message_id: str
    confirmation: Confirmation


class HeartbeatDue(Internal, frozen=True):
    """The interval of silence is over (§4.6)."""


class ConfigurationChanged(Internal, frozen=True):
    """An accepted change of this key (by its name in the table) is in force."""

    key: str


# --- internal: authorization ---------------------------------------------------------------------------------


class AuthorizationAsked(Internal, frozen=True):
    """Somebody wants to know whether this tag may charge."""

    asker: Asker
    id_tag: str
    profile: Profile | None = None


class TagPreAuthorized(Internal, frozen=True):
    """LocalPreAuthorize: the tag is valid by what is known here, the Central System need not be asked (§9.1.13)."""

    asker: Asker
    parent_id_tag: str | None


class TagDecided(Internal, frozen=True):
    """For a reader: what became of the tag it asked about."""

    reader: int
    status: AuthorizationStatus
    parent_id_tag: str | None


class TagTold(Internal, frozen=True):
    """An answer of the Central System told of a tag (§3.5.1)."""

    id_tag: str
    info: IdTagInfo


class UseGranted(Internal, frozen=True):
    """An authorized tag may use this connector; ``reader`` is None for a remote start."""

    connector: int
    id_tag: str
    parent_id_tag: str | None
    reader: int | None
    profile: Profile | None = None


class UseWithdrawn(Internal, frozen=True):
    """The tag that was granted this connector gives it up, or takes another."""

    connector: int


class CableReleased(Internal, frozen=True):
    """Whoever was refused at this connector, or one of the group, has come for the cable (errata 3.5)."""

    connector: int


# --- internal: payment by card -------------------------------------------------------------------------------


class CardSessionBegan(Internal, frozen=True):
    """A card may begin: its money is to be reserved."""

    payment: PaymentNumber
    terminal: int
    connector: int
    card: str
    terms: Terms


class TerminalTimedOut(Internal, frozen=True):
    """The terminal did not tell in time what became of a command."""

    payment: PaymentNumber


class CardDecided(Internal, frozen=True):
    """For a card's session: what became of its tag."""

    payment: PaymentNumber
    status: AuthorizationStatus
    parent_id_tag: str | None


class CardGranted(Internal, frozen=True):
    """The card's tag was offered its connector; now it shows whether the connector was still to be had."""

    payment: PaymentNumber


class SettlementDue(Internal, frozen=True):
    """The amount may be asked for, behind what the outbox has to send."""

    payment: PaymentNumber


class AttemptDue(Internal, frozen=True):
    """The wait before the amount is asked for again is over."""

    payment: PaymentNumber


# --- internal: the use of a connector ------------------------------------------------------------------------


class UseBegan(Internal, frozen=True):
    """A driver has begun to use the connector."""

    connector: int


class UseEnded(Internal, frozen=True):
    """Nobody uses the connector any more."""

    connector: int


class UseTimedOut(Internal, frozen=True):
    """Plugged in, but no tag came in time (§4.9 B6)."""

    connector: int


class UnlockAsked(Internal, frozen=True):
    """The Central System wants the cable released (§5.18)."""

    connector: int
    call: HeldCall


class UnlockTimedOut(Internal, frozen=True):
    """The transaction did not stop, or the lock did not tell, in time."""

    connector: int


class ConnectionTimedOut(Internal, frozen=True):
    """ConnectionTimeOut is over (§9.1.6)."""

    connector: int


class StartTimedOut(Internal, frozen=True):
    """Neither the lock nor the meter answered in time."""

    connector: int


class ChargingBegan(Internal, frozen=True):
    """The transaction has started."""

    connector: int


class StopAsked(Internal, frozen=True):
    """The transaction of this connector is to stop (§4.10)."""

    connector: int
    reason: Reason
    id_tag: str | None = None


class ChargingEnded(Internal, frozen=True):
    """The transaction has stopped and the user still has something to do."""

    connector: int


class EnergyWithheld(Internal, frozen=True):
    """The EVSE stops offering energy."""

    connector: int


class EnergyOffered(Internal, frozen=True):
    """The EVSE offers energy again."""

    connector: int


class ProfilesChanged(Internal, frozen=True):
    """Charging profiles were installed or cleared (§5.5, §5.16)."""


class BoundaryReached(Internal, frozen=True):
    """The first instant at which a limit may be another (§3.13)."""


class LimitFell(Internal, frozen=True):
    """A car can no longer charge with what the connector may draw."""

    connector: int


class LimitRose(Internal, frozen=True):
    """A car can charge again with what the connector may draw."""

    connector: int


class PhasesChanged(Internal, frozen=True):
    """The car may draw on another number of phases than it did (§9.4.4)."""

    connector: int
    begins: bool = False
    """Its transaction begins with it, so that the contactor was not told to close yet."""


class BreakTimedOut(Internal, frozen=True):
    """The contactor did not tell in time that it is open, so that phases can be switched."""

    connector: int


class FaultBegan(Internal, frozen=True):
    """The first fault that prevents charging."""

    connector: int


class FaultEnded(Internal, frozen=True):
    """The last fault that prevented charging is cleared."""

    connector: int


class WarningChanged(Internal, frozen=True):
    """What is reported as errorCode changed, and the status did not."""

    connector: int


class AvailabilityAsked(Internal, frozen=True):
    """ChangeAvailability was accepted or scheduled for this connector, or for the main controller (0)."""

    connector: int
    operative: bool


class MadeUnavailable(Internal, frozen=True):
    """The connector is Inoperative from now on."""

    connector: int


class MadeAvailable(Internal, frozen=True):
    """The connector is Operative again."""

    connector: int


class ReservationAsked(Internal, frozen=True):
    """ReserveNow was accepted: a new reservation, or one in the place of that with this id (§5.13)."""

    reservation: int
    connector: int
    id_tag: str
    expiry: UtcTime
    parent_id_tag: str | None = None


class ReservationCancelled(Internal, frozen=True):
    """CancelReservation was accepted (§5.1)."""

    reservation: int


class ReservationExpired(Internal, frozen=True):
    """expiryDate is reached (§5.13)."""

    reservation: int


class ReservationMade(Internal, frozen=True):
    """The connector, or any one (0), is kept free for a tag from now on (§5.13)."""

    connector: int


class ReservationEnded(Internal, frozen=True):
    """The reservation of the connector, or of any one (0), is over (§5.1, §5.13)."""

    connector: int


class VacancyChanged(Internal, frozen=True):
    """Whoever reserved any connector may have another number of them left (§5.13)."""


class ListContradicted(Internal, frozen=True):
    """The Central System says of a tag what the local list does not (§3.5.2)."""

    id_tag: str


class ListUpdated(Internal, frozen=True):
    """SendLocalList was accepted (§5.15)."""


class Triggered(Internal, frozen=True):
    """TriggerMessage asks for this message of a connector, or of the main controller (0) (§5.17)."""

    connector: int
    message: MessageTrigger


class BootTriggered(Internal, frozen=True):
    """TriggerMessage asks a station that is Pending for its BootNotification (§4.2, §5.17)."""


class StatusOverdue(Internal, frozen=True):
    """The status took a first row; the conditions imply another one by now."""

    connector: int


class StatusChanged(Internal, frozen=True):
    """The status of a connector is another one."""

    connector: int


class StatusSettled(Internal, frozen=True):
    """MinimumStatusDuration is over, or the wait after a report that was not processed."""

    connector: int


# --- internal: transactions ----------------------------------------------------------------------------------


class TransactionBegan(Internal, frozen=True):
    """All conditions hold: a transaction comes to be (§3.6)."""

    transaction: Counter
    connector: int
    id_tag: str
    parent_id_tag: str | None
    readings: Readings
    reservation: int | None = None
    profile: Profile | None = None


class SampleDue(Internal, frozen=True):
    """MeterValueSampleInterval is over (§9.1.19); `due` is when it was, however late this is."""

    transaction: Counter
    due: Instant


class SampleTaken(Internal, frozen=True):
    """A sample that is to go into the transactionData of its transaction (§3.16.6)."""

    of_transaction: Counter
    sample: Sample


class TickDue(Internal, frozen=True):
    """The clock has come to the next tick, or is past it (§9.1.5)."""


class TickCame(Internal, frozen=True):
    """All meters are to be read for this tick (§3.16.2)."""

    tick: UtcTime


class AlignedReadingTimedOut(Internal, frozen=True):
    """The meter did not answer while its reading would still have been of its tick."""

    connector: int


class TransactionStopAsked(Internal, frozen=True):
    """The transaction is to stop."""

    transaction: Counter
    reason: Reason
    id_tag: str | None


class StopTimedOut(Internal, frozen=True):
    """The contactor did not tell in time that it is open."""

    transaction: Counter


class StopUnread(Internal, frozen=True):
    """Nor did the meter tell what it shows, when the contactor had not told that it is open."""

    transaction: Counter


class TransactionEnded(Internal, frozen=True):
    """StopTransaction is recorded."""

    connector: int


class MessageRecorded(Internal, frozen=True):
    """A transaction-related message is to be delivered (§3.7); readings of no transaction are of None."""

    of_transaction: Counter | None
    message: TransactionMessage


class HeadDue(Internal, frozen=True):
    """Something may be waiting in the outbox and could be sent."""


class RetryDue(Internal, frozen=True):
    """The wait before the head is sent again is over."""


class StartAnswered(Internal, frozen=True):
    """StartTransaction was answered, or skipped: then transaction_id is -1 (errata 3.18)."""

    transaction: Counter
    transaction_id: int
    status: AuthorizationStatus
    parent_id_tag: str | None = None
    processed: bool = True


class StartInvalidated(Internal, frozen=True):
    """The start was not accepted, yet the transaction goes on, with no more energy than is granted (§9.1.24)."""

    connector: int


class AllowanceLookDue(Internal, frozen=True):
    """The meter is to be looked at: how much of the allowance is used?"""

    connector: int


class AllowanceUnmeasured(Internal, frozen=True):
    """The meter did not tell in time how much of the allowance is used."""

    connector: int


class AllowanceSpent(Internal, frozen=True):
    """There is no energy left for a driver whose start was not accepted (§9.1.14)."""

    connector: int


class LastDelivered(Internal, frozen=True):
    """The last message of the transaction was answered or skipped."""

    transaction: Counter


Event: TypeAlias = External | Internal
