"""The station's time: monotonic milliseconds and alarms. Real, accelerated, or virtual.

Whatever needs time asks one of these; nothing else in the adapters reads a clock. The run loop sets one
alarm, the simulated physics a few. A transport's own time-outs (a TLS handshake, a missing pong) are real
time by nature and stay with the transport.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from typing import Protocol

from typing_extensions import override


class Alarm(Protocol):
    """A call that is to come; cancelling one that has come already does nothing."""

    def cancel(self) -> None:
        """Call it off."""
        ...


class Clock(Protocol):
    """Monotonic time in ms from an origin of its own, and calls at a time."""

    def now_ms(self) -> int:
        """The present, in ms; it never goes back."""
        ...

    def call_at(self, at_ms: int, callback: Callable[[], None]) -> Alarm:
        """Call once `now_ms` has reached `at_ms`, on the event loop's thread; soon, if that is past."""
        ...


class Timer:
    """One time at which to call, which can be set anew.

    An alarm that comes too early is left to ring: to put off a deadline, which happens at every message, costs nothing.
    """

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock, self._callback = clock, callback
        self._alarm: Alarm | None = None
        self._rings_ms = 0
        self._at_ms: int | None = None

    def set(self, at_ms: int | None) -> None:
        """Call at this time and no other; None: not at all."""
        self._at_ms = at_ms
        if self._alarm is not None and (at_ms is None or at_ms < self._rings_ms):
            self._alarm.cancel()
            self._alarm = None
        if at_ms is not None and self._alarm is None:
            self._rings_ms, self._alarm = at_ms, self._clock.call_at(at_ms, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._at_ms != self._rings_ms:
            self.set(self._at_ms)
            return
        self._at_ms = None
        self._callback()


class SystemClock(Clock):
    """The event loop's own time; with a `factor` above 1 the station lives that much faster
    (demonstrations).
    """

    def __init__(self, factor: float = 1.0) -> None:
        if factor <= 0:
            raise ValueError(f"clock: the factor must be above 0, not {factor}")
        self._factor = factor
        self._loop = asyncio.get_running_loop()
        self._origin_s = self._loop.time()

    @override
    def now_ms(self) -> int:
        return int((self._loop.time() - self._origin_s) * 1000 * self._factor)

    @override
    def call_at(self, at_ms: int, callback: Callable[[], None]) -> Alarm:
        # half a millisecond later, so that rounding never lets the alarm come before its time
        return self._loop.call_at(self._origin_s + (at_ms + 0.5) / 1000 / self._factor, callback)


class _VirtualAlarm:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock(Clock):
    """A clock that moves only when it is told to: hours pass in no time, and always alike."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._alarms: list[tuple[int, int, _VirtualAlarm]] = []
        self._places = itertools.count()  # alarms of one instant ring in the order they were set

    @override
    def now_ms(self) -> int:
        return self._now_ms

    @override
    def call_at(self, at_ms: int, callback: Callable[[], None]) -> Alarm:
        alarm = _VirtualAlarm(callback)
        heapq.heappush(self._alarms, (at_ms, next(self._places), alarm))
        return alarm

    async def advance(self, duration_ms: int, settled: Callable[[], Awaitable[None]]) -> None:
        """Let time pass alarm by alarm; after each, wait until `settled` (`Station.settled`)."""
        end_ms = self._now_ms + duration_ms
        await settled()
        while self._alarms and self._alarms[0][0] <= end_ms:
            at_ms, _, alarm = heapq.heappop(self._alarms)
            if alarm.callback is not None:
                self._now_ms = max(self._now_ms, at_ms)
                alarm.callback()
                await settled()
        self._now_ms = end_ms
