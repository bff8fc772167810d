"""A station on the bench that is paid by card: a terminal whose ledger is the payment provider's."""

from typing import Final

from station_bench import Bench
from typing_extensions import override

from pilotline.core.effects import Effect, ReleaseAmount, ReserveAmount, SettleAmount
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    CardPresented,
    External,
)
from pilotline.spec.messages.core import ChangeConfigurationReq, DataTransferConf, DataTransferReq

MINUTES_FOR_2_KWH: Final = 33.333333333333336
RETRY: Final = "CCORequestSettlementAmountMessageRetryInterval"
ATTEMPTS: Final = "CCORequestSettlementAmountMessageAttempts"


def accepted(data: str | None = None) -> DataTransferConf:
    return DataTransferConf(status="Accepted", data=data)


class Till(Bench):
    """A bench with a payment terminal that keeps a ledger: by reference what is reserved, settled and released."""

    def __init__(self, /, product: str = "c6eu", **configuration: str) -> None:
        self.ledger: dict[str, list[int]] = {}
        self.good_for = 10_000
        self.hears = True
        super().__init__(product, **configuration)
        self.says["DataTransferReq"] = accepted('{"amount":1234}')

    @override
    def _carried_out(self, effect: Effect) -> list[External]:
        match effect:
            case ReserveAmount() | SettleAmount() | ReleaseAmount() if not self.hears:
                return []
            case ReserveAmount(_, payment, reference, amount):
                if amount > self.good_for:
                    return [AmountRefused(payment)]
                assert reference not in self.ledger, "an idTag comes twice"
                self.ledger[reference] = [amount, 0, 0]
                return [AmountReserved(payment)]
            case SettleAmount(_, payment, reference, amount):
                self._account(reference, amount)
                return [AmountSettled(payment)]
            case ReleaseAmount(_, payment, reference):
                self._account(reference, 0)
                return [AmountReleased(payment)]
            case _:
                return super()._carried_out(effect)

    def _account(self, reference: str, amount: int) -> None:
        if reference in self.ledger and not sum(self.ledger[reference][1:]):
            self.ledger[reference][1:] = [amount, self.ledger[reference][0] - amount]

    def pay(self, connector: int = 1, card: str = "visa") -> "Till":
        self.tell(CardPresented(1, connector, card))
        return self

    def charge_and_leave(self, connector: int = 1, card: str = "visa") -> "Till":
        """2 kWh, paid by card."""
        self.plug(connector)
        self.pay(connector, card)
        assert self.phase(connector) == "charging"
        self.passes(MINUTES_FOR_2_KWH * 60)
        self.unplug_at_the_ev(connector)
        return self

    def phase(self, connector: int = 1) -> str:
        return self.state.moment.sessions[connector].state

    def cards(self) -> list[str]:
        """Where the card sessions are."""
        return [card.state for _, card in sorted(self.state.memory.card_sessions.items())]

    def booked(self) -> list[tuple[int, int, int]]:
        """What was reserved, settled and released, card by card."""
        return [(reserved, settled, released) for reserved, settled, released in self.ledger.values()]

    def questions(self) -> list[DataTransferReq]:
        return self.requests(DataTransferReq)

    def change(self, key: str, value: str) -> str:
        return str(self.asks(ChangeConfigurationReq(key=key, value=value)).status)
