"""The log of `pilotline run`: what came, which rows it took or who said no, what followed; coloured on a terminal."""

import logging
import sys
from collections.abc import Iterator
from typing import Final

from msgspec.structs import asdict

from pilotline.adapters.happenings import Happening, Subscription
from pilotline.adapters.http.readable import frames_of, row_of
from pilotline.core.effects import ShowStatus
from pilotline.core.events import BadCallReceived, CallReceived, DeadlinePassed, ErrorReceived, ResultReceived
from pilotline.core.explained_as import lines
from pilotline.core.plain import printable
from pilotline.core.state import Readings
from pilotline.spec.products import Product

_LOG: Final = logging.getLogger("pilotline.run")
_FRAMES: Final = (CallReceived, BadCallReceived, ResultReceived, ErrorReceived)


def start_log(level: str) -> None:
    """Lines with time and level on stdout; stderr is for the one line that says why the process ended."""
    handler: logging.Handler
    if sys.stdout.isatty():
        from pilotline.tools.terminal_log import terminal_handler

        handler = terminal_handler()
    else:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("pilotline").setLevel(level.upper())


async def watch(happenings: Subscription, *, why: bool) -> None:
    """Log what happens until it ends. At the level debug also the rows taken, or (why) all that were tried."""
    async for happening in happenings:
        for line in came(happening):
            _LOG.info("%s", line)
        if _LOG.isEnabledFor(logging.DEBUG):
            for line in _tried(happening) if why else _taken(happening):
                _LOG.debug("%s", line)
        for line in followed(happening):
            _LOG.info("%s", line)
    if happenings.lost:
        _LOG.warning("%d happenings came too fast for the log", happenings.lost)


def came(happening: Happening) -> Iterator[str]:
    """The event, or the frame; what only a timer did shows in its rows and in what follows."""
    event = happening.event
    if not isinstance(event, (*_FRAMES, DeadlinePassed)):
        fields = " ".join(_shown(name, value) for name, value in asdict(event).items() if value is not None)
        yield f"{type(event).__name__} {fields}"
    for frame in frames_of(happening):
        if frame.direction == "in":
            yield f"<- {frame.name} {frame.payload}"


def followed(happening: Happening) -> Iterator[str]:
    """What the connectors show now, and what is sent: one line each."""
    for effect in happening.effects:
        if isinstance(effect, ShowStatus):
            yield f"connector {effect.connector} is {effect.status}"
    for frame in frames_of(happening):
        if frame.direction == "out":
            yield f"-> {frame.name} {frame.payload}"


def _taken(happening: Happening) -> Iterator[str]:
    if happening.trace:
        rows = ", ".join(row_of(taken) for taken in happening.trace)
        yield f"  {type(happening.event).__name__}: rows {rows}"


def _tried(happening: Happening) -> Iterator[str]:
    _event, *tried = lines(happening.explained())
    yield from tried


def _shown(name: str, value: object) -> str:
    match value:
        case Product():
            return f"{name}={value.identity.charge_point_model}"
        case Readings():
            return f"register_wh={value.register}"
        case tuple():
            return f"{name}={' '.join(_shown('', part).lstrip('=') for part in value)}"
        case _:
            return f"{name}={printable(str(value))}"
