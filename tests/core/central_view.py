"""What a Central System may expect of everything a station sends: an independent model, kept from the outside."""

from collections import defaultdict

from pilotline.core.effects import Drop, Put, SendCall
from pilotline.core.events import (
    CableUnplugged,
    CallReceived,
    CardPresented,
    DeadlinePassed,
    EvUnplugged,
    External,
    MeterRead,
    PoweredUp,
    PowerFailing,
    ResultReceived,
    TagPresented,
)
from pilotline.core.frames import text_of
from pilotline.core.state import (
    Counter,
    Entry,
    MeterMessage,
    Sample,
    StartMessage,
    State,
    StopCause,
    StopMessage,
)
from pilotline.core.step import Step
from pilotline.spec.messages.core import (
    MeterValuesReq,
    RemoteStopTransactionReq,
    ResetReq,
    StartTransactionConf,
    StartTransactionReq,
    StatusNotificationReq,
    StopTransactionReq,
    UnlockConnectorReq,
)
from pilotline.spec.status import ROWS

QUEUED = (StartTransactionReq, MeterValuesReq, StopTransactionReq)
STATUS_ROWS = {(row.source, row.target) for row in ROWS}


class CentralView:
    """Hears every step of one station, over all its boots, and asserts what must hold of all of them together."""

    def __init__(self, outbox_max: int) -> None:
        self.outbox_max = outbox_max
        self.metering = MeteringView()
        self.recorded: list[str] = []  # message ids, in the order in which they were recorded
        self.done: set[str] = set()
        self.numbers: dict[int, str] = {}  # number in the outbox -> message id
        self.sent: dict[str, str] = {}  # message id -> text of the frame
        self.transaction_of: dict[
            str, tuple[int, int]
        ] = {}  # message id -> which transaction, however often numbered
        self.kinds: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.ids: dict[tuple[int, int], int] = {}  # transaction -> transactionId of the Central System, or -1
        self.generation: dict[int, int] = defaultdict(int)
        self.register: dict[int, int] = defaultdict(int)
        self.statuses: dict[int, str | None] = {}
        self.joined = True
        self.stops: dict[Counter, StopCause] = {}

    def hear(self, before: State | None, event: External, taken: Step) -> None:
        """One step that was committed."""
        for change in taken.changes:
            if (
                isinstance(change, Put | Drop)
                and change.collection == "outbox"
                and isinstance(change.key, int)
            ):
                record = getattr(change, "record", None)
                if isinstance(record, Entry):
                    self._recorded(change.key, record, taken.state)
                else:
                    self._taken_out(before, change.key, event)
        self.metering.hear(taken)
        if taken.state.memory.configuration.integer("MinimumStatusDuration", 0):
            self.joined = False  # from now on some are left out
        self._stop_reason(event, taken)
        if isinstance(event, PoweredUp) or taken.state.moment.link.state != "up":
            self.statuses.clear()
        for effect in taken.effects:
            if isinstance(effect, SendCall):
                self._sent(effect, taken.state)

    def _recorded(self, number: int, entry: Entry, state: State) -> None:
        message_id = f"{state.memory.boot.entropy}-{entry.boot:x}-q{entry.number:x}"
        self.numbers[number] = message_id
        if message_id in self.sent or message_id in self.recorded:
            return  # dated, or counted
        assert message_id not in self.done, "a message id is used twice"
        self.recorded.append(message_id)
        if entry.transaction is None:
            assert isinstance(entry.message, MeterMessage), "only readings are of no transaction"
            return
        if isinstance(entry.message, StartMessage):
            self.generation[entry.transaction] += 1
        transaction = (entry.transaction, self.generation[entry.transaction])
        self.transaction_of[message_id] = transaction
        self.kinds[transaction].append(type(entry.message).__name__)
        kinds = self.kinds[transaction]
        assert kinds[0] == "StartMessage", kinds
        assert kinds.count("StartMessage") == 1, kinds
        assert "StopMessage" not in kinds[:-1], kinds
        if isinstance(entry.message, StartMessage):
            assert entry.message.meter_start >= self.register[entry.message.connector], (
                "meterStart runs backwards"
            )
            self.register[entry.message.connector] = entry.message.meter_start
        elif isinstance(entry.message, StopMessage):
            connector = state.memory.transactions[entry.transaction].connector
            assert entry.message.meter_stop >= self.register[connector], "meterStop runs backwards"
            self.register[connector] = entry.message.meter_stop

    def _taken_out(self, before: State | None, number: int, event: External) -> None:
        message_id = self.numbers.pop(number)
        if message_id != self._head():
            assert before is not None
            assert isinstance(before.memory.outbox[Counter(number)].message, MeterMessage), "it must stay"
            assert len(before.memory.outbox) >= self.outbox_max, "thinned out, and yet there is room"
            self.done.add(message_id)
            return
        assert message_id in self.sent, f"{message_id} was never sent"
        answer = event if isinstance(event, ResultReceived) and event.message_id == message_id else None
        if answer and isinstance(answer.confirmation, StartTransactionConf):
            self.ids[self.transaction_of[message_id]] = answer.confirmation.transaction_id
        if answer is None:
            assert before is not None
            attempts = before.memory.outbox[Counter(number)].attempts + 1
            most = before.memory.configuration.integer("TransactionMessageAttempts", 1)
            assert attempts >= most, f"{message_id} was skipped after {attempts} of {most} attempts"
            if message_id in self.transaction_of:
                self.ids.setdefault(self.transaction_of[message_id], -1)
        self.done.add(message_id)

    def _head(self) -> str | None:
        return next((message_id for message_id in self.recorded if message_id not in self.done), None)

    def _sent(self, effect: SendCall, state: State) -> None:
        request, text = effect.request, text_of(effect)
        opened = state.moment.call.open
        triggered = opened is not None and opened.by.machine == "trigger"
        if isinstance(request, StatusNotificationReq) and not triggered:
            self._status(request, state)
        if triggered or not isinstance(request, QUEUED):
            return
        assert effect.message_id == self._head(), f"{effect.message_id} overtakes {self._head()}"
        assert self.sent.setdefault(effect.message_id, text) == text, "a repeat differs"
        if not isinstance(request, StartTransactionReq):
            transaction = self.transaction_of.get(effect.message_id)
            expected = None if transaction is None else self.ids[transaction]
            assert request.transaction_id == expected, f"{request.transaction_id} instead of {expected}"

    def _status(self, request: StatusNotificationReq, state: State) -> None:
        last = self.statuses.get(request.connector_id)
        self.statuses[request.connector_id] = request.status
        if self.joined and last is not None and last != request.status:
            assert (last, request.status) in STATUS_ROWS, f"{last} -> {request.status} is no row of §4.9"

    def status_was_not_processed(self) -> None:
        """A report was refused or not answered: what is told next need not follow from it."""
        self.statuses.clear()

    def _stop_reason(self, event: External, taken: Step) -> None:
        stops = {number: t.stop for number, t in taken.state.memory.transactions.items() if t.stop}
        for number, stop in stops.items():
            known = self.stops.get(number)
            if known is None or known.reason != stop.reason:  # a boot may date it
                assert stop.reason in plausible_reasons(event), (stop.reason, type(event).__name__)
        self.stops = stops


