"""A broken promise as it happens to a station: replayed, told, drawn, and as a test that fails until it is mended."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from pilotline.core.effects import CloseContactor, SendCall
from pilotline.core.events import (
    CablePlugged,
    CommitFailed,
    DeadlinePassed,
    External,
    PoweredUp,
    TagPresented,
)
from pilotline.core.machines.session import SESSION
from pilotline.core.state import Instant, Memory, State
from pilotline.core.step import Step, step
from pilotline.tools.check.as_pytest import as_pytest
from pilotline.tools.check.counterexample import Counterexample, counterexample, save
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.report import Violation
from pilotline.tools.check.retold import Told, patient, retold
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.stepping import Stepper
from pilotline.tools.check.story import Move
from pilotline.tools.cli import app

STEPS = {
    "session": 1500,
    "answers": 1500,
    "power": 1500,
    "power, resumed": 1500,
    "two connectors": 1500,
    "samples": 1500,
    "remote, unasked": 1500,
    "commits fail": 1500,
    "registration": 300,
    "vendor": 12,
    "cards, power": 1500,
    "mains": 1500,
    "reserved": 200,
    "local list": 300,
    "firmware": 1500,
    "diagnostics": 1500,
    "limited on the spot": 60,
    "warnings": 1500,
}
"""Scopes, and after how many steps of the search."""


def found(scope: str, stepper: Stepper | None = None) -> Violation:
    violation = Search(scopes()[scope], stepper=stepper).run().violation
    assert violation is not None
    return violation


@cache
def far_away(scope: str, steps: int | None = None) -> Violation:
    """The shortest way to where a search is after so many steps."""
    left = steps or STEPS[scope]

    def tired(state: State | Memory | None, event: External, now: Instant) -> Step:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError("enough")
        return step(state, event, now)

    return found(scope, tired)


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Violation:
    """Any plug begins a use, also of an Inoperative connector."""
    monkeypatch.setattr(next(b for b in SESSION.table if b.name == "S1/CablePlugged"), "guards", ())
    return found("availability")


def module_of(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(text, "test_found.py", "exec"), names)
    return names


# --- taken again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
def test_a_station_comes_to_what_the_search_came_to(name: str) -> None:
    scope = scopes()[name]
    violation = far_away(name)
    run = retold(violation.story[:-1], scope)
    assert run.parted is None
    assert len(run.told) >= 2
    assert max(told.move for told in run.told) <= len(violation.story)
    text = as_pytest("test_found", "one open call", "OCPP-J §4.1.1", scope, run.told)
    names = module_of(text)
    assert names["STORY"] == tuple((told.at, told.event) for told in run.told)
    names["test_found"]()


def test_time_goes_on_and_numbers_do_too() -> None:
    run = retold(far_away("samples", 6000).story[:-1], scopes()["samples"])
    times = [told.at for told in run.told]
    assert times == sorted(times)
    assert sum(told.passed_ms for told in run.told) == times[-1] >= 1000
    assert any(isinstance(told.event, DeadlinePassed) for told in run.told)
    asked = [effect for told in run.told for effect in told.happening.effects if isinstance(effect, SendCall)]
    ids = [call.message_id for call in asked]
    again = [call for place, call in enumerate(asked) if call.message_id in ids[:place]]
    assert all(call.request == asked[ids.index(call.message_id)].request for call in again)
    assert all(call.message_id.split("-")[-1].startswith("q") for call in again)  # from the queue
    assert len(set(ids)) > 3


def test_a_timer_that_never_fires_in_a_scope_is_too_long_for_any_story() -> None:
    session = scopes()["session"]
    assert session.product.status_delay_ms == 1000
    assert patient(session).status_delay_ms > 10**8
    assert patient(session._replace(inert=frozenset())) == session.product


def test_a_station_that_keeps_the_promise_is_said_to(unguarded: Violation) -> None:
    scope = scopes()["availability"]
    run = retold(unguarded.story, scope)._replace(parted="after move 2 in timers")
    other = Counterexample(Violation("one open call", "OCPP-J §4.1.1", unguarded.story), scope, run)
    assert other.shown is False
    assert other.story().endswith("this station does not: it has parted after move 2 in timers")


def test_a_step_that_fails_only_in_the_search_is_said_to() -> None:
    def fails_at_first(state: State | Memory | None, event: External, now: Instant) -> Step:
        if isinstance(event, DeadlinePassed) and now == 0:
            raise KeyError("lost")
        return step(state, event, now)

    boot = far_away("session").story[0]
    run = retold((boot, Move(None, 1000), Move(DeadlinePassed(), 0)), scopes()["session"], fails_at_first)
    assert run.parted == "in move 3, which fails only as the search took it"
    assert [told.at for told in run.told] == [0, 1000]


# --- told ----------------------------------------------------------------------------------------------------


def test_the_story_says_what_happened_and_what_the_station_did(unguarded: Violation) -> None:
    lines = counterexample(unguarded, scopes()["availability"]).story().splitlines()
    assert lines[0] == "  1. power is on (after PowerLoss; plugged in: none)"
    assert "     - sends ChangeAvailability.conf status=Accepted" in lines
    assert lines[-4:] == [
        "  7. cable plugged (connector 1)",
        "     - connector 1: Unavailable → Preparing",
        "     - show status (connector 1, status Preparing)",
        '     broken: "Inoperative means unused" (§4.9, §5.2)',
    ]


def test_the_story_says_how_much_time_passed() -> None:
    violation = far_away("samples", 6000)
    story = counterexample(violation._replace(story=violation.story[:-1]), scopes()["samples"]).story()
    assert re.search(r"^ *\d+\. [\d.]+ s later a deadline is reached$", story, re.MULTILINE)


@pytest.mark.parametrize("name", STEPS)
def test_the_picture_has_only_what_mermaid_reads(name: str) -> None:
    violation = far_away(name)
    lines = (
        counterexample(violation._replace(story=violation.story[:-1]), scopes()[name]).mermaid().splitlines()
    )
    assert lines[0] == "sequenceDiagram"
    name_of = r"(Driver|EV|Hardware|Station|Central|World)"
    forms = (
        rf"    participant {name_of} as [\w ]+",
        rf"    {name_of}->>{name_of}: [^;#\n]+",
        rf"    Note over {name_of}(,{name_of})?: [^;#\n]+",
    )
    for line in lines[1:]:
        assert any(re.fullmatch(form, line) for form in forms), line
    assert lines[-1].startswith("    Note over Driver,World: broken: ")


def test_the_picture_has_frames_both_ways_and_notes_of_statuses(unguarded: Violation) -> None:
    lines = counterexample(unguarded, scopes()["availability"]).mermaid().splitlines()
    assert "    Central->>Station: 6. ChangeAvailability.req connectorId=1 type=Inoperative" in lines
    assert "    Station->>Central: ChangeAvailability.conf status=Accepted" in lines
    assert "    Note over Station: connector 1: Unavailable → Preparing" in lines
    assert lines[-1] == "    Note over Driver,World: broken: Inoperative means unused (§4.9, §5.2)"


# --- as a test -----------------------------------------------------------------------------------------------


def test_the_test_fails_while_the_guard_is_missing(
    unguarded: Violation, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = module_of(counterexample(unguarded, scopes()["availability"]).pytest())[
        "test_inoperative_means_unused"
    ]
    with pytest.raises(AssertionError, match="Inoperative means unused"):
        test()
    monkeypatch.undo()
    test()


def energise(_state: object, event: External, taken: Step) -> Step:
    return (
        replace(taken, effects=(*taken.effects, CloseContactor(1)))
        if isinstance(event, CablePlugged)
        else taken
    )


def fail(_state: object, event: External, taken: Step) -> Step:
    if isinstance(event, CablePlugged):
        raise KeyError("lost")
    return taken


def store_all_the_same(state: State | Memory | None, event: External, taken: Step) -> Step:
    return step(state, event.event, Instant(0)) if isinstance(event, CommitFailed) else taken


def stick(state: State | Memory | None, event: External, taken: Step) -> Step:
    stuck = isinstance(state, State) and type(event).__name__ == "FaultCleared"
    return replace(taken, state=state, effects=(), changes=(), trace=()) if stuck else taken


BROKEN: dict[str, tuple[str, Callable[..., Step]]] = {
    "energy only after authorization": ("session", energise),
    "a step never fails": ("session", fail),
    "what could not be stored has not happened": ("commits fail", store_all_the_same),
    "there is always a way back to rest": ("faults", stick),
}


@pytest.mark.parametrize("promise", BROKEN)
def test_every_kind_of_promise_has_its_test(
    promise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, change = BROKEN[promise]

    def broken(state: State | Memory | None, event: External, now: Instant, reacts: object = None) -> Step:
        return change(state, event, step(state, event, now))

    violation = found(name, broken)
    assert violation.promise.startswith(promise)
    example = counterexample(violation, scopes()[name], broken)
    assert example.shown is (None if change is stick else True)
    text = example.pytest()
    file = tmp_path / "test_found.py"
    file.write_text(text)
    for arguments in (["format", "--check"], ["check", "--select", "F,E,I,W,UP"]):
        config = ["--config", str(Path(__file__).parents[2] / "pyproject.toml")]
        ruff = [sys.executable, "-m", "ruff", *arguments, *config, str(file)]
        ran = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    test = module_of(text)
    test[f"test_{example.name}"]()
    if change is stick:
        monkeypatch.setattr(Search, "run", lambda _search: Report(violation))
    else:
        test["step"] = broken
    with pytest.raises((AssertionError, KeyError)):
        test[f"test_{example.name}"]()


class Report:
    """What a search of the broken station reports."""

    def __init__(self, violation: Violation) -> None:
        self.violation = violation


def test_whatever_a_reader_reads_can_be_written_as_python() -> None:
    event = TagPresented(1, "a\"\\\x00\n'ä")
    told = Told(1, 0, None, event, Instant(0), None)
    text = as_pytest(
        "test_found", 'a step never fails: KeyError "lost"""', "ADR 0003", scopes()["session"], [told]
    )
    assert module_of(text)["STORY"] == ((0, event),)
    assert text.startswith(
        '"""Found by the explorer in the scope "session": a step never fails (ADR 0003)."""'
    )


