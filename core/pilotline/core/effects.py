"""All that a station may ask of the world. Imperatives.

*Acts* come from rows and are handed over once, in order. *Levels* come from the table in
`pilotline.core.levels` and say how something is to be from now on. A level that makes safe is handed over
before the commit.
"""

from decimal import Decimal
from typing import ClassVar, TypeAlias

from msgspec import Struct

from pilotline.core.state import Cause, Counter, HeldCall, Instant, PaymentNumber, Url, UtcTime
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.payment import MinorUnits
from pilotline.spec.types import ErrorCode, ReadingContext


class Effect(Struct, frozen=True):
    """Something the world is asked to do."""

    makes_safe: ClassVar[bool] = False


# --- acts ----------------------------------------------------------------------------------------------------


class OpenLink(Effect, frozen=True):
    """Connect to the Central System; answer with LinkUp or LinkLost of this number."""

    connection: Counter


class SendCall(Effect, frozen=True):
    """Send a CALL (OCPP-J §4.2.1)."""

    connection: Counter
    message_id: str
    request: Request


class SendResult(Effect, frozen=True):
    """Answer a CALL (OCPP-J §4.2.2)."""

    connection: Counter
    message_id: str
    confirmation: Confirmation


class SendError(Effect, frozen=True):
    """Refuse a CALL (OCPP-J §4.2.3)."""

    connection: Counter
    message_id: str
    code: ErrorCode
    description: str


class ReadMeter(Effect, frozen=True):
    """Answer with MeterRead of the same transaction and context; connector 0 is the main meter."""

    connector: int
    transaction: Counter | None
    context: ReadingContext


class ReleaseConnector(Effect, frozen=True):
    """Open the lock now, whatever it is told to be; answer with ConnectorUnlocked or UnlockFailed (§5.18).

    The answer is owed also if LockConnector or UnlockConnector follows.
    """

    connector: int


class BreakContactor(Effect, frozen=True):
    """Open the contactor now, whatever it is told to be, so that phases can be switched; answer with ContactorOpened,
    also if it was open (§9.4.4).
    """

    makes_safe: ClassVar[bool] = True
    connector: int


class SignalTag(Effect, frozen=True):
    """Show the driver at this reader whether the tag was accepted, by so many blinks of the light (§9.1.4)."""

    reader: int
    accepted: bool
    blinks: int


class ReserveAmount(Effect, frozen=True):
    """Reserve this amount on the card that was presented; answer with AmountReserved or AmountRefused.

    `reference` is the station's own and unique; it names the reservation in all that follows.
    """

    terminal: int
    payment: PaymentNumber
    reference: str
    amount: MinorUnits
    currency: str


class SettleAmount(Effect, frozen=True):
    """Take this much of what is reserved and release the rest; answer with AmountSettled.

    It may come again: what was done under this reference is not done twice, and is answered again.
    """

    terminal: int
    payment: PaymentNumber
    reference: str
    amount: MinorUnits


class ReleaseAmount(Effect, frozen=True):
    """Release all that is or may be reserved; answer with AmountReleased, also if nothing is. It may come again."""

    terminal: int
    payment: PaymentNumber
    reference: str


class SignalCard(Effect, frozen=True):
    """Show the driver at this terminal whether the card may charge."""

    terminal: int
    accepted: bool


class ReportWorld(Effect, frozen=True):
    """Tell all facts again: cables, EVs, contactors with their registers, faults. Known ones change nothing."""


class Reboot(Effect, frozen=True):
    """Start anew, all of the station or the application, and come back with PoweredUp; or answer with RebootFailed."""

    cause: Cause


class AnswerDataTransfer(Effect, frozen=True):
    """Answer this DataTransfer of the Central System by DataTransferAnswered of the same call (§5.6)."""

    call: HeldCall
    vendor_id: str
    message_id: str | None
    data: str | None


class TellDataTransfer(Effect, frozen=True):
    """Tell the embedder what became of its DataTransfer (§4.3)."""

    outcome: str
    data: str | None = None


class Download(Effect, frozen=True):
    """Fetch this file and keep it whole; answer with FirmwareDownloaded or DownloadFailed of the same job."""

    job: Counter
    location: Url


class AbandonUpdate(Effect, frozen=True):
    """Nobody waits for this job any more: its download or installation ends, its file goes; no answer is owed."""

    job: Counter


class Install(Effect, frozen=True):
    """Install the file of this job; answer with FirmwareInstalled or InstallationFailed of the same job.

    It may also start the station anew on the new firmware: then the product tells another firmwareVersion.
    """

    job: Counter


class Upload(Effect, frozen=True):
    """Send the diagnostics of this span as this file into this folder; answer with DiagnosticsUploaded or
    UploadFailed of the same job (§6.25).
    """

    job: Counter
    location: Url
    file_name: str
    start: UtcTime | None
    stop: UtcTime | None


class AbandonUpload(Effect, frozen=True):
    """Nobody waits for this job any more; no answer is owed."""

    job: Counter


# --- levels --------------------------------------------------------------------------------------------------


class LimitCurrent(Effect, frozen=True):
    """Let no more current flow than this on each phase, and use so many phases. A car obeys within seconds."""

    connector: int
    current_a: Decimal
    phases: int


class LockConnector(Effect, frozen=True):
    """Lock the cable; answer with ConnectorLocked or LockFailed."""

    connector: int


class UnlockConnector(Effect, frozen=True):
    """Release the cable."""

    connector: int


class CloseContactor(Effect, frozen=True):
    """Let energy flow; answer with ContactorClosed."""

    connector: int


class OpenContactor(Effect, frozen=True):
    """Stop the energy; answer with ContactorOpened."""

    makes_safe: ClassVar[bool] = True
    connector: int


class ShowStatus(Effect, frozen=True):
    """Show this status on the connector's light."""

    connector: int
    status: str


class SetLightIntensity(Effect, frozen=True):
    """Let all lights shine with this part of their full brightness (§9.1.11)."""

    percent: int


class PingEvery(Effect, frozen=True):
    """Send WebSocket pings at this interval in s; 0 is never (OCPP-J §7)."""

    interval_s: int


# --- what a row asks of the reducer --------------------------------------------------------------------------


class Put(Struct, frozen=True):
    """Store this record in a collection of Memory."""

    collection: str
    key: object
    record: object


class Drop(Struct, frozen=True):
    """Take this record out of a collection of Memory."""

    collection: str
    key: object


class Clear(Struct, frozen=True):
    """Take every record out of a collection of Memory: one change, however many there are."""

    collection: str


class Arm(Struct, frozen=True):
    """Set a timer of the machine's own; it fires at `at`, or sleeps until the clock is known for a UTC time."""

    timer: str
    at: Instant


class ArmUtc(Struct, frozen=True):
    """Set a timer of the machine's own to a date; it sleeps while no clock is known."""

    timer: str
    at: UtcTime


class Disarm(Struct, frozen=True):
    """Stop a timer of the machine's own."""

    timer: str


class Configure(Struct, frozen=True):
    """Set a configuration key whose value was checked before."""

    key: str
    text: str


class CallError(Struct, frozen=True):
    """What an operation answers instead of a confirmation, where none can express it (OCPP-J §4.2.3)."""

    code: ErrorCode
    description: str


Order: TypeAlias = Put | Drop | Clear | Arm | ArmUtc | Disarm | Configure
Change: TypeAlias = Put | Drop | Clear
