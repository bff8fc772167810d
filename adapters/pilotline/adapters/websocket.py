"""The link on a real WebSocket (OCPP-J §3, §5, §6), by the `websockets` package.

One connection at a time, opened when the core says so and never by itself: back-off and its randomness are
the core's, which is told of every end by one LinkLost. What is real time stays here because it is transport:
the time-outs of handshake and sending, and the pings.

Compression is offered (permessage-deflate) where `compression` is true. It is off unless asked for: OCPP
messages are small, each connection would hold some 300 kB of buffers more, and not every Central System gets
it right (OCPP-J §5.1).
"""

import asyncio
import base64
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, NoReturn, TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from pilotline.adapters.link import Link, PowerCutError, Teller, drawn_jitter
from pilotline.core.events import FrameReceived, LinkLost, LinkUp
from pilotline.core.state import Counter, State

_LOG: Final = logging.getLogger(__name__)
_OCPP: Final = Subprotocol("ocpp1.6")
_UNSENT_MAX: Final = 1000
_CLOSE_TIMEOUT_S: Final = 5
_AT_ONCE_MAX: Final = 8000
"""Characters that an empty buffer takes in without a wait: `websockets` waits from 32 KiB on."""

Password: TypeAlias = Callable[[], bytes | None]


def authorization_key(state: State) -> bytes | None:
    """The password in the configuration: AuthorizationKey, written in hexadecimal digits (OCPP-J §6.2.2)."""
    key = state.memory.configuration.get("AuthorizationKey")
    if not isinstance(key, str) or not key:
        return None
    try:
        return bytes.fromhex(key)
    except ValueError:
        return key.encode()  # some Central Systems set a passphrase instead


def tls_context(
    ca_file: Path | None = None, certificate_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or later; the Central System is checked against `ca_file`, or the system's roots without it.

    `certificate_file` and `key_file` are the station's own, for mutual TLS. Raises `OSError` for files that
    cannot be read or do not fit.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is not None:
        context.load_cert_chain(certificate_file, key_file)
    return context


class WebSocketLink(Link):
    """The connection of one charge point to one Central System."""

    def __init__(
        self,
        url: str,
        identity: str,
        *,
        max_frame_bytes: int,
        password: Password | None = None,
        tls: ssl.SSLContext | None = None,
        compression: bool = False,
        open_timeout_s: float = 30,
        send_timeout_s: float = 30,
        pong_timeout_s: float = 20,
    ) -> None:
        """`url` is the endpoint without the identity; `tls` is for wss and has a good default.

        `max_frame_bytes` is the product's. `password` is asked at each attempt, so a changed key is used at
        once. Raises `ValueError` for a URL that cannot be used.
        """
        parts = _endpoint(url)
        if not identity:
            raise ValueError("link: the charge point needs an identity, which ends the URL (OCPP-J §3.1.1)")
        self.url: Final = f"{url.rstrip('/')}/{quote(identity, safe='')}"
        self._identity, self._password = identity, password
        self._tls = (tls or tls_context()) if parts.scheme == "wss" else None
        self._max_frame_bytes = max_frame_bytes
        self._compression = "deflate" if compression else None
        self._open_timeout_s, self._send_timeout_s = open_timeout_s, send_timeout_s
        self._pong_timeout_s = pong_timeout_s
        self._ping_interval_s = 0
        self._ping_changed = asyncio.Event()
        self._connection: Counter | None = None
        self._unsent: asyncio.Queue[str | None] = asyncio.Queue()
        """None: no more is to come, and the connection may be closed."""
        self._given_up = ""
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    # --- Link -----------------------------------------------------------------------------------------------

    @override
    def open(self, connection: Counter, tell: Teller) -> None:
        self.drop()
        self._connection = connection
        self._unsent, self._given_up = asyncio.Queue(_UNSENT_MAX), ""
        self._task = asyncio.create_task(self._live(connection, tell), name=f"link {connection}")

    @override
    def send(self, connection: Counter, text: str) -> None:
        if connection != self._connection:
            return
        try:
            self._unsent.put_nowait(text)
        except asyncio.QueueFull:
            self._give_up(self._socket, f"given up: {_UNSENT_MAX} messages wait to be sent")

    @override
    def ping_every(self, interval_s: int) -> None:
        self._ping_interval_s = interval_s
        self._ping_changed.set()

    @override
    def close(self) -> None:
        if self._socket is None or self._task is None or self._unsent.full():
            self.drop()
            return
        self._unsent.put_nowait(None)
        self._leaving.add(self._task)
        self._task.add_done_callback(self._leaving.discard)
        self._connection = self._socket = self._task = None

    @override
    def drop(self) -> None:
        self._connection = None
        self._abort()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def ended(self) -> None:
        """Return when no connection is there or on its way any more."""
        tasks = {*self._leaving, *([self._task] if self._task else [])}
        if tasks:
            await asyncio.wait(tasks)

    # --- one connection -------------------------------------------------------------------------------------

    async def _live(self, connection: Counter, tell: Teller) -> None:
        """From the first attempt to the end, whatever it is; then one LinkLost."""
        try:
            reason = await self._serve(connection, tell)
        except PowerCutError:
            return
        except (
            OSError,
            TimeoutError,
            WebSocketException,
        ) as error:  # ssl.SSLError and DNS errors are OSErrors
            reason = _reason(error)
        except Exception as error:  # noqa: BLE001  (told like any other end, or nobody would connect again)
            _LOG.exception("link %d: failed, which is a bug", connection)
            reason = f"failed: {type(error).__name__}"
        if self._task is asyncio.current_task():
            self._connection = None
            _LOG.warning("link %d to %s: %s", connection, self.url, self._given_up or reason)
            with contextlib.suppress(PowerCutError):
                await tell(LinkLost(connection, drawn_jitter()))

    async def _serve(self, connection: Counter, tell: Teller) -> str:
        unsent = self._unsent
        self._socket = socket = await connect(
            self.url,
            subprotocols=[_OCPP],
            additional_headers=self._headers(),
            compression=self._compression,
            ssl=self._tls,
            proxy=None,
            open_timeout=self._open_timeout_s,
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=None,  # pings are sent below, at an interval that may change on the way
            max_size=self._max_frame_bytes,
        )
        try:
            if socket.subprotocol != _OCPP:
                await socket.close(1002, "ocpp1.6 was not agreed")
                return "the Central System does not agree to the subprotocol ocpp1.6 (OCPP-J §3.1.2)"
            _LOG.info("link %d to %s: up", connection, self.url)
            await tell(LinkUp(connection))
            async with _beside(self._send_all(socket, unsent), self._ping(socket)):
                return await self._receive_all(connection, socket, tell)
        finally:
            socket.transport.abort()

    async def _receive_all(self, connection: Counter, socket: ClientConnection, tell: Teller) -> NoReturn:
        while True:
            message = await socket.recv()
            if self._task is not asyncio.current_task():
                continue  # closed from our side: nobody listens any more
            text = message if isinstance(message, str) else _decoded(message)
            if text is None:
                _LOG.warning("link %d: a binary message that is not UTF-8 was dropped", connection)
            else:
                await tell(FrameReceived(connection, text))

    async def _send_all(self, socket: ClientConnection, unsent: "asyncio.Queue[str | None]") -> None:
        """One after the other; whatever goes wrong ends the connection, which the reader notices."""
        with contextlib.suppress(OSError, ConnectionClosed):
            while True:
                text = await unsent.get()
                if text is None:
                    await socket.close()
                    return
                waits = len(text) > _AT_ONCE_MAX or socket.transport.get_write_buffer_size() > 0
                try:
                    async with asyncio.timeout(self._send_timeout_s) if waits else contextlib.nullcontext():
                        await socket.send(text)
                except TimeoutError:
                    self._give_up(
                        socket, f"given up: a message could not be sent within {self._send_timeout_s} s"
                    )
                    return

    async def _ping(self, socket: ClientConnection) -> None:
        """WebSocketPingInterval (OCPP-J §7): a pong that stays away means that nobody is there (§5.3)."""
        while True:
            self._ping_changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._ping_interval_s or None):
                    await self._ping_changed.wait()
                    continue
            try:
                async with asyncio.timeout(self._pong_timeout_s):
                    await (await socket.ping())
            except TimeoutError:
                self._give_up(socket, f"given up: no pong within {self._pong_timeout_s} s")
                return
            except (OSError, ConnectionClosed):
                return  # the reader notices too

    def _headers(self) -> dict[str, str]:
        """HTTP basic authentication, the identity being the user (OCPP-J §6.2.2)."""
        password = None if self._password is None else self._password()
        if password is None:
            return {}
        credentials = base64.b64encode(self._identity.encode() + b":" + password).decode("ascii")
        return {"Authorization": f"Basic {credentials}"}

    def _give_up(self, socket: ClientConnection | None, reason: str) -> None:
        """End the connection from our side; the reader notices, and tells with this reason."""
        if socket is self._socket:
            self._given_up = self._given_up or reason
            self._abort()
        elif socket is not None:
            socket.transport.abort()

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None


