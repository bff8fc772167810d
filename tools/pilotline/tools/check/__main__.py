"""``python -m pilotline.tools.check [SCOPE…] [--all] [--states-max N]``: search scopes and report.

Without a name the scopes are listed; with ``--all`` every one of them is searched. The exit status is 1 if a promise
is broken, if a search is not complete, or if a scope does not show what it is there to show.
"""

import argparse
import sys
import time
from collections import Counter as Tally

from pilotline.tools.check.coverage import declared, never_fired
from pilotline.tools.check.explorer import Binding, Report, Search
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.unreached import UNREACHED

PROGRESS_S = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Search what the command line names; the exit status."""
    known = scopes()
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.check", description="Search every state that a scope can reach."
    )
    parser.add_argument("scope", nargs="*", help="names of scopes; none: list them")
    parser.add_argument("--all", action="store_true", help="search every scope")
    parser.add_argument(
        "--states-max", type=int, default=5_000_000, help="give a search up after so many states"
    )
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.scope if name not in known]
    if unknown:
        parser.error(f"no such scope: {', '.join(unknown)}; there are: {', '.join(known)}")
    names = list(known) if chosen.all else chosen.scope
    if not names:
        for scope in known.values():
            print(f"{scope.name:28}{scope.says}")  # noqa: T201  (a command speaks on stdout)
        return 0
    reports = [_searched(name, chosen.states_max) for name in names]
    print(summary(reports, whole=chosen.all))  # noqa: T201
    return 0 if all(r.complete and not r.violation and not r.unshown for r in reports) else 1


def _searched(name: str, states_max: int) -> Report:
    shown = time.monotonic()

    def progress(states: int, steps: int) -> None:
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() - shown >= PROGRESS_S:
            shown = time.monotonic()
            sys.stderr.write(f"\r{name}: {states:,} states, {steps:,} steps\x1b[K")

    report = Search(scopes()[name], states_max, progress=progress).run()
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    print(line(report), flush=True)  # noqa: T201
    if report.violation:
        print(report.violation)  # noqa: T201
    return report


def line(report: Report) -> str:
    """One search in one line."""
    verdict = "BROKEN" if report.violation else "complete" if report.complete else "given up"
    unshown = f"  never seen: {', '.join(report.unshown)}" if report.unshown else ""
    return (
        f"{report.scope:28}{report.states:8,} states {report.steps:9,} steps {report.transitions:9,} transitions "
        f"depth {report.depth:3} {report.seconds:6.1f} s {report.rate:7,.0f}/s  {verdict}{unshown}"
    )


def summary(reports: list[Report], *, whole: bool) -> str:
    """All searches together: bindings that fired, those that never did, and events that changed nothing."""
    fired: Tally[Binding] = Tally()
    ignored: Tally[str] = Tally()
    for report in reports:
        fired.update(report.fired)
        ignored.update(report.ignored)
    never = never_fired(fired)
    total = len(declared())
    lines = [
        f"{len(reports)} scopes: {sum(r.states for r in reports):,} states, {sum(r.steps for r in reports):,} steps, "
        f"{sum(r.transitions for r in reports):,} transitions, {sum(r.seconds for r in reports):.1f} s",
        f"{total - len(never)} of {total} bindings fired",
        "changed nothing: " + ", ".join(f"{name} {count:,}" for name, count in ignored.most_common()),
    ]
    if whole:
        lines += [
            f"never fired: {machine} {name}: {UNREACHED.get((machine, name), 'NO REASON KNOWN')}"
            for machine, name in never
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
