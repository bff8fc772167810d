"""A story as a pytest function that fails as long as the promise is broken."""

import typing
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields
from pydantic import BaseModel

from pilotline.core.properties import ALWAYS
from pilotline.core.step_properties import ON_EVERY_STEP
from pilotline.spec.products import Product
from pilotline.tools.check.environment import READINGS
from pilotline.tools.check.retold import Told
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.stepping import FAILS, NOT_STORED
from pilotline.tools.check.story import event_in_words

WIDTH: Final = 110

Imports: typing.TypeAlias = set[tuple[str, str]]
"""Modules, and names that are imported from them."""


def as_pytest(name: str, promise: str, section: str, scope: Scope, story: Iterable[Told]) -> str:
    """A module with one test function, `name`; formatted as ruff does."""
    imports: Imports = {("pilotline.tools.check.scopes", "scopes")}
    held = _held(promise)
    told_promise = FAILS if promise.startswith(FAILS) else promise  # without what an error says of itself
    says = f'''"""Found by the explorer in the scope "{scope.name}": {told_promise} ({section})."""'''
    if held is None:
        imports.add(("pilotline.tools.check.explorer", "Search"))
        test = [
            f"def {name}() -> None:",
            "    # No single run shows it: what is missing is a way on from where the story ends.",
            f'    report = Search(scopes()["{scope.name}"]).run()',
            "    assert report.violation is None, str(report.violation)",
        ]
        return _module(says, imports, [], test)
    imports |= held.imports
    imports |= {("pilotline.core.step", "step"), ("pilotline.tools.check.retold", "patient")}
    imports |= {("pilotline.core.state", "Instant"), ("pilotline.core.state", "State")}
    imports.add(("pilotline.core.events", "External"))
    events = []
    for number, told in enumerate(story, start=1):
        events.append(f"    # {number}. {event_in_words(told.event)}"[: WIDTH + 10].rstrip())
        events += _element(told, imports)
    constants = [
        f'PRODUCT = patient(scopes()["{scope.name}"])',
        "STORY: tuple[tuple[Instant, External], ...] = (",
        *events,
        ")",
    ]
    test = [
        f"def {name}() -> None:",
        *held.chosen,
        "    state: State | None = None",
        "    for now, event in STORY:",
        "        taken = step(state, event, now)",
        *held.held,
        "        state = taken.state",
    ]
    return _module(says, imports, constants, test)


class _Held(NamedTuple):
    """How a test holds a promise against each step."""

    imports: Imports
    chosen: list[str]
    held: list[str]


def _held(promise: str) -> _Held | None:
    """None: no single run shows whether it is kept."""
    if promise in {always.name for always in ALWAYS}:
        return _Held(
            {("pilotline.core.properties", "ALWAYS")},
            [f'    promise = {{one.name: one for one in ALWAYS}}["{promise}"]'],
            ["        assert promise.holds(taken.state), promise.name"],
        )
    if promise in {rule.name for rule in ON_EVERY_STEP}:
        return _Held(
            {("pilotline.core.step_properties", "ON_EVERY_STEP")},
            [f'    promise = {{one.name: one for one in ON_EVERY_STEP}}["{promise}"]'],
            ["        assert state is None or promise.holds(state, taken), promise.name"],
        )
    if promise == NOT_STORED:
        return _Held(
            {("pilotline.core.events", "CommitFailed")},
            [],
            [
                "        if isinstance(event, CommitFailed):",
                f'            assert not taken.changes, "{promise}"',
            ],
        )
    return _Held(set(), [], []) if promise.startswith(FAILS) else None


def _module(says: str, imports: Imports, constants: list[str], test: list[str]) -> str:
    standard = sorted((module, name) for module, name in imports if not module.startswith("pilotline"))
    own = sorted((module, name) for module, name in imports if module.startswith("pilotline"))
    parts = [[says], [""], *([_imports(standard), [""]] if standard else []), _imports(own)]
    if constants:
        parts += [[""], constants]
    return "\n".join(line for part in [*parts, ["", ""], test] for line in part) + "\n"


def _imports(names: list[tuple[str, str]]) -> list[str]:
    modules: dict[str, list[str]] = {}
    for module, name in names:
        modules.setdefault(module, []).append(name)
    lines = []
    for module, imported in modules.items():
        imported.sort(key=_as_isort_has_them)
        line = f"from {module} import {', '.join(imported)}"
        lines += (
            [line]
            if len(line) <= WIDTH
            else [
                f"from {module} import (",
                *(f"    {name}," for name in imported),
                ")",
            ]
        )
    return lines


