"""What Pilotline promises about speed and size, measured: `python -m pilotline.tools.benchmark [NAME...]`.

What is compared with another program is measured by turns in this one process; see docs/benchmarks.md.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from pilotline.tools.bench_figure import Figure, times_faster, times_the_cost

CODEC_TIMES: Final = 15.0
STORE_TIMES: Final = 2.5


def _rows() -> list[Figure]:
    from pilotline.tools.bench_rows import row_figures

    return row_figures()


def _explorer() -> list[Figure]:
    from pilotline.tools.bench_explorer import explorer_figures

    return explorer_figures()


def codec_figures(rounds: int = 25, calls_per_round: int = 100) -> list[Figure]:
    """Frame to message to frame, beside the `ocpp` package."""
    from pilotline.tools.bench_codec import codec_rows

    measured = codec_rows(rounds, calls_per_round)
    return [times_faster(f"codec: {row.name}", row.ours_us, row.peer_us, CODEC_TIMES) for row in measured]


def _answer() -> list[Figure]:
    from pilotline.tools.bench_answer import answer_figures

    return answer_figures()


def store_figures(rounds: int = 300) -> list[Figure]:
    """A durable commit, beside append and fdatasync of the same bytes."""
    from pilotline.tools.bench_store import store_rows

    measured = store_rows(rounds)
    return [times_the_cost(f"store: {row.name}", row.ours_us, row.peer_us, STORE_TIMES) for row in measured]


def _list() -> list[Figure]:
    from pilotline.tools.bench_list import list_figures

    return list_figures()


def _journal() -> list[Figure]:
    from pilotline.tools.bench_journal import journal_figures

    return journal_figures()


def _process() -> list[Figure]:
    from pilotline.tools.bench_process import process_figures

    return process_figures()


def _drain() -> list[Figure]:
    from pilotline.tools.bench_drain import drain_figures

    return drain_figures()


def _queue() -> list[Figure]:
    from pilotline.tools.bench_queue import queue_figures

    return queue_figures()


def _memory() -> list[Figure]:
    from pilotline.tools.bench_memory import memory_figures

    return memory_figures()


def _schedule() -> list[Figure]:
    from pilotline.tools.bench_schedule import schedule_figures

    return schedule_figures()


GROUPS: Final[dict[str, Callable[[], list[Figure]]]] = {
    "rows": _rows,
    "explorer": _explorer,
    "codec": codec_figures,
    "answer": _answer,
    "store": store_figures,
    "process": _process,
    "drain": _drain,
    "queue": _queue,
    "memory": _memory,
    "list": _list,
    "journal": _journal,
    "schedule": _schedule,
}
"""What can be measured, by name."""


def table_of(figures: Iterable[Figure]) -> Table:
    """The figures as people read them."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("what")
    for heading in ("ours", "peer or limit", "unit", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("met", no_wrap=True)
    for figure in figures:
        met = {True: "yes", False: "NO", None: "-"}[figure.met]
        ours, other = number(figure.ours), number(figure.other)
        table.add_row(figure.name, ours, other, figure.unit, f"{figure.ratio:.2f}", figure.target, met)
    return table


def number(value: float) -> str:
    """Three digits that count, or all of a large number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main(arguments: list[str] | None = None) -> int:
    """Measure the named groups, or all; print the table. 0, or with --strict 1 if a target is not met."""
    parser = argparse.ArgumentParser(prog="python -m pilotline.tools.benchmark", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(GROUPS)}; none: all")
    parser.add_argument("--strict", action="store_true", help="end with status 1 if a target is not met")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in GROUPS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    wanted = [name for name in GROUPS if not options.names or name in options.names]
    figures: list[Figure] = []
    for name in wanted:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)  # noqa: T201  (a program's progress)
        figures.extend(GROUPS[name]())
    console = Console()
    console = console if console.is_terminal else Console(width=140)
    console.print(table_of(figures))
    return int(options.strict and any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
