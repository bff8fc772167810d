"""Bindings that no scope takes, each with the reason: the only silence that coverage may keep."""

from typing import Final

_SMART_CHARGING: Final = "comes with smart charging: only a limit of 0 withholds energy before the start"

UNREACHED: Final[dict[tuple[str, str], str]] = {
    ("connector", "A5/ChargingBegan"): _SMART_CHARGING,
    ("connector", "B5/ChargingBegan"): _SMART_CHARGING,
    ("connector", "H5/ChargingBegan"): _SMART_CHARGING,
    ("connector", "E3/EnergyOffered"): _SMART_CHARGING,
    ("connector", "E4/EnergyOffered"): _SMART_CHARGING,
    (
        "firmware",
        "W12I/PoweredUp",
    ): "the product stays the same while a scope is searched; shown by a scenario",
}
