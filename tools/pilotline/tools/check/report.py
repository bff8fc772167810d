"""What a search found, and what all of them together come to."""

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from typing_extensions import override

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.tools.check.coverage import Binding, declared, never_fired
from pilotline.tools.check.lint import shadowed
from pilotline.tools.check.story import Move, told
from pilotline.tools.check.unreached import UNREACHED

Ignored: TypeAlias = tuple[str, str]
"""The class of an event that changed nothing, and the status of the connectors then."""
STATUSES_TOLD: Final = 6


class Violation(NamedTuple):
    """A promise that was broken, and the shortest way to it."""

    promise: str
    section: str
    story: tuple[Move, ...]

    @override
    def __str__(self) -> str:
        return f'broken: "{self.promise}" ({self.section})\n{told(self.story)}'


class Report(NamedTuple):
    """What a search found."""

    scope: str
    states: int
    steps: int
    """Calls of `step`: the transitions, the events that changed nothing, and what the world did at once."""
    transitions: int
    depth: int
    seconds: float
    complete: bool
    fired: Tally[Binding]
    ignored: Tally[Ignored]
    bytes: int
    """What all that is kept of the states takes, parents and transitions included."""
    unshown: tuple[str, ...]
    """What the scope must show and did not."""
    violation: Violation | None

    @property
    def rate(self) -> float:
        """Steps per second, with all that the search does around them."""
        return self.steps / self.seconds if self.seconds else 0.0

    @property
    def holds(self) -> bool:
        """Everything was seen, every promise kept, and shown what the scope is there to show."""
        return self.complete and not self.violation and not self.unshown

    @property
    def verdict(self) -> str:
        """In a word or two."""
        verdict = "BROKEN" if self.violation else "complete" if self.complete else "given up"
        return f"{verdict}, never seen: {', '.join(self.unshown)}" if self.unshown else verdict


def line(report: Report) -> str:
    """One search in one line."""
    return (
        f"{report.scope:28}{report.states:9,} states {report.transitions:11,} transitions  depth {report.depth:3}"
        f"{report.seconds:7.1f} s {report.rate:9,.0f} steps/s {report.bytes // max(report.states, 1):4} bytes/state  "
        f"{report.verdict}"
    )


def summary(reports: Iterable[Report], *, whole: bool) -> str:
    """All searches together; `whole`: they are all there are, so what was never taken never can be."""
    reports = list(reports)
    fired, ignored = Tally[Binding](), Tally[Ignored]()
    for report in reports:
        fired.update(report.fired)
        ignored.update(report.ignored)
    states = sum(report.states for report in reports)
    lines = [
        f"{len(reports)} scopes: {states:,} states, {sum(r.transitions for r in reports):,} transitions, "
        f"{sum(r.steps for r in reports):,} steps, {sum(r.seconds for r in reports):.1f} s of one core, "
        f"{sum(r.bytes for r in reports) // max(states, 1)} bytes/state",
        "",
        "Events that changed nothing, by the status of the connectors:",
        *_ignored(ignored),
        "",
        f"Rows: {len(declared()) - len(never_fired(fired))} of {len(declared())} bindings fired",
    ]
    if whole:
        lines += [
            f"  can never fire: {machine} {name}: {UNREACHED.get((machine, name), 'NO REASON KNOWN')}"
            for machine, name in never_fired(fired)
        ]
        lines += [f"  shadowed: {finding}" for finding in shadowed(MACHINES, OPERATIONS) or ("none",)]
    return "\n".join(lines)


def _ignored(ignored: Tally[Ignored]) -> Iterable[str]:
    by_event: dict[str, Tally[str]] = {}
    for (event, statuses), times in ignored.items():
        by_event.setdefault(event, Tally())[statuses] += times
    for event, tally in sorted(by_event.items()):
        told_statuses = ", ".join(f"{status} {times:,}" for status, times in tally.most_common(STATUSES_TOLD))
        more = len(tally) - STATUSES_TOLD
        yield f"  {event}: {told_statuses}{f', and {more} more' if more > 0 else ''}"
