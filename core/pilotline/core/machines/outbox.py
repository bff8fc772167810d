"""The outbox: transaction-related messages in the order of their events, through any number of cuts (§3.7).

Theory of operation: only the head is ever sent; what is behind it waits, whatever happens. A CALLERROR and a missing
answer count as an attempt; a lost link does not. Before a repeat it waits interval x attempts, and when all attempts
are used up the head, and only the head, is skipped (§3.7.1). The message id belongs to the entry, so a repeat is the
same message with the same id, and an answer that comes late still counts. What was recorded while no clock was known is
dated when the time is told, or else by the next boot (`boot`), and never again. A start that is skipped gives its
transaction the id -1 (errata 3.18). When it is full, samples go evenly from in between, and nothing else does.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts, transaction_messages
from pilotline.core.calendar import dated
from pilotline.core.effects import Arm, Drop, Put
from pilotline.core.events import (
    AnsweredLate,
    Asked,
    Confirmed,
    Connected,
    HeadDue,
    LastDelivered,
    MessageRecorded,
    Refused,
    RegistrationAccepted,
    RetryDue,
    StartAnswered,
    TagTold,
    TimeTold,
    Unanswered,
    Withdrawn,
)
from pilotline.core.metering import every_second
from pilotline.core.slices import STATION, every, fact, key, station, stored
from pilotline.core.state import (
    Address,
    Ask,
    Boot,
    Clock,
    Counter,
    Entry,
    Instant,
    Link,
    Map,
    MeterMessage,
    Outbox,
    Registration,
    StartMessage,
    StopMessage,
    Transaction,
    UtcTime,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.actions import Confirmation
from pilotline.spec.messages.core import StartTransactionConf, StopTransactionConf
from pilotline.spec.rows import OutboxRows as row

ME: Final = Address("outbox")


class Reads(Struct, frozen=True):
    """What waits, and whether it can be sent."""

    entries: Annotated[Map[Counter, Entry], stored("outbox")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    registration: Annotated[Registration, station("registration")]
    link: Annotated[Link, station("link")]
    clock: Annotated[Clock, station("clock")]
    boot: Annotated[Boot, station("boot")]
    entries_max: Annotated[int, fact(facts.outbox_max)]
    attempts_max: Annotated[int, key("TransactionMessageAttempts")]
    retry_interval_s: Annotated[int, key("TransactionMessageRetryInterval")]


def full_of_samples(_own: Outbox, reads: Reads, event: MessageRecorded) -> bool:
    """Starts and stops always find room; a sample does not once the product's bound is reached (§3.7)."""
    return isinstance(event.message, MeterMessage) and len(reads.entries) >= reads.entries_max


def some_may_go(own: Outbox, reads: Reads, event: MessageRecorded) -> bool:
    """So many go at once that looking through all of them costs each message little."""
    return full_of_samples(own, reads, event) and bool(_what_may_go(own, reads, event))


def record_thinned(
    own: Outbox, reads: Reads, event: MessageRecorded, now: Instant
) -> tuple[Outbox, tuple[Drop | Put | HeadDue, ...]]:
    after, recorded = record(own, reads, event, now)
    return after, (*(Drop("outbox", number) for number in _what_may_go(own, reads, event)), *recorded)


def _what_may_go(own: Outbox, reads: Reads, event: MessageRecorded) -> list[Counter]:
    """Of each transaction, and of the meters outside of one, every second sample but the first and the last."""
    runs: dict[tuple[Counter | None, int], list[Counter]] = {}
    for number in sorted(reads.entries):
        entry = reads.entries[number]
        if isinstance(entry.message, MeterMessage):
            runs.setdefault((entry.transaction, entry.message.connector), []).append(number)
    if isinstance(event.message, MeterMessage):
        runs.setdefault((event.of_transaction, event.message.connector), []).append(own.tail)
    return [number for run in runs.values() for number in every_second(run[1:-1])]


