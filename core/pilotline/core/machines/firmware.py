"""UpdateFirmware from the order to the boot on the new firmware (§4.5, §5.19).

Theory of operation: the order is in Memory, so that a cut at any point goes on or ends in one of the standard's
failures: a download begins anew, an installation that was cut has failed unless the product tells another firmware.
Every attempt has a number, so that whatever the world tells too late is told of another. A newer order takes the
place of one that is not being installed yet; behind an installation it waits (what one ordered last is what one wants,
but a half-installed station is no good). Nothing is installed while a transaction runs, and from Downloaded on no use
begins (errata 3.49): `availability` sees to that. What is said of all this is for `notices`.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import AbandonUpdate, Arm, ArmUtc, Download, Install
from pilotline.core.events import (
    ChargingEnded,
    DownloadFailed,
    DownloadOverdue,
    DownloadRetryDue,
    FirmwareDownloaded,
    FirmwareInstalled,
    FirmwareProgressed,
    InstallationFailed,
    InstallationOverdue,
    PoweredUp,
    ResetAsked,
    Restored,
    RetrieveDateReached,
    StayedUp,
    UpdateAsked,
    UseEnded,
    UseResumed,
    UseSuspended,
)
from pilotline.core.slices import STATION, every, fact, station
from pilotline.core.state import Counter, Firmware, Instant, Map, Reset, Session, Transaction
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.products import Identity
from pilotline.spec.rows import FirmwareRows as row
from pilotline.spec.types import FirmwareStatus

VERSION_CHARACTERS_MAX: Final = 50
STATUS: Final[dict[str, FirmwareStatus]] = {
    "idle": "Idle",
    "scheduled": "Idle",
    "downloading": "Downloading",
    "retrying": "Downloading",
    "downloaded": "Downloaded",
    "installing": "Installing",
    "restarting": "Installing",
}
"""What TriggerMessage is told (§7.25). Idle also before retrieveDate: nothing is done yet."""


class Reads(Struct, frozen=True):
    """Who still charges, whether the station goes down, and which firmware the product is."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    reset: Annotated[Reset, station("reset")]
    identity: Annotated[Identity, fact(facts.identity)]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]
    download_deadline_ms: Annotated[int, fact(facts.transfer_deadline_ms)]
    installation_deadline_ms: Annotated[int, fact(facts.installation_deadline_ms)]


def told_version(own: Firmware, identity: Identity) -> str | None:
    """The firmwareVersion of §6.3: an installer's word, until the product itself tells another.

    None is told while the old one still runs of which the installer's word took the place.
    """
    if own.state == "restarting":
        return None
    return identity.firmware_version if own.version is None or _is_stale(own, identity) else own.version


def _is_stale(own: Firmware, identity: Identity) -> bool:
    return own.base != identity.firmware_version


# --- the order -----------------------------------------------------------------------------------------------


def take(
    own: Firmware, _reads: Reads, event: UpdateAsked, _now: Instant
) -> tuple[Firmware, tuple[ArmUtc, ...]]:
    return replace(own, update=event.update), (ArmUtc("retrieve", event.update.retrieve),)


def take_instead(
    own: Firmware, reads: Reads, event: UpdateAsked, now: Instant
) -> tuple[Firmware, tuple[ArmUtc | AbandonUpdate, ...]]:
    taken, armed = take(own, reads, event, now)
    return taken, (AbandonUpdate(own.job), *armed)


def take_and_resume_use(
    own: Firmware, reads: Reads, event: UpdateAsked, now: Instant
) -> tuple[Firmware, tuple[ArmUtc | AbandonUpdate | UseResumed, ...]]:
    taken, ordered = take_instead(own, reads, event, now)
    return taken, (*ordered, UseResumed())


def keep_for_later(own: Firmware, _reads: Reads, event: UpdateAsked, _now: Instant) -> Firmware:
    return replace(own, next=event.update)


# --- the download --------------------------------------------------------------------------------------------


def begin_download(
    own: Firmware, reads: Reads, event: object, now: Instant
) -> tuple[Firmware, tuple[Download | Arm | FirmwareProgressed, ...]]:
    begun, ordered = download(own, reads, event, now)
    return begun, (FirmwareProgressed("Downloading"), *ordered)


def download(
    own: Firmware, reads: Reads, _event: object, now: Instant
) -> tuple[Firmware, tuple[Download | Arm, ...]]:
    begun = replace(own, job=Counter(own.job + 1))
    deadline = Arm("download", Instant(now + reads.download_deadline_ms))
    return begun, (deadline, Download(begun.job, begun.update.location))


