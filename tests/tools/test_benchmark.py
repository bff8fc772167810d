"""The benchmark measures what it says; no test here depends on how fast this machine is."""

import os
import subprocess
import sys

import pytest

from pilotline.core.step import step
from pilotline.tools import benchmark
from pilotline.tools.bench_answer import answer_figures
from pilotline.tools.bench_drain import drain_figures
from pilotline.tools.bench_explorer import LARGE, SCOPES, explorer_figures
from pilotline.tools.bench_figure import Figure, at_least, at_least_of, below, times_faster, times_the_cost
from pilotline.tools.bench_journal import journal_figures
from pilotline.tools.bench_list import list_figures
from pilotline.tools.bench_memory import memory_figures
from pilotline.tools.bench_process import process_figures, resident_mb
from pilotline.tools.bench_queue import queue_figures, queueing
from pilotline.tools.bench_rows import NOW, Case, Peer, cases, fired, in_the_station, row_figures
from pilotline.tools.bench_schedule import MANY, PERIODS, day_of, schedule_figures, stacked


def sane(figures: list[Figure]) -> bool:
    return all(figure.ours > 0 and figure.other > 0 and figure.ratio > 0 for figure in figures)


# --- targets ------------------------------------------------------------------------------------------------


def test_a_target_is_met_on_its_right_side_only() -> None:
    assert times_faster("x", 2, 5, 2.5).met is True
    assert times_faster("x", 2, 4.9, 2.5).met is False
    assert times_the_cost("x", 5, 2, 2.5).met is True
    assert times_the_cost("x", 5.1, 2, 2.5).met is False
    assert at_least("x", 20_000, 20_000, "steps/s").met is True
    assert at_least("x", 19_999, 20_000, "steps/s").met is False
    assert at_least_of("x", 40, 100, "1/s", 0.4).met is True
    assert at_least_of("x", 39, 100, "1/s", 0.4).met is False
    assert below("x", 9.9, 10, "ms").met is True
    assert below("x", 10, 10, "ms").met is False


def test_ratios_say_how_many_times() -> None:
    assert times_faster("x", 2, 5, 2.5).ratio == 2.5
    assert times_the_cost("x", 5, 2, 2.5).ratio == 2.5
    assert at_least("x", 30, 20, "steps/s").ratio == 1.5
    assert below("x", 5, 10, "ms").ratio == 0.5


def test_without_a_promise_nothing_is_met_or_missed() -> None:
    assert times_faster("x", 2, 5, None).met is None


# --- what is measured ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_all_ways_to_fire_a_row_give_the_same_record(case: Case) -> None:
    record, outputs = fired(case.machine, case.own, case.reads, case.event, NOW)
    peer = Peer(case)
    after = in_the_station(case)()

    assert peer.fire()
    assert (peer.instance.own, tuple(peer.instance.outputs)) == (record, outputs)
    assert Case(case.name, case.machine, case.key, after, case.event).own == record
    assert record != case.own
    binding = case.machine.pick(case.own, case.reads, case.event)
    assert binding is not None
    assert case.name == f"{case.machine.name} {binding.row.id}/{type(case.event).__name__}"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_firing_again_starts_from_the_same_record(case: Case) -> None:
    peer, in_station = Peer(case), in_the_station(case)
    assert [peer.fire(), peer.fire()] == [True, True]
    assert in_station() == in_station() != case.state


def test_a_whole_step_is_shown_where_it_takes_this_row_alone() -> None:
    figures = row_figures(rounds=1, calls=3)
    assert sane(figures)
    shown = {figure.name.removeprefix("step: ") for figure in figures if figure.name.startswith("step: ")}
    assert "contactor W1/ContactorClosed" in shown
    for case in cases():
        if case.name in shown:
            (taken,) = step(case.state, case.event, NOW).trace
            assert (taken.machine, taken.key) == (case.machine.name, case.key)
    for kind in ("row", "in the station"):
        assert [f.name for f in figures if f.name.startswith(f"{kind}: ")] == [
            f"{kind}: {case.name}" for case in cases()
        ]


def test_the_explorer_is_measured_on_every_scope_named() -> None:
    figures = explorer_figures(states_max=50)
    assert sane(figures)
    names = [*SCOPES, *LARGE, "a random walk", "the step alone"]
    for name in names:
        units = [figure.unit for figure in figures if figure.name.startswith(f"explorer: {name}, ")]
        assert units[:2] == ["steps/s", "triggers"]
    assert figures[-1].unit == "bytes"
    assert len(figures) == 2 * len(names) + 1


