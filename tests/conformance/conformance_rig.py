"""A real station on a real WebSocket before the certification tool, a minute of its life in a second.

The rest is a station as it is delivered: its run loop, its link, its SQLite store, simulated hardware. Only
deadlines that guard against slow hardware and a slow network are given more room, because a loaded machine is
sixty times as slow for a station that lives sixty times as fast.
"""

import asyncio
import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest
from conformance.certification_tool import STATION, VALID, CertificationTool, message

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.file_transfer import FileTransfer, Limits
from pilotline.adapters.files import FileJobs
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.station_diagnostics import diagnostics_of
from pilotline.adapters.store import SqliteStore
from pilotline.adapters.websocket import WebSocketLink
from pilotline.spec.messages.actions import FeatureProfile
from pilotline.spec.products import Product, adjusted, initial_configuration, load_product

ProductName = Literal["c6eu", "reference"]
FACTOR: Final = 60
_WAIT_S: Final = 10
_UNHURRIED: Final = {
    "call_timeout_s": 600,
    "contactor_deadline_ms": 30_000,
    "lock_deadline_ms": 30_000,
    "reconnect_min_s": 5,
    "reconnect_max_s": 5,
    "reconnect_jitter_percent": 0,
}
_TIME_OUTS: Final = {"ConnectionTimeOut": "600", "MessageTimeout": "600"}


def product_of(name: ProductName, *, without: FeatureProfile | None = None, **facts: Any) -> Product:
    """The product with room for a slow machine; a feature profile may be missing, some facts may be other ones."""
    product = load_product(name)
    offered = {key: value for key, value in _TIME_OUTS.items() if key in product.configuration}
    return adjusted(product, {**offered, **_lacking(product, without)}, **_UNHURRIED, **facts)


def _lacking(product: Product, without: FeatureProfile | None) -> dict[str, str | None]:
    if without is None:
        return {}
    left = [p for p in initial_configuration(product).csl("SupportedFeatureProfiles") if p != without]
    gone = {key.name: None for key in product.offered_keys if key.profile == without}
    return {**gone, "SupportedFeatureProfiles": ",".join(left)}


def are_apart(times: list[datetime], interval_s: float) -> None:
    """From one to the next it is this interval, as exactly as a loaded machine can."""
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(abs(gap_s - interval_s) <= interval_s / 4 for gap_s in gaps_s), gaps_s


class StationUnderTest:
    """The station, and what a tester does to it."""

    def __init__(self, product: Product, clock: SystemClock, url: str, file: Path) -> None:
        self.product, self.clock = product, clock
        self.store = SqliteStore(file)
        self.hardware = SimulatedHardware(product, clock)
        link = WebSocketLink(url, STATION, max_frame_bytes=product.frame_bytes_max)
        self.hardware.installer.takes_s = 0.2
        transfer = FileTransfer(file.parent, Limits(idle_s=_WAIT_S))
        diagnostics = diagnostics_of(lambda: self._station)
        self.files = FileJobs(transfer, self.hardware.installer, file.parent, diagnostics)
        self._station = Station(product, self.store, self.hardware, link, clock=clock, files=self.files)

    @property
    def fixed_cable(self) -> bool:
        """Whether the cables belong to the station."""
        return self.product.connectors[0].cable == "fixed"

    async def run(self) -> None:
        """Live until cancelled."""
        await self._station.run()

    async def lives(self, seconds: float) -> None:
        """Let time of the station pass, for what must not happen in it."""
        rung = asyncio.Event()
        self.clock.call_at(self.clock.now_ms() + int(seconds * 1000), rung.set)
        await rung.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look often until it holds. Raises `TimeoutError`."""
        async with asyncio.timeout(_WAIT_S):
            while not holds():
                await self.lives(0.1)

    async def is_quiet(self) -> None:
        """All that happened was told: nothing is on its way and nothing waits to be sent."""

        def nothing_to_say() -> bool:
            moment = self._station.state.moment
            call = moment.call
            return (
                call.open is None
                and not call.waiting
                and moment.queue.state == "idle"
                and not any(session.state in ("starting", "ending") for session in moment.sessions)
                and not any(report.due or report.settling for report in moment.status_reports)
            )

        await self._station.settled()
        await self.until(nothing_to_say)

    async def is_pending(self) -> None:
        """Wait until the station has heard that it is Pending."""
        await self.until(lambda: self._station.state.moment.registration.state == "pending")

    async def is_power_cycled(self) -> None:
        """Disconnect and reconnect the power."""
        await self._station.cut_power()

    def loses_mains(self) -> None:
        """Disconnect the power of a station with back-up power."""
        self.hardware.fail_mains()

    async def loses_the_network(self) -> None:
        """Cut the connection; it stays away."""
        await self.is_quiet()
        self._station.lose_network()
        await self.until(lambda: self._station.state.moment.link.state != "up")

    def finds_the_network(self) -> None:
        """From now on a connection succeeds."""
        self._station.restore_network()

    async def shows(self, connector: int, status: str) -> None:
        """Wait for a status that nobody may be told of yet."""
        await self.until(lambda: self._station.state.moment.connectors[connector].state == status)


class Driver:
    """Who uses connector 1, unless another is named."""

    def __init__(self, station: StationUnderTest) -> None:
        self._station, self._world = station, station.hardware

    def plugs_in(self, connector: int = 1) -> None:
        """Plug in at both ends."""
        self._world.plug_in(connector)

    def unplugs_at_the_ev(self, connector: int = 1) -> None:
        """Pull the cable out of the car."""
        self._world.unplug_ev(connector)

    async def unplugs(self, connector: int = 1) -> None:
        """Take the cable out, at both ends if it is the driver's own; a lock opens first."""
        if self._world.point(connector).cable == "joined":
            self._world.unplug_ev(connector)
        if not self._station.fixed_cable:
            await self._station.until(lambda: not self._world.point(connector).locked)
            self._world.unplug_station(connector)

    def presents(self, id_tag: str) -> None:
        """Hold a tag to the reader that serves connector 1."""
        self._world.present_tag(1, id_tag)

    def presents_at(self, connector: int, id_tag: str) -> None:
        """Hold a tag to the reader that serves this connector."""
        readers = enumerate(self._station.product.readers, start=1)
        self._world.present_tag(next(r for r, reader in readers if connector in reader.connectors), id_tag)


