"""Mutants that neither the explorer nor the stateful tests notice, each with the reason."""

from typing import Final

SURVIVORS: Final[dict[str, str]] = {}
