"""SVG, through the program `dot` of Graphviz."""

import shutil
import subprocess


class GraphvizMissingError(Exception):
    """The program `dot` is not installed; the message says what to do."""


def svg(dot_text: str) -> str:
    """The picture of a text in the DOT language.

    Raises:
        GraphvizMissingError: `dot` is not on the search path.
    """
    program = shutil.which("dot")
    if program is None:
        raise GraphvizMissingError(
            "svg needs Graphviz: install the package graphviz, or choose mermaid, dot or table"
        )
    run = subprocess.run(  # noqa: S603  (the program found above, and our own text)
        [program, "-Tsvg"], input=dot_text, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return run.stdout
