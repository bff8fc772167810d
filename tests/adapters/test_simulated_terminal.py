"""The simulated terminals: each reservation is settled or released once, however often that is commanded."""

from pathlib import Path

import pytest
from adapters.simulation_rig import Rig

from pilotline.adapters.simulated_terminal import DELAY_MS, Hold
from pilotline.core.effects import ReleaseAmount, ReserveAmount, SettleAmount, SignalCard
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    CardPresented,
)
from pilotline.core.state import Counter
from pilotline.spec.payment import MinorUnits

NUMBER, REFERENCE = Counter(7), "Ce-7"
RESERVE = ReserveAmount(1, NUMBER, REFERENCE, MinorUnits(5000), "EUR")
RELEASE = ReleaseAmount(1, NUMBER, REFERENCE)


def settle(amount: int) -> SettleAmount:
    return SettleAmount(1, NUMBER, REFERENCE, MinorUnits(amount))


def test_a_card_is_told_with_the_connector_that_was_chosen() -> None:
    rig = Rig()
    rig.world.terminals.present(1, 2, "visa")
    assert rig.told() == [CardPresented(1, 2, "visa")]


def test_a_reservation_takes_its_time_and_is_settled_with_the_rest_released() -> None:
    rig = Rig()
    rig.world.perform(RESERVE)
    rig.passes(DELAY_MS - 1)
    assert rig.told() == []
    rig.passes(1)
    assert rig.told() == [AmountReserved(NUMBER)]
    rig.world.perform(settle(1234))
    rig.passes(DELAY_MS)
    assert rig.told() == [AmountSettled(NUMBER)]
    assert rig.world.terminals.holds == {REFERENCE: Hold(REFERENCE, "EUR", 5000, 1234, 3766)}


def test_what_is_done_is_not_done_twice_and_is_answered_each_time() -> None:
    rig = Rig()
    for command in (RESERVE, settle(1234), settle(1234), RELEASE):
        rig.world.perform(command)
    rig.passes(DELAY_MS)
    assert rig.told() == [
        AmountReserved(NUMBER),
        AmountSettled(NUMBER),
        AmountSettled(NUMBER),
        AmountReleased(NUMBER),
    ]
    assert not rig.world.terminals.holds[REFERENCE].open
    assert rig.world.terminals.holds[REFERENCE].settled == 1234


@pytest.mark.parametrize(("limit", "told"), [(4999, AmountRefused(NUMBER)), (5000, AmountReserved(NUMBER))])
def test_a_card_is_refused_beyond_its_limit(limit: int, told: object) -> None:
    rig = Rig()
    rig.world.terminals.present(1, 1, "visa", limit)
    rig.told()
    rig.world.perform(RESERVE)
    rig.passes(DELAY_MS)
    assert rig.told() == [told]
    assert (REFERENCE in rig.world.terminals.holds) == isinstance(told, AmountReserved)


def test_what_was_never_reserved_is_released_all_the_same() -> None:
    rig = Rig()
    rig.world.perform(RELEASE)
    rig.passes(DELAY_MS)
    assert rig.told() == [AmountReleased(NUMBER)]
    assert rig.world.terminals.holds == {}


def test_a_power_cut_ends_what_is_under_way_and_nothing_that_was_done() -> None:
    rig = Rig()
    rig.world.perform(RESERVE)
    rig.passes(DELAY_MS)
    rig.world.perform(settle(1))
    rig.world.power_lost()
    rig.passes(DELAY_MS)
    assert rig.world.terminals.holds[REFERENCE].open


def test_the_ledger_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    rig = Rig(file=file)
    rig.world.perform(RESERVE)
    rig.passes(DELAY_MS)
    assert Rig(file=file).world.terminals.holds == {REFERENCE: Hold(REFERENCE, "EUR", 5000)}


def test_the_driver_sees_what_became_of_the_card() -> None:
    rig = Rig()
    rig.world.perform(SignalCard(1, True))
    assert rig.world.terminals.signals == {1: True}
