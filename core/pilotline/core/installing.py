"""Whether a charging profile can be installed at all: what it says of itself, and what the product takes (§5.16, §9.4)."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Final, Protocol

from pilotline.core.charging_profiles import with_installed
from pilotline.core.state import Map, Profile
from pilotline.spec.messages.structures import ChargingProfile
from pilotline.spec.types import ChargingRateUnitType

UNIT_NAMES: Final[dict[ChargingRateUnitType, str]] = {"A": "Current", "W": "Power"}
"""As ChargingScheduleAllowedChargingRateUnit has them (§9.4.2, errata 3.86)."""


class Bounds(Protocol):
    """What is installed, and how much the product takes."""

    @property
    def profiles(self) -> Map[int, Profile]: ...
    @property
    def stack_level_max(self) -> int: ...
    @property
    def units(self) -> tuple[str, ...]: ...
    @property
    def periods_max(self) -> int: ...
    @property
    def profiles_max(self) -> int: ...


def contradicts_itself(profile: ChargingProfile) -> bool:
    """It cannot be meant: no period at its start, periods out of order, numbers below 0, an end before its start."""
    schedule = profile.charging_schedule
    periods = schedule.charging_schedule_period
    return (
        periods[0].start_period != 0
        or any(one.start_period >= other.start_period for one, other in pairwise(periods))
        or any(period.number_phases not in (None, 1, 2, 3) for period in periods)
        or _any_below_0(profile.stack_level, schedule.duration, schedule.min_charging_rate)
        or _any_below_0(*(period.limit for period in periods))
        or (profile.charging_profile_kind == "Recurring" and profile.recurrency_kind is None)
        or (profile.charging_profile_purpose != "TxProfile" and profile.transaction_id is not None)
        or (
            profile.valid_from is not None
            and profile.valid_to is not None
            and profile.valid_to <= profile.valid_from
        )
    )


def _any_below_0(*numbers: Decimal | int | None) -> bool:
    return any(number is not None and number < 0 for number in numbers)


def exceeds_the_product(bounds: Bounds, profile: ChargingProfile) -> bool:
    """A stackLevel, a number of periods or a unit that the product's keys exclude (§9.4.1-9.4.3)."""
    schedule = profile.charging_schedule
    return (
        profile.stack_level > bounds.stack_level_max
        or len(schedule.charging_schedule_period) > bounds.periods_max
        or UNIT_NAMES[schedule.charging_rate_unit] not in bounds.units
    )


def is_one_too_many(bounds: Bounds, new: Profile, waiting: Iterable[Profile | None]) -> bool:
    """Of all, or of its purpose: ChargeProfileMaxStackLevel counts those too (§9.4.1, §9.4.5). One in the place of
    another is none more; what waits for its transaction has its place already.
    """
    after = [*with_installed(bounds.profiles, new).values(), *(profile for profile in waiting if profile)]
    same_purpose = sum(profile.purpose == new.purpose for profile in after)
    return len(after) > bounds.profiles_max or same_purpose > max(bounds.stack_level_max, 1)
