"""From the state of a station to the answers of the control API."""

import math

from msgspec.structs import asdict

from pilotline.adapters.http.models import (
    CardSessionAnswer,
    ClockAnswer,
    ConnectorAnswer,
    FaultAnswer,
    HoldAnswer,
    LinkAnswer,
    ReaderAnswer,
    SignalAnswer,
    StateAnswer,
    TerminalAnswer,
    TransactionAnswer,
)
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.core.calendar import date_of
from pilotline.core.machines.firmware import told_version
from pilotline.core.state import CardSession, Counter, State, Transaction, UtcTime
from pilotline.core.step import next_deadline


def state_answer(station: Station, simulation: SimulatedHardware) -> StateAnswer:
    """The whole station. Raises `PowerCutError` while there is none."""
    state, now = station.state, station.now()
    memory, moment, identity = state.memory, state.moment, state.product.identity
    epoch, opened = moment.clock.epoch, moment.call.open
    utc = None if epoch is None else date_of(UtcTime(epoch + now))
    configuration = memory.configuration
    return StateAnswer(
        vendor=identity.charge_point_vendor,
        model=identity.charge_point_model,
        firmware_version=told_version(memory.firmware, identity),
        firmware=memory.firmware.state,
        diagnostics=memory.diagnostics.state,
        boots=memory.boot.number,
        reset=memory.reset.state,
        now_ms=now,
        next_deadline_ms=next_deadline(state),
        clock=ClockAnswer(
            state=moment.clock.state, utc=None if utc is None else utc.isoformat(timespec="milliseconds")
        ),
        link=link_answer(state),
        connectors=[
            connector_answer(state, simulation, connector) for connector in range(len(moment.connectors))
        ],
        readers=[reader_answer(state, simulation, reader) for reader in range(1, len(moment.readers))],
        light_intensity_percent=simulation.light_intensity_percent,
        open_call=None if opened is None else opened.action,
        data_transfer_to_answer=None if moment.vendor.call is None else moment.vendor.call.message_id,
        outbox_length=len(memory.outbox),
        transactions=[
            _transaction_answer(number, transaction)
            for number, transaction in sorted(memory.transactions.items())
        ],
        terminals=[
            terminal_answer(simulation, number) for number in range(1, len(state.product.terminals) + 1)
        ],
        card_sessions=[_card_session_answer(card) for _, card in sorted(memory.card_sessions.items())],
        holds=[HoldAnswer(**asdict(hold)) for hold in simulation.terminals.holds.values()],
        configuration={key.name: configuration.text(key.name) for key in configuration.offered()},
    )


def connector_answer(state: State, simulation: SimulatedHardware, connector: int) -> ConnectorAnswer:
    """One connector, or the main controller (0)."""
    moment, point = state.moment, simulation.point(connector)
    session = moment.sessions[connector]
    limit = moment.smart_charging.limits[connector]
    running = None if session.transaction is None else state.memory.transactions.get(session.transaction)
    return ConnectorAnswer(
        connector=connector,
        status=moment.connectors[connector].state,
        availability=state.memory.availability[connector].state,
        plugged=moment.cables[connector].state == "plugged",
        locked=point.locked,
        ev_asks_for_energy=moment.evs[connector].state == "asking",
        contactor_closed=moment.contactors[connector].state == "closed",
        energy_offered=moment.supplies[connector].state == "offered",
        limit_a=None if limit is None else float(limit.current_a),
        phases=None if limit is None else moment.phase_switches[connector].phases,
        session=session.state,
        id_tag=session.id_tag,
        transaction=(
            None
            if running is None or session.transaction is None
            else _transaction_answer(session.transaction, running)
        ),
        faults=[
            FaultAnswer(
                error_code=fault.error_code, info=fault.info, prevents_charging=fault.prevents_charging
            )
            for fault in moment.faults[connector].raised
        ],
        register_wh=math.floor(point.register_wh),
        power_w=round(simulation.power_w(connector), 1),
        soc_percent=None if point.car is None else round(point.car.soc_percent, 2),
    )


def reader_answer(state: State, simulation: SimulatedHardware, reader: int) -> ReaderAnswer:
    """One tag reader."""
    own, shown = state.moment.readers[reader], simulation.signals.get(reader)
    signal = None if shown is None else SignalAnswer(accepted=shown.accepted, blinks=shown.blinks)
    return ReaderAnswer(reader=reader, state=own.state, id_tag=own.id_tag or None, signal=signal)


def terminal_answer(simulation: SimulatedHardware, terminal: int) -> TerminalAnswer:
    """One payment terminal."""
    return TerminalAnswer(terminal=terminal, accepted=simulation.terminals.signals.get(terminal))


def _card_session_answer(card: CardSession) -> CardSessionAnswer:
    return CardSessionAnswer(
        number=card.number,
        terminal=card.terminal,
        connector=card.connector,
        state=card.state,
        id_tag=card.id_tag,
        reserved=card.terms.amount,
        currency=card.terms.currency,
        attempts=0 if card.bill is None else card.bill.attempts,
    )


def link_answer(state: State) -> LinkAnswer:
    """The connection to the Central System."""
    link = state.moment.link
    return LinkAnswer(
        state=link.state,
        connection=link.connection,
        failures=link.failures,
        registration=state.moment.registration.state,
    )


def _transaction_answer(number: Counter, transaction: Transaction) -> TransactionAnswer:
    answered, stop = transaction.answered, transaction.stop
    return TransactionAnswer(
        number=number,
        connector=transaction.connector,
        state=transaction.state,
        id_tag=transaction.id_tag,
        transaction_id=None if answered is None else answered.transaction_id,
        register_wh=transaction.register,
        stop_reason=None if stop is None else stop.reason,
    )
