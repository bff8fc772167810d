"""The run loop: decide, commit, act. It owns the only clock and the only timer of the station.

One event at a time: `step` decides; what makes safe is handed over; the changes are committed beside the
loop's thread (`commits`) while other events wait and sockets do not; then the other effects are handed over in their
order, and the one timer is set to the next deadline. A commit that fails keeps the old state, and the event
comes back as `CommitFailed`. If `step` or an adapter raises, which is a bug, the old state stands and the
station goes on; twice within a minute, and `run` raises `StationError`, so that whoever supervises the
process starts it anew.
"""

import asyncio
import logging
import weakref
from collections import deque
from collections.abc import Iterable
from typing import Final

from pilotline.adapters.clock import Clock, Timer
from pilotline.adapters.commits import Commits
from pilotline.adapters.complaints import complaints
from pilotline.adapters.files import Files, NoFiles
from pilotline.adapters.happenings import Happening, Subscription
from pilotline.adapters.hardware import Hardware
from pilotline.adapters.inbox import Inbox, Told
from pilotline.adapters.journal import Journal
from pilotline.adapters.link import Link, PowerCutError, drawn_jitter
from pilotline.adapters.store import Store
from pilotline.core.effects import (
    AbandonUpdate,
    AbandonUpload,
    AnswerDataTransfer,
    Download,
    Effect,
    Install,
    OpenLink,
    PingEvery,
    Reboot,
    ReportWorld,
    SendCall,
    SendError,
    SendResult,
    TellDataTransfer,
    Upload,
)
from pilotline.core.events import (
    CallReceived,
    CommitFailed,
    DeadlinePassed,
    External,
    FrameReceived,
    LinkLost,
    PoweredUp,
    RebootFailed,
)
from pilotline.core.frames import read, text_of
from pilotline.core.snapshot import memory_of
from pilotline.core.state import Cause, Counter, Instant, State
from pilotline.core.step import Step, next_deadline, step
from pilotline.spec.products import Product

_LOG: Final = logging.getLogger(__name__)
_FAILURES_APART_MS: Final = 60_000
RECENT_MAX: Final = 50
"""How many happenings are kept, so that somebody may ask why."""


class StationError(RuntimeError):
    """The station cannot go on; the process is to end and be started anew."""


