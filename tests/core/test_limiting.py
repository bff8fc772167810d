"""What limits depend on is read out of a station: since when a transaction runs, whatever boot it began in."""

import pytest
from msgspec.structs import replace
from station_bench import Bench

from pilotline.core.limiting import situation_of
from pilotline.core.state import Counter, Instant, Stamp, State, UtcTime

EPOCH = 1_000_000
NOW = Instant(7000)


def begun(stamp: Stamp | None, charged: Stamp | None = None) -> State:
    """Connector 1 charges in the second boot, since then; the clock is known."""
    state = Bench().charge(1).state
    number, transaction = next(iter(state.memory.transactions.items()))
    memory = replace(
        state.memory,
        boot=replace(state.memory.boot, number=Counter(2)),
        transactions=state.memory.transactions.set(
            number, replace(transaction, began=stamp, charged=charged)
        ),
    )
    clock = replace(state.moment.clock, state="known", epoch=UtcTime(EPOCH))
    return State(state.product, memory, replace(state.moment, clock=clock))


@pytest.mark.parametrize(
    ("stamp", "since"),
    [
        (Stamp(Counter(2), Instant(3000), UtcTime(42)), 42),
        (Stamp(Counter(2), Instant(3000)), EPOCH + 3000),
        (Stamp(Counter(1), Instant(3000)), EPOCH),
        (None, EPOCH + NOW),
    ],
    ids=["dated", "undated, of this boot", "undated, of an earlier boot", "just being recorded"],
)
def test_a_transaction_counts_from_its_beginning(stamp: Stamp | None, since: int) -> None:
    use = situation_of(begun(stamp), NOW)[0].uses[1]
    assert (use.started, use.charging) == (since, None)


def test_its_charging_counts_from_the_first_energy() -> None:
    stamp = Stamp(Counter(2), Instant(3000), UtcTime(42))
    assert (
        situation_of(begun(stamp, Stamp(Counter(2), Instant(5000))), NOW)[0].uses[1].charging == EPOCH + 5000
    )


def test_who_does_not_charge_has_no_use() -> None:
    assert set(situation_of(begun(None), NOW)[0].uses) == {1}
