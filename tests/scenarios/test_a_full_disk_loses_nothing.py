"""The disk is full, with a real SQLite that has no page left: what was recorded arrives, and nothing by half."""

import asyncio
import contextlib
import itertools
from pathlib import Path

from adapters.virtual_station import TAG, ac, running

from pilotline.adapters.store import SqliteStore
from pilotline.core.events import CommitFailed

STATION = {
    "configuration": {
        "AllowOfflineTxForUnknownId": "true",
        "MeterValueSampleInterval": "1",
        "MeterValuesSampledData": "Energy.Active.Import.Register",
    }
}


def _room(store: SqliteStore, pages: int) -> None:
    """So many pages more than are used now may be written."""
    (used,) = store._database.execute("PRAGMA page_count").fetchone()
    store._database.execute(f"PRAGMA max_page_count={used + pages}")


def test_a_transaction_goes_on_after_the_disk_was_full_and_every_message_arrives_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        with contextlib.closing(SqliteStore(tmp_path / "station.sqlite")) as store:
            async with running(ac(**STATION), store) as bench:
                await bench.charges()
                bench.station.lose_network()
                _room(store, 4)
                happenings = bench.station.subscribe()
                await bench.passes(300)
                assert any(isinstance(happening.event, CommitFailed) for happening in happenings.unread())
                stored = sum(record[0] == "outbox" for record in store.load())
                assert stored == len(bench.station.state.memory.outbox) > 10
                bench.station.restore_network()
                await bench.passes(300)  # it drains, as far as what is answered can be stored
                _room(store, 10_000)
                await bench.passes(60)
                assert bench.station.state.moment.storage.state == "fine"
                assert bench.world.point(1).closed
                bench.world.present_tag(1, TAG)
                await bench.passes(300)
                assert not bench.station.state.memory.outbox
            said = bench.system.said
            texts = {message_id: str(payload) for _, payload, message_id in said}
            assert all(texts[message_id] == str(payload) for _, payload, message_id in said)
            (stop,) = {str(payload): payload for payload in bench.system.all("StopTransaction")}.values()
            assert stop["meterStop"] == int(bench.world.point(1).register_wh)
            values = [
                int(value["sampledValue"][0]["value"])
                for payload in bench.system.all("MeterValues")
                for value in payload["meterValue"]
            ]
            assert len(values) >= stored - 1
            assert all(before <= after for before, after in itertools.pairwise(values))

    asyncio.run(scenario())
