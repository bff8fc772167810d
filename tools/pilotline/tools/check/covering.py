"""Which scopes take which binding or row of a decision table: ``python -m pilotline.tools.check.covering`` writes it.

A scope is searched for every mutant that it may notice, so what takes minutes to find out is kept beside this file.
"""

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

from pilotline.tools.check.campaign import STATES_MAX, campaign, cores
from pilotline.tools.check.mutants import Place
from pilotline.tools.check.report import Report
from pilotline.tools.check.scopes import small_scopes

FILE: Final = Path(__file__).with_name("covering.json")


@cache
def taken_in() -> dict[str, frozenset[Place]]:
    """By scope, the cheapest first: what it takes."""
    held = json.loads(FILE.read_text())
    rows = [tuple(name.split("  ")) for name in held["rows"]]
    return {
        scope: frozenset((rows[at][0], rows[at][1]) for at in numbers)
        for scope, numbers in held["scopes"].items()
    }


def covering(places: Collection[Place]) -> tuple[str, ...]:
    """The scopes that take any of these, the cheapest first."""
    return tuple(scope for scope, taken in taken_in().items() if not taken.isdisjoint(places))


def main() -> None:
    """Search every scope, and write what each takes."""
    found = campaign(list(small_scopes()), cores(), STATES_MAX)
    reports = sorted((one for one in found if isinstance(one, Report)), key=lambda report: report.steps)
    rows = sorted({f"{machine}  {row}" for report in reports for machine, row in report.fired})
    places = {row: place for place, row in enumerate(rows)}
    lines = ",\n".join(
        f"  {json.dumps(r.scope)}: {sorted(places[f'{machine}  {row}'] for machine, row in r.fired)}"
        for r in reports
    )
    listed = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
    FILE.write_text(f'{{\n"rows": [\n{listed}\n],\n"scopes": {{\n{lines}\n}}\n}}\n')


if __name__ == "__main__":
    main()