def _endpoint(url: str) -> SplitResult:
    """What every attempt to connect will read of the URL. Raises `ValueError`, which repeats no secret."""
    try:
        parts = urlsplit(url)
        parse_uri(url)
        (parts.hostname or "").encode("idna")  # as the resolver will, which raises there
        if not url.isprintable() or " " in url:
            raise ValueError
    except (ValueError, InvalidURI):
        raise ValueError(
            "link: the Central System's URL must be like wss://host:port/path: the scheme ws or wss, a host, "
            "no blanks and no control characters"
        ) from None
    if set("?#") & set(url) or "@" in parts.netloc:
        raise ValueError(
            "link: the Central System's URL must be like wss://host:port/path, without user, query and fragment"
        )
    return parts


@contextlib.asynccontextmanager
async def _beside(*works: Awaitable[None]) -> AsyncIterator[None]:
    """Let these run while the body does, and no longer."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _decoded(message: bytes) -> str | None:
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError:
        return None


_STATUS_REASONS: Final = {
    401: "the Central System refuses the credentials (HTTP 401)",
    403: "the Central System refuses the charge point (HTTP 403)",
    404: "the Central System does not know this identity (HTTP 404, OCPP-J §3.2)",
}


def _reason(error: BaseException) -> str:
    """Why it did not work, in one line."""
    match error:
        case InvalidStatus(response=response):
            other = f"the Central System answers HTTP {response.status_code} instead of a WebSocket"
            return _STATUS_REASONS.get(response.status_code, other)
        case ssl.SSLCertVerificationError():
            return f"the Central System's certificate is not accepted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case TimeoutError():
            return "time-out"
        case ConnectionClosed():
            return f"closed: {error}"
        case InvalidHandshake():
            return f"the handshake failed: {error}"
        case _:
            return f"{type(error).__name__}: {error}".replace("\n", " ")
