"""What a charge point promises, whatever happens: named predicates over states and steps.

One predicate, one promise, with the section it follows. They are shared by the explorer, the stateful tests and the
simulator. *Always* holds in every state; *on every step* looks at what a step did. What must be seen at least once,
or a search proved nothing, is in `sightings`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from immutables import Map

from pilotline.core.declared import MACHINES
from pilotline.core.firmware_properties import (
    connectors_are_held_for_an_installation,
    no_installation_is_stuck,
    nobody_charges_while_firmware_is_installed,
    orders_go_on,
    statuses_go_in_order,
)
from pilotline.core.fitness import fit_for_use
from pilotline.core.limit_properties import (
    limits_are_what_is_stated_leaves,
    limits_keep_within_what_is_there,
    one_profile_per_place,
    too_low_a_limit_suspends,
    tx_profiles_are_of_running_transactions,
    without_limits_all_is_offered,
)
from pilotline.core.state import (
    Asker,
    CardSession,
    Counter,
    MeterMessage,
    Session,
    StartMessage,
    State,
    StopMessage,
    TimerKey,
    Transaction,
)
from pilotline.core.timer_properties import running_transactions_are_sampled
from pilotline.spec.types import ChargePointStatus


class Always(NamedTuple):
    """Holds in every state."""

    name: str
    section: str
    holds: Callable[[State], bool]
    about: frozenset[str]
    """The slots of Memory and Moment it looks at: a step that replaces none of them keeps it."""


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


_CLOSED: Final = ("inoperative", "held")
"""The states of availability in which nobody uses the connector."""
_PHASES: Final[dict[str, ChargePointStatus]] = {
    "finishing": "Finishing",
    "awaiting_id_tag": "Preparing",
    "awaiting_reserver": "Reserved",
    "awaiting_plug": "Preparing",
    "held": "Preparing",
    "starting": "Preparing",
}


def status_follows_conditions(state: State) -> bool:
    """Every status is the one its conditions call for: a second formulation, in order of precedence, of §4.9, §7.7."""
    return all(
        connector.state == (called_for := _called_for(state, connector.connector))
        or (
            # who stopped it shows when it has stopped
            state.moment.sessions[connector.connector].state == "ending"
            and connector.state in ("Charging", "SuspendedEV", "SuspendedEVSE")
        )
        or (
            # free vending shows nothing before it charges (A3, H3)
            state.product.start_without_authorization is not None
            and state.moment.sessions[connector.connector].state == "starting"
            and called_for == "Preparing"
            and connector.state in ("Available", "Unavailable")
        )
        for connector in state.moment.connectors
    )


def _called_for(state: State, at: int) -> ChargePointStatus:
    moment, phase = state.moment, state.moment.sessions[at].state
    if moment.faults[at].state == "faulted":
        return "Faulted"
    if phase in ("charging", "ending"):
        if moment.supplies[at].state != "offered":
            return "SuspendedEVSE"
        return "SuspendedEV" if moment.evs[at].state == "content" else "Charging"
    if phase in _PHASES:
        return _PHASES[phase]
    if state.memory.availability[at].state in _CLOSED:
        return "Unavailable"
    return "Reserved" if at and state.memory.reservations and _kept_free(state, at) else "Available"


def _kept_free(state: State, at: int) -> bool:
    """Reserved itself, or among the last that can serve those who reserved any connector (§5.13)."""
    taken = [reservation.connector for reservation in state.memory.reservations.values()]
    if at in taken:
        return True
    moment, availability = state.moment, state.memory.availability
    closed = (
        "faulted" in (moment.faults[0].state, moment.faults[at].state)
        or availability[0].state in _CLOSED
        or availability[at].state in _CLOSED
    )
    can_serve = [
        session.connector
        for session in moment.sessions[1:]
        if session.connector not in taken
        and session.state in ("idle", "awaiting_id_tag")
        and moment.faults[0].state != "faulted"
        and moment.faults[session.connector].state != "faulted"
        and availability[session.connector].state == "operative"
    ]
    return not closed and 0 < len(can_serve) <= taken.count(0)


def queue_is_in_order(state: State) -> bool:
    """Of each transaction: Start first, then samples, then Stop, each recorded once; the head is the oldest (§3.7)."""
    entries = state.memory.outbox
    if not entries:
        return True
    numbers = sorted(entries)
    if numbers[0] != state.moment.queue.head or numbers[-1] >= state.moment.queue.tail:
        return False
    seen: dict[Counter | None, list[type]] = {}
    for number in numbers:
        seen.setdefault(entries[number].transaction, []).append(type(entries[number].message))
    of_none = seen.pop(None, [])
    return all(kind is MeterMessage for kind in of_none) and all(
        _in_order(kinds) and number in state.memory.transactions for number, kinds in seen.items()
    )


def _in_order(kinds: list[type]) -> bool:
    inner = kinds[1:] if kinds[0] is StartMessage else kinds
    inner = inner[:-1] if inner and inner[-1] is StopMessage else inner
    return all(kind is MeterMessage for kind in inner)


def stop_is_recorded_once(state: State) -> bool:
    """A stopped transaction has its Stop in the queue until it is delivered; an open one has none (§4.10)."""
    stops = [
        entry.transaction or 0
        for entry in state.memory.outbox.values()
        if isinstance(entry.message, StopMessage)
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
        and (moment.data_transfer.state == "asked") == ("data_transfer" in asked)
        and (moment.firmware_notices.state == "asked") == ("firmware_notices" in asked)
        and (moment.diagnostics_notices.state == "asked") == ("diagnostics_notices" in asked)
        and any(report.state == "asked" for report in moment.status_reports) == ("status_report" in asked)
        and bool(moment.authorizations) == ("authorization" in asked)
        and any(card.state == "asking" for card in state.memory.card_sessions.values())
        == ("card_session" in asked)
    )


def online_the_queue_moves(state: State) -> bool:
    """Registered and connected, what waits is on its way or waits for its repeat (§3.7)."""
    moment = state.moment
    online = moment.registration.state == "accepted" and moment.link.state == "up"
    return not (online and state.memory.outbox and moment.queue.state == "idle")


def online_the_station_registers(state: State) -> bool:
    """Whoever is connected and not registered is about to ask, or has been told when (§4.2)."""
    moment = state.moment
    return (
        moment.link.state != "up"
        or moment.registration.state != "unregistered"
        or TimerKey("registration", "boot", None) in moment.timers
    )


_DEADLINES: Final = {
    ("call", "answer"): ("open",),
    ("outbox", "retry"): ("waiting",),
    ("link", "reconnect"): ("waiting",),
    ("registration", "boot"): ("pending", "rejected"),
    ("reset", "wind_down"): ("winding_down",),
    ("reset", "reboot"): ("rebooting",),
    ("vendor", "answer"): ("asked",),
    ("storage", "retry"): ("failing",),
    ("session", "start"): ("starting",),
    ("transaction", "stop", "reading"): ("stopping",),
    ("allowance", "look"): ("counting",),
    ("allowance", "silence"): ("looking",),
    ("aligned", "reading"): ("reading",),
    ("unlock", "feedback"): ("releasing",),
}
"""The timers of which one is armed all the time that a machine is in these states."""
_WAITING: Final = tuple(
    (machine, timers, states)
    for (name, *timers), states in _DEADLINES.items()
    for machine in MACHINES
    if machine.name == name
)


def records_of(held: Any) -> Mapping[Any, Any]:
    """The records of a slot by their keys; of one that is no collection, the one there is."""
    if isinstance(held, Map):
        return held
    return dict(enumerate(held)) if isinstance(held, tuple) else {None: held}


def what_waits_has_a_deadline(state: State) -> bool:
    """Nothing waits for ever on the Central System, the lock, the contactor or a meter."""
    for machine, timers, states in _WAITING:
        held = getattr(state.memory if machine.home == "memory" else state.moment, machine.slot)
        waiting = [key for key, record in records_of(held).items() if record.state in states]
        for key in waiting:
            if not any(TimerKey(machine.name, timer, key) in state.moment.timers for timer in timers):
                return False
    return True


def timers_run_in_their_states(state: State) -> bool:
    """No timer outlives the states it may run in (leaving them disarms it, ADR 0008)."""
    for timer in state.moment.timers:
        machine, runs_in = _TIMERS[timer.machine, timer.timer]
        held = getattr(state.memory if machine.home == "memory" else state.moment, machine.slot)
        record = records_of(held).get(timer.key)
        if record is None or record.state not in runs_in:
            return False
    return True


def inoperative_means_unused(state: State) -> bool:
    """Nobody uses an Inoperative connector but to finish, and what is scheduled waits for a use (§4.9 F8, §5.2)."""
    in_use = ("charging", "ending", "finishing")
    return all(
        session.state
        in (in_use if availability.state in ("scheduled", "to_be_held") else ("idle", "finishing"))
        for availability, session in zip(state.memory.availability, state.moment.sessions, strict=True)
        if availability.state != "operative"
    )


def samples_are_of_open_transactions(state: State) -> bool:
    """What waits for a StopTransaction is of a transaction that has none yet, and fits into it (errata 3.89)."""
    configuration = state.memory.configuration
    most = configuration.integer("StopTransactionMaxMeterValues", state.product.transaction_data_max)
    counts: dict[Counter, int] = {}
    for kept in state.memory.samples.values():
        counts[kept.transaction] = counts.get(kept.transaction, 0) + 1
    transactions = state.memory.transactions
    return all(
        number in transactions and transactions[number].state in ("running", "stopping") and count < most
        for number, count in counts.items()
    )


def energy_is_withheld_only_while_charging(state: State) -> bool:
    """With the transaction ends the reason to withhold energy (§4.9)."""
    return all(
        supply.state == "offered" or session.state in ("charging", "ending")
        for supply, session in zip(state.moment.supplies, state.moment.sessions, strict=True)
    )


def who_was_refused_takes_what_is_granted(state: State) -> bool:
    """A transaction that goes on refused has no energy, or what MaxEnergyOnInvalidId leaves is measured (§9.1.14)."""
    return all(
        state.moment.supplies[t.connector].state == "withheld"
        or state.moment.allowances[t.connector].state != "none"
        for t in state.memory.transactions.values()
        if t.state == "running" and t.answered is not None and t.answered.status != "Accepted"
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


def going_down_begins_nothing(state: State) -> bool:
    """Once a soft reset or the loss of mains winds the station down, nobody is on the way to charge (§5.14)."""
    return state.memory.reset.state not in ("winding_down", "on_battery") or all(
        session.state in ("idle", "charging", "ending", "finishing") for session in state.moment.sessions
    )


def a_kept_cable_is_locked(state: State) -> bool:
    """A cable is kept only where a lock holds it and somebody is known who may free it (§9.1.33, errata 3.5)."""
    return all(
        kept.id_tag and state.product.connectors[kept.connector - 1].lock
        for kept in state.moment.kept_cables
        if kept.state == "kept"
    )


def told_is_what_is(state: State) -> bool:
    """Once all reports are confirmed, the Central System knows the status that is (§4.9, errata 3.19)."""
    settling = {timer.key for timer in state.moment.timers if timer.machine == "status_report"}
    return all(
        report.confirmed is None or report.confirmed.status == connector.state
        for report, connector in zip(state.moment.status_reports, state.moment.connectors, strict=True)
        if report.state == "told" and report.settling is None and report.connector not in settling
    )


# --- payment by card -----------------------------------------------------------------------------------------


def card_tags_charge_reserved_money(state: State) -> bool:
    """Whatever is charged for a card's tag is charged while money is reserved for it (docs/payment.md)."""
    cards = {card.id_tag: card.state for card in state.memory.card_sessions.values()}
    return not cards or all(
        session.state in ("idle", "finishing") or cards[session.id_tag] in ("granted", "started")
        for session in state.moment.sessions
        if session.id_tag in cards
    )


