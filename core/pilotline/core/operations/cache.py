"""ClearCache (§5.4): the authorization cache is emptied, and nothing else (errata 3.23)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.effects import Clear
from pilotline.core.slices import key, stored
from pilotline.core.state import CachedTag, Map
from pilotline.spec.messages.core import ClearCacheConf, ClearCacheReq


class Reads(Struct, frozen=True):
    """The cache, and whether it is in use."""

    cache: Annotated[Map[str, CachedTag], stored("cache")]
    enabled: Annotated[bool | None, key("AuthorizationCacheEnabled")]


def no_cache(reads: Reads, _request: ClearCacheReq) -> bool:
    """Not offered, or switched off (errata 3.23)."""
    return not reads.enabled


def empty_already(reads: Reads, _request: ClearCacheReq) -> bool:
    return not reads.cache


def reject(_reads: Reads, _request: ClearCacheReq) -> ClearCacheConf:
    return ClearCacheConf(status="Rejected")


def accept(_reads: Reads, _request: ClearCacheReq) -> ClearCacheConf:
    return ClearCacheConf(status="Accepted")


def clear(_reads: Reads, _request: ClearCacheReq) -> tuple[ClearCacheConf, tuple[Clear]]:
    return ClearCacheConf(status="Accepted"), (Clear("cache"),)


CLEAR_CACHE: DecisionTable[Reads, ClearCacheReq] = DecisionTable(
    ClearCacheReq,
    Reads,
    (
        when(no_cache, name="no cache", answer=reject),
        when(empty_already, name="nothing to be forgotten", answer=accept),
        otherwise("forget all tags", clear),
    ),
)
