"""The run loop in virtual time: decide, commit, act; power cuts, lost networks, and parts that fail."""

import asyncio
from collections.abc import Sequence

import pytest
from adapters.virtual_station import TAG, Bench, ac, running
from typing_extensions import override

from pilotline.adapters.happenings import Subscription
from pilotline.adapters.hardware import OverloadedError
from pilotline.adapters.link import PowerCutError
from pilotline.adapters.station import RECENT_MAX, Station
from pilotline.adapters.store import MemoryStore
from pilotline.core.effects import Change, CloseContactor, Effect, OpenContactor, Put, SendCall
from pilotline.core.events import (
    CablePlugged,
    FrameReceived,
    PoweredUp,
    TagPresented,
)
from pilotline.core.state import Counter, State
from pilotline.core.step import step


def test_a_whole_session_goes_in_the_order_of_the_standard() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            assert bench.system.actions() == ["BootNotification"] + ["StatusNotification"] * 3
            await bench.charges()
            await bench.passes(130)
            bench.world.present_tag(1, TAG)
            await bench.passes(1)
            bench.world.unplug_station(1)
            await bench.passes(1)
            assert bench.system.actions()[4:] == [
                "StatusNotification",  # Preparing
                "Authorize",
                "StartTransaction",
                "StatusNotification",  # Charging
                "MeterValues",
                "MeterValues",
                "StopTransaction",
                "StatusNotification",  # Finishing
                "StatusNotification",  # Available
            ]
            assert bench.system.statuses(1) == [
                "Available",
                "Preparing",
                "Charging",
                "Finishing",
                "Available",
            ]
            (start,), (stop,) = bench.system.all("StartTransaction"), bench.system.all("StopTransaction")
            charged_wh = stop["meterStop"] - start["meterStart"]
            # 11 kW from lock and contactor closed (0.35 s) to contactor open (0.05 s after the second tag)
            assert charged_wh == int(11_000 * (131 - 0.35 + 0.05) / 3600)
            assert (stop["transactionId"], stop["reason"], stop["idTag"]) == (101, "Local", TAG)

    asyncio.run(scenario())


def test_a_power_cut_stops_the_transaction_with_powerloss_once_and_by_its_id() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            await bench.charges()
            await bench.passes(60)
            await bench.station.cut_power()
            assert not bench.world.point(1).closed
            await bench.passes(600)
            (stop,) = bench.system.all("StopTransaction")
            assert (stop["transactionId"], stop["reason"]) == (101, "PowerLoss")
            assert stop["meterStop"] == int(bench.world.point(1).register_wh)
            assert len(bench.system.all("StartTransaction")) == 1
            assert len(bench.system.all("BootNotification")) == 2
            assert not bench.station.state.memory.outbox

    asyncio.run(scenario())


def test_a_power_cut_between_commit_and_act_loses_nothing_that_was_committed() -> None:
    class CutInTheCommit(MemoryStore):
        bench: Bench | None = None
        cut: asyncio.Future[None] | None = None

        @override
        def commit(self, changes: Sequence[Change]) -> None:
            super().commit(changes)
            bench = self.bench
            if bench is not None and any(isinstance(c, Put) and c.collection == "outbox" for c in changes):
                self.bench = None  # the start is stored: power goes before anybody hears of it
                loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(bench.station.cut_power())))

    loop: asyncio.AbstractEventLoop
    tasks: list[asyncio.Task[None]] = []

    async def scenario() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        store = CutInTheCommit()
        async with running(ac(), store) as bench:
            store.bench = bench
            bench.world.plug_in(1)
            bench.world.present_tag(1, TAG)
            await bench.passes(1)
            await tasks[0]
            assert not bench.world.point(1).closed
            await bench.passes(60)
            assert bench.system.actions().count("StartTransaction") == 1
            (stop,) = bench.system.all("StopTransaction")
            assert (stop["transactionId"], stop["reason"]) == (101, "PowerLoss")

    asyncio.run(scenario())


def test_nothing_of_a_session_is_lost_while_the_network_is() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            await bench.charges()
            bench.station.lose_network()
            await bench.passes(200)
            assert bench.system.all("MeterValues") == []
            assert len(bench.system.connections) == 1
            bench.world.present_tag(1, TAG)
            await bench.passes(100)
            assert bench.status(1) == "Finishing"
            assert bench.system.all("StopTransaction") == []
            bench.station.restore_network()
            await bench.passes(200)
            assert len(bench.system.all("MeterValues")) == 3
            tail = [
                action for action in bench.system.actions() if action in ("MeterValues", "StopTransaction")
            ]
            assert tail == ["MeterValues"] * 3 + ["StopTransaction"]
            assert bench.system.statuses(1)[-1] == "Finishing"
            assert len(bench.system.all("BootNotification")) == 1

    asyncio.run(scenario())


def test_told_means_stepped_and_committed_whatever_the_central_system_does() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.mute.add("Authorize")
            await bench.station.tell(CablePlugged(1))
            assert bench.status(1) == "Preparing"
            await bench.station.tell(TagPresented(1, TAG))
            assert bench.station.state.moment.readers[1].id_tag == TAG

    asyncio.run(scenario())


def test_what_makes_safe_is_handed_over_before_the_commit() -> None:
    order: list[str] = []

    class Watched(MemoryStore):
        @override
        def commit(self, changes: Sequence[Change]) -> None:
            order.append("commit")
            super().commit(changes)

    async def scenario() -> None:
        async with running(ac(), Watched()) as bench:
            await bench.charges()
            perform = bench.world.perform

            def watched(effect: Effect) -> None:
                order.append(type(effect).__name__)
                perform(effect)

            bench.world.perform = watched  # type: ignore[method-assign]  # a spy
            order.clear()
            await bench.station.tell(TagPresented(1, TAG))
            assert order.index("OpenContactor") < order.index("commit") < order.index("SignalTag")

    asyncio.run(scenario())


