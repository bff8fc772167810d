"""Files over FTP, FTPS, HTTP, HTTPS and SFTP: a download that is whole or not there, an upload that streams.

A connection that breaks half-way is taken up again where it broke, a few times within one call, if the server
can do that; else it starts anew. What failed leaves nothing behind: the retries of the standard are the core's
and start from nothing, since who knows what the server holds by then. So does a power cut: `clear` is for the
next start.
The libraries are imported with the first transfer that needs them (ADR 0012).
"""

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol, TypeAlias

from pilotline.adapters.file_place import Place, TransferError

_UNFINISHED: Final = ".unfinished"
_RESUMPTIONS_MAX: Final = 5


class Limits(NamedTuple):
    """What a transfer may take."""

    bytes_max: int = 512_000_000
    idle_s: float = 60
    """So long nothing may come or go."""
    total_s: float = 3_600


class Trust(NamedTuple):
    """Which servers are believed."""

    tls: ssl.SSLContext | None = None
    """None: the system's certificate authorities."""
    known_hosts: Path | None = None
    """The keys of SFTP servers as OpenSSH writes them; a server that is not in it is refused."""


class Incoming(NamedTuple):
    """A file that begins to come."""

    start: int
    """The byte it begins with: 0 although a later one was asked for if the server cannot do that."""
    size: int | None
    """Of the whole file, if the server says it."""
    chunks: AsyncGenerator[bytes, None]
    edition: str | None = None
    """What the server calls this state of the file; another one is another file."""


class Downloaded(NamedTuple):
    """What was written."""

    file: Path
    size: int
    sha256: str


class Protocols(Protocol):
    """A way to get and send files."""

    def incoming(
        self, place: Place, start: int, edition: str | None
    ) -> AbstractAsyncContextManager[Incoming]:
        """The file from this byte on. Raises `TransferError`."""
        ...

    async def send(self, place: Place, chunks: AsyncIterator[bytes]) -> None:
        """Store the file. Raises `TransferError`."""
        ...


Chunks: TypeAlias = Iterator[bytes]


class FileTransfer:
    """Downloads into one folder, uploads from anywhere. Cancelling leaves nothing behind."""

    def __init__(self, folder: Path, limits: Limits | None = None, trust: Trust | None = None) -> None:
        self._folder, self._limits, self._trust = folder, limits or Limits(), trust or Trust()

    def clear(self) -> None:
        """Remove what a power cut left unfinished."""
        for file in self._folder.glob(f"*{_UNFINISHED}"):
            file.unlink(missing_ok=True)

    async def download(self, url: str, name: str) -> Downloaded:
        """The file, whole and on the disk, under this name. Raises `TransferError`."""
        place = Place.of(url)
        unfinished, finished = self._folder / f"{name}{_UNFINISHED}", self._folder / name
        try:
            async with self._in_time() as idle:
                await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
                with unfinished.open("wb+") as file:
                    written = await self._receive(place, file, idle)
                    size, sha256 = await asyncio.to_thread(_settle, file)
                if size != written:
                    raise TransferError(f"{written} bytes came and {size} are on the disk")
                _rename(unfinished, finished)  # here: in a thread it might happen after a cancellation
        except OSError as error:
            raise TransferError(f"the file cannot be written: {error.strerror or error}") from None
        finally:
            unfinished.unlink(missing_ok=True)
        return Downloaded(finished, size, sha256)

    async def upload(self, url: str, name: str, chunks: Chunks) -> None:
        """The chunks, as a file of this name in the folder of the URL. Raises `TransferError`."""
        place = Place.of(url).file(name)
        async with self._in_time() as idle:
            await self._protocol(place.scheme).send(place, self._outgoing(chunks, idle))

    async def _outgoing(self, chunks: Chunks, idle: asyncio.Timeout) -> AsyncGenerator[bytes, None]:
        try:
            while chunk := await asyncio.to_thread(next, chunks, b""):  # the disk must not stop the loop
                self._moved(idle)
                yield chunk
        except OSError as error:
            raise TransferError(f"what is to be sent cannot be read: {error.strerror}") from None
        self._moved(idle)

    async def _receive(self, place: Place, file: BinaryIO, idle: asyncio.Timeout) -> int:
        """How many bytes came."""
        at, size, edition = 0, None, None
        protocol = self._protocol(place.scheme)
        for resumption in range(_RESUMPTIONS_MAX + 1):
            began = at
            try:
                async with protocol.incoming(place, at, edition) as incoming:
                    if incoming.start and (incoming.size != size or incoming.edition not in (None, edition)):
                        raise TransferError("the file changed on the server half-way")
                    at, size, edition = incoming.start, incoming.size, incoming.edition or edition
                    self._check(size or 0)
                    file.seek(at)
                    file.truncate()
                    async with aclosing(incoming.chunks):
                        async for chunk in incoming.chunks:
                            self._moved(idle)
                            self._check(at + len(chunk))
                            await self._write(file, chunk)
                            at += len(chunk)
                if size is None or at == size:
                    return at
                raise TransferError(f"the transfer was cut after {at} of {size} bytes", resumable=True)
            except TransferError as error:
                if not error.resumable or at == began or resumption == _RESUMPTIONS_MAX:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _write(self, file: BinaryIO, chunk: bytes) -> None:
        try:
            await asyncio.to_thread(file.write, chunk)
        except OSError as error:  # said here, for the protocols take an OSError for one of the connection
            raise TransferError(f"the file cannot be written: {error.strerror}") from None

    def _check(self, size: int) -> None:
        if size > self._limits.bytes_max:
            raise TransferError(f"the file is larger than {self._limits.bytes_max} bytes")

    def _moved(self, idle: asyncio.Timeout) -> None:
        idle.reschedule(asyncio.get_running_loop().time() + self._limits.idle_s)

    @asynccontextmanager
    async def _in_time(self) -> AsyncGenerator[asyncio.Timeout, None]:
        total = asyncio.timeout(self._limits.total_s)
        idle = asyncio.timeout(self._limits.idle_s)
        try:
            async with total, idle:
                yield idle
        except TimeoutError:
            if idle.expired():
                raise TransferError(f"nothing came or went for {self._limits.idle_s:g} s") from None
            raise TransferError(f"it took longer than {self._limits.total_s:g} s") from None

    def _protocol(self, scheme: str) -> Protocols:
        tls = self._trust.tls
        match scheme:
            case "http" | "https":
                from pilotline.adapters.file_transfer_http import Http

                return Http(tls or ssl.create_default_context())
            case "sftp":
                from pilotline.adapters.file_transfer_sftp import Sftp

                return Sftp(self._trust.known_hosts)
            case _:
                from pilotline.adapters.file_transfer_ftp import Ftp

                return Ftp((tls or ssl.create_default_context()) if scheme == "ftps" else None)


def _settle(file: BufferedRandom) -> tuple[int, str]:
    """Size and SHA-256 of what can be read again after it was forced to the disk."""
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256")
    return file.tell(), sha256.hexdigest()


def _rename(unfinished: Path, finished: Path) -> None:
    unfinished.replace(finished)
    folder = os.open(finished.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
