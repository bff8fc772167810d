"""GetConfiguration and ChangeConfiguration (§5.3, §5.8)."""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.effects import CallError, Configure
from pilotline.core.slices import key, station, whole_configuration
from pilotline.spec.configuration_keys import KEYS, Refusal
from pilotline.spec.messages.core import (
    ChangeConfigurationConf,
    ChangeConfigurationReq,
    GetConfigurationConf,
    GetConfigurationReq,
)
from pilotline.spec.messages.structures import KeyValue
from pilotline.spec.products import Configuration

BOUNDS: Final = tuple(
    key.max_length_key for key in KEYS if key.access == "RW" and key.max_length_key in {k.name for k in KEYS}
)
"""The keys that bound how many items a list may have which the Central System changes (§5.3)."""


class Reads(Struct, frozen=True):
    """All keys and their values; those that bound a list decide whether it is taken."""

    configuration: Annotated[Configuration, whole_configuration(*BOUNDS)]


class ReadsToGet(Struct, frozen=True):
    """The same, and how many may be asked for at once."""

    configuration: Annotated[Configuration, station("configuration")]
    keys_max: Annotated[int, key("GetConfigurationMaxKeys")]


def _key_value(configuration: Configuration, name: str) -> KeyValue:
    key = configuration.key(name)
    readonly = key is not None and key.access == "R"
    return KeyValue(key=key.name if key else name, readonly=readonly, value=configuration.text(name))


def names_no_key(_reads: ReadsToGet, request: GetConfigurationReq) -> bool:
    return not request.key


def all_keys(reads: ReadsToGet, _request: GetConfigurationReq) -> GetConfigurationConf:
    offered = reads.configuration.offered()
    return GetConfigurationConf(
        configuration_key=tuple(_key_value(reads.configuration, key.name) for key in offered)
    )


def names_too_many(reads: ReadsToGet, request: GetConfigurationReq) -> bool:
    return len(request.key or ()) > reads.keys_max


def refuse_to_count(reads: ReadsToGet, request: GetConfigurationReq) -> CallError:
    """§5.8 has no word for it. A list cut short would read as if the rest were unknown, so it is none at all."""
    asked = len(request.key or ())
    return CallError(
        "OccurenceConstraintViolation", f"key: {asked} items; GetConfigurationMaxKeys is {reads.keys_max}"
    )


def asked_keys(reads: ReadsToGet, request: GetConfigurationReq) -> GetConfigurationConf:
    asked = tuple(dict.fromkeys(request.key or ()))
    known = tuple(name for name in asked if reads.configuration.key(name))
    unknown = tuple(name for name in asked if not reads.configuration.key(name))
    return GetConfigurationConf(
        configuration_key=tuple(_key_value(reads.configuration, name) for name in known) or None,
        unknown_key=unknown or None,
    )


GET_CONFIGURATION: DecisionTable[ReadsToGet, GetConfigurationReq] = DecisionTable(
    GetConfigurationReq,
    ReadsToGet,
    (
        when(names_no_key, name="no keys: all of them", answer=all_keys),
        when(names_too_many, name="more than GetConfigurationMaxKeys", answer=refuse_to_count),
        otherwise("the keys that were asked", asked_keys),
    ),
)


def key_unknown(reads: Reads, request: ChangeConfigurationReq) -> bool:
    return reads.configuration.key(request.key) is None


def read_only(reads: Reads, request: ChangeConfigurationReq) -> bool:
    key = reads.configuration.key(request.key)
    return key is not None and key.access == "R"


def value_refused(reads: Reads, request: ChangeConfigurationReq) -> bool:
    """Of the wrong type, out of range, with too many items or one that the station does not know (§3.16.4, §5.3)."""
    return isinstance(reads.configuration.parse(request.key, request.value), Refusal)


def needs_reboot(reads: Reads, request: ChangeConfigurationReq) -> bool:
    key = reads.configuration.key(request.key)
    return key is not None and key.takes_effect == "reboot"


def not_supported(_reads: Reads, _request: ChangeConfigurationReq) -> ChangeConfigurationConf:
    return ChangeConfigurationConf(status="NotSupported")


def rejected(_reads: Reads, _request: ChangeConfigurationReq) -> ChangeConfigurationConf:
    return ChangeConfigurationConf(status="Rejected")


def set_for_reboot(
    _reads: Reads, request: ChangeConfigurationReq
) -> tuple[ChangeConfigurationConf, tuple[Configure]]:
    return ChangeConfigurationConf(status="RebootRequired"), (Configure(request.key, request.value),)


def set_now(
    _reads: Reads, request: ChangeConfigurationReq
) -> tuple[ChangeConfigurationConf, tuple[Configure]]:
    return ChangeConfigurationConf(status="Accepted"), (Configure(request.key, request.value),)


CHANGE_CONFIGURATION: DecisionTable[Reads, ChangeConfigurationReq] = DecisionTable(
    ChangeConfigurationReq,
    Reads,
    (
        when(key_unknown, name="unknown key", answer=not_supported),
        when(read_only, name="read-only key", answer=rejected),
        when(value_refused, name="not a value of this key", answer=rejected),
        when(needs_reboot, name="in force after a reboot", answer=set_for_reboot),
        otherwise("in force now", set_now),
    ),
)
