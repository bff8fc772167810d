"""A second opinion by SPIN on a scope: ``python -m pilotline.tools.check.promela [--verify] [--broken NAME] [SCOPE]``.

Three searches say what they found: the explorer's over the real `step`, one in Python over the tables of the machines'
rows, and SPIN's over the same tables as Promela. They must have the same verdict, and if it is good, the same states.
The exit status is 0 if so and the station keeps its promises, 1 if not, 2 if there is no verdict.
"""

import argparse
import sys
from typing import Final, NamedTuple

from pilotline.core.events import DeadlinePassed, Internal
from pilotline.tools.check import spin
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.promela_model import PROMISES, Promela
from pilotline.tools.check.queue_variants import BROKEN, OURS, Variant, stepper_of
from pilotline.tools.check.recomposed import Found, Recomposed
from pilotline.tools.check.report import Report
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.story import Move, told
from pilotline.tools.check.tabulated import NotInTheModel, Tables

EXAMPLES: Final = """\
examples:
  python -m pilotline.tools.check.promela                            the model, on stdout
  python -m pilotline.tools.check.promela --verify                   three searches of the queue
  python -m pilotline.tools.check.promela --verify --broken overtaken
  python -m pilotline.tools.check.promela --verify --queue-max 3     longer queues: more states
  python -m pilotline.tools.check.promela --verify "two connectors"  another scope
"""


class Opinions(NamedTuple):
    """What three searches say of one scope and variant."""

    of: Tables
    explorer: Report
    tables: Found
    spin: spin.Verdict

    @property
    def explored(self) -> tuple[int, int]:
        """The explorer's states, and its moves: transitions, and events that changed nothing."""
        return self.explorer.states, self.explorer.transitions + self.explorer.ignored.total()

    @property
    def tabulated(self) -> tuple[int, int]:
        """The states and moves of the search over the tables."""
        return len(self.tables.nodes), self.tables.moves

    @property
    def spun(self) -> tuple[int, int]:
        """SPIN's, without its initial state (the station has no power yet) and without the moves into and out of it."""
        return self.spin.states - 1, self.spin.transitions - 2

    @property
    def agree(self) -> bool:
        """One verdict; and if it is good, the same states and moves."""
        if self.explorer.violation is not None:
            return self.spin.broken is not None and PROMISES[self.spin.broken] in self.tables.broken
        kept = not self.tables.broken and self.spin.broken is None and self.explorer.complete
        return kept and self.explored == self.tabulated == self.spun


def filled(scope: Scope, variant: Variant) -> tuple[Tables, Found]:
    """The tables of a scope, and what the search that filled them found."""
    tables = Tables(scope, variant)
    return tables, Recomposed(tables).run()


def opinions(scope: Scope, variant: Variant) -> Opinions:
    """Three searches of one scope, one after the other."""
    report = Search(scope, stepper=None if variant is OURS else stepper_of(variant)).run()
    tables, found = filled(scope, variant)
    return Opinions(tables, report, found, spin.verify(Promela(tables, found).text()))


def told_by_spin(tables: Tables, verdict: spin.Verdict) -> str:
    """SPIN's way to what is broken, as a story; what happens at once is left out."""
    product = tables.scope.product
    boot = powered_up(product, (False,) * (len(product.connectors) + 1))
    moves = [Move(boot, 0)]
    for number, ms in verdict.way[1:]:
        event = tables.events[number] if number else None
        moves.append(Move(DeadlinePassed() if isinstance(event, Internal) else event, ms))
    return told(moves)


def _summary(found: Opinions) -> str:
    violation = found.explorer.violation
    spun = PROMISES[found.spin.broken] if found.spin.broken else None
    lines = (
        ("explorer", found.explored, violation.promise if violation else None),
        ("tables", found.tabulated, found.tables.broken[0] if found.tables.broken else None),
        ("SPIN", found.spun, spun),
    )
    return "\n".join(
        f"{who:10}{states:9,} states {moves:10,} moves  {f'broken: {broken}' if broken else 'every promise is kept'}"
        for who, (states, moves), broken in lines
    )


def main(arguments: list[str] | None = None) -> int:
    """Print a model or verify it; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.check.promela",
        description="A scope as Promela, from the machines' own rows; and SPIN's opinion of it beside the explorer's.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "scope", nargs="?", default="queue", choices=scopes(), metavar="SCOPE", help="default: queue"
    )
    parser.add_argument(
        "--verify", action="store_true", help="search it three times, with SPIN and gcc; or print it"
    )
    variants = "; ".join(f"{name}: {variant.says}" for name, variant in BROKEN.items())
    parser.add_argument(
        "--broken", choices=BROKEN, metavar="NAME", help=f"a station that is wrong ({variants})"
    )
    parser.add_argument(
        "--queue-max", type=int, metavar="N", help="follow worlds in which so many messages wait"
    )
    chosen = parser.parse_args(arguments)
    scope, variant = scopes()[chosen.scope], BROKEN[chosen.broken] if chosen.broken else OURS
    if chosen.queue_max is not None:
        scope = scope._replace(queue_max=chosen.queue_max)
    try:
        return _verified(scope, variant) if chosen.verify else _printed(scope, variant)
    except (NotInTheModel, spin.SpinFailed) as reason:
        sys.stderr.write(f"{reason}\n")
        return 2


def _printed(scope: Scope, variant: Variant) -> int:
    sys.stdout.write(Promela(*filled(scope, variant)).text())
    return 0


def _verified(scope: Scope, variant: Variant) -> int:
    absent = spin.missing()
    if absent:
        raise spin.SpinFailed(absent)
    found = opinions(scope, variant)
    sys.stdout.write(f"{scope.name}: {variant.says}\n{_summary(found)}\n")
    if found.spin.broken:
        sys.stdout.write(f"\nSPIN's way there:\n{told_by_spin(found.of, found.spin)}\n\n")
    sys.stdout.write("they agree\n" if found.agree else "they do NOT agree\n")
    return 0 if found.agree and not found.spin.broken else 1


if __name__ == "__main__":
    sys.exit(main())
