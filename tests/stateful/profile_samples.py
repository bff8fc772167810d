"""What is sent by and expected of the machine of charging profiles, one by one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from core import smart_charging_oracle as oracle
from pilotline.spec.messages.structures import ChargingProfile

LEVELS = 2
SOCKET = oracle.Socket(Fraction(230), 3, Fraction(6), Fraction(32), switches_phases=True)
SPOILT: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "no period at the start": lambda of, first: first.update(startPeriod=1),
    "two periods at once": lambda of, first: of["chargingSchedule"]["chargingSchedulePeriod"].append(first),
    "a limit below 0": lambda of, first: first.update(limit=-1),
    "four phases": lambda of, first: first.update(numberPhases=4),
    "a level below 0": lambda of, first: of.update(stackLevel=-1),
    "a level too high": lambda of, first: of.update(stackLevel=LEVELS + 1),
    "no recurrency": lambda of, first: of.update(chargingProfileKind="Recurring", recurrencyKind=None),
    "a transaction that is none": lambda of, first: of.update(transactionId=99),
}
"""What makes any profile one that must be refused (§7.8, §7.13, §7.14, §9.4.1)."""


class Beginning(NamedTuple):
    """When it was: in which boot, and by the clock, if there was one."""

    boot: int
    at: int
    date: datetime | None


class Running(NamedTuple):
    number: int
    started: Beginning
    charging: Beginning | None = None


def place(one: oracle.Sent) -> tuple[int, str, int]:
    return one.connector, one.profile.charging_profile_purpose, one.profile.stack_level


def moved(profile: ChargingProfile, by: timedelta) -> ChargingProfile:
    """All its dates."""
    schedule = profile.charging_schedule
    return profile.model_copy(
        update={
            "valid_from": profile.valid_from and profile.valid_from + by,
            "valid_to": profile.valid_to and profile.valid_to + by,
            "charging_schedule": schedule.model_copy(
                update={"start_schedule": schedule.start_schedule and schedule.start_schedule + by}
            ),
        }
    )