def settlements_keep_within_reservations(state: State) -> bool:
    """No more is taken than was reserved (docs/payment.md)."""
    return all(0 <= card.amount <= card.terms.amount for card in state.memory.card_sessions.values())


def reserved_money_is_waited_for(state: State) -> bool:
    """Whatever is reserved on a card waits for something that will come (docs/payment.md)."""
    return all(_is_waited_for(state, card) for card in state.memory.card_sessions.values())


def _is_waited_for(state: State, card: CardSession) -> bool:
    moment, memory = state.moment, state.memory
    match card.state:
        case "reserving" | "settling" | "releasing":
            return TimerKey("card_session", "terminal", card.number) in moment.timers
        case "authorizing":
            return Asker("card", card.number) in moment.authorizations
        case "granted":  # a start that could not be stored is looked at when storing works again
            used = any(session.id_tag == card.id_tag for session in moment.sessions)
            return used or moment.storage.state == "failing"
        case "started":
            own = memory.transactions.get(card.transaction or Counter(0))
            return own is not None and own.id_tag == card.id_tag
        case "due":
            return moment.registration.state != "accepted" or moment.link.state != "up"
        case "waiting":
            return TimerKey("card_session", "attempt", card.number) in moment.timers
        case _:
            return card.state == "asking"


def _of(slots: str) -> frozenset[str]:
    return frozenset(slots.split())