def test_the_list_is_measured_on_a_real_store() -> None:
    figures = list_figures(listed=100, full=50, rounds=1)
    assert sane(figures)
    assert [figure.unit for figure in figures] == ["us", "s", "us"]


def test_every_answer_is_timed_half_of_them_accepted() -> None:
    p50, p99 = answer_figures(requests=10)
    assert sane([p50, p99])
    assert p50.ours <= p99.ours
    assert "(5 Accepted, 5 Rejected)" in p50.name


def test_codec_and_store_have_a_figure_for_each_of_their_rows() -> None:
    pytest.importorskip("ocpp")
    codec = benchmark.codec_figures(rounds=1, calls_per_round=2)
    store = benchmark.store_figures(rounds=3)
    assert sane(codec)
    assert sane(store)
    assert (len(codec), len(store)) == (3, 4)


def test_a_full_outbox_is_drained_turn_by_turn() -> None:
    over_all, by_turn = drain_figures(messages=201, turn=50)
    assert sane([over_all])
    assert over_all.unit == "1/s"
    assert 0 < by_turn.ratio < 1  # the bare client does less


def test_each_message_is_queued_behind_few_and_behind_many() -> None:
    for name, (state, event) in queueing(10).items():
        (entry,) = (c.record for c in step(state, event, NOW).changes if c.collection == "outbox")  # type: ignore[union-attr]
        assert name.startswith(type(entry.message).__name__.removesuffix("Message")), name  # type: ignore[attr-defined]


def test_queueing_a_message_costs_the_same_however_many_wait() -> None:
    """Of three tries the best counts: other work can only spoil one."""
    worst = min(max(figure.ratio for figure in queue_figures(calls=20)) for _ in range(3))
    assert worst < 1.5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_station_that_works_for_long_needs_no_more_memory() -> None:
    figures = memory_figures(core=400, station=120)
    assert [figure.met for figure in figures] == [True, True], figures


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_processes_are_measured() -> None:
    help_s, import_s, rss_mb = process_figures(runs=1, idle_s=0)
    assert sane([help_s, import_s, rss_mb])
    assert (help_s.unit, import_s.unit, rss_mb.unit) == ("s", "s", "MB")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident_memory_is_that_of_the_process_which_must_live() -> None:
    mine = resident_mb(os.getpid())
    block = bytearray(os.urandom(1)) * (64 << 20)
    assert resident_mb(os.getpid()) - mine > 48
    assert len(block) == 64 << 20


def test_the_schedules_that_are_measured_are_as_long_as_they_are_said_to_be() -> None:
    assert day_of(stacked()) > PERIODS
    assert day_of(stacked(MANY // 10, 1)) == MANY // 10
    assert day_of(stacked(MANY, 1)) == MANY
    assert sane(schedule_figures(repetitions=1))


# --- the command --------------------------------------------------------------------------------------------


def measured(*figures: Figure) -> dict[str, object]:
    return {"rows": lambda: list(figures), "store": lambda: [below("stored", 1, 2, "s")]}


def test_only_what_is_named_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "GROUPS", measured(below("rowed", 1, 2, "s")))
    assert benchmark.main(["store"]) == 0
    shown = capsys.readouterr().out
    assert "stored" in shown
    assert "rowed" not in shown
    assert benchmark.main([]) == 0
    shown = capsys.readouterr().out
    assert "stored" in shown
    assert "rowed" in shown


@pytest.mark.parametrize(
    ("figure", "shown", "status"),
    [
        (below("x", 1, 2, "s"), "yes", 0),
        (below("x", 2, 2, "s"), "NO", 1),
        (times_faster("x", 2, 5, None), "-", 0),
    ],
)
def test_a_missed_target_counts_only_if_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Figure,
    shown: str,
    status: int,
) -> None:
    monkeypatch.setattr(benchmark, "GROUPS", measured(figure))
    assert benchmark.main(["rows"]) == 0
    assert benchmark.main(["rows", "--strict"]) == status
    assert capsys.readouterr().out.split()[-1] == shown


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pilotline.tools.benchmark", "speed"], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert (
        "unknown: speed; there are rows, explorer, codec, answer, store, process, drain, queue, memory, list, "
        "journal, schedule" in run.stderr
    )


def test_the_journal_of_some_hours_is_replayed_and_comes_to_the_same() -> None:
    figures = {figure.name: figure for figure in journal_figures(hours=2)}
    assert figures["journal: steps that came to something else"].ours == 0
    assert all(figure.ours > 0 for name, figure in figures.items() if "something else" not in name)