class Site(NamedTuple):
    """All who take part in a case."""

    station: StationUnderTest
    driver: Driver
    central_system: CertificationTool

    async def charging(self, id_tag: str = VALID, connector: int = 1) -> int:
        """Reusable state Charging: plugged in first, then started remotely; the transactionId."""
        tool = self.central_system
        authorizes = await tool.reads("AuthorizeRemoteTxRequests") == "true"
        self.driver.plugs_in(connector)
        await tool.expects("StatusNotification", connectorId=connector, status="Preparing")
        answer = await tool.asks("RemoteStartTransaction", connectorId=connector, idTag=id_tag)
        assert answer == {"status": "Accepted"}
        if authorizes:
            await tool.expects("Authorize", idTag=id_tag)
        await tool.expects_in_any_order(
            message("StartTransaction", connectorId=connector, idTag=id_tag),
            message("StatusNotification", connectorId=connector, status="Charging", errorCode="NoError"),
        )
        await self.station.is_quiet()
        return max(tool.transactions)

    async def authorized(self) -> None:
        """Reusable state Authorized: a tag was presented, no cable is there yet."""
        self.driver.presents(VALID)
        await self.central_system.expects_in_any_order(
            message("Authorize", idTag=VALID),
            message("StatusNotification", connectorId=1, status="Preparing"),
        )

    async def id_tag_cached(self, id_tag: str = VALID) -> None:
        """Memory state IdTagCached: the tag was used once, and the connector is free again."""
        await self.central_system.configures(AuthorizationCacheEnabled=True)
        transaction_id = await self.charging(id_tag)
        self.driver.presents(id_tag)
        await self.central_system.expects_in_any_order(
            message("StopTransaction", transactionId=transaction_id),
            message("StatusNotification", connectorId=1, status="Finishing"),
        )
        await self.driver.unplugs()
        await self.central_system.expects("StatusNotification", connectorId=1, status="Available")


@contextlib.asynccontextmanager
async def certified(
    name: ProductName,
    folder: Path,
    *,
    booted: bool = True,
    without: FeatureProfile | None = None,
    **facts: Any,
) -> AsyncIterator[Site]:
    """A station before the certification tool: registered, all connectors Available, nothing else going on."""
    clock = SystemClock(FACTOR)
    async with CertificationTool(clock.now_ms) as tool:
        station = StationUnderTest(
            product_of(name, without=without, **facts), clock, tool.url, folder / "station.db"
        )
        run = asyncio.create_task(station.run())
        try:
            if booted:
                await tool.expects("BootNotification")
                await tool.expects_status_of_all("Available")
            yield Site(station, Driver(station), tool)
            await station.is_quiet()
            tool.ends_well()
        finally:
            run.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await run
            station.store.close()


def case(
    *products: ProductName, booted: bool = True, without: FeatureProfile | None = None, **facts: Any
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A certification case on these products (none named: on all), without this feature profile, with these facts;
    it is given those it names.

    That is any of `site`, `station`, `driver`, `central_system`.
    """

    def of(play: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        wanted = inspect.signature(play).parameters
        others = [parameter for name, parameter in wanted.items() if name not in ("site", *Site._fields)]

        async def played(product: ProductName, folder: Path, values: dict[str, Any]) -> None:
            async with certified(product, folder, booted=booted, without=without, **facts) as site:
                players = {"site": site, **site._asdict()}
                await play(**values, **{name: players[name] for name in wanted if name in players})

        def run(product: ProductName, tmp_path: Path, **values: object) -> None:
            asyncio.run(played(product, tmp_path, values))

        functools.update_wrapper(run, play)
        own = list(inspect.signature(run, follow_wrapped=False).parameters.values())[:2]
        run.__signature__ = inspect.Signature([*own, *others])  # type: ignore[attr-defined]  # read by pytest
        return pytest.mark.parametrize("product", products or ("c6eu", "reference"))(run)

    return of
