"""Campaigns: what an edge does not stand is saved with the command that tries it alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from pilotline.tools import fuzz
from pilotline.tools.fuzz import Growth, main, watched
from pilotline.tools.fuzz_frames import hear_frames


def test_what_is_not_stood_is_saved_with_the_command_that_tries_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def attempt(data: bytes) -> None:
        assert data != b"bad"

    watching = watched("urls", attempt, tmp_path)
    watching(b"good")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AssertionError):
        watching(b"bad")
    (crash,) = tmp_path.iterdir()
    assert crash.read_bytes() == b"bad"
    assert f"python -m pilotline.tools.fuzz urls --replay {crash}" in capsys.readouterr().err


def test_an_input_is_tried_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crash"
    file.write_bytes(b"wss://[::1:80/")
    monkeypatch.setattr(sys, "argv", ["fuzz", "urls", "--replay", str(file)])
    assert main() == 0
    assert "it is stood" in capsys.readouterr().err


def test_an_unknown_target_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz", "moon", "--replay", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "'moon' is no target; there are frames, control" in capsys.readouterr().err


def test_a_process_that_keeps_what_it_is_given_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_GROWTH_EVERY", 1)
    monkeypatch.setattr(fuzz, "_GROWTH_MAX", 1.01)
    growth, kept = Growth(), []
    growth.look()
    growth.look()
    kept.extend([str(number)] for number in range(200_000))
    with pytest.raises(AssertionError, match="the process grows"):
        growth.look()
    assert kept


def test_a_call_that_is_never_answered_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    call = b'\x02[2,"i","GetLocalListVersion",{}]'
    hear_frames(call)
    monkeypatch.setattr("pilotline.tools.fuzz_frames.SendResult", type(None))  # its answers are not seen
    with pytest.raises(AssertionError, match="never answered"):
        hear_frames(call)


def test_a_campaign_finds_its_way_alone(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    command = [
        sys.executable,
        "-m",
        "pilotline.tools.fuzz",
        "urls",
        "--seconds",
        "2",
        "--folder",
        str(tmp_path),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "DONE" in run.stderr
    assert list((tmp_path / "urls" / "found").iterdir())
