"""`pilotline demo`: two charging sessions in fast motion against a Central System, as they happen.

The station, its tables and its WebSocket are the real ones; cars, cables and meters are simulated, and the
station's clock runs faster than the wall's. The Central System is the embedded one, or any other.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from rich.console import Console

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core.state import State
from pilotline.spec.products import Product, adjusted
from pilotline.tools.summary import Record, show_summary
from pilotline.tools.timeline import Timeline

SPEED: Final = 30
"""So many seconds of the station's in one of ours."""
_SAMPLE_INTERVAL_S: Final = 30
_DRIVER_S: Final = 12
"""How long the driver takes from one act to the next, on the station's clock."""
_SAMPLES: Final = 3
_BLOCKED: Final = "LOST-CARD"
_PATIENCE_S: Final = 10
_LOOK_S: Final = 0.05


class DemoFailedError(Exception):
    """The story did not go on as told; one line that says where it stopped."""


class Cast(NamedTuple):
    """Who plays."""

    product: Product
    csms: str | None = None
    identity: str = "DEMO-1"
    tags: tuple[str, str] = ("ANNA-4711", "BEN-0815")


async def play(cast: Cast, console: Console) -> None:
    """The whole story, then its summary. Raises `DemoFailedError`."""
    if not cast.product.readers or cast.product.start_without_authorization is not None:
        raise DemoFailedError("demo: this product has no tag reader, and tags are what is shown")
    clock = SystemClock(SPEED)
    identity = cast.product.identity
    peer = cast.csms or "an embedded Central System on the independent ocpp package"
    console.print(
        f"[bold]{identity.charge_point_vendor} {identity.charge_point_model}[/] against {peer}.\n"
        f"Cars and meters are simulated; the station lives {SPEED} times faster than you."
    )
    async with _central_system(cast, clock) as url:
        stage = _Stage(cast, clock, url, console)
        logging.getLogger("pilotline").addHandler(stage.timeline)
        tasks = [asyncio.create_task(stage.watch()), asyncio.create_task(stage.station.run())]
        try:
            await _story(stage, cast)
            final = stage.station.state
        finally:
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            logging.getLogger("pilotline").removeHandler(stage.timeline)
    show_summary(console, stage.record, final)


@contextlib.asynccontextmanager
async def _central_system(cast: Cast, clock: SystemClock) -> AsyncIterator[str]:
    """The URL of the one that was named, or of one in this process, which keeps the station's fast time."""
    if cast.csms is not None:
        yield cast.csms
        return
    try:
        from pilotline.tools.central_system import CentralSystem
    except ModuleNotFoundError as error:
        raise DemoFailedError(
            f"demo: the embedded Central System needs the package {error.name}: pip install 'pilotline[demo]', "
            "or name another Central System by --csms"
        ) from None
    started = datetime.now(UTC)
    async with CentralSystem(now=lambda: started + timedelta(milliseconds=clock.now_ms())) as central_system:
        yield central_system.url


async def _story(stage: "_Stage", cast: Cast) -> None:
    reader = cast.product.readers[0]
    first, second = reader.connectors[0], reader.connectors[-1]
    stage.timeline.title("The station boots and reports its connectors")
    await stage.until("the boot to be accepted", lambda state: state.moment.registration.state == "accepted")
    await stage.until("the last message to be answered", lambda state: state.moment.call.state == "idle")

    if cast.csms is None:
        await stage.driver()
        stage.timeline.title(f"The tag {_BLOCKED}, which was reported lost")
        stage.hardware.present_tag(1, _BLOCKED)
        await stage.until("the tag to be refused", lambda _: stage.signalled(1, accepted=False))

    await stage.driver()
    stage.timeline.title(f"Session 1: plug first, then the tag {cast.tags[0]}")
    stage.hardware.plug_in(first, Car(soc_percent=20))
    await stage.until_status(first, "Preparing")
    await stage.driver()
    stage.hardware.present_tag(1, cast.tags[0])
    await _charge_and_leave(stage, first, cast.tags[0])

    await stage.driver()
    stage.timeline.title(f"Session 2: the tag {cast.tags[1]} first, then the plug")
    stage.hardware.present_tag(1, cast.tags[1])
    await stage.until(
        "a connector to wait for its plug",
        lambda state: any(session.state == "awaiting_plug" for session in state.moment.sessions),
    )
    await stage.driver()
    # the driver is free to take another connector than the one that was held for the tag
    stage.hardware.plug_in(second, Car(soc_percent=74, max_power_w=60_000))
    await _charge_and_leave(stage, second, cast.tags[1])


