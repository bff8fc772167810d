"""What every single step of a charge point keeps to: named predicates, each with the section it follows.

What holds in every state is in `properties`.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from pilotline.core import facts
from pilotline.core.answer_properties import (
    a_reservation_is_refused_as_the_status_says,
    an_update_that_is_not_newer_is_told_so,
    vendors_are_answered_as_declared,
    what_is_accepted_is_so,
    what_is_not_offered_is_not_accepted,
    what_is_refused_changes_nothing,
    what_is_triggered_is_sent,
    what_is_wrong_with_a_message_is_an_error,
)
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.effects import (
    AnswerDataTransfer,
    BreakContactor,
    Change,
    Clear,
    CloseContactor,
    Configure,
    Drop,
    Effect,
    LimitCurrent,
    OpenContactor,
    Put,
    Reboot,
    ReleaseAmount,
    SendCall,
    SendError,
    SendResult,
    SettleAmount,
)
from pilotline.core.firmware_properties import (
    a_start_leaves_no_file_behind,
    progress_is_told,
    the_oldest_status_is_told_first,
)
from pilotline.core.handing_over_properties import (
    AWAITED,
    OF_HELD_CALLS,
    OF_LEVELS,
    OF_WHO_IS_TOLD,
    a_closed_contactor_opens_by_its_level,
    a_reading_is_of_who_asked,
    an_attempt_has_its_time_out,
    held_calls_are_answered,
    levels_are_handed_over,
    memory_is_what_is_committed,
    only_what_makes_safe_is_done_uncommitted,
    the_end_is_measured,
    the_end_of_an_interruption_is_measured,
    the_store_is_believed_once_it_stored,
    time_dates_what_waits,
    what_is_awaited_was_asked_for,
    who_waits_here_is_told,
)
from pilotline.core.levels import contactor
from pilotline.core.limit_properties import what_is_granted_may_be_taken
from pilotline.core.machines.connector import CONNECTOR_0, CONNECTOR_STATUS
from pilotline.core.metering import DAY_MS
from pilotline.core.reserving import is_for
from pilotline.core.state import CardSession, Entry, Memory, MeterMessage, State
from pilotline.core.statechart import Binding
from pilotline.core.step import Step, Taken
from pilotline.core.timer_properties import (
    a_reset_waits_for_nothing_else,
    attempts_are_counted,
    samples_keep_their_grid,
    silence_is_measured_from_the_last_request,
)
from pilotline.spec.messages.core import BootNotificationReq
from pilotline.spec.status import ROWS
from pilotline.spec.types import same


class OnEveryStep(NamedTuple):
    """Holds for every step from one state."""

    name: str
    section: str
    about: frozenset[type | str]
    """What the promise is about: classes of effects, machines that acted, collections that changed. A step that has
    none of them keeps it."""
    holds: Callable[[State, Step], bool]
    by_round: bool = False
    """A search, which puts steps together from rounds, holds it against each round instead: it would look at all of
    Memory, or tell equal records apart, which a search does not. Rounds that keep it make up a step that does, unless
    one undoes what another did."""


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
    """Nothing but BootNotification before it is accepted; while Pending also what was triggered (§4.2)."""
    moment = step.state.moment
    opened = moment.call.open
    triggered = opened is not None and opened.by.machine == "trigger"
    return (
        moment.registration.state == "accepted"
        or (moment.registration.standing == "Pending" and triggered)
        or all(
            isinstance(effect.request, BootNotificationReq)
            for effect in step.effects
            if isinstance(effect, SendCall)
        )
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
        taken.machine == "call" and taken.binding.startswith(("C4/", "C5/", "C6/", "C9/"))
        for taken in step.trace
    )
    free = (
        before.moment.call.state != "open"
        or before.moment.call.connection != step.state.moment.call.connection
    )
    return sent <= ended + (1 if free else 0)


def a_grant_that_waits_is_taken_back_first(before: State, step: Step) -> bool:
    """A tag ends its attempt to begin before it stops what it started elsewhere (§4.9 B1)."""
    sessions, after = before.moment.sessions, step.state.moment.sessions
    return not any(
        waiting.state == "awaiting_plug"
        and any(
            session.state == "charging" != after[session.connector].state
            and same(session.id_tag or "", waiting.id_tag or "")
            for session in sessions
        )
        for taken in step.trace
        if taken.machine == "reader" and taken.binding.startswith("D2/")
        for waiting in map(sessions.__getitem__, facts.served_connectors(before.product, int(str(taken.key))))
    )


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


def reserved_means_reserved(before: State, step: Step) -> bool:
    """On a reserved connector only its tag or group begins a transaction, which ends the reservation (§5.13)."""
    reservations = before.memory.reservations
    if not reservations:
        return True
    begun = [taken.key for taken in step.trace if taken.binding == "T1/TransactionBegan"]
    for number in begun:
        transaction = step.state.memory.transactions[number]  # type: ignore[index]  # keyed by its number
        own = [r for r in reservations.values() if r.connector == transaction.connector]
        if any(not is_for(r, transaction.id_tag, transaction.parent_id_tag) for r in own):
            return False
        if any(r.reservation_id in step.state.memory.reservations for r in own):
            return False
    return True


def what_is_triggered_changes_nothing_else(before: State, step: Step) -> bool:
    """TriggerMessage makes a message and moves no other state (§5.17); BootNotification is the registration's own."""
    if not any(taken.machine == "TriggerMessageReq" for taken in step.trace):
        return True
    moved = [
        slot
        for slot in before.moment.__struct_fields__
        if getattr(before.moment, slot) != getattr(step.state.moment, slot)
    ]
    return not step.changes and {*moved} <= {
        "answered", "call", "heartbeat", "registration", "timers",
    }  # fmt: skip


