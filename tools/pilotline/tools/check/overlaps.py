"""Pairs of rows of which both may hold, each with the reason why the first one wins: the only order that may decide."""

from collections.abc import Mapping
from typing import Final

ORDER_DECIDES: Final[Mapping[tuple[str, str, str], str]] = {}
