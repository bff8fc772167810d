"""A station of which a model is told everything: who answers does so at once, and deadlines are met."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from core.whole_world import World
from hypothesis.stateful import rule, run_state_machine_as_test
from stateful.station_machine import BUDGET, CONNECTOR, StationMachine
from typing_extensions import override

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.effects import Effect, SendCall
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    DeadlinePassed,
    EnergyRequested,
    EvUnplugged,
    External,
    TagPresented,
)
from pilotline.core.step import next_deadline
from pilotline.spec.products import Product


class ModelledMachine(StationMachine):
    """Before the station goes on the model concludes what must follow; then that is held against what is asked."""

    reached: ClassVar[set[tuple[str, str]]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.concluded = 0
        self.epochs: dict[int, datetime] = {}
        """By boot: the station's time at the beginning of it, once it was told."""

    def start(self, product: Product) -> None:
        """Another product than that of the class."""
        self.world = World(product)

    @override
    def teardown(self) -> None:
        for happening in self.world.happenings:
            self.reached.update((taken.machine, taken.binding) for taken in happening.trace)
        super().teardown()

    # --- the model ---

    def look(self) -> None:
        """What a model concludes before the station goes on."""

    def catch_up(self) -> None:
        """Tell the model each event that it was not told yet; what power took away was asked of nobody."""
        while self.concluded < len(self.world.happenings):
            self.concluded += 1
            happening = self.world.happenings[self.concluded - 1]
            unheard = self.concluded - 1 in self.world.unheard
            self.conclude_from(happening.event, () if unheard else happening.effects)

    def conclude_from(self, event: External, effects: tuple[Effect, ...]) -> None:
        """One event that was stored, and what the world was asked for then."""

    # --- time ---

    @property
    def boot(self) -> int:
        return self.world.standing().memory.boot.number

    @property
    def epoch(self) -> datetime | None:
        return self.epochs.get(self.boot)

    def present(self) -> datetime:
        """What the station's clock says."""
        assert self.epoch is not None
        return self.epoch + timedelta(milliseconds=self.world.now)

    @override
    def cut(self, *, own_clock: bool = False) -> None:
        super().cut(own_clock=own_clock)
        if own_clock:
            self.epochs[self.boot] = self.utc()

    def live(self, ms: int) -> None:
        """Time passes, and whatever the station asks meanwhile is done at once."""
        until = self.world.before_boot_ms + self.world.now + ms
        while (due := next_deadline(self.world.standing())) is not None:
            if self.world.before_boot_ms + due > until:
                break
            self.world.pass_time(max(0, due - self.world.now))
            self.agree()
        self.world.pass_time(max(0, until - self.world.before_boot_ms - self.world.now))

    # --- the others ---

    def is_answered(self) -> bool:
        """Whether the Central System answers just now."""
        return True

    @override
    def agree(self) -> None:
        for _ in range(300):
            self.look()
            due = next_deadline(self.world.standing())
            if self.world.calls and self.is_answered():
                self.reply()
            elif self.world.commands:
                self.world.feedback(fails=False)
            elif due is not None and due <= self.world.now:
                self.world.tell(DeadlinePassed())
            else:
                return
        raise AssertionError("the station asks without an end")

    def reply(self) -> None:
        self.world.answer(self.answer(self.world.calls[-1]))

    @override
    def answer(self, call: SendCall) -> dict[str, Any]:
        payload = super().answer(call)
        if "currentTime" in payload:
            self.epochs[self.boot] = self.utc() - timedelta(milliseconds=self.world.now)
        return payload


class ChargedAtMachine(ModelledMachine):
    """With drivers, who come and leave."""

    has_readers: ClassVar[bool] = True

    @rule(connector=CONNECTOR)
    def charges(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "unplugged":
            plant.cable[connector], plant.asking[connector] = "plugged", True
            self.world.tell(CablePlugged(connector))
            self.world.tell(EnergyRequested(connector))
            if self.has_readers:
                self.world.tell(TagPresented(connector, f"TAG{connector}"))
            self.agree()

    @rule(connector=CONNECTOR)
    def leaves(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "plugged":
            plant.cable[connector], plant.asking[connector] = "unplugged", False
            self.world.tell(EvUnplugged(connector))
            self.is_left(connector)
            self.agree()
            self.world.tell(CableUnplugged(connector))
            self.agree()

    def is_left(self, connector: int) -> None:
        """Tell a model that a car is gone."""


def walk(machine: type[ModelledMachine], *about: str, but: Collection[str] = ()) -> None:
    """Walk as far as the profile says, and see that nearly all was reached of what the machine is about."""
    machine.reached = set()
    run_state_machine_as_test(machine, settings=BUDGET)  # type: ignore[no-untyped-call]
    rows = {(one.name, binding.name) for one in MACHINES for binding in one.table}
    rows |= {(table.name, row.name) for table in OPERATIONS for row in table.rows}
    meant = {(name, row) for name, row in rows if name in about and row not in but}
    assert {name for name, _ in meant} == set(about)
    missing = meant - machine.reached
    assert len(missing) <= len(meant) // 5, f"not reached: {sorted(missing)}"
