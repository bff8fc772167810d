"""What is durable when: all that a step changes before its effects, but answered messages leave in groups.

Theory of operation: a step's changes are stored before anything else it asks for is handed over. One kind of step may
be ahead of the store: an answer of the Central System after which records only leave, which are the message that it
answers and, with the last of them, the transaction. Such deletions wait in their order until there are
`GROUP_MAX`, until `GROUP_MS` have passed, or until another step stores something; they go before that, in the same
transaction of the store. If power goes first, the station finds those messages again and sends them again: the same
messages with the same ids in the same order, as after a cut before their answers (ADR 0009).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from pilotline.adapters.clock import Clock, Timer
from pilotline.adapters.store import Store
from pilotline.core.effects import Change, Drop
from pilotline.core.events import External, ResultReceived

_LOG: Final = logging.getLogger(__name__)
GROUP_MAX: Final = 64
GROUP_MS: Final = 200


class Commits:
    """The way of the changes into the store; one call at a time."""

    def __init__(self, store: Store, clock: Clock, due: Callable[[], None]) -> None:
        """`due` is called when `store_waiting` is to be."""
        self._store, self._clock, self._timer = store, clock, Timer(clock, due)
        self._waiting: list[Change] = []
        self._steps = 0

    async def store(self, event: External, changes: Sequence[Change]) -> bool:
        """True: the changes are durable, or may wait. False: the store cannot be written, and none of them counts."""
        if not changes:
            return True
        if may_wait(event, changes) and self._steps + 1 < GROUP_MAX:
            if not self._waiting:
                self._timer.set(self._clock.now_ms() + GROUP_MS)
            self._waiting.extend(changes)
            self._steps += 1
            return True
        return await self._written([*self._waiting, *changes])

    async def store_waiting(self) -> None:
        """Store what waits. If that fails it goes on waiting, for whatever is stored next."""
        if self._waiting:
            await self._written(self._waiting)

    def forget(self) -> None:
        """Power is gone, and what waits with it."""
        self._timer.set(None)
        self._waiting, self._steps = [], 0

    async def _written(self, changes: Sequence[Change]) -> bool:
        writing = asyncio.ensure_future(asyncio.to_thread(self._store.commit, changes))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait((writing,))  # nobody may close the store under a commit that is on its way
            self.forget()  # stored or not: to store it once more would undo what came after it
            raise
        except Exception as error:  # noqa: BLE001  (whatever a store raises, it has not stored)
            _LOG.error("store: cannot be written, so the state stays as it was: %s", error)
            return False
        self.forget()
        return True


def may_wait(event: External, changes: Sequence[Change]) -> bool:
    """An answer after which records of the outbox only leave: to lose that is to hear the answer once more."""
    return isinstance(event, ResultReceived) and all(
        isinstance(change, Drop) and change.collection in ("outbox", "transactions") for change in changes
    )