_RESERVED: Final = ("authorizing", "granted", "started")
_ASKED: Final = ("due", "asking", "waiting")
_GOES_TO: Final[dict[str, tuple[str, ...]]] = {
    "reserving": ("reserving", "releasing"),
    "authorizing": (*_RESERVED, "releasing"),
    "granted": ("granted", "started", "releasing"),
    "started": ("started", *_ASKED, "settling", "releasing"),
    **dict.fromkeys(_ASKED, (*_ASKED, "settling", "releasing")),
    "settling": ("settling",),
    "releasing": ("releasing",),
}
"""Where a card session may have come to after a step; with its reservation it goes on as if it had been there."""
_ENDS: Final = {
    "reserving": "E2R/AmountRefused",
    "settling": "E14/AmountSettled",
    "releasing": "E14R/AmountReleased",
}
"""What ends a card session, which is then forgotten."""


def money_is_settled_or_released_once(before: State, step: Step) -> bool:
    """Money is settled or released, never both, and a card forgotten only when its terminal has told so."""
    after = step.state.memory.card_sessions
    taken = {(taken.key, taken.binding) for taken in step.trace if taken.machine == "card_session"}
    return all(
        _goes_on(card, after[number], reserved=(number, "E2/AmountReserved") in taken)
        if number in after
        else (number, _ENDS.get(card.state)) in taken
        for number, card in before.memory.card_sessions.items()
    ) and all(_is_as_recorded(step, effect) for effect in step.effects)


def _goes_on(old: CardSession, new: CardSession, *, reserved: bool) -> bool:
    places = _GOES_TO["authorizing" if reserved else old.state]
    return new.state in places and (old.state != "settling" or new.amount == old.amount)


def _is_as_recorded(step: Step, effect: object) -> bool:
    """What the terminal is told to do with money is what Memory says of it."""
    if not isinstance(effect, SettleAmount | ReleaseAmount):
        return True
    card = step.state.memory.card_sessions.get(effect.payment)
    if isinstance(effect, ReleaseAmount):
        return card is not None and card.state == "releasing"
    return card is not None and card.state == "settling" and card.amount == effect.amount


def an_amount_is_asked_for_as_agreed(before: State, step: Step) -> bool:
    """The product's own price is taken when the amount was asked for as often as the terms say, no earlier and no later
    (docs/payment.md).
    """
    cards = before.memory.card_sessions
    return all(
        taken.binding.startswith("E9/") != (card.bill.attempts + 1 >= card.terms.attempts_max)
        for taken in step.trace
        if taken.machine == "card_session" and taken.binding.startswith(("E9/", "E12/", "E12R/"))
        for card in [cards[taken.key]]  # type: ignore[index]  # keyed by their numbers
        if card.bill is not None
    )


def a_restart_has_its_reason_stored(_before: State, step: Step) -> bool:
    """Why it goes down is in Memory before the station does; a soft reset leaves nothing running (§5.14)."""
    memory = step.state.memory
    return all(
        (memory.reset.state, memory.reset.cause) == ("rebooting", effect.cause)
        and (effect.cause == "HardReset" or all(t.state != "running" for t in memory.transactions.values()))
        for effect in step.effects
        if isinstance(effect, Reboot)
    )


