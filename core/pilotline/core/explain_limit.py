"""Why a connector may draw what it may at an instant: which profiles prevail or were passed over, which bound won."""

from decimal import Decimal

from msgspec import Struct

from pilotline.core.charging_profiles import (
    Placed,
    Profile,
    Use,
    prevailing,
    said,
    stack_of,
    stack_of_station,
)
from pilotline.core.smart_charging import Bound, Permitted, Situation, limit_at, next_boundary
from pilotline.core.state import UtcTime
from pilotline.spec.types import ChargingProfilePurposeType, ChargingRateUnitType


class PassedOver(Struct, frozen=True):
    """A profile of the purpose that does not count at this instant."""

    profile_id: int
    stack_level: int
    because: str


class PurposeExplanation(Struct, frozen=True):
    """What one purpose says (§3.13.1), and which of its stack says it (§3.13.2)."""

    purpose: ChargingProfilePurposeType
    profile_id: int | None
    """The profile that prevails; None: no profile of this purpose says anything."""
    stack_level: int | None = None
    period: int | None = None
    """The place of the period in the profile, from 0."""
    start_period_s: int | None = None
    limit: Decimal | None = None
    unit: ChargingRateUnitType | None = None
    passed_over: tuple[PassedOver, ...] = ()


class LimitExplanation(Struct, frozen=True):
    """The limit of a connector at an instant, and all that it follows from."""

    connector: int
    at: UtcTime
    in_use: bool
    """If not: the limit as if somebody began just now."""
    permitted: Permitted
    """With each bound."""
    won: Bound
    """The bound that holds (§3.13.3)."""
    purposes: tuple[PurposeExplanation, ...]
    until: UtcTime | None
    """The next instant at which a profile may say something else; None: never."""


def explain_limit(situation: Situation, connector: int, at: UtcTime) -> LimitExplanation:
    """Why this connector (1, 2 …) may draw what it may. Nothing happens."""
    use = situation.uses.get(connector, Use(None, at))
    stacks = {
        "ChargePointMaxProfile": stack_of_station(situation.profiles),
        "connector": stack_of(situation.profiles, connector, use, at),
    }
    own = stacks["connector"][0].profile.purpose if stacks["connector"] else None
    purposes: tuple[ChargingProfilePurposeType, ...] = (
        "ChargePointMaxProfile",
        "TxProfile",
        "TxDefaultProfile",
    )
    permitted = limit_at(situation, connector, at)
    return LimitExplanation(
        connector,
        at,
        connector in situation.uses,
        permitted,
        permitted.binding,
        tuple(
            _purpose(
                situation, connector, purpose, stacks.get("connector" if purpose == own else purpose, ()), at
            )
            for purpose in purposes
        ),
        next_boundary(situation, connector, at),
    )


def _purpose(
    situation: Situation,
    connector: int,
    purpose: ChargingProfilePurposeType,
    stack: tuple[Placed, ...],
    at: UtcTime,
) -> PurposeExplanation:
    chosen = prevailing(stack, at).chosen
    placed = {of.profile.profile_id: of for of in stack}
    others = [
        profile
        for profile in situation.profiles.values()
        if profile.purpose == purpose
        and profile.connector in (0, connector)
        and (chosen is None or profile.profile_id != chosen.profile.profile_id)
    ]
    others.sort(key=lambda profile: (-profile.stack_level, profile.profile_id))
    passed_over = tuple(
        PassedOver(one.profile_id, one.stack_level, _because(one, placed.get(one.profile_id), at))
        for one in others
    )
    if chosen is None:
        return PurposeExplanation(purpose, None, passed_over=passed_over)
    profile, period = chosen.profile, chosen.period
    return PurposeExplanation(
        purpose,
        profile.profile_id,
        profile.stack_level,
        chosen.index,
        period.start_s,
        period.limit,
        profile.unit,
        passed_over,
    )


def _because(profile: Profile, of: Placed | None, at: UtcTime) -> str:
    """Why a profile that did not prevail did not."""
    if of is None:
        if profile.purpose == "TxProfile":
            return "it is of another transaction"
        if profile.connector == 0:
            return "a TxProfile, or a default of this connector with the same level, takes its place"
        return "a TxProfile takes its place"
    if profile.valid_from is not None and at < profile.valid_from:
        return "it is not valid yet"
    if profile.valid_to is not None and at >= profile.valid_to:
        return "it is no longer valid"
    if said(of, at).period is not None:
        return "a higher level prevails"
    if at < of.origin:
        return "its schedule has not begun"
    return "its schedule is over" if of.recurrence_ms is None else "its schedule is over until it recurs"
