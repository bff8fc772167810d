"""Whether a station that has worked for long needs more memory: sessions in virtual time, in a process of its own.

- *core*: the real `step`, session after session, on a state that goes from step to step; a world of a few lines
  gives the feedback, and a Central System answers whatever is sent. Nothing else is in the process.
- *station*: the real run loop, SQLite store and simulated hardware, in virtual time, with a link whose other end
  answers at once.

Both print their resident memory after `WARM_UP` of the sessions, and at the end.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from typing_extensions import override

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.link import Link, Teller
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import SqliteStore
from pilotline.core.effects import (
    CloseContactor,
    Effect,
    LockConnector,
    OpenContactor,
    OpenLink,
    ReadMeter,
    ReleaseConnector,
    SendCall,
)
from pilotline.core.events import (
    CablePlugged,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    DeadlinePassed,
    EnergyRequested,
    EvUnplugged,
    External,
    FrameReceived,
    LinkUp,
    MeterRead,
    ResultReceived,
    TagPresented,
)
from pilotline.core.state import Counter, Instant, Readings, State, Wh
from pilotline.core.step import next_deadline, step
from pilotline.spec import rpc
from pilotline.spec.messages.actions import ACTION_OF, Action, Confirmation
from pilotline.spec.messages.payload import Violation
from pilotline.spec.products import Product, load_product
from pilotline.tools.bench_answer import answer_to
from pilotline.tools.bench_figure import Figure, below
from pilotline.tools.bench_process import resident_mb
from pilotline.tools.check.environment import powered_up

GROWTH_PERCENT: Final = 10.0
WARM_UP: Final = 0.05
TAGS: Final = 1000
"""More than the authorization cache holds (500)."""
_CHARGING_MS: Final = 61_000
"""One sample."""


class Resident(NamedTuple):
    """Resident memory in MB, after the warm-up and at the end."""

    warm_mb: float
    end_mb: float

    @property
    def growth_percent(self) -> float:
        """How much the second is above the first."""
        return (self.end_mb / self.warm_mb - 1) * 100


def answered(text: str) -> str | None:
    """The answer to a CALL; None: it is none."""
    kind, message_id, *rest = json.loads(text)
    return json.dumps([3, message_id, answer_to(rest[0])]) if kind == 2 else None


@cache
def _confirmation(action: Action) -> Confirmation:
    confirmation = rpc.confirmation(action, json.dumps(answer_to(action)))
    assert not isinstance(confirmation, Violation), confirmation  # noqa: S101  (ours is valid)
    return confirmation


class CoreWorld:
    """A station that is nothing but `step`, and the few lines around it."""

    def __init__(self, product: str | Product = "c6eu") -> None:
        product = load_product(product) if isinstance(product, str) else product
        self.now = Instant(0)
        self.register = Wh(0)
        self.sent: dict[str, int] = {}
        self._events: deque[External] = deque()
        decided = step(None, powered_up(product, (False,) * (len(product.connectors) + 1)), self.now)
        self.state: State = decided.state
        self.obey(decided.effects)
        self.passes(1000)

    def passes(self, duration_ms: int) -> None:
        """Let time pass, deadline by deadline."""
        end = Instant(self.now + duration_ms)
        self._take_in()
        while (due := next_deadline(self.state)) is not None and due <= end:
            self.now = max(self.now, due)
            self.tell(DeadlinePassed())
        self.now = end

    def tell(self, event: External) -> None:
        """One event and all that follows at once."""
        self._events.append(event)
        self._take_in()

    def _take_in(self) -> None:
        while self._events:
            decided = step(self.state, self._events.popleft(), self.now)
            self.state = decided.state
            self.obey(decided.effects)

    def obey(self, effects: Iterable[Effect]) -> None:
        """Do at once what the station asks for."""
        for effect in effects:
            match effect:
                case OpenLink(connection=connection):
                    self._events.append(LinkUp(connection))
                case SendCall(connection=connection, request=request):
                    name = type(request).__name__
                    self.sent[name] = self.sent.get(name, 0) + 1
                    answer = _confirmation(ACTION_OF[type(request)])
                    self._events.append(ResultReceived(connection, effect.message_id, answer))
                case ReadMeter(connector=connector, transaction=transaction, context=context):
                    self._events.append(MeterRead(connector, transaction, context, Readings(self.register)))
                case LockConnector(connector=connector):
                    self._events.append(ConnectorLocked(connector, Readings(self.register)))
                case ReleaseConnector(connector=connector):
                    self._events.append(ConnectorUnlocked(connector))
                case CloseContactor(connector=connector):
                    self._events.append(ContactorClosed(connector))
                case OpenContactor(connector=connector):
                    self.register = Wh(self.register + 1000)
                    self._events.append(ContactorOpened(connector, Readings(self.register)))
                case _:
                    pass


def core_sessions(sessions: int) -> Iterator[int]:
    """Session after session; yields how many are over."""
    world = CoreWorld()
    for number in range(1, sessions + 1):
        connector, tag = number % 2 + 1, f"TAG{number % TAGS:04d}"
        world.tell(CablePlugged(connector))
        world.tell(EnergyRequested(connector))
        world.tell(TagPresented(1, tag))
        world.passes(_CHARGING_MS)
        world.tell(TagPresented(1, tag))
        world.passes(1000)
        world.tell(EvUnplugged(connector))
        world.passes(1000)
        yield number
    done = world.sent.get("StopTransactionReq"), len(world.state.memory.outbox)
    assert done == (sessions, 0), f"{done[0]} of {sessions} sessions came to their end"  # noqa: S101


class AnsweringLink(Link):
    """A link whose other end answers at once."""

    def __init__(self) -> None:
        self.post: Callable[[External], None] = lambda _event: None
        self.sent = self.started = 0

    @override
    def open(self, connection: Counter, tell: Teller) -> None:
        self.post(LinkUp(connection))

    @override
    def send(self, connection: Counter, text: str) -> None:
        answer = answered(text)
        if answer is not None:
            if '"StartTransaction"' in text:
                self.started += 1
                answer = answer.replace('"transactionId": 1,', f'"transactionId": {self.started},')
            self.sent += '"StopTransaction"' in text
            self.post(FrameReceived(connection, answer))

    @override
    def ping_every(self, interval_s: int) -> None:
        pass

    @override
    def close(self) -> None:
        self.drop()

    @override
    def drop(self) -> None:
        pass


async def station_sessions(sessions: int, over: Callable[[int], None]) -> None:
    """The same with the run loop, the store and the simulated hardware; tells how many are over."""
    product, clock, link = load_product("c6eu"), VirtualClock(), AnsweringLink()
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(SqliteStore(Path(folder, "s"))) as store:
        hardware = SimulatedHardware(product, clock)
        station = Station(product, store, hardware, link, clock=clock)
        link.post = station.post
        running = asyncio.create_task(station.run())
        watching = station.subscribe()
        try:
            await clock.advance(1000, station.settled)
            for number in range(1, sessions + 1):
                connector, tag = number % 2 + 1, f"TAG{number % TAGS:04d}"
                hardware.plug_in(connector)
                hardware.present_tag(1, tag)
                await clock.advance(_CHARGING_MS, station.settled)
                hardware.present_tag(1, tag)
                await clock.advance(1000, station.settled)
                hardware.unplug_ev(connector)
                await clock.advance(1000, station.settled)
                over(number)
            assert link.sent == sessions, f"{link.sent} of {sessions} sessions came to their end"  # noqa: S101
            assert watching.lost > 0 or sessions < 100, "a slow reader keeps what it has not read"  # noqa: S101
        finally:
            running.cancel()
            await asyncio.wait((running,))


def resident(kind: str, sessions: int) -> Resident:
    """What a process of its own needed for these sessions."""
    command = [sys.executable, "-m", "pilotline.tools.bench_memory", kind, str(sessions)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (our own program)
    warm, end = run.stdout.split()
    return Resident(float(warm), float(end))


def memory_figures(core: int = 100_000, station: int = 3000) -> list[Figure]:
    """The growth of both."""
    figures = []
    for kind, sessions in (("core", core), ("station", station)):
        needed = resident(kind, sessions)
        name = f"memory: {kind}, {sessions:,} sessions, {needed.warm_mb:.1f} to {needed.end_mb:.1f} MB"
        figures.append(below(name, needed.growth_percent, GROWTH_PERCENT, "%"))
    return figures


def _main(kind: str, sessions: int) -> None:
    def over(number: int) -> None:
        if number in (max(1, int(sessions * WARM_UP)), sessions):
            print(f"{resident_mb(os.getpid()):.3f}", flush=True)  # noqa: T201  (what the parent reads)

    if kind == "core":
        for number in core_sessions(sessions):
            over(number)
    else:
        asyncio.run(station_sessions(sessions, over))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
