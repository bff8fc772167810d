"""The Central System gives two transactions the same transactionId: none is lost, and each can be stopped (§5.12)."""

import asyncio

import pytest
from adapters.virtual_station import TAG, Bench, ac, running


async def both_charge(bench: Bench) -> None:
    bench.system.planned["StartTransaction"] = [{"transactionId": 7}, {"transactionId": 7}]
    await bench.charges()
    bench.world.plug_in(2)
    bench.world.present_tag(2, "OTHER")
    await bench.passes(5)
    assert (bench.status(1), bench.status(2)) == ("Charging", "Charging")


def test_a_remote_stop_ends_the_newest_and_the_next_one_the_other(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            await both_charge(bench)
            (told,) = [record.message for record in caplog.records if "twice" in record.message]
            assert told == (
                "station: transactionId 7 was given twice: transaction 1, on connector 1, has it, too"
            )
            for statuses in (("Charging", "Finishing"), ("Finishing", "Finishing")):
                bench.system.hear([2, f"stop {statuses}", "RemoteStopTransaction", {"transactionId": 7}])
                await bench.passes(5)
                assert (bench.status(1), bench.status(2)) == statuses
            bench.system.hear([2, "once more", "RemoteStopTransaction", {"transactionId": 7}])
            await bench.passes(5)
            assert [answer[2] for answer in bench.system.answers] == [
                {"status": "Accepted"},
                {"status": "Accepted"},
                {"status": "Rejected"},
            ]
            stops = bench.system.all("StopTransaction")
            assert [(stop["transactionId"], stop["reason"]) for stop in stops] == [(7, "Remote")] * 2
            assert not bench.station.state.memory.transactions

    asyncio.run(scenario())


def test_each_driver_stops_his_own() -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            await both_charge(bench)
            bench.world.present_tag(1, TAG)
            await bench.passes(5)
            assert (bench.status(1), bench.status(2)) == ("Finishing", "Charging")
            bench.world.present_tag(2, "OTHER")
            await bench.passes(5)
            assert (bench.status(1), bench.status(2)) == ("Finishing", "Finishing")
            assert len(bench.system.all("StopTransaction")) == 2

    asyncio.run(scenario())
