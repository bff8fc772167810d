"""Where a machine, a decision table, and each of its rows is written.

Theory of operation: a table does not know its source, so that the core need not look at it. The module that holds a
table is looked for among those that are loaded; in its source, the call that binds the same row to the same event. What
cannot be found is said to be where the table is.
"""

import ast
import sys
import typing
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from pilotline.core.decision_table import Decision, DecisionTable
from pilotline.core.statechart import Binding, Machine
from pilotline.tools.check.expressions import parsed

Table: TypeAlias = Machine[Any, Any] | DecisionTable[Any, Any]


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    @property
    def told(self) -> str:
        """``core/pilotline/core/machines/link.py:73``, as seen from here."""
        path = Path(self.file)
        here = Path.cwd()
        return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{self.line}"


NOWHERE = Place("<unknown>", 0)


def place_of(table: Table) -> Place:
    """Where a table is assigned to its name."""
    module = _module_of(table)
    found = _assignment(module, table) if module else None
    return Place(_file(module), found.lineno) if module and found else NOWHERE


def place_of_state(machine: Machine[Any, Any], state: str) -> Place:
    """Where a machine lists a state, if it lists them in place."""
    module = _module_of(machine)
    found = _assignment(module, machine) if module else None
    if module is None or found is None:
        return NOWHERE
    keywords = [part for part in ast.walk(found) if isinstance(part, ast.keyword) and part.arg == "states"]
    listed = [part for keyword in keywords for part in ast.walk(keyword.value)]
    lines = [part.lineno for part in listed if isinstance(part, ast.Constant) and part.value == state]
    return Place(_file(module), [*lines, *(part.value.lineno for part in keywords), found.lineno][0])


def place_of_row(table: Table, row: Binding[Any, Any] | Decision[Any, Any]) -> Place:
    """Where a binding or a decision is written."""
    module = _module_of(table)
    if module is None:
        return NOWHERE
    if isinstance(row, Decision) or isinstance(table, DecisionTable):
        calls = [call for call in _calls(module, "when", "later", "otherwise") if _has_name(call, row.name)]
    else:
        bound = [call for call in _calls(module, "on") if _is_row(module, call.args[1], row)]
        exact = [call for call in bound if _resolved(module, call.args[0]) is row.event]
        same = [b for b in table.table if b.row is row.row and b.event is row.event]
        by_variable = [call for call in bound if _resolved(module, call.args[0]) is None]
        calls = exact[same.index(row) :] or by_variable or bound  # more than once: in the order of the table
    return Place(_file(module), calls[0].lineno) if calls else place_of(table)


def _is_row(module: ModuleType, node: ast.expr, row: Binding[Any, Any]) -> bool:
    """By its name, or written in place."""
    if isinstance(node, ast.Call):
        return any(isinstance(value, ast.Constant) and value.value == row.row.id for value in ast.walk(node))
    return _resolved(module, node) is row.row


def _has_name(call: ast.Call, name: str) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Constant) and value.value == name for value in values)


@cache
def _calls(module: ModuleType, *names: str) -> list[ast.Call]:
    """The calls of these functions, from the top of the file."""
    calls = [
        part for part in ast.walk(_tree(module)) if isinstance(part, ast.Call) and _called(part) in names
    ]
    return sorted(calls, key=lambda call: call.lineno)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _resolved(module: ModuleType, node: ast.expr) -> object:
    """What a name of a module, or an attribute of one, stands for; of a generic, its class."""
    match node:
        case ast.Name(name):
            found = getattr(module, name, None)
        case ast.Attribute(owner, field):
            found = getattr(_resolved(module, owner), field, None)
        case ast.Subscript(owner):
            found = _resolved(module, owner)
        case _:
            found = None
    return typing.get_origin(found) or found


@cache
def _module_of(table: Table) -> ModuleType | None:
    """The module that assigns a table, not one that imports it."""
    holding = [
        module
        for module in list(sys.modules.values())
        if getattr(module, "__file__", None) and any(value is table for value in list(vars(module).values()))
    ]
    return next((module for module in holding if _assignment(module, table)), None)


def _assignment(module: ModuleType, table: Table) -> ast.stmt | None:
    names = {name for name, value in vars(module).items() if value is table}
    for statement in _tree(module).body:
        match statement:
            case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)) if name in names:
                return statement
            case _:
                pass
    return None


def _file(module: ModuleType) -> str:
    return module.__file__ or NOWHERE.file


def _tree(module: ModuleType) -> ast.Module:
    return parsed(_file(module)) or ast.Module([], [])
