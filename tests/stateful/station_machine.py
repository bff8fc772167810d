"""What the state machines of the subsystems have in common: one station, and a journal of every run that fails."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

from core.test_whole_charge_point import agreeable
from core.whole_world import World
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from typing_extensions import override

from pilotline.adapters.journal import Journal
from pilotline.core.calendar import utc_of
from pilotline.core.effects import Effect, SendCall, SendError, SendResult
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    CommitFailed,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    LinkLost,
    LinkUp,
    TagPresented,
)
from pilotline.spec.messages.core import AuthorizeReq
from pilotline.spec.products import Product, adjusted, load_product

NOW = datetime(2026, 11, 23, 6, 54, 28, tzinfo=UTC)
BUDGET = settings(max_examples=max(1, settings().max_examples // 4))
"""Of the profile: one subsystem is soon walked."""
SECOND = settings(max_examples=max(1, settings().max_examples // 8))
"""On a second product there is less that is new."""
REFERENCE = adjusted(load_product("reference"), {"StopTransactionMaxMeterValues": "5"})
C6EU = adjusted(load_product("c6eu"), transaction_data_max=5)
"""As much transaction data as the Central System's view holds for right."""
CONNECTOR = st.sampled_from((1, 2))
TAG = st.sampled_from(("TAG", "tag", "OTHER", "FRIEND"))
GROUPS = {"tag": "GROUP", "friend": "group"}
"""The groups that the Central System knows tags to be of (§3.10)."""
TROUBLES = (
    "link lost",
    "power cut",
    "power cut, the clock goes on",
    "power goes before it acts",
    "store full",
    "CALLERROR",
    "nonsense",
    "late answer",
    "hardware fails",
)
REPLAYS = Path(__file__).parents[2] / ".replays"


class StationMachine(RuleBasedStateMachine):
    """One station in a world of which the rules of a subsystem move a part."""

    product: ClassVar[Product] = REFERENCE
    replays: ClassVar[Path] = REPLAYS

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.product)
        self.ahead_ms = 0
        """How far the clock of the Central System is from the time that passes."""
        self.world.watch = self.happened

    @override
    def teardown(self) -> None:
        """Hypothesis runs the shrunk example last, so its journal is the one that stays."""
        error = sys.exception()
        if error is not None:
            note(f"pilotline replay {save(self.world, self.replays / type(self).__name__)}")

    # --- time ---

    def utc(self) -> datetime:
        """What the Central System's clock says, whatever the station's does."""
        return NOW + timedelta(milliseconds=self.ahead_ms + self.world.before_boot_ms + self.world.now)

    def cut(self, *, own_clock: bool = False) -> None:
        """Power goes and comes back at once."""
        self.world.power_on("PowerLoss", utc_of(self.utc()) if own_clock else None)

    # --- what happened, seen from outside ---

    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        """Tell a model of one event that was stored, and of what is done about it; none if power went before."""

    def believed(self) -> int | None:
        """What the station takes for the time."""
        epoch = self.world.standing().moment.clock.epoch
        return None if epoch is None else epoch + self.world.now

    @property
    def online(self) -> bool:
        """Connected and accepted: the Central System may ask for anything."""
        moment = self.world.standing().moment
        return moment.link.state == "up" and moment.registration.state == "accepted"

    @property
    def may_be_asked(self) -> bool:
        """Connected, and not refused."""
        moment = self.world.standing().moment
        return moment.link.state == "up" and moment.registration.state in ("accepted", "pending")

    # --- the others ---

    def connect(self) -> None:
        self.world.tell(LinkUp(self.world.connection))
        self.agree()

    def wait_until(self, so: Callable[[], bool]) -> None:
        """For some minutes at most; whatever the station asks meanwhile is answered before its time is over."""
        for _ in range(40):
            if so():
                return
            self.world.pass_time(10_000)
            self.connect()

    def agree(self) -> None:
        """Everybody does what the station asks, until it asks no more."""
        for _ in range(300):
            if self.world.calls:
                self.world.answer(self.answer(self.world.calls[-1]))
            elif self.world.commands:
                self.world.feedback(fails=False)
            else:
                return
        raise AssertionError("the station asks without an end")

    def answer(self, call: SendCall) -> dict[str, Any]:
        request = type(call.request).__name__
        if request == "StartTransactionReq":
            self.world.next_transaction_id += 1
        payload = agreeable(request, self.world.next_transaction_id)
        if isinstance(call.request, AuthorizeReq):
            group = GROUPS.get(call.request.id_tag.lower())
            return {"idTagInfo": {"status": "Accepted"} | ({"parentIdTag": group} if group else {})}
        return payload | ({"currentTime": self.utc().isoformat()} if "currentTime" in payload else {})

    def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The Central System asks, and gets a CALLRESULT at once."""
        told = self.tries_to_ask(action, payload)
        assert told is not None
        return told

    def tries_to_ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; empty: it was lost in a power cut. None: it has not happened, for want of a link or of room."""
        if not self.may_be_asked:
            return None
        self.world.serial += 1
        full, place = self.world.store_is_full, len(self.world.happenings)
        self.world.frame(2, f"cs-{self.world.serial}", action, payload)
        if place in self.world.unheard:
            return {}
        effects = self.world.happenings[place].effects
        if isinstance(self.world.happenings[place].event, CommitFailed):
            assert full
            assert any(isinstance(effect, SendError) for effect in effects)
            return None
        (result,) = (effect for effect in effects if isinstance(effect, SendResult))
        return result.confirmation.model_dump(mode="json", by_alias=True, exclude_none=True)


