"""What guards and actions look at, read off their source: the slice, the record, the event and the time, and no more.

Theory of operation: types and the contract on imports refuse most of this where code is checked; a declaration of an
embedder may have neither. Whatever a function names is looked up as Python would, and the functions that it calls by
name are read as well, as long as they are part of the same program and not of a library.
"""

import ast
import builtins
import datetime
import sysconfig
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSequence, MutableSet
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import Struct

from pilotline.tools.check.expressions import MISSING, FunctionNode, global_of, node_of, parsed, plain

WORLDLY: Final = frozenset(
    {
        "_io", "_random", "_thread", "asyncio", "glob", "io", "logging", "multiprocessing", "nt", "os", "pathlib",
        "platform", "posix", "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl",
        "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
    }
)  # fmt: skip
"""Modules of the clock, of chance, and of the world outside."""
BUILTINS: Final = frozenset({"breakpoint", "eval", "exec", "globals", "hash", "id", "input", "open", "print"})
"""Builtins that do something, or say another thing in each process."""
CLOCKS: Final = frozenset({"fromtimestamp", "now", "today", "utcnow"})
"""What a date asks of the clock or of the time zone of the machine."""


_Called: TypeAlias = tuple[Callable[..., Any], tuple[tuple[int, type], ...]]
"""A function, and in which place it is handed which slice."""


class Glance(NamedTuple):
    """Something that a function must not look at."""

    file: str
    line: int
    what: str
    remedy: str


def glances(function: Callable[..., Any], slice_of: type, parameter: int) -> Iterator[Glance]:
    """All that a guard or an action, which is handed its slice in this place, must not look at."""
    pending: list[_Called] = [(function, ((parameter, slice_of),))]
    seen: set[_Called] = set()
    while pending:
        read, slices = pending.pop()
        if (read, slices) not in seen:
            seen.add((read, slices))
            found, called = _read(read, slices)
            yield from found
            pending.extend(called)


@cache
def _read(
    function: Callable[..., Any], slices: tuple[tuple[int, type], ...]
) -> tuple[list[Glance], list[_Called]]:
    """What one function looks at that it must not, and the functions of this program that it names."""
    read = plain(function)
    node = node_of(read) if read else None
    if read is None or node is None:
        return [], []
    own = 0 if read is function else 1  # a method's first parameter is not one of ours
    names = [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)][own:]
    reader = _Reader(read, node, {names[place]: kind for place, kind in slices if place < len(names)})
    return list(reader.found()), list(reader.calls())


