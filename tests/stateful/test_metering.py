"""Readings come when the keys say, of whom they say, and go into what they say (§3.16, §4.7, §9.1)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.whole_world import Plant
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from stateful.modelled_machine import ChargedAtMachine, walk
from stateful.station_machine import CONNECTOR
from typing_extensions import override

from pilotline.core.effects import SendCall
from pilotline.core.events import (
    LinkLost,
)
from pilotline.core.state import Readings, SampledReading, Wh
from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.messages.structures import MeterValue
from pilotline.spec.products import adjusted, load_product

REGISTER, VOLTAGE = "Energy.Active.Import.Register", "Voltage"
KINDS = ("MeterValuesSampledData", "MeterValuesAlignedData", "StopTxnSampledData", "StopTxnAlignedData")
LISTS = dict.fromkeys(KINDS, ("", REGISTER, VOLTAGE, f"{REGISTER},{VOLTAGE}"))
INTERVALS = {
    "MeterValueSampleInterval": ("0", "7", "60", "900"),
    "ClockAlignedDataInterval": ("0", "60", "900", "7000"),
}
CHANGES = st.sampled_from([(key, value) for key, values in (LISTS | INTERVALS).items() for value in values])
DATA_MAX = 5
LATE = timedelta(seconds=2)
"""As old a reading may be, so late a tick may be taken."""
DAY = timedelta(days=1)


class Meters(Plant):
    """They show a voltage, too."""

    @override
    def readings(self, connector: int) -> Readings:
        shown = super().readings(connector)
        return Readings(Wh(shown.register), (*shown.values, SampledReading(VOLTAGE, "230", unit="V")))


@dataclass
class Taken:
    """A reading that must have been taken; undated, until the time is told."""

    connector: int
    context: str
    boot: int
    at: int
    date: datetime | None
    values: dict[str, str]
    of: "Charging | None"


@dataclass
class Charging:
    next_ms: int | None
    kept: list[Taken] = field(default_factory=list)
    interruptions: int = 0
    ended: Taken | None = None
    id: int | None = None


class Metering(ChargedAtMachine):
    """Held against a diary of what the meters had to be asked for."""

    product = adjusted(
        load_product("reference"),
        {
            "AllowOfflineTxForUnknownId": "true",
            "StopTransactionMaxMeterValues": str(DATA_MAX),
        },
    )

    def __init__(self) -> None:
        super().__init__()
        self.world.plant = Meters()
        texts = {name: setting.value or "" for name, setting in self.product.configuration.items()}
        self.keys = {name: texts[name] for name in (*LISTS, *INTERVALS)}
        self.charging: dict[int, Charging] = {}
        self.started: list[Charging] = []  # whose StartTransaction is to come
        self.stopped: list[Charging] = []  # whose StopTransaction is to come
        self.diary: list[Taken] = []  # whose MeterValues are to come
        self.tick: datetime | None = None
        self.next_tick: datetime | None = None
        self.heard = 0

    @initialize(
        before_midnight_s=st.sampled_from((None, 30, 1000)),
        first=st.lists(CHANGES, max_size=4),
        charging=st.sets(CONNECTOR),
    )
    def begin(self, before_midnight_s: int | None, first: list[tuple[str, str]], charging: set[int]) -> None:
        if before_midnight_s is not None:
            midnight = datetime(2026, 11, 24, tzinfo=UTC)
            self.ahead_ms = (midnight - self.utc()) // timedelta(milliseconds=1) - before_midnight_s * 1000
        self.connect()
        for key, value in first:
            self.is_configured((key, value))
        for connector in charging:
            self.charges(connector)

    # --- what is expected ---

    def number(self, key: str) -> int:
        return int(self.keys[key])

    def shown(self, connector: int, asked: Iterable[str]) -> dict[str, str]:
        shown = {value.measurand: value.value for value in self.world.plant.readings(connector).values}
        return {name: shown[name] for name in asked if name in shown}

    def read(self, connector: int, context: str, date: datetime | None = None) -> None:
        of = self.charging.get(connector)
        kind = "Aligned" if context == "Sample.Clock" else "Sampled"
        told = self.keys[f"MeterValues{kind}Data"] or REGISTER
        now = self.world.now
        date = date or (None if self.epoch is None else self.present())
        about = (connector, context, self.boot, now, date)
        self.diary.append(Taken(*about, self.shown(connector, told.split(",")), of))
        kept = self.keys[f"StopTxn{kind}Data"]
        if of is not None and kept:
            of.kept.append(Taken(*about, self.shown(connector, kept.split(",")), of))

    def edge(self, connector: int, context: str) -> Taken:
        """The begin or the end of a transaction: all that its StopTransaction is to hold of it (errata 3.14)."""
        asked = f"{self.keys['StopTxnSampledData']},{self.keys['StopTxnAlignedData']}"
        date = None if self.epoch is None else self.present()
        values = self.shown(connector, dict.fromkeys(asked.split(",")))
        return Taken(connector, context, self.boot, self.world.now, date, values, None)

    @override
    def look(self) -> None:
        self.follow_transactions()
        interval_ms = self.number("MeterValueSampleInterval") * 1000
        for connector, of in self.charging.items():
            if of.next_ms is not None and self.world.now >= of.next_ms:
                of.next_ms += interval_ms
                self.read(connector, "Sample.Periodic")
        if self.next_tick is not None and self.epoch is not None and self.present() >= self.next_tick:
            self.tick = self.next_tick
            for point in (0, 1, 2):
                self.read(point, "Sample.Clock", self.tick)
            self.reckon(self.tick)
        self.listen()

    def reckon(self, after: datetime | None) -> None:
        """Each day is divided from midnight (UTC), and no tick comes twice (§9.1.5)."""
        interval = timedelta(seconds=self.number("ClockAlignedDataInterval"))
        self.next_tick = None
        if after is None or not interval:
            return
        if self.tick is not None and self.tick - after <= DAY:
            after = max(after, self.tick)
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        grid = midnight + ((after - midnight) // interval + 1) * interval
        self.next_tick = min(grid, midnight + DAY)

    def follow_transactions(self) -> None:
        """A transaction begins with its connector locked, and ends when its contactor is open."""
        interval_s = self.number("MeterValueSampleInterval")
        for session in self.world.standing().moment.sessions[1:]:
            connector, runs = session.connector, session.state in ("charging", "ending")
            if runs and connector not in self.charging:
                of = Charging(self.world.now + interval_s * 1000 if interval_s else None)
                begin = self.edge(connector, "Transaction.Begin")
                if begin.values:
                    of.kept.append(begin)
                self.charging[connector] = of
                self.started.append(of)
            elif not runs and connector in self.charging:
                of = self.charging.pop(connector)
                of.ended = self.edge(connector, "Transaction.End")
                self.stopped.append(of)

    # --- what comes ---

    @override
    def answer(self, call: SendCall) -> dict[str, Any]:
        payload = super().answer(call)
        if self.epoch is not None and "currentTime" in payload:
            for one in self.all_taken():
                if one.date is None and one.boot == self.boot:
                    one.date = self.epoch + timedelta(milliseconds=one.at)
            self.reckon(self.present() - LATE)
        if isinstance(call.request, StartTransactionReq):
            self.started.pop(0).id = payload["transactionId"]
        return payload

    def all_taken(self) -> Iterable[Taken]:
        yield from self.diary
        for of in (*self.charging.values(), *self.stopped):
            yield from of.kept
            if of.ended is not None:
                yield of.ended

    def listen(self) -> None:
        for happening in self.world.happenings[self.heard :]:
            for effect in happening.effects:
                match effect:
                    case SendCall(request=MeterValuesReq() as request):
                        self.is_told(request)
                    case SendCall(request=StopTransactionReq() as request):
                        self.is_stopped(request)
                    case _:
                        pass
        self.heard = len(self.world.happenings)

    def is_told(self, request: MeterValuesReq) -> None:
        """The oldest of the diary, or one of the same instant."""
        (value,) = request.meter_value
        first = self.diary[0]
        same = [one for one in self.diary if (one.boot, one.at) == (first.boot, first.at)]
        found = next(one for one in same if is_it(one, value) and one.connector == request.connector_id)
        assert request.transaction_id == (None if found.of is None else found.of.id)
        self.diary.remove(found)

    def is_stopped(self, request: StopTransactionReq) -> None:
        """All of it, or a part that still has the first and the last where there is too much (errata 3.89)."""
        of = self.stopped.pop(0)
        assert request.transaction_id == of.id
        data = request.transaction_data or ()
        sampled = [value for value in data if not context_of(value).startswith("Interruption")]
        expected = [*of.kept, *([of.ended] if of.ended is not None and of.ended.values else [])]
        if not (self.keys["StopTxnSampledData"] or self.keys["StopTxnAlignedData"]) and not data:
            return
        if len(of.kept) + 2 * of.interruptions < DATA_MAX:
            assert len(sampled) == len(expected), f"{sampled} instead of {expected}"
        assert len(data) <= DATA_MAX
        rest = list(expected)  # what was taken at one instant comes in any order
        for value in sampled:
            assert any(is_it(one, value) for one in rest), f"{value} was not taken, or not then"
            rest.remove(next(one for one in rest if is_it(one, value)))
        if expected:
            assert is_it(expected[0], sampled[0])
            assert is_it(expected[-1], sampled[-1])

    @invariant()
    def all_is_told(self) -> None:
        """Online nothing waits."""
        if self.online:
            assert not self.diary, f"not told: {self.diary}"
            assert not self.stopped

    # --- rules ---

    @rule(change=CHANGES)
    def is_configured(self, change: tuple[str, str]) -> None:
        if not self.online:
            self.live(130_000)
            self.connect()
        key, value = change
        before = self.keys[key]
        self.keys[key] = value
        assert self.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
        if key == "MeterValueSampleInterval" and before != value:
            for of in self.charging.values():
                of.next_ms = self.world.now + int(value) * 1000 if int(value) else None
        elif key == "ClockAlignedDataInterval" and before != value:
            self.reckon(self.present())
        self.agree()

    @rule(connector=CONNECTOR, ms=st.sampled_from((7000, 60_000, 200_000)))
    def charges_a_while(self, connector: int, ms: int) -> None:
        """So that the walk comes far."""
        self.charges(connector)
        self.time_passes(ms)
        self.leaves(connector)

    @rule(ms=st.sampled_from((500, 1000, 7000, 60_000, 200_000)))
    def time_passes(self, ms: int) -> None:
        self.live(ms)
        self.agree()

    @rule()
    def link_is_lost(self) -> None:
        if self.world.standing().moment.link.state == "up":
            self.world.tell(LinkLost(self.world.connection, 0))
            self.agree()

    @rule()
    def link_comes(self) -> None:
        self.live(3000)
        self.connect()

    @rule(seconds=st.sampled_from((-90, 61, 3601, -100_000)))
    def the_clock_is_set(self, seconds: int) -> None:
        if self.online:
            self.ahead_ms += seconds * 1000
            self.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
            self.agree()

    @rule(connects=st.booleans(), leaves=st.sampled_from((0, 0, 1, 2)))
    def power_is_cut(self, connects: bool, leaves: int) -> None:
        """What goes on is sampled anew from then on; what does not has its end now."""
        if leaves:
            self.world.plant.cable[leaves], self.world.plant.asking[leaves] = "unplugged", False
        self.cut()
        self.next_tick = None
        interval_s = self.number("MeterValueSampleInterval")
        for of in self.charging.values():
            of.interruptions += 1
            of.next_ms = interval_s * 1000 if interval_s else None
        self.agree()
        if connects:
            self.connect()


def is_it(taken: Taken, value: MeterValue) -> bool:
    found = {sampled.measurand: sampled.value for sampled in value.sampled_value}
    dated = taken.date is None or value.timestamp == taken.date
    return found == taken.values and context_of(value) == taken.context and dated


def context_of(value: MeterValue) -> str:
    (context,) = {sampled.context for sampled in value.sampled_value}
    return context or "Sample.Periodic"


def test_metering() -> None:
    walk(Metering, "clock_aligned", "aligned", "sample_keeper")
