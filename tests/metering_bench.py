"""A station on the bench whose meters are looked at: true time, old and missing readings, a main meter.

While connector 1 charges its register grows by 1 Wh in each second; it begins at 1000, that of connector 2 at 2000.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from station_bench import Bench
from typing_extensions import override

from pilotline.core.calendar import utc_of
from pilotline.core.effects import Effect, ReadMeter
from pilotline.core.events import DeadlinePassed, External
from pilotline.core.state import Readings, SampledReading, Wh
from pilotline.core.step import next_deadline
from pilotline.spec.messages.core import (
    ChangeConfigurationReq,
    MeterValuesReq,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import MeterValue
from pilotline.spec.products import Product
from pilotline.spec.types import Measurand, Phase

BEGIN: Final = datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC)
REGISTER: Final = "Energy.Active.Import.Register"


def at(text: str) -> datetime:
    """A time of the day on which the stories play."""
    return datetime.fromisoformat(f"2026-11-23T{text}+00:00")


class MeteringBench(Bench):
    """A bench that starts at 11:59:30."""

    begins = utc_of(BEGIN)

    def __init__(self, product: Product) -> None:
        self.meter_is_silent = False
        self.age_ms = 0
        self.values: tuple[SampledReading, ...] = ()
        """What the meters show besides the register."""
        super().__init__(product)
        self.energy_ws[2] = 2000 * 3600

    # --- what happens ---------------------------------------------------------------------------------------

    def stops(self) -> None:
        """The driver stops."""
        self.present()
        assert not self.closed[1]

    def configures(self, **values: str) -> None:
        """The Central System changes keys."""
        for key, value in values.items():
            assert self.asks(ChangeConfigurationReq(key=key, value=value)).status == "Accepted"

    def is_late(self, seconds: float) -> None:
        """Time passes, and a station that is busy hears of what was due only at the end."""
        self._until(self.now + round(seconds * 1000))
        while (due := next_deadline(self.state)) is not None and due <= self.now:
            self.tell(DeadlinePassed())

    def sets_the_clock(self, told: datetime) -> None:
        """The next Heartbeat says that it is this time now."""
        self.utc_at_0 = utc_of(told - timedelta(milliseconds=self.now))
        while self.state.moment.clock.epoch != self.utc_at_0:
            due = next_deadline(self.state)
            assert due is not None
            self.passes((due - self.now) / 1000)

    @override
    def readings(self, connector: int) -> Readings:
        """Connector 0 is the main meter."""
        energy_ws = (
            self.energy_ws[connector] if connector else sum(self.energy_ws.values()) - self.energy_ws[0]
        )
        register = Wh(energy_ws // 3600)
        shown = SampledReading(REGISTER, str(register), None, "Outlet", "Wh")
        return Readings(register, (shown, *self.values), self.age_ms)

    @override
    def _carried_out(self, effect: Effect) -> list[External]:
        silent = isinstance(effect, ReadMeter) and self.meter_is_silent
        return [] if silent else super()._carried_out(effect)

    # --- what was sent --------------------------------------------------------------------------------------

    def meter_values(self, connector: int = 1, context: str | None = None) -> list[MeterValue]:
        """What was told of a connector, in MeterValues.req; all of it, or of one context."""
        return [
            value
            for request in self.requests(MeterValuesReq)
            if request.connector_id == connector
            for value in request.meter_value
            if context in (None, value.sampled_value[0].context)
        ]

    def stop_transaction(self) -> StopTransactionReq:
        """The one StopTransaction.req."""
        (stop,) = self.requests(StopTransactionReq)
        return stop


def values_of(value: MeterValue, measurand: Measurand = REGISTER, phase: Phase | None = None) -> list[str]:
    """The values of a measurand in a MeterValue."""
    return [v.value for v in value.sampled_value if (v.measurand, v.phase) == (measurand, phase)]
