"""From a rule of the standard to what carries it, to the tests that show it, to the certification cases.

The tests say themselves what they show: ``@pytest.mark.rule(6, 7)`` names rules, the name of a conformance test its
cases, ``@case("c6eu")`` the products. They are read as text, so nothing has to be imported to draw the tables.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.properties import ALWAYS
from pilotline.core.step_properties import ON_EVERY_STEP
from pilotline.spec.certification import ALL_CASES, CASES
from pilotline.spec.configuration_keys import KEY_BY_NAME
from pilotline.spec.products import product_names
from pilotline.spec.rules import RULES, Rule
from pilotline.tools.render.table import grid
from pilotline.tools.rule_carriers import CARRIERS, PENDING, PENDING_CASES

_CASE: Final = re.compile(r"TC_\d+(?:_\d+)?_CS")


class Shown(NamedTuple):
    """A test: where it is, and what it says that it shows."""

    path: str
    name: str
    rules: tuple[int, ...]
    cases: tuple[str, ...]
    products: tuple[str, ...]

    @property
    def node(self) -> str:
        """Its id for pytest, from the folder of the tests."""
        return f"{self.path}::{self.name}"


def shown_in(root: Path) -> tuple[Shown, ...]:
    """Every test below the root of the repository that shows a rule or plays a case, in the order of the files."""
    folder = root / "tests"
    return tuple(
        shown
        for path in sorted(folder.rglob("test_*.py"))
        for shown in _tests_in(path.relative_to(folder).as_posix(), ast.parse(path.read_text("utf-8")))
        if shown.rules or shown.cases
    )


def _tests_in(path: str, module: ast.Module) -> Iterator[Shown]:
    for function in module.body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not function.name.startswith("test_"):
            continue
        calls = [call for call in function.decorator_list if isinstance(call, ast.Call)]
        marked = [call for call in calls if ast.unparse(call.func) == "pytest.mark.rule"]
        played = next((call for call in calls if ast.unparse(call.func) == "case"), None)
        yield Shown(
            path,
            function.name,
            tuple(rule for call in marked for rule in _constants(call) if isinstance(rule, int)),
            tuple(_CASE.findall(function.name)),
            tuple(_products(played)) if played else (),
        )


def _products(played: ast.Call) -> Iterator[str]:
    """The products named by ``@case``, none: all that are shipped; with ``without=`` they lack a feature profile."""
    lacks = next(
        (f" without {ast.literal_eval(word.value)}" for word in played.keywords if word.arg == "without"), ""
    )
    return (f"{name}{lacks}" for name in tuple(_constants(played)) or product_names())


def _constants(call: ast.Call) -> Iterator[object]:
    return (argument.value for argument in call.args if isinstance(argument, ast.Constant))


# --- what is wrong -------------------------------------------------------------------------------------------


def holes(tests: Iterable[Shown]) -> list[str]:
    """Rules and cases that lack what they need, or have what is not there; one line each."""
    tests = tuple(tests)
    found = [f"rule {rule.number}: {problem}" for rule in RULES for problem in _problems(rule, tests)]
    found += [
        f"{test.node}: there is no rule {number}"
        for test in tests
        for number in test.rules
        if not 1 <= number <= len(RULES)
    ]
    for case in ALL_CASES:
        played = any(case in test.cases for test in tests)
        if played == (case in PENDING_CASES):
            found.append(f"{case}: {'is not pending any more' if played else 'is played by no test'}")
    return found


def _problems(rule: Rule, tests: tuple[Shown, ...]) -> Iterator[str]:
    number, shown = rule.number, any(rule.number in test.rules for test in tests)
    waits = number in PENDING
    if waits and (shown or number in CARRIERS):
        yield "has a carrier or a test, and is said to be pending"
    if not waits and number not in CARRIERS:
        yield "nothing carries it"
    if not waits and not shown:
        yield "no test shows it"
    for name in CARRIERS.get(number, ()):
        if not is_declared(name):
            yield f"{name!r} is not declared"


def is_declared(name: str) -> bool:
    """Whether there is such a binding, row of a table, level, promise, key, or name in a module."""
    if name.startswith("pilotline."):
        return _is_there(name)
    kind, _, rest = name.partition(" ")
    match kind:
        case "level":
            return any(level.name == rest for level in LEVELS)
        case "promise":
            return any(promise.name == rest for promise in (*ALWAYS, *ON_EVERY_STEP))
        case "key":
            return rest.lower() in KEY_BY_NAME
        case _ if kind.endswith(":"):
            return any(
                table.name == kind[:-1] and rest in {r.name for r in table.rows} for table in OPERATIONS
            )
        case _:
            row, _, event = rest.partition("/")
            return any(
                machine.name == kind and binding.row.id == row and event in ("", binding.event.__name__)
                for machine in MACHINES
                for binding in machine.table
            )


def _is_there(path: str) -> bool:
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


# --- the tables ----------------------------------------------------------------------------------------------


def rules_table(tests: Iterable[Shown]) -> str:
    """Each rule, what carries it, which tests show it."""
    tests = tuple(tests)
    text = [
        "# Rules",
        "",
        "What a charge point has to do, what carries it, and the tests that show it. Names with a space are rows of a",
        "machine or of a decision table, levels, promises or keys; dotted ones are functions and types.",
    ]
    for area in dict.fromkeys(rule.area for rule in RULES):
        text += ["", f"## {area.capitalize()}", ""]
        text += grid(
            ("", "Rule", "Section", "Carried by", "Shown by", "Cases"),
            (_rule_row(rule, tests) for rule in RULES if rule.area == area),
        )
    return "\n".join([*text, ""])


def _rule_row(rule: Rule, tests: tuple[Shown, ...]) -> tuple[str, ...]:
    showing = [test for test in tests if rule.number in test.rules]
    return (
        str(rule.number),
        rule.statement,
        rule.sections,
        ", ".join(CARRIERS.get(rule.number, ())) or PENDING.get(rule.number, ""),
        "<br>".join(test.node for test in showing),
        ", ".join(dict.fromkeys(case for test in showing for case in test.cases)),
    )


def cases_table(tests: Iterable[Shown]) -> str:
    """Each certification case, the tests that play it, and the products they play it on."""
    tests = tuple(tests)
    text = ["# Certification cases", "", "Each case is played over a real WebSocket.", ""]
    text += grid(
        ("Profile", "Case", "What it is about", "Played by", "On"),
        (
            (
                profile,
                case,
                title,
                "<br>".join(test.node for test in tests if case in test.cases) or PENDING_CASES.get(case, ""),
                ", ".join(dict.fromkeys(p for test in tests if case in test.cases for p in test.products)),
            )
            for profile, cases in CASES.items()
            for case, title in cases.items()
        ),
    )
    return "\n".join([*text, ""])
