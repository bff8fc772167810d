"""Files over FTP and FTPS."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal

import aioftp
from typing_extensions import override

from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.file_transfer import Incoming

_CHUNK_BYTES: Final = 65_536
_IMPLICIT_PORT: Final = 990
_CUT: Final = {"426", "451"}
_REASONS: Final = {
    "426": "the server broke the transfer off",
    "451": "the server broke the transfer off",
    "530": "the server refuses the password",
    "550": "there is no such file, or it may not be used",
}


class _Client(aioftp.Client):
    """Closes its data connections, too, when the command that they were opened for is refused."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(ssl=tls)
        self.data: list[asyncio.StreamWriter] = []

    @override
    async def get_passive_connection(
        self, conn_type: Literal["I", "A", "E", "L"] = "I", commands: Sequence[str] | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await super().get_passive_connection(conn_type, commands)
        self.data.append(writer)
        return reader, writer

    @override
    def close(self) -> None:
        for writer in self.data:
            writer.close()
        super().close()


class Ftp:
    """FTPS is AUTH TLS with encrypted data (RFC 4217); on port 990 TLS comes first, as it once was."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls

    @asynccontextmanager
    async def incoming(
        self,
        place: Place,
        start: int,
        edition: str | None,  # noqa: ARG002  (the protocol's)
    ) -> AsyncGenerator[Incoming, None]:
        """SIZE says how long it is, as the end of an FTP file is the end of its connection."""
        async with self._session(place) as client:
            size = await _size(client, place.name())
            async with client.download_stream(place.name(), offset=start) as stream:
                yield Incoming(start, size, _chunks(stream))

    async def send(self, place: Place, chunks: AsyncIterator[bytes]) -> None:
        """As it comes."""
        async with self._session(place) as client, client.upload_stream(place.name()) as stream:
            async for chunk in chunks:
                await stream.write(chunk)

    @asynccontextmanager
    async def _session(self, place: Place) -> AsyncGenerator[aioftp.Client, None]:
        implicit = self._tls if place.port == _IMPLICIT_PORT else None
        client = _Client(implicit)
        where = f"{place.host}:{place.port}"
        connected = False
        try:
            await client.connect(place.host, place.port)
            connected = True
            if self._tls is not None and implicit is None:
                await client.upgrade_to_tls(self._tls)
            await client.login(place.user or "anonymous", place.password or "anonymous@")
            yield client
            await client.quit()
        except aioftp.StatusCodeError as error:
            code = str(error.received_codes[-1])
            reason = _REASONS.get(code, f"the server says {code}")
            raise TransferError(reason, resumable=code in _CUT) from None
        except ssl.SSLCertVerificationError:
            raise TransferError(f"{where}: its certificate is not accepted") from None
        except (OSError, EOFError) as error:
            if isinstance(error, TimeoutError):
                raise
            reason = "the connection was cut" if connected else "no connection"
            raise TransferError(f"{where}: {reason}", resumable=connected) from None
        except (aioftp.AIOFTPException, ValueError) as error:
            raise TransferError(f"FTP failed: {type(error).__name__}") from None
        finally:
            client.close()


async def _size(client: aioftp.Client, name: str) -> int | None:
    """None: the server does not know SIZE, or answers what is no number (RFC 3659 §4)."""
    await client.command("TYPE I", "200")
    code, info = await client.command(f"SIZE {name}", ("213", "50x"))
    text = info[-1].strip().split(" ")[-1]
    return int(text) if code.matches("213") and text.isdecimal() else None


async def _chunks(stream: aioftp.DataConnectionThrottleStreamIO) -> AsyncGenerator[bytes, None]:
    while chunk := await stream.read(_CHUNK_BYTES):
        yield chunk