async def _charge_and_leave(stage: "_Stage", connector: int, id_tag: str) -> None:
    await stage.until_status(connector, "Charging")
    wanted = stage.record.messages["MeterValues.conf"] + _SAMPLES
    await stage.until(
        "meter values to be sent", lambda _: stage.record.messages["MeterValues.conf"] >= wanted
    )
    await stage.driver()
    stage.hardware.present_tag(1, id_tag)
    await stage.until_status(connector, "Finishing")
    await stage.driver()
    if stage.cast.product.connectors[connector - 1].cable == "fixed":
        stage.hardware.unplug_ev(connector)
    else:
        await stage.until("the cable to be released", lambda _: not stage.hardware.point(connector).locked)
        stage.hardware.unplug_station(connector)
    await stage.until_status(connector, "Available")
    await stage.until(
        "all to be delivered", lambda state: not state.memory.outbox and not state.memory.transactions
    )
    await stage.until("the last message to be answered", lambda state: state.moment.call.state == "idle")


class _Stage:
    """The station, and what is seen of it."""

    def __init__(self, cast: Cast, clock: SystemClock, url: str, console: Console) -> None:
        self._clock = clock
        self.cast, self.timeline, self.record = cast, Timeline(console), Record()
        product = adjusted(cast.product, {"MeterValueSampleInterval": str(_SAMPLE_INTERVAL_S)})
        self.hardware = SimulatedHardware(product, clock)
        link = WebSocketLink(url, cast.identity, max_frame_bytes=product.frame_bytes_max)
        self.station = Station(product, MemoryStore(), self.hardware, link, clock=clock)
        self._happenings = self.station.subscribe()
        self._news = asyncio.Event()

    async def watch(self) -> None:
        """Show and remember everything that happens, until the station ends."""
        async for happening in self._happenings:
            self.timeline.show(happening)
            self.record.add(happening)
            self._news.set()

    async def driver(self) -> None:
        """Let the driver take the time that such things take."""
        passed = asyncio.Event()
        self._clock.call_at(self._clock.now_ms() + _DRIVER_S * 1000, passed.set)
        await passed.wait()

    def signalled(self, reader: int, *, accepted: bool) -> bool:
        """Whether this is what the reader last showed the driver."""
        shown = self.hardware.signals.get(reader)
        return shown is not None and shown.accepted is accepted

    async def until_status(self, connector: int, status: str) -> None:
        """Wait until the connector has this status."""
        await self.until(
            f"connector {connector} to become {status}",
            lambda state: state.moment.connectors[connector].state == status,
        )

    async def until(self, what: str, condition: Callable[[State], bool]) -> None:
        """Wait until the condition holds. Raises `DemoFailedError` if that takes too long."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.station.settled()
                while not condition(self.station.state):
                    self._news.clear()
                    with contextlib.suppress(TimeoutError):  # locks move without an event: look anyway
                        await asyncio.wait_for(self._news.wait(), _LOOK_S)
        except TimeoutError:
            link, registration = self.station.state.moment.link, self.station.state.moment.registration
            raise DemoFailedError(
                f"demo: waited {_PATIENCE_S} s in vain for {what}; the link is {link.state}, the station "
                f"{registration.state}. Does the Central System know {self.cast.identity!r} and the tags "
                f"{', '.join(self.cast.tags)}? (--id, --tag)"
            ) from None
