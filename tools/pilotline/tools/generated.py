"""The files that are generated from the tables and committed: diagrams, tables, the schema of the JSON document.

    python -m pilotline.tools.generated            # write them
    python -m pilotline.tools.generated --check    # say which are stale; exit 1 if any is

A picture's bytes depend on the version of Graphviz, so of a picture the text that it was drawn from is
checked.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from pilotline.core.decision_table import DecisionTable
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.statechart import guard_name
from pilotline.spec.configuration_keys import INT32_MAX, ConfigurationKey
from pilotline.spec.products import load_product
from pilotline.tools.check.counterexample_page import counterexample_page
from pilotline.tools.diagram import diagram
from pilotline.tools.graph import windows_of
from pilotline.tools.readers import key_readers
from pilotline.tools.render.svg import svg
from pilotline.tools.render.table import grid
from pilotline.tools.schedule import Question, drawn, profiles_in, start_of, text_of
from pilotline.tools.schedule_picture import picture
from pilotline.tools.spec_model import spec_schema
from pilotline.tools.traceability import cases_table, rules_table, shown_in

DIAGRAMS: Final = "docs/diagrams"
TABLES: Final = "docs/tables"
PROFILES: Final = "docs/smart-charging/profiles.json"
"""Written by hand: what the picture of smart charging is drawn from."""
SCHEDULE_START: Final = "2026-12-01T00:00:00Z"


def texts(root: Path) -> dict[str, str]:
    """Path from the root of the repository -> what the file holds. No pictures."""
    files: dict[str, str] = {}
    for name in (*(machine.name for machine in MACHINES), None):
        stem = name or "couplings"
        files[f"{DIAGRAMS}/{stem}.mmd"] = diagram(name, "mermaid")
        files[f"{DIAGRAMS}/{stem}.dot"] = diagram(name, "dot")
        heading, rest = diagram(name, "table").split("\n", 1)
        files[f"{TABLES}/{stem}.md"] = f"{heading}\n\n![{stem}](../diagrams/{stem}.svg)\n{rest}"
    files["docs/smart-charging/schedule.svg"] = schedule_picture()
    files["docs/counterexample.md"] = counterexample_page()
    files[f"{TABLES}/configuration-keys.md"] = configuration_keys()
    files[f"{TABLES}/operations.md"] = operations()
    files["docs/spec.schema.json"] = spec_schema()
    tests = shown_in(root)
    files[f"{TABLES}/rules.md"] = rules_table(tests)
    files[f"{TABLES}/certification-cases.md"] = cases_table(tests)
    return files


def write(root: Path) -> None:
    """Write all files, the pictures among them, and take away those of machines that are no more.

    Raises:
        GraphvizMissingError: the program `dot` is not installed.
    """
    files = texts(root)
    pictures = {_picture(path): svg(text) for path, text in files.items() if path.endswith(".dot")}
    for path in _extra(root, files):
        (root / path).unlink()
    for path, text in (files | pictures).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def check(root: Path) -> list[str]:
    """The files that are missing, differ from the tables, or belong to no machine, by path."""
    files = texts(root)
    stale = {path for path, text in files.items() if _read(root / path) != text}
    pictures = {_picture(path) for path in files if path.endswith(".dot")}
    missing = {path for path in pictures if not (root / path).is_file()}
    return sorted({*stale, *missing, *_extra(root, files)})


def schedule_picture() -> str:
    """The example of docs/smart-charging.md."""
    start = start_of(SCHEDULE_START)
    profiles = profiles_in(text_of(Path(__file__).parents[3] / PROFILES), start)
    return picture(drawn(Question(load_product("reference"), profiles, 1, start, 86_400, "A")))


def configuration_keys() -> str:
    """Every key, and who reads it."""
    text = [
        "# Configuration keys",
        "",
        "The standard's keys, then the makers' own of the shipped products, and the machines and operations that read "
        "each.",
        "",
    ]
    text += grid(
        ("Key", "Type", "Unit", "Access", "Range", "Default", "In force", "Section", "Read by"),
        (
            (
                entry.key.name,
                entry.key.type,
                entry.key.unit,
                entry.key.access,
                _range(entry.key),
                entry.key.default or "",
                entry.key.takes_effect,
                entry.key.section,
                ", ".join(entry.readers),
            )
            for entry in key_readers()
        ),
    )
    return "\n".join([*text, ""])


def operations() -> str:
    """What each request of the Central System does."""
    text = ["# Operations", "", "The first row that holds answers; the last one always does.", ""]
    for table in OPERATIONS:
        text += _operation(table)
    return "\n".join(text)


def _operation(table: DecisionTable[object, object]) -> list[str]:
    text = [f"## {table.name}", ""]
    text += grid(
        ("", "Row", "When", "Answer", "Hands out"),
        (
            (
                str(place),
                row.name,
                ", ".join(guard_name(guard) for guard in row.guards) or "otherwise",
                guard_name(row.answer),
                ", ".join(sorted(kind.__name__ for kind in row.outputs)),
            )
            for place, row in enumerate(table.rows, start=1)
        ),
    )
    reads = ", ".join(f"{window.name} ({window.kind})" for window in windows_of(table))
    return [*text, "", f"Reads: {reads or 'nothing'}.", ""]


def _range(key: ConfigurationKey) -> str:
    if key.type in ("integer", "decimal"):
        return f"{key.minimum} and more" if key.maximum == INT32_MAX else f"{key.minimum} to {key.maximum}"
    if key.items is None:
        return ""
    shown = ", ".join(key.items[:4])
    return shown if len(key.items) <= 4 else f"{shown} … ({len(key.items)} items)"


def _picture(path: str) -> str:
    return f"{path.removesuffix('.dot')}.svg"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _extra(root: Path, files: dict[str, str]) -> list[str]:
    expected = {*files, *(_picture(path) for path in files if path.endswith(".dot"))}
    present = [path for folder in (DIAGRAMS, TABLES) for path in (root / folder).glob("*.*")]
    return sorted({path.relative_to(root).as_posix() for path in present} - expected)


def main(arguments: list[str] | None = None) -> int:
    """Write or check; 1 if something is stale."""
    parser = argparse.ArgumentParser(prog="python -m pilotline.tools.generated", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, list what is stale")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="root of the repository (here)")
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        write(chosen.root)
        return 0
    stale = check(chosen.root)
    for path in stale:
        sys.stderr.write(f"stale: {path}; run python -m pilotline.tools.generated\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
