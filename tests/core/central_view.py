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
    PoweredUp,
    PowerFailing,
    ResultReceived,
    TagPresented,
)
from pilotline.core.frames import text_of
from pilotline.core.state import Counter, Entry, StartMessage, State, StopCause, StopMessage
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

    def __init__(self) -> None:
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
        assert message_id in self.sent, f"{message_id} was never sent"
        assert message_id == self._head(), f"{message_id} was taken out of its order"
        answer = event if isinstance(event, ResultReceived) and event.message_id == message_id else None
        if answer and isinstance(answer.confirmation, StartTransactionConf):
            self.ids[self.transaction_of[message_id]] = answer.confirmation.transaction_id
        if answer is None:
            assert before is not None
            attempts = before.memory.outbox[Counter(number)].attempts + 1
            most = before.memory.configuration.integer("TransactionMessageAttempts", 1)
            assert attempts >= most, f"{message_id} was skipped after {attempts} of {most} attempts"
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
            expected = self.ids[self.transaction_of[effect.message_id]]
            assert request.transaction_id == expected, f"{request.transaction_id} instead of {expected}"

    def _status(self, request: StatusNotificationReq, state: State) -> None:
        last = self.statuses.get(request.connector_id)
        self.statuses[request.connector_id] = request.status
        quick = state.memory.configuration.integer("MinimumStatusDuration", 0) == 0
        self.joined = self.joined and quick
        if self.joined and last is not None and last != request.status:
            assert (last, request.status) in STATUS_ROWS, f"{last} -> {request.status} is no row of §4.9"

    def status_was_not_processed(self) -> None:
        """A report was refused or not answered: what is told next need not follow from it."""
        self.statuses.clear()

    def _stop_reason(self, event: External, taken: Step) -> None:
        stops = {number: t.stop for number, t in taken.state.memory.transactions.items() if t.stop}
        for number, stop in stops.items():
            if self.stops.get(number) != stop:
                assert stop.reason in plausible_reasons(event), (stop.reason, type(event).__name__)
        self.stops = stops


def plausible_reasons(event: External) -> tuple[str, ...]:
    """Why a transaction may stop on this event (§7.36)."""
    match event:
        case PoweredUp(cause=cause):
            return (cause, "SoftReset", "HardReset")  # a reset that was on its way is the reason all the same
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
        case (
            ResultReceived() | DeadlinePassed()
        ):  # an Authorize of the same group was answered, or never will be
            return ("Local",)
        case _:
            return ()
