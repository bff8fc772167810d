"""What is Inoperative is not used, over every boot; who is told to reset does, says why, and begins nothing
(§4.9, §5.2, §5.14).
"""

from collections.abc import Sequence

from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import rule
from stateful.station_machine import BUDGET, C6EU, CONNECTOR, SECOND, DrivenMachine
from typing_extensions import override

from pilotline.core.effects import Effect, Reboot
from pilotline.core.events import CallReceived, External, PoweredUp
from pilotline.spec.messages.core import ChangeAvailabilityReq, ResetReq

KIND = st.sampled_from(("Operative", "Inoperative"))
ORDERS_MAX = 1 + 3
"""The restart, and ResetRetries more."""
SOFT_WAIT_MS = 60_000


class AvailabilityAndReset(DrivenMachine):
    """Held against what the Central System wants of each connector, and against why the station goes down."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ["Operative"] * 3
        self.why: str | None = None  # of the reset that is on its way
        self.since_ms = 0
        self.orders = 0
        self.stops: dict[int, str] = {}
        self.transactions: set[int] = set()

    # --- what is seen ---

    def transacts(self, connector: int) -> bool:
        return any(
            t.connector == connector and t.state in ("running", "stopping")
            for t in self.world.standing().memory.transactions.values()
        )

    def lived_ms(self) -> int:
        return self.world.before_boot_ms + self.world.now

    # --- what happens ---

    @rule(point=st.sampled_from((0, 1, 2, 3)), kind=KIND)
    def change_availability(self, point: int, kind: str) -> None:
        meant = (1, 2) if point == 0 else (point,)
        waits = kind == "Inoperative" and any(map(self.transacts, meant))
        expected = "Rejected" if point == 3 else "Scheduled" if waits else "Accepted"
        told = self.tries_to_ask("ChangeAvailability", {"connectorId": point, "type": kind})
        assert not told or told["status"] == expected
        seen(f"{kind} {expected}")

    @rule(connector=CONNECTOR, point=st.sampled_from((0, 1, 2)), ends=st.sampled_from(("", "leaves", "cut")))
    def is_scheduled(self, connector: int, point: int, ends: str) -> None:
        """So that the walk comes far."""
        self.gone(connector)
        self.charge(connector, "TAG", plugs_first=True)
        self.change_availability(point, "Inoperative")
        if ends == "leaves":
            self.leave(connector, at_the_car=False)
            self.agree()
        elif ends == "cut":
            self.cut()

    @rule(kind=st.sampled_from(("Soft", "Hard")), well=st.booleans())
    def reset(self, kind: str, well: bool) -> None:
        if well:
            self.all_is_well()
        told = self.tries_to_ask("Reset", {"type": kind})
        assert not told or told["status"] == "Accepted"

    @rule(times=st.integers(1, 5))
    def restarts_do_not_come_about(self, times: int) -> None:
        for _ in range(times):
            if any(isinstance(command, Reboot) for command in self.world.commands):
                while self.world.commands:
                    self.world.feedback(fails=True)
            self.world.pass_time(121_000)

    @rule()
    def a_soft_reset_waits_for_a_while(self) -> None:
        self.world.pass_time(1000)
        waited = self.lived_ms() - self.since_ms > SOFT_WAIT_MS + 2000
        if self.why == "SoftReset" and waited and self.world.standing().moment.storage.state == "fine":
            assert self.orders

    # --- the model ---

    @override
    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        why = self.why
        if isinstance(event, CallReceived):
            self.asked(event)
        self.orders += sum(isinstance(effect, Reboot) for effect in effects)
        assert self.orders <= ORDERS_MAX
        assert all(effect.cause == self.why for effect in effects if isinstance(effect, Reboot))
        if isinstance(event, PoweredUp):
            self.boots(why)
        elif self.why and self.world.standing().memory.reset.state == "up":
            assert self.orders == ORDERS_MAX
            assert self.world.standing().moment.faults[0].raised[-1].error_code == "ResetFailure"
            seen("a reset was given up")
            self.why = None
        reset = isinstance(event, CallReceived) and isinstance(event.request, ResetReq)
        self.looks_at_transactions(why, is_the_reset=reset or isinstance(event, PoweredUp))
        for connector in (1, 2):
            self.is_as_wanted(connector)
        shown = self.world.standing().moment.connectors[0].state
        assert shown in ("Faulted", "Available" if self.wanted[0] == "Operative" else "Unavailable")

    def asked(self, event: CallReceived) -> None:
        match event.request:
            case ChangeAvailabilityReq(connector_id=point, type=kind) if point < len(self.wanted):
                for meant in range(3) if point == 0 else (point,):
                    self.wanted[meant] = kind
            case ResetReq(type=kind) if self.why is None or (kind == "Hard" and not self.orders):
                self.why, self.since_ms, self.orders = f"{kind}Reset", self.lived_ms(), 0
                seen(self.why)
            case _:
                pass

    def boots(self, why: str | None) -> None:
        """A reset that was on its way has ended all transactions, whatever became of the power."""
        if why:
            seen("a boot after a reset")
            assert not any(self.transacts(connector) for connector in (1, 2))
        self.why, self.orders = None, 0

    def looks_at_transactions(self, why: str | None, *, is_the_reset: bool) -> None:
        transactions = self.world.standing().memory.transactions
        for number in set(transactions) - self.transactions:
            assert self.wanted[transactions[number].connector] == "Operative"
            assert why is None, "who goes down begins nothing"
        for number, transaction in transactions.items():
            if transaction.stop is not None and number not in self.stops:
                self.stops[number] = transaction.stop.reason
                if (self.why or why) and is_the_reset:
                    assert transaction.stop.reason == (self.why or why)
                    seen(f"stopped for {self.why or why}")
        self.transactions = set(transactions)
        self.stops = {number: reason for number, reason in self.stops.items() if number in transactions}

    def is_as_wanted(self, connector: int) -> None:
        shown = self.world.standing().moment.connectors[connector].state
        if self.wanted[connector] == "Operative":
            assert shown != "Unavailable"
        elif not self.transacts(connector):
            leaves = self.world.plant.cable[connector] != "unplugged" and shown == "Finishing"
            assert shown in ("Unavailable", "Faulted") or leaves
            seen("not used any more" if shown == "Unavailable" else shown)


class AvailabilityAndResetOfC6eu(AvailabilityAndReset):
    """Whose transactions end with every power cut."""

    product = C6EU


TestAvailabilityAndReset = AvailabilityAndReset.TestCase
TestAvailabilityAndReset.settings = BUDGET
TestAvailabilityAndResetOfC6eu = AvailabilityAndResetOfC6eu.TestCase
TestAvailabilityAndResetOfC6eu.settings = SECOND
