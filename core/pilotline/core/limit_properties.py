"""What is promised of charging profiles, limits and what is granted: predicates for `properties`, `step_properties`."""

from fractions import Fraction
from typing import Final

from pilotline.core.limiting import limit_from, situation_of, unbounded
from pilotline.core.smart_charging import limit_at, limit_of, next_boundary
from pilotline.core.state import Instant, State, TimerKey
from pilotline.core.step import Step

_BOUNDARY: Final = TimerKey("smart_charging", "boundary", None)
_FOR_EVER: Final = 10**16


def tx_profiles_are_of_running_transactions(state: State) -> bool:
    """A TxProfile never outlives its transaction, and is on its connector (§3.13.1, §7.10)."""
    profiles = state.memory.profiles
    running = {s.transaction: s.connector for s in state.moment.sessions if s.state in ("charging", "ending")}
    return not profiles or all(
        profile.connector > 0 and running.get(profile.transaction) == profile.connector
        for profile in profiles.values()
        if profile.purpose == "TxProfile"
    )


def one_profile_per_place(state: State) -> bool:
    """Never two of the same purpose and stackLevel on a connector (§3.13.2)."""
    profiles = state.memory.profiles
    places = {(profile.connector, profile.purpose, profile.stack_level) for profile in profiles.values()}
    return len(places) == len(profiles)


def limits_keep_within_what_is_there(state: State) -> bool:
    """No connector may draw more than it can carry, nor, while somebody charges, than is found on the spot."""
    smart = state.moment.smart_charging
    for connector, limit in enumerate(smart.limits[1:], start=1):
        built = state.product.connectors[connector - 1]
        if limit is None or limit.current_a > Fraction(repr(built.max_current_a)):
            return False
        if state.moment.sessions[connector].state == "charging":
            power_w = Fraction(limit.current_a) * Fraction(repr(built.nominal_voltage_v)) * limit.phases
            drawn = {"A": Fraction(limit.current_a), "W": power_w}
            if any(
                drawn[local.unit] > local.limit
                for local in smart.local_limits
                if local.connector in (0, connector)
            ):
                return False
    return True


def without_limits_all_is_offered(state: State) -> bool:
    """Once everything is cleared, each connector offers what the product can carry (§5.5)."""
    smart = state.moment.smart_charging
    if state.memory.profiles or smart.local_limits:
        return True
    return all(
        limit is not None
        and limit.suffices
        and limit.current_a == limit_of(Fraction(repr(built.max_current_a)))
        for limit, built in zip(smart.limits[1:], state.product.connectors, strict=True)
    )


def too_low_a_limit_suspends(state: State) -> bool:
    """While a car charges, the supply is limited exactly when the limit is too low (§7.7)."""
    moment = state.moment
    return all(
        (moment.supplies[c].state == "limited") != limit.suffices
        for c, limit in enumerate(moment.smart_charging.limits)
        if limit is not None and moment.supplies[c].state != "withheld"
    )


def limits_are_what_is_stated_leaves(state: State) -> bool:
    """At any time every limit is what profiles, transactions and limits on the spot leave, and it is looked at again at
    the very instant at which it may be another (§3.13).

    A state does not know the time, but nothing changes until the timer: it is asked about the millisecond before it;
    where none is set, about a time that outlasts every schedule.
    """
    smart, due = state.moment.smart_charging, state.moment.timers.get(_BOUNDARY)
    if not state.memory.profiles and not smart.local_limits:
        return due is None
    given, at = situation_of(state, Instant(_FOR_EVER if due is None else due - 1))
    limits = tuple(
        limit_from(limit_at(given, connector, at))
        if connector in given.uses
        else unbounded(given.outlets[connector - 1])
        for connector in given.connectors
    )
    until = next_boundary(given, min(given.uses), at) if given.uses else None
    in_time = (until is None) == (due is None) and (
        until is None or until == at + 1 or any(use.charging is None for use in given.uses.values())
    )
    return in_time and smart.limits[1:] == limits


def what_is_granted_may_be_taken(before: State, step: Step) -> bool:
    """What a refused driver is granted is not used up before it was measured, and goes on to be as long as something is
    granted (§9.1.14).
    """
    most_wh = before.memory.configuration.integer("MaxEnergyOnInvalidId", 0)
    return all(
        most_wh <= 0 or before.moment.allowances[taken.key].begin is not None  # type: ignore[call-overload]  # keyed by connectorId
        if taken.binding == "E3/MeterRead"
        else most_wh > 0 or taken.binding != "E2/MeterRead"
        for taken in step.trace
        if taken.machine == "allowance"
    )