class MeteringView:
    """What must hold of all readings together, reckoned from what is recorded alone."""

    def __init__(self) -> None:
        self.intervals: set[int] = set()  # every ClockAlignedDataInterval that was ever in force
        self.ticks: dict[int, int] = {}  # connector -> the last tick that a reading was recorded for
        self.recorded: set[int] = set()  # entries that were looked at: a boot writes them again to date them

    def hear(self, taken: Step) -> None:
        """One step that was committed."""
        configuration = taken.state.memory.configuration
        self.intervals.add(configuration.integer("ClockAlignedDataInterval", 0))
        for change in taken.changes:
            entry = change.record if isinstance(change, Put) else None
            if isinstance(entry, Entry) and entry.number not in self.recorded:
                self.recorded.add(entry.number)
                if isinstance(entry.message, MeterMessage):
                    self._read(entry, entry.message, taken.state)
                elif isinstance(entry.message, StopMessage):
                    self._stopped(entry.message, taken.state)

    def _read(self, entry: Entry, message: MeterMessage, state: State) -> None:
        session = state.moment.sessions[message.connector]
        assert entry.transaction in (None, session.transaction), "of a transaction that does not run here"
        for sample in message.samples:
            assert sample.values, "a MeterValue without values"
            assert sample.context == "Sample.Clock" or entry.transaction is not None
            if sample.context == "Sample.Clock" and not is_of_an_interval(sample):
                tick, last = sample.stamp.utc, self.ticks.get(message.connector)
                assert tick is not None, "a tick without its date"
                seconds, ms = divmod(tick % 86_400_000, 1000)
                assert ms == 0
                assert any(interval and seconds % interval == 0 for interval in self.intervals)
                assert last is None or tick > last or tick < last - 86_400_000, "a tick was taken twice"
                self.ticks[message.connector] = tick

    def _stopped(self, message: StopMessage, state: State) -> None:
        configuration, data = state.memory.configuration, message.transaction_data
        if not (configuration.csl("StopTxnSampledData") or configuration.csl("StopTxnAlignedData")):
            assert data == (), "transactionData that nobody asked for"
        assert len(data) <= 5, "more meter values than StopTransactionMaxMeterValues"
        contexts = [sample.context for sample in data]
        assert "Transaction.Begin" not in contexts[1:]
        assert "Transaction.End" not in contexts[:-1]
        registers = [register for sample in data for register in registers_of(sample)]
        assert registers == sorted(registers), "a register ran backwards"
        if contexts and contexts[-1] == "Transaction.End":
            assert registers_of(data[-1]) in ([], [message.meter_stop]), "the end is not the meterStop"


def registers_of(sample: Sample) -> list[int]:
    return [int(one.value) for one in sample.values if one.measurand == "Energy.Active.Import.Register"]


def is_of_an_interval(sample: Sample) -> bool:
    return all(value.measurand.endswith(".Interval") for value in sample.values)


def plausible_reasons(event: External) -> tuple[str, ...]:
    """Why a transaction may stop on this event (§7.36)."""
    match event:
        case PoweredUp(cause=cause):
            # a reset that was on its way is the reason all the same; of a refused driver, what is resumed ends
            return (cause, "SoftReset", "HardReset", "DeAuthorized")
        case PowerFailing():
            return ("PowerLoss",)
        case CallReceived(request=ResetReq()):
            return ("SoftReset",)
        case TagPresented() | CardPresented():
            return ("Local",)
        case EvUnplugged() | CableUnplugged():
            return ("EVDisconnected",)
        case CallReceived(request=RemoteStopTransactionReq()):
            return ("Remote",)
        case CallReceived(request=UnlockConnectorReq()):
            return ("UnlockCommand",)
        case ResultReceived(confirmation=StartTransactionConf()):
            return ("DeAuthorized",)
        case MeterRead():
            return ("DeAuthorized",)  # what a refused driver was granted is taken
        case ResultReceived():  # an Authorize of the same group was answered
            return ("Local",)
        case DeadlinePassed():  # or never will be; or the meter of a refused driver is silent
            return ("Local", "DeAuthorized")
        case _:
            return ()
