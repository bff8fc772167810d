"""Which guards can hold together: just enough logic to say that a row of a table can never be taken.

Theory of operation: a guard is taken apart into tests of *subjects*: whatever it compares with constants, or takes as
true or false. A few values stand for all that a subject may be: the constants, something below, between and above them,
and something else; where its type is a Literal or bool, these and no others. For each row values are sought with which
it holds and none before it does, subject by subject, and given up as soon as what is known so far rules it out.

Subjects are taken to be independent of each other, and what is not understood is a subject of its own. So more is tried
than can be, and a row that is found never to be taken never is; that none is found proves nothing.
"""

import ast
import operator
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, combinations, pairwise
from math import isfinite
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeGuard

from pilotline.tools.check.expressions import expression_of

Values: TypeAlias = Mapping[str, object]
"""By subject; of one that is not there nothing is known yet."""
Formula: TypeAlias = Callable[[Values], bool | None]
"""Whether something holds; None: that depends on what is not known yet."""
TRIES_MAX: Final = 20_000
"""A search that takes longer is given up, and the row is taken to be in order."""

_ORDERS: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.Eq,
    ast.Is: ast.Is,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_NEGATED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.NotEq: ast.Eq,
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
}


class Untaken(NamedTuple):
    """A row that is never taken, and the rows before it that are taken in its place; none: it never holds."""

    row: int
    hidden_by: tuple[int, ...]


class Cell:
    """The rows that one event may take in one state, by their guards, in order."""

    def __init__(
        self,
        rows: Sequence[Sequence[Callable[..., bool]]],
        types: Mapping[str, type],
        known: Mapping[str, tuple[object, ...]] = MappingProxyType({}),
    ) -> None:
        """`types` names the guards' parameters, in order; `known` lists all that a path like ``own.state`` may be."""
        self._tests = _Tests(types, known)
        read = [[expression_of(guard, tuple(types)) for guard in guards] for guards in rows]
        self._texts = [frozenset(map(ast.unparse, chain.from_iterable(map(_parts, row)))) for row in read]
        self._holds = [_every(map(self._tests.formula, row)) for row in read]
        earlier = [list(map(_negated, self._holds[:row])) for row in range(len(rows))]
        self._taken = [_every([*before, holds]) for before, holds in zip(earlier, self._holds, strict=True)]

    def untaken(self) -> list[Untaken]:
        """The rows that nothing can ever take."""
        never = [
            row for row, taken in enumerate(self._taken) if self._asks_more(row) or not self._may([taken])
        ]
        return [
            Untaken(row, tuple(i for i in range(row) if self._may([self._taken[i], self._holds[row]])))
            for row in never
        ]

    def _asks_more(self, row: int) -> bool:
        """Whether a row asks all that one before it does, however long it would take to try that."""
        return any(earlier <= self._texts[row] for earlier in self._texts[:row])

    def overlapping(self) -> list[tuple[int, int]]:
        """Pairs of rows of which both may hold, or either without the other: their order decides."""
        pairs = combinations(range(len(self._holds)), 2)
        return [(one, other) for one, other in pairs if self._overlap(self._holds[one], self._holds[other])]

    def exclude(self, one: int, other: int) -> bool:
        """Whether these two rows can never hold together."""
        return not self._may([self._holds[one], self._holds[other]])

    def _overlap(self, one: Formula, other: Formula) -> bool:
        return (
            self._may([one, other])
            and self._may([one, _negated(other)])
            and self._may([_negated(one), other])
        )

    def _may(self, formulas: Iterable[Formula]) -> bool:
        return self._tests.may_hold(_every(formulas))


# --- formulas ------------------------------------------------------------------------------------------------


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What all has to hold for an expression to hold."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for part in node.values:
            yield from _parts(part)
    else:
        yield node


def _every(parts: Iterable[Formula]) -> Formula:
    parts = tuple(parts)

    def holds(values: Values) -> bool | None:
        found: bool | None = True
        for part in parts:
            one = part(values)
            if one is False:
                return False
            found = None if one is None else found
        return found

    return holds


def _negated(part: Formula) -> Formula:
    def holds(values: Values) -> bool | None:
        found = part(values)
        return None if found is None else not found

    return holds


def _some(parts: Iterable[Formula]) -> Formula:
    return _negated(_every([_negated(part) for part in parts]))


def _tested(subject: str, test: Callable[[Any], bool]) -> Formula:
    return lambda values: test(values[subject]) if subject in values else None


class _Other:
    """Something that is none of the constants."""

    def __init__(self, *, holds: bool) -> None:
        self._holds = holds

    def __bool__(self) -> bool:
        return self._holds


_OTHERS: Final = (_Other(holds=True), _Other(holds=False))


