"""What it costs to queue one message while few or many wait: the whole `step` that records it, offline.

The events are those of one session: the lock that closes (StartTransaction is recorded), a reading of the meter
(MeterValues), the contactor that opens (StopTransaction). Both stations are measured by turns; medians of CPU time.
"""

from collections.abc import Callable
from typing import Final

from pilotline.core.events import (
    CablePlugged,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    EnergyRequested,
    External,
    MeterRead,
    TagPresented,
)
from pilotline.core.snapshot import memory_of
from pilotline.core.state import Counter, Instant, Readings, State, Wh
from pilotline.core.step import step
from pilotline.spec.products import adjusted, load_product
from pilotline.tools.bench_figure import Figure, times_the_cost
from pilotline.tools.bench_rows import by_turns
from pilotline.tools.bench_waiting import SAMPLES, waiting
from pilotline.tools.check.environment import powered_up

FEW: Final = 10
MANY: Final = 10_000
ROOM: Final = 20_000  # a queue that is full is thinned, once for many messages: that is another figure
TIMES: Final = 1.25
_NOW: Final = Instant(1000)
_READINGS: Final = Readings(Wh(1_000_000), SAMPLES)


def queueing(messages: int) -> dict[str, tuple[State, External]]:
    """The steps that record a message, by its name, on a station that is offline while so many wait already."""
    product = adjusted(load_product("reference"), {"AllowOfflineTxForUnknownId": "true"}, outbox_max=ROOM)
    behind = waiting(product, messages)
    state = step(memory_of(product, behind.records()), powered_up(product, (False,) * 3), Instant(0)).state
    number = Counter(max(state.memory.transactions) + 1)
    events: tuple[tuple[str, External], ...] = (
        ("", CablePlugged(1)),
        ("", EnergyRequested(1)),
        ("", TagPresented(1, "TAG")),
        ("StartTransaction", ConnectorLocked(1, _READINGS)),
        ("", ContactorClosed(1)),
        ("MeterValues", MeterRead(1, number, "Sample.Periodic", _READINGS)),
        ("", TagPresented(1, "TAG")),
        ("StopTransaction", ContactorOpened(1, _READINGS)),
    )
    found = {}
    for name, event in events:
        if name:
            found[name] = (state, event)
        state = step(state, event, _NOW).state
    return found


def queue_figures(rounds: int = 25, calls: int = 100, many: int = MANY) -> list[Figure]:
    """Each message behind many, beside the same behind few."""
    few, lots = queueing(FEW), queueing(many)
    figures = []
    for name in few:
        few_us, many_us = by_turns(
            [_stepping(*few[name]), _stepping(*lots[name])], rounds, calls, lambda: None
        )
        figures.append(times_the_cost(f"queue: {name} behind {many:,}, beside {FEW}", many_us, few_us, TIMES))
    return figures


def _stepping(state: State, event: External) -> Callable[[], object]:
    return lambda: step(state, event, _NOW)
