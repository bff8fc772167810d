"""How a CALL of the Central System is answered: by its decision table, once, and never by an exception.

An action of a feature profile that SupportedFeatureProfiles does not list is NotSupported, whatever tables there are,
unless its own table has a confirmation that says so.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Final

from msgspec import Struct

from pilotline.core import timers
from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import OPERATIONS
from pilotline.core.draft import Draft, Taken
from pilotline.core.effects import CallError, Configure, Effect, SendError, SendResult
from pilotline.core.events import BadCallReceived, CallReceived, CommitFailed, DeadlinePassed, Internal
from pilotline.core.reading import slice_function
from pilotline.core.slices import key
from pilotline.core.state import Answered, Counter, HeldCall, State
from pilotline.spec.messages.actions import ACTION_OF, ACTIONS
from pilotline.spec.types import ErrorCode


class Reads(Struct, frozen=True):
    """What is asked of every request before its table."""

    profiles: Annotated[tuple[str, ...], key("SupportedFeatureProfiles")]


_reads: Final = slice_function(Reads)
BY_REQUEST: Final[dict[type, tuple[DecisionTable[Any, Any], Callable[..., Any]]]] = {
    table.request: (table, slice_function(table.reads)) for table in OPERATIONS
}
_HOLDERS: Final = tuple(
    attrgetter(f"{row.later.home}.{row.later.slot}")
    for table in OPERATIONS
    for row in table.rows
    if row.later
)


def answer(draft: Draft, event: CallReceived) -> None:
    """Answer a CALL; a Rejected station answers nothing (§4.2).

    The last CALL again, with the same id, is a repeat (OCPP-J errata 3.1): it gets the same answer, and nothing
    is done twice. Another request under an old id is the peer's mistake, and is served.
    """
    if not _is_heard(draft.state, event.connection):
        return
    answered = draft.state.moment.answered
    if answered is not None and answered == Answered(
        event.connection, event.message_id, event.request, answered.confirmation
    ):
        draft.effects.append(SendResult(event.connection, event.message_id, answered.confirmation))
    elif _is_held(draft.state, event):
        _refuse_with(draft, event, "GenericError", "this message id is being handled")
    elif not _is_offered(draft.state, event):
        _refuse_with(draft, event, "NotSupported", "this station does not offer the action")
    else:
        _decide(draft, event)


def refuse(draft: Draft, event: BadCallReceived) -> None:
    """Answer what is no valid CALL by its CALLERROR (OCPP-J §4.2.3)."""
    if _is_heard(draft.state, event.connection):
        _refuse_with(draft, event, event.code, event.description)


def could_not_store(draft: Draft, event: CommitFailed) -> None:
    """The CALL at hand gets InternalError; a timer comes again; what the event would have begun has not begun."""
    failed = event.event
    if isinstance(failed, CallReceived):
        _refuse_with(draft, failed, "InternalError", "the station cannot store this now")
    elif isinstance(failed, DeadlinePassed):
        timers.postpone(draft)


def _decide(draft: Draft, event: CallReceived) -> None:
    table, slice_of = BY_REQUEST[type(event.request)]
    reads = slice_of(draft.state, None, draft.now)
    row = table.pick(reads, event.request)
    draft.trace.append(Taken(table.name, None, row.name))
    if row.later is not None:
        draft.queue.extend(row.answer(reads, event.request, HeldCall(event.connection, event.message_id)))
        return
    outcome = row.answer(reads, event.request)
    if isinstance(outcome, CallError):
        _refuse_with(draft, event, outcome.code, outcome.description)
        return
    confirmation, outputs = outcome if type(outcome) is tuple else (outcome, ())
    draft.effects.append(SendResult(event.connection, event.message_id, confirmation))
    draft.set_moment("answered", Answered(event.connection, event.message_id, event.request, confirmation))
    for output in outputs:
        if isinstance(output, Internal):
            draft.queue.append(output)
        elif isinstance(output, Effect):
            draft.effects.append(output)
        elif isinstance(output, Configure):
            draft.configure(output)
        else:
            draft.store(output)


def _is_heard(state: State, connection: Counter) -> bool:
    """It came on the connection that is up, and the Central System has not rejected this station (§4.2)."""
    moment = state.moment
    return (
        moment.link.connection == connection
        and moment.link.state == "up"
        and moment.registration.standing != "Rejected"
    )


def _is_offered(state: State, event: CallReceived) -> bool:
    request = type(event.request)
    if request not in BY_REQUEST:
        return False
    table, _ = BY_REQUEST[request]
    return table.says_if_offered or ACTIONS[ACTION_OF[request]].profile in _reads(state, None).profiles


def _is_held(state: State, event: CallReceived) -> bool:
    """A machine is still working on a CALL of this id (OCPP-J §4.2.3)."""
    held = HeldCall(event.connection, event.message_id)
    return any(record.call == held for records in _HOLDERS for record in _each(records(state)))


def _each(records: Any) -> tuple[Any, ...]:
    """The records of a slot: one of the station, or one for each connector."""
    return records if isinstance(records, tuple) else (records,)


def _refuse_with(
    draft: Draft, event: CallReceived | BadCallReceived, code: ErrorCode, description: str
) -> None:
    draft.effects.append(SendError(event.connection, event.message_id, code, description))
