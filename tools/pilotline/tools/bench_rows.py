"""What firing a row costs, beside the `transitions` package: same machine, same guards, same actions.

Each row is fired in three ways, by turns with `trigger` in one process; figures are medians of CPU time.

- *row*: what `trigger` does and nothing else. Record, slice and event are given; the row is picked by its
  guards, its action runs, the record with the row's target is built, the outputs are at hand.
- *in the station*: what `step` does for this one row, by its own functions. The slice is built, the row is
  picked and acts, the station's new frozen state is built, orders are applied, effects and events queued.
- *step*: the whole `step` on the same event, where that takes no other row: every other machine that listens
  is asked too, and the levels that changed are found. `trigger` does nothing of the kind.
"""

import statistics
import timeit
from collections.abc import Callable
from time import process_time
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from pilotline.core.as_transitions import Instance, as_transitions
from pilotline.core.draft import Draft
from pilotline.core.events import ContactorClosed, EnergyDeclined, External, LinkLost, LinkUp, UseGranted
from pilotline.core.machines.conditions import CONTACTOR
from pilotline.core.machines.connector import CONNECTOR_STATUS
from pilotline.core.machines.link import LINK
from pilotline.core.machines.session import SESSION
from pilotline.core.reading import slice_function
from pilotline.core.state import Counter, Instant, State
from pilotline.core.statechart import Machine
from pilotline.core.step import apply, reaction, step
from pilotline.spec.products import load_product
from pilotline.tools.bench_figure import Figure, times_faster
from pilotline.tools.check.environment import powered_up

TIMES: Final = 2.5
NOW: Final = Instant(1000)


class Case(NamedTuple):
    """One row: the machine and the instance that take it, in which state of the station, on which event."""

    name: str
    machine: Machine[Any, Any]
    key: int | None
    state: State
    event: Any
    """An event of this machine's alphabet."""

    @property
    def own(self) -> Any:
        """The instance's record."""
        records = getattr(self.state.moment, self.machine.slot)
        return records if self.key is None else records[self.key]

    @property
    def reads(self) -> Any:
        """The instance's slice."""
        return slice_function(self.machine.reads)(self.state, self.key)


def cases() -> tuple[Case, ...]:
    """The rows that are measured: of a small machine, the link, the connector and the session."""
    product = load_product("c6eu")
    booted = step(None, powered_up(product, (False,) * (len(product.connectors) + 1)), Instant(0)).state
    moment = booted.moment
    charging = State(
        product,
        booted.memory,
        replace(
            moment,
            sessions=tuple(replace(s, state="charging") if s.connector == 1 else s for s in moment.sessions),
            connectors=tuple(
                replace(c, state="Charging") if c.connector == 1 else c for c in moment.connectors
            ),
        ),
    )
    return (
        Case("contactor W1/ContactorClosed", CONTACTOR, 1, booted, ContactorClosed(1)),
        Case("link L2/LinkUp", LINK, None, booted, LinkUp(Counter(1))),
        Case("link L3/LinkLost", LINK, None, booted, LinkLost(Counter(1), 0)),
        Case("connector C4/EnergyDeclined", CONNECTOR_STATUS, 1, charging, EnergyDeclined(1)),
        Case("session S2/UseGranted", SESSION, 1, booted, UseGranted(1, "TAG", None, 1)),
    )


def fired(
    machine: Machine[Any, Any], own: Any, reads: Any, event: object, now: Instant
) -> tuple[Any, tuple[object, ...]]:
    """The record after the row that the event takes, and what its action handed out."""
    binding = machine.pick(own, reads, event)
    if binding is None:
        return own, ()
    record, outputs = own, ()
    if binding.action is not None:
        outcome = binding.action(own, reads, event, now)
        record, outputs = outcome if type(outcome) is tuple else (outcome, ())
    target = binding.target
    if target is not None and record.state != target:
        record = replace(record, state=target)
    return record, outputs


def in_the_station(case: Case) -> Callable[[], State]:
    """Fire this row, and no other, in the whole station: the state after it."""
    slice_of = slice_function(case.machine.reads)
    _name, machine, key, state, event = case
    own = case.own

    def fire() -> State:
        reads = slice_of(state, key)
        binding = machine.pick(own, reads, event)
        assert binding is not None  # noqa: S101  (the case says so)
        draft = Draft(state, NOW)
        apply(draft, reaction(machine, key, own, reads, binding, event, NOW))
        draft.end_round()
        return draft.state

    return fire


class Peer:
    """The same row by `trigger`, again and again from the same record."""

    def __init__(self, case: Case) -> None:
        machine = as_transitions(case.machine)
        self.instance: Instance[Any, Any] = Instance(case.own, case.reads, NOW)
        machine.add_model(self.instance, initial=case.own.state)
        self._own, self._event, self._trigger = case.own, case.event, type(case.event).__name__

    def fire(self) -> bool:
        """Trigger once; the record is put back before it."""
        self.instance.own = self._own
        return self.instance.trigger(self._trigger, self._event)

    def forget(self) -> None:
        """Let go of what was handed out, outside of what is measured."""
        self.instance.outputs.clear()
        self.instance.taken.clear()


def row_figures(rounds: int = 25, calls: int = 1000) -> list[Figure]:
    """Every case as a row, in the station, and as a whole step where that takes no other row."""
    figures = []
    for case in cases():
        machine, own, reads, event = case.machine, case.own, case.reads, case.event
        peer = Peer(case)
        if not peer.fire() or (peer.instance.own, tuple(peer.instance.outputs)) != fired(
            machine, own, reads, event, NOW
        ):
            raise AssertionError(f"{case.name}: the two do not do the same")
        peer.forget()

        def row(m: Any = machine, o: Any = own, r: Any = reads, e: Any = event) -> object:
            return fired(m, o, r, e, NOW)

        works: list[Callable[[], object]] = [peer.fire, row, in_the_station(case)]
        if isinstance(event, External) and len(step(case.state, event, NOW).trace) == 1:

            def whole(s: State = case.state, e: External = event) -> object:
                return step(s, e, NOW)

            works.append(whole)
        peer_us, row_us, station_us, *step_us = by_turns(works, rounds, calls, peer.forget)
        figures.append(times_faster(f"row: {case.name}", row_us, peer_us, TIMES))
        figures.append(times_faster(f"in the station: {case.name}", station_us, peer_us, TIMES))
        figures.extend(times_faster(f"step: {case.name}", us, peer_us, None) for us in step_us)
    return figures


def by_turns(
    works: list[Callable[[], object]], rounds: int, calls: int, between: Callable[[], None]
) -> list[float]:
    """The median CPU time of one call of each, in microseconds; each is measured once in every round."""
    spent_s: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, spent in zip(works, spent_s, strict=True):
            spent.append(timeit.timeit(work, timer=process_time, number=calls))
            between()
    return [statistics.median(spent) / calls * 1e6 for spent in spent_s]
