"""From the JSON text of a payload to its model, or to the error code that says why not (OCPP-J §4.2.3).

The standard's table of error codes overlaps, so the choice is made once, here. The first of these that
applies, at any depth, gives the code:

1. FormationViolation: the payload is no object, or has a field that the schema has not.
2. OccurenceConstraintViolation: a field is missing or repeated, or a list is empty that must not be.
3. TypeConstraintViolation: a field has the wrong JSON type; null is a wrong type.
4. PropertyConstraintViolation: a value is outside its enumeration, range, length or form.
"""

import json
from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pilotline.spec.messages.structures import Structure
from pilotline.spec.types import ErrorCode


class Violation(Struct, frozen=True):
    """Why a payload cannot be treated: the code of the CALLERROR and one line that names the field."""

    code: ErrorCode
    description: str


S = TypeVar("S", bound=Structure)

_ORDER: Final[tuple[ErrorCode, ...]] = (
    "FormationViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "PropertyConstraintViolation",
)


def read_payload(model: type[S], payload: str) -> S | Violation:
    """Read a payload by its model. null is an empty payload (OCPP-J §4.2.1, §4.2.2). Raises nothing."""
    if payload == "null":
        payload = "{}"
    try:
        # what model_validate_json does, without its look at the arguments
        message: S = model.__pydantic_validator__.validate_json(payload, by_alias=True, by_name=False)
    except ValidationError as error:
        return _violation(error, payload)
    if _has_repeated_field(payload):
        return _repeated(payload)[0]
    return message


def write_payload(message: Structure) -> str:
    """The JSON text of a payload: compact, and without the fields that are absent (OCPP-J §4.2.1)."""
    # what model_dump_json does, without its look at the arguments
    return message.__pydantic_serializer__.to_json(message, by_alias=True, exclude_none=True).decode()


def _violation(error: ValidationError, payload: str) -> Violation:
    details = error.errors(include_url=False, include_context=False)
    found = [
        Violation(_code(detail), f"{_path(detail['loc'])}: {detail['msg']}")
        for detail in details
        # a list whose items are all wrong counts as too short as well; it is not
        if detail["type"] != "too_short" or not detail["input"]
    ]
    if details[0]["type"] != "json_invalid":
        found += _repeated(payload)
    first = min(found, key=lambda violation: _ORDER.index(violation.code))
    if len(found) == 1:
        return first
    return Violation(first.code, f"{first.description} (and {len(found) - 1} more)")


def _code(detail: ErrorDetails) -> ErrorCode:
    kind = detail["type"]
    if kind in ("extra_forbidden", "json_invalid") or not detail["loc"]:
        return "FormationViolation"
    if kind in ("missing", "too_short"):
        return "OccurenceConstraintViolation"
    if kind.endswith("_type") or (kind == "literal_error" and not isinstance(detail["input"], str)):
        return "TypeConstraintViolation"
    return "PropertyConstraintViolation"


def _path(location: tuple[str | int, ...]) -> str:
    path = "payload"
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:  # a name from the peer may be anything: shown on one line and in bounds
            path += f".{part}" if part.isidentifier() and len(part) <= 50 else f".{part[:50]!r}"
    return path


# --- Repeated fields. The JSON parser of pydantic silently takes the last one. ---


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()


def _has_repeated_field(payload: str) -> bool:
    if "\\" in payload:  # a name or a quotation mark may be escaped: look closely
        return bool(_repeated(payload))
    # Decoding drops repetitions, and each takes the two quotation marks of its name with it. Ten times
    # faster than looking at every object.
    return _ENCODER.encode(_DECODER.decode(payload)).count(b'"') != payload.count('"')


class _Fields(list[tuple[str, object]]):
    """The fields of a JSON object in order, with repetitions."""


def _repeated(payload: str) -> list[Violation]:
    return [
        Violation("OccurenceConstraintViolation", f"{_path(path)}: field given more than once")
        for path in _repeated_paths(json.loads(payload, object_pairs_hook=_Fields), ())
    ]


def _repeated_paths(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, _Fields):
        seen = set[str]()
        for name, inner in value:
            if name in seen:
                yield (*path, name)
            seen.add(name)
            yield from _repeated_paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _repeated_paths(inner, (*path, index))
