"""What is wrong with a declaration is told by file and row; nothing is wrong with what is shipped."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.tools.check.lint import lint, main
from pilotline.tools.check.overlaps import ORDERS, Order

LAMP = """\
import random
from typing import Annotated

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.reading import Source
from pilotline.core.statechart import Family, Machine, ignores, negated, on


class Own(Struct, frozen=True):
    state: str = "off"
    pressed: int = 0


class Reads(Struct, frozen=True):
    allowed: Annotated[bool, Source("fact", "allowed", "s[k]")]


class Pressed(Struct, frozen=True): ...
class Released(Struct, frozen=True): ...
class Rang(Struct, frozen=True): ...


class Row(Struct, frozen=True):
    id: str
    source: str | tuple[str, ...]
    target: str | None


class row:
    R1 = Row("R1", "off", "on")
    R2 = Row("R2", "on", "off")
    R3 = Row("R3", ("off", "on"), None)
    R4 = Row("R4", "off", None)


SEEN = {}


def allowed(own: Own, reads: Reads, event: object) -> bool:
    return reads.allowed


def pressed_before(own: Own, reads: Reads, event: object) -> bool:
    return own.pressed > 0


def pressed_often(own: Own, reads: Reads, event: object) -> bool:
    return own.pressed > 5 and reads.allowed


def tired(own: Own, reads: Reads, event: object) -> bool:
    return reads.hours > 10


def lucky(own: Own, reads: Reads, event: object) -> bool:
    return random.random() > 0.5


def count(own: Own, reads: Reads, event: object, now: int) -> Own:
    return Own(own.state, SEEN.get(own.state, 0) + 1)


def ring(own: Own, reads: Reads, event: object, now: int) -> tuple[Own, tuple[Rang]]:
    return own, (Rang(),)


def press(own: Own, reads: Reads, event: object, now: int) -> tuple[Own, tuple[Pressed, ...]]:
    return own, (Pressed(),)


def machine(name, *table, states=("off", "on"), **more):
    silent = ignores(Pressed, Released, Rang, because="nothing comes of it")
    return Machine(
        name, family=Family("station", None), home="moment", blank=Own(), reads=Reads,
        states=states, table=table, ignored=(silent,), lasting=states, **more,
    )


"""
Lint = Callable[..., list[str]]


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """What is told of these lines after the ones above: the line itself in the place of its number."""
    monkeypatch.chdir(tmp_path)

    def told(declared: str) -> list[str]:
        text = LAMP + declared
        (tmp_path / "lamps.py").write_text(text)
        status = main(["lamps.py"])
        *lines, summary = capsys.readouterr().out.splitlines()
        assert status == (1 if lines else 0)
        assert summary.endswith(f"{len(lines)} findings")
        return [_with_text(line, text.splitlines()) for line in lines]

    return told


def _with_text(line: str, text: list[str]) -> str:
    found = re.fullmatch(r"lamps\.py:(\d+): (.*)", line)
    assert found, line
    return f"{text[int(found[1]) - 1].strip()} # {found[2]}"


def test_nothing_is_wrong_with_what_is_shipped() -> None:
    assert [str(finding) for finding in lint(MACHINES, OPERATIONS)] == []


def test_the_command_looks_at_all_that_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    rows = sum(len(machine.table) for machine in MACHINES) + sum(len(table.rows) for table in OPERATIONS)
    assert capsys.readouterr().out == (
        f"{len(MACHINES)} machines, {len(OPERATIONS)} operations, {rows} rows: 0 findings\n"
    )


def test_a_sound_lamp_has_no_findings(findings: Lint) -> None:
    assert (
        findings(
            """
LAMP = machine("lamp", on(Pressed, row.R1, when=[allowed, pressed_before]), on(Pressed, row.R4, when=[allowed]),
    on(Released, row.R2, ring))
"""
        )
        == []
    )


# --- one broken declaration for each kind ---------------------------------------------------------------------


def test_a_state_that_no_row_leads_to(findings: Lint) -> None:
    assert findings(
        """
