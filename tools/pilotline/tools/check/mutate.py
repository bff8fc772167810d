"""Are the checks checked? ``python -m pilotline.tools.check.mutate [NAME…] [--seed N] [--count N]``

Faults are put into the tables, one at a time, each in a process of its own, and the explorer and the stateful tests
have to notice. The exit status is 1 if a fault is not noticed by them and nobody has said why.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from pilotline.tools.check.campaign import cores
from pilotline.tools.check.mutants import Mutant, chosen
from pilotline.tools.check.mutants_of_tables import every_mutant
from pilotline.tools.check.mutate_reasons import SAME, SURVIVORS
from pilotline.tools.check.mutate_run import STAGES, Verdict, verdict_on
from pilotline.tools.check.walked import ROOT

EXAMPLES: Final = """examples:
  python -m pilotline.tools.check.mutate --count 40             forty faults of every kind, chosen by seed 1
  python -m pilotline.tools.check.mutate --seed 7 --count 10    ten others
  python -m pilotline.tools.check.mutate --list guard           the names of all whose name says so
  python -m pilotline.tools.check.mutate 'level dropped: lock'  one of them
  python -m pilotline.tools.check.mutate --count 220 --markdown --stage examples
"""


def main(arguments: list[str] | None = None) -> int:
    """Judge the mutants that the command line asks for; the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.stage != STAGES[0] and not (ROOT / "tests").is_dir():
        _parser().error(f"--stage {asked.stage} runs the tests of a checkout, and this is none: {ROOT}")
    every = every_mutant()
    if asked.list is not None:
        print("\n".join(mutant.name for mutant in every if asked.list in mutant.name))  # noqa: T201
        return 0
    by_name = {mutant.name: mutant for mutant in every}
    unknown = [name for name in asked.name if name not in by_name]
    if unknown:
        _parser().error(f"no such mutant: {', '.join(unknown)}; --list '' names them all")
    mutants = [by_name[name] for name in asked.name] or chosen(every, asked.count, asked.seed)
    if asked.here:
        print(json.dumps(verdict_on(mutants[0], STAGES.index(asked.stage))))  # noqa: T201
        return 0
    verdicts = _judged(mutants, asked)
    print(table(verdicts) if asked.markdown else summary(verdicts))  # noqa: T201
    return 1 if any(is_open(verdict) for verdict in verdicts) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.check.mutate",
        description="Put faults into the tables and see who notices.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="names of mutants; none: by --seed and --count")
    parser.add_argument("--seed", type=int, default=1, help="which are chosen (1)")
    parser.add_argument("--count", type=int, default=40, help="how many (40), of each operator alike")
    parser.add_argument("--list", metavar="WORD", help="name those whose name has this in it, and end")
    parser.add_argument(
        "--stage",
        choices=STAGES,
        default="stateful",
        help="the last that is asked (stateful); each needs longer",
    )
    parser.add_argument("--jobs", type=int, default=cores(), help="so many at once (one per core)")
    parser.add_argument("--within", type=float, default=600, metavar="S", help="the time of each, in s (600)")
    parser.add_argument(
        "--kept", type=Path, metavar="FILE", help="keep each verdict there; what is there is not judged again"
    )
    parser.add_argument("--markdown", action="store_true", help="report as the table of docs/mutation.md")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser


def _judged(mutants: Sequence[Mutant], asked: argparse.Namespace) -> list[Verdict]:
    """Each in its own process; a line for each as soon as it is known."""
    known = {} if asked.kept is None else kept_in(asked.kept)
    with ThreadPoolExecutor(asked.jobs) as threads:
        judged = [
            threads.submit(_judge, mutant, asked.stage, asked.within)
            for mutant in mutants
            if mutant.name not in known
        ]
        for one in as_completed(judged):
            verdict = one.result()
            print(line(verdict), file=sys.stderr, flush=True)  # noqa: T201
            known[verdict.name] = verdict
            if asked.kept is not None:
                with asked.kept.open("a") as file:
                    print(json.dumps(verdict, ensure_ascii=False), file=file)
    return [known[mutant.name] for mutant in mutants]


