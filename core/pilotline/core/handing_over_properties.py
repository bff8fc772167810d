"""What a charge point promises of what a step hands over: predicates for `step_properties`.

Elsewhere a promise is about what the station believes; here, about what the world was told so that it can be true.
"""

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from pilotline.core import facts, levels
from pilotline.core.declared import MACHINES
from pilotline.core.effects import (
    AnswerDataTransfer,
    BreakContactor,
    Change,
    Clear,
    Configure,
    Download,
    Drop,
    Effect,
    Install,
    LockConnector,
    OpenContactor,
    OpenLink,
    Put,
    ReadMeter,
    Reboot,
    ReleaseAmount,
    ReleaseConnector,
    ReportWorld,
    ReserveAmount,
    SendCall,
    SendResult,
    SettleAmount,
    SignalCard,
    SignalTag,
    TellDataTransfer,
    Upload,
)
from pilotline.core.properties import records_of
from pilotline.core.sampling import END, INTERRUPTION_END, is_interrupted
from pilotline.core.state import HeldCall, Memory, State, TimerKey, Transaction
from pilotline.core.step import Step
from pilotline.core.timer_properties import boots
from pilotline.core.transaction_messages import is_undated
from pilotline.spec.products import Configuration

OF_LEVELS: Final = frozenset(
    ("sessions", "cables", "supplies", "phase_switches", "faults", "storage", "smart_charging", "kept_cables")
) | {"connectors", "configuration"}
OF_WHO_IS_TOLD: Final = frozenset(("readers", "terminal", "data_transfer", "storage", "card_sessions"))
OF_HELD_CALLS: Final = frozenset(("vendor", "unlocks"))
"""The slots that these promises are about."""
_MEMORY: Final = Memory.__struct_fields__
_SLOT_OF: Final = {machine.name: machine.slot for machine in MACHINES}


# --- levels --------------------------------------------------------------------------------------------------

_OF_CONNECTORS: Final = (levels.contactor, levels.limit, levels.light)
_OF_THE_STATION: Final = (levels.brightness, levels.ping)


def levels_are_handed_over(before: State, step: Step) -> bool:
    """Whatever is to be otherwise from now on is handed over; after a boot, all of it (§3.6, §9.1.11)."""
    is_now = _levels(step.state)
    due = (
        is_now
        if boots(before, step)
        else [new for old, new in zip(_levels(before), is_now, strict=True) if old != new]
    )
    return all(command in step.effects for command in due)


def _levels(state: State) -> list[Effect]:
    connectors = range(1, len(state.moment.connectors))
    return [
        *(level(state, connector) for level in _OF_CONNECTORS for connector in connectors),
        *(
            levels.lock(state, connector)
            for connector in connectors
            if facts.has_lock(state.product, connector)
        ),
        *(level(state, 0) for level in _OF_THE_STATION),
    ]


def a_closed_contactor_opens_by_its_level(_before: State, step: Step) -> bool:
    """It tells when it has opened; only of one that has told nothing yet is an answer owed (§9.4.4)."""
    return not any(
        step.state.moment.contactors[effect.connector].state == "closed"
        for effect in step.effects
        if isinstance(effect, BreakContactor)
    )


# --- commits -------------------------------------------------------------------------------------------------


def the_store_is_believed_once_it_stored(before: State, step: Step) -> bool:
    """It is fine again by a record that is stored, not by a step that stores nothing (§3.7)."""
    fine_again = before.moment.storage.state == "failing" and step.state.moment.storage.state == "fine"
    return not fine_again or bool(step.changes)


def memory_is_what_is_committed(before: State, step: Step) -> bool:
    """The changes are what makes of the old Memory the new one: else a cut would bring back what is over (§3.7)."""
    changes = defaultdict[str, list[Change]](list)
    for change in step.changes:
        changes[change.collection].append(change)
    return all(
        _is_committed(getattr(before.memory, slot), getattr(step.state.memory, slot), changes[slot])
        for slot in sorted(_may_be_written(step))
    )


def _is_committed(was: object, held: object, changes: list[Change]) -> bool:
    if not changes:
        return was is held or was == held
    stored = dict(_records(was))
    for change in changes:
        if isinstance(change, Put):
            stored[change.key] = change.record
        elif isinstance(change, Drop):
            stored.pop(change.key, None)
        else:
            stored.clear()
    return stored == dict(_records(held))


