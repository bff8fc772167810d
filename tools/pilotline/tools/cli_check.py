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
"""


def check(
    scope: Annotated[list[str] | None, typer.Argument(help="Names of scopes; none: all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the scopes, and search none.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")] = None,
    states_max: Annotated[
        int, typer.Option(min=1, help="Give a search up after so many states.")
    ] = 5_000_000,
    report: Annotated[Path | None, typer.Option(help="Write what was found into this file, as JSON.")] = None,
    walk: Annotated[
        int | None, typer.Option(min=1, help="Walk at random instead, so many moves in each scope.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which walk.")] = 1,
) -> None:
    """Search every state that a scope can reach, and hold every promise in each.

    A scope is a small station and a world around it: who acts, what may go wrong, and the bounds. Ends with status 1 if
    a promise is broken, with the shortest story there; if a search is not complete; or if a scope does not show what
    it is there to show.
    """
    from pilotline.tools import checking

    if list_:
        typer.echo(checking.listed())
    elif walk is not None:
        raise typer.Exit(checking.walked(scope or (), walk, seed))
    else:
        from pilotline.tools.check.campaign import cores

        reports = checking.check(scope or (), jobs or cores(), states_max, report)
        raise typer.Exit(0 if all(one.holds for one in reports) else 1)
