"""States that must be seen: a search that never came there proved nothing of them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from pilotline.core.state import MeterMessage, StartMessage, State, StopMessage


class Sometimes(NamedTuple):
    """Is seen at least once."""

    name: str
    holds: Callable[[State], bool]


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


def a_car_charges(state: State) -> bool:
    """A transaction runs, and energy may flow."""
    return any(session.state == "charging" for session in state.moment.sessions)


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


def a_connector_is_reserved(state: State) -> bool:
    """A connector shows Reserved."""
    return any(connector.state == "Reserved" for connector in state.moment.connectors)


def plugged_in_where_reserved(state: State) -> bool:
    """Somebody has plugged in where it is reserved, and shows no tag."""
    return any(session.state == "awaiting_reserver" for session in state.moment.sessions)


def one_is_kept(state: State) -> bool:
    """A connector shows Reserved because of a reservation of any connector."""
    return a_connector_is_reserved(state) and any(
        reservation.connector == 0 for reservation in state.memory.reservations.values()
    )


def the_list_is_contradicted(state: State) -> bool:
    """The main controller reports LocalListConflict."""
    return any(raised.error_code == "LocalListConflict" for raised in state.moment.faults[0].raised)


def a_cable_is_kept(state: State) -> bool:
    """A transaction is over, and the lock keeps the cable for its driver."""
    return any(cable.state == "kept" for cable in state.moment.kept_cables)


def a_refused_driver_has_energy_left(state: State) -> bool:
    """A start was not accepted, and the allowance is not used up."""
    return any(allowance.state == "counting" for allowance in state.moment.allowances)


def settlement_waits_for_the_link(state: State) -> bool:
    """The amount of a card is to be asked for, and the station is offline."""
    return state.moment.link.state != "up" and any(
        card.state == "due" for card in state.memory.card_sessions.values()
    )


def reservation_is_released(state: State) -> bool:
    """A card session was abandoned before its transaction."""
    return any(
        card.state == "releasing" and card.bill is None for card in state.memory.card_sessions.values()
    )


def amount_is_settled(state: State) -> bool:
    """An amount is still being settled while the next car charges."""
    return any(card.state == "settling" for card in state.memory.card_sessions.values()) and any(
        session.state == "charging" for session in state.moment.sessions
    )


def the_embedder_is_asked(state: State) -> bool:
    """A vendor's message waits for the embedder's answer."""
    return state.moment.vendor.state == "asked"


def a_soft_reset_winds_down(state: State) -> bool:
    """A soft reset waits for what a transaction has still to say."""
    return state.memory.reset.state == "winding_down" and bool(state.memory.outbox)


def a_restart_did_not_come_about(state: State) -> bool:
    """A restart is ordered again."""
    return state.memory.reset.failures > 0


def on_battery_while_a_transaction_stops(state: State) -> bool:
    """Mains are gone, and a transaction is being stopped."""
    return state.memory.reset.state == "on_battery" and any(
        transaction.state == "stopping" for transaction in state.memory.transactions.values()
    )


def a_reading_of_no_transaction_waits(state: State) -> bool:
    """A clock-aligned reading that was taken outside of a transaction waits in the queue."""
    return any(entry.transaction is None for entry in state.memory.outbox.values())


def a_sample_is_kept(state: State) -> bool:
    """A periodic or clock-aligned sample waits for its StopTransaction."""
    return any(k.sample.context.startswith("Sample.") for k in state.memory.samples.values())


def an_interruption_is_kept(state: State) -> bool:
    """A StopTransaction is going to tell of a break of the energy."""
    return any(k.sample.context == "Interruption.End" for k in state.memory.samples.values())


def at_rest(state: State) -> bool:
    """Nobody is there, nothing is wrong, nothing waits: every connector is Available."""
    moment, memory = state.moment, state.memory
    return (
        not memory.outbox
        and memory.reset.state == "up"
        and not memory.transactions
        and not memory.card_sessions
        and not moment.authorizations
        and not moment.smart_charging.local_limits
        and all(connector.state == "Available" for connector in moment.connectors)
        and all(session.state == "idle" for session in moment.sessions)
    )


def an_installation_waits(state: State) -> bool:
    """Firmware is downloaded, and somebody still charges (errata 3.49)."""
    return state.memory.firmware.state == "downloaded" and any(
        session.state == "charging" for session in state.moment.sessions
    )


def an_order_waits(state: State) -> bool:
    """Another update was ordered during an installation."""
    return state.memory.firmware.state == "installing" and state.memory.firmware.next is not None


def a_status_waits_for_the_link(state: State) -> bool:
    """What is to be told of an update survives that nobody listens."""
    return state.moment.firmware_notices.state == "due" and state.moment.link.state != "up"


def an_upload_waits(state: State) -> bool:
    """An upload failed and retries are left (§6.25)."""
    return state.memory.diagnostics.state == "retrying"


def a_limit_suspends(state: State) -> bool:
    """A car waits for a limit that is high enough."""
    return any(supply.state == "limited" for supply in state.moment.supplies)


def a_tx_profile_is_installed(state: State) -> bool:
    """A profile of one transaction."""
    return any(profile.purpose == "TxProfile" for profile in state.memory.profiles.values())


def a_profile_waits(state: State) -> bool:
    """A remote start has brought a profile, and its transaction has not begun."""
    return any(
        session.profile is not None and session.transaction is None for session in state.moment.sessions
    )


SOMETIMES: Final = (
    Sometimes("a limit suspends", a_limit_suspends),
    Sometimes("a TxProfile is installed", a_tx_profile_is_installed),
    Sometimes("a profile waits for its transaction", a_profile_waits),
    Sometimes("the embedder is asked", the_embedder_is_asked),
    Sometimes("a cable is kept", a_cable_is_kept),
    Sometimes("a soft reset winds down", a_soft_reset_winds_down),
    Sometimes("a restart did not come about", a_restart_did_not_come_about),
    Sometimes("on battery while a transaction stops", on_battery_while_a_transaction_stops),
    Sometimes("charging without energy", charging_without_energy),
    Sometimes("charging before registration", charging_before_registration),
    Sometimes("a start was skipped", a_start_was_skipped),
    Sometimes("messages of an earlier boot wait", messages_of_an_earlier_boot_wait),
    Sometimes("Inoperative is scheduled", inoperative_is_scheduled),
    Sometimes("held by a fault", held_by_a_fault),
    Sometimes("the main controller is Faulted while a car charges", main_controller_faulted_while_charging),
    Sometimes("a car charges", a_car_charges),
    Sometimes("two cars charge at once", both_connectors_charge),
    Sometimes("a tag is known", a_tag_is_known),
    Sometimes("a warning is raised", a_warning_is_raised),
    Sometimes("a request waits for its turn", requests_wait_for_their_turn),
    Sometimes("the clock is known before registration", clock_known_before_registration),
    Sometimes("a sample waits", a_sample_waits),
    Sometimes("a refused driver has energy left", a_refused_driver_has_energy_left),
    Sometimes("a settlement waits for the link", settlement_waits_for_the_link),
    Sometimes("a reservation of money is released", reservation_is_released),
    Sometimes("an amount is settled while the next car charges", amount_is_settled),
    Sometimes("a reading of no transaction waits", a_reading_of_no_transaction_waits),
    Sometimes("a sample is kept", a_sample_is_kept),
    Sometimes("an interruption is kept", an_interruption_is_kept),
    Sometimes("charging offline", charging_offline),
    Sometimes("faulted while charging", faulted_while_charging),
    Sometimes("a whole transaction waits in the queue", stop_waits_behind_start),
    Sometimes("the head of the queue waits for its repeat", waits_for_repeat),
    Sometimes("a connector is reserved", a_connector_is_reserved),
    Sometimes("plugged in where it is reserved", plugged_in_where_reserved),
    Sometimes("one is kept for whoever reserved any", one_is_kept),
    Sometimes("the local list is contradicted", the_list_is_contradicted),
    Sometimes("an installation waits for who charges", an_installation_waits),
    Sometimes("an order waits behind an installation", an_order_waits),
    Sometimes("a status waits for the link", a_status_waits_for_the_link),
    Sometimes("an upload waits for its next attempt", an_upload_waits),
)
