"""GetDiagnostics from the order until the file is there, or will not be (§4.4, §5.9).

Theory of operation: the order is in Memory, since its file was promised by name: after a cut the upload begins anew.
Every attempt has a number, so that whatever the world tells too late is told of another. A newer order takes the place
of the one that is on its way. What is said of all this is for `notices`.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.calendar import date_of
from pilotline.core.effects import AbandonUpload, Arm, Upload
from pilotline.core.events import (
    DiagnosticsAsked,
    DiagnosticsProgressed,
    DiagnosticsUploaded,
    PoweredUp,
    UploadFailed,
    UploadOverdue,
    UploadRetryDue,
)
from pilotline.core.slices import STATION, fact
from pilotline.core.state import Counter, Diagnostics, Instant, UtcTime
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.products import Identity
from pilotline.spec.rows import DiagnosticsRows as row
from pilotline.spec.types import DiagnosticsStatus

STATUS: Final[dict[str, DiagnosticsStatus]] = {
    "idle": "Idle",
    "uploading": "Uploading",
    "retrying": "Uploading",
}
"""What TriggerMessage is told (§7.24)."""
_NAME_CHARACTERS_MAX: Final = 255
"""CiString255 of GetDiagnostics.conf."""


class Reads(Struct, frozen=True):
    """Who the file is of, and how long to wait where nothing is said of it."""

    identity: Annotated[Identity, fact(facts.identity)]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]
    deadline_ms: Annotated[int, fact(facts.transfer_deadline_ms)]


def file_name(identity: Identity, asked: UtcTime) -> str:
    """Sorted by name they are sorted by station, then by time: ``S1-20250131T235959Z.zip``."""
    end = f"-{date_of(asked):%Y%m%dT%H%M%SZ}.zip"
    name = identity.charge_point_serial_number or identity.charge_point_model
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)
    return plain.lstrip(".")[: _NAME_CHARACTERS_MAX - len(end)] + end


def begin(
    own: Diagnostics, reads: Reads, event: DiagnosticsAsked, now: Instant
) -> tuple[Diagnostics, tuple[DiagnosticsProgressed | Arm | Upload, ...]]:
    begun, ordered = upload(replace(event.order, state=own.state, job=own.job), reads, event, now)
    return begun, (DiagnosticsProgressed("Uploading"), *ordered)


def begin_instead(
    own: Diagnostics, reads: Reads, event: DiagnosticsAsked, now: Instant
) -> tuple[Diagnostics, tuple[DiagnosticsProgressed | AbandonUpload | Arm | Upload, ...]]:
    begun, ordered = begin(own, reads, event, now)
    return begun, (AbandonUpload(own.job), *ordered)


def upload(
    own: Diagnostics, reads: Reads, _event: object, now: Instant
) -> tuple[Diagnostics, tuple[Arm | Upload, ...]]:
    begun = replace(own, job=Counter(own.job + 1))
    name = file_name(reads.identity, begun.asked)
    deadline = Arm("upload", Instant(now + reads.deadline_ms))
    return begun, (
        deadline,
        Upload(begun.job, begun.location, name, begun.start, begun.stop),
    )


def of_this_job(own: Diagnostics, _reads: Reads, event: DiagnosticsUploaded | UploadFailed) -> bool:
    return event.job == own.job


def of_this_job_with_retries(own: Diagnostics, reads: Reads, event: UploadFailed) -> bool:
    return of_this_job(own, reads, event) and retries_are_left(own, reads, event)


def retries_are_left(own: Diagnostics, _reads: Reads, _event: object) -> bool:
    return own.retries > 0


def wait_to_retry(
    own: Diagnostics, reads: Reads, event: object, now: Instant
) -> tuple[Diagnostics, tuple[Arm, ...]]:
    return wait_as_before(replace(own, retries=own.retries - 1), reads, event, now)


def wait_as_before(
    own: Diagnostics, reads: Reads, _event: object, now: Instant
) -> tuple[Diagnostics, tuple[Arm, ...]]:
    """Without a retryInterval the wait is the station's own (§6.25)."""
    return own, (Arm("retry", Instant(now + (own.interval_s * 1000 or reads.retry_ms))),)


def succeed(
    own: Diagnostics, _reads: Reads, _event: DiagnosticsUploaded, _now: Instant
) -> tuple[Diagnostics, tuple[DiagnosticsProgressed]]:
    return Diagnostics(own.state, own.job), (DiagnosticsProgressed("Uploaded"),)


def fail(
    own: Diagnostics, _reads: Reads, _event: object, _now: Instant
) -> tuple[Diagnostics, tuple[DiagnosticsProgressed, ...]]:
    return Diagnostics(own.state, own.job), (DiagnosticsProgressed("UploadFailed"),)


def abandon_and_wait(
    own: Diagnostics, reads: Reads, event: UploadOverdue, now: Instant
) -> tuple[Diagnostics, tuple[AbandonUpload | Arm, ...]]:
    waiting, armed = wait_to_retry(own, reads, event, now)
    return waiting, (AbandonUpload(own.job), *armed)


def abandon(
    own: Diagnostics, reads: Reads, event: UploadOverdue, now: Instant
) -> tuple[Diagnostics, tuple[AbandonUpload | DiagnosticsProgressed, ...]]:
    ended, told = fail(own, reads, event, now)
    return ended, (AbandonUpload(own.job), *told)


DIAGNOSTICS: Final = Machine(
    "diagnostics",
    family=STATION,
    home="memory",
    boot_event=PoweredUp,
    blank=Diagnostics(),
    reads=Reads,
    states=("idle", "uploading", "retrying"),
    timers=(
        Timer("upload", UploadOverdue, ("uploading",)),
        Timer("retry", UploadRetryDue, ("retrying",)),
    ),
    table=(
        on(DiagnosticsAsked, row.E1, begin),
        on(DiagnosticsAsked, row.E2, begin),
        on(DiagnosticsAsked, row.E2R, begin_instead),
        on(UploadFailed, row.E3, wait_to_retry, when=[of_this_job_with_retries]),
        on(UploadFailed, row.E6, fail, when=[of_this_job]),
        on(UploadOverdue, row.E3, abandon_and_wait, when=[retries_are_left]),
        on(UploadOverdue, row.E6, abandon),
        on(UploadRetryDue, row.E4, upload),
        on(DiagnosticsUploaded, row.E5, succeed, when=[of_this_job]),
        on(PoweredUp, row.E7, wait_as_before),
        on(PoweredUp, row.E8, wait_as_before),
    ),
    ignored=(
        ignores(DiagnosticsUploaded, UploadFailed, because="it is told of another attempt, or once more"),
        ignores(UploadRetryDue, UploadOverdue, because="nothing is awaited"),
        ignores(PoweredUp, in_=("idle",), because="nothing was cut"),
    ),
)