class _Subject:
    """What is known of one subject: all that it may be, or what it is compared with."""

    def __init__(self, closed: tuple[object, ...] | None) -> None:
        self._closed = closed
        self.constants: dict[object, None] = {}
        self.bounds: set[float] = set()

    def values(self) -> Iterable[object]:
        """A few values that stand for all."""
        if self._closed is not None:
            return self._closed
        if not self.bounds:
            return (*self.constants, *_OTHERS)
        ordered = sorted(
            {0, *self.bounds, *filter(_is_number, self.constants)}
        )  # 0 is the one that does not hold
        between = [(low + high) / 2 for low, high in pairwise(ordered)]
        return dict.fromkeys([*self.constants, *ordered, *between, ordered[0] - 1, ordered[-1] + 1])


class _Tests:
    """The subjects of a cell, and formulas over them."""

    def __init__(self, types: Mapping[str, type], known: Mapping[str, tuple[object, ...]]) -> None:
        self._types, self._known = types, known
        self._subjects: dict[str, _Subject] = {}

    def may_hold(self, formula: Formula) -> bool:
        """Some values make it hold, or it is not found out in time."""
        names, tries = list(self._subjects), 0
        pending: list[dict[str, object]] = [{}]
        while pending and tries < TRIES_MAX:
            values, tries = pending.pop(), tries + 1
            found = formula(values)
            if found:
                return True
            if found is None:
                name = names[len(values)]
                pending += [{**values, name: value} for value in self._subjects[name].values()]
        return bool(pending)

    def formula(self, node: ast.expr) -> Formula:
        """Whether an expression holds, by the values of its subjects."""
        match node:
            case ast.Constant(value):
                return lambda _: bool(value)
            case ast.BoolOp(ast.And(), parts):
                return _every(map(self.formula, parts))
            case ast.BoolOp(_, parts):
                return _some(map(self.formula, parts))
            case ast.UnaryOp(ast.Not(), part):
                return _negated(self.formula(part))
            case ast.IfExp(test, yes, no):
                chosen, then, otherwise = map(self.formula, (test, yes, no))
                return _some([_every([chosen, then]), _every([_negated(chosen), otherwise])])
            case ast.Call(ast.Name("builtins.bool"), [part], []):
                return self.formula(part)
            case ast.Compare(left, operators, rights):
                pairs = zip((left, *rights), operators, rights, strict=False)
                return _every([self._comparison(one, how, other) for one, how, other in pairs])
            case _:
                return _tested(self._subject(node), bool)

    def _comparison(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> Formula:
        if type(how) in _NEGATED:
            return _negated(self._comparison(left, _NEGATED[type(how)](), right))
        if isinstance(left, ast.Constant) and type(how) in _MIRRORED:
            left, how, right = right, _MIRRORED[type(how)](), left
        constant = _constant(right)
        if constant is None or isinstance(left, ast.Constant) or not _is_understood(how, *constant):
            return _tested(self._subject(ast.Compare(left, [how], [right])), bool)
        (value,) = constant
        name = self._subject(left)
        subject = self._subjects[name]
        if isinstance(how, ast.In):
            subject.constants.update(dict.fromkeys(value))
            return _tested(name, lambda found: found in value)
        if type(how) in _ORDERS:
            order = _ORDERS[type(how)]
            subject.bounds.add(value)
            return _tested(name, lambda found: _is_number(found) and order(found, value))
        subject.constants[value] = None
        return _tested(name, lambda found: found == value)

    def _subject(self, node: ast.expr) -> str:
        name = ast.unparse(node)
        if name not in self._subjects:
            closed = (True, False) if isinstance(node, ast.Compare) else _listed(self._type_of(node))
            self._subjects[name] = _Subject(self._known.get(name, closed))
        return name

    def _type_of(self, node: ast.expr) -> object:
        match node:
            case ast.Name(name):
                return self._types.get(name)
            case ast.Attribute(owner, field):
                kind = self._type_of(owner)
                return _fields(kind).get(field) if isinstance(kind, type) else None
            case _:
                return None


# --- constants and types -------------------------------------------------------------------------------------


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and isfinite(value)


def _is_understood(how: ast.cmpop, value: object) -> bool:
    if isinstance(how, ast.In):
        return isinstance(value, tuple | frozenset)
    return type(how) not in _ORDERS or _is_number(value)


def _constant(node: ast.expr) -> tuple[Any] | None:
    """The value of a constant, in a tuple of one."""
    match node:
        case ast.Constant(value):
            return (value,)
        case ast.Tuple(parts) | ast.Set(parts) | ast.List(parts):
            values = [_constant(part) for part in parts]
            return None if None in values else (tuple(value[0] for value in values if value is not None),)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return (-value,)
        case _:
            return None


@cache
def _fields(kind: type) -> dict[str, object]:
    try:
        return typing.get_type_hints(kind)
    except (NameError, TypeError):  # it names what only type checkers know
        return {}


def _listed(kind: object) -> tuple[object, ...] | None:
    """All values of a Literal, of bool, of None, and of a union of such."""
    if kind is bool:
        return (True, False)
    if kind is NoneType:
        return (None,)
    if typing.get_origin(kind) is Literal:
        return typing.get_args(kind)
    if typing.get_origin(kind) in (UnionType, typing.Union):
        parts = [_listed(part) for part in typing.get_args(kind)]
        return None if None in parts else tuple(value for part in parts if part for value in part)
    return None
