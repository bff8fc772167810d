"""A Central System that is hostile on the WebSocket itself: the station lives, reconnects, and answers a good CALL."""

import asyncio
import logging
import random
import struct
from collections.abc import Iterable

import pytest
from adapters.link_bench import listening
from adapters.websocket_site import Log, Site, site
from fuzz.mutations import mutated
from ocpp.v16 import call
from websockets.frames import Frame, Opcode

LONG_PING = b"\x89\x7e" + struct.pack("!H", 126) + b"p" * 126
"""A control frame holds 125 bytes at most (RFC 6455 §5.5)."""


def frame(opcode: Opcode, data: bytes, **flags: bool) -> bytes:
    return Frame(opcode, data, **flags).serialize(mask=False)


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(Opcode.CLOSE, struct.pack("!H", code) + reason)


GOES_ON = {
    "no JSON": frame(Opcode.TEXT, b"no JSON"),
    "an empty text": frame(Opcode.TEXT, b""),
    "a text of control characters": frame(Opcode.TEXT, b"\x00\x01\x7f"),
    "half a surrogate pair": frame(Opcode.TEXT, b'[2,"\\ud800","Reset",{}]'),
    "binary": frame(Opcode.BINARY, b"\x00\xff\xfe"),
    "fragments": frame(Opcode.TEXT, b"[2,", fin=False) + frame(Opcode.CONT, b'"f","ClearCache",{}]'),
    "a ping among fragments": frame(Opcode.TEXT, b"[", fin=False)
    + frame(Opcode.PING, b"")
    + frame(Opcode.CONT, b"]"),
    "many empty fragments": frame(Opcode.TEXT, b"", fin=False)
    + frame(Opcode.CONT, b"", fin=False) * 2000
    + frame(Opcode.CONT, b""),
    "pings": frame(Opcode.PING, b"p" * 125) * 500,
    "pongs that nobody asked for": frame(Opcode.PONG, b"p" * 125) * 500,
}
ENDS = {
    "a text that is not UTF-8": frame(Opcode.TEXT, b"\xff\xfe"),
    "a character cut at a fragment's end": frame(Opcode.TEXT, b"\xc3", fin=False)
    + frame(Opcode.CONT, b"\x28"),
    "a text in a text": frame(Opcode.TEXT, b"[", fin=False) + frame(Opcode.TEXT, b"]"),
    "a continuation of nothing": frame(Opcode.CONT, b"[]"),
    "a ping in fragments": b"\x09\x01p",
    "a ping that is too long": LONG_PING,
    "a reserved bit": b"\xc1\x02[]",
    "an opcode that there is not": b"\x83\x00",
    "a control opcode that there is not": b"\x8b\x00",
    "a masked frame": Frame(Opcode.TEXT, b"[]").serialize(mask=True),
    "a length above 2^62": b"\x81\x7f" + b"\xff" * 8,
    "a huge frame": frame(Opcode.TEXT, b"x" * 5_000_000),
    "huge in fragments": frame(Opcode.TEXT, b"x", fin=False)
    + frame(Opcode.CONT, b"x" * 50_000, fin=False) * 100,
    "a close code of one byte": frame(Opcode.CLOSE, b"\x03"),
    "a close reason that is not UTF-8": close(1000, b"\xff"),
    **{
        f"close code {code}": close(code)
        for code in (0, 999, 1000, 1005, 1006, 1015, 2999, 4999, 5000, 65535)
    },
}


async def against(place: Site, log: Log, data: bytes, *, ends: bool, hangs_up: bool) -> None:
    """Send it, and hang up or not; then, over a new connection if it ends the old one, a good CALL is answered."""
    peer = log.peer
    assert peer is not None
    peer._connection.transport.write(data)
    if hangs_up:
        peer._connection.transport.close()
    if ends:
        await place.link_is("waiting")
        await place.passes(8)
        await place.link_is("up")
        await log.meets_another(peer)
    assert log.peer is not None
    answer = await log.peer.call(call.GetConfiguration(key=["HeartbeatInterval"]))
    assert answer is not None
    assert answer.configuration_key[0]["key"] == "HeartbeatInterval"
    assert ends or log.peer is peer


def stands(
    inputs: Iterable[bytes], caplog: pytest.LogCaptureFixture, *, ends: bool, hangs_up: bool = False
) -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url) as place:
            await log.has("Status 2 Available")
            for data in inputs:
                await against(place, log, data, ends=ends, hangs_up=hangs_up)
            assert len(log.all("BootNotification")) == 1

    caplog.set_level(logging.ERROR, "pilotline")
    asyncio.run(scenario())
    assert not [record for record in caplog.records if record.name.startswith("pilotline")]


@pytest.mark.parametrize("what", GOES_ON)
def test_the_connection_stands(what: str, caplog: pytest.LogCaptureFixture) -> None:
    stands([GOES_ON[what]], caplog, ends=False)


@pytest.mark.parametrize("what", ENDS)
def test_the_connection_ends_and_another_begins(what: str, caplog: pytest.LogCaptureFixture) -> None:
    stands([ENDS[what]], caplog, ends=True)


def test_one_station_stands_all_of_it_damaged(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(16)
    sound = [data for data in (*GOES_ON.values(), *ENDS.values()) if len(data) < 10_000]
    damaged = [mutated(chance, chance.choice(sound)) for _ in range(60)]
    stands(damaged, caplog, ends=True, hangs_up=True)