def record(
    own: Outbox, reads: Reads, event: MessageRecorded, _now: Instant
) -> tuple[Outbox, tuple[Put | HeadDue, ...]]:
    entry = Entry(reads.boot.number, own.tail, event.of_transaction, event.message)
    newest = max(own.newest, event.of_transaction or Counter(0))
    longer = Outbox(own.state, own.head, Counter(own.tail + 1), newest)
    stamp, last = transaction_messages.stamps_of(event.message)[0], reads.boot.last_known
    later = stamp.utc is not None and (last is None or stamp.utc > (last.utc or 0))
    kept = (Put("boot", None, replace(reads.boot, last_known=stamp)),) if later else ()
    return longer, (Put("outbox", own.tail, entry), *kept, HeadDue())


def undated_waits(_own: Outbox, reads: Reads, _event: TimeTold) -> bool:
    """By a station that did not know the time, or was just about to read its own clock."""
    return reads.clock.state == "unknown" or any(
        transaction_messages.is_undated(entry.message) for entry in reads.entries.values()
    )


def date_what_waits(
    own: Outbox, reads: Reads, event: TimeTold, now: Instant
) -> tuple[Outbox, tuple[Put, ...]]:
    """Each message of this boot gets its time before another boot would have to guess it."""
    clock = Clock("known", UtcTime(event.utc - now))
    return own, tuple(
        Put(
            "outbox",
            number,
            transaction_messages.with_dates(entry, lambda stamp: dated(stamp, reads.boot, clock)),
        )
        for number, entry in sorted(reads.entries.items())
        if transaction_messages.is_undated(entry.message)
    )


# --- sending -------------------------------------------------------------------------------------------------


def sendable(own: Outbox, reads: Reads, _event: object) -> bool:
    return online(own, reads, _event) and own.head in reads.entries


def online(_own: Outbox, reads: Reads, _event: object) -> bool:
    return reads.registration.state == "accepted" and reads.link.state == "up"


def hand_over(own: Outbox, reads: Reads, _event: object, _now: Instant) -> tuple[Outbox, tuple[Asked]]:
    """The head goes; it is dated, for the time is told before anything may be sent (§4.2)."""
    entry = reads.entries[own.head]
    transaction = None if entry.transaction is None else reads.transactions[entry.transaction]
    request = transaction_messages.request_of(entry, transaction)
    return own, (Asked(Ask(request, ME, message_id_of(entry, reads.boot))),)


def message_id_of(entry: Entry, boot: Boot) -> str:
    """The id that an entry keeps: station, boot and number of its recording (OCPP-J errata 3.1)."""
    return f"{boot.entropy}-{entry.boot:x}-q{entry.number:x}"


# --- the outcome ---------------------------------------------------------------------------------------------


def deliver(
    own: Outbox, reads: Reads, event: Confirmed[Confirmation] | AnsweredLate, _now: Instant
) -> tuple[Outbox, tuple[Drop | StartAnswered | TagTold | LastDelivered | HeadDue, ...]]:
    entry = reads.entries[own.head]
    confirmation, transaction = event.confirmation, entry.transaction
    told: tuple[StartAnswered | TagTold | LastDelivered, ...] = ()
    match confirmation:
        case StartTransactionConf(id_tag_info=info, transaction_id=transaction_id) if transaction is not None:
            id_tag = entry.message.id_tag if isinstance(entry.message, StartMessage) else ""
            told = (
                StartAnswered(transaction, transaction_id, info.status, info.parent_id_tag),
                TagTold(id_tag, info),
            )
        case StopTransactionConf(id_tag_info=info) if transaction is not None:
            id_tag_of_stop = entry.message.id_tag if isinstance(entry.message, StopMessage) else None
            about_tag = (TagTold(id_tag_of_stop, info),) if info and id_tag_of_stop else ()
            told = (*about_tag, LastDelivered(transaction))
        case _:
            pass
    return _without_head(own, reads), (Drop("outbox", own.head), *told, HeadDue())


