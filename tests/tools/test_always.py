"""What always holds is held where it could break, and nowhere else."""

import pytest

from pilotline.core.properties import ALWAYS, Always
from pilotline.core.state import Instant, State
from pilotline.core.step import step
from pilotline.tools.check.always import AlwaysHeld, together
from pilotline.tools.check.broken import BrokenPromise
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.interned import ALL, MASKS, PLACES, Interned
from pilotline.tools.check.scopes import scopes

PRODUCT = scopes()["session"].product


def test_each_promise_is_in_one_group_with_one_that_is_about_as_much() -> None:
    groups = together(ALWAYS)
    assert sorted(promise.name for group in groups for promise in group) == sorted(p.name for p in ALWAYS)
    assert all(promise.about <= group[0].about for group in groups for promise in group)
    assert len(groups) < len(ALWAYS)


def test_a_promise_is_looked_at_again_only_where_what_it_looked_at_is_another() -> None:
    asked: list[str] = []

    def holds(name: str, slot: str, answer: bool = True) -> Always:
        def look(state: State) -> bool:
            asked.append(name)
            return getattr(state.moment, slot) is not None and (answer or not asked.count(name) > 1)

        return Always(name, "§0", look, frozenset({slot, "sessions"}))

    interned = Interned(PRODUCT)
    held = AlwaysHeld(interned, [holds("of the link", "link"), holds("breaks", "call", answer=False)])
    node = interned.node(step(None, powered_up(PRODUCT, (False, False)), Instant(0)).state)
    held.everything(node)
    assert asked == ["of the link", "breaks"]
    held.where(node, ALL ^ MASKS[PLACES["link"]] ^ MASKS[PLACES["call"]])
    held.where(node, ALL)  # the same state: remembered
    assert asked == ["of the link", "breaks"]
    other = node & ~MASKS[PLACES["call"]] | interned.bits(PLACES["call"], "another")
    with pytest.raises(BrokenPromise, match="breaks"):
        held.where(other, node ^ other)
    assert asked == ["of the link", "breaks", "breaks"]
