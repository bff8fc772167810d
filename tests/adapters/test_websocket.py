"""The link on real sockets of this machine: handshakes, refusals, messages, half-open connections."""

import asyncio
import base64
import contextlib
import logging
import socket
from http import HTTPStatus
from typing import Any

import pytest
from adapters.link_bench import WAIT_S, linked, listening, lost, silence
from adapters.virtual_station import ac
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from pilotline.adapters.link import PowerCutError
from pilotline.adapters.websocket import WebSocketLink, authorization_key
from pilotline.core.events import External, FrameReceived, LinkUp, PoweredUp
from pilotline.core.state import Counter, Instant
from pilotline.core.step import step


@pytest.mark.rule(1, 2, 25)
def test_the_path_ends_in_the_percent_encoded_identity_and_ocpp16_is_offered() -> None:
    seen: list[Request] = []

    async def look(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request)
        await silence(connection)

    async def scenario() -> None:
        async with listening(look) as url, linked(url) as (_, ear):
            assert await ear.next() == LinkUp(Counter(1))
        assert seen[0].path == "/ocpp/CP%201%2F%C3%A4"
        assert seen[0].headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
        assert "Authorization" not in seen[0].headers
        assert "Sec-WebSocket-Extensions" not in seen[0].headers  # no compression unless asked for

    asyncio.run(scenario())


@pytest.mark.rule(2)
def test_without_an_agreed_subprotocol_the_station_closes() -> None:
    closed: list[int | None] = []

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        closed.append(connection.close_code)

    async def scenario() -> None:
        async with listening(wait, subprotocols=None) as url, linked(url) as (_, ear):
            await lost(ear)
            assert ear.heard.empty()
        assert closed == [1002]

    asyncio.run(scenario())


def _refusing(status: HTTPStatus) -> dict[str, Any]:
    def refuse(connection: ServerConnection, _request: Request) -> Response:
        return connection.respond(status, "no\n")

    return {"process_request": refuse}


@pytest.mark.rule(3)
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (HTTPStatus.NOT_FOUND, "does not know this identity (HTTP 404"),
        (HTTPStatus.UNAUTHORIZED, "refuses the credentials (HTTP 401)"),
        (HTTPStatus.BAD_GATEWAY, "HTTP 502"),
    ],
)
def test_a_refused_handshake_is_linklost_with_one_line_that_says_why_and_no_secret(
    status: HTTPStatus, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with (
            listening(**_refusing(status)) as url,
            linked(url, password=lambda: b"very-secret") as (_, ear),
        ):
            await lost(ear)

    with caplog.at_level(logging.INFO, "pilotline"):
        asyncio.run(scenario())
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("pilotline")]
    assert reason in line
    assert "secret" not in line
    assert base64.b64encode(b"very-secret").decode() not in line


def test_nobody_listening_an_unknown_host_and_a_silent_one_are_linklost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        with socket.socket() as bound:  # bound and not listening: connections are refused
            bound.bind(("127.0.0.1", 0))
            async with linked(f"ws://127.0.0.1:{bound.getsockname()[1]}") as (_, ear):
                await lost(ear)
        async with linked("ws://central-system.invalid") as (_, ear):
            await lost(ear)
        with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts, and says nothing
            url = f"ws://127.0.0.1:{mute.getsockname()[1]}"
            async with linked(url, open_timeout_s=0.2) as (_, ear):
                await lost(ear)

    with caplog.at_level(logging.WARNING, "pilotline"):
        asyncio.run(scenario())
    assert [record.getMessage().count("\n") for record in caplog.records] == [0, 0, 0]
    assert "time-out" in caplog.records[2].getMessage()


def test_basic_authentication_has_the_identity_and_the_bytes_of_the_key() -> None:
    seen: list[str] = []

    async def look(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers["Authorization"])
        await silence(connection)

    async def scenario() -> None:
        key = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
        async with listening(look) as url, linked(url, "AL1000", password=lambda: key) as (_, ear):
            await ear.next()

    asyncio.run(scenario())
    assert seen == ["Basic QUwxMDAwOgABAgMEBQYH////////////////"]  # the example of OCPP-J §6.2.2


def test_the_password_is_the_authorizationkey_of_the_configuration() -> None:
    event = PoweredUp(ac(), "PowerLoss", (False,) * 3, (None,) * 3, "c0ffee")
    state = step(None, event, Instant(0)).state
    assert authorization_key(state) is None

    def key(text: str) -> bytes | None:
        configuration = state.memory.configuration
        configured = replace(configuration, values=configuration.values.set("authorizationkey", text))
        return authorization_key(replace(state, memory=replace(state.memory, configuration=configured)))

    assert key("") is None
    assert key("00ff" * 10) == b"\x00\xff" * 10
    assert key("a passphrase") == b"a passphrase"


