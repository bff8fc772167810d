"""Whence and whither a file goes: the URL of a request, read once, and what may be said of it in a log."""

from ipaddress import IPv4Address
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from typing_extensions import override

PORTS: Final = {"ftp": 21, "ftps": 21, "http": 80, "https": 443, "sftp": 22}
"""The schemes there are, with their ports."""
_URL_CHARACTERS_MAX: Final = 2_000


class TransferError(Exception):
    """A file did not come or go; one line that says why, without a secret.

    ``resumable``: the connection was lost on the way, and the rest may still be had.
    """

    def __init__(self, reason: str, *, resumable: bool = False) -> None:
        super().__init__(reason)
        self.resumable = resumable


class Place(NamedTuple):
    """A file on a server, or the folder for one."""

    scheme: str
    host: str
    port: int
    path: str
    """Percent-encoded, as it stands in the URL."""
    query: str = ""
    user: str = ""
    password: str = ""

    def url(self) -> str:
        """Without user and password: they go to the server by the protocol's own means."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return urlunsplit((self.scheme, f"{host}:{self.port}", self.path or "/", self.query, ""))

    def name(self) -> str:
        """The path as FTP and SFTP take it: of the login's own folder, or of the root after a second slash."""
        return unquote(self.path).removeprefix("/")

    def file(self, name: str) -> "Place":
        """The file of this name in the folder; the location of GetDiagnostics.req is one (§6.25)."""
        return self._replace(path=f"{self.path.rstrip('/')}/{quote(name)}")

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        login = "***@" if self.user or self.password else ""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{login}{host}{port}{self.path}{'?***' if self.query else ''}"

    @classmethod
    def of(cls, url: str) -> "Place":
        """Raises `TransferError` for what is no place on a server, the local file system first of all."""
        if len(url) > _URL_CHARACTERS_MAX:
            raise TransferError(f"the URL is longer than {_URL_CHARACTERS_MAX} characters")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise TransferError("the URL holds characters that a URL cannot have")
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
            (host or "").encode("idna")  # as the resolver will, which raises there
            if host and set(host) <= set("0123456789."):  # is an address or nothing
                IPv4Address(host)
        except ValueError:
            raise TransferError("the URL cannot be read") from None
        if parts.scheme not in PORTS:
            scheme = parts.scheme[:20] or "none"
            raise TransferError(f"the URL's scheme is {scheme}; it must be one of {', '.join(PORTS)}")
        if not host:
            raise TransferError("the URL names no server")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (unquote(parts.path) + user + password).isprintable():
            raise TransferError("the URL hides control characters")
        return cls(parts.scheme, host, port or PORTS[parts.scheme], parts.path, parts.query, user, password)