_WITH_TIMERS: Final = _of("timers") | {machine.slot for machine, _ in _TIMERS.values()}


def reservations_end_in_time(state: State) -> bool:
    """Every reservation has its expiryDate set as a deadline: none outlives it (§5.13), or but for a full store."""
    dates, timers = state.moment.dates, state.moment.timers
    expiries = {
        TimerKey("reservation", "expiry", number): reservation.expiry
        for number, reservation in state.memory.reservations.items()
    }
    return all(dates.get(timer) == expiry or timer in timers for timer, expiry in expiries.items())


def a_reservation_is_of_a_usable_connector(state: State) -> bool:
    """What is Faulted or Unavailable is not reserved, and no connector twice (§5.13)."""
    reserved = [r.connector for r in state.memory.reservations.values()]
    return all(
        state.moment.faults[connector].state != "faulted"
        and state.memory.availability[connector].state not in _CLOSED
        and (connector == 0 or reserved.count(connector) == 1)
        for connector in reserved
    )


def only_a_car_that_is_there_asks(state: State) -> bool:
    """Whoever is unplugged, at either end, asks for no energy (§4.9)."""
    return all(
        ev.state == "content" or cable.state == "plugged"
        for ev, cable in zip(state.moment.evs, state.moment.cables, strict=True)
    )


