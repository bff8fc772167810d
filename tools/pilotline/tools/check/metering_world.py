"""Who plays with meters and the clock: silent meters, old readings, a clock that jumps."""

from collections.abc import Iterator

from msgspec.structs import replace

from pilotline.core.calendar import date_of
from pilotline.core.effects import CloseContactor
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    ConnectorLocked,
    ContactorClosed,
    ContactorOpened,
    EvUnplugged,
    External,
    MeterRead,
    ResultReceived,
    TagPresented,
)
from pilotline.core.levels import contactor
from pilotline.core.state import State, UtcTime
from pilotline.spec.messages.core import HeartbeatConf
from pilotline.tools.check.environment import READINGS, TAG, Player


def one_driver_after_another(connector: int, reader: int) -> Player:
    """Plugs in, charges, stops and leaves; the next one comes when all of it is delivered."""

    def play(state: State) -> Iterator[External]:
        cable = state.moment.cables[connector].state
        match state.moment.sessions[connector].state:
            case "idle" if cable == "unplugged" and not state.memory.transactions:
                yield CablePlugged(connector)
            case "awaiting_id_tag" | "charging":
                yield TagPresented(reader, TAG)
            case "finishing":
                yield EvUnplugged(connector) if cable == "plugged" else CableUnplugged(connector)
            case _:
                pass

    return play


def silent_meter(connector: int) -> Player:
    """Reads at a tick when it likes, or never; its answer may also be of a transaction that is over."""

    def play(state: State) -> Iterator[External]:
        if state.moment.aligned[connector].state == "reading":
            yield MeterRead(connector, None, "Sample.Clock", READINGS)
            for number, transaction in state.memory.transactions.items():
                if transaction.connector == connector:
                    yield MeterRead(connector, number, "Sample.Clock", READINGS)

    return play


def old_readings(connector: int) -> Player:
    """Does what it is told, and tells readings that are too old."""

    def play(state: State) -> Iterator[External]:
        old = replace(READINGS, age_ms=state.product.register_max_age_ms + 1)
        moment = state.moment
        has_lock = state.product.connectors[connector - 1].lock
        if moment.sessions[connector].state == "starting" and has_lock:
            yield ConnectorLocked(connector, old)
            yield MeterRead(connector, None, "Transaction.Begin", READINGS)
        closed = moment.contactors[connector].state == "closed"
        if closed and moment.sessions[connector].state == "ending":
            yield ContactorOpened(connector, old)
        if not closed and isinstance(contactor(state, connector), CloseContactor):
            yield ContactorClosed(connector)

    return play


def clock_jumps(*by_s: int) -> Player:
    """The answer to a Heartbeat sets the clock by so much, but not back again before the last tick."""

    def play(state: State) -> Iterator[External]:
        opened, clock = state.moment.call.open, state.moment.clock
        if opened is None or opened.action != "HeartbeatReq" or clock.epoch is None:
            return
        for jump_s in by_s:
            if jump_s > 0 or (state.memory.clock_aligned.tick or 0) <= clock.epoch:
                told = HeartbeatConf(current_time=date_of(UtcTime(clock.epoch + jump_s * 1000)))
                yield ResultReceived(state.moment.call.connection, opened.message_id, told)

    return play
