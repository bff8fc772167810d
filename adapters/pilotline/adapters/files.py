"""The port to files: firmware that is fetched and installed, diagnostics that are sent (§5.9, §5.19).

=================  =====================================================================================
command            what is answered, with the same job
=================  =====================================================================================
Download           FirmwareDownloaded or DownloadFailed
Install            FirmwareInstalled or InstallationFailed
Upload             DiagnosticsUploaded or UploadFailed
Abandon…           nothing, and the job's own answer need not come any more
ReportWorld        the last answers again: the one that was told may not have been stored
=================  =====================================================================================
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from typing_extensions import override

from pilotline.adapters.diagnostics_archive import Span
from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.file_transfer import FileTransfer
from pilotline.adapters.hardware import Tell
from pilotline.adapters.installer import InstallationError, Installer
from pilotline.core.effects import (
    AbandonUpdate,
    AbandonUpload,
    Download,
    Effect,
    Install,
    ReportWorld,
    Upload,
)
from pilotline.core.events import (
    DiagnosticsUploaded,
    DownloadFailed,
    External,
    FirmwareDownloaded,
    FirmwareInstalled,
    InstallationFailed,
    UploadFailed,
)
from pilotline.core.state import Counter

_LOG: Final = logging.getLogger(__name__)
_FIRMWARE: Final = "firmware"
_NO_FILES: Final = "this station has no way to files"

Kind: TypeAlias = Literal["firmware", "diagnostics"]
Outcome: TypeAlias = Coroutine[Any, Any, External]
Diagnostics: TypeAlias = Callable[[Span], Iterator[bytes]]
"""What is sent, in pieces: asked for on the event loop's thread, read in another."""


class Files(Protocol):
    """What the run loop hands over of files; nothing here waits."""

    def begin(self, tell: Tell) -> None:
        """The station runs: answers go to `tell`."""
        ...

    def perform(self, command: Effect) -> None:
        """One command of the table above; others are left alone."""
        ...

    def power_lost(self) -> None:
        """What is under way comes to nothing."""
        ...


class NoFiles(Files):
    """A station that is built without: whatever is ordered fails."""

    def __init__(self) -> None:
        self._tell: Tell | None = None

    @override
    def begin(self, tell: Tell) -> None:
        self._tell = tell

    @override
    def perform(self, command: Effect) -> None:
        if self._tell is None:
            return
        match command:
            case Download(job=job):
                self._tell(DownloadFailed(job, _NO_FILES))
            case Install(job):
                self._tell(InstallationFailed(job, _NO_FILES))
            case Upload(job=job):
                self._tell(UploadFailed(job, _NO_FILES))
            case _:
                pass

    @override
    def power_lost(self) -> None:
        self._tell = None


class FileJobs(Files):
    """Files over the protocols of `file_transfer`, and an installer; one job of a kind at a time."""

    def __init__(
        self, transfer: FileTransfer, installer: Installer, folder: Path, diagnostics: Diagnostics
    ) -> None:
        """`folder` is the one that `transfer` downloads into."""
        self._transfer, self._installer, self._diagnostics = transfer, installer, diagnostics
        self._file = folder / _FIRMWARE
        self._tell: Tell | None = None
        self._jobs: dict[Kind, asyncio.Task[None]] = {}
        self._running: dict[Kind, set[asyncio.Task[None]]] = {"firmware": set(), "diagnostics": set()}
        """Also those that were abandoned and are not over yet."""
        self._told: dict[Kind, External] = {}

    @override
    def begin(self, tell: Tell) -> None:
        self._tell = tell
        self._transfer.clear()  # what a cut left unfinished

    @override
    def perform(self, command: Effect) -> None:
        match command:
            case Download(job, location):
                self._begin("firmware", self._download(job, location.text))
            case Install(job):
                self._begin("firmware", self._install(job))
            case Upload(start=start, stop=stop):
                pieces = self._diagnostics(Span(start, stop))
                self._begin("diagnostics", self._upload(command, pieces))
            case AbandonUpdate():
                self._abandon("firmware")
                for running in self._running["firmware"]:
                    running.add_done_callback(self._drop_file)
                self._drop_file()
            case AbandonUpload():
                self._abandon("diagnostics")
            case ReportWorld():
                for answer in self._told.values():
                    self._answer(answer)
            case _:
                pass

    @override
    def power_lost(self) -> None:
        self._tell = None
        for kind in self._jobs:
            self._abandon(kind)

    def _drop_file(self, _over: object = None) -> None:
        """Once no job uses it any more."""
        if not self.busy("firmware"):
            self._file.unlink(missing_ok=True)

    def busy(self, kind: Kind) -> bool:
        """Whether a job of this kind runs, also one that was abandoned."""
        return bool(self._running[kind])

    def _answer(self, answer: External) -> None:
        if self._tell is not None:
            self._tell(answer)

    def _begin(self, kind: Kind, outcome: Outcome) -> None:
        self._told.pop(kind, None)
        running = self._running[kind]
        self._jobs[kind] = job = asyncio.create_task(self._run(kind, outcome, frozenset(running)), name=kind)
        running.add(job)
        job.add_done_callback(running.discard)

    def _abandon(self, kind: Kind) -> None:
        self._told.pop(kind, None)
        if kind in self._jobs:
            self._jobs[kind].cancel()

    async def _run(self, kind: Kind, outcome: Outcome, former: frozenset[asyncio.Task[None]]) -> None:
        try:
            if former:
                await asyncio.wait(former)  # they remove what this one would write, too
            self._told[kind] = await outcome
        finally:
            outcome.close()  # if it never began
        self._answer(self._told[kind])

    async def _download(self, job: Counter, url: str) -> External:
        try:
            loaded = await self._transfer.download(url, _FIRMWARE)
        except Exception as error:  # noqa: BLE001  (whatever it is, the core must hear of it)
            return DownloadFailed(job, _complaint(f"no firmware from {_masked(url)}", error))
        _LOG.info("files: firmware of %d bytes, SHA-256 %s", loaded.size, loaded.sha256)
        return FirmwareDownloaded(job)

    async def _install(self, job: Counter) -> External:
        try:
            return FirmwareInstalled(job, await self._installer.install(self._file))
        except Exception as error:  # noqa: BLE001  (whatever it is, the core must hear of it)
            return InstallationFailed(job, _complaint("the firmware was not installed", error))
        finally:
            self._file.unlink(missing_ok=True)

    async def _upload(self, command: Upload, pieces: Iterator[bytes]) -> External:
        url = command.location.text
        try:
            await self._transfer.upload(url, command.file_name, pieces)
        except Exception as error:  # noqa: BLE001  (whatever it is, the core must hear of it)
            return UploadFailed(command.job, _complaint(f"no diagnostics to {_masked(url)}", error))
        return DiagnosticsUploaded(command.job)


def _complaint(what: str, error: Exception) -> str:
    """The reason, in one line, which the log gets too; what an unknown error says may be secret."""
    match error:
        case TransferError() | InstallationError():
            reason = str(error)
        case OSError():
            reason = error.strerror or type(error).__name__
        case _:
            reason = f"failed, which is a bug: {type(error).__name__}"
    _LOG.warning("files: %s: %s", what, reason)
    return reason


def _masked(url: str) -> str:
    try:
        return str(Place.of(url))
    except TransferError:
        return "a place that cannot be"