def what_was_not_confirmed_may_have_been_heard(before: State, step: Step) -> bool:
    """A report whose answer is not awaited any more is what was confirmed last, or nobody knows what was (§4.9)."""
    reports = zip(before.moment.status_reports, step.state.moment.status_reports, strict=True)
    return all(
        was.sent is None or now.sent is not None or now.confirmed in (None, was.sent) for was, now in reports
    )


def no_tick_is_taken_twice(before: State, step: Step) -> bool:
    """Ticks lie on the grid of their day and only go on, however the clock is set; back by more than a day it was
    wrong before (§9.1.5).
    """
    old, new = before.memory.clock_aligned.tick, step.state.memory.clock_aligned.tick
    if new == old or new is None:
        return new == old
    interval_s = step.state.memory.configuration.integer("ClockAlignedDataInterval", 0)
    on_the_grid = new % DAY_MS % (interval_s * 1000) == 0
    return on_the_grid and (old is None or new > old or new < old - DAY_MS)


def aligned_values_bear_their_tick(before: State, step: Step) -> bool:
    """A clock-aligned reading has the time of the last tick, and its …Interval that of an earlier one (§3.16.2)."""
    tick = before.memory.clock_aligned.tick
    for change in step.changes:
        record = change.record if isinstance(change, Put) and change.collection == "outbox" else None
        if not isinstance(record, Entry) or record.number in before.memory.outbox:
            continue
        for sample in record.message.samples if isinstance(record.message, MeterMessage) else ():
            intervals = all(value.measurand.endswith(".Interval") for value in sample.values)
            if sample.context == "Sample.Clock" and not intervals and sample.stamp.utc != tick:
                return False
    return True


def only_samples_in_between_are_thinned_out(before: State, step: Step) -> bool:
    """What leaves the queue and is not the head that was delivered or skipped is a sample with an older and a newer one
    beside it (§3.7).
    """
    after = step.state.memory.outbox
    done = any(t.machine == "outbox" and t.binding.startswith(("Q3", "Q5")) for t in step.trace)
    head = before.moment.queue.head if done else None
    for change in step.changes:
        if isinstance(change, Drop) and change.collection == "outbox" and change.key != head:
            gone = before.memory.outbox.get(change.key)  # type: ignore[call-overload]  # keyed by their numbers
            if gone is None or not isinstance(gone.message, MeterMessage):
                return False
            beside = [
                number
                for number, entry in after.items()
                if entry.transaction == gone.transaction and isinstance(entry.message, MeterMessage)
            ]
            if not beside or not min(beside) < gone.number < max(beside):
                return False
    return True


def the_first_sample_stays(before: State, step: Step) -> bool:
    """Transaction.Begin is kept as long as its transaction is open (errata 3.14, 3.89)."""
    transactions, samples = step.state.memory.transactions, step.state.memory.samples
    return samples is before.memory.samples or all(
        number in samples
        for number, kept in before.memory.samples.items()
        if kept.sample.context == "Transaction.Begin"
        and kept.transaction in transactions
        and transactions[kept.transaction].state in ("running", "stopping")
    )


def the_last_sample_is_kept(before: State, step: Step) -> bool:
    """However many there are: with no room left, some in between go (errata 3.14, 3.89)."""
    configuration = step.state.memory.configuration
    most = configuration.integer("StopTransactionMaxMeterValues", step.state.product.transaction_data_max)
    asked = configuration.csl("StopTxnSampledData")
    sampled = any(t.machine == "transaction" and t.binding.startswith("T2/MeterRead") for t in step.trace)
    return (
        not sampled
        or most < 3  # room for the first and the last one only
        or "Energy.Active.Import.Register" not in asked
        or max(step.state.memory.samples, default=0) > max(before.memory.samples, default=0)
    )


def a_failure_is_told_of_what_failed(before: State, step: Step) -> bool:
    """Once, by the step in which a download, an installation or an upload was given up (§4.4, §4.5)."""
    old, new = before.memory, step.state.memory
    due = (*new.firmware_due.statuses, *new.diagnostics_due.statuses)
    was_due = (*old.firmware_due.statuses, *old.diagnostics_due.statuses)
    failed = {
        "DownloadFailed": old.firmware.state == "downloading" != new.firmware.state,
        "InstallationFailed": old.firmware.state == "installing" != new.firmware.state,
        "UploadFailed": old.diagnostics.state == "uploading" != new.diagnostics.state,
    }
    return all(due.count(status) <= was_due.count(status) + now for status, now in failed.items())


