"""A Reset is a real restart of the station: from the store, with its cause, on a new connection (§5.14)."""

import asyncio
from typing import Any

import pytest
from adapters.virtual_station import Bench, ac, running

from pilotline.adapters.link import PowerCutError
from pilotline.core.events import CallReceived, PoweredUp, TagPresented
from pilotline.spec.messages.core import ResetReq


async def asks(bench: Bench, action: str, **payload: Any) -> Any:
    bench.system.hear([2, f"cs-{len(bench.system.answers)}", action, payload])
    await bench.passes(1)
    return bench.system.answers


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
def test_a_reset_restarts_the_station_from_its_store(kind: str, reason: str) -> None:
    async def scenario() -> None:
        async with running(ac(power_cut="resume")) as bench:
            await bench.charges()
            happenings = bench.station.subscribe()
            (answer,) = await asks(bench, "Reset", type=kind)
            assert answer[2] == {"status": "Accepted"}
            await bench.passes(10)
            state = bench.station.state
            assert state.memory.boot.number == 2
            assert state.memory.reset.state == "up"
            causes = [h.event.cause for h in happenings.unread() if isinstance(h.event, PoweredUp)]
            assert causes == [reason]
            assert bench.system.all("StopTransaction")[0]["reason"] == reason
            assert bench.system.actions().count("BootNotification") == 2
            assert bench.system.connections == [1, 1]
            assert bench.world.power_w(1) == 0
            assert not bench.world.point(1).closed

    asyncio.run(scenario())


def test_who_told_of_the_reset_hears_that_it_was_taken_in() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            connection = bench.station.state.moment.link.connection
            call = CallReceived(connection, "cs-1", ResetReq(type="Hard"))
            await bench.station.tell(call)
            await bench.passes(1)
            assert bench.station.state.memory.boot.number == 2

    asyncio.run(scenario())


def test_a_restart_that_fails_is_ordered_again_and_then_given_up() -> None:
    async def scenario() -> None:
        product = ac(reboot_deadline_s=10, configuration={"ResetRetries": "2"})
        async with running(product) as bench:
            bench.world.reboots_fail = True
            await asks(bench, "Reset", type="Hard")
            await bench.passes(15)
            assert bench.station.state.memory.reset.failures == 1
            await bench.passes(10)
            assert bench.station.state.memory.reset.state == "up"
            assert bench.station.state.memory.boot.number == 1
            assert "ResetFailure" in {p["errorCode"] for p in bench.system.all("StatusNotification")}

    asyncio.run(scenario())


def test_an_event_of_the_time_before_the_restart_is_forgotten() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.hear([2, "cs-1", "Reset", {"type": "Hard"}])
            with pytest.raises(PowerCutError):
                await bench.station.tell(TagPresented(1, "LATE"))

    asyncio.run(scenario())
