"""Jobs of files as the run loop hands them over, with real servers and a simulated installer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from adapters.file_servers import PASSWORD, Authority, Site, site
from typing_extensions import override

from pilotline.adapters.diagnostics_archive import Span
from pilotline.adapters.file_transfer import FileTransfer, Limits, Trust
from pilotline.adapters.files import FileJobs, NoFiles
from pilotline.adapters.installer import Installer, SimulatedInstaller
from pilotline.core.effects import AbandonUpdate, Download, Effect, Install, ReportWorld, Upload
from pilotline.core.events import (
    DiagnosticsUploaded,
    DownloadFailed,
    External,
    FirmwareDownloaded,
    FirmwareInstalled,
    InstallationFailed,
    UploadFailed,
)
from pilotline.core.state import Counter, Url

JOB = Counter(1)
SCHEMES = ("ftp", "ftps", "http", "https", "sftp")
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Bench:
    """A server, and the jobs of a station that uses it."""

    def __init__(self, served: Site, state: Path) -> None:
        self.served, self.state = served, state
        trust = Trust(served.tls, served.known_hosts)
        transfer = FileTransfer(state, Limits(bytes_max=300_000, idle_s=5, total_s=20), trust)
        self.installer = SimulatedInstaller("1.0", takes_s=0)
        self.spans: list[Span] = []
        self._transfer = transfer
        self._told: asyncio.Queue[External] = asyncio.Queue()
        self.jobs = self.with_installer(self.installer)

    def with_installer(self, installer: Installer) -> FileJobs:
        """The jobs of a station that installs so."""
        jobs = FileJobs(self._transfer, installer, self.state, self._diagnostics)
        jobs.begin(self._told.put_nowait)
        return jobs

    def _diagnostics(self, span: Span) -> Iterator[bytes]:
        self.spans.append(span)
        return iter((b"diag", b"nostics"))

    async def does(self, *commands: Effect) -> External:
        """Hand these over; the next answer."""
        for command in commands:
            self.jobs.perform(command)
        async with asyncio.timeout(10):
            return await self._told.get()

    def nothing_more_is_told(self) -> bool:
        return self._told.empty()

    def left(self) -> list[str]:
        return sorted(file.name for file in self.state.glob("*"))


def play(
    tmp_path: Path, authority: Authority, act: Callable[[Bench], Awaitable[None]], scheme: str = "http"
) -> None:
    served, state = tmp_path / "served", tmp_path / "state"
    served.mkdir()
    (served / "firmware.bin").write_bytes(b"2.0\n" + bytes(200_000))
    (served / "large.bin").write_bytes(bytes(400_000))

    async def scenario() -> None:
        async with site(scheme, served, authority) as opened:
            await act(Bench(opened, state))

    asyncio.run(scenario())


async def until(holds: Callable[[], bool]) -> None:
    """Look often until it is so."""
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0)


def fetch(bench: Bench, name: str = "firmware.bin", job: Counter = JOB) -> Download:
    return Download(job, Url(bench.served.at(name)))


@pytest.mark.rule(177)
@every_scheme
def test_firmware_comes_and_is_installed_and_diagnostics_go(
    scheme: str, tmp_path: Path, authority: Authority
) -> None:
    async def act(bench: Bench) -> None:
        assert await bench.does(fetch(bench)) == FirmwareDownloaded(JOB)
        assert await bench.does(Install(JOB)) == FirmwareInstalled(JOB, "2.0")
        upload = Upload(JOB, Url(bench.served.at("")), "S1.zip", None, None)
        assert await bench.does(upload) == DiagnosticsUploaded(JOB)
        assert bench.spans == [Span(None, None)]
        assert (bench.served.folder / "S1.zip").read_bytes() == b"diagnostics"
        assert bench.left() == []

    play(tmp_path, authority, act, scheme)


def test_what_fails_is_told_and_logged_without_a_secret(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(bench: Bench) -> None:
        for name in ("missing.bin", "large.bin"):
            failed = await bench.does(fetch(bench, name))
            assert isinstance(failed, DownloadFailed)
            assert failed.reason in caplog.text
        for url in ("file:///etc/passwd", f"gopher://u:{PASSWORD}@127.0.0.1/", ""):
            assert isinstance(await bench.does(Download(JOB, Url(url))), DownloadFailed)
        upload = Upload(JOB, Url(bench.served.at("", f"wrong:{PASSWORD}")), "S1.zip", None, None)
        assert isinstance(await bench.does(upload), UploadFailed)
        assert isinstance(await bench.does(Install(JOB)), InstallationFailed)
        assert bench.left() == []

    with caplog.at_level(logging.DEBUG):
        play(tmp_path, authority, act)
    assert PASSWORD not in caplog.text


def test_a_newer_download_takes_the_place_of_one_that_stalls(tmp_path: Path, authority: Authority) -> None:
    async def act(bench: Bench) -> None:
        bench.served.behaviour.stalls = True
        bench.jobs.perform(fetch(bench))
        await until(lambda: bool(bench.served.behaviour.starts))
        bench.served.behaviour.stalls = False
        newer = Counter(2)
        assert await bench.does(AbandonUpdate(JOB), fetch(bench, job=newer)) == FirmwareDownloaded(newer)
        assert bench.nothing_more_is_told()
        assert bench.left() == ["firmware"]

    play(tmp_path, authority, act)


def test_what_is_abandoned_leaves_no_file(tmp_path: Path, authority: Authority) -> None:
    async def act(bench: Bench) -> None:
        assert await bench.does(fetch(bench)) == FirmwareDownloaded(JOB)
        bench.jobs.perform(AbandonUpdate(JOB))  # at once: the job that told it is not over yet
        await until(lambda: not bench.jobs.busy("firmware"))
        await until(lambda: not bench.left())
        assert await bench.does(fetch(bench)) == FirmwareDownloaded(JOB)
        await until(lambda: not bench.jobs.busy("firmware"))
        bench.jobs.perform(AbandonUpdate(JOB))
        assert bench.left() == []

    play(tmp_path, authority, act)


class SlowToStop(SimulatedInstaller):
    """What it began it does not leave half done: it ends when it may."""

    def __init__(self) -> None:
        super().__init__("1.0", takes_s=0)
        self.may_end = asyncio.Event()
        self.began = self.ended = False

    @override
    async def install(self, file: Path) -> str | None:
        self.began = True
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            await self.may_end.wait()
            self.ended = True
            raise
        return "1.0"


def test_no_job_begins_while_an_abandoned_installer_still_runs(tmp_path: Path, authority: Authority) -> None:
    async def act(bench: Bench) -> None:
        slow = SlowToStop()
        bench.jobs = bench.with_installer(slow)
        assert await bench.does(fetch(bench)) == FirmwareDownloaded(JOB)
        bench.jobs.perform(Install(JOB))
        await until(lambda: slow.began)
        for number in (2, 3):  # the second is abandoned while it waits for the first
            bench.jobs.perform(AbandonUpdate(Counter(number - 1)))
            bench.jobs.perform(fetch(bench, job=Counter(number)))
            await asyncio.sleep(0)
        assert bench.served.behaviour.starts == [0]
        slow.may_end.set()
        assert await bench.does() == FirmwareDownloaded(Counter(3))
        assert slow.ended

    play(tmp_path, authority, act)


def test_after_a_power_cut_nothing_is_told_and_nothing_is_left(tmp_path: Path, authority: Authority) -> None:
    async def act(bench: Bench) -> None:
        bench.served.behaviour.stalls = True
        bench.jobs.perform(fetch(bench))
        await until(lambda: bool(bench.served.behaviour.starts))
        bench.jobs.power_lost()
        await until(lambda: not bench.left())
        assert bench.nothing_more_is_told()

    play(tmp_path, authority, act)


def test_the_last_answers_are_told_again_when_the_world_is_to_tell(
    tmp_path: Path, authority: Authority
) -> None:
    """The store failed, perhaps just when they were told."""

    async def act(bench: Bench) -> None:
        await bench.does(fetch(bench))
        assert await bench.does(ReportWorld()) == FirmwareDownloaded(JOB)
        assert bench.nothing_more_is_told()

    play(tmp_path, authority, act)


def test_a_station_without_files_says_so() -> None:
    told: list[External] = []
    without = NoFiles()
    without.begin(told.append)
    for command in (Download(JOB, Url("")), Install(JOB), Upload(JOB, Url(""), "", None, None)):
        without.perform(command)
    without.power_lost()
    without.perform(Install(JOB))
    assert [type(answer) for answer in told] == [DownloadFailed, InstallationFailed, UploadFailed]