def about(trace: Iterable[Taken], effects: Iterable[Effect], changes: Iterable[Change]) -> set[type | str]:
    """What a step has: the machines that acted, the classes of its effects, the collections that changed."""
    found: set[type | str] = {type(effect) for effect in effects}
    found.update([taken.machine for taken in trace])
    found.update([change.collection for change in changes])
    return found


_SENT: Final[frozenset[type | str]] = frozenset({SendCall, SendResult, SendError})
_STATUS: Final[frozenset[type | str]] = frozenset({"connector", "connector_0"})
_TRANSACTIONS: Final[frozenset[type | str]] = frozenset({"transactions"})


def _owners(slots: Collection[str]) -> frozenset[type | str]:
    """The machines that write these slots; decisions may write any of Memory."""
    return frozenset(m.name for m in MACHINES if m.slot in slots) | {table.name for table in OPERATIONS}


def phases_are_switched_without_energy(before: State, step: Step) -> bool:
    """Another number of phases is told only while the contactor is open and was not told to close (§9.4.4)."""
    return all(
        was.phases == switch.phases
        or (
            step.state.moment.contactors[connector].state == "open"
            and isinstance(contactor(before, connector), OpenContactor)
        )
        for connector, (was, switch) in enumerate(
            zip(before.moment.phase_switches, step.state.moment.phase_switches, strict=True)
        )
        if connector
    )


_ANSWERED: Final[frozenset[type | str]] = frozenset(table.name for table in OPERATIONS)
_EFFECTS: Final[frozenset[type | str]] = frozenset(Effect.__subclasses__())
_COMMITS: Final = (
    _COLLECTIONS
    | _owners(Memory.__struct_fields__)
    | {
        machine.name
        for machine in MACHINES
        for b in machine.table
        if b.outputs & {Put, Drop, Clear, Configure}
    }
)

