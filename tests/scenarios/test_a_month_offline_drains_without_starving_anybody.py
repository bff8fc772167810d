"""A month without network: thousands of messages wait, drain in their order, and keep nobody else from being heard.

The head of the outbox never goes before who wants to start now, and is itself passed over a few times at most
(`PASSED_OVER_MAX`). The whole run loop, in virtual time, against a Central System that takes half a second to answer.
"""

import asyncio
from typing import Any

from adapters.virtual_station import TAG, Bench, ac, running

from pilotline.adapters.simulated_car import Car
from pilotline.core.events import DataTransferRequested
from pilotline.core.machines.call import PASSED_OVER_MAX

QUEUED = ("StartTransaction", "MeterValues", "StopTransaction")
ANSWER_MS = 500
DAY_S = 86_400
STATION = {
    "reconnect_max_s": 3600,
    "configuration": {
        "AllowOfflineTxForUnknownId": "true",
        "MeterValueSampleInterval": "300",
        "MeterValuesSampledData": "Energy.Active.Import.Register",
    },
}
CAR = Car(capacity_wh=1_000_000)


def _takes_its_time(bench: Bench) -> None:
    """Every answer comes half a second after the request."""
    hear = bench.system.hear

    def hear_later(frame: list[Any]) -> None:
        bench.clock.call_at(bench.clock.now_ms() + ANSWER_MS, lambda: hear(frame))

    bench.system.hear = hear_later  # type: ignore[method-assign]


async def _a_month_offline(bench: Bench) -> None:
    """Every day a car charges for eight hours at connector 1."""
    bench.station.lose_network()
    for _day in range(30):
        bench.world.plug_in(1, CAR)
        bench.world.present_tag(1, TAG)
        await bench.passes(DAY_S / 3)
        bench.world.present_tag(1, TAG)
        await bench.passes(1)
        bench.world.unplug_ev(1)
        bench.world.unplug_station(1)
        await bench.passes(DAY_S * 2 / 3)


def test_a_month_of_messages_drains_in_order_while_others_are_heard() -> None:
    async def scenario() -> None:
        async with running(ac(**STATION)) as bench:
            await _a_month_offline(bench)
            waiting = len(bench.station.state.memory.outbox)
            assert waiting > 2500
            _takes_its_time(bench)
            bench.station.restore_network()
            while "MeterValues" not in bench.system.actions():
                await bench.passes(60)
            began = len(bench.system.said)
            for visit in range(20):
                bench.world.plug_in(2, CAR)
                bench.world.present_tag(2, f"VISITOR{visit:02d}")
                asked = len(bench.system.said)
                await bench.passes(4)
                said = bench.system.actions()[asked:]
                assert "Authorize" in said[:3], said  # who stands there does not wait for the month
                assert bench.status(2) == "Charging"
                bench.world.unplug_ev(2)
                await bench.passes(4)
                bench.world.unplug_station(2)
                await bench.passes(4)
            live = bench.system.actions()[began:]
            assert live.count("Authorize") == 20
            assert live.count("StatusNotification") >= 60
            assert live.count("MeterValues") > 100  # and the month goes on meanwhile
            await bench.passes(3600)
            assert not bench.station.state.memory.outbox
            assert not bench.station.state.memory.transactions
            assert bench.system.actions()[-5:] == ["Heartbeat"] * 5  # due in silence, and now it is silent
            _all_is_there_in_order(bench, transactions=30 + 20)

    asyncio.run(scenario())


def test_whoever_has_much_to_tell_does_not_hold_up_the_month() -> None:
    async def scenario() -> None:
        async with running(ac(**STATION)) as bench:
            await _a_month_offline(bench)
            _takes_its_time(bench)
            bench.station.restore_network()
            while "MeterValues" not in bench.system.actions():
                await bench.passes(60)
            began = len(bench.system.said)
            for number in range(100):  # more than can be said in the time of one answer
                for connector in (1, 2):
                    bench.world.plug_in(connector, CAR)
                    bench.world.present_tag(connector, f"VISITOR{number}-{connector}")
                bench.station.post(DataTransferRequested("vendor", None, str(number)))
                await bench.passes(0.25)
                for connector in (1, 2):
                    bench.world.unplug_ev(connector)
                    bench.world.unplug_station(connector)
                await bench.passes(0.25)
            longest = passed = 0
            for action in bench.system.actions()[began:]:
                passed = 0 if action in QUEUED else passed + 1
                longest = max(longest, passed)
            assert longest == PASSED_OVER_MAX + 1  # the first went before the head had asked

    asyncio.run(scenario())


def _all_is_there_in_order(bench: Bench, transactions: int) -> None:
    queued = [
        (action, payload, message_id) for action, payload, message_id in bench.system.said if action in QUEUED
    ]
    numbers = [int(message_id.rpartition("q")[2], 16) for _, _, message_id in queued]
    assert numbers == list(range(1, len(queued) + 1))  # each once, as recorded
    kinds: dict[int, list[str]] = {}
    started = 100
    for action, payload, _ in queued:
        started += action == "StartTransaction"
        number = started if action == "StartTransaction" else payload["transactionId"]
        kinds.setdefault(number, []).append(action)
    assert len(kinds) == transactions
    for actions in kinds.values():
        assert (actions[0], actions[-1]) == ("StartTransaction", "StopTransaction")
        assert set(actions[1:-1]) <= {"MeterValues"}