# --- saved ---------------------------------------------------------------------------------------------------


def test_what_is_saved_is_replayed_byte_for_byte_until_it_is_mended(
    unguarded: Violation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, told, test = save(unguarded, scopes()["availability"], tmp_path / "found")
    assert [path.name for path in (journal, told, test)] == [
        "inoperative_means_unused.journal",
        "inoperative_means_unused.md",
        "test_inoperative_means_unused.py",
    ]
    assert told.read_text().count("```mermaid") == 1
    replay = CliRunner().invoke(app, ["replay", str(journal)])
    assert replay.exit_code == 0, replay.output
    assert "7 steps, every effect as recorded; 0 gaps" in replay.output
    monkeypatch.undo()
    replay = CliRunner().invoke(app, ["replay", str(journal)])
    assert replay.exit_code == 1
    assert "step 7" in replay.output


@pytest.mark.parametrize("name", STEPS)
def test_a_journal_of_any_scope_is_replayed(name: str, tmp_path: Path) -> None:
    violation = far_away(name)
    journal, *_ = save(violation._replace(story=violation.story[:-1]), scopes()[name], tmp_path)
    replay = CliRunner().invoke(app, ["replay", str(journal)])
    assert replay.exit_code == 0, replay.output
    assert "every effect as recorded; 0 gaps" in replay.output


def test_a_boot_in_the_middle_of_a_story_is_replayed(tmp_path: Path) -> None:
    violation = next(
        violation
        for violation in (far_away("power", steps) for steps in range(4000, 6000, 100))
        if sum(type(move.event) is PoweredUp for move in violation.story[:-1]) > 1
    )
    story = violation.story[:-1]
    journal, *_ = save(violation._replace(story=story), scopes()["power"], tmp_path)
    assert CliRunner().invoke(app, ["replay", str(journal)]).exit_code == 0
