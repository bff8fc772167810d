"""A link on real sockets of this machine, and Central Systems of a few lines."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from pilotline.adapters.websocket import WebSocketLink
from pilotline.core.events import External, LinkLost
from pilotline.core.state import Counter

OCPP = [Subprotocol("ocpp1.6")]
WAIT_S = 10


class Ear:
    """Hears what a link tells."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[External] = asyncio.Queue()

    async def tell(self, event: External) -> None:
        self.heard.put_nowait(event)

    async def next(self) -> External:
        return await asyncio.wait_for(self.heard.get(), WAIT_S)


async def silence(connection: ServerConnection) -> None:
    """Keep the connection and say nothing."""
    await connection.wait_closed()


@contextlib.asynccontextmanager
async def listening(
    behave: Callable[[ServerConnection], Awaitable[None]] = silence, **options: Any
) -> AsyncIterator[str]:
    """A Central System of a few lines on a port of its own; yields its URL."""
    options.setdefault("subprotocols", OCPP)
    async with serve(behave, "127.0.0.1", 0, **options) as server:
        yield f"{'wss' if 'ssl' in options else 'ws'}://127.0.0.1:{port_of(server)}/ocpp"


def port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def linked(
    url: str, identity: str = "CP 1/ä", **options: Any
) -> AsyncIterator[tuple[WebSocketLink, Ear]]:
    """A link that has been told to open connection 1."""
    link, ear = WebSocketLink(url, identity, max_frame_bytes=1024, **options), Ear()
    link.open(Counter(1), ear.tell)
    try:
        yield link, ear
    finally:
        link.drop()
        await asyncio.sleep(0)


async def lost(ear: Ear) -> None:
    event = await ear.next()
    assert isinstance(event, LinkLost), event
    assert event.connection == 1
    assert 0 <= event.jitter <= 1000
