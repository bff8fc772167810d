"""An outbox as a station has it that was offline for long: what the benchmarks of the queue begin with."""

from typing import Final, NamedTuple

from pilotline.core.boot import model_of
from pilotline.core.effects import SendCall
from pilotline.core.frames import text_of
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.snapshot import StoredRecord
from pilotline.core.state import (
    Boot,
    Counter,
    Entry,
    Instant,
    MeterMessage,
    Sample,
    SampledReading,
    Stamp,
    StartMessage,
    StopCause,
    StopMessage,
    Transaction,
    UtcTime,
    Wh,
)
from pilotline.core.transaction_messages import request_of
from pilotline.spec.products import Product

PER_TRANSACTION: Final = 32
"""A start, a sample a minute for half an hour, a stop."""
_TAG: Final = "04A1B2C3D4E5F6"
_REGISTER: Final = Wh(1_000_000)
_BEGAN: Final = 1_764_000_000_000
SAMPLES: Final = (
    SampledReading("Energy.Active.Import.Register", "1000000", None, "Outlet", "Wh"),
    SampledReading("Voltage", "400.0", None, "Outlet", "V"),
    SampledReading("Power.Active.Import", "11000.0", None, "Outlet", "W"),
    SampledReading("SoC", "57", None, "EV", "Percent"),
    SampledReading("Current.Import", "27.50", None, "Outlet", "A"),
    SampledReading("Temperature", "25.0", None, "Body", "Celsius"),
)
"""What one MeterValues of c6eu holds."""


class Waiting(NamedTuple):
    """What the store of such a station holds."""

    boot: Boot
    transactions: list[Transaction]
    entries: list[Entry]

    def records(self) -> list[StoredRecord]:
        """As the store gives them."""
        return [
            ("boot", None, self.boot),
            *(("transactions", transaction.number, transaction) for transaction in self.transactions),
            *(("outbox", entry.number, entry) for entry in self.entries),
        ]

    def texts(self) -> list[str]:
        """The frames of the messages, as the station sends them, but for the transactionIds that it is told."""
        by_number = {transaction.number: transaction for transaction in self.transactions}
        calls = (
            SendCall(
                Counter(1),
                message_id_of(entry, self.boot),
                request_of(entry, by_number[entry.transaction or Counter(0)]),
            )
            for entry in self.entries
        )
        return [text_of(call) for call in calls]


def waiting(product: Product, messages: int) -> Waiting:
    """So many messages, one a minute, each transaction stopped before the next one starts."""
    told = Stamp(Counter(1), Instant(0), UtcTime(_BEGAN))
    boot = Boot(Counter(1), "0123456789abcdef", model_of(product), told, True)
    transactions, entries = [], []
    for number in range(1, messages + 1):
        before, place = divmod(number - 1, PER_TRANSACTION)
        transaction = Counter(before + 1)
        stamp = Stamp(boot.number, Instant(number * 60_000), UtcTime(_BEGAN + number * 60_000))
        message: StartMessage | MeterMessage | StopMessage
        if place == 0:
            message = StartMessage(1, _TAG, _REGISTER, stamp)
            cause = StopCause("Local", _TAG, stamp)
            transactions.append(Transaction(transaction, 1, "stopped", _TAG, None, _REGISTER, None, cause))
        elif place == PER_TRANSACTION - 1:
            message = StopMessage(_REGISTER, stamp, "Local", _TAG)
        else:
            message = MeterMessage(1, (Sample(stamp, "Sample.Periodic", SAMPLES),))
        entries.append(Entry(boot.number, Counter(number), transaction, message))
    return Waiting(boot, transactions, entries)
