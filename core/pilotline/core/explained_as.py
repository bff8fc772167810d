"""Explanations for a person, as indented text, and for a program, as JSON values."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from pilotline.core.calendar import date_of
from pilotline.core.effects import SendError, SendResult
from pilotline.core.explain import Decided, Explanation, Heard, Round, StatusExplanation, Tried
from pilotline.core.explain_limit import LimitExplanation, PurposeExplanation
from pilotline.core.plain import instance, key_text, plain, words
from pilotline.core.smart_charging import Bound, limit_of

TAKEN: Final = "✓"
REFUSED: Final = "✗"
IGNORED: Final = "–"


def text(explanation: Explanation | StatusExplanation | LimitExplanation) -> str:
    """Indented lines: an event, who heard it, the rows that were tried; ✓ taken, ✗ refused, – ignored."""
    return "\n".join(lines(explanation))


def lines(explanation: Explanation | StatusExplanation | LimitExplanation) -> Iterator[str]:
    """The lines of the text."""
    match explanation:
        case Explanation():
            yield _event(explanation.event)
            if explanation.decided is not None:
                yield from _decided(explanation.decided)
            for number, told in enumerate(explanation.rounds):
                if number and told.heard:
                    yield f"  then {_event(told.event)}"
                for heard in told.heard:
                    yield from _heard(heard)
            if explanation.decided is None and not any(told.heard for told in explanation.rounds):
                yield f"  {IGNORED} nothing comes of it"
        case StatusExplanation():
            yield from _status(explanation)
        case LimitExplanation():
            yield from _limit(explanation)


def _limit(explained: LimitExplanation) -> Iterator[str]:
    permitted, whom = explained.permitted, "" if explained.in_use else ", if somebody began now"
    amperes, watts = limit_of(permitted.rate("A")), limit_of(permitted.rate("W"))
    yield f"connector {explained.connector} may draw {amperes} A ({watts} W on {permitted.phases} phases){whom}"
    for bound in permitted.bounds:
        mark = TAKEN if bound is explained.won else REFUSED
        shared = "" if bound.current_a == bound.limit or bound.unit == "W" else " for all"
        here = (
            ""
            if bound.current_a == bound.limit and bound.unit == "A"
            else f", here {limit_of(bound.current_a)} A"
        )
        yield f"  {mark} {bound_name(bound)}: {limit_of(bound.limit)} {bound.unit}{shared}{here}"
    for purpose in explained.purposes:
        yield from _purpose(purpose)
    until = "for ever" if explained.until is None else f"until {date_of(explained.until).isoformat()}"
    yield f"  nothing else is said {until}"


def bound_name(bound: Bound) -> str:
    """What a person calls the source of a bound."""
    if bound.profile_id is not None:
        return f"{bound.cause} {bound.profile_id}"
    return bound.cause if bound.name is None else f"{bound.cause} ({bound.name})"


def _purpose(purpose: PurposeExplanation) -> Iterator[str]:
    if purpose.profile_id is not None:
        yield (
            f"  {purpose.purpose}: profile {purpose.profile_id} at level {purpose.stack_level}, "
            f"period {purpose.period} from {purpose.start_period_s} s: {purpose.limit} {purpose.unit}"
        )
    elif purpose.passed_over:
        yield f"  {purpose.purpose}: none says anything"
    for other in purpose.passed_over:
        yield f"    {REFUSED} profile {other.profile_id} at level {other.stack_level}: {other.because}"


def _status(explained: StatusExplanation) -> Iterator[str]:
    who = f"connector {explained.connector}" if explained.connector else "main controller"
    agreed = explained.implied == explained.status
    implied = "as its conditions imply" if agreed else f"though its conditions imply {explained.implied}"
    yield f"{who} is {explained.status}, {implied} (since {explained.since} ms)"
    for name in explained.conditions.__struct_fields__:
        yield f"  {name}: {words(getattr(explained.conditions, name))}"
    for way in explained.ways:
        yield f"  on {type(way.event).__name__}"
        for heard in way.heard:
            for tried in heard.tried:
                yield f"    {_row(tried)}"


def _event(event: Struct) -> str:
    told = words(event)
    return type(event).__name__ if told == "none" else f"{type(event).__name__} {told}"


def _heard(heard: Heard) -> Iterator[str]:
    """Who heard it, and what came of it; on one line where that is all."""
    who = f"  {instance(heard.machine, heard.key)} {heard.own.state}"
    what = [*map(_tried, heard.tried)]
    if heard.because is not None:
        what.append(f"{IGNORED} ignored: {heard.because}")
    if len(what) == 1:
        yield f"{who}: {what[0]}"
    else:
        yield who
        yield from (f"    {line}" for line in what)


def _tried(tried: Tried) -> str:
    seen = "; ".join(f"{name} {words(value)}" for name, value in tried.looked_at)
    return f"{_row(tried)} ({seen})" if seen else _row(tried)


def _row(tried: Tried) -> str:
    row = tried.row if tried.target is None else f"{tried.row} → {tried.target}"
    if tried.refused_by is not None:
        return f"{REFUSED} {row}, no: {tried.refused_by}"
    return f"{TAKEN} {row}, yes: {', '.join(tried.guards)}" if tried.guards else f"{TAKEN} {row}"


def _decided(decided: Decided) -> Iterator[str]:
    yield from (f"    {_tried(tried)}" for tried in decided.tried)
    match decided.reply:
        case SendResult():
            repeat = "" if decided.taken is not None else ", as before: this CALL is a repeat"
            yield f"    = {words(decided.reply.confirmation)}{repeat}"
        case SendError():
            yield f"    = CALLERROR {decided.reply.code}: {decided.reply.description}"
        case None if decided.taken is not None:
            yield "    = answered later"
        case None:
            yield "    = not heard: of a connection that is gone, or this station is Rejected (§4.2)"


# --- as JSON -------------------------------------------------------------------------------------------------


def values(explanation: Explanation) -> dict[str, Any]:
    """The explanation of a step as JSON values."""
    decided = explanation.decided
    return {
        "now_ms": explanation.now,
        "event": _event_values(explanation.event),
        "decided": None if decided is None else _decided_values(decided),
        "rounds": [_round_values(told) for told in explanation.rounds],
        "text": text(explanation),
    }


def status_values(explained: StatusExplanation) -> dict[str, Any]:
    """The explanation of a status as JSON values."""
    return {
        "connector": explained.connector,
        "status": explained.status,
        "since_ms": explained.since,
        "implied": explained.implied,
        "conditions": plain(explained.conditions),
        "ways": [
            {"event": type(way.event).__name__, "tried": [_tried_values(row) for row in heard.tried]}
            for way in explained.ways
            for heard in way.heard
        ],
        "text": text(explained),
    }


def limit_values(explained: LimitExplanation) -> dict[str, Any]:
    """A limit as plain JSON values."""
    permitted = explained.permitted
    return {
        "connector": explained.connector,
        "in_use": explained.in_use,
        "current_a": str(limit_of(permitted.binding.current_a)),
        "phases": permitted.phases,
        "won": explained.won.cause,
        "bounds": [
            {
                "cause": bound.cause,
                "name": bound.name,
                "profile_id": bound.profile_id,
                "period": bound.period,
                "current_a": str(limit_of(bound.current_a)),
            }
            for bound in permitted.bounds
        ],
        "purposes": [
            {
                "purpose": one.purpose,
                "profile_id": one.profile_id,
                "stack_level": one.stack_level,
                "period": one.period,
                "passed_over": [
                    {"profile_id": other.profile_id, "because": other.because} for other in one.passed_over
                ],
            }
            for one in explained.purposes
        ],
        "text": text(explained),
    }


def _event_values(event: Struct) -> dict[str, Any]:
    return {"name": type(event).__name__, "fields": plain(event)}


def _round_values(told: Round) -> dict[str, Any]:
    return {"event": _event_values(told.event), "heard": [_heard_values(heard) for heard in told.heard]}


def _heard_values(heard: Heard) -> dict[str, Any]:
    return {
        "machine": heard.machine,
        "key": None if heard.key is None else key_text(heard.key),
        "record": plain(heard.own),
        "tried": [_tried_values(tried) for tried in heard.tried],
        "taken": heard.taken,
        "because": heard.because,
    }


def _tried_values(tried: Tried) -> dict[str, Any]:
    return {
        "row": tried.row,
        "target": tried.target,
        "guards": list(tried.guards),
        "refused_by": tried.refused_by,
        "looked_at": {name: plain(value) for name, value in tried.looked_at},
    }


def _decided_values(decided: Decided) -> dict[str, Any]:
    reply = decided.reply
    return {
        "table": decided.table,
        "tried": [_tried_values(tried) for tried in decided.tried],
        "taken": decided.taken,
        "reply": plain(reply.confirmation) if isinstance(reply, SendResult) else plain(reply),
    }
