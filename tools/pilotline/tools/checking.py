"""`pilotline check`: searches, as they go and as they end."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pilotline.tools.check.campaign import Progress, campaign
from pilotline.tools.check.counterexample import save
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.graph_export import graph_writer
from pilotline.tools.check.report import Report, line, summary
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.walk import Walk


class UnknownScope(Exception):
    """A name that no scope has."""


def listed() -> str:
    """Every scope and what it is about."""
    return "\n".join(f"{scope.name:28}{scope.says}" for scope in scopes().values())


def check(
    names: Sequence[str],
    jobs: int,
    states_max: int,
    report_to: Path | None = None,
    counterexamples_to: Path | None = None,
) -> list[Report]:
    """Search these scopes, or all, show how it goes, and the report; what each came to, in the order given."""
    chosen = _chosen(names)
    reports = {}
    for report in _shown(campaign(chosen, jobs, states_max)):
        reports[report.scope] = report
        if report.violation and counterexamples_to is not None:
            for path in save(report.violation, scopes()[report.scope], counterexamples_to):
                sys.stdout.write(f"  written: {path}\n")
    ordered = [reports[name] for name in chosen]
    sys.stdout.write(f"\n{summary(ordered, whole=chosen == list(scopes()))}\n")
    if report_to is not None:
        report_to.write_text(json.dumps([_plain(report) for report in ordered], indent=1) + "\n", "utf-8")
    return ordered


def exported(name: str, states_max: int, path: Path) -> Report:
    """Search one scope and write its graph, as far as it was seen, into a file: .aut or .graphml."""
    write = graph_writer(path)
    search = Search(scopes()[_chosen([name])[0]], states_max)
    report = search.run()
    write(search)
    sys.stdout.write(f"{line(report)}\n  written: {path}\n")
    if report.violation:
        sys.stdout.write(f"{report.violation}\n")
    return report


def walked(names: Sequence[str], moves: int, seed: int) -> int:
    """Walk through these scopes, or all; the exit status."""
    broken = 0
    for name in _chosen(names):
        one = Walk(scopes()[name], seed).walk(moves)
        sys.stdout.write(
            f"{name:28}seed {seed}  {one.moves:,} moves  {one.steps:,} steps  {one.rate:,.0f} steps/s  "
            f"{len(one.fired)} bindings  {'BROKEN' if one.violation else 'kept every promise'}\n"
        )
        if one.violation:
            broken += 1
            sys.stdout.write(f"{one.violation}\n")
    return min(broken, 1)


def _chosen(names: Sequence[str]) -> list[str]:
    known = list(scopes())
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownScope(f"no such scope: {', '.join(unknown)}; `pilotline check --list` names them")
    return list(dict.fromkeys(names)) or known


def _shown(events: Iterator[Progress | Report]) -> Iterator[Report]:
    notes, out = Console(stderr=True, highlight=False), Console(highlight=False, soft_wrap=True)
    running: dict[str, Progress] = {}
    with Live(console=notes, transient=True, refresh_per_second=5) as live:
        for event in events:
            if isinstance(event, Progress):
                running[event.scope] = event
            else:
                running.pop(event.scope, None)
                out.print(Text(line(event), "" if event.holds else "bold red"))
                if event.violation:
                    out.print(Text(str(event.violation)))
                yield event
            live.update(_table(running.values()))


def _table(running: Iterable[Progress]) -> Table:
    table = Table.grid(padding=(0, 2))
    for scope, states, frontier, steps, seconds in running:
        table.add_row(
            Text(scope, "cyan"),
            f"{states:,} states",
            f"frontier {frontier:,}",
            f"{steps:,} steps",
            f"{steps / seconds:,.0f} steps/s",
        )
    return table


def _plain(report: Report) -> dict[str, Any]:
    """A report for programs."""
    violation = report.violation
    return {
        **{
            name: getattr(report, name)
            for name in ("scope", "states", "transitions", "steps", "depth", "seconds", "bytes", "complete")
        },
        "fired": [[*binding, times] for binding, times in sorted(report.fired.items())],
        "ignored": [[*ignored, times] for ignored, times in sorted(report.ignored.items())],
        "never_seen": list(report.unshown),
        "violation": violation
        and {"promise": violation.promise, "section": violation.section, "story": str(violation)},
    }
