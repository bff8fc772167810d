"""`pilotline check`, as the command line has it. What it needs is imported when it runs."""

from pathlib import Path
from typing import Annotated, Final

import typer

EXAMPLES: Final = """
\b
Examples:
  pilotline check                                    every scope, on all cores, and the report
  pilotline check session "power, resumed"           two of them
  pilotline check --list                             what there is, and what each is about
  pilotline check session --walk 1000000 --seed 7    beyond the bounds of the search, at random
  pilotline check --save ./found                     of a broken promise: story, picture, test and journal
  pilotline check session --graph session.aut        the graph, for other programs; or .graphml
  pilotline check --lint                             rows that can never be taken, guards that look too far
  pilotline check queue --spin                       the same scope by SPIN: one verdict, as many states
  pilotline check --mutants 10                       ten faults put into the tables: are they noticed?
"""


def check(
    scope: Annotated[list[str] | None, typer.Argument(help="Names of scopes; none: all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the scopes, and search none.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")] = None,
    states_max: Annotated[
        int | None, typer.Option(min=1, help="Give a search up after so many states; else five million.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write what was found into this file, as JSON.")] = None,
    walk: Annotated[
        int | None, typer.Option(min=1, help="Walk at random instead, so many moves in each scope.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which walk, or which mutants.")] = 1,
    save: Annotated[
        Path | None, typer.Option(help="Write what breaks a promise into this folder, to be run again.")
    ] = None,
    graph: Annotated[
        Path | None, typer.Option(help="Write the graph of one scope: a file that ends in .aut or .graphml.")
    ] = None,
    lint: Annotated[
        bool, typer.Option("--lint", help="Look at the declarations, and search nothing.")
    ] = False,
    spin: Annotated[bool, typer.Option("--spin", help="Search one scope by SPIN as well.")] = False,
    mutants: Annotated[
        int | None, typer.Option(min=1, help="Put so many faults into the tables, one at a time.")
    ] = None,
) -> None:
    """Search every state that a scope can reach, and hold every promise in each.

    A scope is a small station and a world around it: who acts, what may go wrong, and the bounds. Ends with status 1 if
    a promise is broken, with the shortest story there; if a search is not complete; or if a scope does not show what
    it is there to show.
    """
    from pilotline.tools import checking
    from pilotline.tools.check.campaign import STATES_MAX, cores

    most = states_max or STATES_MAX
    names = scope or []
    if sum((list_, lint, spin, mutants is not None, walk is not None, graph is not None)) > 1:
        raise typer.BadParameter("--list, --lint, --spin, --mutants, --walk and --graph: one at a time")
    if list_:
        typer.echo(checking.listed())
        status = 0
    elif lint:
        from pilotline.tools.check.lint import main as linted

        status = linted([])
    elif spin:
        from pilotline.tools.check.promela import main as verified

        status = verified([_one(names), "--verify"])
    elif mutants is not None:
        from pilotline.tools.check.mutate import main as mutated

        status = mutated(["--count", str(mutants), "--seed", str(seed)])
    elif walk is not None:
        status = checking.walked(names, walk, seed)
    elif graph is not None:
        status = 0 if checking.exported(_one(names), most, graph).holds else 1
    else:
        reports = checking.check(names, jobs or cores(), most, report, save)
        status = 0 if all(one.holds for one in reports) else 1
    raise typer.Exit(status)


def _one(names: list[str]) -> str:
    if len(names) != 1:
        raise typer.BadParameter("name the one scope that is meant; `pilotline check --list` names them")
    return names[0]
