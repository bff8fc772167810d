"""SendLocalList and GetLocalListVersion (§5.10, §5.15, §7.48).

An update is stored in one commit: after a power cut the list is the old one or the new one.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Struct

from pilotline.core.calendar import utc_of
from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.effects import Drop, Put
from pilotline.core.events import ListUpdated
from pilotline.core.slices import key, station, stored
from pilotline.core.state import ListedTag, ListVersion, Map
from pilotline.spec.messages.local_auth_list_management import (
    GetLocalListVersionConf,
    GetLocalListVersionReq,
    SendLocalListConf,
    SendLocalListReq,
)
from pilotline.spec.messages.structures import AuthorizationData, IdTagInfo
from pilotline.spec.types import ci_key

NO_LIST = -1
"""What GetLocalListVersion says of a station without a list (§5.10)."""


class Reads(Struct, frozen=True):
    """The list, its version and its bounds."""

    local_list: Annotated[Map[str, ListedTag], stored("local_list")]
    version: Annotated[ListVersion, station("list_version")]
    length_max: Annotated[int, key("LocalAuthListMaxLength")]
    update_max: Annotated[int, key("SendLocalListMaxLength")]
    profiles: Annotated[tuple[str, ...], key("SupportedFeatureProfiles")]


def not_offered(reads: Reads, _request: SendLocalListReq) -> bool:
    return "LocalAuthListManagement" not in reads.profiles


def no_version(_reads: Reads, request: SendLocalListReq) -> bool:
    """0 and -1 say something else (errata 3.52)."""
    return request.list_version <= 0


def too_many(reads: Reads, request: SendLocalListReq) -> bool:
    return len(_entries(request)) > reads.update_max


def a_tag_twice(_reads: Reads, request: SendLocalListReq) -> bool:
    tags = [ci_key(entry.id_tag) for entry in _entries(request)]
    return len(set(tags)) < len(tags)


def full_with_a_gap(_reads: Reads, request: SendLocalListReq) -> bool:
    """In a full list every entry needs its idTagInfo (§7.1)."""
    return _is_full(request) and any(entry.id_tag_info is None for entry in _entries(request))


def not_newer(reads: Reads, request: SendLocalListReq) -> bool:
    return not _is_full(request) and request.list_version <= reads.version.version


def too_long(reads: Reads, request: SendLocalListReq) -> bool:
    return _length_after(reads, request) > reads.length_max


def replace_all(
    reads: Reads, request: SendLocalListReq
) -> tuple[SendLocalListConf, tuple[Put | Drop | ListUpdated, ...]]:
    entries = _entries(request)
    kept = {ci_key(entry.id_tag) for entry in entries}
    dropped = (Drop("local_list", tag) for tag in reads.local_list if tag not in kept)
    return _accepted(reads, request, (*dropped, *_puts(reads, entries)))


def apply_changes(
    reads: Reads, request: SendLocalListReq
) -> tuple[SendLocalListConf, tuple[Put | Drop | ListUpdated, ...]]:
    """With idTagInfo an entry is added or changed, without it goes (§7.1)."""
    entries = _entries(request)
    gone = (ci_key(entry.id_tag) for entry in entries if entry.id_tag_info is None)
    dropped = (Drop("local_list", tag) for tag in gone if tag in reads.local_list)
    return _accepted(reads, request, (*dropped, *_puts(reads, entries)))


def _entries(request: SendLocalListReq) -> tuple[AuthorizationData, ...]:
    return request.local_authorization_list or ()


def _is_full(request: SendLocalListReq) -> bool:
    return request.update_type == "Full"


def _length_after(reads: Reads, request: SendLocalListReq) -> int:
    if _is_full(request):
        return len(_entries(request))
    length = len(reads.local_list)
    for entry in _entries(request):
        known = ci_key(entry.id_tag) in reads.local_list
        length += (entry.id_tag_info is not None and not known) - (entry.id_tag_info is None and known)
    return length


def _puts(reads: Reads, entries: tuple[AuthorizationData, ...]) -> Iterator[Put]:
    for entry in entries:
        if entry.id_tag_info is not None:
            tag, listed = ci_key(entry.id_tag), _listed(entry.id_tag_info)
            if reads.local_list.get(tag) != listed:
                yield Put("local_list", tag, listed)


def _listed(info: IdTagInfo) -> ListedTag:
    expiry = None if info.expiry_date is None else utc_of(info.expiry_date)
    return ListedTag(info.status, info.parent_id_tag, expiry)


def _accepted(
    reads: Reads, request: SendLocalListReq, changes: tuple[Put | Drop, ...]
) -> tuple[SendLocalListConf, tuple[Put | Drop | ListUpdated, ...]]:
    """An empty list has the version 0, whatever was sent (§5.10)."""
    version = ListVersion(request.list_version if _length_after(reads, request) else 0)
    told = () if version == reads.version else (Put("list_version", None, version),)
    return SendLocalListConf(status="Accepted"), (*changes, *told, ListUpdated())


def say_not_supported(_reads: Reads, _request: SendLocalListReq) -> SendLocalListConf:
    return SendLocalListConf(status="NotSupported")


def fail(_reads: Reads, _request: SendLocalListReq) -> SendLocalListConf:
    return SendLocalListConf(status="Failed")


def say_version_mismatch(_reads: Reads, _request: SendLocalListReq) -> SendLocalListConf:
    return SendLocalListConf(status="VersionMismatch")


def is_full(_reads: Reads, request: SendLocalListReq) -> bool:
    return _is_full(request)


SEND_LOCAL_LIST: DecisionTable[Reads, SendLocalListReq] = DecisionTable(
    SendLocalListReq,
    Reads,
    (
        when(not_offered, name="lists are not offered", answer=say_not_supported),
        when(no_version, name="no version above 0", answer=fail),
        when(too_many, name="more entries than SendLocalListMaxLength", answer=fail),
        when(a_tag_twice, name="a tag twice", answer=fail),
        when(full_with_a_gap, name="full, an entry without idTagInfo", answer=fail),
        when(not_newer, name="differential, not newer", answer=say_version_mismatch),
        when(too_long, name="longer than LocalAuthListMaxLength", answer=fail),
        when(is_full, name="full: replaces the list", answer=replace_all),
        otherwise("differential: changes the list", apply_changes),
    ),
    says_if_offered=True,
)


class VersionReads(Struct, frozen=True):
    """The version, and whether there is a list."""

    version: Annotated[ListVersion, station("list_version")]
    enabled: Annotated[bool | None, key("LocalAuthListEnabled")]


def switched_off(reads: VersionReads, _request: GetLocalListVersionReq) -> bool:
    """Also where the profile is missing, and the key with it (§5.10)."""
    return not reads.enabled


def no_list(_reads: VersionReads, _request: GetLocalListVersionReq) -> GetLocalListVersionConf:
    return GetLocalListVersionConf(list_version=NO_LIST)


def its_version(reads: VersionReads, _request: GetLocalListVersionReq) -> GetLocalListVersionConf:
    return GetLocalListVersionConf(list_version=reads.version.version)


GET_LOCAL_LIST_VERSION: DecisionTable[VersionReads, GetLocalListVersionReq] = DecisionTable(
    GetLocalListVersionReq,
    VersionReads,
    (
        when(switched_off, name="LocalAuthListEnabled is not true", answer=no_list),
        otherwise("its version, 0 if it is empty", its_version),
    ),
    says_if_offered=True,
)
