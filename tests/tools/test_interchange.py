"""What docs/interchange.md shows is what is written."""

import re
from io import StringIO
from pathlib import Path

from pilotline.tools.check.explorer import Search
from pilotline.tools.check.graph_export import write_aut, write_graphml
from pilotline.tools.check.scopes import scopes
from pilotline.tools.diagram import diagram

PAGE = (Path(__file__).parents[2] / "docs/interchange.md").read_text("utf-8")


def test_every_excerpt_is_a_real_one() -> None:
    search = Search(scopes()["remote, unasked"])
    search.run()
    aut, graphml = StringIO(), StringIO()
    write_aut(search, aut)
    write_graphml(search, graphml)
    written = [diagram("link", "scxml"), diagram("link", "json"), aut.getvalue(), graphml.getvalue()]
    excerpts = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(excerpts) == len(written)
    for excerpt, text in zip(excerpts, written, strict=True):
        indented = {line.lstrip() for line in text.splitlines()}
        assert [line for line in excerpt.splitlines() if line.lstrip() not in indented] == []


def test_every_command_names_formats_that_there_are() -> None:
    commands = re.findall(r"^    pilotline diagram(?: (\w+))? --format (\w+)", PAGE, re.MULTILINE)
    assert len(commands) == 4
    assert all(diagram(machine or None, form) for machine, form in commands)
