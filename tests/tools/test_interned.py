"""A state as one number: each slot has bits of its own, and nothing gets lost on the way there and back."""

import pytest
from msgspec.structs import replace

from pilotline.core.state import Instant, State
from pilotline.core.step import step
from pilotline.tools.check import interned as numbers
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.interned import ALL, MASKS, PLACES, SLOTS, Interned, TooManyValues, mask_of
from pilotline.tools.check.scopes import scopes

PRODUCT = scopes()["session"].product


def booted() -> State:
    return step(None, powered_up(PRODUCT, (False, False)), Instant(0)).state


def test_the_bits_of_the_slots_are_apart_and_make_up_the_whole() -> None:
    assert sum(MASKS) == ALL == mask_of(range(len(SLOTS)))
    assert sum(mask.bit_count() for mask in MASKS) == ALL.bit_count()


@pytest.mark.parametrize(
    "slot", ["timers", "dates"]
)  # one that often holds many values, and one that does not
def test_a_slot_may_hold_many_values_and_the_others_stay_as_they_are(slot: str) -> None:
    interned, state, place = Interned(PRODUCT), booted(), PLACES[slot]
    first = interned.node(state)
    for number in range(1, 1000):
        other = first & ~MASKS[place] | interned.bits(place, number)
        assert interned.value(place, other) == number
        assert (first ^ other) & ~MASKS[place] == 0
        assert interned.node(interned.state(other)) == other
    assert interned.state(first) == state


def test_a_slot_with_more_values_than_it_has_bits_for_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "VALUES_MAX", 3)
    interned, place = Interned(PRODUCT), PLACES["link"]
    for value in range(3):
        interned.bits(place, value)
    with pytest.raises(TooManyValues, match="link: a scope in which it holds more than 3 values"):
        interned.bits(place, 3)


def test_what_holds_the_same_is_the_same_number() -> None:
    interned, state = Interned(PRODUCT), booted()
    again = replace(state, moment=replace(state.moment, link=replace(state.moment.link)))
    assert interned.node(again) == interned.node(state)