LAMP = Machine("lamp", family=Family("station", None), home="moment", blank=Own(), reads=Reads,
    states=(
        "off",
        "on",
        "broken",
    ), lasting=("on", "broken"),
    table=(on(Pressed, row.R1), on(Released, Row("R7", "broken", "off"))),
    ignored=(ignores(Pressed, Released, because="nothing comes of it"),))
"""
    ) == [
        '"broken", # lamp state broken: no row leads here from the initial state; bind a row to it, or take it out',
        'table=(on(Pressed, row.R1), on(Released, Row("R7", "broken", "off"))), '
        "# lamp row R7/Released: no instance is ever in broken; take it out",
    ]


def test_a_row_that_starts_in_a_final_state(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1),
    on(Released, row.R2),
    final=("on",))
"""
    ) == ["on(Released, row.R2), # lamp row R2/Released: no instance is ever in on; take it out"]


def test_a_row_with_the_guards_of_another(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R4, when=[allowed]),
)
"""
    ) == [
        "on(Pressed, row.R4, when=[allowed]), # lamp row R4/Pressed: is never taken in off: "
        "R1/Pressed before it take all that it would; put it before them, or take it out"
    ]


def test_a_row_whose_guard_implies_that_of_another(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[pressed_before]),
    on(Pressed, row.R4, when=[pressed_often]),
)
"""
    ) == [
        "on(Pressed, row.R4, when=[pressed_often]), # lamp row R4/Pressed: is never taken in off: "
        "R1/Pressed before it take all that it would; put it before them, or take it out"
    ]


def test_a_row_behind_all_cases(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R3, when=[negated(allowed)]),
    on(Pressed, row.R4),
)
"""
    ) == [
        "on(Pressed, row.R4), # lamp row R4/Pressed: is never taken in off: "
        "R1/Pressed, R3/Pressed before it take all that it would; put it before them, or take it out"
    ]


def test_a_row_whose_guards_exclude_each_other(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed, negated(allowed)]),
)
"""
    ) == [
        "on(Pressed, row.R1, when=[allowed, negated(allowed)]), # lamp row R1/Pressed: is never taken in off: "
        "its guards exclude each other; let one of them go"
    ]


def test_two_rows_of_which_both_may_hold(findings: Lint) -> None:
    assert findings(
        """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R4, when=[pressed_before]),
)
"""
    ) == [
        "on(Pressed, row.R4, when=[pressed_before]), # lamp row R4/Pressed: may hold together with R1/Pressed, "
        "which is taken then; let their guards exclude each other, or say by an Order why that is right"
    ]


def test_two_rows_whose_order_was_looked_at(findings: Lint) -> None:
    assert (
        findings(
            """
from pilotline.tools.check.overlaps import Order

ORDER = Order("lamp", "Pressed", ("R1", "R4"), "light is better than none")
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R4, when=[pressed_before]),
)
"""
        )
        == []
    )


def test_rows_that_do_the_same_may_overlap(findings: Lint) -> None:
    assert (
        findings(
            """
LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R1, when=[pressed_before]),
)
"""
        )
        == []
    )


def test_a_decision_that_is_never_made(findings: Lint) -> None:
    assert findings(
        """
def yes(reads: Reads, request: Pressed) -> str:
    return "yes"


def may(reads: Reads, request: Pressed) -> bool:
    return reads.allowed


def may_today(reads: Reads, request: Pressed) -> bool:
    return reads.allowed and random.random() > 0.5


PRESS = DecisionTable(Pressed, Reads, (
    when(may, name="allowed", answer=yes),
    when(may_today, name="allowed today", answer=yes),
    otherwise("forbidden", yes),
))
"""
    ) == [
        "return reads.allowed and random.random() > 0.5 # Pressed row allowed today: its guard may today "
        "reads random of the module random; let an event or the slice tell it",
        'when(may_today, name="allowed today", answer=yes), # Pressed row allowed today: is never taken: '
        "allowed before it take all that it would; put it before them, or take it out",
    ]


def test_a_guard_that_reads_what_its_slice_does_not_hold(findings: Lint) -> None:
    assert findings('LAMP = machine("lamp", on(Pressed, row.R1, when=[tired]))') == [
        "return reads.hours > 10 # lamp row R1/Pressed: its guard tired reads reads.hours, "
        "which its slice does not hold; declare hours in Reads"
    ]