def kept_in(file: Path) -> dict[str, Verdict]:
    """The verdicts of an earlier run, by name."""
    lines = file.read_text().splitlines() if file.exists() else ()
    verdicts = [Verdict(*json.loads(one)) for one in lines]
    return {verdict.name: verdict for verdict in verdicts}


def _judge(mutant: Mutant, stage: str, within_s: float) -> Verdict:
    started = time.perf_counter()
    command = (sys.executable, "-m", "pilotline.tools.check.mutate", mutant.name, "--here", "--stage", stage)
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=within_s)  # noqa: S603
        if ran.returncode:
            raise RuntimeError(f"{mutant.name}: {ran.stderr}")
    except subprocess.TimeoutExpired:
        seconds = time.perf_counter() - started
        return Verdict(mutant.name, mutant.operator, "nothing", "out of time", "", seconds)
    return Verdict(*json.loads(ran.stdout.splitlines()[-1]))


# --- reports -------------------------------------------------------------------------------------------------

COUNTS: Final = ("definition", "explorer", "stateful")
"""What counts; examples do not, each of which a person thought of."""


def is_open(verdict: Verdict) -> bool:
    """Noticed by no check, and nobody has said why; or noticed, although it was said to be the same station."""
    if verdict.by in COUNTS:
        return verdict.name in SAME
    return verdict.by != "same" and verdict.name not in SURVIVORS


def line(verdict: Verdict) -> str:
    """One mutant in one line."""
    if verdict.by == "same":
        how = f"the same station: {_reason(verdict)}"
    elif verdict.by == "nothing":
        how = f"NOT NOTICED: {_reason(verdict)}"
    elif verdict.by == "definition":
        how = f"refused at definition: {verdict.promise}"
    else:
        how = f'{verdict.by}: "{verdict.promise}" in {verdict.where}'
    return f"{verdict.seconds:6.1f} s  {verdict.name}\n          {how}"


def _reason(verdict: Verdict) -> str:
    return {**SURVIVORS, **SAME}.get(verdict.name) or verdict.promise or "no reason known"


def summary(verdicts: list[Verdict]) -> str:
    """All of them together."""
    by = [verdict.by for verdict in verdicts]
    noticed, same = sum(one in COUNTS for one in by), by.count("same")
    lines = [
        f"{noticed} of {len(by)} noticed by the checks ({_percent(noticed, len(by))}), of those that are not "
        f"the same station {noticed} of {len(by) - same} ({_percent(noticed, len(by) - same)}): "
        f"{by.count('definition')} refused at definition, {by.count('explorer')} by the explorer, "
        f"{by.count('stateful')} by stateful tests; besides, {by.count('examples')} by an example only"
    ]
    return "\n".join([*lines, *(line(v) for v in verdicts if v.by not in COUNTS or is_open(v))])


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


def table(verdicts: list[Verdict]) -> str:
    """All of them by operator, and what survived, as Markdown."""
    stages = (*COUNTS, "examples", "nothing", "same")
    rows = [
        "| operator | mutants | refused at definition | explorer | stateful tests | examples only | by nothing "
        "| the same station |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    operators = dict.fromkeys(verdict.operator for verdict in verdicts)
    for operator in (*sorted(operators), None):
        by = [v.by for v in verdicts if operator in (None, v.operator)]
        counts = " | ".join(str(by.count(stage)) for stage in stages)  # type: ignore[arg-type]  # stages are verdicts
        rows.append(f"| {operator or '**all**'} | {len(by)} | {counts} |")
    survived = sorted(v for v in verdicts if v.by not in COUNTS)
    listed = [f"| {v.name} | {_BY[v.by]} | {_reason(v)} |" for v in survived]
    head = ["", "| not noticed | | why |", "|---|---|---|"]
    return "\n".join([summary(verdicts).splitlines()[0] + ".", "", *rows, *(listed and [*head, *listed])])


_BY: Final = {"same": "the same station", "examples": "by examples only", "nothing": "**missed**"}


if __name__ == "__main__":
    sys.exit(main())
