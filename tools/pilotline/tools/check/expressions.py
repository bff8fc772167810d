"""A function as one expression of its parameters, as far as that can be read off its source.

Theory of operation: assignments are put in their places, ``if … return`` becomes a conditional, and a call of a
function that is such an expression becomes that expression. A global that is a plain constant is its value; any other
is named by where it comes from. So the same text means the same, whichever function of a machine it was found in.
"""

import ast
import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final, TypeAlias

from typing_extensions import override

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
DEPTH_MAX: Final = 6
_CONSTANTS: Final = (str, int, float, bytes, frozenset, type(None))


def expression_of(function: Callable[..., Any], parameters: Sequence[str]) -> ast.expr:
    """What a function returns, in terms of these names for its parameters; a call of it, if that cannot be read."""
    arguments: list[ast.expr] = [ast.Name(name) for name in parameters]
    called = _inlined(function, arguments, 0)
    return called or ast.Call(ast.Name(_name_of(function)), arguments, [])


def _inlined(function: Callable[..., Any], arguments: list[ast.expr], depth: int) -> ast.expr | None:
    read, given = plain(function), list(arguments)
    node = node_of(read) if read else None
    if read is None or node is None or depth > DEPTH_MAX:
        return None
    if read is not function:
        itself: Any = function
        given.insert(0, ast.Constant(itself))
    names = [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)]
    if len(names) != len(given) or node.args.vararg or node.args.kwarg or node.args.kwonlyargs:
        return None
    known = dict(zip(names, given, strict=True))
    if isinstance(node, ast.Lambda):
        return _canonical(node.body, known, read, depth)
    return _returned(node.body, known, read, depth)


def _returned(
    body: Sequence[ast.stmt], known: Mapping[str, ast.expr], function: FunctionType, depth: int
) -> ast.expr | None:
    """What a body returns: assignments first, then a return, or a choice of returns."""
    known = dict(known)
    for place, statement in enumerate(body):
        match statement:
            case ast.Expr(ast.Constant()):
                continue
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                found = _canonical(value, known, function, depth)
                if found is None:
                    return None
                known[name] = found
            case ast.Return(ast.expr() as value):
                return _canonical(value, known, function, depth)
            case ast.If(test, then, otherwise):
                condition = _canonical(test, known, function, depth)
                yes = _returned(then, known, function, depth)
                no = _returned(otherwise or body[place + 1 :], known, function, depth)
                return ast.IfExp(condition, yes, no) if condition and yes and no else None
            case _:
                return None
    return None


def _canonical(
    node: ast.expr, known: Mapping[str, ast.expr], function: FunctionType, depth: int
) -> ast.expr | None:
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    inner = {part.id for part in names if isinstance(part.ctx, ast.Store)}
    ours = {part.id for value in known.values() for part in ast.walk(value) if isinstance(part, ast.Name)}
    if inner & {*known, *ours} or any(isinstance(part, ast.Lambda) for part in ast.walk(node)):
        return None  # a name of its own would be taken for one of ours
    found: ast.expr = _Canonical(known, inner, function, depth).visit(deepcopy(node))
    return found


class _Canonical(ast.NodeTransformer):
    def __init__(
        self, known: Mapping[str, ast.expr], inner: set[str], function: FunctionType, depth: int
    ) -> None:
        self._known, self._inner, self._function, self._depth = known, inner, function, depth

    @override
    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._inner:
            return node
        if node.id in self._known:
            return self._known[node.id]
        value = global_of(self._function, node.id)
        return ast.Constant(value) if _is_constant(value) else ast.Name(_name_of(value, node.id))

    @override
    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        owner = self.visit(node.value)
        if isinstance(owner, ast.Constant):
            value = getattr(owner.value, node.attr, None)
            if _is_constant(value):
                return ast.Constant(value)
        return ast.Attribute(owner, node.attr)

    @override
    def visit_Call(self, node: ast.Call) -> ast.expr:
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(keyword.arg, self.visit(keyword.value)) for keyword in node.keywords]
        if (
            isinstance(node.func, ast.Name)
            and node.func.id not in {*self._known, *self._inner}
            and not keywords
        ):
            called = global_of(self._function, node.func.id)
            if plain(called) is not None and not any(isinstance(a, ast.Starred) for a in arguments):
                found = _inlined(called, arguments, self._depth + 1)
                if found is not None:
                    return found
        return ast.Call(self.visit(node.func), arguments, keywords)


def plain(function: object) -> FunctionType | None:
    """The Python function behind a callable: itself, or what an instance of a class with ``__call__`` calls."""
    called = function if isinstance(function, FunctionType) else vars(type(function)).get("__call__")
    return called if isinstance(called, FunctionType) else None


MISSING: Final = object()


def global_of(function: FunctionType, name: str) -> Any:
    """What a name means in a function that is not one of its own names; MISSING: nothing."""
    if name in function.__code__.co_freevars and function.__closure__:
        return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents
    return function.__globals__.get(name, getattr(builtins, name, MISSING))


def _is_constant(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_constant, value))
    return isinstance(value, _CONSTANTS) and not (isinstance(value, float) and math.isnan(value))


def _name_of(value: object, name: str = "") -> str:
    """The same for the same thing, and for nothing else."""
    told = getattr(value, "__qualname__", None)
    if isinstance(told, str) and "<" not in told:
        return f"{getattr(value, '__module__', '')}.{told}"
    return name if value is MISSING else f"{name or type(value).__name__}#{id(value)}"


@cache
def parsed(file: str) -> ast.Module | None:
    """The source of a file, if it can be had."""
    try:
        return ast.parse(Path(file).read_text("utf-8"), file)
    except (OSError, SyntaxError):
        return None


def node_of(function: FunctionType) -> FunctionNode | None:
    """The function in its source; None if there is none, or if two lambdas share a line."""
    code = function.__code__
    found = _functions(code.co_filename).get((code.co_name, code.co_firstlineno), [])
    return found[0] if len(found) == 1 else None


@cache
def _functions(file: str) -> dict[tuple[str, int], list[FunctionNode]]:
    """The functions of a file by name and first line, which is that of the first decorator."""
    found: dict[tuple[str, int], list[FunctionNode]] = {}
    for node in ast.walk(parsed(file) or ast.Module([], [])):
        if isinstance(node, FunctionNode):
            line = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            found.setdefault((getattr(node, "name", "<lambda>"), line), []).append(node)
    return found
