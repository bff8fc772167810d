"""Accepted, then Pending or Rejected at the next boot: the station falls silent, and no session is lost (§4.2)."""

import asyncio
from typing import Any

import pytest
from adapters.virtual_station import TAG, ac, running

WAIT_S = 60


def answers_since(answers: list[list[Any]], before: int) -> dict[str, Any]:
    return {message_id: payload for _, message_id, payload, *_ in answers[before:]}


@pytest.mark.parametrize("verdict", ["Pending", "Rejected"])
def test_a_session_goes_on_ends_and_is_reported_when_the_station_is_accepted_again(verdict: str) -> None:
    async def scenario() -> None:
        async with running(ac(power_cut="resume")) as bench:
            await bench.charges()
            await bench.passes(100)
            bench.system.planned["BootNotification"] = [{"status": verdict, "interval": WAIT_S}]
            said, answered = len(bench.system.said), len(bench.system.answers)
            await bench.station.cut_power()
            await bench.passes(1)
            assert bench.status(1) == "Charging"

            for message_id, action, payload in (
                ("start", "RemoteStartTransaction", {"idTag": "GUEST", "connectorId": 2}),
                ("stop", "RemoteStopTransaction", {"transactionId": 101}),
                ("ask", "GetConfiguration", {"key": ["NumberOfConnectors"]}),
            ):
                bench.system.hear([2, message_id, action, payload])
            await bench.passes(1)
            answers = answers_since(bench.system.answers, answered)
            if verdict == "Rejected":
                assert answers == {}
            else:
                assert answers["start"] == answers["stop"] == {"status": "Rejected"}
                assert answers["ask"]["configurationKey"][0]["value"] == "2"

            bench.world.present_tag(1, TAG)
            await bench.passes(WAIT_S - 10)
            assert bench.status(1) == "Finishing"
            assert bench.system.actions()[said:] == ["BootNotification"]

            await bench.passes(20)
            assert bench.system.actions()[said : said + 2] == ["BootNotification"] * 2
            (stop,) = bench.system.all("StopTransaction")
            assert (stop["transactionId"], stop["reason"], stop["idTag"]) == (101, "Local", TAG)
            assert not bench.station.state.memory.outbox

    asyncio.run(scenario())
