"""`pilotline check`, as a person runs it."""

import json
import re
from pathlib import Path

import pytest

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
    assert re.search(r"^lock +946 states +5,504 transitions .* complete$", out, re.M)
    assert "2 scopes: 10,331 states" in out
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
