"""What a charge point promises, whatever happens: named predicates over states and steps.

One predicate, one promise, with the section it follows. They are shared by the explorer, the stateful tests and the
simulator. *Always* holds in every state; *on every step* looks at what a step did; *sometimes* must be seen at least
once in a search, or the search proved nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pilotline.core.declared import MACHINES
from pilotline.core.effects import CloseContactor, SendCall, SendError, SendResult
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
    """Nobody uses an Inoperative connector, and what is scheduled waits for a use that goes on (§4.9, §5.2)."""
    in_use = ("charging", "ending", "finishing")
    return all(
        session.state in (in_use if availability.state == "scheduled" else ("idle",))
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
        session.id_tag for session in state.moment.sessions if session.state in ("held", "starting", "charging")
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
    begun = [taken.key for taken in step.trace if taken.binding == "T1/TransactionBegan"]
    state = step.state
    return all(
        (at := state.memory.transactions[number].connector)  # type: ignore[index]  # keyed by its number
        and state.moment.cables[at].state == "plugged"
        and state.moment.faults[at].state != "faulted"
        and state.memory.availability[at].state == "operative"
        for number in begun
    )


def answers_go_where_the_question_came_from(_before: State, step: Step) -> bool:
    """Whatever is sent goes to the connection that is up (OCPP-J §5.3)."""
    link = step.state.moment.link
    return all(
        link.state == "up" and effect.connection == link.connection
        for effect in step.effects
        if isinstance(effect, SendCall | SendResult | SendError)
    )


ON_EVERY_STEP: Final = (
    OnEveryStep("energy only after authorization", "§4.1", energy_only_after_authorization),
    OnEveryStep("silence before acceptance", "§4.2", silence_before_acceptance),
    OnEveryStep("every change of status is a row of §4.9", "§4.9", every_change_of_status_is_a_row),
    OnEveryStep("one call at a time", "OCPP-J §4.1.1", one_call_at_a_time),
    OnEveryStep("transactions only go on", "§4.10", transactions_only_go_on),
    OnEveryStep("a transaction begins only where it may", "§3.6", a_transaction_begins_only_where_it_may),
    OnEveryStep("what is sent goes to the link that is up", "OCPP-J §5.3", answers_go_where_the_question_came_from),
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


def charging_without_energy(state: State) -> bool:
    """A start was not accepted, and the transaction goes on without energy."""
    return any(supply.state == "withheld" for supply in state.moment.supplies)


def charging_before_registration(state: State) -> bool:
    """A car charges before this boot was accepted."""
    return state.moment.registration.state != "accepted" and any(
        session.state == "charging" for session in state.moment.sessions
    )


def a_start_was_skipped(state: State) -> bool:
    """A transaction goes on although its start was never processed."""
    return any(
        t.answered is not None and not t.answered.processed for t in state.memory.transactions.values()
    )


def messages_of_an_earlier_boot_wait(state: State) -> bool:
    """Messages that an earlier boot recorded are still to be delivered."""
    return any(entry.boot != state.memory.boot.number for entry in state.memory.outbox.values())


def inoperative_is_scheduled(state: State) -> bool:
    """Inoperative waits for the end of the use."""
    return any(availability.state == "scheduled" for availability in state.memory.availability)


def held_by_a_fault(state: State) -> bool:
    """All is there to start, but for a fault."""
    return any(session.state == "held" for session in state.moment.sessions)


def main_controller_faulted_while_charging(state: State) -> bool:
    """A car charges although the main controller is Faulted."""
    return state.moment.connectors[0].state == "Faulted" and any(
        session.state == "charging" for session in state.moment.sessions
    )


def both_connectors_charge(state: State) -> bool:
    """Two cars charge at once."""
    return [session.state for session in state.moment.sessions].count("charging") >= 2


def a_tag_is_known(state: State) -> bool:
    """The cache knows an accepted tag and a refused one is kept as well."""
    return bool(state.memory.cache)


def a_warning_is_raised(state: State) -> bool:
    """Something is wrong that does not prevent charging."""
    return any(fault.state == "warning" for fault in state.moment.faults)


def requests_wait_for_their_turn(state: State) -> bool:
    """One call is open and another waits."""
    return bool(state.moment.call.waiting)


def clock_known_before_registration(state: State) -> bool:
    """The station has a clock of its own."""
    return state.moment.clock.state == "known" and state.moment.registration.standing == "none"


def a_sample_waits(state: State) -> bool:
    """A MeterValues waits in the queue."""
    return any(isinstance(entry.message, MeterMessage) for entry in state.memory.outbox.values())


def at_rest(state: State) -> bool:
    """Nobody is there, nothing is wrong, nothing waits: every connector is Available."""
    moment, memory = state.moment, state.memory
    return (
        not memory.outbox
        and not memory.transactions
        and not moment.authorizations
        and all(connector.state == "Available" for connector in moment.connectors)
        and all(session.state == "idle" for session in moment.sessions)
    )


SOMETIMES: Final = (
    Sometimes("charging without energy", charging_without_energy),
    Sometimes("charging before registration", charging_before_registration),
    Sometimes("a start was skipped", a_start_was_skipped),
    Sometimes("messages of an earlier boot wait", messages_of_an_earlier_boot_wait),
    Sometimes("Inoperative is scheduled", inoperative_is_scheduled),
    Sometimes("held by a fault", held_by_a_fault),
    Sometimes("the main controller is Faulted while a car charges", main_controller_faulted_while_charging),
    Sometimes("two cars charge at once", both_connectors_charge),
    Sometimes("a tag is known", a_tag_is_known),
    Sometimes("a warning is raised", a_warning_is_raised),
    Sometimes("a request waits for its turn", requests_wait_for_their_turn),
    Sometimes("the clock is known before registration", clock_known_before_registration),
    Sometimes("a sample waits", a_sample_waits),
    Sometimes("charging offline", charging_offline),
    Sometimes("faulted while charging", faulted_while_charging),
    Sometimes("a whole transaction waits in the queue", stop_waits_behind_start),
    Sometimes("the head of the queue waits for its repeat", waits_for_repeat),
)
