"""Bytes that no HTTP client would send, to the control API on its real socket: refused, and the station goes on."""

import asyncio
import logging
import random

import pytest
from adapters.test_http import station
from fuzz.mutations import mutated

from pilotline.adapters.http.application import control_app
from pilotline.adapters.http.protection import BODY_BYTES_MAX
from pilotline.adapters.http.server import serving

HEAD = b"Host: localhost\r\nContent-Type: application/json\r\n"
GOOD = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
TAG = b'{"idTag":"ANNA"}'
REFUSED = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01" * 50 + b"\r\n\r\n",
    "no version": b"GET /state\r\n\r\n",
    "no host": b"GET /state HTTP/1.1\r\n\r\n",
    "a method that there is not": b"BREW /state HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path of bytes": b"GET /\xff\x00 HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path of percent-encoded bytes": b"GET /%ff%00%0d%0aX:1 HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a query of percent-encoded bytes": b"GET /nowhere?%ff%00 HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path up the tree": b"GET /../../etc/passwd HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path without an end": b"GET /" + b"a" * 100_000,
    "headers without an end": b"GET /state HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
    "a length that is no number": b"POST /readers/1/tag HTTP/1.1\r\n" + HEAD + b"Content-Length: x\r\n\r\n",
    "a length below 0": b"POST /readers/1/tag HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n",
    "two lengths": b"POST /readers/1/tag HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a body that is too long": b"POST /readers/1/tag HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 20000\r\n\r\n"
    + b"x" * (BODY_BYTES_MAX + 1),
    "chunks without an end": b"POST /readers/1/tag HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"100\r\n"
    + b"x" * 256
    + b"\r\n100\r\n"
    + (b"x" * 256 + b"\r\n100\r\n") * 100,
    "a chunk of no length": b"POST /readers/1/tag HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "no JSON": b"POST /readers/1/tag HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\n\r\n\xff{[",
    "JSON without an end": b"POST /readers/1/tag HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 9000\r\n\r\n"
    + b"[" * 9000,
    "a number beyond all": b"POST /connectors/1/plug HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 20\r\n\r\n"
    + b'{"socPercent":1e999}',
}


async def say(url: str, data: bytes) -> bytes:
    """The head of the answer, or what there is of it when the server hangs up."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = b""
    try:
        writer.write(data)
        async with asyncio.timeout(5):
            while b"\r\n\r\n" not in said and (more := await reader.read(65_536)):
                said += more
    except ConnectionError:
        pass  # refused by the server while we still talk
    finally:
        writer.close()
    return said


def against(inputs: list[bytes], caplog: pytest.LogCaptureFixture) -> list[bytes]:
    """The first lines of the answers; between them the API answers a good call."""

    async def scenario() -> list[bytes]:
        answers = []
        async with (
            station() as (own, hardware, _),
            serving(control_app(own, hardware), "127.0.0.1", 0) as url,
        ):
            for data in inputs:
                answers.append((await say(url, data)).split(b"\r\n")[0])
                assert (await say(url, GOOD)).startswith(b"HTTP/1.1 200")
        return answers

    caplog.set_level(logging.WARNING)
    answers = asyncio.run(scenario())
    assert not [record for record in caplog.records if record.exc_info]
    return answers


def test_it_is_refused_and_the_station_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    for what, answer in zip(REFUSED, against(list(REFUSED.values()), caplog), strict=True):
        assert answer.startswith(b"HTTP/1.1 4") or not answer, (what, answer)


def test_requests_that_are_damaged(caplog: pytest.LogCaptureFixture) -> None:
    """Each with a good one behind it: what is missing of the first is taken from that."""
    chance = random.Random(16)
    sound = b"POST /readers/1/tag HTTP/1.1\r\n" + HEAD + b"Content-Length: %d\r\n\r\n" % len(TAG) + TAG
    damaged = [mutated(chance, sound) + b"\r\n\r\n" + GOOD for _ in range(150)]
    for answer in against(damaged, caplog):
        assert not answer or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), answer