def test_a_guard_that_asks_chance(findings: Lint) -> None:
    assert findings('LAMP = machine("lamp", on(Pressed, row.R1, when=[lucky]))') == [
        "return random.random() > 0.5 # lamp row R1/Pressed: its guard lucky reads random of the module random; "
        "let an event or the slice tell it"
    ]


def test_an_action_that_reads_a_global_that_may_change(findings: Lint) -> None:
    assert findings('LAMP = machine("lamp", on(Pressed, row.R1, count), on(Released, row.R2, count))') == [
        "return Own(own.state, SEEN.get(own.state, 0) + 1) # lamp row R1/Pressed: its action count "
        "reads the global SEEN, a dict that may change; make it a constant, or a field of the slice"
    ]


def test_events_that_raise_each_other_across_machines(findings: Lint) -> None:
    assert findings(
        """
BELL = machine("bell",
    on(Pressed, row.R1, ring),
)
HAND = machine("hand",
    on(Rang, row.R1, press),
)
"""
    ) == [
        "on(Pressed, row.R1, ring), # bell row R1/Pressed: Pressed -> Rang -> Pressed comes round "
        "(bell R1/Pressed, hand R1/Rang): a step would not end; raise one of them by a timer instead"
    ]


def test_every_cycle_is_told(findings: Lint) -> None:
    told = findings(
        """
BELL = machine("bell",
    on(Pressed, row.R1, press),
    on(Rang, row.R3, ring),
)
"""
    )
    assert ["Pressed -> Pressed comes round" in told[0], "Rang -> Rang comes round" in told[1]] == [
        True,
        True,
    ]
    assert len(told) == 2


def test_what_is_refused_at_import_is_told_by_file_and_row(findings: Lint) -> None:
    assert findings(
        """
LAMP = Machine("lamp", family=Family("station", None), home="moment", blank=Own(), reads=Reads,
    states=("off", "on"), lasting=("on",), table=(on(Pressed, row.R1), on(Pressed, row.R4)))
"""
    ) == [
        'LAMP = Machine("lamp", family=Family("station", None), home="moment", blank=Own(), reads=Reads, '
        f"# lamp: {problem}"
        for problem in (
            "in off on Pressed the unguarded R1/Pressed hides R4/Pressed",
            "in on the event Pressed is neither bound nor ignored after no row",
        )
    ]


def test_a_file_that_is_not_there_is_said_to_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nowhere.py", "no.such.module"):
        with pytest.raises(SystemExit):
            main([name])
        assert f"no such file or module: {name}" in capsys.readouterr().err


def test_the_findings_of_the_page_are_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lamps.py").write_text(
        LAMP
        + """LAMP = machine("lamp",
    on(Pressed, row.R1, when=[allowed]),
    on(Pressed, row.R4, when=[allowed]),
    on(Rang, row.R3, when=[lucky]),
    states=("off", "on", "broken"))
"""
    )
    assert main(["lamps.py"]) == 1
    page = (Path(__file__).parents[2] / "docs/lint.md").read_text("utf-8")
    (excerpt,) = re.findall(r"^```\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert capsys.readouterr().out == excerpt


# --- orders that were looked at -------------------------------------------------------------------------------


def test_every_order_is_one_of_rows_that_overlap() -> None:
    """An order that decides nothing any more is taken out again."""
    told = {
        (finding.table, found[1], finding.part.removeprefix("row "))
        for finding in lint(MACHINES, orders=())
        if (found := re.search(r"may hold together with (.*), which", finding.what))
    }
    assert told <= set().union(*(order.pairs for order in ORDERS))
    for order in ORDERS:
        assert {binding for pair in told & order.pairs for binding in pair[1:]} == set(order.bindings), order


def test_an_order_names_bindings_with_their_guards() -> None:
    order = Order("lamp", "Pressed", ("R1", "R4 [allowed]"), "it is bright")
    assert order.pairs == {("lamp", "R1/Pressed", "R4/Pressed [allowed]")}
