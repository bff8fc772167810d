"""Whether a charging profile can be installed: what it says of itself, what the product takes (§5.16, §9.4)."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Struct

from pilotline.core.charging_profiles import with_installed
from pilotline.core.limiting import reckoned_epoch
from pilotline.core.slices import every, key, station, stored, the_time
from pilotline.core.state import Asker, Authorization, Boot, Clock, Instant, Map, Profile, Session, UtcTime
from pilotline.spec.messages.structures import ChargingProfile
from pilotline.spec.types import ChargingRateUnitType

UNIT_NAMES: Final[Mapping[ChargingRateUnitType, str]] = MappingProxyType({"A": "Current", "W": "Power"})
"""As ChargingScheduleAllowedChargingRateUnit has them (§9.4.2, errata 3.86)."""


class InstallingReads(Struct, frozen=True):
    """What is installed, what waits to be, how much the product takes, and the time."""

    profiles: Annotated[Map[int, Profile], stored("profiles")]
    sessions: Annotated[tuple[Session, ...], every("sessions")]
    authorizations: Annotated[Map[Asker, Authorization], every("authorizations")]
    clock: Annotated[Clock, station("clock")]
    boot: Annotated[Boot, station("boot")]
    now: Annotated[Instant, the_time()]
    stack_level_max: Annotated[int, key("ChargeProfileMaxStackLevel")]
    units: Annotated[tuple[str, ...], key("ChargingScheduleAllowedChargingRateUnit")]
    periods_max: Annotated[int, key("ChargingScheduleMaxPeriods")]
    profiles_max: Annotated[int, key("MaxChargingProfilesInstalled")]


def received(reads: InstallingReads) -> UtcTime:
    """The present time, as far as it is known."""
    return UtcTime(reckoned_epoch(reads.clock, reads.boot) + reads.now)


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


def exceeds_the_product(reads: InstallingReads, profile: ChargingProfile) -> bool:
    """A stackLevel, a number of periods or a unit that the product's keys exclude (§9.4.1-9.4.3)."""
    schedule = profile.charging_schedule
    return (
        profile.stack_level > reads.stack_level_max
        or len(schedule.charging_schedule_period) > reads.periods_max
        or UNIT_NAMES[schedule.charging_rate_unit] not in reads.units
    )


def is_one_too_many(reads: InstallingReads, new: Profile) -> bool:
    """Of all, or of its purpose: ChargeProfileMaxStackLevel counts those too (§9.4.1, §9.4.5). One in the place of
    another is none more; what waits for its transaction has its place already.
    """
    waiting = [
        one.profile for one in (*reads.sessions, *reads.authorizations.values()) if one.profile is not None
    ]
    after = [*with_installed(reads.profiles, new).values(), *waiting]
    same_purpose = sum(profile.purpose == new.purpose for profile in after)
    return len(after) > reads.profiles_max or same_purpose > max(reads.stack_level_max, 1)
