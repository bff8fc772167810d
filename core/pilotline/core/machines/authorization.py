"""Authorization: may this tag charge? Each question is an instance that ends with its answer (§3.5, §4.1).

Theory of operation: online the Central System decides, unless LocalPreAuthorize lets a valid tag that is known here
pass at once. Offline, LocalAuthorizeOffline decides whether what is known here counts, and
AllowOfflineTxForUnknownId what is not known. A question that gets no answer is decided as if offline.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.calendar import utc_of
from pilotline.core.effects import Drop, Put
from pilotline.core.events import (
    Asked,
    AuthorizationAsked,
    CardDecided,
    Confirmed,
    FaultDetected,
    Refused,
    TagDecided,
    TagPreAuthorized,
    TagTold,
    Unanswered,
    UseGranted,
    Withdrawn,
)
from pilotline.core.known_tags import VALID, KnownTag, known_tag, status_at
from pilotline.core.slices import AUTHORIZATION, STATION, fact, key, station, stored
from pilotline.core.state import (
    Address,
    Ask,
    Authorization,
    Boot,
    CachedTag,
    CacheKeeper,
    Clock,
    Counter,
    Instant,
    Link,
    ListedTag,
    ListKeeper,
    Map,
    Registration,
    UtcTime,
)
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.messages.core import AuthorizeConf, AuthorizeReq
from pilotline.spec.rows import AuthorizationRows as row
from pilotline.spec.rows import CacheRows, LocalListRows
from pilotline.spec.types import AuthorizationStatus, ChargePointErrorCode, ci_key

NAME: Final = "authorization"
CONFLICT: Final[ChargePointErrorCode] = "LocalListConflict"
Decision = TagDecided | CardDecided | UseGranted


class Reads(Struct, frozen=True):
    """What is known here, and whether the Central System can be asked."""

    cache: Annotated[Map[str, CachedTag], stored("cache")]
    local_list: Annotated[Map[str, ListedTag], stored("local_list")]
    registration: Annotated[Registration, station("registration")]
    link: Annotated[Link, station("link")]
    clock: Annotated[Clock, station("clock")]
    boot: Annotated[Boot, station("boot")]
    charges_unaccepted: Annotated[bool, fact(facts.charges_before_first_acceptance)]
    cache_enabled: Annotated[bool | None, key("AuthorizationCacheEnabled")]
    list_enabled: Annotated[bool | None, key("LocalAuthListEnabled")]
    local_pre_authorize: Annotated[bool, key("LocalPreAuthorize")]
    local_authorize_offline: Annotated[bool, key("LocalAuthorizeOffline")]
    allow_unknown_offline: Annotated[bool | None, key("AllowOfflineTxForUnknownId")]


def _known(reads: Reads, id_tag: str) -> KnownTag | None:
    local_list = reads.local_list if reads.list_enabled else None
    return known_tag(id_tag, local_list, reads.cache if reads.cache_enabled else None)


def _status(known: KnownTag, clock: Clock, now: Instant) -> AuthorizationStatus:
    return status_at(known, None if clock.epoch is None else UtcTime(clock.epoch + now))


def _is_valid(reads: Reads, known: KnownTag, now: Instant) -> bool:
    """In the list ConcurrentTx is valid too (§3.5.2); in the cache it is what the last answer said."""
    status = _status(known, reads.clock, now)
    return status == "Accepted" or (status == "ConcurrentTx" and isinstance(known, ListedTag))


def online(_own: Authorization, reads: Reads, _event: object) -> bool:
    return reads.link.state == "up" and reads.registration.state == "accepted"


def ask(
    own: Authorization, reads: Reads, event: AuthorizationAsked, now: Instant
) -> tuple[Authorization, tuple[Asked | TagPreAuthorized, ...]]:
    """LocalPreAuthorize spares the question for a tag that is valid now; an expired one is asked again (§3.5.1)."""
    known = _known(reads, event.id_tag) if reads.local_pre_authorize else None
    asking = Authorization(own.state, event.asker, event.id_tag, event.profile)
    if known is not None and _is_valid(reads, known, now):
        return asking, (TagPreAuthorized(event.asker, known.parent_id_tag),)
    return asking, (Asked(Ask(AuthorizeReq(id_tag=event.id_tag), Address(NAME, event.asker))),)


def pass_at_once(
    own: Authorization, _reads: Reads, event: TagPreAuthorized, _now: Instant
) -> tuple[Authorization, tuple[Decision, ...]]:
    return own, _decided(own, "Accepted", event.parent_id_tag)


def decide_offline(
    own: Authorization, reads: Reads, event: AuthorizationAsked, now: Instant
) -> tuple[Authorization, tuple[Decision, ...]]:
    asking = Authorization(own.state, event.asker, event.id_tag, event.profile)
    return asking, _decided(asking, *_offline(asking, reads, now))


def decide_without_answer(
    own: Authorization, reads: Reads, _event: object, now: Instant
) -> tuple[Authorization, tuple[Decision, ...]]:
    return own, _decided(own, *_offline(own, reads, now))


def decide(
    own: Authorization, _reads: Reads, event: Confirmed[AuthorizeConf], _now: Instant
) -> tuple[Authorization, tuple[TagTold | Decision, ...]]:
    info = event.confirmation.id_tag_info
    return own, (TagTold(own.id_tag, info), *_decided(own, info.status, info.parent_id_tag))


def _offline(own: Authorization, reads: Reads, now: Instant) -> tuple[AuthorizationStatus, str | None]:
    """§3.5, §3.5.4, §4.2.1: what is known here counts if LocalAuthorizeOffline says so."""
    if not (reads.boot.ever_accepted or reads.charges_unaccepted):
        return "Invalid", None
    known = _known(reads, own.id_tag)
    status = "Accepted" if known is None else _status(known, reads.clock, now)
    if status not in VALID:
        return status, None  # what is known to be bad is refused, whatever is allowed to the unknown (§3.5.4)
    if known is not None and reads.local_authorize_offline:
        return "Accepted", known.parent_id_tag
    return ("Accepted" if reads.allow_unknown_offline else "Invalid"), None


def _decided(
    own: Authorization, status: AuthorizationStatus, parent_id_tag: str | None
) -> tuple[Decision, ...]:
    if own.asker.kind == "reader":
        return (TagDecided(own.asker.number, status, parent_id_tag),)
    if own.asker.kind == "card":
        return (CardDecided(Counter(own.asker.number), status, parent_id_tag),)
    if status != "Accepted":
        return ()
    return (UseGranted(own.asker.number, own.id_tag, parent_id_tag, None, own.profile),)


AUTHORIZATION_MACHINE = Machine(
    NAME,
    family=AUTHORIZATION,
    home="moment",
    slot="authorizations",
    blank=Authorization(),
    reads=Reads,
    states=("initial", "asking", "decided"),
    final=("decided",),
    table=(
        on(AuthorizationAsked, row.U2, ask, when=[online]),
        on(TagPreAuthorized, row.U5, pass_at_once),
        on(AuthorizationAsked, row.U1, decide_offline),
        on(Confirmed[AuthorizeConf], row.U3, decide),
        on(Refused, row.U4, decide_without_answer),
        on(Unanswered, row.U4, decide_without_answer),
        on(Withdrawn, row.U4, decide_without_answer),
    ),
    ignored=(
        ignores(TagPreAuthorized, in_=("initial",), because="nothing is asked"),
        ignores(AuthorizationAsked, in_=("asking",), because="this asker waits for an answer already"),
        ignores(Confirmed, Refused, Unanswered, Withdrawn, in_=("initial",), because="nothing was asked"),
    ),
)


# --- the cache -----------------------------------------------------------------------------------------------


class CacheReads(Struct, frozen=True):
    """The cache and its bounds."""

    cache: Annotated[Map[str, CachedTag], stored("cache")]
    local_list: Annotated[Map[str, ListedTag], stored("local_list")]
    clock: Annotated[Clock, station("clock")]
    enabled: Annotated[bool | None, key("AuthorizationCacheEnabled")]
    most: Annotated[int, fact(facts.authorization_cache_max)]


def enabled(_own: CacheKeeper, reads: CacheReads, event: TagTold) -> bool:
    """What is in the local list is never put into the cache (§3.5.3)."""
    return reads.enabled is True and ci_key(event.id_tag) not in reads.local_list


def remember(
    own: CacheKeeper, reads: CacheReads, event: TagTold, now: Instant
) -> tuple[CacheKeeper, tuple[Drop | Put, ...]]:
    """Every tag an answer told of, valid or not, and the newest is the one told of last (§3.5.1)."""
    info, tag = event.info, ci_key(event.id_tag)
    expiry: UtcTime | None = None if info.expiry_date is None else utc_of(info.expiry_date)
    before = reads.cache.get(tag)
    newest = max((cached.stored for cached in reads.cache.values()), default=Counter(0))
    is_newest = before is not None and before.stored == newest
    told = CachedTag(info.status, info.parent_id_tag, expiry, newest if is_newest else Counter(newest + 1))
    if told == before:
        return own, ()
    room = () if before else _room(reads, now)
    return own, (*room, Put("cache", tag, told))


def _room(reads: CacheReads, now: Instant) -> tuple[Drop, ...]:
    """A full cache gives up all that is not valid, and if that is not enough, the oldest (§3.5.1)."""
    surplus = len(reads.cache) + 1 - reads.most
    if surplus <= 0:
        return ()
    oldest = sorted(reads.cache, key=lambda tag: reads.cache[tag].stored)
    bad = [tag for tag in oldest if _status(reads.cache[tag], reads.clock, now) not in VALID]
    valid = [tag for tag in oldest if tag not in bad]
    return tuple(Drop("cache", tag) for tag in (*bad, *valid[: max(0, surplus - len(bad))]))


CACHE_KEEPER = Machine(
    "cache_keeper",
    family=STATION,
    home="moment",
    blank=CacheKeeper(),
    reads=CacheReads,
    states=("keeping",),
    table=(on(TagTold, CacheRows.M1, remember, when=[enabled]),),
    ignored=(ignores(TagTold, because="the cache is off, or the tag is in the local list"),),
)


# --- the local list ------------------------------------------------------------------------------------------


class ListReads(Struct, frozen=True):
    """The list, and whether it counts."""

    local_list: Annotated[Map[str, ListedTag], stored("local_list")]
    enabled: Annotated[bool | None, key("LocalAuthListEnabled")]


def contradicts(_own: ListKeeper, reads: ListReads, event: TagTold) -> bool:
    """One says that the tag is valid, the other that it is not (§3.5.2)."""
    listed = reads.local_list.get(ci_key(event.id_tag)) if reads.enabled else None
    return listed is not None and (listed.status in VALID) != (event.info.status in VALID)


def tell_conflict(
    own: ListKeeper, _reads: ListReads, event: TagTold, _now: Instant
) -> tuple[ListKeeper, tuple[FaultDetected]]:
    """The list stays as it is; the main controller reports the conflict (§3.5.2)."""
    conflict = FaultDetected(
        0, CONFLICT, info=f"idTag {event.id_tag}", prevents_charging=False, by_station=True
    )
    return own, (conflict,)


LIST_KEEPER = Machine(
    "list_keeper",
    family=STATION,
    home="moment",
    blank=ListKeeper(),
    reads=ListReads,
    states=("keeping",),
    table=(on(TagTold, LocalListRows.A1, tell_conflict, when=[contradicts]),),
    ignored=(ignores(TagTold, because="the tag is not listed, or both say the same"),),
)