def attempts_left(own: Outbox, reads: Reads, _event: object) -> bool:
    return reads.entries[own.head].attempts + 1 < reads.attempts_max


def wait_for_repeat(
    own: Outbox, reads: Reads, _event: object, now: Instant
) -> tuple[Outbox, tuple[Put | Arm, ...]]:
    entry = reads.entries[own.head]
    attempts = entry.attempts + 1
    counted = Entry(entry.boot, entry.number, entry.transaction, entry.message, attempts)
    wait_ms = reads.retry_interval_s * attempts * 1000
    return own, (Put("outbox", own.head, counted), Arm("retry", Instant(now + wait_ms)))


def skip(
    own: Outbox, reads: Reads, _event: object, _now: Instant
) -> tuple[Outbox, tuple[Drop | StartAnswered | LastDelivered | HeadDue, ...]]:
    entry = reads.entries[own.head]
    told: tuple[StartAnswered | LastDelivered, ...] = ()
    if entry.transaction is not None and isinstance(entry.message, StartMessage):
        told = (StartAnswered(entry.transaction, -1, "Accepted", processed=False),)
    elif entry.transaction is not None and isinstance(entry.message, StopMessage):
        told = (LastDelivered(entry.transaction),)
    return _without_head(own, reads), (Drop("outbox", own.head), *told, HeadDue())


def answers_the_head(own: Outbox, reads: Reads, event: AnsweredLate) -> bool:
    entry = reads.entries.get(own.head)
    return entry is not None and message_id_of(entry, reads.boot) == event.message_id


def _without_head(own: Outbox, reads: Reads) -> Outbox:
    """What was thinned out has left gaps."""
    head = own.head + 1
    while head < own.tail and head not in reads.entries:
        head += 1
    return Outbox(own.state, Counter(head), own.tail, own.newest)


OUTBOX = Machine(
    "outbox",
    family=STATION,
    home="moment",
    slot="queue",
    blank=Outbox(),
    reads=Reads,
    states=("idle", "asked", "waiting"),
    timers=(Timer("retry", RetryDue, ("waiting",)),),
    table=(
        on(MessageRecorded, row.Q9, record_thinned, when=[some_may_go]),
        on(MessageRecorded, row.Q9F, when=[full_of_samples]),
        on(MessageRecorded, row.Q1, record),
        on(TimeTold, row.Q10, date_what_waits, when=[undated_waits]),
        on(HeadDue, row.Q2, hand_over, when=[sendable]),
        on(Connected, row.Q2, hand_over, when=[sendable]),
        on(RegistrationAccepted, row.Q2, hand_over, when=[sendable]),
        on(Confirmed[Confirmation], row.Q3, deliver),
        on(AnsweredLate, row.Q3L, deliver, when=[answers_the_head]),
        on(Refused, row.Q4, wait_for_repeat, when=[attempts_left]),
        on(Refused, row.Q5, skip),
        on(Unanswered, row.Q4, wait_for_repeat, when=[attempts_left]),
        on(Unanswered, row.Q5, skip),
        on(Withdrawn, row.Q6),
        on(RetryDue, row.Q7, hand_over, when=[online]),
        on(RetryDue, row.Q8),
    ),
    ignored=(
        ignores(
            HeadDue, Connected, RegistrationAccepted, in_=("idle",), because="nothing waits, or not online"
        ),
        ignores(
            HeadDue,
            Connected,
            RegistrationAccepted,
            in_=("asked", "waiting"),
            because="the head is on its way",
        ),
        ignores(
            AnsweredLate, because="not the head's, or the head is being sent again and hears its own answer"
        ),
        ignores(
            Confirmed, Refused, Unanswered, Withdrawn, in_=("idle", "waiting"), because="nothing was asked"
        ),
        ignores(TimeTold, because="what waits is dated already"),
        ignores(RetryDue, in_=("idle", "asked"), because="no repeat is being waited for"),
    ),
)
