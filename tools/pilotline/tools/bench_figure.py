"""One figure of the benchmark: what was measured, against which peer or limit, and whether that is met."""

from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the table. `other` is the peer's figure or the limit; `ratio` is how they compare."""

    name: str
    ours: float
    other: float
    unit: str
    ratio: float
    target: str
    met: bool | None
    """None: shown for comparison, nothing was promised."""


def times_faster(name: str, ours_us: float, peer_us: float, times: float | None) -> Figure:
    """Ours against a peer that does the same; `ratio` is how many times faster ours is."""
    ratio = peer_us / ours_us
    target = "none" if times is None else f"at least {times:g} x faster"
    return Figure(name, ours_us, peer_us, "us", ratio, target, None if times is None else ratio >= times)


def times_the_cost(name: str, ours_us: float, least_us: float, times: float) -> Figure:
    """Ours against the least that it could cost; `ratio` is how many times that ours costs."""
    ratio = ours_us / least_us
    return Figure(name, ours_us, least_us, "us", ratio, f"at most {times:g} x", ratio <= times)


def at_least(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Ours against a lower limit; `ratio` is ours divided by it."""
    return Figure(name, ours, limit, unit, ours / limit, f"at least {limit:g} {unit}", ours >= limit)


def below(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Ours against an upper limit; `ratio` is ours divided by it."""
    return Figure(name, ours, limit, unit, ours / limit, f"below {limit:g} {unit}", ours < limit)


def at_least_of(name: str, ours: float, peer: float, unit: str, share: float) -> Figure:
    """Our rate against a peer's that does less; `ratio` is ours divided by it."""
    ratio = ours / peer
    return Figure(name, ours, peer, unit, ratio, f"at least {share:g} x", ratio >= share)