def who_is_plugged_in_is_seen(state: State) -> bool:
    """A connector that may be used and is plugged in is in use: never Available with a cable in it (§4.9 A2)."""
    moment, memory = state.moment, state.memory
    return all(
        session.state != "idle"
        or moment.cables[session.connector].state != "plugged"
        or not fit_for_use(session.connector, moment.faults, memory.availability, memory.reset)
        for session in moment.sessions[1:]
    )


def list_and_version_agree(state: State) -> bool:
    """The version is 0 exactly when the local list is empty (§5.10)."""
    return (state.memory.list_version.version == 0) == (not state.memory.local_list)


ALWAYS: Final = (
    Always(
        "one transaction per connector", "§3.6", one_transaction_per_connector, _of("sessions transactions")
    ),
    Always(
        "sessions and transactions agree",
        "§3.6",
        sessions_and_transactions_agree,
        _of("sessions transactions"),
    ),
    Always(
        "the status follows the conditions",
        "§4.9",
        status_follows_conditions,
        _of("connectors sessions availability evs faults reservations supplies"),
    ),
    Always("the queue is in order", "§3.7", queue_is_in_order, _of("outbox queue transactions")),
    Always("a stop is recorded once", "§4.10", stop_is_recorded_once, _of("outbox transactions")),
    Always("one open call", "OCPP-J §4.1.1", one_open_call, _of("call")),
    Always(
        "whoever asked is answered",
        "OCPP-J §4.1.1",
        asked_means_on_its_way,
        _of("authorizations call card_sessions data_transfer diagnostics_notices firmware_notices heartbeat")
        | _of("queue registration status_reports"),
    ),
    Always("online the queue moves", "§3.7", online_the_queue_moves, _of("link outbox queue registration")),
    Always(
        "online the station registers",
        "§4.2",
        online_the_station_registers,
        _of("link registration timers"),
    ),
    Always(
        "what waits has a deadline",
        "§3.6, OCPP-J §4.1.1",
        what_waits_has_a_deadline,
        _of("timers " + " ".join({machine.slot for machine, _, _ in _WAITING})),
    ),
    Always("timers run in their states", "ADR 0008", timers_run_in_their_states, _WITH_TIMERS),
    Always("Inoperative means unused", "§4.9, §5.2", inoperative_means_unused, _of("availability sessions")),
    Always(
        "samples are of open transactions",
        "errata 3.89",
        samples_are_of_open_transactions,
        _of("configuration samples transactions"),
    ),
    Always(
        "energy is withheld only while charging",
        "§4.9",
        energy_is_withheld_only_while_charging,
        _of("sessions supplies"),
    ),
    Always(
        "who was refused takes what is granted",
        "§9.1.14, §9.1.24",
        who_was_refused_takes_what_is_granted,
        _of("allowances supplies transactions"),
    ),
    Always("who charges is known", "§3.6", who_charges_is_known, _of("sessions")),
    Always(
        "a busy reader has a question", "§4.1", a_busy_reader_has_a_question, _of("authorizations readers")
    ),
    Always("who goes down begins nothing", "§5.14", going_down_begins_nothing, _of("reset sessions")),
    Always("a kept cable is locked", "§9.1.33", a_kept_cable_is_locked, _of("kept_cables")),
    Always(
        "no reservation outlives its expiryDate",
        "§5.13",
        reservations_end_in_time,
        _of("reservations dates timers"),
    ),
    Always(
        "a reservation is of a usable connector",
        "§5.13",
        a_reservation_is_of_a_usable_connector,
        _of("reservations faults availability"),
    ),
    Always(
        "nobody charges while firmware is installed",
        "errata 3.49",
        nobody_charges_while_firmware_is_installed,
        _of("firmware sessions transactions"),
    ),
    Always(
        "connectors are held for an installation",
        "§5.19, errata 3.49",
        connectors_are_held_for_an_installation,
        _of("firmware availability"),
    ),
    Always(
        "no installation is stuck",
        "errata 3.49",
        no_installation_is_stuck,
        _of("firmware sessions transactions reset"),
    ),
    Always(
        "orders go on",
        "§6.25, §6.55",
        orders_go_on,
        _of("firmware diagnostics firmware_notices diagnostics_notices timers dates link registration"),
    ),
    Always(
        "statuses go in order",
        "§4.4, §4.5",
        statuses_go_in_order,
        _of("firmware_notices diagnostics_notices firmware_due diagnostics_due"),
    ),
    Always(
        "a TxProfile is of a running transaction",
        "§3.13.1, §7.10",
        tx_profiles_are_of_running_transactions,
        _of("profiles sessions"),
    ),
    Always("one profile in each place", "§3.13.2", one_profile_per_place, _of("profiles")),
    Always(
        "limits keep within what is there",
        "§3.13",
        limits_keep_within_what_is_there,
        _of("smart_charging sessions"),
    ),
    Always(
        "cleared means all is offered", "§5.5", without_limits_all_is_offered, _of("profiles smart_charging")
    ),
    Always(
        "limits are what is stated leaves",
        "§3.13, §7.9",
        limits_are_what_is_stated_leaves,
        _of("boot clock configuration profiles sessions smart_charging timers transactions"),
    ),
    Always("too low a limit suspends", "§7.7", too_low_a_limit_suspends, _of("smart_charging supplies")),
    Always(
        "who is plugged in is seen",
        "§4.9 A2",
        who_is_plugged_in_is_seen,
        _of("availability cables faults reset sessions"),
    ),
    Always("only a car that is there asks", "§4.9", only_a_car_that_is_there_asks, _of("cables evs")),
    Always(
        "running transactions are sampled",
        "§3.16.1, §9.1.17",
        running_transactions_are_sampled,
        _of("configuration timers transactions"),
    ),
    Always("list and version agree", "§5.10", list_and_version_agree, _of("local_list list_version")),
    Always(
        "what was told is what is",
        "§4.9, errata 3.19",
        told_is_what_is,
        _of("connectors status_reports timers"),
    ),
    Always(
        "a card's tag charges reserved money",
        "payment 4",
        card_tags_charge_reserved_money,
        _of("card_sessions sessions"),
    ),
    Always(
        "no more is taken than was reserved",
        "payment 6, 8",
        settlements_keep_within_reservations,
        _of("card_sessions"),
    ),
    Always(
        "reserved money is waited for",
        "payment 5, 9, 10",
        reserved_money_is_waited_for,
        _of("authorizations card_sessions link registration sessions storage timers transactions"),
    ),
)
