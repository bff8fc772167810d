"""Bindings that no scope takes, each with the reason: the only silence that coverage may keep."""

from typing import Final

UNREACHED: Final[dict[tuple[str, str], str]] = {
    (
        "firmware",
        "W12I/PoweredUp",
    ): "the product stays the same while a scope is searched; shown by a scenario",
}