class TroubledMachine(StationMachine):
    """Whatever the subsystem: power, store, network and clocks fail, and answers come late, wrong or not at all."""

    @initialize()
    def begin(self) -> None:
        self.connect()

    @rule()
    def all_is_well(self) -> None:
        """So that the walk comes far."""
        waits = self.world.store_is_full
        self.world.store_is_full = self.world.fails_before_acting = False
        if waits:  # an answer that could not be stored was none: its CALL is open until its time is over
            self.world.pass_time(31_000)
        self.connect()
        self.wait_until(lambda: self.online)  # it starts anew, or the next BootNotification has its time

    @rule(what=st.sampled_from(TROUBLES))
    def goes_wrong(self, what: str) -> None:
        world = self.world
        match what:
            case "link lost":
                world.tell(LinkLost(world.connection, 0))
            case "power cut" | "power cut, the clock goes on":
                self.cut(own_clock=what != "power cut")
            case "power goes before it acts":
                world.fails_before_acting = True
            case "store full":
                world.store_is_full = True
            case "CALLERROR" | "nonsense":
                world.answer(None if what == "CALLERROR" else {"no": "sense"})
            case "late answer" if world.old_calls:
                world.answer(self.answer(world.old_calls[-1]), late=True)
            case "hardware fails":
                world.feedback(fails=True)
            case _:
                pass

    @rule(seconds=st.sampled_from((-90_000, -30, 0, 30, 90_000)))
    def central_clock_jumps(self, seconds: int) -> None:
        """The station knows with the next Heartbeat or boot."""
        self.ahead_ms = seconds * 1000

    @rule(ms=st.sampled_from((1000, 31_000, 61_000, 400_000)))
    def time_passes(self, ms: int) -> None:
        """Who is asked meanwhile does not answer."""
        self.world.pass_time(ms)

    @rule(link=st.booleans())
    def one_thing_is_done(self, link: bool) -> None:
        """The link comes up, or the one who was asked first answers."""
        if link:
            self.world.tell(LinkUp(self.world.connection))
        elif self.world.calls:
            self.world.answer(self.answer(self.world.calls[-1]))
        else:
            self.world.feedback(fails=False)


class DrivenMachine(TroubledMachine):
    """With drivers and their cars, too."""

    @rule()
    @override
    def all_is_well(self) -> None:
        for point in range(3):
            self.mend(point)
        super().all_is_well()
        self.tries_to_ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        self.agree()

    @rule(connector=CONNECTOR)
    def gone(self, connector: int) -> None:
        """All is well, and nobody is there."""
        self.all_is_well()
        self.leave(connector, at_the_car=False)
        self.agree()

    @rule(connector=CONNECTOR)
    def plug(self, connector: int) -> None:
        if self.world.plant.cable[connector] == "unplugged":
            self.world.plant.cable[connector] = "plugged"
            self.world.tell(CablePlugged(connector))

    @rule(connector=CONNECTOR)
    def asks_or_declines(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "plugged":
            plant.asking[connector] = not plant.asking[connector]
            self.world.tell(
                EnergyRequested(connector) if plant.asking[connector] else EnergyDeclined(connector)
            )

    @rule(connector=CONNECTOR, at_the_car=st.booleans())
    def leave(self, connector: int, at_the_car: bool) -> None:
        plant, fixed = self.world.plant, self.product.connectors[connector - 1].cable == "fixed"
        if plant.cable[connector] == "plugged" and (at_the_car or fixed):
            plant.cable[connector], plant.asking[connector] = "unplugged" if fixed else "ev_side_out", False
            self.world.tell(EvUnplugged(connector))
        elif plant.cable[connector] != "unplugged":
            plant.cable[connector], plant.asking[connector] = "unplugged", False
            self.world.tell(CableUnplugged(connector))

    @rule(connector=CONNECTOR, id_tag=TAG)
    def present(self, connector: int, id_tag: str) -> None:
        self.world.tell(TagPresented(min(connector, len(self.product.readers)), id_tag))

    @rule(connector=CONNECTOR, id_tag=TAG, plugs_first=st.booleans())
    def charge(self, connector: int, id_tag: str, plugs_first: bool) -> None:
        """So that the walk comes far."""
        for act in (self.plug, None) if plugs_first else (None, self.plug):
            if act is None:
                self.present(connector, id_tag)
            else:
                act(connector)
            self.agree()

    @rule(point=st.sampled_from((0, 1, 2)), prevents=st.booleans())
    def fault(self, point: int, prevents: bool) -> None:
        self.world.tell(FaultDetected(point, "OtherError", prevents_charging=prevents))

    @rule(point=st.sampled_from((0, 1, 2)))
    def mend(self, point: int) -> None:
        for raised in self.world.standing().moment.faults[point].raised:
            self.world.tell(FaultCleared(point, raised.error_code))


def save(world: World, folder: Path) -> Path:
    """The run so far as a journal; one that was there before goes."""
    rmtree(folder, ignore_errors=True)
    journal = Journal(folder)
    for happening in world.happenings:
        journal.record(happening)
    journal.close()
    return folder
