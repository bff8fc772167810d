"""What the station is told, in order and bounded: one event at a time goes to the run loop."""

import asyncio
from typing import Final, Literal, NamedTuple, TypeAlias

from pilotline.adapters.hardware import OverloadedError
from pilotline.adapters.link import PowerCutError
from pilotline.core.events import External

_WAITING_MAX: Final = 1000

Own: TypeAlias = Literal["power_is_back", "group_is_due"]
"""What the run loop tells itself, beside events: to boot, and to store what waits to be stored."""


class Told(NamedTuple):
    """One event, in which life of the station it was told, and who waits until it is taken in."""

    event: External | Own
    life: int
    taken: asyncio.Future[None] | None


class Inbox:
    """A queue that knows of power cuts: what an earlier life was told is forgotten."""

    def __init__(self) -> None:
        self.life = 0
        """Counts the power cuts; the run loop compares it after everything it waits for."""
        self._queue: asyncio.Queue[Told] = asyncio.Queue()
        self._room = asyncio.Semaphore(_WAITING_MAX)
        self._closed = False

    async def tell(self, event: External | Own) -> None:
        """Return when the event was taken in. Raises `PowerCutError` if it never will be."""
        async with self._room:
            taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.put(event, taken)
            await taken

    def post(self, event: External) -> None:
        """Tell without waiting. Raises `OverloadedError`."""
        if self._queue.qsize() >= _WAITING_MAX:
            raise OverloadedError(
                f"station: {_WAITING_MAX} events wait; {type(event).__name__} was not taken"
            )
        self.put(event)

    def put(self, event: External | Own, taken: asyncio.Future[None] | None = None) -> None:
        """Tell without a bound: for what the run loop tells itself, which is little."""
        told = Told(event, self.life, taken)
        self._queue.put_nowait(told)
        if self._closed:
            self.done(self._queue.get_nowait())

    async def next(self) -> Told:
        """The next event; `done` is to be called for it."""
        return await self._queue.get()

    def taken_in(self, told: Told) -> None:
        """Let go who waits for it."""
        if told.taken is not None and not told.taken.done():
            told.taken.set_result(None)

    def done(self, told: Told) -> None:
        """The loop is through with it, and if it was not taken in, it never will be."""
        if told.taken is not None and not told.taken.done():
            told.taken.set_exception(PowerCutError("station: the event was not taken in; there is no power"))
            told.taken.exception()  # whoever told may have left, and then need not hear of it
        self._queue.task_done()

    async def settled(self) -> None:
        """Return when the loop is through with all that was told so far."""
        await self._queue.join()

    def close(self) -> None:
        """The loop has ended: nothing is taken in any more."""
        self._closed = True
        while not self._queue.empty():
            self.done(self._queue.get_nowait())
