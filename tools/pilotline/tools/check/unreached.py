"""Bindings that no scope takes, each with the reason: the only silence that coverage may keep."""

from typing import Final

UNREACHED: Final[dict[tuple[str, str], str]] = {}
