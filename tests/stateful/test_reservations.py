"""Reserved means reserved, until it is used, cancelled, replaced or over (§5.1, §5.3, §5.13)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import rule
from stateful.station_machine import BUDGET, C6EU, SECOND, TAG, DrivenMachine
from typing_extensions import override

from pilotline.core.calendar import utc_of
from pilotline.core.effects import Effect
from pilotline.core.events import CallReceived, External, PoweredUp
from pilotline.core.state import StartMessage
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq

NUMBER = st.sampled_from((1, 2, 3))
PARENT = st.sampled_from((None, "GROUP", "ELSE"))
POINTS = (0, 1, 2)


class Held(NamedTuple):
    """What ReserveNow agreed on."""

    connector: int
    id_tag: str
    parent: str | None
    expiry: int

    def is_for(self, id_tag: str, parent: str | None) -> bool:
        of_the_group = self.parent and parent and self.parent.lower() == parent.lower()
        return self.id_tag.lower() == id_tag.lower() or bool(of_the_group)


class Reservations(DrivenMachine):
    """Held against a dict; what the connectors show says who can be given one."""

    takes_any = True

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[int, Held] = {}
        self.expected = ""
        self.shown: list[str] = self.shows()
        self.transactions: set[int] = set()

    # --- what is seen ---

    def shows(self) -> list[str]:
        return [connector.state for connector in self.world.standing().moment.connectors]

    def is_over(self, held: Held) -> bool:
        now = self.believed()
        return now is not None and held.expiry <= now

    def of(self, connector: int, besides: int | None = None) -> list[Held]:
        return [held for n, held in self.held.items() if held.connector == connector and n != besides]

    def vacant(self, besides: int | None = None) -> set[int]:
        """Who reserved any connector could have one of these: fit, nobody's, at most plugged in."""
        sessions = self.world.standing().moment.sessions
        shown = self.shows()
        return {
            c
            for c in (1, 2)
            if not self.of(c, besides)
            and sessions[c].state in ("idle", "awaiting_id_tag")
            and "Faulted" not in (shown[0], shown[c])
            and "Unavailable" not in (shown[0], shown[c])
        }

    def would_say(self, number: int, wish: Held) -> str:
        shown, point = self.shows(), wish.connector
        if point not in POINTS or (point == 0 and not self.takes_any) or self.is_over(wish):
            return "Rejected"
        if number in self.held and self.held[number].connector == point:
            return "Accepted"
        able = {shown[c] for c in ((point,) if point else (1, 2))}
        if shown[0] == "Faulted" or able == {"Faulted"}:
            return "Faulted"
        if shown[0] == "Unavailable" or able - {"Faulted"} == {"Unavailable"}:
            return "Unavailable"
        if point and (
            self.world.standing().moment.sessions[point].state != "idle" or self.of(point, besides=number)
        ):
            return "Occupied"
        return "Accepted" if len(self.vacant(number)) > len(self.of(0, besides=number)) else "Occupied"

    # --- what happens ---

    @rule(
        number=NUMBER,
        connector=st.sampled_from((0, 1, 2, 1, 2, 3)),
        id_tag=TAG,
        parent=PARENT,
        lasts_s=st.sampled_from((-5, 20, 300, 300, 100_000)),
    )
    def reserve(self, number: int, connector: int, id_tag: str, parent: str | None, lasts_s: int) -> None:
        until = self.utc() + timedelta(seconds=lasts_s)
        wish = Held(connector, id_tag, parent, utc_of(until))
        self.expected = self.would_say(number, wish)
        payload = {
            "connectorId": connector,
            "reservationId": number,
            "idTag": id_tag,
            "expiryDate": until.isoformat(),
        }
        told = self.tries_to_ask("ReserveNow", payload | ({"parentIdTag": parent} if parent else {}))
        assert not told or told["status"] == self.expected
        seen(f"ReserveNow {self.expected}")

    @rule(number=NUMBER)
    def cancel(self, number: int) -> None:
        self.expected = "Accepted" if number in self.held else "Rejected"
        told = self.tries_to_ask("CancelReservation", {"reservationId": number})
        assert not told or told["status"] == self.expected

    @rule(point=st.sampled_from((0, 1, 2)), kind=st.sampled_from(("Operative", "Operative", "Inoperative")))
    def availability(self, point: int, kind: str) -> None:
        self.tries_to_ask("ChangeAvailability", {"connectorId": point, "type": kind})

    @rule(number=NUMBER, connector=st.sampled_from((0, 1, 2)), id_tag=TAG, parent=PARENT)
    def reserve_on_a_good_day(self, number: int, connector: int, id_tag: str, parent: str | None) -> None:
        """So that the walk comes far."""
        self.gone(connector or 1)
        self.reserve(number, connector, id_tag, parent, 300)

    @rule()
    def all_expire(self) -> None:
        """The clock is known, and what is over is gone."""
        self.all_is_well()
        self.world.pass_time(301_000)
        if self.believed() is not None:
            assert not any(self.is_over(held) for held in self.held.values())

    # --- the model ---

    @override
    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        if isinstance(event, CallReceived) and self.expected == "Accepted":
            match event.request:
                case ReserveNowReq() as asked:
                    self.held[asked.reservation_id] = Held(
                        asked.connector_id, asked.id_tag, asked.parent_id_tag, utc_of(asked.expiry_date)
                    )
                case CancelReservationReq(reservation_id=number):
                    del self.held[number]
                case _:
                    pass
        shown = self.shows()
        for point in POINTS:
            ends = shown[point] in ("Faulted", "Unavailable") and shown[point] != self.shown[point]
            if ends and not isinstance(event, PoweredUp):
                self.held = {n: held for n, held in self.held.items() if point not in (0, held.connector)}
        self.shown = shown
        self.uses()
        self.is_as_agreed()

    def uses(self) -> None:
        """A transaction that begins uses what is reserved for its tag here, or anywhere, and says so."""
        memory = self.world.standing().memory
        for number in set(memory.transactions) - self.transactions:
            begun = memory.transactions[number]
            candidates = self.of(begun.connector) or self.of(0)
            mine = {
                n
                for n, held in self.held.items()
                if held in candidates and held.is_for(begun.id_tag, begun.parent_id_tag)
            }
            (told,) = (
                entry.message.reservation_id
                for entry in memory.outbox.values()
                if entry.transaction == number and isinstance(entry.message, StartMessage)
            )
            assert (told in mine) if mine else (told is None)
            seen("a reservation is used" if mine else "a transaction of none")
            if told is not None:
                del self.held[told]
        self.transactions = set(memory.transactions)

    def is_as_agreed(self) -> None:
        state = self.world.standing()
        found = {
            n: Held(r.connector, r.id_tag, r.parent_id_tag, r.expiry)
            for n, r in state.memory.reservations.items()
        }
        gone = [n for n, held in self.held.items() if n not in found and self.is_over(held)]
        for number in gone:
            seen("a reservation expired")
            del self.held[number]
        assert found == self.held
        for c in (1, 2):
            if self.shown[c] in ("Available", "Reserved"):
                spoken_for = c in self.vacant() and 0 < len(self.of(0)) >= len(self.vacant())
                assert (self.shown[c] == "Reserved") == bool(self.of(c) or spoken_for)


class ReservationsOfC6eu(Reservations):
    """Without connector 0, and with one reader for both cables."""

    product = C6EU
    takes_any = False


TestReservations = Reservations.TestCase
TestReservations.settings = BUDGET
TestReservationsOfC6eu = ReservationsOfC6eu.TestCase
TestReservationsOfC6eu.settings = SECOND