def of_this_job(
    own: Firmware,
    _reads: Reads,
    event: FirmwareDownloaded | DownloadFailed | FirmwareInstalled | InstallationFailed,
) -> bool:
    return event.job == own.job


def of_this_job_with_retries(own: Firmware, reads: Reads, event: DownloadFailed) -> bool:
    return of_this_job(own, reads, event) and retries_are_left(own, reads, event)


def retries_are_left(own: Firmware, _reads: Reads, _event: object) -> bool:
    return own.update.retries > 0


def wait_to_retry(
    own: Firmware, reads: Reads, event: object, now: Instant
) -> tuple[Firmware, tuple[Arm, ...]]:
    left = replace(own.update, retries=own.update.retries - 1)
    return wait_as_before(replace(own, update=left), reads, event, now)


def wait_as_before(
    own: Firmware, reads: Reads, _event: object, now: Instant
) -> tuple[Firmware, tuple[Arm, ...]]:
    """Without a retryInterval the wait is the station's own (§6.55)."""
    wait_ms = own.update.interval_s * 1000 or reads.retry_ms
    return own, (Arm("retry", Instant(now + wait_ms)),)


def give_up_download(
    own: Firmware, _reads: Reads, _event: object, _now: Instant
) -> tuple[Firmware, tuple[FirmwareProgressed, ...]]:
    return _ended(own), (FirmwareProgressed("DownloadFailed"),)


def abandon_and_wait(
    own: Firmware, reads: Reads, event: DownloadOverdue, now: Instant
) -> tuple[Firmware, tuple[AbandonUpdate | Arm, ...]]:
    waiting, armed = wait_to_retry(own, reads, event, now)
    return waiting, (AbandonUpdate(own.job), *armed)


def abandon(
    own: Firmware, reads: Reads, event: DownloadOverdue, now: Instant
) -> tuple[Firmware, tuple[AbandonUpdate | FirmwareProgressed, ...]]:
    ended, told = give_up_download(own, reads, event, now)
    return ended, (AbandonUpdate(own.job), *told)


# --- the installation ----------------------------------------------------------------------------------------


def suspend_use(
    own: Firmware, _reads: Reads, _event: FirmwareDownloaded, _now: Instant
) -> tuple[Firmware, tuple[FirmwareProgressed | UseSuspended, ...]]:
    return own, (FirmwareProgressed("Downloaded"), UseSuspended())


def nothing_runs(_own: Firmware, reads: Reads, _event: object) -> bool:
    """No transaction, none that begins, and the station does not go down (errata 3.49)."""
    return (
        reads.reset.state == "up"
        and all(session.state not in ("starting", "charging", "ending") for session in reads.sessions)
        and all(
            transaction.state not in ("running", "stopping") for transaction in reads.transactions.values()
        )
    )


def install(
    own: Firmware, reads: Reads, _event: object, now: Instant
) -> tuple[Firmware, tuple[FirmwareProgressed | Arm | Install, ...]]:
    """What the product tells now is remembered: another after a start is the new firmware."""
    version = None if _is_stale(own, reads.identity) else own.version
    begun = replace(own, version=version, base=reads.identity.firmware_version)
    deadline = Arm("installation", Instant(now + reads.installation_deadline_ms))
    return begun, (FirmwareProgressed("Installing"), deadline, Install(own.job))


def start_anew(
    own: Firmware, _reads: Reads, event: FirmwareInstalled, _now: Instant
) -> tuple[Firmware, tuple[ResetAsked, ...]]:
    """What cannot stand in a BootNotification of the version is left out (§6.3)."""
    version = "".join(one for one in event.version or "" if one.isascii() and one.isprintable())
    return replace(own, version=version[:VERSION_CHARACTERS_MAX] or None), (ResetAsked("Reboot"),)


def fail(
    own: Firmware, _reads: Reads, _event: object, _now: Instant
) -> tuple[Firmware, tuple[FirmwareProgressed | UseResumed | UpdateAsked, ...]]:
    return _ended(own), _ending(own, "InstallationFailed")


def fail_and_abandon(
    own: Firmware, reads: Reads, event: object, now: Instant
) -> tuple[Firmware, tuple[AbandonUpdate | FirmwareProgressed | UseResumed | UpdateAsked, ...]]:
    """An installer that may still run is stopped before anybody may charge; a start has left the file behind."""
    ended, told = fail(own, reads, event, now)
    return ended, (AbandonUpdate(own.job), *told)


