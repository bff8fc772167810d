"""Whether a connector may begin to be used, by whatever way a driver or the Central System asks for it."""

from pilotline.core.state import Availability, Fault, Reset


def usable(connector: int, faults: tuple[Fault, ...], availability: tuple[Availability, ...]) -> bool:
    """Neither faulted nor Inoperative; a fault of the main controller stops every new use (§4.9, §5.2)."""
    return (
        faults[connector].state != "faulted"
        and faults[0].state != "faulted"
        and availability[connector].state == "operative"
    )


def fit_for_use(
    connector: int, faults: tuple[Fault, ...], availability: tuple[Availability, ...], reset: Reset
) -> bool:
    """Usable, and the station does not go down (§5.14)."""
    return reset.state == "up" and usable(connector, faults, availability)
