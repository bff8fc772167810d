"""Hypothesis strategies from the published JSON schemas and from our models, and broken payloads."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from jsonschema import Draft4Validator
from spec.schema_deviations import NOT_IN_THE_STANDARD

from pilotline.spec import types
from pilotline.spec.messages.actions import ACTIONS, Action
from pilotline.spec.messages.structures import Structure
from pilotline.spec.types import ErrorCode

Kind = Literal["request", "confirmation"]
MESSAGES: list[tuple[Action, Kind]] = [
    (action, kind) for action in ACTIONS for kind in ("request", "confirmation")
]
Schema = dict[str, Any]


def model(action: Action, kind: Kind) -> type[Structure]:
    return ACTIONS[action].request if kind == "request" else ACTIONS[action].confirmation


@cache
def schema(action: Action, kind: Kind, numbers: str = "decimal") -> Schema:
    name = f"{action}.json" if kind == "request" else f"{action}Response.json"
    text = (files("ocpp.v16") / "schemas" / name).read_text("utf-8-sig")
    loaded: Schema = json.loads(text, parse_float=Decimal if numbers == "decimal" else float)
    assert loaded["$schema"] == "http://json-schema.org/draft-04/schema#"
    return loaded


@cache
def _validator(action: Action, kind: Kind, numbers: str) -> Draft4Validator:
    return Draft4Validator(schema(action, kind, numbers))


def schema_accepts(action: Action, kind: Kind, payload: str, numbers: str = "decimal") -> bool:
    read = json.loads(payload, parse_float=Decimal if numbers == "decimal" else float)
    return bool(_validator(action, kind, numbers).is_valid(read))


# --- Payloads that both accept ---

PRINTABLE_ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TENTHS = st.integers(-(10**13), 10**13)
INSTANTS = st.integers(-62_135_400_000_000, 253_402_000_000_000).map(  # milliseconds: years 1 to 9999
    lambda instant_ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant_ms)
)


@st.composite
def date_times(draw: st.DrawFn) -> str:
    """ISO 8601 as the world writes it: any zone offset or none, any fraction or none."""
    instant = draw(INSTANTS).replace(tzinfo=None, microsecond=0)
    fraction = draw(st.sampled_from(["", ".0", ".1", ".123", ".123456", ".1234567"]))
    zone = draw(st.sampled_from(["Z", "", "+00:00", "-00:00", "+02:00", "-11:30", "+0530", "+14"]))
    return f"{instant.isoformat()}{fraction}{zone}"


@cache
def valid_payloads(action: Action, kind: Kind) -> st.SearchStrategy[Any]:
    """JSON values that the schema of a message accepts and that no listed deviation forbids."""
    return payloads(schema(action, kind))


def payloads(part: Schema) -> st.SearchStrategy[Any]:
    """The same for a part of a schema."""
    if "enum" in part:
        return st.sampled_from([value for value in part["enum"] if value not in NOT_IN_THE_STANDARD])
    match part["type"]:
        case "object":
            fields = {name: payloads(inner) for name, inner in part["properties"].items()}
            required = part.get("required", ())
            return st.fixed_dictionaries(
                {name: fields[name] for name in required},
                optional={name: fields[name] for name in fields if name not in required},
            )
        case "array":
            smallest = 1 if _names(part) & {"startPeriod", "sampledValue", "measurand"} else 0
            return st.lists(payloads(part["items"]), min_size=smallest, max_size=3)
        case "integer":
            return INTEGERS
        case "number":
            return TENTHS.map(lambda tenths: tenths / 10) | st.integers(-(10**12), 10**12)
        case "boolean":
            return st.booleans()
        case "string" if part.get("format") == "date-time":
            return date_times()
        case "string" if "maxLength" in part:
            return st.text(PRINTABLE_ASCII, max_size=part["maxLength"])
        case "string":
            return TEXT
        case other:
            raise ValueError(f"the schemas have a type that this does not know: {other}")


def _names(part: Schema) -> set[str]:
    return set(part["items"].get("properties", ()))


# --- Messages from our models ---

_LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    *(
        (text, st.text(PRINTABLE_ASCII, max_size=length))
        for text, length in (
            (types.CiString20, 20),
            (types.CiString25, 25),
            (types.CiString50, 50),
            (types.CiString255, 255),
            (types.CiString500, 500),
        )
    ),
    (types.Integer, INTEGERS),
    (types.Limit, TENTHS.map(lambda tenths: Decimal(tenths) / 10)),
    (types.DateTime, INSTANTS),
    (str, TEXT),
    (bool, st.booleans()),
]


@cache
def messages(of: type[Structure]) -> st.SearchStrategy[Structure]:
    """Messages that our models can hold."""
    hints = get_type_hints(of, include_extras=True)
    fields = st.fixed_dictionaries({name: _values(hints[name]) for name in of.model_fields})
    return fields.map(lambda values: of(**values))  # st.builds would fill in the wire's names as well


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    for leaf, strategy in _LEAVES:
        if annotation == leaf:
            return strategy
    if isinstance(annotation, type) and issubclass(annotation, Structure):
        return messages(annotation)
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return st.sampled_from(arguments)
    if get_origin(annotation) is Annotated:
        return _values(arguments[0])
    if get_origin(annotation) is tuple:
        return st.lists(_values(arguments[0]), min_size=1, max_size=3).map(tuple)
    if get_origin(annotation) is Union and arguments[1] is type(None):
        return st.none() | _values(arguments[0])
    raise ValueError(f"the models have a type that this does not know: {annotation}")


# --- Payloads that the schema rejects ---

ORDER: tuple[ErrorCode, ...] = (
    "FormationViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "PropertyConstraintViolation",
)
ABSENT = object()
Path = tuple[str | int, ...]


class Mutation(NamedTuple):
    """One change that makes a valid payload invalid, and the code it deserves."""

    path: Path
    value: Any
    code: ErrorCode

    def touches(self, other: "Mutation") -> bool:
        shorter = min(len(self.path), len(other.path))
        return self.path[:shorter] == other.path[:shorter]


_WRONG_TYPES: dict[str, list[Any]] = {
    "object": [[], "{}", 1, True],
    "array": [{}, "[]", 1, None],
    "string": [1, True, None, {}],
    "integer": ["1", True, None, 1.5, 1.0],
    "number": ["1.0", True, None],
    "boolean": ["true", 1, None],
}


def mutations(part: Schema, value: Any, path: Path = ()) -> Iterator[Mutation]:
    """Every single way to break the payload that this knows."""
    for wrong in _WRONG_TYPES[part["type"]]:
        yield Mutation(path, wrong, "TypeConstraintViolation" if path else "FormationViolation")
    if "enum" in part:
        yield Mutation(path, "NoSuchValue", "PropertyConstraintViolation")
        yield Mutation(path, value.swapcase(), "PropertyConstraintViolation")
    elif "maxLength" in part:
        yield Mutation(path, "x" * (part["maxLength"] + 1), "PropertyConstraintViolation")
    elif part["type"] == "number":
        yield Mutation(path, 16.15, "PropertyConstraintViolation")
    elif part["type"] == "array":
        if "minItems" in part:
            yield Mutation(path, [], "OccurenceConstraintViolation")
        for index, item in enumerate(value):
            yield from mutations(part["items"], item, (*path, index))
    elif part["type"] == "object":
        yield Mutation((*path, "unknownField"), 1, "FormationViolation")
        for name in part.get("required", ()):
            yield Mutation((*path, name), ABSENT, "OccurenceConstraintViolation")
        for name, inner in value.items():
            yield from mutations(part["properties"][name], inner, (*path, name))


def mutate(payload: Any, changes: list[Mutation]) -> Any:
    if any(not change.path for change in changes):
        return changes[0].value
    payload = deepcopy(payload)
    for change in changes:
        holder = payload
        for step in change.path[:-1]:
            holder = holder[step]
        if change.value is ABSENT:
            del holder[change.path[-1]]
        else:
            holder[change.path[-1]] = change.value
    return payload


@st.composite
def broken(draw: st.DrawFn, action: Action, kind: Kind) -> tuple[str, ErrorCode]:
    """A payload with one or two faults, and the error code it deserves."""
    payload = draw(valid_payloads(action, kind))
    possible = list(mutations(schema(action, kind), payload))
    chosen = [draw(st.sampled_from(possible))]
    others = [other for other in possible if not other.touches(chosen[0])]
    if others and draw(st.booleans()):
        chosen.append(draw(st.sampled_from(others)))
    code = min((mutation.code for mutation in chosen), key=ORDER.index)
    return json.dumps(mutate(payload, chosen)), code
