"""What is told of transactions comes in order, as often as the keys say, whatever is cut or lost (§3.7, §9.1)."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from stateful.modelled_machine import ChargedAtMachine, walk
from stateful.station_machine import CONNECTOR
from typing_extensions import override

from pilotline.core.effects import Effect, SendCall
from pilotline.core.events import (
    External,
    LinkLost,
    MeterRead,
    PoweredUp,
)
from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.products import adjusted, load_product

ATTEMPTS = ("1", "2", "4")
OUTCOMES = ("Accepted", "Accepted", "Invalid", "error", "nonsense", "silence", "late")
INTERVALS_S = ("0", "5", "60")
KINDS: dict[type, str] = {StartTransactionReq: "start", MeterValuesReq: "meter", StopTransactionReq: "stop"}
ANSWER_MS = 30_000  # MessageTimeout
QUEUE_MAX = 12


@dataclass(eq=False)
class Transaction:
    connector: int
    id: int | None = None  # the Central System's, -1 if it never took the start (errata 3.18)


@dataclass(eq=False)
class Message:
    kind: str
    of: Transaction
    id: str = ""  # none until it was sent
    request: Any = None
    attempts: int = 0


class Outbox(ChargedAtMachine):
    """Held against the queue that the standard describes."""

    has_readers = False
    product = adjusted(
        load_product("reference"),
        {"MeterValueSampleInterval": "20", "StopTransactionMaxMeterValues": "5"},
        readers=(),
        outbox_max=QUEUE_MAX,
        start_without_authorization="FREEVEND",
    )

    def __init__(self) -> None:
        super().__init__()
        self.attempts, self.interval_s = 3, 60
        self.running: dict[int, Transaction] = {}  # by connector, in the order in which they began
        self.queue: list[Message] = []
        self.given_up: list[Message] = []
        self.sent_ms: int | None = None
        self.earliest_ms = 0
        self.ids: set[str] = set()

    @initialize(attempts=st.sampled_from(ATTEMPTS), interval_s=st.sampled_from(INTERVALS_S))
    def begin(self, attempts: str, interval_s: str) -> None:
        self.connect()
        self.is_configured(attempts, interval_s)

    # --- what is expected ---

    @override
    def look(self) -> None:
        self.catch_up()

    @override
    def conclude_from(self, event: External, effects: tuple[Effect, ...]) -> None:
        if isinstance(event, PoweredUp):
            self.sent_ms, self.earliest_ms = None, 0
        periodic = isinstance(event, MeterRead) and event.context == "Sample.Periodic"
        if periodic and event.connector in self.running:
            self.records_sample(Message("meter", self.running[event.connector]))
        self.follow_transactions()
        happening = self.world.happenings[self.concluded - 1]
        if (
            any(taken.binding.endswith("/CallTimedOut") for taken in happening.trace)
            and self.sent_ms is not None
        ):
            assert happening.at == self.sent_ms + ANSWER_MS
            self.fails(happening.at)
        for effect in effects:
            if isinstance(effect, SendCall) and type(effect.request) in KINDS:
                self.is_sent(effect)

    def records_sample(self, new: Message) -> None:
        """Where there is no room every second one in between goes: no start, no stop, no first or last one."""
        if len(self.queue) >= QUEUE_MAX:
            runs: dict[int, list[Message]] = {}
            for message in (*self.queue, new):
                if message.kind == "meter":
                    runs.setdefault(id(message.of), []).append(message)
            gone = [message for run in runs.values() for message in run[1:-1:2]]
            if not gone:
                return
            self.queue = [message for message in self.queue if message not in gone]
        self.queue.append(new)

    def follow_transactions(self) -> None:
        runs = {
            session.connector
            for session in self.world.standing().moment.sessions
            if session.state in ("charging", "ending")
        }
        for connector in [connector for connector in self.running if connector not in runs]:
            self.queue.append(Message("stop", self.running.pop(connector)))
        for connector in sorted(runs - self.running.keys()):
            self.running[connector] = Transaction(connector)
            self.queue.append(Message("start", self.running[connector]))

    def is_sent(self, effect: SendCall) -> None:
        """The oldest, and as it was sent before: with its id, and every word of it."""
        assert self.queue, "nothing is to be sent"
        head, request = self.queue[0], effect.request
        assert self.sent_ms is None, "one is on its way"
        assert self.world.now >= self.earliest_ms, "too early (§9.1.26)"
        assert KINDS[type(request)] == head.kind
        if head.id:
            assert (effect.message_id, request) == (head.id, head.request), "a repeat is another"
        assert effect.message_id == head.id or effect.message_id not in self.ids
        if isinstance(request, StartTransactionReq | MeterValuesReq):
            assert request.connector_id == head.of.connector
        if isinstance(request, MeterValuesReq | StopTransactionReq):
            assert request.transaction_id == head.of.id
        head.id, head.request, self.sent_ms = effect.message_id, request, self.world.now
        self.ids.add(head.id)

    def fails(self, now: int) -> None:
        """It waits the longer the more often it failed, and is skipped in the end (§9.1.25, §9.1.26)."""
        head, self.sent_ms = self.queue[0], None
        head.attempts += 1
        self.earliest_ms = now
        if head.attempts < self.attempts:
            self.earliest_ms += head.attempts * self.interval_s * 1000
            return
        self.given_up.append(self.queue.pop(0))
        if head.kind == "start":
            head.of.id = -1

    def arrives(self, status: str) -> dict[str, Any]:
        """The head; the answer."""
        head, self.sent_ms, self.earliest_ms = self.queue.pop(0), None, 0
        return self.answer_to(head, status)

    def answer_to(self, message: Message, status: str) -> dict[str, Any]:
        if message.kind != "start":
            return {}
        self.world.next_transaction_id += 1
        if message not in self.given_up:
            message.of.id = self.world.next_transaction_id
        return {"idTagInfo": {"status": status}, "transactionId": self.world.next_transaction_id}

    @invariant()
    def the_head_is_on_its_way(self) -> None:
        if self.online:
            due = bool(self.queue) and self.world.now >= self.earliest_ms
            assert due == (self.sent_ms is not None)
            assert self.sent_ms is None or self.world.now < self.sent_ms + ANSWER_MS
        kept = [entry.attempts for _, entry in sorted(self.world.standing().memory.outbox.items())]
        assert kept == [message.attempts for message in self.queue]

    @override
    def is_answered(self) -> bool:
        """What is told of transactions is for the rules to answer."""
        return type(self.world.calls[-1].request) not in KINDS

    # --- rules ---

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=5), connector=CONNECTOR)
    def is_answered_so(self, outcomes: list[str], connector: int) -> None:
        """What is on its way, or will be; first of all there is something."""
        if not self.queue:
            self.charges(connector)
        for outcome in outcomes:
            if self.sent_ms is None and outcome != "late":
                self.live(max(0, self.earliest_ms - self.world.now))
                self.agree()
            if self.online and self.queue and self.queue[0].id:
                self.ends(outcome)
                self.agree()

    def ends(self, outcome: str) -> None:
        """Late is after its time-out, or in answer to the sending before this one: that counts all the same."""
        message_id, on_its_way = self.queue[0].id, self.sent_ms is not None
        if outcome == "late" and on_its_way:
            self.live(ANSWER_MS)
            self.agree()
            if not (self.online and self.queue and self.queue[0].id == message_id):
                return
        if outcome in ("Accepted", "Invalid", "late"):
            self.world.frame(3, message_id, self.arrives("Invalid" if outcome == "Invalid" else "Accepted"))
        elif outcome == "silence":
            self.live(ANSWER_MS)
        elif on_its_way:
            if outcome == "nonsense" and self.queue[0].kind == "start":
                self.world.frame(3, message_id, {"no": "sense"})
            else:
                self.world.frame(4, message_id, "InternalError", "", {})
            self.fails(self.world.now)

    @rule()
    def is_answered_too_late(self) -> None:
        """It was given up: what comes of it now is of no use to anybody."""
        if self.given_up and self.online:
            message = self.given_up[-1]
            self.world.frame(3, message.id, self.answer_to(message, "Accepted"))
            self.agree()

    @rule(attempts=st.sampled_from(ATTEMPTS), interval_s=st.sampled_from(INTERVALS_S))
    def is_configured(self, attempts: str, interval_s: str) -> None:
        """It counts from the next failure on."""
        if self.online:
            for key, value in (
                ("TransactionMessageAttempts", attempts),
                ("TransactionMessageRetryInterval", interval_s),
            ):
                if self.online:
                    told = self.tries_to_ask("ChangeConfiguration", {"key": key, "value": value})
                    assert told in ({}, {"status": "Accepted"})
                    if key == "TransactionMessageAttempts":
                        self.attempts = int(value)
                    else:
                        self.interval_s = int(value)
                self.agree()

    @rule(ms=st.sampled_from((1000, 5000, 20_000, 60_000)))
    def time_passes(self, ms: int) -> None:
        self.live(ms)
        self.agree()

    @rule(connectors=st.sets(CONNECTOR, min_size=1), minutes=st.integers(2, 5))
    def charge_offline(self, connectors: set[int], minutes: int) -> None:
        """So that the walk comes far."""
        self.link_is_lost(connects=False)
        for connector in sorted(connectors):
            self.charges(connector)
        self.live(minutes * 60_000)
        self.agree()

    @rule(connects=st.booleans())
    def link_is_lost(self, connects: bool) -> None:
        """Which is no attempt."""
        if self.world.standing().moment.link.state == "up":
            self.world.tell(LinkLost(self.world.connection, 0))
            if self.sent_ms is not None:
                self.sent_ms, self.earliest_ms = None, 0
            self.agree()
        if connects:
            self.live(3000)
            self.connect()

    @rule(connects=st.booleans(), leaves=st.sampled_from((0, 0, 1, 2)))
    def power_is_cut(self, connects: bool, leaves: int) -> None:
        if leaves:
            self.world.plant.cable[leaves], self.world.plant.asking[leaves] = "unplugged", False
        self.cut()
        self.agree()
        if connects:
            self.connect()

    @rule()
    def power_will_go_before_it_acts(self) -> None:
        """As soon as something is stored, and nothing of it is done."""
        self.world.fails_before_acting = True

    @rule()
    def all_is_told(self) -> None:
        """Everybody leaves, the power holds, and the Central System takes all of it."""
        self.world.fails_before_acting = False
        for connector in (1, 2):
            self.leaves(connector)
        self.live(130_000)
        self.connect()
        while self.queue:
            self.live(max(0, self.earliest_ms - self.world.now))
            self.agree()
            self.ends("Accepted")
            self.agree()
        assert not self.world.standing().memory.outbox
        assert not self.world.standing().memory.transactions


def test_outbox() -> None:
    walk(Outbox, "outbox", "call", but={"C7/Asked", "C9/CallTimedOut", "C9/ErrorReceived"})
