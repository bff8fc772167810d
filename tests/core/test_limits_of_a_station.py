"""Whatever happens to a station, each connector is held to what the standard's text leaves it at this instant."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from scenarios.charging_profiles import ask, clear, install, profile
from station_bench import Bench
from typing_extensions import override

from core import smart_charging_oracle as oracle
from pilotline.core.calendar import date_of
from pilotline.core.effects import CloseContactor, Effect
from pilotline.core.events import External, LocalLimitFound, LocalLimitLifted
from pilotline.core.smart_charging import limit_of
from pilotline.spec.messages.structures import ChargingProfile

CONNECTORS = (1, 2)


class WatchedBench(Bench):
    """Notes what was installed, who charges and since when, for the oracle."""

    def __init__(self, **configuration: str) -> None:
        self.installed: dict[int, oracle.Sent] = {}
        self.drawing: dict[int, oracle.Drawing] = {}
        self.local: dict[int, Decimal] = {}
        super().__init__(**configuration)

    @override
    def _carried_out(self, effect: Effect) -> list[External]:
        if isinstance(effect, CloseContactor) and effect.connector in self.drawing:
            drawing = self.drawing[effect.connector]
            if drawing.charging is None:
                self.drawing[effect.connector] = drawing._replace(charging=date_of(self.utc()))
        return super()._carried_out(effect)

    def sends(self, connector: int, new: ChargingProfile) -> None:
        """If it is accepted, it takes the place of those that it replaces."""
        if self.asks(install(connector, new)).status != "Accepted":
            return
        place = (connector, new.charging_profile_purpose, new.stack_level)
        drawing = self.drawing.get(connector)
        sent = oracle.Sent(
            new, connector, date_of(self.utc()), drawing.transaction if drawing is not None else None
        )
        self.installed = {
            number: other
            for number, other in self.installed.items()
            if (other.connector, other.profile.charging_profile_purpose, other.profile.stack_level) != place
        } | {new.charging_profile_id: sent}

    def comes(self, connector: int) -> None:
        if connector not in self.drawing:
            number = self.transaction_id + 1
            self.drawing[connector] = oracle.Drawing(number, date_of(self.utc()), None, None)
            self.charge(connector, f"TAG{connector}")

    def leaves(self, connector: int) -> None:
        if connector in self.drawing:
            self.unplug_at_the_ev(connector)
            ended = self.drawing.pop(connector).transaction
            self.installed = {
                number: sent
                for number, sent in self.installed.items()
                if sent.profile.charging_profile_purpose != "TxProfile" or sent.transaction != ended
            }

    def finds(self, connector: int, limit: int | None) -> None:
        if limit is None:
            self.local.pop(connector, None)
            self.tell(LocalLimitLifted(connector, "heat"))
        else:
            self.local[connector] = Decimal(limit)
            self.tell(LocalLimitFound(connector, "heat", Decimal(limit), "A"))

    def world(self) -> oracle.World:
        part = self.product.connectors[0]
        socket = oracle.Socket(
            Fraction(repr(part.nominal_voltage_v)),
            part.phases,
            Fraction(repr(part.min_current_a)),
            Fraction(repr(part.max_current_a)),
            self.state.memory.configuration.boolean("ConnectorSwitch3to1PhaseSupported"),
        )
        local = tuple((connector, Fraction(limit), "A") for connector, limit in sorted(self.local.items()))
        return oracle.World(
            dict.fromkeys(CONNECTORS, socket), tuple(self.installed.values()), self.drawing, local
        )


# --- what may happen -----------------------------------------------------------------------------------------


@st.composite
def profiles(draw: st.DrawFn) -> tuple[int, ChargingProfile]:
    purpose = draw(st.sampled_from(("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")))
    connector = 0 if purpose == "ChargePointMaxProfile" else draw(st.sampled_from((0, *CONNECTORS)))
    unit = draw(st.sampled_from("AW"))
    starts = sorted({0} | draw(st.sets(st.integers(1, 90), max_size=3)))
    limits = st.sampled_from(("0", "5.9", "6", "10", "16.5", "40"))
    scale = 690 if unit == "W" else 1
    start = draw(st.none() | st.integers(-60, 60))
    return connector, profile(
        draw(st.integers(1, 5)),
        purpose,
        *((start_s, str(Decimal(draw(limits)) * scale)) for start_s in starts),
        stack_level=draw(st.integers(0, 2)),
        kind=draw(st.sampled_from(("Absolute", "Relative"))),
        unit=unit,
        phases=draw(st.sampled_from((None, 1, 3))),
        start=None if start is None else date_of(Bench.begins) + timedelta(seconds=start),
        duration=draw(st.none() | st.integers(0, 120)),
    )


ACTS = st.one_of(
    st.tuples(st.just("sends"), profiles()),
    st.tuples(st.just("passes"), st.sampled_from((0.25, 1, 7.5, 30, 60))),
    st.tuples(st.sampled_from(("comes", "comes", "leaves")), st.sampled_from(CONNECTORS)),
    st.tuples(st.just("finds"), st.tuples(st.sampled_from((0, 1)), st.sampled_from((None, 4, 9, 20)))),
    st.tuples(st.just("clears"), st.just(None)),
)


def happens(bench: WatchedBench, what: str, which: Any) -> None:
    match what:
        case "sends" | "finds":
            getattr(bench, what)(*which)
        case "clears":
            bench.asks(clear())
            bench.installed.clear()
        case _:
            getattr(bench, what)(which)


@given(st.lists(ACTS, max_size=25), st.booleans())
def test_each_connector_is_held_to_what_the_text_leaves_it(acts: list[Any], switches: bool) -> None:
    bench = WatchedBench(ConnectorSwitch3to1PhaseSupported=str(switches).lower())
    for what, which in acts:
        happens(bench, what, which)
        at = date_of(bench.utc())
        world = bench.world()
        drawing = {c: d if d.charging else d._replace(charging=at) for c, d in world.drawing.items()}
        left = oracle.answers(world._replace(drawing=drawing), at)
        for connector in CONNECTORS:
            limit = bench.state.moment.smart_charging.limits[connector]
            assert limit is not None
            if connector in left:
                assert limit.current_a == limit_of(left[connector].amperes)
                assert limit.phases == left[connector].phases
                assert bench.closed[connector] == limit.suffices
            else:
                assert limit.current_a == 32


@given(st.lists(profiles(), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_installing_makes_no_difference(sent: list[Any], chance: Any) -> None:
    """Of profiles that do not replace each other."""
    alone: dict[Any, tuple[int, ChargingProfile]] = {}
    for connector, new in sent:
        alone.setdefault((connector, new.charging_profile_purpose, new.stack_level), (connector, new))
    numbered = [
        (connector, new.model_copy(update={"charging_profile_id": number}))
        for number, (connector, new) in enumerate(alone.values(), start=1)
    ]
    shuffled = list(numbered)
    chance.shuffle(shuffled)
    one, other = (Bench().charge() for _ in range(2))
    for bench, order in ((one, numbered), (other, shuffled)):
        for connector, new in order:
            bench.asks(install(connector, new))
    assert one.state.moment.smart_charging == other.state.moment.smart_charging
    for connector in (0, 1, 2):
        assert one.asks(ask(connector, 200)) == other.asks(ask(connector, 200))