_ORDERS: Final = frozenset(
    (machine.name, binding.name)
    for machine in MACHINES
    for binding in machine.table
    if binding.outputs & {Put, Drop, Clear, Configure}
)


def _may_be_written(step: Step) -> frozenset[str]:
    """The machines' own records; where a row or a decision stores something else as well, any."""
    if any((t.machine, t.binding) in _ORDERS or t.machine not in _SLOT_OF for t in step.trace):
        return frozenset(_MEMORY)
    return frozenset(_SLOT_OF[taken.machine] for taken in step.trace).intersection(_MEMORY)


def _records(held: object) -> Mapping[Any, Any]:
    return held.texts() if isinstance(held, Configuration) else records_of(held)


# --- what is awaited -----------------------------------------------------------------------------------------


class _Awaited(NamedTuple):
    """Who waits in a state for an answer of the world, and what asks for it."""

    slot: str
    state: str
    of: str
    """What names it in the record of who waits."""
    asks: str
    """What names it in the effect, which is one of these."""
    by: tuple[type[Effect], ...]


AWAITED: Final = (
    _Awaited("link", "connecting", "connection", "connection", (OpenLink,)),
    _Awaited("call", "open", "open.message_id", "message_id", (SendCall,)),
    _Awaited("vendor", "asked", "call", "call", (AnswerDataTransfer,)),
    _Awaited("reset", "rebooting", "cause", "cause", (Reboot,)),
    _Awaited("firmware", "downloading", "job", "job", (Download,)),
    _Awaited("firmware", "installing", "job", "job", (Install,)),
    _Awaited("diagnostics", "uploading", "job", "job", (Upload,)),
    _Awaited("card_sessions", "reserving", "number", "payment", (ReserveAmount,)),
    _Awaited("card_sessions", "settling", "number", "payment", (SettleAmount,)),
    _Awaited("card_sessions", "releasing", "number", "payment", (ReleaseAmount,)),
    _Awaited("unlocks", "releasing", "connector", "connector", (ReleaseConnector,)),
    _Awaited("sessions", "starting", "connector", "connector", (LockConnector, ReadMeter)),
    _Awaited("allowances", "looking", "connector", "connector", (ReadMeter,)),
    _Awaited("aligned", "reading", "connector", "connector", (ReadMeter,)),
)


def what_is_awaited_was_asked_for(before: State, step: Step) -> bool:
    """Whoever begins to wait for an answer of the world has asked for it; a boot asks anew (ADR 0006)."""
    is_boot = boots(before, step)
    acted = {_SLOT_OF.get(taken.machine) for taken in step.trace}
    for awaited in AWAITED:
        if awaited.slot in acted or is_boot:
            waiting = _waiting(step.state, awaited)
            if waiting and not is_boot:
                waiting -= _waiting(before, awaited)
            if waiting:
                asks = attrgetter(awaited.asks)
                if not waiting <= {asks(effect) for effect in step.effects if isinstance(effect, awaited.by)}:
                    return False
    return True


def _waiting(state: State, awaited: _Awaited) -> set[Any]:
    held = getattr(state.memory if awaited.slot in _MEMORY else state.moment, awaited.slot)
    of = attrgetter(awaited.of)
    return {of(record) for record in records_of(held).values() if record.state == awaited.state}


# --- who is told ---------------------------------------------------------------------------------------------


_UNDECIDED: Final = ("reserving", "authorizing")


def held_calls_are_answered(before: State, step: Step) -> bool:
    """A call that was held is answered while its link is up (§5.6, §5.18)."""
    held, still = _held(before), _held(step.state)
    return boots(before, step) or all(call in still or _is_answered(call, step) for call in held)


def _held(state: State) -> set[HeldCall]:
    moment = state.moment
    return {call for call in (moment.vendor.call, *(unlock.call for unlock in moment.unlocks)) if call}


def _is_answered(call: HeldCall, step: Step) -> bool:
    link = step.state.moment.link
    return (
        link.state != "up"
        or link.connection != call.connection
        or any(
            isinstance(effect, SendResult)
            and (effect.connection, effect.message_id) == (call.connection, call.message_id)
            for effect in step.effects
        )
    )


