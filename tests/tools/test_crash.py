"""The real process, killed at random moments: nothing is lost. Two hundred kills have a command of their own."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pilotline.tools.crash import MOMENTS, Crash, Line, Outcome, main, report
from pilotline.tools.crash_audit import Problem
from pilotline.tools.crash_driver import POWER_CUTS, product_file
from pilotline.tools.running import product_of

KILLS = 25
SEED = 2026


@pytest.mark.timeout(600)
def test_no_transaction_is_lost_whenever_the_process_is_killed(tmp_path: Path) -> None:
    outcome = asyncio.run(Crash(KILLS, SEED, tmp_path, print).run())
    assert not outcome.problems, "\n".join(report(outcome, SEED, tmp_path))
    assert sum(outcome.figures[f"killed {moment}"] for moment in MOMENTS) == KILLS
    assert outcome.figures["transactions at the Central System"] >= 5
    assert outcome.figures["repeats of these"] >= 1


@pytest.mark.parametrize("power_cut", POWER_CUTS)
def test_the_product_is_the_reference_with_short_times(tmp_path: Path, power_cut: str) -> None:
    product = product_of(str(product_file(tmp_path, power_cut)))
    assert product.power_cut == power_cut
    assert product.reconnect_max_s == 1
    assert product.identity.charge_point_model == "Reference"


def test_a_report_tells_seed_place_and_the_story_around_the_first_problem(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    story = [Line(at + timedelta(seconds=second), "driver", f"line {second}") for second in range(-20, 21)]
    told = "\n".join(report(Outcome({}, [Problem("it is lost", at)], story), 7, tmp_path))
    assert "seed 7" in told
    assert str(tmp_path) in told
    assert "it is lost" in told
    assert "line 5" in told
    assert "line 15" not in told


def test_a_station_that_ends_by_itself_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text(json.dumps({"version": 99, "points": []}))
    outcome = asyncio.run(Crash(3, 1, tmp_path, print).run())
    assert any("ended by itself, with status 1" in problem.what for problem in outcome.problems)
    assert outcome.figures["promises broken"] == 1


def test_the_command_keeps_the_state_of_a_run_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_self: Crash) -> Outcome:
        return Outcome({"promises broken": 1}, [Problem("it is lost", datetime.now(UTC))], [])

    monkeypatch.setattr(Crash, "run", broken)
    assert main(["--kills", "1", "--seed", "7"]) == 1
    shown = capsys.readouterr().out
    folder = Path(shown.split("the state directory is ")[1].split()[0])
    assert folder.is_dir()
    folder.rmdir()
