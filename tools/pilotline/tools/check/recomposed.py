"""Breadth-first search over the tables of a scope, which are put together by nothing but their numbers.

What is promised is said anew, of the messages that wait and of what the Central System has said; `promela_model` says
the same to SPIN. A step that breaks a promise is cut short there, and the search goes on elsewhere, so that the tables
hold all that another search may look up before it finds the same.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from pilotline.core.events import PoweredUp
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.looked_at import Offer
from pilotline.tools.check.numbered import OUTBOX, TIMERS, Key
from pilotline.tools.check.tabulated import (
    ANSWERED,
    FAILED,
    KEPT,
    NOTHING,
    OLDEST_GONE,
    Fired,
    Tables,
)

DURABLE: Final = "a power cut loses no message"
DELIVERED: Final = "a message waits until it is answered, or has failed as often as it may"
IN_ORDER: Final = "what is sent is the oldest that waits"
PROMISES: Final = (DURABLE, DELIVERED, IN_ORDER)


class Broken(Exception):
    """A promise is broken."""


class Found(NamedTuple):
    """What a search over tables found."""

    nodes: frozenset[Key]
    moves: int
    raised_max: int
    """The most raised events that waited at once."""
    broken: tuple[str, ...]
    """Which promises, the first found first."""


class Recomposed:
    """One search."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.raised_max = 0

    def run(self) -> Found:
        """Search until no player has looked at a slot that was not known to count."""
        while True:
            worlds = (*self.tables.players, *self.tables.at_once)
            for world in worlds:
                world.grew = False
            found = self._search()
            if not any(world.grew for world in worlds):
                return found

    def _search(self) -> Found:
        tables, moves, broken = self.tables, 0, dict[str, None]()
        product = tables.scope.product
        booted = tables.first_boot(powered_up(product, (False,) * (len(product.connectors) + 1)))
        first = self._gone_on(booted.node, booted.raised, NOTHING)
        seen, pending = {first}, deque([first])
        while pending:
            node = pending.popleft()
            for move in self._moves(node):
                moves += 1
                try:
                    after = move()
                except Broken as promise:
                    broken.setdefault(str(promise))
                    continue
                if after not in seen:
                    seen.add(after)
                    pending.append(after)
        return Found(frozenset(seen), moves, self.raised_max, tuple(broken))

    def _moves(self, node: Key) -> Iterator[Callable[[], Key]]:
        if not self.tables.followed(node):
            return
        for player in self.tables.players:
            for offer in player(node):
                yield partial(self._happened, node, offer)
        fired = self.tables.due(node)
        if fired is not None:
            yield partial(self._fired, node, fired)

    def _fired(self, node: Key, fired: Fired) -> Key:
        passed = list(self.tables.settled.after(fired.after_ms, node))
        if not fired.raised:
            return tuple(passed)
        passed[TIMERS] = fired.timers
        return self._gone_on(tuple(passed), (fired.raised,), fired.said)

    def _happened(self, node: Key, offer: Offer) -> Key:
        event, said = offer
        if not isinstance(self.tables.events[event], PoweredUp):
            return self._gone_on(node, (event,), said)
        booted = self.tables.boot(event, node)
        if booted.became != KEPT:
            raise Broken(DURABLE)
        return self._gone_on(booted.node, booted.raised, NOTHING)

    def _gone_on(self, node: Key, events: tuple[int, ...], said: int) -> Key:
        """The rounds, and what the world does at once after them."""
        node = self._rounds(node, events, said)
        while prompted := next(filter(None, (world(node) for world in self.tables.at_once)), None):
            ((event, said),) = prompted
            node = self._rounds(node, (event,), said)
        return self.tables.settled.representative(node)

    def _rounds(self, node: Key, events: tuple[int, ...], said: int) -> Key:
        raised = deque(events)
        while raised:
            self.raised_max = max(self.raised_max, len(raised))
            event = raised.popleft()
            node, more = self._round(node, event, said)
            raised.extend(more)
        return node

    def _round(self, node: Key, event: int, said: int) -> tuple[Key, list[int]]:
        """Every component looks at the state at the start of the round."""
        tables, after, raised = self.tables, list(node), list[int]()
        for component in tables.components(event):
            row = tables.row(component, event, node)
            for place, number in row.writes:
                after[place] = number
            for place, order in row.orders:
                after[place] = tables.carried_out(place, after[place], order)
            raised.extend(row.raised)
            if row.sends and row.sends != tables.waiting(node[OUTBOX])[0]:
                raise Broken(IN_ORDER)
        became = tables.what_became(node[OUTBOX], after[OUTBOX])
        done = said == ANSWERED or (said == FAILED and tables.used_up(node[OUTBOX]))
        if became != KEPT and not (became == OLDEST_GONE and done):
            raise Broken(DELIVERED)
        return tuple(after), raised
