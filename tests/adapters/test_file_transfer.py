"""Files from and to real servers, and all that can go wrong with them."""

import asyncio
import hashlib
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from adapters.file_servers import PASSWORD, USER, Authority, Site, site

from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.file_transfer import FileTransfer, Limits, Trust

SCHEMES = ("ftp", "ftps", "http", "https", "sftp")
FIRMWARE = bytes(range(256)) * 4_000  # about a megabyte
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Bench:
    """A server, a folder that is downloaded into, and how to get at both."""

    def __init__(self, tmp_path: Path, authority: Authority) -> None:
        self._authority = authority
        self.served, self.state = tmp_path / "served", tmp_path / "state"
        self.served.mkdir()
        (self.served / "firmware.bin").write_bytes(FIRMWARE)

    def run(
        self, scheme: str, act: Callable[[Site, FileTransfer], Awaitable[None]], limits: Limits | None = None
    ) -> None:
        async def scenario() -> None:
            async with site(scheme, self.served, self._authority) as served:
                trust = Trust(served.tls, served.known_hosts)
                await act(served, FileTransfer(self.state, limits or Limits(idle_s=5, total_s=20), trust))

        asyncio.run(scenario())

    def left(self) -> list[str]:
        return sorted(file.name for file in self.state.glob("*"))


@pytest.fixture
def bench(tmp_path: Path, authority: Authority) -> Bench:
    return Bench(tmp_path, authority)


async def refused(download: Awaitable[object]) -> str:
    with pytest.raises(TransferError) as raised:
        await download
    assert "\n" not in str(raised.value)
    return str(raised.value)


@every_scheme
def test_a_file_comes_whole_and_no_password_is_logged(
    bench: Bench, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        got = await transfer.download(served.at("firmware.bin"), "firmware")
        assert got.file.read_bytes() == FIRMWARE
        assert (got.size, got.sha256) == (len(FIRMWARE), hashlib.sha256(FIRMWARE).hexdigest())

    with caplog.at_level(logging.DEBUG):
        bench.run(scheme, act)
    assert bench.left() == ["firmware"]
    assert PASSWORD not in caplog.text


@every_scheme
def test_a_file_goes_out_in_pieces_under_its_name(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        await transfer.upload(served.at(""), "logs of S1.zip", iter([b"one", b"two" * 50_000]))

    bench.run(scheme, act)
    names = [file for file in bench.served.iterdir() if file.name != "firmware.bin"]
    assert [file.name.replace("%20", " ") for file in names] == ["logs of S1.zip"]
    assert names[0].read_bytes() == b"one" + b"two" * 50_000


@every_scheme
def test_a_transfer_that_is_cut_goes_on_where_it_was_cut(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.cut_after = len(FIRMWARE) // 2
        got = await transfer.download(served.at("firmware.bin"), "firmware")
        assert got.sha256 == hashlib.sha256(FIRMWARE).hexdigest()
        first, second = served.behaviour.starts
        assert first == 0
        assert 0 < second <= len(FIRMWARE) // 2

    bench.run(scheme, act)


@every_scheme
def test_what_is_wrong_with_the_request_is_said(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        wrong = served.at("firmware.bin", f"{USER}:wrong")
        assert "refuses the password" in await refused(transfer.download(wrong, "firmware"))
        assert "refuses the password" in await refused(transfer.upload(wrong, "x", iter([b"x"])))
        assert "no such file" in await refused(transfer.download(served.at("none.bin"), "firmware"))

    bench.run(scheme, act)
    assert bench.left() == []


@every_scheme
def test_a_file_that_is_too_large_is_given_up(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        reason = await refused(transfer.download(served.at("firmware.bin"), "firmware"))
        assert reason == "the file is larger than 100000 bytes"

    bench.run(scheme, act, Limits(bytes_max=100_000))
    assert bench.left() == []


@every_scheme
def test_a_server_that_falls_silent_is_given_up(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.stalls = True
        reason = await refused(transfer.download(served.at("firmware.bin"), "firmware"))
        assert reason == "nothing came or went for 0.5 s"

    bench.run(scheme, act, Limits(idle_s=0.5))
    assert bench.left() == []


def test_a_transfer_as_a_whole_has_a_limit(bench: Bench) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.stalls = True
        reason = await refused(transfer.download(served.at("firmware.bin"), "firmware"))
        assert reason == "it took longer than 0.3 s"

    bench.run("http", act, Limits(total_s=0.3))


@every_scheme
def test_cancelled_half_way_it_leaves_nothing(bench: Bench, scheme: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.stalls = True
        task = asyncio.create_task(transfer.download(served.at("firmware.bin"), "firmware"))
        while not served.behaviour.starts:  # noqa: ASYNC110  (other threads fill it)
            await asyncio.sleep(0.01)
        assert bench.left() == ["firmware.unfinished"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    bench.run(scheme, act)
    assert bench.left() == []


@every_scheme
def test_a_server_that_is_not_there(scheme: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{free.getsockname()[1]}/firmware.bin"
        reason = asyncio.run(refused(FileTransfer(tmp_path).download(url, "firmware")))
    assert reason.endswith(": no connection")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["https", "ftps", "sftp"])
def test_a_server_that_nobody_vouches_for_is_refused(bench: Bench, scheme: str) -> None:
    async def act(served: Site, _: FileTransfer) -> None:
        reason = await refused(FileTransfer(bench.state).download(served.at("firmware.bin"), "firmware"))
        assert "certificate is not accepted" in reason or "not among the known hosts" in reason

    bench.run(scheme, act)
    assert bench.left() == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("file:///etc/passwd", "scheme is file"),
        ("ftp://127.0.0.1/x", "from http to ftp"),
        ("/moved", "more than"),
    ],
)
def test_a_redirect_leads_nowhere_else(bench: Bench, target: str, why: str) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.redirect = target
        assert why in await refused(transfer.download(served.at("moved"), "firmware"))

    bench.run("http", act)
    assert bench.left() == []


def test_a_redirect_within_the_server_keeps_the_password(bench: Bench) -> None:
    async def act(served: Site, transfer: FileTransfer) -> None:
        served.behaviour.redirect = "/firmware.bin"
        assert (await transfer.download(served.at("moved"), "firmware")).size == len(FIRMWARE)

    bench.run("http", act)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "/etc/passwd", "etc/passwd", "", "gopher://host/x", "http:///etc/passwd",
        "ftp://host/a%0d%0aDELE%20b", "http://host:port/", "http://[::1/", "http://host/ö", "sftp://a..b/x",
        "http://h/" + "a" * 3_000,
    ],
)  # fmt: skip
def test_what_is_no_place_on_a_server(url: str, tmp_path: Path) -> None:
    transfer = FileTransfer(tmp_path)
    asyncio.run(refused(transfer.download(url, "firmware")))
    asyncio.run(refused(transfer.upload(url, "diagnostics", iter([b"x"]))))
    assert list(tmp_path.iterdir()) == []


def test_a_log_shows_neither_login_nor_query() -> None:
    place = Place.of("https://me:pass@host:8443/a/b?token=abc")
    assert str(place) == "https://***@host:8443/a/b?***"
    assert str(Place.of("ftp://host/a").file("b c")) == "ftp://host/a/b%20c"


def test_what_a_power_cut_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "firmware.unfinished").write_bytes(b"half")
    (tmp_path / "firmware").write_bytes(b"whole")
    FileTransfer(tmp_path).clear()
    assert [file.name for file in tmp_path.iterdir()] == ["firmware"]
