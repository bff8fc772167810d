"""What the station knows, as plain JSON values for a person: in bounds, without secrets, without what goes unsaid."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from immutables import Map
from msgspec import NODEFAULT, Struct
from msgspec.structs import astuple, fields
from pydantic import BaseModel

from pilotline.core.state import Url
from pilotline.spec.configuration_keys import KEY_BY_NAME, MAX_CONNECTORS
from pilotline.spec.messages.core import ChangeConfigurationReq
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq
from pilotline.spec.products import Configuration, Product

ENTRIES_MAX: Final = 8
"""Of a map with more, only their number is told."""
ITEMS_MAX: Final = MAX_CONNECTORS + 1
"""Of a longer list, too; the records of all connectors are told."""
TEXT_MAX: Final = 200


def message_name(message: BaseModel) -> str:
    """``Heartbeat.req``, ``Heartbeat.conf``."""
    name = type(message).__name__
    return f"{name.removesuffix('Req')}.req" if name.endswith("Req") else f"{name.removesuffix('Conf')}.conf"


def without_secret(message: Any) -> Any:  # Any: one of the 56 models of spec.messages
    """The message as it may be shown: neither the value of a key that can only be written (OCPP-J §6.2.2), nor a
    location, for a login may be in it.
    """
    if isinstance(message, UpdateFirmwareReq | GetDiagnosticsReq):
        return message.model_copy(update={"location": "…"})
    if isinstance(message, ChangeConfigurationReq):
        key = KEY_BY_NAME.get(message.key.lower())
        if key is not None and key.access == "W":
            return message.model_copy(update={"value": "…"})
    return message


def plain(value: object) -> Any:  # Any: JSON
    """A record, event or message with the fields that say something; a message of the standard by its name."""
    match value:
        case Product():
            return value.identity.charge_point_model
        case Configuration():
            return f"{len(value.values)} keys"
        case BaseModel():
            payload = without_secret(value).model_dump(mode="json", by_alias=True, exclude_none=True)
            return {"message": message_name(value), **_bounded(payload)}
        case Url():
            return "…" if value.text else ""
        case Struct():
            return {
                field.name: plain(told)
                for field in fields(value)
                if (told := getattr(value, field.name)) is not None
                and (field.name == "state" or not _is_default(field, told))
            }
        case _:
            return _bounded(value)


def _bounded(value: Any) -> Any:  # Any: what a field may hold
    match value:
        case bool() | int() | float() | None:
            return value
        case str():
            return value if len(value) <= TEXT_MAX else f"{value[:TEXT_MAX]}…"
        case Map() | dict():
            if len(value) > ENTRIES_MAX:
                return f"{len(value)} entries"
            return {key_text(name): plain(held) for name, held in value.items()}
        case tuple() | list() | frozenset():
            return [plain(part) for part in value] if len(value) <= ITEMS_MAX else f"{len(value)} items"
        case _:
            return str(value)


def _is_default(field: Any, value: object) -> bool:
    if field.default is not NODEFAULT:
        return bool(value == field.default)
    return field.default_factory is not NODEFAULT and not value


def instance(machine: str, key: object) -> str:
    """``link``, ``connector[1]``, ``authorization[reader 1]``."""
    return machine if key is None else f"{machine}[{key_text(key)}]"


def key_text(key: object) -> str:
    """``3``, ``reader 1``."""
    return " ".join(map(str, astuple(key))) if isinstance(key, Struct) else str(key)


def words(value: object) -> str:
    """The same in one line: ``charging id_tag=ANNA transaction=3``."""
    return _words(plain(value))


def _words(value: Any) -> str:  # Any: JSON
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case {"message": name, **payload}:
            return f"{name} {_words(payload)}" if payload else str(name)
        case {"state": state, **rest}:
            if _is_numbered(value):
                rest.pop("connector")
            return f"{state} {_words(rest)}" if rest else str(state)
        case dict():
            return " ".join(f"{name}={_inner(part)}" for name, part in value.items()) or "none"
        case [dict() as first, *_] if _is_numbered(first):
            return _of_all_connectors(value)
        case list():
            return ", ".join(map(_words, value)) or "none"
        case _:
            return printable(str(value))


def printable(text: str) -> str:
    """A text of somebody else, fit for a line of a log or a terminal: what would steer either is written out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _is_numbered(record: dict[str, Any]) -> bool:
    """It is the record of a connector, and not one that only names a connector."""
    return "state" in record and next(iter(record)) == "connector"


def _of_all_connectors(records: Sequence[Any]) -> str:
    """``1 faulted, others clear``; ``all clear``."""
    told = [(record["connector"], _words(record)) for record in records]
    usual, times = Counter(text for _, text in told).most_common(1)[0]
    if times == 1:
        return ", ".join(f"{number} {text}" for number, text in told)
    unusual = [f"{number} {text}" for number, text in told if text != usual]
    return ", ".join([*unusual, f"{'others' if unusual else 'all'} {usual}"])


def _inner(value: Any) -> str:  # Any: JSON
    """A part within a line, in brackets if it has parts itself."""
    text = _words(value)
    match value:
        case [_, *_]:
            return f"[{text}]"
        case dict() if " " in text or "=" in text:
            return f"({text})"
        case _:
            return text