ON_EVERY_STEP: Final = (
    OnEveryStep(
        "phases are switched without energy",
        "§9.4.4",
        frozenset({LimitCurrent}),
        phases_are_switched_without_energy,
    ),
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
    OnEveryStep("reserved means reserved", "§5.13", _TRANSACTIONS, reserved_means_reserved),
    OnEveryStep(
        "what is triggered changes nothing else",
        "§5.17",
        frozenset({"TriggerMessageReq"}),
        what_is_triggered_changes_nothing_else,
    ),
    OnEveryStep(
        "money is settled or released once",
        "payment 6, 8, 9",
        frozenset({SettleAmount, ReleaseAmount, "card_sessions"}),
        money_is_settled_or_released_once,
    ),
    OnEveryStep(
        "an amount is asked for as agreed",
        "payment 7, 8",
        frozenset({"card_session"}),
        an_amount_is_asked_for_as_agreed,
    ),
    OnEveryStep(
        "a restart has its reason stored", "§5.14", frozenset({Reboot}), a_restart_has_its_reason_stored
    ),
    OnEveryStep(
        "what was not confirmed may have been heard",
        "§4.9",
        frozenset({"status_report"}),
        what_was_not_confirmed_may_have_been_heard,
    ),
    OnEveryStep("no tick is taken twice", "§9.1.5", frozenset({"clock_aligned"}), no_tick_is_taken_twice),
    OnEveryStep(
        "aligned values bear their tick", "§3.16.2", frozenset({"outbox"}), aligned_values_bear_their_tick
    ),
    OnEveryStep(
        "only samples in between are thinned out",
        "§3.7",
        frozenset({"outbox"}),
        only_samples_in_between_are_thinned_out,
    ),
    OnEveryStep(
        "a failure is told of what failed",
        "§4.4, §4.5",
        frozenset({"firmware_due", "diagnostics_due"}),
        a_failure_is_told_of_what_failed,
    ),
    OnEveryStep(
        "what is granted may be taken",
        "§9.1.14",
        frozenset({"allowance"}),
        what_is_granted_may_be_taken,
    ),
    OnEveryStep(
        "progress is told",
        "§4.4, §4.5",
        frozenset({"firmware", "diagnostics"}),
        progress_is_told,
    ),
    OnEveryStep(
        "the oldest status is told first",
        "§4.4, §4.5",
        frozenset({"firmware_notices", "diagnostics_notices"}),
        the_oldest_status_is_told_first,
    ),
    OnEveryStep("samples keep their grid", "§3.16.1", frozenset({"transaction"}), samples_keep_their_grid),
    OnEveryStep(
        "silence is measured from the last request",
        "§4.6",
        frozenset({SendCall}),
        silence_is_measured_from_the_last_request,
    ),
    OnEveryStep("attempts are counted", "§3.7, §9.1.31", frozenset({"outbox"}), attempts_are_counted),
    OnEveryStep(
        "a reset waits for nothing else", "§5.14", frozenset({"call"}), a_reset_waits_for_nothing_else
    ),
    OnEveryStep(
        "the last sample is kept", "errata 3.14", frozenset({"transaction"}), the_last_sample_is_kept
    ),
    OnEveryStep("the first sample stays", "errata 3.14", frozenset({"samples"}), the_first_sample_stays),
    OnEveryStep(
        "only what makes safe is done uncommitted",
        "ADR 0006",
        _EFFECTS,
        only_what_makes_safe_is_done_uncommitted,
    ),
    OnEveryStep("what is refused changes nothing", "§5", _ANSWERED, what_is_refused_changes_nothing),
    OnEveryStep("what is accepted is so", "§5", _ANSWERED, what_is_accepted_is_so),
    OnEveryStep(
        "what is not offered is not accepted", "§9.1.29", _ANSWERED, what_is_not_offered_is_not_accepted
    ),
    OnEveryStep(
        "what is wrong with a message is an error",
        "errata 3.39",
        frozenset({"SetChargingProfileReq"}),
        what_is_wrong_with_a_message_is_an_error,
    ),
    OnEveryStep(
        "an update that is not newer is told so",
        "§5.15",
        frozenset({"SendLocalListReq"}),
        an_update_that_is_not_newer_is_told_so,
    ),
    OnEveryStep(
        "what is triggered is sent", "§5.17", frozenset({"TriggerMessageReq"}), what_is_triggered_is_sent
    ),
    OnEveryStep(
        "a reservation is refused as the status says",
        "§5.13",
        frozenset({"ReserveNowReq"}),
        a_reservation_is_refused_as_the_status_says,
    ),
    OnEveryStep(
        "vendors are answered as declared",
        "§5.6",
        frozenset({"DataTransferReq", AnswerDataTransfer}),
        vendors_are_answered_as_declared,
    ),
    OnEveryStep(
        "a start leaves no file behind", "§7.25", frozenset({"firmware"}), a_start_leaves_no_file_behind
    ),
    OnEveryStep(
        "a grant that waits is taken back first",
        "§4.9 B1",
        frozenset({"reader"}),
        a_grant_that_waits_is_taken_back_first,
    ),
    OnEveryStep(
        "a closed contactor opens by its level",
        "§9.4.4",
        frozenset({BreakContactor}),
        a_closed_contactor_opens_by_its_level,
    ),
    OnEveryStep("a reading is of who asked", "§5.17", frozenset({"trigger"}), a_reading_is_of_who_asked),
    OnEveryStep(
        "the store is believed once it stored",
        "§3.7",
        frozenset({"storage"}),
        the_store_is_believed_once_it_stored,
    ),
    OnEveryStep("levels are handed over", "§3.6, §9.1.11", _owners(OF_LEVELS), levels_are_handed_over),
    OnEveryStep("Memory is what is committed", "§3.7", _COMMITS, memory_is_what_is_committed, by_round=True),
    OnEveryStep(
        "what is awaited was asked for",
        "ADR 0006",
        _owners({awaited.slot for awaited in AWAITED}),
        what_is_awaited_was_asked_for,
    ),
    OnEveryStep("an attempt has its time-out", "§9.1.7", frozenset({"session"}), an_attempt_has_its_time_out),
    OnEveryStep(
        "the end of an interruption is measured",
        "§7.35",
        frozenset({"contactor"}),
        the_end_of_an_interruption_is_measured,
    ),
    OnEveryStep("the end is measured", "§4.10", frozenset({"contactor", "transaction"}), the_end_is_measured),
    OnEveryStep("time dates what waits", "§3.9, ADR 0010", frozenset({"clock"}), time_dates_what_waits),
    OnEveryStep("held calls are answered", "§5.6, §5.18", _owners(OF_HELD_CALLS), held_calls_are_answered),
    OnEveryStep("who waits here is told", "§4.3, §9.1.4", _owners(OF_WHO_IS_TOLD), who_waits_here_is_told),
    OnEveryStep(
        "unchanged means the same record",
        "store",
        _COLLECTIONS,
        unchanged_means_the_same_record,
        by_round=True,
    ),
)
