"""The Central System answers with fields that cannot be: it is told in the log, tried again, and no session is lost."""

import asyncio
from typing import Any

import pytest
from adapters.virtual_station import TAG, ac, running

from pilotline.adapters.http.answers import state_answer

UNREADABLE: list[tuple[str, dict[str, Any], str]] = [
    (
        "StartTransaction",
        {"transactionId": "seven"},
        "StartTransaction.req was answered by TypeConstraintViolation: the answer cannot be read: "
        "payload.transactionId: ",
    ),
    (
        "StartTransaction",
        {"idTagInfo": {"status": "Perhaps"}},
        "StartTransaction.req was answered by PropertyConstraintViolation: the answer cannot be read: "
        "payload.idTagInfo.status: ",
    ),
    (
        "StartTransaction",
        {"surprise": "\x1b[2J\n2026 all is well"},
        "StartTransaction.req was answered by FormationViolation: the answer cannot be read: payload.surprise: ",
    ),
    (
        "StopTransaction",
        {"idTagInfo": {"status": "Accepted", "expiryDate": "tomorrow"}},
        "StopTransaction.req was answered by ",
    ),
]


@pytest.mark.parametrize(("action", "fields", "complaint"), UNREADABLE)
def test_a_transaction_message_that_is_answered_unreadably_is_sent_again(
    action: str, fields: dict[str, Any], complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.planned[action] = [fields]
            await bench.charges()
            await bench.passes(200)
            bench.world.present_tag(1, TAG)
            await bench.passes(200)
            ids = [message_id for said, _, message_id in bench.system.said if said == action]
            assert len(ids) == 2
            assert len(set(ids)) == 1  # a repeat is the same message
            told = [record.message for record in caplog.records if record.levelname == "WARNING"]
            assert [line for line in told if line.startswith(f"station: {complaint}")] == told
            assert all(line.isprintable() for line in told)
            assert len(told) == 1
            (stop,) = bench.system.all("StopTransaction")[-1:]
            assert stop["transactionId"] == bench.system.transaction_id
            assert not bench.station.state.memory.transactions

    asyncio.run(scenario())


def test_an_error_that_would_steer_a_terminal_is_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.mute.add("StartTransaction")
            await bench.charges()
            (message_id,) = [m for said, _, m in bench.system.said if said == "StartTransaction"]
            bench.system.hear([4, message_id, "InternalError", "\x1b[2Jno\nsuch table", {}])
            await bench.passes(1)
            assert [record.message for record in caplog.records] == [
                "station: StartTransaction.req was answered by InternalError: \\x1b[2Jno\\nsuch table"
            ]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "boot",
    [
        {"currentTime": "9999-12-31T23:59:59Z"},
        {"currentTime": "0001-01-01T00:00:00Z"},
        {"interval": -5},
        {"interval": 0},
        {"interval": 2**31 - 1},
    ],
)
def test_a_clock_or_an_interval_at_its_end_keeps_nobody_from_charging(boot: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.planned["BootNotification"] = [boot]
            await bench.station.cut_power()
            await bench.passes(1)
            await bench.charges()
            await bench.passes(100)
            bench.world.present_tag(1, TAG)
            await bench.passes(10)
            assert len(bench.system.all("StopTransaction")) == 1
            assert not bench.station.state.memory.outbox
            assert state_answer(bench.station, bench.world).clock.state == "known"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "boot",
    [
        {"currentTime": "yesterday"},
        {"currentTime": "0001-01-01T00:00:00+14:00"},
        {"interval": 10**40},
        {"status": "accepted"},
    ],
)
def test_an_unreadable_boot_answer_is_no_acceptance_and_the_boot_is_notified_again(
    boot: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            bench.system.planned["BootNotification"] = [boot]
            said = len(bench.system.said)
            await bench.station.cut_power()
            await bench.passes(1)
            assert bench.system.actions()[said:] == ["BootNotification"]
            await bench.passes(600)
            assert bench.system.actions()[said : said + 3] == ["BootNotification"] * 2 + [
                "StatusNotification"
            ]
            (told,) = [record.message for record in caplog.records]
            assert told.startswith("station: BootNotification.req was answered by ")
            assert "the answer cannot be read: payload." in told

    asyncio.run(scenario())