class _Reader:
    """One function: what it names."""

    def __init__(self, function: FunctionType, node: FunctionNode, slices: dict[str, type]) -> None:
        self._function, self._slices, self._file = function, slices, function.__code__.co_filename
        body = node.body if isinstance(node.body, list) else [node.body]
        self._parts = [part for statement in body for part in ast.walk(statement)]
        stored = {p.id for p in self._parts if isinstance(p, ast.Name) and not isinstance(p.ctx, ast.Load)}
        arguments = [p for p in (node, *self._parts) if isinstance(p, FunctionNode)]
        self._parameters = {a.arg for f in arguments for a in ast.walk(f.args) if isinstance(a, ast.arg)}
        self._inner = stored | self._parameters

    def found(self) -> Iterator[Glance]:
        """All in this function that must not be."""
        for part in self._parts:
            for what, remedy in self._wrong(part):
                yield Glance(self._file, getattr(part, "lineno", 0), what, remedy)

    def calls(self) -> Iterator[_Called]:
        """The functions of this program that it names, each with the slices it is handed."""
        calls = [part for part in self._parts if isinstance(part, ast.Call)]
        for part in self._parts:
            if isinstance(part, ast.Name | ast.Attribute):
                meant = self._meant(part)
                if (read := plain(meant)) and _is_ours(read):
                    yield (
                        meant,
                        tuple(
                            (place, self._slices[name])
                            for call in calls
                            if call.func is part
                            for place, name in enumerate(map(_name, call.args))
                            if name in self._slices
                        ),
                    )

    def _meant(self, node: ast.expr) -> Any:
        """What a name of the outside, or something of a module, stands for."""
        match node:
            case ast.Name(name) if name not in self._inner:
                return global_of(self._function, name)
            case ast.Attribute(owner, field) if isinstance(module := self._meant(owner), ModuleType):
                return getattr(module, field, MISSING)
            case _:
                return MISSING

    def _wrong(self, part: ast.AST) -> Iterator[tuple[str, str]]:
        match part:
            case ast.Attribute(ast.Name(owner), field, ast.Load()) if owner in self._slices:
                if not hasattr(self._slices[owner], field):
                    kind = self._slices[owner].__qualname__
                    yield (
                        f"reads {owner}.{field}, which its slice does not hold",
                        f"declare {field} in {kind}",
                    )
            case ast.Attribute(owner, field) if field in CLOCKS and _is_date(self._meant(owner)):
                yield f"asks the clock by {ast.unparse(part)}", "an action is told the time as now"
            case ast.Attribute(owner, _, ast.Store() | ast.Del()) | ast.Subscript(
                owner, _, ast.Store() | ast.Del()
            ):
                if (root := _root(owner)) in self._parameters:
                    yield f"changes {root}, which it was handed", "return a new record"
            case ast.Global(names) | ast.Nonlocal(names):
                yield f"sets {', '.join(names)} outside of itself", "keep it in the machine's record"
            case ast.Import(names) if worldly := _worldly(name.name for name in names):
                yield f"imports {worldly}", _TELL
            case ast.ImportFrom(module=str(module)) if worldly := _worldly([module]):
                yield f"imports {worldly}", _TELL
            case ast.Name(name, ast.Load()):
                yield from self._wrong_name(name, self._meant(part))
            case _:
                pass

    def _wrong_name(self, name: str, value: object) -> Iterator[tuple[str, str]]:
        origin = value.__name__ if isinstance(value, ModuleType) else _origin(value)
        if name in BUILTINS and value is getattr(builtins, name):
            yield f"calls {name}", _TELL
        elif worldly := _worldly([origin]):
            yield f"reads {name} of the module {worldly}", _TELL
        elif _may_change(value):
            kind = type(value).__name__
            yield (
                f"reads the global {name}, a {kind} that may change",
                "make it a constant, or a field of the slice",
            )
        elif name in _rebound(self._function.__code__.co_filename) and value is not MISSING:
            yield f"reads the global {name}, which a function sets", "keep it in the machine's record"


_LIBRARIES: Final = tuple(
    sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
_TELL: Final = "let an event or the slice tell it"


def _worldly(names: Iterable[str]) -> str | None:
    return next((name for name in names if name.partition(".")[0] in WORLDLY), None)


def _origin(value: object) -> str:
    """The module that a function, a class, or a bound method such as `random.random` comes from."""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        value = type(owner)
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) else ""


def _may_change(value: object) -> bool:
    """A container that is changed in place, an iterator, or an instance whose fields can be set."""
    if isinstance(value, MutableMapping | MutableSequence | MutableSet | Iterator):
        return True
    if isinstance(value, Struct):
        return not value.__struct_config__.frozen
    if is_dataclass(value):
        return not getattr(value, "__dataclass_params__").frozen  # noqa: B009  (it is not in the stubs)
    whole = callable(value) or isinstance(value, ModuleType | Enum)
    return bool(getattr(value, "__dict__", None)) and not whole


def _is_date(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, datetime.date)


def _is_ours(called: FunctionType) -> bool:
    """Part of the program, and of no library."""
    return called.__module__.startswith("pilotline.") or not called.__code__.co_filename.startswith(
        _LIBRARIES
    )


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return _name(node)


@cache
def _rebound(file: str) -> set[str]:
    """Globals of a module that some function of it sets."""
    module = parsed(file)
    return (
        {name for part in ast.walk(module) if isinstance(part, ast.Global) for name in part.names}
        if module
        else set()
    )