def succeed_and_abandon(
    own: Firmware, reads: Reads, event: object, now: Instant
) -> tuple[Firmware, tuple[AbandonUpdate | FirmwareProgressed | UseResumed | UpdateAsked, ...]]:
    """The start has left the file behind."""
    ended, told = succeed(own, reads, event, now)
    return ended, (AbandonUpdate(own.job), *told)


def succeed(
    own: Firmware, _reads: Reads, _event: object, _now: Instant
) -> tuple[Firmware, tuple[FirmwareProgressed | UseResumed | UpdateAsked, ...]]:
    return _ended(own), _ending(own, "Installed")


def another_firmware(own: Firmware, reads: Reads, _event: PoweredUp) -> bool:
    return _is_stale(own, reads.identity)


def await_date_again(
    own: Firmware, _reads: Reads, _event: PoweredUp, _now: Instant
) -> tuple[Firmware, tuple[ArmUtc, ...]]:
    return own, (ArmUtc("retrieve", own.update.retrieve),)


def _ended(own: Firmware) -> Firmware:
    return Firmware(own.state, own.job, version=own.version, base=own.base)


def _ending(
    own: Firmware, status: FirmwareStatus
) -> tuple[FirmwareProgressed | UseResumed | UpdateAsked, ...]:
    behind = () if own.next is None else (UpdateAsked(own.next),)
    return (FirmwareProgressed(status), UseResumed(), *behind)


FIRMWARE: Final = Machine(
    "firmware",
    family=STATION,
    home="memory",
    boot_event=PoweredUp,
    blank=Firmware(),
    reads=Reads,
    states=("idle", "scheduled", "downloading", "retrying", "downloaded", "installing", "restarting"),
    timers=(
        Timer("retrieve", RetrieveDateReached, ("scheduled",)),
        Timer("download", DownloadOverdue, ("downloading",)),
        Timer("retry", DownloadRetryDue, ("retrying",)),
        Timer("installation", InstallationOverdue, ("installing",)),
    ),
    table=(
        on(UpdateAsked, row.W1, take),
        on(UpdateAsked, row.W2, take),
        on(UpdateAsked, row.W2R, take_instead),
        on(UpdateAsked, row.W2D, take_and_resume_use),
        on(UpdateAsked, row.W3, keep_for_later),
        on(RetrieveDateReached, row.W4, begin_download),
        on(DownloadRetryDue, row.W6, download),
        on(DownloadFailed, row.W5, wait_to_retry, when=[of_this_job_with_retries]),
        on(DownloadFailed, row.W7, give_up_download, when=[of_this_job]),
        on(DownloadOverdue, row.W5, abandon_and_wait, when=[retries_are_left]),
        on(DownloadOverdue, row.W7, abandon),
        on(FirmwareDownloaded, row.W8, suspend_use, when=[of_this_job]),
        on(UseSuspended, row.W9, install, when=[nothing_runs]),
        on(UseEnded, row.W9, install, when=[nothing_runs]),
        on(ChargingEnded, row.W9, install, when=[nothing_runs]),
        on(StayedUp, row.W9, install, when=[nothing_runs]),
        on(Restored, row.W9, install, when=[nothing_runs]),
        on(FirmwareInstalled, row.W10, start_anew, when=[of_this_job]),
        on(InstallationFailed, row.W11, fail, when=[of_this_job]),
        on(InstallationOverdue, row.W11, fail_and_abandon),
        on(StayedUp, row.W13, succeed),
        # after a start
        on(PoweredUp, row.W16, await_date_again),
        on(PoweredUp, row.W17, wait_as_before),
        on(PoweredUp, row.W15, wait_as_before),
        on(PoweredUp, row.W12, succeed),
        on(PoweredUp, row.W12I, succeed_and_abandon, when=[another_firmware]),
        on(PoweredUp, row.W14, fail_and_abandon),
    ),
    ignored=(
        ignores(
            RetrieveDateReached,
            DownloadRetryDue,
            DownloadOverdue,
            InstallationOverdue,
            because="nothing is awaited",
        ),
        ignores(
            FirmwareDownloaded,
            DownloadFailed,
            FirmwareInstalled,
            InstallationFailed,
            because="it is told of another attempt, or once more",
        ),
        ignores(
            UseSuspended,
            UseEnded,
            ChargingEnded,
            StayedUp,
            Restored,
            because="nothing is to be installed now, or somebody still charges",
        ),
        ignores(PoweredUp, in_=("idle", "downloaded"), because="nothing was cut; Restored looks again"),
    ),
)
