"""Files over SFTP."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncssh

from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.file_transfer import Incoming

_CHUNK_BYTES: Final = 65_536


class Sftp:
    """Only servers whose key is known: who answers first need not be who is meant (ADR 0012)."""

    def __init__(self, known_hosts: Path | None) -> None:
        self._known_hosts = known_hosts

    @asynccontextmanager
    async def incoming(
        self,
        place: Place,
        start: int,
        edition: str | None,  # noqa: ARG002  (the protocol's)
    ) -> AsyncGenerator[Incoming, None]:
        """The time of the last change says whether it is still the same file."""
        async with self._session(place) as session:
            attributes = await session.stat(place.name())
            file = await session.open(
                place.name(), "rb"
            )  # closed with the session: a silent server may not answer
            yield Incoming(start, attributes.size, _chunks(file, start), str(attributes.mtime))

    async def send(self, place: Place, chunks: AsyncIterator[bytes]) -> None:
        """As it comes."""
        async with self._session(place) as session:
            file = await session.open(place.name(), "wb")
            async for chunk in chunks:
                await file.write(chunk)
            await file.close()

    @asynccontextmanager
    async def _session(self, place: Place) -> AsyncGenerator[asyncssh.SFTPClient, None]:
        try:
            known = self._known_hosts.read_text() if self._known_hosts and self._known_hosts.exists() else ""
            connection = await asyncssh.connect(
                place.host,
                place.port,
                username=place.user or "anonymous",
                password=place.password,
                known_hosts=asyncssh.import_known_hosts(known),
                client_keys=None,
                agent_path=None,
                config=None,
            )
            try:
                yield await connection.start_sftp_client()
            finally:
                connection.abort()  # everything was answered, or nothing more is waited for
        except ValueError:
            raise TransferError("the known hosts cannot be read, or the server answers nonsense") from None
        except asyncssh.HostKeyNotVerifiable:
            raise TransferError(
                f"{place.host}:{place.port}: its host key is not among the known hosts"
            ) from None
        except asyncssh.PermissionDenied:
            raise TransferError("the server refuses the password") from None
        except asyncssh.SFTPNoSuchFile:
            raise TransferError("there is no such file") from None
        except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost):
            raise TransferError("the transfer was cut half-way", resumable=True) from None
        except asyncssh.Error as error:
            raise TransferError(f"SFTP failed: {type(error).__name__}") from None
        except OSError:
            raise TransferError(f"{place.host}:{place.port}: no connection") from None


async def _chunks(file: asyncssh.SFTPClientFile, start: int) -> AsyncGenerator[bytes, None]:
    at = start
    while chunk := await file.read(_CHUNK_BYTES, at):
        at += len(chunk)
        yield chunk  # type: ignore[misc]  # declared as of a text file; this one was opened as binary
