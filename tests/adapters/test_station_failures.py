"""A store that is full, a step or an adapter that fails: what the run loop does then."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from adapters.virtual_station import TAG, Bench, ac, running
from typing_extensions import override

from pilotline.adapters.link import PowerCutError
from pilotline.adapters.station import StationError
from pilotline.adapters.store import CommitError, MemoryStore
from pilotline.core.effects import Change
from pilotline.core.events import (
    CablePlugged,
    CallReceived,
    CommitFailed,
    External,
    TagPresented,
)
from pilotline.core.state import State
from pilotline.core.step import Step, step


class _FailingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.tried = 0

    @override
    def commit(self, changes: Sequence[Change]) -> None:
        self.tried += 1
        if self.full:
            raise CommitError("store: no space left on device")
        super().commit(changes)


def test_no_transaction_starts_while_the_store_cannot_be_written() -> None:
    async def scenario() -> None:
        store = _FailingStore()
        async with running(ac(), store) as bench:
            happenings = bench.station.subscribe()
            store.full = True
            bench.world.plug_in(1)
            bench.world.present_tag(1, TAG)
            await bench.passes(2)
            assert not bench.station.state.memory.transactions
            assert bench.system.all("StartTransaction") == []
            assert not bench.world.point(1).closed
            assert any(isinstance(h.event, CommitFailed) for h in happenings.unread())

    asyncio.run(scenario())


def test_a_call_that_cannot_be_stored_is_answered_with_internalerror_and_changes_nothing() -> None:
    async def scenario() -> None:
        store = _FailingStore()
        async with running(ac(), store) as bench:
            store.full = True
            bench.system.hear([2, "m1", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "17"}])
            await bench.station.settled()
            assert bench.system.answers[-1][:3] == [4, "m1", "InternalError"]
            assert bench.station.state.memory.configuration.integer("HeartbeatInterval") == 300
            store.full = False
            bench.system.hear([2, "m2", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "17"}])
            await bench.station.settled()
            assert bench.system.answers[-1] == [3, "m2", {"status": "Accepted"}]

    asyncio.run(scenario())


def test_a_deadline_that_cannot_be_stored_is_tried_again_a_second_later_and_not_at_once() -> None:
    async def scenario() -> None:
        store = _FailingStore()
        async with running(ac(power_cut="resume"), store) as bench:
            await bench.charges()
            await bench.passes(58)
            store.full, store.tried = True, 0
            await bench.passes(10)
            assert 1 <= store.tried <= 12

    asyncio.run(scenario())


def test_what_happened_while_the_store_failed_is_known_once_it_works_again() -> None:
    async def scenario() -> None:
        store = _FailingStore()
        async with running(ac(), store) as bench:
            await bench.charges()
            store.full = True
            bench.world.present_tag(1, TAG)  # wants to stop, which cannot be stored
            await bench.passes(1)
            bench.world.pause_ev(1)
            await bench.passes(5)
            assert bench.system.all("StopTransaction") == []
            store.full = False
            await bench.passes(5)
            assert bench.status(1) == "SuspendedEV"
            bench.world.present_tag(1, TAG)
            await bench.passes(2)
            (stop,) = bench.system.all("StopTransaction")
            assert stop["meterStop"] == int(bench.world.point(1).register_wh)

    asyncio.run(scenario())


def test_a_slow_commit_holds_back_events_and_effects_but_not_the_loop() -> None:
    class Slow(MemoryStore):
        go_on = threading.Event()

        @override
        def commit(self, changes: Sequence[Change]) -> None:
            assert self.go_on.wait(10)
            super().commit(changes)

    async def scenario() -> None:
        store = Slow()
        store.go_on.set()
        async with running(ac(), store) as bench:
            store.go_on.clear()
            bench.system.hear([2, "m1", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "17"}])
            later = asyncio.create_task(bench.station.tell(CablePlugged(1)))
            for _ in range(100):
                await asyncio.sleep(0)  # the loop turns
            assert bench.system.answers == []
            assert not later.done()
            store.go_on.set()
            await later
            assert bench.system.answers == [[3, "m1", {"status": "Accepted"}]]
            assert bench.status(1) == "Preparing"

    asyncio.run(scenario())


def test_a_store_that_cannot_be_written_at_the_start_is_an_error_that_ends_the_run() -> None:
    async def scenario() -> None:
        store = _FailingStore()
        store.full = True
        bench = Bench(ac(), store)
        with pytest.raises(StationError, match="cannot be written"):
            await bench.station.run()
        with pytest.raises(PowerCutError):
            await bench.station.tell(CablePlugged(1))

    asyncio.run(scenario())


def _failing_step(bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    def failing(state: State, event: External, now: int) -> Step:
        if isinstance(event, kind):
            raise AssertionError("a bug")
        return step(state, event, now)  # type: ignore[arg-type]  # an Instant

    monkeypatch.setattr("pilotline.adapters.station.step", failing)


def test_one_failing_step_leaves_the_station_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            _failing_step(bench, monkeypatch, CablePlugged)
            before = bench.station.state
            await bench.station.tell(CablePlugged(1))
            assert bench.station.state is before
            await bench.station.tell(TagPresented(1, TAG))
            assert bench.station.state is not before

    asyncio.run(scenario())


def test_a_call_that_makes_a_step_fail_is_answered_with_internalerror(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        async with running(ac()) as bench:
            _failing_step(bench, monkeypatch, CallReceived)
            bench.system.hear([2, "m1", "GetConfiguration", {}])
            await bench.station.settled()
            assert bench.system.answers == [
                [4, "m1", "InternalError", "the station failed on this request", {}]
            ]

    asyncio.run(scenario())


def test_a_second_failure_within_a_minute_ends_the_run_with_open_contactors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        bench = Bench(ac())
        run = asyncio.create_task(bench.station.run())
        await bench.passes(1)
        await bench.charges()
        assert bench.world.point(1).closed
        _failing_step(bench, monkeypatch, CablePlugged)
        await bench.station.tell(CablePlugged(2))
        await bench.passes(61)
        await bench.station.tell(CablePlugged(2))
        with pytest.raises(PowerCutError):
            await bench.station.tell(CablePlugged(2))
        with pytest.raises(StationError, match="CablePlugged failed, twice within a minute"):
            await run
        assert not bench.world.point(1).closed

    asyncio.run(scenario())
