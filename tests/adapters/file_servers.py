"""Real file servers for tests, on ports of their own: FTP, FTPS, HTTP, HTTPS and SFTP."""

import asyncio
import contextlib
import ssl
import threading
import time
import warnings
from collections.abc import AsyncGenerator, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh
import trustme

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the server library says of itself
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

USER, PASSWORD = "station", "s3cret-word"
CHUNK = 65_536


class Behaviour:
    """What a server does wrong, and what it was asked for."""

    def __init__(self) -> None:
        self.cut_after: int | None = None
        """The first transfer ends without warning after this many bytes."""
        self.stalls = False
        self.redirect: str | None = None
        self.starts: list[int] = []
        """The first byte of each transfer."""


class Site(NamedTuple):
    """A server, its folder, and the context that trusts it."""

    url: str
    folder: Path
    behaviour: Behaviour
    tls: ssl.SSLContext | None = None
    known_hosts: Path | None = None

    def at(self, path: str, login: str = f"{USER}:{PASSWORD}") -> str:
        scheme, _, host = self.url.partition("://")
        return f"{scheme}://{login}@{host}/{path}"


class Authority:
    """A certificate authority, and a certificate of it for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.certificate = authority.issue_cert("127.0.0.1")
        self.file = folder / "server.pem"
        self.certificate.private_key_and_cert_chain_pem.write_to_path(self.file)
        self.trusting = ssl.create_default_context()
        authority.configure_trust(self.trusting)


def _http_handler(
    folder: Path, behaviour: Behaviour, halted: threading.Event
) -> type[BaseHTTPRequestHandler]:
    import base64

    login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def _refused(self) -> bool:
            if self.headers.get("Authorization") != login:
                self.send_error(401)
                return True
            return False

        def do_GET(self) -> None:
            if behaviour.redirect is not None and self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", behaviour.redirect)
                self.end_headers()
                return
            file = folder / self.path.lstrip("/")
            if self._refused():
                return
            if not file.is_file():
                self.send_error(404)
                return
            data = file.read_bytes()
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            behaviour.starts.append(start)
            self.send_response(206 if start else 200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if behaviour.stalls:
                self.wfile.write(data[:10])
                halted.wait()
                return
            cut, behaviour.cut_after = behaviour.cut_after, None
            self.wfile.write(data[start:] if cut is None else data[start : start + cut])
            self.close_connection = True

        def do_PUT(self) -> None:
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            if self._refused():
                return
            (folder / self.path.lstrip("/")).write_bytes(data)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


@contextlib.contextmanager
def http_site(folder: Path, authority: Authority | None = None) -> Generator[Site]:
    behaviour, halted = Behaviour(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _http_handler(folder, behaviour, halted))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away
    if authority is not None:
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.certificate.configure_cert(serving)
        server.socket = serving.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    scheme = "http" if authority is None else "https"
    try:
        yield Site(
            f"{scheme}://127.0.0.1:{server.server_port}", folder, behaviour, authority and authority.trusting
        )
    finally:
        halted.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _data_handler(base: type, behaviour: Behaviour) -> type:
    class Data(base):
        sent = 0
        ac_out_buffer_size = CHUNK

        def push_with_producer(self, producer: Any) -> None:
            behaviour.starts.append(producer.file.tell())
            if not behaviour.stalls:
                super().push_with_producer(producer)

        def send(self, data: bytes) -> int:
            if behaviour.cut_after is not None and self.sent + len(data) > behaviour.cut_after:
                behaviour.cut_after = None
                self._resp = ("426 cut.", None)
                self.close()
                return 0
            count = super().send(data)
            self.sent += count
            return count

    return Data


@contextlib.contextmanager
def ftp_site(folder: Path, authority: Authority | None = None) -> Generator[Site]:
    behaviour, authorizer = Behaviour(), DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")
    base = FTPHandler if authority is None else TLS_FTPHandler
    members: dict[str, Any] = {
        "authorizer": authorizer,
        "auth_failed_timeout": 0,
        "use_sendfile": False,
        "dtp_handler": _data_handler(DTPHandler if authority is None else TLS_DTPHandler, behaviour),
    }
    if authority is not None:
        members |= {"certfile": str(authority.file), "tls_control_required": True, "tls_data_required": True}
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), type("Handler", (base,), members), ioloop=loop)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            loop.loop(timeout=0.01, blocking=False)
            time.sleep(0.001)

    thread = threading.Thread(target=serve)
    thread.start()
    scheme = "ftp" if authority is None else "ftps"
    try:
        yield Site(
            f"{scheme}://127.0.0.1:{server.address[1]}", folder, behaviour, authority and authority.trusting
        )
    finally:
        stop.set()
        thread.join()
        server.close_all()


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@contextlib.asynccontextmanager
async def sftp_site(folder: Path, keys: Path) -> AsyncGenerator[Site]:
    behaviour = Behaviour()
    opened: list[Any] = []  # the library does not close them when a client is gone

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())
            self._connection = channel.get_connection()
            self._started = False

        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            opened.append(super().open(path, pflags, attrs))
            return opened[-1]

        async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            if not self._started:
                behaviour.starts.append(offset)
                self._started = True
            if behaviour.stalls:
                await asyncio.sleep(60)
            if behaviour.cut_after is not None and offset + size > behaviour.cut_after:
                behaviour.cut_after = None
                self._connection.abort()
            file_obj.seek(offset)
            return bytes(file_obj.read(size))

    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        _Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Files, allow_scp=False
    )
    port = server.get_port()
    known_hosts = keys / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    try:
        async with server:
            yield Site(f"sftp://127.0.0.1:{port}", folder, behaviour, None, known_hosts)
    finally:
        for file in opened:
            file.close()


@contextlib.asynccontextmanager
async def site(scheme: str, folder: Path, authority: Authority) -> AsyncGenerator[Site]:
    """A server of this scheme that serves the folder."""
    secure = authority if scheme in ("ftps", "https") else None
    if scheme == "sftp":
        async with sftp_site(folder, authority.file.parent) as served:
            yield served
        return
    with (http_site if scheme.startswith("http") else ftp_site)(folder, secure) as served:
        yield served
