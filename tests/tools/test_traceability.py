"""Every rule has a carrier that is declared and a test that shows it; every certification case is played."""

from importlib import import_module
from pathlib import Path

import pytest

from pilotline.spec.certification import ALL_CASES, CASES
from pilotline.spec.products import product_names
from pilotline.spec.rules import RULES
from pilotline.tools import traceability
from pilotline.tools.rule_carriers import CARRIERS, PENDING, PENDING_CASES
from pilotline.tools.traceability import (
    Shown,
    cases_table,
    holes,
    is_declared,
    rules_table,
    shown_in,
)

ROOT = Path(__file__).parents[2]
TESTS = shown_in(ROOT)


def test_there_is_no_hole() -> None:
    assert holes(TESTS) == []


def test_the_rules_are_numbered_without_a_gap_and_name_their_sections() -> None:
    assert [rule.number for rule in RULES] == list(range(1, len(RULES) + 1))
    assert all("§" in rule.sections or "errata" in rule.sections for rule in RULES)
    statements = [rule.statement for rule in RULES]
    assert len(set(statements)) == len(statements)


def test_what_is_carried_or_comes_later_is_known_by_number() -> None:
    numbers = {rule.number for rule in RULES}
    assert {*CARRIERS, *PENDING} <= numbers
    assert set(PENDING_CASES) <= set(ALL_CASES)


def test_a_case_belongs_to_one_profile() -> None:
    assert len(ALL_CASES) == sum(map(len, CASES.values()))


def test_every_case_that_a_test_names_is_known() -> None:
    assert {case for shown in TESTS for case in shown.cases} <= set(ALL_CASES)


@pytest.mark.parametrize("path", sorted({shown.path for shown in TESTS}))
def test_what_is_read_as_text_is_what_pytest_collects(path: str) -> None:
    module = import_module(path.removesuffix(".py").replace("/", "."))
    for shown in TESTS:
        if shown.path == path:
            marks = [mark for mark in getattr(module, shown.name).pytestmark if mark.name == "rule"]
            assert tuple(number for mark in marks for number in mark.args) == shown.rules


@pytest.mark.parametrize(
    "name",
    [
        "connector B6",
        "connector B6/UseTimedOut",
        "ChangeConfigurationReq: read-only key",
        "level lock",
        "promise one open call",
        "key HeartbeatInterval",
        "pilotline.spec.rpc.parse",
        "pilotline.spec.products.configuration.Configuration.text",
    ],
)
def test_what_is_declared_is_found(name: str) -> None:
    assert is_declared(name)


@pytest.mark.parametrize(
    "name",
    [
        "connector B7",
        "connector B6/UseBegan",
        "nobody B6",
        "ChangeConfigurationReq: no such row",
        "Nonsense: read-only key",
        "level gate",
        "promise to be good",
        "key Nonsense",
        "pilotline.spec.rpc.nonsense",
        "pilotline.nonsense",
        "",
    ],
)
def test_what_is_not_declared_is_not_found(name: str) -> None:
    assert not is_declared(name)


def test_a_rule_without_its_test_its_carrier_or_with_one_too_many_is_a_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without = [shown._replace(rules=tuple(r for r in shown.rules if r != 4)) for shown in TESTS]
    assert holes(without) == ["rule 4: no test shows it"]
    waits = next(iter(PENDING))
    too_many = Shown("a.py", "test_a", (waits, 999), (), ())
    assert holes([*TESTS, too_many]) == [
        f"rule {waits}: has a carrier or a test, and is said to be pending",
        "a.py::test_a: there is no rule 999",
    ]
    carriers = {number: names for number, names in CARRIERS.items() if number != 5}
    monkeypatch.setattr(traceability, "CARRIERS", {**carriers, 6: ("call C99",)})
    assert holes(TESTS) == ["rule 5: nothing carries it", "rule 6: 'call C99' is not declared"]


def test_a_case_that_is_not_played_or_not_pending_any_more_is_a_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without = [shown for shown in TESTS if "TC_003_CS" not in shown.cases]
    assert "TC_003_CS: is played by no test" in holes(without)
    monkeypatch.setattr(traceability, "PENDING_CASES", {**PENDING_CASES, "TC_003_CS": "comes later"})
    assert holes(TESTS) == ["TC_003_CS: is not pending any more"]


def test_the_tables_show_every_rule_and_every_case_with_what_shows_it() -> None:
    rules, cases = rules_table(TESTS), cases_table(TESTS)
    assert all(f"| {rule.number} | {rule.statement} |" in rules for rule in RULES)
    (line,) = [line for line in cases.splitlines() if line.startswith("| Core | TC_005_3_CS |")]
    assert "conformance/test_session.py::test_TC_005_3_CS_ev_side_disconnected_goes_on" in line
    assert line.endswith(f"| {', '.join(product_names())} |")
    (line,) = [line for line in cases.splitlines() if line.startswith("| Core | TC_017_2_CS |")]
    assert line.endswith("| c6eu |")
    (line,) = [line for line in cases.splitlines() if line.startswith("| Reservation | TC_048_4_CS |")]
    assert line.endswith("| c6eu without Reservation, reference without Reservation |")


def test_a_folder_without_tests_has_tables_all_the_same(tmp_path: Path) -> None:
    assert shown_in(tmp_path) == ()
    assert "| 1 |" in rules_table(())
