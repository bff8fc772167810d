"""SIMULATED payment terminals: cards with a limit, and a ledger of what was reserved, settled and released.

It does what `pilotline.adapters.hardware` asks of a terminal: commands of one reference are carried out in their
order, once, and answered each time. The ledger is the payment provider's, so no power cut touches it.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.adapters.clock import Alarm, Clock
from pilotline.core.effects import Effect, ReleaseAmount, ReserveAmount, SettleAmount, SignalCard
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    CardPresented,
    External,
)

DELAY_MS: Final = 500


class Hold(Struct, frozen=True):
    """One reservation of money, in minor units; it is over when all of it is settled or released."""

    reference: str
    currency: str
    reserved: int
    settled: int = 0
    released: int = 0

    @property
    def open(self) -> bool:
        """Whether money is still reserved."""
        return self.settled + self.released < self.reserved


class SimulatedTerminals:
    """All terminals of a station, and the payment provider behind them."""

    def __init__(
        self,
        clock: Clock,
        say: Callable[[External], None],
        save: Callable[[], None],
        holds: tuple[Hold, ...] = (),
    ) -> None:
        self._clock, self._say, self._save = clock, say, save
        self._limits: dict[int, int | None] = {}
        self._answers: list[Alarm] = []
        self.holds = {hold.reference: hold for hold in holds}
        """By reference, all there have been."""
        self.signals: dict[int, bool] = {}
        """What each terminal last told a driver: accepted or not."""

    def present(self, terminal: int, connector: int, card: str, limit: int | None = None) -> None:
        """Choose a connector and present a card that is good for `limit` in minor units; None: for any amount."""
        self._limits[terminal] = limit
        self._say(CardPresented(terminal, connector, card))

    def perform(self, command: Effect) -> None:
        """One command; those that are not for terminals are left alone."""
        match command:
            case ReserveAmount() | SettleAmount() | ReleaseAmount():
                at_ms = self._clock.now_ms() + DELAY_MS
                self._answers.append(self._clock.call_at(at_ms, lambda: self._carry_out(command)))
            case SignalCard(terminal, accepted):
                self.signals[terminal] = accepted
            case _:
                pass

    def power_lost(self) -> None:
        """What is under way comes to nothing; what was done is done."""
        for answer in self._answers:
            answer.cancel()
        self._answers.clear()

    def _carry_out(self, command: ReserveAmount | SettleAmount | ReleaseAmount) -> None:
        self._answers = self._answers[1:]
        hold = self.holds.get(command.reference)
        match command:
            case ReserveAmount():
                limit = self._limits.get(command.terminal)
                if limit is not None and command.amount > limit:
                    self._say(AmountRefused(command.payment))
                    return
                self._keep(Hold(command.reference, command.currency, command.amount))
                self._say(AmountReserved(command.payment))
            case SettleAmount():
                if hold is not None and hold.open:
                    rest = hold.reserved - command.amount
                    self._keep(replace(hold, settled=command.amount, released=rest))
                self._say(AmountSettled(command.payment))
            case ReleaseAmount():
                if hold is not None and hold.open:
                    self._keep(replace(hold, released=hold.reserved))
                self._say(AmountReleased(command.payment))

    def _keep(self, hold: Hold) -> None:
        self.holds[hold.reference] = hold
        self._save()
