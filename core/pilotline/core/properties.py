"""What a charge point promises, whatever happens: named predicates over states and steps.

One predicate, one promise, with the section it follows. They are shared by the explorer, the stateful tests and the
simulator. *Always* holds in every state; *on every step* looks at what a step did. What must be seen at least once,
or a search proved nothing, is in `sightings`.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pilotline.core.declared import MACHINES
from pilotline.core.effects import CloseContactor, SendCall, SendError, SendResult
from pilotline.core.machines.connector import CONNECTOR_0, CONNECTOR_STATUS
from pilotline.core.state import Memory, MeterMessage, Session, StartMessage, State, StopMessage, Transaction
from pilotline.core.statechart import Binding
from pilotline.core.step import Step
from pilotline.spec.messages.core import BootNotificationReq
from pilotline.spec.status import ROWS
from pilotline.spec.types import ChargePointStatus


class Always(NamedTuple):
    """Holds in every state."""

    name: str
    section: str
    holds: Callable[[State], bool]


class OnEveryStep(NamedTuple):
    """Holds for every step from one state."""

    name: str
    section: str
    about: frozenset[type | str]
    """What the promise is about: classes of effects, machines that acted, collections that changed. A step that has
    none of them keeps it."""
    holds: Callable[[State, Step], bool]


_TIMERS: Final = {
    (machine.name, timer.name): (machine, timer.runs_in) for machine in MACHINES for timer in machine.timers
}

# --- always --------------------------------------------------------------------------------------------------


def _open(state: State, connector: int) -> list[Transaction]:
    return [
        transaction
        for transaction in state.memory.transactions.values()
        if transaction.connector == connector and transaction.state in ("running", "stopping")
    ]


def one_transaction_per_connector(state: State) -> bool:
    """Never two open transactions on one connector (§3.6)."""
    if len(state.memory.transactions) < 2:
        return True
    return all(len(_open(state, connector)) <= 1 for connector in range(1, len(state.moment.sessions)))


def sessions_and_transactions_agree(state: State) -> bool:
    """A session that charges has a running transaction of its tag, and the other way round (§3.6)."""
    running = {t.connector: t for t in state.memory.transactions.values() if t.state == "running"}
    stopping = {t.connector for t in state.memory.transactions.values() if t.state == "stopping"}
    return all(
        _agrees(session, running.get(session.connector), stopping) for session in state.moment.sessions[1:]
    )


def _agrees(session: Session, running: Transaction | None, stopping: set[int]) -> bool:
    if (session.state == "charging") != (running is not None) or (session.state == "ending") != (
        session.connector in stopping
    ):
        return False
    return running is None or (session.transaction == running.number and session.id_tag == running.id_tag)


def status_follows_conditions(state: State) -> bool:
    """Every status is the one its conditions call for: a second formulation, row by row, of §4.9 and §7.7."""
    moment, memory = state.moment, state.memory
    for connector in moment.connectors:
        at = connector.connector
        session, in_use = moment.sessions[at], moment.sessions[at].state in ("charging", "ending")
        facts: dict[ChargePointStatus, bool] = {
            "Faulted": moment.faults[at].state == "faulted",
            "SuspendedEVSE": in_use and moment.supplies[at].state == "withheld",
            "SuspendedEV": in_use and moment.evs[at].state == "content",
            "Charging": in_use,
            "Finishing": session.state == "finishing",
            "Preparing": session.state in ("awaiting_id_tag", "awaiting_plug", "held", "starting"),
            "Unavailable": memory.availability[at].state == "inoperative",
            "Reserved": any(r.connector == at for r in memory.reservations.values()),
            "Available": True,
        }
        called_for = next(status for status, holds in facts.items() if holds)
        if session.state == "ending" and connector.state in ("Charging", "SuspendedEV", "SuspendedEVSE"):
            continue  # who stopped it shows when it has stopped
        starts_unseen = state.product.start_without_authorization and session.state == "starting"
        if connector.state != called_for and not (
            starts_unseen and connector.state in ("Available", "Unavailable") and called_for == "Preparing"
        ):
            return False
    return True


def queue_is_in_order(state: State) -> bool:
    """Of each transaction: Start first, then samples, then Stop, each recorded once; no gap in the queue (§3.7)."""
    entries = state.memory.outbox
    if not entries:
        return True
    if sorted(entries) != list(range(state.moment.queue.head, state.moment.queue.tail)):
        return False
    seen: dict[int, list[type]] = {}
    for number in sorted(entries):
        seen.setdefault(entries[number].transaction, []).append(type(entries[number].message))
    return all(_in_order(kinds) for kinds in seen.values()) and all(
        number in state.memory.transactions for number in seen
    )


def _in_order(kinds: list[type]) -> bool:
    inner = kinds[1:] if kinds[0] is StartMessage else kinds
    inner = inner[:-1] if inner and inner[-1] is StopMessage else inner
    return all(kind is MeterMessage for kind in inner)


def stop_is_recorded_once(state: State) -> bool:
    """A stopped transaction has its Stop in the queue until it is delivered; an open one has none (§4.10)."""
    stops = [
        entry.transaction for entry in state.memory.outbox.values() if isinstance(entry.message, StopMessage)
    ]
    stopped = [number for number, t in state.memory.transactions.items() if t.state == "stopped"]
    return sorted(stops) == sorted(stopped)


def one_open_call(state: State) -> bool:
    """A call is open exactly when the machine says so, and only then anything waits (OCPP-J §4.1.1)."""
    call = state.moment.call
    return (call.open is not None) == (call.state == "open") and (call.state == "open" or not call.waiting)


def asked_means_on_its_way(state: State) -> bool:
    """Whoever asked is still going to hear: its request is open or waits."""
    moment = state.moment
    asked = {ask.by.machine for ask in moment.call.waiting} | (
        {moment.call.open.by.machine} if moment.call.open else set()
    )
    return (
        (moment.queue.state == "asked") == ("outbox" in asked)
        and (moment.registration.state == "asked") == ("registration" in asked)
        and (moment.heartbeat.state == "asked") == ("heartbeat" in asked)
        and any(report.state == "asked" for report in moment.status_reports) == ("status_report" in asked)
        and bool(moment.authorizations) == ("authorization" in asked)
    )


def online_the_queue_moves(state: State) -> bool:
    """Registered and connected, what waits is on its way or waits for its repeat (§3.7)."""
    moment = state.moment
    online = moment.registration.state == "accepted" and moment.link.state == "up"
    return not (online and state.memory.outbox and moment.queue.state == "idle")


def what_waits_has_a_deadline(state: State) -> bool:
    """Nothing waits for ever on the Central System, the lock or the contactor."""
    armed = {(timer.machine, timer.timer) for timer in state.moment.timers}
    transactions = state.memory.transactions.values()
    return (
        (state.moment.call.state != "open" or ("call", "answer") in armed)
        and (state.moment.queue.state != "waiting" or ("outbox", "retry") in armed)
        and (state.moment.link.state != "waiting" or ("link", "reconnect") in armed)
        and (not any(s.state == "starting" for s in state.moment.sessions) or ("session", "start") in armed)
        and (not any(t.state == "stopping" for t in transactions) or ("transaction", "stop") in armed)
    )


def timers_run_in_their_states(state: State) -> bool:
    """No timer outlives the states it may run in (DESIGN: leaving them disarms it)."""
    for timer in state.moment.timers:
        machine, runs_in = _TIMERS[timer.machine, timer.timer]
        records = getattr(state.memory if machine.home == "memory" else state.moment, machine.slot)
        own = records if timer.key is None else records[timer.key]
        if own.state not in runs_in:
            return False
    return True


def inoperative_means_unused(state: State) -> bool:
    """Nobody uses an Inoperative connector but to finish, and what is scheduled waits for a use (§4.9 F8, §5.2)."""
    in_use = ("charging", "ending", "finishing")
    return all(
        session.state in (in_use if availability.state == "scheduled" else ("idle", "finishing"))
        for availability, session in zip(state.memory.availability, state.moment.sessions, strict=True)
        if availability.state != "operative"
    )


def energy_is_withheld_only_while_charging(state: State) -> bool:
    """With the transaction ends the reason to withhold energy (§4.9)."""
    return all(
        supply.state == "offered" or session.state in ("charging", "ending")
        for supply, session in zip(state.moment.supplies, state.moment.sessions, strict=True)
    )


def who_charges_is_known(state: State) -> bool:
    """Whatever starts or charges does so for a tag (§3.6)."""
    return all(
        session.id_tag
        for session in state.moment.sessions
        if session.state in ("held", "starting", "charging")
    )


def a_busy_reader_has_a_question(state: State) -> bool:
    """A reader waits exactly as long as its question is open (§4.1)."""
    asked = {asker.number for asker in state.moment.authorizations if asker.kind == "reader"}
    return asked == {reader.number for reader in state.moment.readers if reader.state == "authorizing"}


def told_is_what_is(state: State) -> bool:
    """Once all reports are confirmed, the Central System knows the status that is (§4.9, errata 3.19)."""
    settling = {timer.key for timer in state.moment.timers if timer.machine == "status_report"}
    return all(
        report.confirmed is None or report.confirmed.status == connector.state
        for report, connector in zip(state.moment.status_reports, state.moment.connectors, strict=True)
        if report.state == "told" and report.settling is None and report.connector not in settling
    )


ALWAYS: Final = (
    Always("one transaction per connector", "§3.6", one_transaction_per_connector),
    Always("sessions and transactions agree", "§3.6", sessions_and_transactions_agree),
    Always("the status follows the conditions", "§4.9", status_follows_conditions),
    Always("the queue is in order", "§3.7", queue_is_in_order),
    Always("a stop is recorded once", "§4.10", stop_is_recorded_once),
    Always("one open call", "OCPP-J §4.1.1", one_open_call),
    Always("whoever asked is answered", "OCPP-J §4.1.1", asked_means_on_its_way),
    Always("online the queue moves", "§3.7", online_the_queue_moves),
    Always("what waits has a deadline", "§3.6, OCPP-J §4.1.1", what_waits_has_a_deadline),
    Always("timers run in their states", "DESIGN §2", timers_run_in_their_states),
    Always("Inoperative means unused", "§4.9, §5.2", inoperative_means_unused),
    Always("energy is withheld only while charging", "§4.9", energy_is_withheld_only_while_charging),
    Always("who charges is known", "§3.6", who_charges_is_known),
    Always("a busy reader has a question", "§4.1", a_busy_reader_has_a_question),
    Always("what was told is what is", "§4.9, errata 3.19", told_is_what_is),
)

# --- on every step -------------------------------------------------------------------------------------------

_TARGETS: Final[dict[str, Binding]] = {b.name: b for b in (*CONNECTOR_0.table, *CONNECTOR_STATUS.table)}  # type: ignore[type-arg]  # any slice
_STANDARD: Final = {(row.source, row.target) for row in ROWS}


def energy_only_after_authorization(_before: State, step: Step) -> bool:
    """The contactor is closed only for a running transaction whose start is recorded (§4.1)."""
    return all(
        any(
            t.connector == effect.connector and t.state == "running"
            for t in step.state.memory.transactions.values()
        )
        for effect in step.effects
        if isinstance(effect, CloseContactor)
    )


def silence_before_acceptance(_before: State, step: Step) -> bool:
    """Nothing but BootNotification before it is accepted (§4.2)."""
    return step.state.moment.registration.state == "accepted" or all(
        isinstance(effect.request, BootNotificationReq)
        for effect in step.effects
        if isinstance(effect, SendCall)
    )


def every_change_of_status_is_a_row(before: State, step: Step) -> bool:
    """Between two statuses there is a chain of rows of §4.9, each leaving where the one before it led."""
    if step.state.moment.connectors is before.moment.connectors:
        return True
    at = {connector.connector: connector.state for connector in before.moment.connectors}
    for taken in step.trace:
        if taken.machine in ("connector", "connector_0"):
            if taken.binding.startswith("P"):  # a boot finds a status: that is no change (errata 3.22)
                at[taken.key] = "initial"  # type: ignore[index]  # keyed by connectorId
            source, target = at[taken.key], _TARGETS[taken.binding].target  # type: ignore[index]  # keyed by connectorId
            if source != "initial" and (source, target) not in _STANDARD:
                return False
            at[taken.key] = target  # type: ignore[index,assignment]  # keyed by connectorId; every row has a target
    return all(connector.state == at[connector.connector] for connector in step.state.moment.connectors)


def one_call_at_a_time(before: State, step: Step) -> bool:
    """A CALL goes out only when none is open, or when the open one has just ended (OCPP-J §4.1.1)."""
    sent = sum([isinstance(effect, SendCall) for effect in step.effects])
    if not sent:
        return True
    ended = sum(
        taken.machine == "call" and taken.binding.startswith(("C4/", "C5/", "C6/")) for taken in step.trace
    )
    free = (
        before.moment.call.state != "open"
        or before.moment.call.connection != step.state.moment.call.connection
    )
    return sent <= ended + (1 if free else 0)


_COLLECTIONS: Final[frozenset[type | str]] = frozenset(Memory.__struct_fields__)


def unchanged_means_the_same_record(before: State, step: Step) -> bool:
    """A step that leaves a record equal leaves it identical: what did not change is not written again."""
    return before.memory is step.state.memory or all(
        old is new or old != new
        for name in Memory.__struct_fields__
        for old, new in [(getattr(before.memory, name), getattr(step.state.memory, name))]
    )


_AGE: Final = {state: age for age, state in enumerate(("initial", "running", "stopping", "stopped"))}


def transactions_only_go_on(before: State, step: Step) -> bool:
    """A transaction never returns to an earlier phase, and ends only after its Stop was recorded (§4.10)."""
    after = step.state.memory.transactions
    if after is before.memory.transactions:
        return True
    for number, old in before.memory.transactions.items():
        new = after.get(number)
        if new is None and old.state != "stopped" and not _recorded_and_delivered(step):
            return False
        if new is not None and (_AGE[new.state] < _AGE[old.state] or new.register < old.register):
            return False
    return True


def _recorded_and_delivered(step: Step) -> bool:
    return any(taken.binding.startswith(("T5/", "T6/")) for taken in step.trace)


def a_transaction_begins_only_where_it_may(_before: State, step: Step) -> bool:
    """Plugged in, Operative, and no fault: only then a transaction begins (§3.6, §4.9, §5.2)."""
    if step.state.memory.transactions is _before.memory.transactions:
        return True
    begun = [taken.key for taken in step.trace if taken.binding == "T1/TransactionBegan"]
    state = step.state
    return all(
        (at := state.memory.transactions[number].connector)  # type: ignore[index]  # keyed by its number
        and state.moment.cables[at].state == "plugged"
        and state.moment.faults[at].state != "faulted"
        and state.memory.availability[at].state == "operative"
        for number in begun
    )


def answers_go_where_they_came_from(_before: State, step: Step) -> bool:
    """Whatever is sent goes to the connection that is up (OCPP-J §5.3)."""
    link = step.state.moment.link
    return all(
        link.state == "up" and effect.connection == link.connection
        for effect in step.effects
        if isinstance(effect, SendCall | SendResult | SendError)
    )


def about(step: Step) -> set[type | str]:
    """What a step has: the classes of its effects, the machines that acted, the collections that changed."""
    found: set[type | str] = {type(effect) for effect in step.effects}
    found.update([taken.machine for taken in step.trace])
    found.update([change.collection for change in step.changes])
    return found


_SENT: Final[frozenset[type | str]] = frozenset({SendCall, SendResult, SendError})
_STATUS: Final[frozenset[type | str]] = frozenset({"connector", "connector_0"})
_TRANSACTIONS: Final[frozenset[type | str]] = frozenset({"transactions"})

ON_EVERY_STEP: Final = (
    OnEveryStep(
        "energy only after authorization",
        "§4.1",
        frozenset({CloseContactor}),
        energy_only_after_authorization,
    ),
    OnEveryStep("silence before acceptance", "§4.2", _SENT, silence_before_acceptance),
    OnEveryStep("every change of status is a row of §4.9", "§4.9", _STATUS, every_change_of_status_is_a_row),
    OnEveryStep("one call at a time", "OCPP-J §4.1.1", _SENT, one_call_at_a_time),
    OnEveryStep("transactions only go on", "§4.10", _TRANSACTIONS, transactions_only_go_on),
    OnEveryStep(
        "a transaction begins only where it may",
        "§3.6",
        _TRANSACTIONS,
        a_transaction_begins_only_where_it_may,
    ),
    OnEveryStep(
        "what is sent goes to the link that is up", "OCPP-J §5.3", _SENT, answers_go_where_they_came_from
    ),
    OnEveryStep("unchanged means the same record", "store", _COLLECTIONS, unchanged_means_the_same_record),
)
