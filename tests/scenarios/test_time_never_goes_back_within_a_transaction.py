"""Power goes again and again while no clock is known: no message is dated before the one recorded before it (§3.14)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from adapters.virtual_station import TAG, Bench, ac, running

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "30"}


def _tells_the_time(bench: Bench) -> None:
    answer = bench.system._answer

    def answer_in_time(action: str) -> dict[str, Any]:
        told = answer(action)
        if "currentTime" in told:
            told["currentTime"] = (EPOCH + timedelta(milliseconds=bench.clock.now_ms())).isoformat()
        return told

    bench.system._answer = answer_in_time  # type: ignore[method-assign]


def _times(bench: Bench) -> list[datetime]:
    found = []
    for action, payload, _ in bench.system.said:
        if action == "MeterValues":
            found.extend(datetime.fromisoformat(value["timestamp"]) for value in payload["meterValue"])
        elif action in ("StartTransaction", "StopTransaction"):
            found.append(datetime.fromisoformat(payload["timestamp"]))
    return found


@pytest.mark.parametrize("power_cut", ["stop", "resume"])
def test_messages_of_boots_without_a_clock_are_dated_in_their_order(power_cut: str) -> None:
    async def scenario() -> None:
        async with running(ac(configuration=SETTINGS, power_cut=power_cut)) as bench:
            _tells_the_time(bench)
            await bench.passes(600)
            await bench.station.cut_power()  # from here on the time is right
            await bench.passes(600)
            await bench.charges()
            await bench.passes(100)
            bench.station.lose_network()
            for _boot in range(3):
                await bench.station.cut_power()
                await bench.passes(40)
                if not bench.station.state.moment.sessions[1].transaction:
                    bench.world.present_tag(1, TAG)
                await bench.passes(70)
            bench.station.restore_network()
            await bench.passes(600)
            bench.world.unplug_ev(1)
            await bench.passes(600)
            assert not bench.station.state.memory.outbox
            times = _times(bench)
            assert len(times) > 8
            assert times == sorted(times)
            assert times[-1] <= EPOCH + timedelta(milliseconds=bench.clock.now_ms())

    asyncio.run(scenario())


def test_a_stop_that_waited_for_its_register_over_a_cut_is_dated_after_its_start() -> None:
    async def scenario() -> None:
        async with running(ac(configuration=SETTINGS)) as bench:
            _tells_the_time(bench)
            await bench.passes(600)
            await bench.station.cut_power()
            await bench.passes(600)
            bench.station.lose_network()
            await bench.station.cut_power()
            await bench.passes(40)
            await bench.charges()
            await bench.passes(60)
            bench.world.weld_contactor(1)
            bench.world.present_tag(1, TAG)
            await bench.station.settled()
            assert bench.station.state.memory.transactions[1].state == "stopping"  # type: ignore[index]
            await bench.station.cut_power()
            await bench.passes(10)
            await bench.station.cut_power()
            bench.station.restore_network()
            await bench.passes(600)
            times = _times(bench)
            assert len(times) == 4
            assert times == sorted(times)

    asyncio.run(scenario())
