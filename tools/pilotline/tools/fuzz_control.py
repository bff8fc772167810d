"""Hostile calls of the control API: the real application, run loop and simulated world, in virtual time.

An input is calls, one on a line: ``METHOD PATH BODY``.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI
from starlette.types import Message
from typing_extensions import override

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.http.application import control_app, end_streams
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore
from pilotline.spec.products import load_product
from pilotline.tools.bench_memory import AnsweringLink

_NO_POWER: Final = 503
"""The one status of this class that is an answer and no failure."""
_BETWEEN_MS: Final = 500


class _Failures(logging.Handler):
    """What the station says of itself when it fails; it goes on, so nothing else would tell."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


async def status_of(app: FastAPI, method: str, path: bytes, body: bytes) -> tuple[int, bytes]:
    """Call the application as a server would, and let no stream run on."""
    sent: list[Message] = []
    pending: list[Message] = [{"type": "http.request", "body": body}]
    ended = asyncio.Event()

    async def receive() -> Message:
        if not pending:
            await ended.wait()
            return {"type": "http.disconnect"}
        return pending.pop()

    async def send(message: Message) -> None:
        sent.append(message)
        if message.get("more_body"):
            end_streams(app)

    path, _, query = path.partition(b"?")
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    try:
        await app(scope, receive, send)
    finally:
        ended.set()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


class _Site:
    """A station with its control API; `anew` makes another in its place, for the application takes long to make."""

    def __init__(self) -> None:
        self.anew()
        self.app = control_app(self.station, self.hardware)

    def anew(self) -> None:
        product, link, self.clock = load_product("reference"), AnsweringLink(), VirtualClock()
        if not hasattr(self, "station"):
            self.hardware, self.station = object.__new__(SimulatedHardware), object.__new__(Station)
        SimulatedHardware.__init__(self.hardware, product, self.clock, entropy="c0ffee")
        Station.__init__(self.station, product, MemoryStore(), self.hardware, link, clock=self.clock)
        link.post = self.station.post


_site: Final = cache(_Site)


async def _call_all(data: bytes) -> None:
    site = _site()
    site.anew()
    station, clock, app = site.station, site.clock, site.app
    running = asyncio.create_task(station.run())
    try:
        await clock.advance(1000, station.settled)
        for line in data.split(b"\n"):
            method, path, body = (*line.split(b" ", 2), b"", b"")[:3]
            status, answer = await status_of(app, method.decode("latin-1"), path, body)
            assert status < 500 or status == _NO_POWER, f"{line!r}: {status}"  # noqa: S101
            if status >= 400:
                refusal = json.loads(answer)
                assert list(refusal) == ["error"] and refusal["error"], f"{line!r}: {answer!r}"  # noqa: PT018, S101
            await clock.advance(_BETWEEN_MS, station.settled)
        assert not running.done(), "the station has ended"  # noqa: S101
        status, answer = await status_of(app, "GET", b"/state", b"")
        assert status == 200, answer  # noqa: S101
    finally:
        running.cancel()
        await asyncio.wait((running,))


def call_api(data: bytes) -> None:
    """Each call is carried out, or refused with a reason; the station goes on."""
    failures, log = _Failures(), logging.getLogger("pilotline")
    log.addHandler(failures)
    try:
        asyncio.run(_call_all(data))
    finally:
        log.removeHandler(failures)
    assert not failures.said, failures.said  # noqa: S101


BODIES: Final[tuple[tuple[str, str, object], ...]] = (
    ("POST", "/connectors/1/plug", {"socPercent": 55.5}),
    ("POST", "/readers/1/tag", {"idTag": "ANNA"}),
    ("POST", "/terminals/1/card", {"connector": 1, "card": "4111", "limit": 50}),
    ("POST", "/connectors/1/faults", {"errorCode": "WeakSignal", "info": "i", "vendorId": "v"}),
    ("DELETE", "/connectors/1/faults", {"errorCode": "WeakSignal"}),
    ("PUT", "/connectors/1/limits/heat", {"limit": 6, "unit": "A"}),
    ("POST", "/power/restarts", {"fail": True}),
    ("POST", "/firmware/installations", {"fail": True}),
    ("POST", "/data-transfer", {"vendorId": "v", "messageId": "m", "data": "d"}),
    ("POST", "/data-transfer/answer", {"status": "Accepted", "data": "d"}),
)
"""A good body for each route that takes one."""


def calls_to_begin_with() -> Iterator[bytes]:
    """Every route, as its own description lists it."""
    for path, methods in _site().app.openapi()["paths"].items():
        for method in methods:
            known = path.replace("{cause}", "heat").replace("{", "").replace("}", "")
            for name in ("connector", "reader", "terminal"):
                known = known.replace(f"/{name}s/{name}", f"/{name}s/1").replace(
                    f"/limits/{name}", "/limits/1"
                )
            yield f"{method.upper()} {known}".encode()
    for verb, path, body in BODIES:
        yield f"POST /connectors/1/plug\n{verb} {path} {json.dumps(body)}".encode()
    yield b"GET /explain/last?count=5&event=TagPresented"
