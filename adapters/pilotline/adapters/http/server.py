"""The control API on a socket: uvicorn without extras, in the station's own event loop."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from pilotline.adapters.http.application import end_streams

_CONNECTIONS_MAX = 64


class _Server(uvicorn.Server):
    """Signals are for the process to handle, not for one of its servers."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to a socket bound to this host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[str]:
    """Serve as long as the context lasts; yields the URL. Raises OSError if the address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS_MAX,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]), name="control API")
    name = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{name}:{listening.getsockname()[1]}"
    finally:
        end_streams(app)
        server.should_exit = True
        await running
