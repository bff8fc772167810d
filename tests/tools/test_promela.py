"""SPIN's opinion and the explorer's: one verdict, as many states; and what of it needs no SPIN."""

import os
import subprocess
import sys
from functools import cache

import pytest

from pilotline.tools.check import promela, spin
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.promela import Opinions, filled, main, told_by_spin
from pilotline.tools.check.promela_model import PROMISES, Promela
from pilotline.tools.check.promela_table import table
from pilotline.tools.check.queue_variants import BROKEN, OURS, stepper_of
from pilotline.tools.check.recomposed import DELIVERED, DURABLE, IN_ORDER, Found
from pilotline.tools.check.report import Report
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.tabulated import NotInTheModel, Tables

VARIANTS = {"ours": OURS, **BROKEN}
FOUND = {"ours": (), "dropped-when-sent": (DELIVERED,), "overtaken": (IN_ORDER,), "in-the-moment": (DURABLE,)}
"""What the tables' own promises say of each."""
needs_spin = pytest.mark.skipif(spin.missing() is not None, reason=f"SPIN's opinion: {spin.missing()}")
QUEUE, SMALL = "queue", "limited together"


@cache
def of(name: str, variant: str) -> tuple[Tables, Found]:
    return filled(scopes()[name], VARIANTS[variant])


@cache
def searched(name: str, variant: str) -> tuple[Search, Report]:
    search = Search(scopes()[name], stepper=None if variant == "ours" else stepper_of(VARIANTS[variant]))
    return search, search.run()


@cache
def model(name: str, variant: str) -> str:
    return Promela(*of(name, variant)).text()


@cache
def opinions(name: str, variant: str) -> Opinions:
    tables, found = of(name, variant)
    return Opinions(tables, searched(name, variant)[1], found, spin.verify(model(name, variant)))


# --- without SPIN --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [QUEUE, SMALL, "kept cable", "old readings"])
def test_the_tables_lead_to_the_explorers_states_and_to_no_others(name: str) -> None:
    search, report = searched(name, "ours")
    tables, found = of(name, "ours")
    assert set(map(tables.slots.state, found.nodes)) == search.visited
    assert found.moves == report.transitions + report.ignored.total()


@pytest.mark.parametrize("variant", VARIANTS)
def test_tables_and_explorer_have_the_same_verdict_on_each_variant(variant: str) -> None:
    assert of(QUEUE, variant)[1].broken == FOUND[variant]
    assert (searched(QUEUE, variant)[1].violation is not None) == bool(FOUND[variant])


@pytest.mark.parametrize("name", [QUEUE, SMALL, "kept cable", "old readings"])
def test_the_model_begins_with_what_its_numbers_stand_for(name: str) -> None:
    legend = model(name, "ours").split("\n\n")[1]
    assert legend.startswith("/* What the numbers stand for")
    assert "outbox: none = 0; " in legend
    assert "link: waiting = " in legend


def test_a_variant_that_changes_nothing_is_the_station() -> None:
    assert Search(scopes()[SMALL], stepper=stepper_of(OURS)).run().states == len(of(SMALL, "ours")[1].nodes)


def test_the_model_is_the_same_whatever_the_hashes_are() -> None:
    """Those of this process are as good as any."""
    command = [sys.executable, "-m", promela.__name__, SMALL]
    seeded = {**os.environ, "PYTHONHASHSEED": "1"}
    printed = subprocess.run(command, env=seeded, capture_output=True, text=True, check=True).stdout
    assert printed == model(SMALL, "ours")


def test_a_table_has_an_option_for_each_outcome_and_none_for_what_it_does_not_know() -> None:
    text = table(("a", "b"), {(1, 2): "x = 1", (1, 3): "x = 1", (4, 2): "skip"})
    assert text.split("\n") == [
        "if",
        ":: a == 1 && (b == 2 || b == 3) -> x = 1",
        ":: b == 2 && a == 4 -> skip",
        ":: else -> tabulated = false; assert(tabulated)",
        "fi",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("unlock", "decision tables answer"),
        ("commits fail", "the store that fails"),
        ("clock-aligned", "ArmUtc"),
    ],
)
def test_what_cannot_be_tabulated_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(NotInTheModel, match=why):
        filled(scopes()[name], OURS)


def test_a_verdict_is_read_or_there_is_none() -> None:
    said = "State-vector 4 byte\n   12 states, stored\n   30 transitions (= stored+matched)\n"
    assert spin.read(said) == spin.Verdict(12, 30, None, ())
    assert spin.read("pan:1: assertion violated durable (at depth 9)\n" + said).broken == "durable"
    for unread in (
        "error: max search depth too small\n" + said,
        "pan:1: assertion violated tabulated (at depth 9)\n" + said,
        "pan:1: invalid end state (at depth 3)\n" + said,
        "Segmentation fault",
    ):
        with pytest.raises(spin.SpinFailed):
            spin.read(unread)


def test_without_spin_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["--verify"]) == 2
    assert capsys.readouterr().err == "not installed: spin, gcc (Debian: apt-get install spin gcc)\n"


# --- with SPIN -----------------------------------------------------------------------------------------------


@needs_spin
@pytest.mark.parametrize("variant", VARIANTS)
def test_spin_and_the_explorer_agree(variant: str) -> None:
    found = opinions(QUEUE, variant)
    assert found.agree
    assert ((PROMISES[found.spin.broken],) if found.spin.broken else ()) == FOUND[variant]


@needs_spin
@pytest.mark.parametrize("name", [QUEUE, SMALL])
def test_spin_stores_as_many_states_and_its_initial_one(name: str) -> None:
    found = opinions(name, "ours")
    assert found.spin.states == found.explorer.states + 1
    assert found.explored == found.tabulated == found.spun


@needs_spin
def test_spins_way_is_told_as_a_story() -> None:
    found = opinions(QUEUE, "in-the-moment")
    story = told_by_spin(found.of, found.spin).splitlines()
    assert "power is on" in story[0]
    assert "power is on" in story[-1]


@needs_spin
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("raised?event", "raised?event; if :: len(raised) > 0 -> raised!event; raised?event :: else fi"),
        ("after_sessions = sessions", "after_sessions = 0"),
    ],
    ids=["raised events overtake each other", "a round forgets what a session was"],
)
def test_spin_notices_a_composition_that_is_not_the_explorers(right: str, wrong: str) -> None:
    assert right in model(SMALL, "ours")
    with pytest.raises(spin.SpinFailed, match="what no table knows"):
        spin.verify(model(SMALL, "ours").replace(right, wrong))
