"""A start is answered late while its repeat waits its turn: the repeat hears its own answer, and nobody else (§3.7)."""

import asyncio
from typing import Any

from adapters.virtual_station import TAG, ac, running

SETTINGS = {
    "AllowOfflineTxForUnknownId": "true",
    "MessageTimeout": "1",
    "TransactionMessageRetryInterval": "0",
    "MeterValueSampleInterval": "0",
}


def test_each_start_gets_the_transaction_id_that_answers_it() -> None:
    async def scenario() -> None:
        async with running(ac(configuration=SETTINGS)) as bench:
            answered: dict[str, dict[str, Any]] = {}
            hear = bench.system.hear

            def hear_and_keep(frame: list[Any]) -> None:
                answered[frame[1]] = frame[2]
                hear(frame)

            bench.system.hear = hear_and_keep  # type: ignore[method-assign]
            bench.station.lose_network()
            for connector in (1, 2):
                bench.world.plug_in(connector)
                bench.world.present_tag(connector, TAG)
            await bench.passes(5)
            bench.system.mute = {"StartTransaction"}
            bench.station.restore_network()
            while "StartTransaction" not in bench.system.actions():
                await bench.passes(0.1)
            bench.system.mute.add("StatusNotification")
            bench.world.pause_ev(1)
            await bench.passes(1.1)
            assert bench.system.actions()[-1] == "StatusNotification"  # open, and the repeat waits behind it
            (start,) = [
                message_id for action, _, message_id in bench.system.said if action == "StartTransaction"
            ]
            bench.system.hear([3, start, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}])
            bench.system.mute.clear()
            await bench.passes(60)

            starts = {p["connectorId"]: m for a, p, m in bench.system.said if a == "StartTransaction"}
            transactions = {t.connector: t.answered for t in bench.station.state.memory.transactions.values()}
            for connector, message_id in starts.items():
                answer = transactions[connector]
                assert answer is not None
                assert answer.transaction_id == answered[message_id]["transactionId"], connector
            assert len(starts) == 2

    asyncio.run(scenario())
