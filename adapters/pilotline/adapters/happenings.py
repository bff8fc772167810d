"""What happens in a station, for those who watch: panels, logs, tests. None of them slows it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from msgspec import Struct
from typing_extensions import override

from pilotline.core.effects import Effect
from pilotline.core.events import External
from pilotline.core.explain import Explanation, explain
from pilotline.core.state import Instant, Memory, State
from pilotline.core.step import Taken


class Happening(Struct, frozen=True):
    """One event that was taken in: at which `now`, the bindings taken, the effects handed over."""

    at: Instant
    event: External
    trace: tuple[Taken, ...]
    effects: tuple[Effect, ...]
    before: State | Memory | None = None
    """What the event met; of a start the memory, and nothing of a first one."""

    def explained(self) -> Explanation:
        """Row by row, why it came to this; found only when somebody asks."""
        return explain(self.before, self.event, self.at)


class Subscription(AsyncIterator[Happening]):
    """Happenings in their order; of those not read, the newest `size` are kept. It ends when the station
    does.
    """

    def __init__(self, size: int) -> None:
        self.lost = 0
        """How many were lost because they were not read in time."""
        self._unread: deque[Happening] = deque(maxlen=size)
        self._news = asyncio.Event()
        self._ended = False

    def publish(self, happening: Happening) -> None:
        """One more; the oldest makes room."""
        self.lost += len(self._unread) == self._unread.maxlen
        self._unread.append(happening)
        self._news.set()

    def unread(self) -> list[Happening]:
        """All that is there now, which is read with that; empty if nothing is."""
        happenings = list(self._unread)
        self._unread.clear()
        return happenings

    def end(self) -> None:
        """No more are to come; what is unread can still be read."""
        self._ended = True
        self._news.set()

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Happening:
        while not self._unread:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()
