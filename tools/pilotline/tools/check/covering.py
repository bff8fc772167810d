"""Which scopes and which stateful tests take which binding or row of a decision table.

Those are asked about a mutant that may notice it. What takes minutes to find out is kept beside this file:
``python -m pilotline.tools.check.covering`` writes it, with names of scopes or files what these take.
"""

import argparse
import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pilotline.tools.check.campaign import STATES_MAX, campaign, cores
from pilotline.tools.check.mutants import Place
from pilotline.tools.check.report import Report
from pilotline.tools.check.scopes import small_scopes
from pilotline.tools.check.walked import stateful, taken_by

FILE: Final = Path(__file__).with_name("covering.json")


@cache
def _held() -> dict[str, dict[str, frozenset[Place]]]:
    held = json.loads(FILE.read_text())
    rows = [tuple(name.split("  ")) for name in held["rows"]]
    return {
        part: {
            name: frozenset((rows[at][0], rows[at][1]) for at in numbers)
            for name, numbers in held[part].items()
        }
        for part in ("scopes", "tests")
    }


def taken_in() -> dict[str, frozenset[Place]]:
    """By scope, the cheapest first: what it takes."""
    return _held()["scopes"]


def taken_on_walks() -> dict[str, frozenset[Place]]:
    """By file of stateful tests: what it takes."""
    return _held()["tests"]


def covering(places: Collection[Place]) -> tuple[str, ...]:
    """The scopes that take any of these, the cheapest first."""
    return tuple(scope for scope, taken in taken_in().items() if not taken.isdisjoint(places))


def walking(places: Collection[Place]) -> tuple[str, ...]:
    """The stateful tests that take any of these."""
    known = taken_on_walks()
    return tuple(test for test in stateful() if not known.get(test, frozenset()).isdisjoint(places))


def main() -> None:
    """Search the scopes and walk the stateful tests, and write what each takes; with names: what these take."""
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.check.covering", description=main.__doc__
    )
    parser.add_argument("names", nargs="*", help="scopes, and files of stateful tests; none: all")
    names = parser.parse_args().names
    asked = [name for name in small_scopes() if not names or name in names]
    found = campaign(asked, cores(), STATES_MAX) if asked else ()
    reports = sorted((one for one in found if isinstance(one, Report)), key=lambda report: report.steps)
    in_scopes = {report.scope: frozenset(report.fired) for report in reports}
    in_tests = {test: taken_by(test) for test in stateful() if not names or test in names}
    if names:
        in_scopes |= {name: taken for name, taken in taken_in().items() if name not in in_scopes}
        in_tests = {**taken_on_walks(), **in_tests}
    _write(in_scopes, in_tests)


def _write(in_scopes: Mapping[str, frozenset[Place]], in_tests: Mapping[str, frozenset[Place]]) -> None:
    rows = sorted(set().union(*in_scopes.values(), *in_tests.values()))
    numbers = {row: number for number, row in enumerate(rows)}

    def listed(part: Mapping[str, frozenset[Place]]) -> str:
        return ",\n".join(
            f"  {json.dumps(name)}: {sorted(numbers[row] for row in taken)}" for name, taken in part.items()
        )

    named = ",\n".join(f"  {json.dumps('  '.join(row), ensure_ascii=False)}" for row in rows)
    FILE.write_text(
        f'{{\n"rows": [\n{named}\n],\n"scopes": {{\n{listed(in_scopes)}\n}},\n'
        f'"tests": {{\n{listed(in_tests)}\n}}\n}}\n'
    )


if __name__ == "__main__":
    main()