def test_every_effect_is_handed_over_once_in_the_order_of_the_step() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            happenings = bench.station.subscribe()
            await bench.charges()
            effects = [effect for h in happenings.unread() for effect in h.effects]
            assert [e for e in effects if isinstance(e, CloseContactor | OpenContactor)] == [
                CloseContactor(1)
            ]
            sent = [e.message_id for e in effects if isinstance(e, SendCall)]
            assert sent == [message_id for _, _, message_id in bench.system.said[4:]]

    asyncio.run(scenario())


def test_the_same_acts_give_the_same_happenings() -> None:
    async def scenario() -> list[object]:
        bench = Bench(ac())
        happenings = bench.station.subscribe(10_000)
        run = asyncio.create_task(bench.station.run())
        await bench.passes(1)
        await bench.charges()
        await bench.passes(300)
        run.cancel()
        return [(h.at, h.event, h.trace, h.effects) for h in happenings.unread()]

    first, second = asyncio.run(scenario()), asyncio.run(scenario())
    assert len(first) > 30
    assert first == second


def test_the_happenings_replayed_through_step_give_the_same_state() -> None:
    async def scenario() -> None:
        bench = Bench(ac())
        happenings = bench.station.subscribe(10_000)
        run = asyncio.create_task(bench.station.run())
        await bench.passes(1)
        await bench.charges()
        await bench.passes(100)
        state: State | None = None
        for happening in happenings.unread():
            assert (state is None) == isinstance(happening.event, PoweredUp)
            state = step(state, happening.event, happening.at).state
        assert state == bench.station.state
        run.cancel()

    asyncio.run(scenario())


def test_a_slow_reader_loses_the_oldest_and_knows_how_many() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            happenings = bench.station.subscribe(2)
            for _ in range(5):
                await bench.station.tell(CablePlugged(1))
            await bench.station.tell(TagPresented(1, TAG))
            await bench.passes(0)
            unread = happenings.lost + 2
            assert unread > 5
            assert len(happenings.unread()) == 2

    asyncio.run(scenario())


def test_a_subscription_ends_with_the_station() -> None:
    async def scenario() -> None:
        bench = Bench(ac())
        run = asyncio.create_task(bench.station.run())
        await bench.passes(1)
        happenings = bench.station.subscribe()
        reading = asyncio.create_task(_read_to_the_end(happenings))
        await asyncio.sleep(0)
        run.cancel()
        assert await reading == 0

    asyncio.run(scenario())


async def _read_to_the_end(happenings: Subscription) -> int:
    return len([happening async for happening in happenings])


def test_what_is_told_while_power_goes_is_refused_and_not_taken_in_later() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            told = asyncio.create_task(bench.station.tell(CablePlugged(1)))
            await asyncio.sleep(0)
            await bench.station.cut_power()
            with pytest.raises(PowerCutError):
                await told
            assert bench.status(1) == "Available"

    asyncio.run(scenario())


def test_hardware_that_floods_the_station_is_refused() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            for _ in range(1000):
                bench.station.post(CablePlugged(1))
            with pytest.raises(OverloadedError, match="CablePlugged was not taken"):
                bench.station.post(CablePlugged(1))
            await bench.passes(1)
            assert bench.status(1) == "Preparing"

    asyncio.run(scenario())


def test_deadlines_of_an_earlier_boot_do_not_fire_after_a_cut() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            await bench.passes(100)
            await bench.station.cut_power()
            assert bench.station.now() == 0
            bench.world.plug_in(1)
            await bench.passes(59)
            assert bench.status(1) == "Preparing"

    asyncio.run(scenario())


def test_the_interval_of_pings_reaches_the_link_at_boot_and_when_it_changes() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            assert bench.system.pings == [30]
            change = {"key": "WebSocketPingInterval", "value": "0"}
            bench.system.hear([2, "m1", "ChangeConfiguration", change])
            await bench.station.settled()
            assert bench.system.pings == [30, 0]

    asyncio.run(scenario())


def test_junk_from_the_central_system_changes_nothing_and_ends_nothing() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            before = bench.station.state
            for junk in ("", "[", "[3]", "{}", "\x00", "[2,1]", "[9,1,2]", "[[" * 5000, '[3,"unknown",{}]'):
                await bench.station.tell(FrameReceived(Counter(1), junk))
            assert bench.station.state == before

    asyncio.run(scenario())


def test_state_before_power_is_refused_clearly() -> None:
    async def scenario() -> None:
        bench = Bench(ac())
        assert isinstance(bench.station, Station)
        with pytest.raises(PowerCutError, match="no power"):
            _ = bench.station.state

    asyncio.run(scenario())


# --- why ----------------------------------------------------------------------------------------------------


def test_what_happened_last_can_be_explained_and_is_bounded() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            started = bench.station.recent()[0]
            assert isinstance(started.event, PoweredUp)
            await bench.charges()
            await bench.station.cut_power()
            await bench.passes(1)
            recent = bench.station.recent()
            assert started in recent
            assert sum(isinstance(happening.event, PoweredUp) for happening in recent) == 2
            for happening in recent:
                assert happening.explained().trace == happening.trace
            for _ in range(RECENT_MAX):
                await bench.station.tell(CablePlugged(2))
            assert len(bench.station.recent()) == RECENT_MAX
            assert started not in bench.station.recent()

    asyncio.run(scenario())
