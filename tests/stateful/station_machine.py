"""What the state machines of the subsystems have in common: one station, and a journal of every run that fails."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

from core.test_whole_charge_point import agreeable
from core.whole_world import World
from hypothesis import note, settings
from hypothesis.stateful import RuleBasedStateMachine
from typing_extensions import override

from pilotline.adapters.journal import Journal
from pilotline.core.effects import SendResult
from pilotline.core.events import DeadlinePassed, LinkUp
from pilotline.core.step import next_deadline
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
        self.before_boot_ms = 0
        self.boots = 1
        self.epoch: datetime | None = (
            None  # the station's time at the beginning of this boot, once it was told
        )

    @override
    def teardown(self) -> None:
        """Hypothesis runs the shrunk example last, so its journal is the one that stays."""
        error = sys.exception()
        if error is not None:
            note(f"pilotline replay {save(self.world, self.replays / type(self).__name__)}")

    def start(self, product: Product) -> None:
        """Another product than that of the class."""
        self.world = World(product)

    # --- time ---

    def utc(self) -> datetime:
        """What the Central System's clock says, whatever the station's does."""
        return NOW + timedelta(milliseconds=self.before_boot_ms + self.world.now)

    def present(self) -> datetime:
        """What the station's clock says."""
        assert self.epoch is not None
        return self.epoch + timedelta(milliseconds=self.world.now)

    def cut(self, cause: str = "PowerLoss") -> None:
        """Power goes and comes back at once."""
        self.before_boot_ms += self.world.now
        self.boots += 1
        self.epoch = None
        self.world.power_on(cause)

    def live(self, ms: int) -> None:
        """Time passes, and whatever the station asks meanwhile is done at once."""
        until = self.world.now + ms
        due = next_deadline(self.world.standing())
        while due is not None and due <= until:
            self.world.pass_time(max(0, due - self.world.now))
            self.agree()
            due = next_deadline(self.world.standing())
        self.world.pass_time(until - self.world.now)

    def something_is_due(self) -> bool:
        due = next_deadline(self.world.standing())
        return due is not None and due <= self.world.now

    # --- the others ---

    def connect(self) -> None:
        self.world.tell(LinkUp(self.world.connection))
        self.agree()

    def look(self) -> None:
        """What a model concludes before the station goes on."""

    def is_answered(self) -> bool:
        """Whether the Central System answers just now."""
        return True

    def agree(self) -> None:
        """Everybody does what the station asks, until it asks no more."""
        for _ in range(300):
            self.look()
            if self.world.calls and self.is_answered():
                self.reply()
            elif self.world.commands:
                self.world.feedback(fails=False)
            elif self.something_is_due():
                self.world.tell(DeadlinePassed())
            else:
                return
        raise AssertionError("the station asks without an end")

    def reply(self) -> None:
        self.world.answer(self.answer(type(self.world.calls[-1].request).__name__))

    def answer(self, request: str) -> dict[str, Any]:
        if request == "StartTransactionReq":
            self.world.next_transaction_id += 1
        payload = agreeable(request, self.world.next_transaction_id)
        if "currentTime" not in payload:
            return payload
        self.epoch = self.utc() - timedelta(milliseconds=self.world.now)
        return payload | {"currentTime": self.utc().isoformat()}

    def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The Central System asks, and gets a CALLRESULT at once."""
        self.world.serial += 1
        self.world.frame(2, f"cs-{self.world.serial}", action, payload)
        effects = self.world.happenings[-1].effects
        (result,) = (effect for effect in effects if isinstance(effect, SendResult))
        return result.confirmation.model_dump(mode="json", by_alias=True, exclude_none=True)


def save(world: World, folder: Path) -> Path:
    """The run so far as a journal; one that was there before goes."""
    rmtree(folder, ignore_errors=True)
    journal = Journal(folder)
    for happening in world.happenings:
        journal.record(happening)
    journal.close()
    return folder