class Station:
    """One charge point that runs. All methods are for the event loop's thread."""

    def __init__(
        self,
        product: Product,
        store: Store,
        hardware: Hardware,
        link: Link,
        *,
        clock: Clock,
        cause: Cause = "PowerLoss",
        journal: Journal | None = None,
        files: Files | None = None,
    ) -> None:
        """`cause` says why the station was off. Nothing happens before `run`; store and journal stay the
        caller's. Without `files` no firmware and no diagnostics come or go.
        """
        self._product, self._store, self._hardware, self._link = product, store, hardware, link
        self._files = files or NoFiles()
        self._clock, self._timer = clock, Timer(clock, self._ring)
        self._cause: Cause = cause
        self._inbox = Inbox()
        self._inbox.put("power_is_back")
        self._commits = Commits(store, clock, lambda: self._inbox.put("group_is_due"))
        self._state: State | None = None
        self._booted_ms = 0
        self._rung = False  # DeadlinePassed is waiting to be taken in
        self._network = True
        self._failed_ms: int | None = None
        self._subscriptions: weakref.WeakSet[Subscription] = weakref.WeakSet()
        self.journal = journal
        self._recent: deque[Happening] = deque(maxlen=RECENT_MAX)

    # --- what others may do ---------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The station as it is after the last event. Raises `PowerCutError` while there is none."""
        if self._state is None:
            raise PowerCutError("station: there is no power, so there is no state")
        return self._state

    def now(self) -> Instant:
        """The present on the clock of this boot, as `step` is given it."""
        return Instant(self._clock.now_ms() - self._booted_ms)

    async def tell(self, event: External) -> None:
        """Return when the event was taken in: stepped and committed. It never waits for the Central System.

        Raises `PowerCutError` if power went first.
        """
        await self._inbox.tell(event)

    def post(self, event: External) -> None:
        """Tell without waiting, as hardware does. Raises `OverloadedError` if too much waits already."""
        self._inbox.post(event)

    async def settled(self) -> None:
        """Return when all that was told so far is taken in and acted upon."""
        await self._inbox.settled()

    def recent(self) -> tuple[Happening, ...]:
        """What happened last, at most `RECENT_MAX`, the newest at the end; a power cut does not end it."""
        return tuple(self._recent)

    def subscribe(self, size: int = 1000) -> Subscription:
        """All that happens from now on; a reader that is slow loses the oldest, counted in `lost`."""
        subscription = Subscription(size)
        self._subscriptions.add(subscription)
        return subscription

    async def cut_power(self) -> None:
        """Lose power here and now, and get it back: only the store and the hardware's world survive.

        A commit that is on its way ends as it may; nothing that it would have set off happens.
        """
        self._link.drop()
        self._go_down("PowerLoss")
        await self._inbox.tell("power_is_back")

    def lose_network(self) -> None:
        """Cut the connection, and let none succeed until `restore_network`."""
        self._network = False
        self._link.drop()
        if self._state is not None:
            self._lose(self._state.moment.link.connection)

    def restore_network(self) -> None:
        """Let connections succeed again; when the next attempt comes is for the core to say."""
        self._network = True

    # --- the loop -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until cancelled; then the contactors open and the link is dropped. Raises `StationError`."""
        try:
            while True:
                told = await self._inbox.next()
                try:
                    await self._take_in(told)
                finally:
                    self._inbox.done(told)
        finally:
            self._timer.set(None)
            self._link.drop()
            self._hardware.make_safe()
            self._files.power_lost()
            self._inbox.close()
            await self._commits.store_waiting()
            for subscription in self._subscriptions:
                subscription.end()

    async def _take_in(self, told: Told) -> None:
        if told.life != self._inbox.life:
            return
        taken_in = True
        if told.event == "power_is_back":
            taken_in = await self._power_up()
        elif told.event == "group_is_due":
            await self._commits.store_waiting()
        else:
            taken_in = await self._hear(told.event)
        if taken_in:
            self._inbox.taken_in(told)
        self._arm()

    async def _power_up(self) -> bool:
        """Whether the power stayed for so long."""
        try:
            return await self._boot()
        except StationError:
            raise
        except Exception as error:
            raise StationError(f"station: it cannot start: {error}") from error

    async def _boot(self) -> bool:
        life, world = self._inbox.life, self._hardware.world()
        records = await asyncio.to_thread(self._store.load)
        if life != self._inbox.life:
            return False
        self._booted_ms = self._clock.now_ms()
        event = PoweredUp(self._product, self._cause, world.plugged, world.readings, world.entropy, world.utc)
        now, memory = self.now(), memory_of(self._product, records)
        decided = step(memory, event, now)
        if not await self._commits.store(event, decided.changes):
            raise StationError("station: it cannot start, because the store cannot be written")
        if life != self._inbox.life:
            return False
        self._hardware.begin(self.post)
        self._files.begin(self._inbox.put)
        self._act(Happening(now, event, decided.trace, decided.effects, memory), decided, decided.effects)
        return True

    async def _hear(self, event: External) -> bool:
        """Whether the event was taken in before the power went."""
        try:
            event = read(self.state, event) if isinstance(event, FrameReceived) else event
            return await self._decide(event)
        except StationError:
            raise
        except Exception as error:  # noqa: BLE001  (a bug: the old state stands)
            self._survive(event, error)
            return True

    async def _decide(self, event: External) -> bool:
        """Whether the event was taken in before the power went."""
        life, now = self._inbox.life, self.now()
        if isinstance(event, DeadlinePassed):
            self._rung = False
        before = self.state
        decided = step(before, event, now)
        effects = decided.effects
        safe = [effect for effect in effects if effect.makes_safe]
        if safe:
            self._hand_over(safe)
        committed = await self._commits.store(event, decided.changes)
        if life != self._inbox.life:
            return False  # power went between commit and act: the next boot finds what was committed
        if committed:
            rest = [effect for effect in effects if not effect.makes_safe] if safe else effects
            self._act(Happening(now, event, decided.trace, effects, before), decided, rest)
        elif not isinstance(event, CommitFailed):
            return await self._decide(CommitFailed(event))
        return True

    def _act(self, happening: Happening, decided: Step, effects: Iterable[Effect]) -> None:
        self._state = decided.state
        self._recent.append(happening)
        if self.journal is not None:
            self.journal.record(happening)
        for complaint in complaints(happening):
            _LOG.warning("station: %s", complaint)
        for subscription in self._subscriptions:
            subscription.publish(happening)
        self._hand_over(effects)

    def _hand_over(self, effects: Iterable[Effect]) -> None:
        life = self._inbox.life
        for effect in effects:
            if life != self._inbox.life:
                return  # the station went down by one of them
            try:
                self._perform(effect)
            except Exception as error:  # noqa: BLE001  (the other effects must not be kept back)
                self._count_failure(type(effect).__name__, error)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case OpenLink() if self._network:
                self._link.open(effect.connection, self.tell)
            case OpenLink():
                self._lose(effect.connection)
            case SendCall() | SendResult() | SendError():
                self._link.send(effect.connection, text_of(effect))
            case PingEvery():
                self._link.ping_every(effect.interval_s)
            case Reboot():
                self._reboot(effect.cause)
            case TellDataTransfer() | AnswerDataTransfer():
                pass  # for the embedder, who reads it from the happenings
            case Download() | AbandonUpdate() | Install() | Upload() | AbandonUpload():
                self._files.perform(effect)
            case ReportWorld():
                self._files.perform(effect)
                self._hardware.perform(effect)
            case _:
                self._hardware.perform(effect)

    def _reboot(self, cause: Cause) -> None:
        """What the store holds is all that is left; the answer to Reset.req still goes out."""
        if not self._hardware.reboot(cause):
            self._inbox.put(RebootFailed())
            return
        _LOG.info("station: starts anew: %s", cause)
        self._link.close()
        self._go_down(cause)
        self._inbox.put("power_is_back")

    def _go_down(self, cause: Cause) -> None:
        self._inbox.life += 1
        self._state, self._cause, self._rung = None, cause, False
        self._timer.set(None)
        self._commits.forget()
        self._hardware.power_lost()
        self._files.power_lost()

    # --- time, failures -------------------------------------------------------------------------------------

    def _arm(self) -> None:
        deadline = None if self._state is None or self._rung else next_deadline(self._state)
        self._timer.set(None if deadline is None else self._booted_ms + deadline)

    def _ring(self) -> None:
        self._rung = True
        self._inbox.put(DeadlinePassed())

    def _lose(self, connection: Counter) -> None:
        self._inbox.put(LinkLost(connection, drawn_jitter()))

    def _survive(self, event: External, error: Exception) -> None:
        """The old state stands; a CALL is answered. What it says may be secret: the log only names it."""
        request = event.request if isinstance(event, CallReceived) else event
        self._count_failure(type(request).__name__, error)
        if isinstance(event, CallReceived):
            description = "the station failed on this request"
            self._perform(SendError(event.connection, event.message_id, "InternalError", description))

    def _count_failure(self, what: str, error: Exception) -> None:
        now_ms, before_ms = self._clock.now_ms(), self._failed_ms
        if before_ms is not None and now_ms - before_ms < _FAILURES_APART_MS:
            raise StationError(f"station: {what} failed, twice within a minute: {error!r}") from error
        self._failed_ms = now_ms
        _LOG.error("station: %s failed, which is a bug; the station goes on", what, exc_info=error)
