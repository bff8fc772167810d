"""The checks are checked: faults are put into the tables, and noticed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pilotline.core.declared import MACHINES
from pilotline.tools.check.campaign import STATES_MAX, searched
from pilotline.tools.check.coverage import declared
from pilotline.tools.check.covering import covering, taken_in, taken_on_walks
from pilotline.tools.check.mutants import chosen
from pilotline.tools.check.mutants_of_tables import every_mutant
from pilotline.tools.check.mutate import COUNTS, is_open, kept_in, line, main, summary, table
from pilotline.tools.check.mutate_reasons import SAME, SURVIVORS
from pilotline.tools.check.mutate_run import Verdict
from pilotline.tools.check.scopes import small_scopes
from pilotline.tools.check.unreached import UNREACHED
from pilotline.tools.check.walked import stateful

EVERY = {mutant.name: mutant for mutant in every_mutant()}
NOTICED = Verdict("a: x", "a", "explorer", "a promise", "a scope", 1.0)
MISSED = Verdict("b: y", "b", "nothing", "", "", 1.0)
MUTANTS = Path(__file__).parents[2] / "docs/mutants"
"""The verdicts of every seed that was asked, and their tables."""


def test_the_first_ten_faults_of_seed_1_are_noticed(tmp_path: Path) -> None:
    """Or they make no difference, and it is said why."""
    kept = tmp_path / "verdicts"
    main(["--count", "10", "--stage", "explorer", "--within", "300", "--kept", str(kept)])
    verdicts = kept_in(kept).values()
    assert len(verdicts) == 10
    assert [verdict.name for verdict in verdicts if verdict.by not in (*COUNTS, "same")] == []


def test_what_is_kept_is_not_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, name = tmp_path / "verdicts", "level dropped: contactor"
    kept.write_text(json.dumps(NOTICED._replace(name=name)))
    assert main([name, "--kept", str(kept)]) == 0
    assert capsys.readouterr().out.startswith("1 of 1 noticed")


@pytest.mark.parametrize("kept", sorted(MUTANTS.glob("*.jsonl")), ids=lambda kept: kept.stem)
def test_the_figures_are_those_of_the_verdicts(kept: Path) -> None:
    verdicts = list(kept_in(kept).values())
    assert kept.with_suffix(".md").read_text() == table(verdicts) + "\n"
    counted = [verdict for verdict in verdicts if verdict.by != "same"]
    assert sum(verdict.by in COUNTS for verdict in counted) >= 0.95 * len(counted)


# --- which there are -----------------------------------------------------------------------------------------


def test_no_two_mutants_have_one_name() -> None:
    assert len(EVERY) == len(every_mutant())


def test_each_operator_is_chosen_as_often_as_any_other() -> None:
    operators = [mutant.operator for mutant in chosen(EVERY.values(), 44, seed=1)]
    assert {operators.count(operator) for operator in operators} == {2}


def test_the_same_seed_chooses_the_same() -> None:
    first, again = (chosen(EVERY.values(), 40, seed=3) for _ in range(2))
    assert [mutant.name for mutant in first] == [mutant.name for mutant in again]
    assert [mutant.name for mutant in first] != [mutant.name for mutant in chosen(EVERY.values(), 40, seed=4)]


def test_whatever_is_excused_is_a_mutant() -> None:
    assert set(SURVIVORS) <= set(EVERY)
    assert set(SAME) <= set(EVERY)
    assert not set(SAME) & set(SURVIVORS)


# --- one of them ---------------------------------------------------------------------------------------------


def judged(name: str) -> Verdict:
    """In a process of its own: a fault stays in the tables."""
    command = (sys.executable, "-m", "pilotline.tools.check.mutate", name, "--here", "--stage", "explorer")
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return Verdict(*json.loads(ran.stdout))


def test_a_fault_that_leaves_a_table_open_is_refused_by_its_definition() -> None:
    verdict = judged("rows swapped: call C5/CallTimedOut and C4/CallTimedOut")
    assert verdict.by == "definition"
    assert "the unguarded C4/CallTimedOut hides C5/CallTimedOut" in verdict.promise


def test_a_fault_in_a_level_is_noticed_by_what_is_handed_over() -> None:
    verdict = judged("level dropped: contactor")
    assert (verdict.by, verdict.promise) == ("explorer", "levels are handed over")


def test_a_boot_that_forgets_a_machine_is_noticed() -> None:
    assert judged("PoweredUp does nothing: reservation").by == "explorer"


def test_without_tests_nobody_is_said_to_have_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is installed, without a checkout."""
    monkeypatch.setattr("pilotline.tools.check.mutate.ROOT", tmp_path)
    with pytest.raises(SystemExit):
        main(["--count", "1"])
    assert "runs the tests of a checkout, and this is none" in capsys.readouterr().err


# --- which scopes take what ----------------------------------------------------------------------------------


def test_what_each_scope_takes_is_known_of_every_scope_and_binding() -> None:
    assert set(taken_in()) == set(small_scopes())
    machines = {machine.name for machine in MACHINES}
    taken = {place for places in taken_in().values() for place in places}
    assert {place for place in taken if place[0] in machines} == set(declared()) - set(UNREACHED)


def test_what_each_stateful_test_takes_is_known() -> None:
    assert set(taken_on_walks()) == set(stateful())


@pytest.mark.parametrize("scope", ["vendor", "limited on the spot", "reserved"])
def test_what_a_scope_takes_is_fresh(scope: str) -> None:
    assert set(searched(scope, STATES_MAX).fired) == taken_in()[scope]


def test_the_cheapest_scope_comes_first() -> None:
    assert covering([("link", "L1/PoweredUp")])[0] == next(iter(taken_in()))


# --- the report ----------------------------------------------------------------------------------------------


def test_only_what_nobody_notices_or_excuses_is_open() -> None:
    excused = MISSED._replace(name=next(iter(SURVIVORS)))
    assert [is_open(verdict) for verdict in (NOTICED, MISSED, excused)] == [False, True, False]


def test_what_is_noticed_is_not_the_same_station() -> None:
    name = next(iter(SAME))
    same, noticed = MISSED._replace(name=name, by="same"), NOTICED._replace(name=name)
    assert [is_open(verdict) for verdict in (same, noticed)] == [False, True]
    assert line(same).endswith(f"the same station: {SAME[name]}")


def test_a_line_says_who_noticed() -> None:
    assert line(NOTICED).endswith('a: x\n          explorer: "a promise" in a scope')
    assert "NOT NOTICED: no reason known" in line(MISSED)


def test_the_summary_and_the_table_count_them() -> None:
    same = MISSED._replace(by="same")
    told = "1 of 3 noticed by the checks (33.3 %), of those that are not the same station 1 of 2 (50.0 %)"
    assert summary([NOTICED, MISSED, same]).startswith(told)
    assert "| **all** | 3 | 0 | 1 | 0 | 0 | 1 | 1 |" in table([NOTICED, MISSED, same])


def test_a_name_that_nobody_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing: at all"])
    assert "no such mutant: nothing: at all" in capsys.readouterr().err


def test_mutants_are_listed_by_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "level dropped"]) == 0
    assert "level dropped: lock" in capsys.readouterr().out.splitlines()