@pytest.mark.parametrize("url", ["http://host", "ws://", "ws://user:pw@host", "ws://host/?a=b", "host"])
def test_a_url_that_cannot_be_used_is_refused_without_repeating_its_secrets(url: str) -> None:
    async def scenario() -> None:
        with pytest.raises(ValueError, match="URL must be like wss://") as caught:
            WebSocketLink(url, "CP1", max_frame_bytes=1024)
        assert "pw" not in str(caught.value)

    asyncio.run(scenario())


# --- messages -----------------------------------------------------------------------------------------------


def test_messages_go_in_the_order_they_were_handed_over() -> None:
    received: list[str] = []
    complete = asyncio.Event()

    async def collect(connection: ServerConnection) -> None:
        async for message in connection:
            received.append(str(message))
            if len(received) == 500:
                complete.set()

    async def scenario() -> None:
        async with listening(collect) as url, linked(url) as (link, ear):
            await ear.next()
            for number in range(500):
                link.send(Counter(1), f"[{number}]")
            link.send(Counter(2), "of another connection")
            await asyncio.wait_for(complete.wait(), WAIT_S)
        assert received == [f"[{number}]" for number in range(500)]

    asyncio.run(scenario())


def test_binary_messages_count_if_they_are_utf8_and_are_dropped_if_not() -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send(b"\xff\xfe")
        await connection.send(b"[1]")
        await connection.send("[2]")
        await silence(connection)

    async def scenario() -> None:
        async with listening(speak) as url, linked(url) as (_, ear):
            assert await ear.next() == LinkUp(Counter(1))
            assert await ear.next() == FrameReceived(Counter(1), "[1]")
            assert await ear.next() == FrameReceived(Counter(1), "[2]")

    asyncio.run(scenario())


def test_a_message_above_max_frame_bytes_ends_the_connection_and_is_not_told() -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send("x" * 1025)
        await silence(connection)

    async def scenario() -> None:
        async with listening(speak) as url, linked(url) as (_, ear):
            assert await ear.next() == LinkUp(Counter(1))
            await lost(ear)

    asyncio.run(scenario())


def test_a_connection_that_ends_in_the_middle_of_a_message_is_linklost_once() -> None:
    async def speak(connection: ServerConnection) -> None:
        connection.transport.write(b"\x81\x7e\x02\x00[2,")  # a text frame of 512 bytes, of which 3 come
        await asyncio.sleep(0.05)
        connection.transport.abort()

    async def scenario() -> None:
        async with listening(speak) as url, linked(url) as (_, ear):
            assert await ear.next() == LinkUp(Counter(1))
            await lost(ear)
            await asyncio.sleep(0.1)
            assert ear.heard.empty()

    asyncio.run(scenario())


def test_an_orderly_close_is_linklost_too() -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.close()

    async def scenario() -> None:
        async with listening(leave) as url, linked(url) as (_, ear):
            assert await ear.next() == LinkUp(Counter(1))
            await lost(ear)

    asyncio.run(scenario())


def test_a_peer_that_reads_nothing_fills_the_buffer_and_that_is_linklost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard_enough = asyncio.Event()

    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await heard_enough.wait()
        connection.transport.abort()

    async def scenario() -> None:
        async with listening(deaf) as url, linked(url) as (link, ear):
            assert await ear.next() == LinkUp(Counter(1))
            for _ in range(2000):
                link.send(Counter(1), "x" * 10_000)
            await lost(ear)
            heard_enough.set()

    asyncio.run(scenario())
    assert "given up: 1000 messages wait to be sent" in caplog.text


def test_a_message_that_cannot_be_sent_in_time_is_linklost(caplog: pytest.LogCaptureFixture) -> None:
    heard_enough = asyncio.Event()

    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await heard_enough.wait()
        connection.transport.abort()

    async def scenario() -> None:
        async with listening(deaf) as url, linked(url, send_timeout_s=0.2) as (link, ear):
            assert await ear.next() == LinkUp(Counter(1))
            for _ in range(100):
                link.send(Counter(1), "x" * 500_000)
            await lost(ear)
            heard_enough.set()

    asyncio.run(scenario())
    assert "given up: a message could not be sent within 0.2 s" in caplog.text