def who_waits_here_is_told(before: State, step: Step) -> bool:
    """A driver what became of the tag or the card, the embedder what became of a data transfer, and all is asked again
    when the store has room (§4.3, §9.1.4).
    """
    if boots(before, step):
        return True
    was, is_now = before.moment, step.state.moment
    told = {type(effect) for effect in step.effects}
    signalled = {effect.reader for effect in step.effects if isinstance(effect, SignalTag)}
    return (
        all(
            old.state != "authorizing" or new.state == "authorizing" or old.number in signalled
            for old, new in zip(was.readers, is_now.readers, strict=True)
        )
        and (SignalCard in told or _no_card_was_decided(before, step))
        and (
            TellDataTransfer in told
            or was.data_transfer.state != "asked"
            or is_now.data_transfer.state == "asked"
        )
        and (ReportWorld in told or was.storage.state != "failing" or is_now.storage.state == "failing")
    )


def _no_card_was_decided(before: State, step: Step) -> bool:
    after = step.state.memory.card_sessions
    refused = any(t.machine == "terminal" and "J3" not in t.binding for t in step.trace)
    return not refused and all(
        number in after and after[number].state in _UNDECIDED
        for number, card in before.memory.card_sessions.items()
        if card.state in _UNDECIDED
    )


def only_what_makes_safe_is_done_uncommitted(_before: State, step: Step) -> bool:
    """Contactors open before the commit, which may fail; nothing else is done before it (ADR 0006)."""
    return all(e.makes_safe == isinstance(e, OpenContactor | BreakContactor) for e in step.effects)


def time_dates_what_waits(_before: State, step: Step) -> bool:
    """When the time is told, whatever waits gets its date: it is sent next, or no later boot meets a clock (§3.9)."""
    memory = step.state.memory
    if not any(taken.binding == "K1/TimeTold" for taken in step.trace if taken.machine == "clock"):
        return True
    return not any(is_undated(entry.message) for entry in memory.outbox.values()) and all(
        kept.sample.stamp.utc is not None for kept in memory.samples.values()
    )


def an_attempt_has_its_time_out(before: State, step: Step) -> bool:
    """Whoever begins to await a tag or a plug does so for ConnectionTimeOut (§9.1.7)."""
    waiting = ("awaiting_id_tag", "awaiting_plug")
    return all(
        TimerKey("session", "connection_time_out", now.connector) in step.state.moment.timers
        for was, now in zip(before.moment.sessions, step.state.moment.sessions, strict=True)
        if now.state in waiting and now.state != was.state
    )


_SAMPLERS: Final = ("transaction", "session", "aligned")


def a_reading_is_of_who_asked(_before: State, step: Step) -> bool:
    """What was triggered is sent at once, and is no sample of anybody else's (§5.17)."""
    takers = {taken.machine for taken in step.trace if taken.binding.endswith("/MeterRead")}
    return "trigger" not in takers or takers.isdisjoint(_SAMPLERS)


def the_end_of_an_interruption_is_measured(before: State, step: Step) -> bool:
    """When energy flows again, the meter is asked for the register it goes on from (§7.35)."""
    asked = {e.connector for e in step.effects if isinstance(e, ReadMeter) and e.context == INTERRUPTION_END}
    return all(
        session.connector in asked or not is_interrupted(session.transaction, before.memory.samples)
        for session, was, now in zip(
            before.moment.sessions, before.moment.contactors, step.state.moment.contactors, strict=True
        )
        if session.state == "charging" and was.state == "open" and now.state == "closed"
    )


def the_end_is_measured(before: State, step: Step) -> bool:
    """Once no energy can flow into a transaction that stops, its register is told or asked for (§4.10)."""
    if boots(before, step):
        return True
    asked = {e.connector for e in step.effects if isinstance(e, ReadMeter) and e.context == END}
    return all(
        transaction.connector in asked
        or step.state.moment.contactors[transaction.connector].state != "open"
        or _could_be_told(before, transaction)
        for transaction in step.state.memory.transactions.values()
        if transaction.state == "stopping"
    )


def _could_be_told(before: State, transaction: Transaction) -> bool:
    """It was stopping already, with the contactor open."""
    was = before.memory.transactions.get(transaction.number)
    is_open = before.moment.contactors[transaction.connector].state == "open"
    return was is not None and was.state == "stopping" and is_open
