"""The composite schedule of a file of profiles: what a connector may draw over time, from which profiles, and why."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from immutables import Map
from pydantic import ValidationError
from rich import box
from rich.table import Table

from pilotline.core.calendar import date_of, utc_of
from pilotline.core.charging_profiles import (
    Placed,
    Profile,
    Use,
    pieces,
    profile_of,
    stack_of,
    stack_of_station,
    with_installed,
)
from pilotline.core.explained_as import bound_name
from pilotline.core.smart_charging import STEPS_MAX, Situation, composite, limit_at, outlet_of, total_at
from pilotline.core.state import Counter, UtcTime
from pilotline.spec.messages.smart_charging import SetChargingProfileReq
from pilotline.spec.products import Product
from pilotline.spec.types import ChargingRateUnitType

TRANSACTION: Final = Counter(1)
"""Of each TxProfile: the file is asked about as if its transaction began at the start."""
ROWS: Final = 10
COLUMNS: Final = 96
EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


class CannotDrawError(Exception):
    """The file or the question makes no schedule. The text is one line."""


class Question(NamedTuple):
    """What is asked for."""

    product: Product
    profiles: tuple[Profile, ...]
    connector: int
    start: datetime
    duration_s: int
    unit: ChargingRateUnitType


class Span(NamedTuple):
    """A time with one limit, in seconds from the start."""

    begins_s: float
    ends_s: float
    limit: float
    name: str
    """What set the limit, or nothing."""


class Layer(NamedTuple):
    """One profile by itself."""

    name: str
    purpose: str
    spans: tuple[Span, ...]


class Drawn(NamedTuple):
    """All that is shown."""

    title: str
    start: datetime
    duration_s: int
    unit: str
    spans: tuple[Span, ...]
    """The composite schedule; each with the bound that won."""
    layers: tuple[Layer, ...]
    product_limit: float


def profiles_in(text: str, start: datetime) -> tuple[Profile, ...]:
    """The profiles of a JSON list of SetChargingProfile payloads. Raises `CannotDrawError`."""
    try:
        payloads = json.loads(text)
    except ValueError as error:
        raise CannotDrawError(f"the file is no JSON: {error}") from error
    if not isinstance(payloads, list):
        raise CannotDrawError("the file must hold a JSON list of SetChargingProfile payloads")
    found = []
    for number, payload in enumerate(payloads, start=1):
        try:
            request = SetChargingProfileReq.model_validate_json(json.dumps(payload))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise CannotDrawError(f"profile {number} of the file, {where}: {first['msg']}") from error
        found.append(_profile(number, request, start))
    return tuple(found)


def _profile(number: int, request: SetChargingProfileReq, start: datetime) -> Profile:
    message = request.cs_charging_profiles
    starts = [period.start_period for period in message.charging_schedule.charging_schedule_period]
    reasons = {
        "its first period must start at 0": starts[0] != 0,
        "its periods must ascend": sorted(set(starts)) != starts,
        "a ChargePointMaxProfile is for connector 0": message.charging_profile_purpose
        == "ChargePointMaxProfile"
        and request.connector_id != 0,
        "a TxProfile is for a connector, not for 0": message.charging_profile_purpose == "TxProfile"
        and request.connector_id == 0,
        "a Recurring profile needs a recurrencyKind": message.charging_profile_kind == "Recurring"
        and message.recurrency_kind is None,
        "a limit must not be negative": any(
            period.limit < 0 for period in message.charging_schedule.charging_schedule_period
        ),
    }
    for reason, wrong in reasons.items():
        if wrong:
            raise CannotDrawError(f"profile {number} of the file: {reason}")
    of_transaction = TRANSACTION if message.charging_profile_purpose == "TxProfile" else None
    return profile_of(message, request.connector_id, utc_of(start), of_transaction)


def start_of(text: str | None) -> datetime:
    """A date with its offset, UTC without one; now if there is none. Raises `CannotDrawError`."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotDrawError(f"--start {text!r} is no date such as 2026-12-01T18:00:00Z") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def text_of(file: Path) -> str:
    """What a file says. Raises `CannotDrawError`."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDrawError(f"{file}: {getattr(error, 'strerror', None) or 'is no text'}") from error


def drawn(question: Question) -> Drawn:
    """Work the schedule out. Raises `CannotDrawError`."""
    product, connector, unit = question.product, question.connector, question.unit
    count = len(product.connectors)
    unknown = [one for one in (connector, *(p.connector for p in question.profiles)) if not 0 <= one <= count]
    if unknown:
        raise CannotDrawError(
            f"there is no connector {unknown[0]}: the product has 1 to {count}, and 0 for all"
        )
    begin = utc_of(question.start)
    situation = _situation(question, begin)
    found = composite(situation, connector, begin, question.duration_s, unit)
    if found is None:
        raise CannotDrawError("the schedule has too many changes; ask for a shorter --duration")
    starts = [period.start_period for period in found.charging_schedule_period]
    ends = [*starts[1:], question.duration_s]
    spans = tuple(
        Span(since, until, float(period.limit), _won(situation, connector, UtcTime(begin + since * 1000)))
        for period, since, until in zip(found.charging_schedule_period, starts, ends, strict=True)
    )
    whole = Situation(situation.outlets)
    most = limit_at(whole, connector, begin) if connector else total_at(whole, begin)
    whom = f"connector {connector}" if connector else "all connectors together"
    return Drawn(
        f"{product.identity.charge_point_model}, {whom}",
        question.start,
        question.duration_s,
        unit,
        spans,
        tuple(_layers(situation, question, begin)),
        float(most.rate(unit)),
    )


def _situation(question: Question, begin: UtcTime) -> Situation:
    """Whoever is asked about charges from the start on, and whoever has a TxProfile."""
    installed: Map[int, Profile] = Map()
    for profile in question.profiles:
        installed = with_installed(installed, profile)
    outlets = tuple(map(outlet_of, question.product.connectors))
    own = {profile.connector for profile in installed.values() if profile.purpose == "TxProfile"}
    asked = {question.connector} if question.connector else set(range(1, len(outlets) + 1))
    uses = {number: Use(TRANSACTION if number in own else None, begin, begin) for number in own | asked}
    return Situation(outlets, installed, Map(uses))


def _won(situation: Situation, connector: int, at: UtcTime) -> str:
    """The bound that holds; of the station, all that do."""
    if connector:
        return bound_name(limit_at(situation, connector, at).binding)
    return ", ".join(dict.fromkeys(bound_name(each.binding) for each in total_at(situation, at).permitted))


def _layers(situation: Situation, question: Question, begin: UtcTime) -> Iterator[Layer]:
    """Each profile that could count, by itself; the highest level of each purpose first."""
    stacks = [stack_of_station(situation.profiles)]
    numbers = (question.connector,) if question.connector else situation.connectors
    stacks += [stack_of(situation.profiles, number, situation.uses[number], begin) for number in numbers]
    end = UtcTime(begin + question.duration_s * 1000)
    seen: set[int] = set()
    for of in (of for stack in stacks for of in stack):
        if of.profile.profile_id not in seen:
            seen.add(of.profile.profile_id)
            yield _layer(of, situation, question, begin, end)


def _layer(of: Placed, situation: Situation, question: Question, begin: UtcTime, end: UtcTime) -> Layer:
    permitted = limit_at(situation, max(of.profile.connector, question.connector, 1), begin)
    factor = permitted.per_ampere(question.unit) / permitted.per_ampere(of.profile.unit)
    found = pieces((of,), begin, end, STEPS_MAX) or []
    ends = [*(piece[0] for piece in found[1:]), end]
    name = f"{of.profile.purpose} {of.profile.profile_id}"
    spans = tuple(
        Span(
            (since - begin) / 1000,
            (until - begin) / 1000,
            float(Fraction(profile.periods[index].limit) * factor),
            name,
        )
        for (since, profile, index), until in zip(found, ends, strict=True)
        if profile is not None
    )
    alone = question.connector == 0 and of.profile.purpose != "ChargePointMaxProfile"
    whose = ", for a connector alone" if alone else ""
    return Layer(f"{name}, level {of.profile.stack_level}{whose}", of.profile.purpose, spans)


# --- for a terminal ---


def table_of(schedule: Drawn) -> Table:
    """The composite schedule as people read it."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{schedule.title}, from {schedule.start.isoformat()}")
    for heading in ("from", "until", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("bound that wins", no_wrap=True)
    for span in schedule.spans:
        when = [schedule.start + timedelta(seconds=second) for second in (span.begins_s, span.ends_s)]
        times = [f"{date_of(utc_of(date)):%m-%d %H:%M:%S}" for date in when]
        table.add_row(*times, f"{span.limit:.1f} {schedule.unit}", span.name)
    return table


def plot_of(schedule: Drawn) -> str:
    """The composite as bars, and each profile in a line of its own."""
    instants = [(column + 0.5) * schedule.duration_s / COLUMNS for column in range(COLUMNS)]
    heights = [_at(schedule.spans, instant) or 0.0 for instant in instants]
    top = max(*(span.limit for span in schedule.spans), 1e-9)
    lines = []
    for row in range(ROWS, 0, -1):
        label = f"{top * row / ROWS:9.1f}" if row in (ROWS, ROWS // 2) else " " * 9
        bars = (EIGHTHS[max(0, min(8, round((height / top * ROWS - row + 1) * 8)))] for height in heights)
        lines.append(f"{label} ┤{''.join(bars)}".rstrip())
    lines.append(f"{0:9.1f} ┼{'─' * COLUMNS}")
    ends = schedule.start + timedelta(seconds=schedule.duration_s)
    begun, over = (f"{date:%m-%d %H:%M}" for date in (schedule.start, ends))
    lines.append(f"{'':11}{begun}{over.rjust(COLUMNS - len(begun))}")
    highest = max([top, *(span.limit for layer in schedule.layers for span in layer.spans)])
    lines += ["", f"profiles (full height is {highest:.1f} {schedule.unit}):"]
    for layer in schedule.layers:
        values = [_at(layer.spans, instant) for instant in instants]
        marks = (" " if value is None else EIGHTHS[max(1, round(value / highest * 8))] for value in values)
        lines.append(f"{'':11}{''.join(marks)}  {layer.name}".rstrip())
    return "\n".join(lines)


def _at(spans: tuple[Span, ...], instant_s: float) -> float | None:
    return next((span.limit for span in spans if span.begins_s <= instant_s < span.ends_s), None)
