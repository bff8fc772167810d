"""Answered messages leave the store in groups; whatever else is stored takes them along, in order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from adapters.virtual_station import Bench, ac, running
from typing_extensions import override

from pilotline.adapters.commits import GROUP_MAX, may_wait
from pilotline.adapters.store import CommitError, MemoryStore
from pilotline.core.effects import Change, Drop, Put
from pilotline.core.events import DeadlinePassed, External, ResultReceived
from pilotline.core.state import Boot, Counter
from pilotline.spec.messages.core import MeterValuesConf

SAMPLES = 150
ANSWERS = GROUP_MAX + 8
QUEUED = ("StartTransaction", "MeterValues", "StopTransaction")
ANSWER = ResultReceived(Counter(1), "m", MeterValuesConf())
LEAVES = Drop("outbox", 7)


class _Recording(MemoryStore):
    """Every commit, and which of them fail."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[Sequence[Change]] = []
        self.full = False

    @override
    def commit(self, changes: Sequence[Change]) -> None:
        if self.full:
            raise CommitError("store: no space left on device")
        self.commits.append(tuple(changes))
        super().commit(changes)


async def _charged_offline(bench: Bench) -> None:
    """A transaction that is running, with `SAMPLES` messages in the outbox, and the network is back soon."""
    await bench.charges()
    bench.station.lose_network()
    await bench.passes(SAMPLES * 60)
    assert len(bench.station.state.memory.outbox) == SAMPLES
    bench.station.restore_network()
    bench.store.commits.clear()  # type: ignore[attr-defined]  # the one above


async def _hears_answers(bench: Bench) -> Callable[[list[Any]], None]:
    """The network is back, and ends in the middle of a group; what lets the station hear again."""
    answer, answered = bench.system.hear, 0

    def answer_so_many(frame: list[Any]) -> None:
        nonlocal answered
        answered += 1
        if answered <= ANSWERS:
            answer(frame)

    bench.system.hear = answer_so_many  # type: ignore[method-assign]
    while answered == 0:
        await bench.passes(0.1)
    return answer


def _queued(bench: Bench) -> list[tuple[str, str]]:
    return [
        (message_id, str(payload)) for action, payload, message_id in bench.system.said if action in QUEUED
    ]


@pytest.mark.parametrize(
    ("event", "changes", "waits"),
    [
        (ANSWER, [LEAVES], True),
        (ANSWER, [LEAVES, Drop("transactions", 1)], True),
        (ANSWER, [LEAVES, Put("boot", None, Boot(Counter(1), "e", "m"))], False),
        (ANSWER, [Drop("authorization_cache", "TAG")], False),
        (DeadlinePassed(), [LEAVES], False),
    ],
)
def test_only_what_an_answer_takes_out_may_wait(event: External, changes: list[Change], waits: bool) -> None:
    assert may_wait(event, changes) == waits


def test_a_full_outbox_leaves_in_groups_and_the_rest_after_a_fifth_of_a_second() -> None:
    async def scenario() -> None:
        store = _Recording()
        async with running(ac(), store) as bench:
            await _charged_offline(bench)
            await bench.passes(30)
            drops = [len(commit) for commit in store.commits if isinstance(commit[-1], Drop)]
            assert drops == [GROUP_MAX, GROUP_MAX, SAMPLES % GROUP_MAX]
            assert [record for record in store.load() if record[0] == "outbox"] == []

    asyncio.run(scenario())


def test_what_else_is_stored_takes_them_along_in_order() -> None:
    async def scenario() -> None:
        store = _Recording()
        async with running(ac(), store) as bench:
            await _charged_offline(bench)
            await _hears_answers(bench)
            bench.world.unplug_ev(1)
            await bench.station.settled()
            numbers = [change.key for change in store.commits[-1] if isinstance(change, Drop)]
            assert numbers == sorted(numbers)
            kinds = [(type(change), change.collection) for change in store.commits[-1]]
            assert kinds == [(Drop, "outbox")] * (ANSWERS - GROUP_MAX) + [(Put, "transactions")]

    asyncio.run(scenario())


def test_a_cut_before_they_are_stored_sends_the_same_messages_again() -> None:
    async def scenario() -> None:
        store = _Recording()
        async with running(ac(), store) as bench:
            await _charged_offline(bench)
            hear = await _hears_answers(bench)
            assert len(bench.station.state.memory.outbox) == SAMPLES - ANSWERS
            assert sum(record[0] == "outbox" for record in store.load()) == SAMPLES - GROUP_MAX
            bench.system.hear = hear  # type: ignore[method-assign]
            await bench.station.cut_power()
            await bench.passes(60)
            assert not bench.station.state.memory.outbox
            said = _queued(bench)
            again = [message for place, message in enumerate(said) if message in said[:place]]
            assert len(again) == ANSWERS - GROUP_MAX + 1  # and the one that was open
            assert len({message_id for message_id, _ in said}) == len(
                set(said)
            )  # the same id: the same content

    asyncio.run(scenario())


def test_a_station_that_is_stopped_leaves_none_behind() -> None:
    async def scenario() -> None:
        store = _Recording()
        async with running(ac(), store) as bench:
            await _charged_offline(bench)
            await _hears_answers(bench)
        assert sum(record[0] == "outbox" for record in store.load()) == SAMPLES - ANSWERS

    asyncio.run(scenario())


def test_a_store_that_fails_keeps_them_waiting_and_loses_nothing() -> None:
    async def scenario() -> None:
        store = _Recording()
        async with running(ac(), store) as bench:
            await _charged_offline(bench)
            before = len(bench.system.said)
            store.full = True
            await bench.passes(200)
            sent = {message_id for action, _, message_id in bench.system.said[before:] if action in QUEUED}
            assert (
                len(sent) == GROUP_MAX
            )  # the last of them is answered in vain: that would have to be stored
            store.full = False
            await bench.passes(600)
            assert not bench.station.state.memory.outbox
            assert [record for record in store.load() if record[0] == "outbox"] == []
            said = _queued(bench)
            assert len({message_id for message_id, _ in said}) == len(set(said))

    asyncio.run(scenario())
