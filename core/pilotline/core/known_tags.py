"""What is known here of a tag: the local authorization list first, then the cache (§3.5.3)."""

from pilotline.core.state import CachedTag, ListedTag, Map, UtcTime
from pilotline.spec.types import AuthorizationStatus, ci_key

KnownTag = ListedTag | CachedTag
VALID: tuple[AuthorizationStatus, ...] = ("Accepted", "ConcurrentTx")
"""What the list calls valid (§3.5.2)."""


def known_tag(
    id_tag: str,
    local_list: Map[str, ListedTag] | None,
    cache: Map[str, CachedTag] | None,
) -> KnownTag | None:
    """The entry that counts for a tag; None for a list or a cache that is switched off."""
    tag = ci_key(id_tag)
    listed = local_list.get(tag) if local_list is not None else None
    if listed is not None:
        return listed
    return cache.get(tag) if cache is not None else None


def status_at(known: KnownTag, utc: UtcTime | None) -> AuthorizationStatus:
    """A tag past its expiryDate is Expired, not forgotten (§3.5.1, §3.5.4, §7.27); without a clock nobody can tell."""
    over = known.expiry is not None and utc is not None and utc >= known.expiry
    return "Expired" if over and known.status in VALID else known.status
