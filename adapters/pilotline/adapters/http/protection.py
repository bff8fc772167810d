"""What stands before the control API: bounded bodies, and no other website's hands on a loopback's station.

A web page anywhere can let a browser talk to 127.0.0.1. Two headers that a page cannot forge tell it apart:
`Host` is the name the browser was led to (so a name that was made to point here is refused), and `Origin` is
the page's own.
"""

import json
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX: Final = 16 * 1024
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Protection:
    """Refuses what is too long, or comes by a foreign name or from a foreign page, before the API sees it."""

    def __init__(self, app: ASGIApp, *, loopback_only: bool) -> None:
        self._app, self._loopback_only = app, loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._foreign(headers.get(b"host", ""), headers.get(b"origin"))
        if refusal is not None:
            await _refuse(send, 403, refusal)
            return
        body = await _body(receive)
        if body is None:
            await _refuse(send, 413, f"body: longer than {BODY_BYTES_MAX} bytes")
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replayed, send)

    def _foreign(self, host: str, origin: str | None) -> str | None:
        if self._loopback_only and _name(f"//{host}") not in LOOPBACK_NAMES:
            return f"Host {host!r}: only localhost, 127.0.0.1 and [::1] are served here"
        if origin is not None and origin.partition("://")[2] != host:
            return f"Origin {origin!r}: pages of other origins may not control this station"
        return None


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # brackets that do not match
        return None


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None if it is too long, or the client left in between."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _refuse(send: Send, status: int, reason: str) -> None:
    content = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
