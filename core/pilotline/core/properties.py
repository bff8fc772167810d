"""What a charge point promises, whatever happens: named predicates over states and steps.

One predicate, one promise, with the section it follows. They are shared by the explorer, the stateful tests and the
simulator. *Always* holds in every state; *on every step* looks at what a step did; *sometimes* must be seen at least
once in a search, or the search proved nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pilotline.core.effects import CloseContactor, SendCall
from pilotline.core.machines.connector import CONNECTOR_0, CONNECTOR_STATUS
from pilotline.core.state import MeterMessage, Session, StartMessage, State, StopMessage, Transaction
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
    holds: Callable[[State, Step], bool]


class Sometimes(NamedTuple):
    """Is seen at least once."""

    name: str
    holds: Callable[[State], bool]


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
    sent = sum(isinstance(effect, SendCall) for effect in step.effects)
    ended = sum(
        taken.machine == "call" and taken.binding.startswith(("C4/", "C5/", "C6/")) for taken in step.trace
    )
    free = (
        before.moment.call.state != "open"
        or before.moment.call.connection != step.state.moment.call.connection
    )
    return sent <= ended + (1 if free else 0)


def unchanged_means_the_same_record(before: State, step: Step) -> bool:
    """A step that leaves a record equal leaves it identical: what did not change is not written again."""
    return all(
        old is new or old != new
        for name in ("configuration", "availability", "transactions", "outbox", "cache", "boot")
        for old, new in [(getattr(before.memory, name), getattr(step.state.memory, name))]
    )


ON_EVERY_STEP: Final = (
    OnEveryStep("energy only after authorization", "§4.1", energy_only_after_authorization),
    OnEveryStep("silence before acceptance", "§4.2", silence_before_acceptance),
    OnEveryStep("every change of status is a row of §4.9", "§4.9", every_change_of_status_is_a_row),
    OnEveryStep("one call at a time", "OCPP-J §4.1.1", one_call_at_a_time),
    OnEveryStep("unchanged means the same record", "store", unchanged_means_the_same_record),
)

# --- sometimes -----------------------------------------------------------------------------------------------


def charging_offline(state: State) -> bool:
    """A car charges although the link is down."""
    return state.moment.link.state != "up" and any(s.state == "charging" for s in state.moment.sessions)


def faulted_while_charging(state: State) -> bool:
    """A fault interrupts a transaction."""
    return any(
        s.state == "charging" and state.moment.faults[s.connector].state == "faulted"
        for s in state.moment.sessions
    )


def stop_waits_behind_start(state: State) -> bool:
    """A whole transaction waits in the queue."""
    kinds = {type(entry.message) for entry in state.memory.outbox.values()}
    return {StartMessage, StopMessage} <= kinds


def waits_for_repeat(state: State) -> bool:
    """The head of the queue waits for its repeat."""
    return state.moment.queue.state == "waiting"


SOMETIMES: Final = (
    Sometimes("charging offline", charging_offline),
    Sometimes("faulted while charging", faulted_while_charging),
    Sometimes("a whole transaction waits in the queue", stop_waits_behind_start),
    Sometimes("the head of the queue waits for its repeat", waits_for_repeat),
)
