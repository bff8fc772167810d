"""What the state machines of the subsystems have in common: one station, and a journal of every run that fails."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

from core.test_whole_charge_point import agreeable
from core.whole_world import World
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from pilotline.adapters.journal import Journal
from pilotline.core.calendar import utc_of
from pilotline.core.effects import Effect, SendCall, SendError, SendResult
from pilotline.core.events import CommitFailed, External, LinkLost, LinkUp
from pilotline.spec.products import Product, load_product

NOW = datetime(2026, 11, 23, 6, 54, 28, tzinfo=UTC)
BUDGET = settings(max_examples=max(1, settings().max_examples // 4))
"""Of the profile: one subsystem is soon walked."""
REPLAYS = Path(__file__).parents[2] / ".replays"


class StationMachine(RuleBasedStateMachine):
    """One station in a world of which the rules of a subsystem move a part."""

    product: ClassVar[Product] = load_product("reference")
    replays: ClassVar[Path] = REPLAYS

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.product)
        self.ahead_ms = 0
        """How far the clock of the Central System is from the time that passes."""
        self.followed = 0

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

    def follow(self) -> None:
        """Tell a model what has happened since it was last told; by rules, cuts and deadlines alike."""
        while self.followed < len(self.world.happenings):
            self.followed += 1
            happening = self.world.happenings[self.followed - 1]
            unheard = self.followed - 1 in self.world.unheard
            self.happened(happening.event, () if unheard else happening.effects)

    def happened(self, event: External, effects: tuple[Effect, ...]) -> None:
        """One event that was stored, and what the world was asked for then."""

    @property
    def online(self) -> bool:
        """Connected and accepted: the Central System may ask for anything."""
        moment = self.world.standing().moment
        return moment.link.state == "up" and moment.registration.state == "accepted"

    # --- the others ---

    def connect(self) -> None:
        self.world.tell(LinkUp(self.world.connection))
        self.agree()

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
        return payload | ({"currentTime": self.utc().isoformat()} if "currentTime" in payload else {})

    def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The Central System asks, and gets a CALLRESULT at once."""
        told = self.tries_to_ask(action, payload)
        assert told is not None
        return told

    def tries_to_ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """None: the answer was lost in a power cut, or what was asked could not be stored and has not happened."""
        self.world.serial += 1
        full, place = self.world.store_is_full, len(self.world.happenings)
        self.world.frame(2, f"cs-{self.world.serial}", action, payload)
        if place in self.world.unheard:
            return None
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
    def everybody_agrees(self) -> None:
        self.world.store_is_full = False
        self.connect()

    @rule()
    def link_is_lost(self) -> None:
        self.world.tell(LinkLost(self.world.connection, 0))

    @rule()
    def link_is_up(self) -> None:
        self.world.tell(LinkUp(self.world.connection))

    @rule(own_clock=st.booleans())
    def power_is_cut(self, own_clock: bool) -> None:
        self.cut(own_clock=own_clock)

    @rule()
    def power_will_go_before_it_acts(self) -> None:
        self.world.fails_before_acting = True

    @rule(full=st.booleans())
    def store_is_full(self, full: bool) -> None:
        self.world.store_is_full = full

    @rule(seconds=st.sampled_from((-90_000, -30, 0, 30, 90_000)))
    def central_clock_jumps(self, seconds: int) -> None:
        """The station knows with the next Heartbeat or boot."""
        self.ahead_ms = seconds * 1000

    @rule(ms=st.sampled_from((1000, 31_000, 61_000, 400_000)))
    def time_passes(self, ms: int) -> None:
        """Who is asked meanwhile does not answer."""
        self.world.pass_time(ms)

    @precondition(lambda self: self.world.calls)
    @rule()
    def one_answer(self) -> None:
        self.world.answer(self.answer(self.world.calls[-1]))

    @precondition(lambda self: self.world.calls)
    @rule(payload=st.sampled_from((None, {"no": "sense"})))
    def a_useless_answer(self, payload: dict[str, str] | None) -> None:
        self.world.answer(payload)

    @precondition(lambda self: self.world.old_calls)
    @rule()
    def a_late_answer(self) -> None:
        self.world.answer(self.answer(self.world.old_calls[-1]), late=True)

    @precondition(lambda self: self.world.commands)
    @rule(fails=st.sampled_from((False, False, False, True)))
    def hardware_answers(self, fails: bool) -> None:
        self.world.feedback(fails)


def save(world: World, folder: Path) -> Path:
    """The run so far as a journal; one that was there before goes."""
    rmtree(folder, ignore_errors=True)
    journal = Journal(folder)
    for happening in world.happenings:
        journal.record(happening)
    journal.close()
    return folder
