"""What is promised of when things happen, and how often: predicates for `properties` and `step_properties`."""

from typing import Final

from pilotline.core import facts
from pilotline.core.effects import SendCall
from pilotline.core.metering import DAY_MS
from pilotline.core.state import State, TimerKey
from pilotline.core.step import Step


def boots(before: State, step: Step) -> bool:
    """Whether this is the step of a power-on."""
    return step.state.memory.boot.number != before.memory.boot.number


def _interval_s(state: State) -> int:
    return state.memory.configuration.integer("MeterValueSampleInterval", 0)


def running_transactions_are_sampled(state: State) -> bool:
    """A sample is due exactly while a transaction runs and MeterValueSampleInterval is not 0 (§3.16.1, §9.1.17)."""
    return all(
        (TimerKey("transaction", "sample", number) in state.moment.timers)
        == (transaction.state == "running" and _interval_s(state) > 0)
        for number, transaction in state.memory.transactions.items()
    )


def samples_keep_their_grid(before: State, step: Step) -> bool:
    """While its interval stays, a sample is put off by nothing, and those of a transaction are whole intervals apart
    (§3.16.1).
    """
    interval_ms, after = _interval_s(before) * 1000, step.state.moment.timers
    if interval_ms <= 0 or _interval_s(before) != _interval_s(step.state) or boots(before, step):
        return True
    taken = {t.key for t in step.trace if t.binding == "T2/SampleDue"}
    return all(
        timer not in after
        or ((after[timer] - at) % interval_ms == 0 and (timer.key in taken or after[timer] == at))
        for timer, at in before.moment.timers.items()
        if timer.machine == "transaction" and timer.timer == "sample"
    )


def a_reset_waits_for_nothing_else(before: State, step: Step) -> bool:
    """When the last request has ended and nothing is to be delivered, a soft reset waits no longer (§5.14)."""
    memory, moment = step.state.memory, step.state.moment
    ended = before.moment.call.state == "open" and moment.call.state == "idle"
    return (
        not ended
        or memory.reset.state != "winding_down"
        or bool(memory.outbox)
        or any(transaction.state in ("running", "stopping") for transaction in memory.transactions.values())
        or any(report.state == "asked" for report in moment.status_reports)
        or moment.firmware_notices.state != "told"
        or moment.diagnostics_notices.state != "told"
    )


_SILENCE: Final = TimerKey("heartbeat", "silence", None)
_ANSWER: Final = TimerKey("call", "answer", None)


def silence_is_measured_from_the_last_request(_before: State, step: Step) -> bool:
    """A Heartbeat is due when nothing was sent for HeartbeatInterval, and once a day (§4.6)."""
    heartbeat, timers = step.state.moment.heartbeat, step.state.moment.timers
    if heartbeat.state != "silent" or not any(isinstance(effect, SendCall) for effect in step.effects):
        return True
    configuration = step.state.memory.configuration
    timeout_ms = configuration.integer("MessageTimeout", 0) * 1000 or facts.call_timeout_ms(
        step.state.product, None
    )
    sent = timers[_ANSWER] - timeout_ms
    quiet_ms = configuration.integer("HeartbeatInterval", 0) * 1000
    return timers.get(_SILENCE) == max(sent, min(sent + quiet_ms, heartbeat.last + DAY_MS))


def attempts_are_counted(before: State, step: Step) -> bool:
    """A transaction-related message that waits for its repeat was tried once more, and not too often (§3.7)."""
    was, queue = before.moment.queue, step.state.moment.queue
    if (was.state, queue.state, was.head) != ("asked", "waiting", queue.head):
        return True
    old, new = before.memory.outbox[queue.head], step.state.memory.outbox[queue.head]
    most = step.state.memory.configuration.integer("TransactionMessageAttempts", 1)
    return new.attempts == old.attempts + 1 and new.attempts < most
