"""Payment by card at the station: **our interpretation** of six keys of which nothing is published (docs/payment.md).

Theory of operation: a card that is presented has an amount reserved first; only then its idTag, which the station
makes, is used like any tag. Once the Stop of its transaction is delivered the Central System is asked by DataTransfer
what to settle, as often as the keys say; then the fallback price decides. A card, and what is reserved on it, is in
Memory before the terminal is told, and stays there until the terminal has told that all of it is settled or released.
Commands to the terminal are repeated until then, by time and at each boot; it knows them by their reference. What is
abandoned before a transaction is released, without asking anybody.
"""

from typing import Annotated, Final, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import Arm, ReleaseAmount, ReserveAmount, SettleAmount, SignalCard
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    Asked,
    AttemptDue,
    AuthorizationAsked,
    CardDecided,
    CardGranted,
    CardPresented,
    CardSessionBegan,
    Confirmed,
    Connected,
    FaultDetected,
    LastDelivered,
    PoweredUp,
    Refused,
    RegistrationAccepted,
    SettlementDue,
    StopAsked,
    StoreRetryDue,
    TerminalTimedOut,
    TransactionBegan,
    Unanswered,
    UseEnded,
    UseGranted,
    UseWithdrawn,
    Withdrawn,
)
from pilotline.core.fitness import fit_for_use
from pilotline.core.reserving import Floor, may_use
from pilotline.core.slices import CARD_SESSION, STATION, every, fact, key, station, stored
from pilotline.core.state import (
    Address,
    Ask,
    Asker,
    Availability,
    Bill,
    Boot,
    CardSession,
    Counter,
    Fault,
    Instant,
    Link,
    Map,
    PaymentNumber,
    Registration,
    Reservation,
    Reset,
    Session,
    Terminal,
    Terms,
    Transaction,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec import products
from pilotline.spec.messages.core import DataTransferConf
from pilotline.spec.payment import CardSessionRows as row
from pilotline.spec.payment import (
    CardSessionState,
    MinorUnits,
    TerminalRows,
    price_of,
    settlement_amount,
    settlement_request,
)

NAME: Final = "card_session"
NO_TAG_YET: Final = ""
ENTROPY_DIGITS: Final = 8
RETRY_INTERVAL_MIN_S: Final = 1  # an interval of 0 would ask without a pause

# --- the terminals: which card may begin ---------------------------------------------------------------------


class TerminalReads(Struct, frozen=True):
    """The connectors, the cards that are here, and the keys: in force for the session that begins."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availability: Annotated[tuple[Availability, ...], every("availability")]
    reset: Annotated[Reset, station("reset")]
    reservations: Annotated[Map[int, Reservation], stored("reservations")]
    cards: Annotated[Map[PaymentNumber, CardSession], every("card_sessions")]
    terminals: Annotated[tuple[products.Terminal, ...], fact(facts.terminals)]
    active: Annotated[bool | None, key("CCOActive")]
    amount: Annotated[MinorUnits, key("CCOAuthorizationAmount")]
    currency: Annotated[str, key("CCOCurrency")]
    attempts: Annotated[int, key("CCORequestSettlementAmountMessageAttempts")]
    retry_interval_s: Annotated[int, key("CCORequestSettlementAmountMessageRetryInterval")]
    price_per_kwh: Annotated[str, key("CCOFallbackPricePerKWh")]


def switched_off(_own: Terminal, reads: TerminalReads, _event: CardPresented) -> bool:
    return not reads.active


def cannot_begin(_own: Terminal, reads: TerminalReads, event: CardPresented) -> bool:
    """One card at a time at a terminal; the connector is its own, fit for use, and nobody else's (§5.13)."""
    busy = any(
        card.terminal == event.terminal and card.state in ("reserving", "authorizing")
        for card in reads.cards.values()
    )
    floor = Floor(reads.sessions, reads.faults, reads.availability, reads.reservations)
    return (
        busy
        or event.connector not in _served(reads, event.terminal)
        or reads.sessions[event.connector].state not in ("idle", "awaiting_id_tag", "finishing")
        or not fit_for_use(event.connector, reads.faults, reads.availability, reads.reset)
        or not may_use(floor, event.connector, NO_TAG_YET, None)
    )


def not_at_work(_own: Terminal, reads: TerminalReads, event: CardPresented) -> bool:
    return not any(_is_at_work(card, event) for card in reads.cards.values())


def refuse_card(
    own: Terminal, _reads: TerminalReads, event: CardPresented, _now: Instant
) -> tuple[Terminal, tuple[SignalCard]]:
    return own, (SignalCard(event.terminal, False),)


def begin(
    own: Terminal, reads: TerminalReads, event: CardPresented, _now: Instant
) -> tuple[Terminal, tuple[CardSessionBegan]]:
    number = Counter(own.cards + 1)
    terms = Terms(reads.amount, reads.currency, reads.attempts, reads.retry_interval_s, reads.price_per_kwh)
    began = CardSessionBegan(number, event.terminal, event.connector, event.card, terms)
    return Terminal(own.state, number), (began,)


def _served(reads: TerminalReads, terminal: int) -> tuple[int, ...]:
    served = [own.connectors for number, own in enumerate(reads.terminals, start=1) if number == terminal]
    return served[0] if served else ()


def _is_at_work(own: CardSession, event: CardPresented) -> bool:
    """The card that is presented is the one that uses this connector."""
    return own.state in ("granted", "started") and (own.terminal, own.connector, own.card) == (
        event.terminal,
        event.connector,
        event.card,
    )


TERMINAL = Machine(
    "terminal",
    family=STATION,
    home="memory",
    boot_event=PoweredUp,
    blank=Terminal(),
    reads=TerminalReads,
    states=("ready",),
    table=(
        on(CardPresented, TerminalRows.J1, refuse_card, when=[not_at_work, switched_off]),
        on(CardPresented, TerminalRows.J2, refuse_card, when=[not_at_work, cannot_begin]),
        on(CardPresented, TerminalRows.J3, begin, when=[not_at_work]),
    ),
    ignored=(
        ignores(CardPresented, because="the card that is at work here: its own session hears it"),
        ignores(PoweredUp, because="how many cards there have been is all that is kept"),
    ),
)


# --- one card ------------------------------------------------------------------------------------------------


class Reads(Struct, frozen=True):
    """Who holds the card's tag, what became of its transaction, and whether the Central System can be asked."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    registration: Annotated[Registration, station("registration")]
    link: Annotated[Link, station("link")]
    boot: Annotated[Boot, stored("boot")]
    deadline_ms: Annotated[int, fact(facts.terminal_deadline_ms)]


Settling: TypeAlias = tuple[CardSession, tuple[SettleAmount | Arm, ...]]
Releasing: TypeAlias = tuple[CardSession, tuple[ReleaseAmount | Arm, ...]]


def reserve(
    own: CardSession, reads: Reads, event: CardSessionBegan, now: Instant
) -> tuple[CardSession, tuple[ReserveAmount | Arm, ...]]:
    """The idTag is this station's and this card's own, and no longer than 20 characters for a million million cards."""
    id_tag = f"C{reads.boot.entropy[:ENTROPY_DIGITS]}-{event.payment:x}"
    began = CardSession(
        event.payment, own.state, event.terminal, event.connector, event.card, id_tag, event.terms
    )
    amount, currency = event.terms.amount, event.terms.currency
    return began, (
        ReserveAmount(event.terminal, event.payment, id_tag, amount, currency),
        _deadline(reads, now),
    )


def refuse(
    own: CardSession, _reads: Reads, _event: AmountRefused, _now: Instant
) -> tuple[CardSession, tuple[SignalCard]]:
    return own, (SignalCard(own.terminal, False),)


def ask_for_its_tag(
    own: CardSession, _reads: Reads, _event: AmountReserved, _now: Instant
) -> tuple[CardSession, tuple[AuthorizationAsked]]:
    return own, (AuthorizationAsked(Asker("card", own.number), own.id_tag),)


def accepted(_own: CardSession, _reads: Reads, event: CardDecided) -> bool:
    return event.status == "Accepted"


def grant(
    own: CardSession, _reads: Reads, event: CardDecided, _now: Instant
) -> tuple[CardSession, tuple[UseGranted | CardGranted, ...]]:
    """The driver chose the connector: unlike a tag's, the grant does not move to another that is plugged."""
    return own, (
        UseGranted(own.connector, own.id_tag, event.parent_id_tag, None),
        CardGranted(own.number),
    )


def abandoned(own: CardSession, reads: Reads, _event: object) -> bool:
    """No connector is used, or about to be, for this card's tag."""
    return not any(session.id_tag == own.id_tag for session in reads.sessions)


def signal_grant(
    own: CardSession, _reads: Reads, _event: CardGranted, _now: Instant
) -> tuple[CardSession, tuple[SignalCard]]:
    return own, (SignalCard(own.terminal, True),)


def release_and_signal(
    own: CardSession, reads: Reads, _event: object, now: Instant
) -> tuple[CardSession, tuple[SignalCard | ReleaseAmount | Arm, ...]]:
    return own, (SignalCard(own.terminal, False), *_release(own, reads, now))


def release(own: CardSession, reads: Reads, _event: object, now: Instant) -> Releasing:
    return own, _release(own, reads, now)


def at_work_here(own: CardSession, _reads: Reads, event: CardPresented) -> bool:
    return _is_at_work(own, event)


def give_up(
    own: CardSession, _reads: Reads, _event: CardPresented, _now: Instant
) -> tuple[CardSession, tuple[UseWithdrawn]]:
    return own, (UseWithdrawn(own.connector),)


def stop(
    own: CardSession, _reads: Reads, _event: CardPresented, _now: Instant
) -> tuple[CardSession, tuple[StopAsked]]:
    return own, (StopAsked(own.connector, "Local", own.id_tag),)


# --- the transaction -----------------------------------------------------------------------------------------


def of_this_card(own: CardSession, _reads: Reads, event: TransactionBegan) -> bool:
    return event.id_tag == own.id_tag


def note_start(own: CardSession, _reads: Reads, event: TransactionBegan, _now: Instant) -> CardSession:
    return replace(own, transaction=event.transaction, meter_start=event.readings.register)


def of_its_transaction(own: CardSession, _reads: Reads, event: LastDelivered) -> bool:
    return own.transaction == event.transaction


def known_to_the_central_system(own: CardSession, reads: Reads, _event: LastDelivered) -> bool:
    """A start that was never processed has no id that could be asked for (errata 3.18)."""
    answered = _transaction(own, reads).answered
    return answered is not None and answered.processed


def fallback_costs(own: CardSession, reads: Reads, _event: object) -> bool:
    return _fallback(own, _billed(own, reads)) > 0


def note_end(
    own: CardSession, reads: Reads, _event: LastDelivered, _now: Instant
) -> tuple[CardSession, tuple[SettlementDue]]:
    """Behind the outbox, which has its next message to send in the same step: the question never overtakes it."""
    return replace(own, transaction=None, bill=_billed(own, reads)), (SettlementDue(own.number),)


def settle_fallback(own: CardSession, reads: Reads, _event: object, now: Instant) -> Settling:
    bill = _billed(own, reads)
    ended = replace(own, transaction=None, bill=bill, amount=_fallback(own, bill))
    return ended, _settle(ended, reads, now)


def release_fallback(own: CardSession, reads: Reads, _event: object, now: Instant) -> Releasing:
    ended = replace(own, transaction=None, bill=_billed(own, reads))
    return ended, _release(ended, reads, now)


def _transaction(own: CardSession, reads: Reads) -> Transaction:
    return reads.transactions[own.transaction or Counter(0)]


def _billed(own: CardSession, reads: Reads) -> Bill:
    """The bill, made when the transaction ends: afterwards the transaction is gone."""
    if own.bill is not None:
        return own.bill
    transaction = _transaction(own, reads)
    transaction_id = transaction.answered.transaction_id if transaction.answered else -1
    return Bill(transaction_id, max(transaction.register - own.meter_start, 0))


def _fallback(own: CardSession, bill: Bill) -> MinorUnits:
    return _capped(own, price_of(bill.energy_wh, own.terms.price_per_kwh, own.terms.currency))


def _capped(own: CardSession, amount: MinorUnits) -> MinorUnits:
    """Never above what is reserved."""
    return min(amount, own.terms.amount)


# --- which amount? -------------------------------------------------------------------------------------------


def online(_own: CardSession, reads: Reads, _event: object) -> bool:
    return reads.registration.state == "accepted" and reads.link.state == "up"


def ask(own: CardSession, reads: Reads, _event: object, _now: Instant) -> tuple[CardSession, tuple[Asked]]:
    request = settlement_request(_billed(own, reads).transaction_id)
    return own, (Asked(Ask(request, Address(NAME, own.number))),)


def wait(own: CardSession, _reads: Reads, _event: object, now: Instant) -> tuple[CardSession, tuple[Arm]]:
    return own, (_next_attempt(own, now),)


def amount_is_told(own: CardSession, _reads: Reads, event: Confirmed[DataTransferConf]) -> bool:
    return settlement_amount(event.confirmation, own.terms.currency) is not None


def something_is_told(own: CardSession, _reads: Reads, event: Confirmed[DataTransferConf]) -> bool:
    return _told(own, event) > 0


def settle(own: CardSession, reads: Reads, event: Confirmed[DataTransferConf], now: Instant) -> Settling:
    told = replace(own, amount=_told(own, event))
    return told, _settle(told, reads, now)


def attempts_left(own: CardSession, reads: Reads, _event: object) -> bool:
    return _billed(own, reads).attempts + 1 < own.terms.attempts_max


def count_and_wait(
    own: CardSession, reads: Reads, _event: object, now: Instant
) -> tuple[CardSession, tuple[Arm]]:
    bill = _billed(own, reads)
    counted = replace(own, bill=replace(bill, attempts=bill.attempts + 1))
    return counted, (_next_attempt(own, now),)


def _told(own: CardSession, event: Confirmed[DataTransferConf]) -> MinorUnits:
    return _capped(own, settlement_amount(event.confirmation, own.terms.currency) or MinorUnits(0))


def _next_attempt(own: CardSession, now: Instant) -> Arm:
    wait_s = max(own.terms.retry_interval_s, RETRY_INTERVAL_MIN_S)
    return Arm("attempt", Instant(now + wait_s * 1000))


# --- the terminal is told ------------------------------------------------------------------------------------


def settle_again(own: CardSession, reads: Reads, _event: object, now: Instant) -> Settling:
    return own, _settle(own, reads, now)


def _settle(own: CardSession, reads: Reads, now: Instant) -> tuple[SettleAmount | Arm, ...]:
    return SettleAmount(own.terminal, own.number, own.id_tag, own.amount), _deadline(reads, now)


def _release(own: CardSession, reads: Reads, now: Instant) -> tuple[ReleaseAmount | Arm, ...]:
    return ReleaseAmount(own.terminal, own.number, own.id_tag), _deadline(reads, now)


def _deadline(reads: Reads, now: Instant) -> Arm:
    return Arm("terminal", Instant(now + reads.deadline_ms))


CARD_SESSION_MACHINE = Machine(
    NAME,
    family=CARD_SESSION,
    home="memory",
    slot="card_sessions",
    boot_event=PoweredUp,
    blank=CardSession(),
    reads=Reads,
    states=get_args(CardSessionState),
    final=("closed",),
    timers=(
        Timer("terminal", TerminalTimedOut, ("reserving", "settling", "releasing")),
        Timer("attempt", AttemptDue, ("waiting",)),
    ),
    table=(
        # before the transaction
        on(CardSessionBegan, row.E1, reserve),
        on(AmountReserved, row.E2, ask_for_its_tag),
        on(AmountRefused, row.E2R, refuse),
        on(TerminalTimedOut, row.E2T, release_and_signal),
        on(CardDecided, row.E3, grant, when=[accepted]),
        on(CardDecided, row.E3R, release_and_signal),
        on(CardGranted, row.E4R, release_and_signal, when=[abandoned]),
        on(CardGranted, row.E4, signal_grant),
        on(CardPresented, row.E4G, give_up, when=[at_work_here]),
        on(UseEnded, row.E4R, release, when=[abandoned]),
        on(FaultDetected, row.E4R, release, when=[abandoned]),
        on(StoreRetryDue, row.E4R, release, when=[abandoned]),
        on(PoweredUp, row.E5, release),
        # the transaction
        on(TransactionBegan, row.E6, note_start, when=[of_this_card]),
        on(CardPresented, row.E6S, stop, when=[at_work_here]),
        on(LastDelivered, row.E7, note_end, when=[of_its_transaction, known_to_the_central_system]),
        on(LastDelivered, row.E7N, settle_fallback, when=[of_its_transaction, fallback_costs]),
        on(LastDelivered, row.E7R, release_fallback, when=[of_its_transaction]),
        # which amount?
        on(SettlementDue, row.E8, ask, when=[online]),
        on(Connected, row.E8, ask, when=[online]),
        on(RegistrationAccepted, row.E8, ask, when=[online]),
        on(Confirmed[DataTransferConf], row.E11, settle, when=[amount_is_told, something_is_told]),
        on(Confirmed[DataTransferConf], row.E11R, release, when=[amount_is_told]),
        on(Confirmed[DataTransferConf], row.E9, count_and_wait, when=[attempts_left]),
        on(Confirmed[DataTransferConf], row.E12, settle_fallback, when=[fallback_costs]),
        on(Confirmed[DataTransferConf], row.E12R, release),
        on(Refused, row.E9, count_and_wait, when=[attempts_left]),
        on(Refused, row.E12, settle_fallback, when=[fallback_costs]),
        on(Refused, row.E12R, release),
        on(Unanswered, row.E9, count_and_wait, when=[attempts_left]),
        on(Unanswered, row.E12, settle_fallback, when=[fallback_costs]),
        on(Unanswered, row.E12R, release),
        on(Withdrawn, row.E9W, wait),
        on(AttemptDue, row.E10, ask, when=[online]),
        on(AttemptDue, row.E10O),
        on(PoweredUp, row.E10P),
        # the terminal is told
        on(TerminalTimedOut, row.E13, settle_again),
        on(PoweredUp, row.E13, settle_again),
        on(AmountSettled, row.E14),
        on(TerminalTimedOut, row.E13R, release),
        on(PoweredUp, row.E13R, release),
        on(AmountReleased, row.E14R),
    ),
    ignored=(
        ignores(CardSessionBegan, because="it has begun already"),
        ignores(AmountReserved, AmountRefused, because="too late: it is being released, or it is told twice"),
        ignores(CardDecided, because="nothing was asked about its tag"),
        ignores(CardGranted, because="it waits for no connector"),
        ignores(UseEnded, FaultDetected, StoreRetryDue, because="its connector is used for it, or it has none"),
        ignores(CardPresented, because="another card, another connector, or it is not at work any more"),
        ignores(TransactionBegan, because="another one's"),
        ignores(LastDelivered, because="another one's"),
        ignores(SettlementDue, Connected, RegistrationAccepted, because="offline, or nothing is to be asked"),
        ignores(Confirmed, Refused, Unanswered, Withdrawn, because="nothing was asked"),
        ignores(AttemptDue, TerminalTimedOut, because="nothing is waited for"),
        ignores(AmountSettled, AmountReleased, because="it is told twice, or nothing was commanded"),
        ignores(PoweredUp, because="its transaction ends or goes on; or it waits to be online"),
    ),
)  # fmt: skip
