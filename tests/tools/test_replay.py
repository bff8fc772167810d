"""A station's journal: what is kept of it, what is not, and that it comes to the same again, byte for byte."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from adapters.link_bench import listening
from adapters.virtual_station import TAG, Bench, ac, running
from adapters.websocket_site import Log, charging, site
from typer.testing import CliRunner

from pilotline.adapters.diagnostics_archive import Span
from pilotline.adapters.happenings import Happening
from pilotline.adapters.journal import BOUNDS, Bounds, Journal, segments_of
from pilotline.adapters.journal_reading import Gap, JournalError
from pilotline.adapters.station_diagnostics import diagnostics_of
from pilotline.core.events import PoweredUp
from pilotline.core.recorded import event_of, plain_event
from pilotline.core.snapshot import SnapshotError
from pilotline.spec.products import load_product
from pilotline.tools.cli import app
from pilotline.tools.replay import Replayed, difference, replayed

KEY = "00112233445566778899AABBCCDDEEFF"


def steps(journal: Path) -> list[Replayed]:
    return [one for one in replayed(journal) if isinstance(one, Replayed)]


def gaps(journal: Path) -> list[str]:
    return [one.says for one in replayed(journal) if isinstance(one, Gap)]


@contextlib.contextmanager
def journal_in(folder: Path, bounds: Bounds = BOUNDS) -> Iterator[Journal]:
    with contextlib.closing(Journal(folder, bounds)) as journal:
        yield journal


async def busy(bench: Bench, rounds: int = 1) -> None:
    """Two connectors charge, the network goes and comes, power is cut."""
    for _ in range(rounds):
        await bench.charges()
        bench.world.plug_in(2)
        bench.world.present_tag(1, TAG.lower())
        await bench.passes(120)
        bench.station.lose_network()
        await bench.passes(300)
        bench.station.restore_network()
        await bench.passes(120)
        await bench.station.cut_power()
        await bench.passes(60)
        bench.world.unplug_station(1)
        bench.world.unplug_station(2)
        await bench.passes(60)


def record(folder: Path, bounds: Bounds = BOUNDS, rounds: int = 1) -> None:
    async def scenario() -> None:
        with journal_in(folder, bounds) as journal:
            async with running(ac(), journal=journal) as bench:
                await busy(bench, rounds)

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "journal"
    record(folder)
    return folder


# --- the same again ---


def test_a_session_over_a_real_websocket_comes_to_the_same_byte_for_byte(tmp_path: Path) -> None:
    async def scenario() -> list[Happening]:
        log = Log()
        with journal_in(tmp_path) as journal:
            async with listening(log.behave) as url, site(url, journal=journal) as place:
                watching = place.station.subscribe()
                await charging(place, log)
                await place.passes(120)
                await place.station.cut_power()
                await log.has("StopTransaction")
                await place.passes(60)
                return watching.unread()

    happened = asyncio.run(scenario())
    again = steps(tmp_path)
    assert [type(one.happening.event) for one in again[-len(happened) :]] == [type(h.event) for h in happened]
    assert [one for one in again if one.differs] == []
    frames = [effect for one in again for name, effect in one.recorded if name == "SendCall"]
    assert sum("StartTransaction" in text for _, text in frames) == 1
    assert gaps(tmp_path) == []


def test_power_cuts_and_lost_networks_come_to_the_same(recorded: Path) -> None:
    again = steps(recorded)
    assert len(again) > 50
    assert sum(isinstance(one.happening.event, PoweredUp) for one in again) == 2
    assert [difference(one) for one in again if one.differs] == []


def test_every_event_can_be_written_and_read_again(recorded: Path) -> None:
    for one in steps(recorded):
        assert event_of(cbor2.loads(cbor2.dumps(plain_event(one.happening.event)))) == one.happening.event


def test_a_station_that_decides_otherwise_now_is_told_at_its_first_step(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pilotline.core.machines.session import SESSION

    unguarded = next(b for b in SESSION.table if b.name == "S1/CablePlugged")
    monkeypatch.setattr(unguarded, "guards", (lambda *_: False,))
    result = CliRunner().invoke(app, ["replay", str(recorded)])
    assert result.exit_code == 1
    assert "CablePlugged comes to something else" in result.stderr
    assert "  recorded: " in result.stderr
    assert "  now: " in result.stderr


# --- bounds ---


def test_the_oldest_segments_go_and_the_rest_can_be_replayed(tmp_path: Path) -> None:
    bounds = Bounds(segment_bytes=30_000, total_bytes=150_000)
    record(tmp_path, bounds, rounds=4)
    segments = segments_of(tmp_path)
    assert int(segments[0].stem) > 1
    head_bytes = 40_000  # of the last entry, which may be a boot with all of the product and the memory
    assert sum(segment.stat().st_size for segment in segments) < bounds.total_bytes + head_bytes
    assert [one for one in steps(tmp_path) if one.differs] == []
    assert gaps(tmp_path) == []  # segment by segment the state goes on


def test_a_segment_alone_can_be_replayed(tmp_path: Path) -> None:
    record(tmp_path, Bounds(segment_bytes=30_000), rounds=2)
    for segment in segments_of(tmp_path):
        assert steps(segment)
        assert not any(one.differs for one in steps(segment))


def test_segments_go_by_their_age(tmp_path: Path) -> None:
    record(tmp_path)
    (old,) = segments_of(tmp_path)
    os.utime(old, (0, 0))
    record(tmp_path)
    assert [segment.stem for segment in segments_of(tmp_path)] == ["00000002"]


# --- what is damaged, missing, secret ---


def test_an_end_that_is_missing_is_said_and_the_rest_replayed(recorded: Path, tmp_path: Path) -> None:
    (whole,) = segments_of(recorded)
    cut = tmp_path / whole.name
    cut.write_bytes(whole.read_bytes()[:-7])
    assert len(steps(cut)) == len(steps(whole)) - 1
    assert gaps(cut) == ["its end is missing: it was not written to its end"]


def test_a_segment_that_is_gone_is_said(tmp_path: Path) -> None:
    record(tmp_path, Bounds(segment_bytes=30_000), rounds=2)
    segments = segments_of(tmp_path)
    assert len(segments) > 2
    segments[1].unlink()
    assert gaps(tmp_path) == ["what led to this state is not in the journal"]
    assert not any(one.differs for one in steps(tmp_path))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xff\xff", "is no item of a journal; it is damaged"),
        (cbor2.dumps(["event", None, 1, [], []]), "does not begin with a head"),
        (cbor2.dumps(["head", 99, "9.9", None]), "is of format 99, written by '9.9'"),
        (cbor2.dumps(["head", 1, "0.1", b"\x00"]), "is no record of this program"),
        (
            cbor2.dumps(["head", 1, "0.1", None]) + cbor2.dumps(["event", None, 1, ["X", {}], []]),
            "nothing tells",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(tmp_path: Path, data: bytes, says: str) -> None:
    segment = tmp_path / "00000001.journal"
    segment.write_bytes(data)
    if "nothing tells" in says:
        with pytest.raises(JournalError, match="knows no event X"):
            steps(segment)
        return
    with pytest.raises(JournalError, match=r"00000001\.journal") as raised:
        steps(segment)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_event_of_another_version_is_refused() -> None:
    with pytest.raises(SnapshotError, match="this program knows no event Teleported"):
        event_of(["Teleported", {}])


def test_secrets_are_not_in_the_journal_and_it_comes_to_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        with journal_in(tmp_path, Bounds(segment_bytes=2000)) as journal:
            async with running(load_product("reference"), journal=journal) as bench:
                asked = {"key": "AuthorizationKey", "value": KEY}
                bench.system.hear([2, "a", "ChangeConfiguration", asked])
                await bench.passes(1)
                location = "ftp://user:geheim@files.example/logs"
                bench.system.hear([2, "b", "GetDiagnostics", {"location": location}])
                await bench.passes(1)
                await bench.station.cut_power()
                await bench.passes(5)

    asyncio.run(scenario())
    kept = b"".join(segment.read_bytes() for segment in segments_of(tmp_path))
    assert b"AuthorizationKey" in kept
    for secret in (KEY, KEY.lower(), "geheim"):
        assert secret.encode() not in kept
    assert [difference(one) for one in steps(tmp_path) if one.differs] == []


def test_a_disk_that_is_full_keeps_the_station_from_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "journal"
    blocked.write_text("a file where the folder should be")

    async def scenario() -> None:
        with journal_in(blocked) as journal:
            async with running(ac(), journal=journal) as bench:
                await bench.charges()
                await bench.passes(60)
                assert bench.status(1) == "Charging"

    asyncio.run(scenario())
    said = [record.getMessage() for record in caplog.records if record.name.endswith("journal")]
    assert len(said) == 1
    assert said[0].startswith("journal: not written for 60 s: ")


def test_what_was_not_written_is_counted_and_the_state_begins_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        wall = 0.0
        with contextlib.closing(Journal(tmp_path, wall_s=lambda: wall)) as journal:
            async with running(ac(), journal=journal) as bench:
                await bench.passes(5)
                journal.settle()
                journal._blocked_until_s = 1.0  # what a failed write sets
                await bench.charges()
                journal.settle()
                wall = 2.0
                await bench.passes(120)

    asyncio.run(scenario())
    assert any("happenings were not written" in says for says in gaps(tmp_path))
    assert [difference(one) for one in steps(tmp_path) if one.differs] == []


def test_a_process_that_is_killed_leaves_a_journal_that_can_be_replayed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[2].split(':');"
        "from tools.test_replay import record; record(Path(sys.argv[1]), rounds=1000)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path, ":".join(sys.path)]) as process:
        while not segments_of(tmp_path) or segments_of(tmp_path)[0].stat().st_size < 100_000:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    again = steps(tmp_path)
    assert len(again) > 50
    assert not any(one.differs for one in again)


# --- the command ---


def test_the_timeline_says_what_happened_and_how_fast_it_was(recorded: Path) -> None:
    result = CliRunner().invoke(app, ["replay", str(recorded)])
    assert result.exit_code == 0
    assert "plugs the cable in at connector 1" in result.stdout
    assert "every effect as recorded; 0 gaps" in result.stderr


def test_a_picture_of_some_steps_is_mermaid_and_nothing_else(recorded: Path) -> None:
    result = CliRunner().invoke(app, ["replay", str(recorded), "--format", "mermaid", "--from", "2"])
    lines = result.stdout.splitlines()
    assert lines[0] == "sequenceDiagram"
    assert any(line.startswith("    Station->>Central: StartTransaction.req connectorId=1") for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])


def test_json_is_a_line_for_each_step_of_the_range(recorded: Path) -> None:
    result = CliRunner().invoke(
        app, ["replay", str(recorded), "--format", "json", "--from", "3", "--to", "5"]
    )
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["step"] for one in told] == [3, 4, 5]
    assert not any(one["differs"] for one in told)


def test_the_state_after_a_step_is_json(recorded: Path) -> None:
    plugged = next(
        one.number for one in steps(recorded) if type(one.happening.event).__name__ == "CablePlugged"
    )
    result = CliRunner().invoke(app, ["replay", str(recorded), "--state-at", str(plugged)])
    assert "plugged" in json.dumps(json.loads(result.stdout)["moment"]["cables"])
    beyond = CliRunner().invoke(app, ["replay", str(recorded), "--state-at", "100000"])
    assert beyond.exit_code == 1
    assert "there is no step 100000" in beyond.stderr


def test_the_diagnostics_of_a_station_hold_its_whole_journal(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        with journal_in(tmp_path) as journal:
            async with running(ac(), journal=journal) as bench:
                await busy(bench)
                return b"".join(diagnostics_of(lambda: bench.station)(Span()))

    with zipfile.ZipFile(io.BytesIO(asyncio.run(scenario()))) as packed:
        lines = [json.loads(line) for line in packed.read("journal.jsonl").splitlines()]
    told = [line["what"]["event"] for line in lines]
    assert told == [type(one.happening.event).__name__ for one in steps(tmp_path)][: len(told)]
    assert len(told) > 50
    assert told.count("PoweredUp") == 2
    assert any("StartTransaction" in json.dumps(line["what"]["effects"]) for line in lines)
