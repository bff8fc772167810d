"""UpdateFirmware: fetched from its date on, installed when nobody charges, told (§4.5, §5.19, errata 3.47-3.50)."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from stateful.file_machine import (
    INSTALLATION_S,
    INTERVALS_S,
    PLACE,
    RETRIES,
    TRANSFER_S,
    FileMachine,
    retries,
    said,
    waits_s,
)
from stateful.modelled_machine import ChargedAtMachine, walk
from stateful.station_machine import CONNECTOR
from typing_extensions import override

from pilotline.core.effects import Download, Install
from pilotline.core.events import (
    RebootFailed,
)
from pilotline.spec.messages.firmware_management import FirmwareStatusNotificationReq

Phase = Literal["awaits its date", "fetching", "awaits a retry", "fetched", "installing", "starting anew"]
TOLD: dict[Phase | None, str] = {
    None: "Idle",
    "awaits its date": "Idle",
    "fetching": "Downloading",
    "awaits a retry": "Downloading",
    "fetched": "Downloaded",
    "installing": "Installing",
    "starting anew": "Installing",
}


class Order(NamedTuple):
    location: str
    date: datetime
    retries: int
    wait: timedelta


class FirmwareUpdates(ChargedAtMachine, FileMachine):
    """Held against the order as the Central System knows it, and who charges."""

    notification = FirmwareStatusNotificationReq

    def __init__(self) -> None:
        super().__init__()
        self.order = Order("", self.utc(), 0, timedelta())
        self.behind: Order | None = None
        self.phase: Phase | None = None
        self.until_ms = 0  # a deadline, or the end of a wait
        self.charging: set[int] = set()
        self.coming = self.version

    @initialize(charging=st.sets(CONNECTOR))
    def begin(self, charging: set[int]) -> None:
        self.connect()
        for connector in charging:
            self.charges(connector)

    # --- what is expected ---

    @override
    def conclude(self) -> None:
        """What follows from the time, and from who charges."""
        now = self.world.now
        if self.phase == "awaits its date" and self.epoch and self.present() >= self.order.date:
            self.happens("Downloading")
            self.fetches()
        if self.phase == "awaits a retry" and now >= self.until_ms:
            self.fetches()
        if self.phase == "fetching" and now >= self.until_ms:
            self.fails_to_come()
        if self.phase == "fetched" and self.nobody_charges():
            self.happens("Installing")
            self.phase, self.until_ms = "installing", now + INSTALLATION_S * 1000
        if self.phase == "installing" and now >= self.until_ms:
            self.ends("InstallationFailed")
        if self.phase == "starting anew" and self.world.standing().memory.reset.state == "up":
            self.ends("Installed")  # a start was tried in vain: it runs from the next one on (errata 3.47)
            self.reboots = False

    @override
    def agree(self) -> None:
        """From Downloaded on no transaction begins (errata 3.49)."""
        held = self.phase in ("fetched", "installing", "starting anew")
        super().agree()
        began = {c for c in (1, 2) if self.world.plant.closed[c]} - self.charging
        assert not (began and held), "a transaction began"
        self.charging |= began

    def nobody_charges(self) -> bool:
        sessions = self.world.standing().moment.sessions
        return all(session.state not in ("starting", "charging", "ending") for session in sessions)

    def fetches(self) -> None:
        self.phase, self.until_ms = "fetching", self.world.now + TRANSFER_S * 1000

    def waits(self, left: int) -> None:
        self.order = self.order._replace(retries=left)
        self.phase, self.until_ms = (
            "awaits a retry",
            self.world.now + self.order.wait // timedelta(milliseconds=1),
        )

    def fails_to_come(self) -> None:
        """Retries count what follows the first attempt (errata 3.50)."""
        if self.order.retries:
            self.waits(self.order.retries - 1)
        else:
            self.phase = None
            self.happens("DownloadFailed")

    def ends(self, status: str) -> None:
        self.happens(status)
        self.phase = None
        if status == "Installed":
            self.version = self.coming
        if self.behind is not None:
            self.order, self.behind, self.phase = self.behind, None, "awaits its date"

    @override
    def stored(self) -> list[str]:
        return list(self.world.standing().memory.firmware_due.statuses)

    @override
    def phase_told(self) -> str:
        return TOLD[self.phase]

    @invariant()
    def is_under_way(self) -> None:
        if self.phase == "fetching":
            assert isinstance(self.job, Download)
            assert self.job.location.text == self.order.location
        elif self.phase == "installing":
            assert isinstance(self.job, Install)
        else:
            assert self.job is None
        assert not self.reboots or self.phase == "starting anew"
        assert {c for c in (1, 2) if self.world.plant.closed[c]} == self.charging

    # --- rules ---

    @rule(
        in_s=st.sampled_from((-60, 0, 60, 7000)),
        number=RETRIES,
        interval_s=INTERVALS_S,
        instead=st.booleans(),
    )
    def is_ordered(self, in_s: int, number: int | None, interval_s: int | None, instead: bool) -> None:
        if not self.online or (self.phase is not None and not instead):
            self.live(130_000)
            self.connect()
        if not self.online:
            return
        date, location = self.utc() + timedelta(seconds=in_s), f"{PLACE}{self.world.serial}"
        request = said(
            location=location, retrieveDate=date.isoformat(), retries=number, retryInterval=interval_s
        )
        assert self.ask("UpdateFirmware", request) == {}
        order = Order(location, date, retries(number), waits_s(interval_s))
        if self.phase in ("installing", "starting anew"):
            self.behind = order
        else:
            self.order, self.phase = order, "awaits its date"
        self.live(0)
        self.agree()

    @precondition(lambda self: self.job is not None)
    @rule(fails=st.booleans())
    def comes_about(self, fails: bool) -> None:
        job, self.job = self.job, None
        self.is_done(job, fails)
        self.old.append(job)
        if isinstance(job, Install):
            if fails:
                self.ends("InstallationFailed")
            else:
                self.phase, self.coming = "starting anew", "2"
        elif fails:
            self.fails_to_come()
        else:
            self.phase = "fetched"
            self.happens("Downloaded")
        self.agree()

    @rule(
        steps=st.lists(
            st.sampled_from(("well", "well", "leave", "leave", "badly", "not at all", "cut", "order")),
            min_size=3,
            max_size=7,
        )
    )
    def goes_on(self, steps: list[str]) -> None:
        """So that the walk comes far."""
        if self.phase is None:
            self.is_ordered(in_s=0, number=1, interval_s=7, instead=False)
        for step in steps:
            self.live(7000)
            self.agree()
            if step == "cut":
                self.power_is_cut(connects=True, own_clock=False)
            elif step == "order":
                self.is_ordered(in_s=0, number=1, interval_s=7, instead=True)
            elif step == "leave":
                for connector in (1, 2):
                    self.leaves(connector)
            elif step == "not at all":
                self.live(TRANSFER_S * 1000)
                self.agree()
            elif self.reboots:
                self.starts_anew(fails=step == "badly")
            elif self.job is not None:
                self.comes_about(fails=step == "badly")

    @precondition(lambda self: self.phase is None)
    @rule(connector=CONNECTOR, is_lost=st.booleans())
    def comes_while_somebody_charges(self, connector: int, is_lost: bool) -> None:
        """It waits for them to leave; nobody is told while the link is lost."""
        self.answers_nothing = self.refuses = False
        self.connect()
        self.charges(connector)
        self.goes_on(["well"])
        self.answers_nothing = is_lost
        self.leaves(connector)
        if is_lost:
            self.link_is_lost(connects=True, answers=True)

    @precondition(lambda self: self.reboots)
    @rule(fails=st.booleans())
    def starts_anew(self, fails: bool) -> None:
        self.reboots = False
        if fails:
            self.world.tell(RebootFailed())
        else:
            self.job = None
            self.world.power_on("Reboot")
            self.comes_back()
            self.connect()
        self.agree()

    @rule(connects=st.booleans(), own_clock=st.booleans())
    def power_is_cut(self, connects: bool, own_clock: bool) -> None:
        """A download begins anew, which is no failure; an installation has failed."""
        self.cut(own_clock=own_clock)
        self.comes_back()
        self.agree()
        if connects:
            self.connect()

    @precondition(lambda self: self.phase == "installing")
    @rule(connects=st.booleans())
    def installer_starts_the_new_firmware(self, connects: bool) -> None:
        """Which says so by its firmwareVersion."""
        self.coming = f"3.{self.world.serial}.{self.boot}"
        identity = self.world.product.identity.model_copy(update={"firmware_version": self.coming})
        self.world.product = self.world.product.model_copy(update={"identity": identity})
        self.cut()
        self.ends("Installed")
        self.agree()
        if connects:
            self.connect()

    def comes_back(self) -> None:
        match self.phase:
            case "fetching" | "awaits a retry":
                self.waits(self.order.retries)
            case "installing":
                self.ends("InstallationFailed")
            case "starting anew":
                self.ends("Installed")
            case _:
                pass

    @override
    def is_left(self, connector: int) -> None:
        self.charging.discard(connector)

    @precondition(lambda self: self.phase is not None)
    @rule()
    def all_goes_well(self) -> None:
        """Whatever became of the order so far: everybody leaves, and at last it is installed, and that is told."""
        self.answers_nothing = self.refuses = False
        for connector in (1, 2):
            self.leaves(connector)
        for _ in range(12):
            self.connect()
            self.live(TRANSFER_S * 500 if self.job is None else 0)
            self.agree()
            if self.job is not None:
                self.comes_about(fails=False)
            if self.reboots:
                self.starts_anew(fails=False)
        assert (self.phase, self.behind) == (None, None)
        self.all_is_told()


def test_firmware_updates() -> None:
    walk(FirmwareUpdates, "firmware", "firmware_notices", "UpdateFirmwareReq")
