"""The port to the network: what the run loop asks of a connection to the Central System."""

import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from pilotline.core.events import External
from pilotline.core.state import Counter

Teller: TypeAlias = Callable[[External], Awaitable[None]]
"""`Station.tell`: returns when the event was taken in, which holds back a peer that sends too fast."""


class PowerCutError(ConnectionError):
    """What was told was not taken in: the station lost its power, or does not run any more."""


class Link(Protocol):
    """The connection to the Central System, as the run loop uses it; nothing here waits."""

    def open(self, connection: Counter, tell: Teller) -> None:
        """Begin to connect; tells LinkUp or LinkLost of this number, then FrameReceived, and LinkLost
        in the end.
        """
        ...

    def send(self, connection: Counter, text: str) -> None:
        """Send one message, in order; one for a connection that is gone is dropped, a full buffer is
        LinkLost.
        """
        ...

    def ping_every(self, interval_s: int) -> None:
        """Send WebSocket pings at this interval in s, now and on later connections; 0 is never."""
        ...

    def close(self) -> None:
        """End the connection in good order: what was to be sent still goes, and nothing more is told of it."""
        ...

    def drop(self) -> None:
        """Abandon the connection abruptly and tell nothing more of it."""
        ...


def drawn_jitter() -> int:
    """The chance in a LinkLost, in thousandths: it spreads stations that lost the same Central System."""
    return random.randrange(1001)  # noqa: S311  (it hides nothing)
