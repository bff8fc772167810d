"""`pilotline check`, as a person runs it."""

import json
import re
from pathlib import Path

import pytest

from pilotline.core.events import CablePlugged
from pilotline.core.machines.session import SESSION
from pilotline.tools import checking
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.report import summary
from pilotline.tools.check.scopes import scopes
from pilotline.tools.cli import _status as pilotline


def test_the_scopes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "--list"]) == 0
    assert [line[:28].rstrip() for line in capsys.readouterr().out.splitlines()] == list(scopes())


def test_searches_are_reported_as_they_end_and_together(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    assert pilotline(["check", "remote", "lock", "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^lock +1,401 states +8,674 transitions .* complete$", out, re.M)
    assert "2 scopes: 11,842 states" in out
    assert re.search(r"^  TagPresented: .*Preparing \d+", out, re.M)
    assert re.search(r"^Rows: \d+ of \d+ bindings fired$", out, re.M)
    found = json.loads(report.read_text("utf-8"))
    assert [one["scope"] for one in found] == ["remote", "lock"]
    assert all(one["complete"] and one["violation"] is None and one["fired"] for one in found)


def test_a_state_takes_little_room(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "session"]) == 0
    taken = re.search(r"(\d+) bytes/state", capsys.readouterr().out)
    assert taken
    assert int(taken[1]) <= 300


def test_a_search_that_is_given_up_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "session", "--states-max", "20"]) == 1
    assert "given up" in capsys.readouterr().out


def test_an_unknown_scope_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "nowhere"]) == 1
    assert "no such scope: nowhere" in capsys.readouterr().err


def test_a_walk_is_the_same_for_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    def walked(seed: int) -> str:
        assert pilotline(["check", "session", "--walk", "3000", "--seed", str(seed)]) == 0
        return re.sub(r"[\d,]+ steps/s", "", capsys.readouterr().out)

    assert walked(1) == walked(1)
    assert walked(1) != walked(2)


def test_a_broken_promise_is_told_and_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of a row is dropped: the search says so, and what it writes can be run again."""
    from pilotline.core.machines.session import SESSION

    unguarded = next(b for b in SESSION.table if b.name == "S1/CablePlugged")
    monkeypatch.setattr(unguarded, "guards", ())
    report = Search(scopes()["availability"]).run()
    monkeypatch.setattr(checking, "campaign", lambda *_: iter([report]))
    assert pilotline(["check", "availability", "--save", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert 'broken: "Inoperative means unused"' in out
    written = sorted(path.suffix for path in tmp_path.iterdir())
    assert written == [".journal", ".md", ".py"]
    journal = next(tmp_path.glob("*.journal"))
    assert pilotline(["replay", str(journal)]) == 0


def test_the_graph_of_one_scope_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = tmp_path / "reserved.aut"
    assert pilotline(["check", "reserved", "--graph", str(graph)]) == 0
    assert "written:" in capsys.readouterr().out
    assert graph.read_text().startswith("des (0,")


@pytest.mark.parametrize("option", [["--graph", "x.aut"], ["--spin"]])
def test_what_is_about_one_scope_asks_for_its_name(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert pilotline(["check", *option]) == 2
    assert "name the one scope that is meant" in capsys.readouterr().err


def test_one_thing_is_asked_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "--lint", "--list"]) == 2
    assert "one at a time" in capsys.readouterr().err


def test_the_shipped_declarations_are_without_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert pilotline(["check", "--lint"]) == 0
    assert capsys.readouterr().err == ""


def test_the_report_of_all_scopes_tells_the_rows_that_others_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary([], whole=True).endswith("\n  shadowed: none")
    assert "shadowed" not in summary([], whole=False)
    (first, second, *_) = SESSION.cells[CablePlugged]["idle"]
    monkeypatch.setattr(second, "guards", first.guards)
    *_, told = summary([], whole=True).splitlines()
    assert told.startswith("  shadowed: core/pilotline/core/machines/session.py:")
    assert f"session row {second.name}: is never taken" in told
    assert f"{first.name} before it take all that it would" in told