def _as_isort_has_them(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then the rest."""
    return not name.isupper(), not name[0].isupper(), name.lower()


# --- values as Python writes them ----------------------------------------------------------------------------


def _element(told: Told, imports: Imports) -> list[str]:
    """A pair of time and event in a tuple that goes over lines."""
    at, kind = f"Instant({told.at})", type(told.event)
    literal = _literal(told.event, kind, imports, 1, len(at) + 5)
    if "\n" not in literal:
        return [f"    ({at}, {literal}),"]
    return ["    (", f"        {at},", f"        {_literal(told.event, kind, imports, 2)},", "    ),"]


def _literal(value: Any, declared: Any, imports: Imports, depth: int, taken: int = 0) -> str:
    """The value as an expression; over lines if it does not fit behind so many levels of indentation."""
    if value == READINGS and isinstance(value, Struct):
        imports.add(("pilotline.tools.check.environment", "READINGS"))
        return "READINGS"
    if isinstance(value, Product):
        return "PRODUCT"
    if isinstance(value, datetime):
        imports |= {("datetime", "UTC"), ("datetime", "datetime")}
        moment = [
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
        ]
        while len(moment) > 3 and not moment[-1]:
            moment.pop()
        return f"datetime({', '.join(map(str, moment))}, tzinfo=UTC)"
    if isinstance(value, Decimal):
        imports.add(("decimal", "Decimal"))
        return f'Decimal("{value}")'
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple | list):
        return _sequence(value, declared, imports, depth)
    if isinstance(value, Struct | BaseModel):
        return _record(value, imports, depth, taken)
    new_type = _new_type(declared)
    if new_type is not None and value is not None:
        imports.add((new_type.__module__, new_type.__name__))
        return f"{new_type.__name__}({value})"
    return repr(value)


def _sequence(value: Any, declared: Any, imports: Imports, depth: int) -> str:
    arguments = typing.get_args(_plain_type(declared))
    inner = arguments[0] if arguments else Any
    parts = [_literal(part, inner, imports, depth + 1) for part in value]
    opening, closing = "()" if isinstance(value, tuple) else "[]"
    single = "," if len(parts) == 1 and isinstance(value, tuple) else ""
    whole = f"{opening}{', '.join(parts)}{single}{closing}"
    return whole if _fits(whole, depth, 24) else _over_lines(opening, parts, closing, depth)


def _record(value: Struct | BaseModel, imports: Imports, depth: int, taken: int) -> str:
    kind = type(value)
    imports.add((kind.__module__, kind.__name__))
    hints = typing.get_type_hints(kind)
    parts = [
        f"{name}={_literal(told, hints[name], imports, depth + 1, len(name) + 1)}"
        for name, told in _told(value).items()
    ]
    whole = f"{kind.__name__}({', '.join(parts)})"
    return whole if _fits(whole, depth, taken) else _over_lines(f"{kind.__name__}(", parts, ")", depth)


def _told(value: Struct | BaseModel) -> Mapping[str, Any]:
    """The fields that are not what they are by themselves."""
    if isinstance(value, BaseModel):
        return {name: told for name, told in value if told is not None}
    return {
        field.name: told
        for field in fields(value)
        for told in [getattr(value, field.name)]
        if field.default is NODEFAULT or told != field.default
    }


def _fits(whole: str, depth: int, taken: int) -> bool:
    return "\n" not in whole and 4 * depth + taken + len(whole) + 1 <= WIDTH


def _over_lines(opening: str, parts: list[str], closing: str, depth: int) -> str:
    indent = "    " * depth
    return "\n".join([opening, *(f"{indent}    {part}," for part in parts), f"{indent}{closing}"])


def _quoted(text: str) -> str:
    escaped = "".join(
        one
        if one.isprintable() and one not in '"\\'
        else one.encode("unicode_escape").decode()
        if one != '"'
        else '\\"'
        for one in text
    )
    return f'"{escaped}"'


def _plain_type(declared: Any) -> Any:
    """What is declared, without None."""
    members = [part for part in typing.get_args(declared) if part is not type(None)]
    is_union = type(None) in typing.get_args(declared)
    return members[0] if is_union and len(members) == 1 else declared


def _new_type(declared: Any) -> Any:
    plain = _plain_type(declared)
    return plain if isinstance(plain, typing.NewType) else None