def test_a_reader_that_is_slow_holds_the_peer_back() -> None:
    sent = 0

    async def flood(connection: ServerConnection) -> None:
        nonlocal sent
        with contextlib.suppress(Exception):
            while True:
                await connection.send("x" * 1000)
                sent += 1

    async def scenario() -> None:
        gate = asyncio.Event()

        async def slow(event: External) -> None:
            if isinstance(event, FrameReceived):
                await gate.wait()

        async with listening(flood) as url:
            link = WebSocketLink(url, "CP1", max_frame_bytes=1024)
            link.open(Counter(1), slow)
            settled = -1
            while settled != sent or sent == 0:
                settled = sent
                await asyncio.sleep(0.2)
            assert sent < 50_000
            link.drop()
            await asyncio.sleep(0)

    asyncio.run(scenario())


def test_a_dropped_link_tells_nothing_more_and_the_peer_sees_no_goodbye() -> None:
    codes: list[int | None] = []
    gone = asyncio.Event()

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        codes.append(connection.close_code)
        gone.set()

    async def scenario() -> None:
        async with listening(wait) as url, linked(url) as (link, ear):
            await ear.next()
            link.drop()
            await asyncio.wait_for(gone.wait(), WAIT_S)
            assert ear.heard.empty()
        assert codes == [1006]

    asyncio.run(scenario())


def test_a_closed_link_sends_what_it_was_given_says_goodbye_and_lets_the_next_one_be() -> None:
    async def scenario() -> None:
        received: list[list[str | bytes]] = []
        goodbye: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        async def hear(connection: ServerConnection) -> None:
            heard: list[str | bytes] = []
            received.append(heard)
            async for message in connection:
                heard.append(message)
                with contextlib.suppress(ConnectionClosed):
                    await connection.send(f"answer to {message!r}")
            if not goodbye.done():
                goodbye.set_result(connection.close_code)

        async with listening(hear) as url, linked(url) as (link, ear):
            assert await ear.next() == LinkUp(Counter(1))
            for number in range(20):
                link.send(Counter(1), str(number))
            link.close()
            link.open(Counter(1), ear.tell)  # a station that starts anew counts its connections anew
            assert await ear.next() == LinkUp(Counter(1))
            link.send(Counter(1), "the next")
            assert await ear.next() == FrameReceived(Counter(1), "answer to 'the next'")
            assert await goodbye == 1000
            assert received == [[str(number) for number in range(20)], ["the next"]]
            assert ear.heard.empty()

    asyncio.run(scenario())


def test_a_link_that_is_closed_before_it_is_up_is_dropped() -> None:
    async def scenario() -> None:
        async with listening() as url, linked(url) as (link, ear):
            link.close()
            await link.ended()
            assert ear.heard.empty()

    asyncio.run(scenario())


def test_a_station_without_power_ends_its_connection_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async def refuse(_event: External) -> None:
            raise PowerCutError

        async with listening() as url:
            link = WebSocketLink(url, "CP1", max_frame_bytes=1024)
            link.open(Counter(1), refuse)
            await asyncio.wait_for(link.ended(), WAIT_S)

    asyncio.run(scenario())
    assert [record for record in caplog.records if record.name.startswith("pilotline")] == []


# --- pings --------------------------------------------------------------------------------------------------


@pytest.mark.rule(23)
def test_a_half_open_connection_is_found_by_a_missing_pong(caplog: pytest.LogCaptureFixture) -> None:
    noticed = asyncio.Event()

    async def vanish(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # there, and not there
        await noticed.wait()
        connection.transport.abort()

    async def scenario() -> None:
        async with listening(vanish) as url, linked(url, pong_timeout_s=0.2) as (link, ear):
            assert await ear.next() == LinkUp(Counter(1))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ear.heard.get(), 0.5)  # no pings: nobody notices
            link.ping_every(1)
            await lost(ear)
            noticed.set()

    asyncio.run(scenario())
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("pilotline")]
    assert line.endswith("given up: no pong within 0.2 s")


@pytest.mark.rule(23)
def test_pings_that_are_answered_keep_the_connection_and_0_ends_them() -> None:
    async def scenario() -> None:
        pings = 0

        async def count(connection: ServerConnection) -> None:
            nonlocal pings
            before = connection.process_event

            def counting(event: Any) -> None:
                nonlocal pings
                pings += event.opcode.name == "PING"
                before(event)

            connection.process_event = counting  # type: ignore[method-assign]  # a spy
            await silence(connection)

        async with listening(count) as url, linked(url, pong_timeout_s=1) as (link, ear):
            link.ping_every(1)
            await ear.next()
            await asyncio.sleep(2.3)
            assert pings == 2
            link.ping_every(0)
            await asyncio.sleep(1.2)
            assert pings == 2
            assert ear.heard.empty()

    asyncio.run(scenario())
