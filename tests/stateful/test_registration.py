"""Who may speak when, and how long a station is silent (§4.2, §4.6), whatever is answered, cut or lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from stateful.modelled_machine import ModelledMachine, walk
from stateful.station_machine import CONNECTOR
from typing_extensions import override

from pilotline.core.effects import Effect, SendCall
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    EnergyRequested,
    ErrorReceived,
    EvUnplugged,
    External,
    LinkLost,
    LinkUp,
    PoweredUp,
    ResultReceived,
)
from pilotline.spec.messages.core import BootNotificationConf, MeterValuesReq
from pilotline.spec.products import adjusted, load_product

ANSWER_MS = 30_000  # MessageTimeout
RETRY_S = 30  # boot_retry_s
DAY_MS = 86_400_000
STATUS = st.sampled_from(("Accepted", "Accepted", "Pending", "Pending", "Rejected"))
INTERVAL_S = st.sampled_from((0, 10, 300, 100_000))
USELESS = st.sampled_from(("error", "nonsense", "silence"))
REPORTS = st.sampled_from(("Heartbeat", "StatusNotification", "MeterValues", "FirmwareStatusNotification"))


@dataclass(frozen=True)
class OnItsWay:
    id: str
    action: str
    at: int
    is_triggered: bool


class Registration(ModelledMachine):
    """Held against what the Central System has said last, and when it was spoken to last."""

    product = adjusted(
        load_product("reference"),
        {"MeterValueSampleInterval": "0", "StopTransactionMaxMeterValues": "5"},
        readers=(),
        start_without_authorization="FREEVEND",
    )

    def __init__(self) -> None:
        super().__init__()
        self.interval_s = 300
        self.forget()

    def forget(self) -> None:
        """A boot begins, and nobody has said anything."""
        self.linked, self.word = False, ""
        self.boot_due: int | None = 0  # none once accepted
        self.is_told_to_wait = False
        self.on_its_way: OnItsWay | None = None
        self.owed: dict[str, list[datetime | None]] = {}
        """What was triggered, agreed to, and is not sent yet; when it was, by the station's clock."""
        self.quiet_since = self.told_at = 0

    @initialize(status=st.none() | STATUS, interval_s=INTERVAL_S)
    def begin(self, status: str | None, interval_s: int) -> None:
        if status is not None:
            self.is_answered_so(status, interval_s)

    # --- what is expected ---

    @override
    def look(self) -> None:
        self.catch_up()

    @override
    def conclude_from(self, event: External, effects: tuple[Effect, ...]) -> None:
        now = self.world.happenings[self.concluded - 1].at
        if self.on_its_way and now >= self.on_its_way.at + ANSWER_MS:
            self.ends(now, None)
        match event:
            case PoweredUp():
                self.forget()
            case LinkUp():
                self.linked, self.quiet_since = True, now
                if self.boot_due is not None:
                    self.boot_due = max(now, self.boot_due) if self.is_told_to_wait else now
            case LinkLost():
                self.linked, self.owed = False, {}
                self.on_its_way = None  # the first thing on the next connection, if it is due by then
            case ResultReceived(message_id=of) if self.on_its_way and of == self.on_its_way.id:
                self.ends(now, event.confirmation)
            case ErrorReceived(message_id=of) if self.on_its_way and of == self.on_its_way.id:
                self.ends(now, None)
            case _:
                pass
        for effect in effects:
            if isinstance(effect, SendCall):
                self.is_sent(effect, now)

    def is_sent(self, call: SendCall, now: int) -> None:
        """One at a time, and before acceptance nothing but what was asked for (§4.2)."""
        action = type(call.request).__name__.removesuffix("Req")
        is_triggered = bool(self.owed.get(action))
        assert self.linked
        assert self.on_its_way is None
        if action == "BootNotification":
            assert now == self.boot_due
        else:
            assert self.word == "Accepted" or (self.word == "Pending" and is_triggered)
        if action == "Heartbeat" and not is_triggered:
            assert now == self.heartbeat_due
        asked_at = self.owed[action].pop(0) if is_triggered else None
        if isinstance(call.request, MeterValuesReq) and is_triggered:
            assert call.request.meter_value[0].timestamp == asked_at, "the clock is another (§4.6)"
        self.on_its_way, self.quiet_since = OnItsWay(call.message_id, action, now, is_triggered), now

    def ends(self, now: int, confirmation: object) -> None:
        """Nothing, if what was answered is of no use."""
        ended, self.on_its_way = self.on_its_way, None
        if ended is None:
            return
        if ended.action == "Heartbeat" and not ended.is_triggered:
            self.told_at = self.quiet_since = now
        elif isinstance(confirmation, BootNotificationConf):
            self.word, interval_s = confirmation.status, confirmation.interval
            self.is_told_to_wait = True
            self.boot_due = now + (interval_s or RETRY_S) * 1000
            if self.word == "Accepted":
                self.boot_due, self.told_at, self.quiet_since = None, now, now
                self.interval_s = interval_s or self.interval_s
            elif self.word == "Rejected":
                self.owed = {}
        elif ended.action == "BootNotification":
            self.is_told_to_wait, self.boot_due = False, now + RETRY_S * 1000

    @property
    def heartbeat_due(self) -> int:
        """After so much silence; a day after the time was told at the latest (OCPP-J §5.3)."""
        return max(self.quiet_since, min(self.quiet_since + self.interval_s * 1000, self.told_at + DAY_MS))

    @property
    def due(self) -> int:
        return self.heartbeat_due if self.boot_due is None else self.boot_due

    @invariant()
    def what_is_due_is_on_its_way(self) -> None:
        self.look()
        if self.linked and self.on_its_way is None:
            assert self.world.now < self.due
            assert not any(self.owed.values()), "it was to be sent (§5.17)"
        if self.on_its_way:
            assert self.world.now < self.on_its_way.at + ANSWER_MS

    @override
    def is_answered(self) -> bool:
        """BootNotification, and a Heartbeat that is due, are for the rules to answer."""
        way = self.on_its_way
        if way is None:
            return False
        return way.action != "BootNotification" and (way.action != "Heartbeat" or way.is_triggered)

    # --- its answers ---

    def comes_to_it(self) -> None:
        """Until BootNotification or Heartbeat is on its way."""
        if not self.linked:
            self.link_is_up()
        if self.on_its_way is None:
            self.live(max(0, self.due - self.world.now))
            self.agree()

    @rule(status=STATUS, interval_s=INTERVAL_S)
    def is_answered_so(self, status: str, interval_s: int) -> None:
        """With a word, or with the time alone."""
        self.comes_to_it()
        if self.on_its_way:
            payload = self.answer(self.world.calls[-1])
            if self.on_its_way.action == "BootNotification":
                payload |= {"status": status, "interval": interval_s}
            self.world.answer(payload)
            self.agree()

    @rule(how=USELESS)
    def is_not_answered(self, how: str) -> None:
        self.comes_to_it()
        if how == "silence":
            self.live(ANSWER_MS)
        elif self.on_its_way:
            self.world.answer(None if how == "error" else {"no": "sense"})
        self.agree()

    @precondition(lambda self: self.linked)
    @rule(status=STATUS)
    def is_answered_too_late(self, status: str) -> None:
        """Which tells nobody anything."""
        of = [call for call in self.world.old_calls if type(call.request).__name__ == "BootNotificationReq"]
        if of:
            payload = {"status": status, "interval": 7, "currentTime": "2031-01-01T00:00:00Z"}
            self.world.frame(3, of[-1].message_id, payload)
            self.agree()

    # --- what it asks ---

    @property
    @override
    def may_be_asked(self) -> bool:
        """Also before any word."""
        return self.linked and self.word != "Rejected"

    def says(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """None: no answer, which a Rejected station never gives (§4.2), or one that was lost."""
        self.look()
        if self.may_be_asked:
            return self.tries_to_ask(action, payload) or None
        place = len(self.world.happenings)
        self.world.serial += 1
        self.world.frame(2, f"cs-{self.world.serial}", action, payload)
        assert not self.world.happenings[place].effects
        return None

    @precondition(lambda self: self.linked)
    @rule(report=REPORTS, connector=st.sampled_from((1, 2, 3)))
    def triggers(self, report: str, connector: int) -> None:
        """What is agreed to is sent; while Pending it is (§4.2)."""
        told = self.says("TriggerMessage", {"requestedMessage": report, "connectorId": connector})
        is_absurd = connector == 3 and report in ("StatusNotification", "MeterValues")
        if told is not None:
            assert (told == {"status": "Accepted"}) == (self.word != "" and not is_absurd)
        if told == {"status": "Accepted"}:
            self.owed.setdefault(report, []).append(self.epoch and self.present())
        self.agree()

    @precondition(lambda self: self.linked)
    @rule()
    def triggers_boot_notification(self) -> None:
        """Pending it comes before its time; one that is on its way will do; accepted it does not (errata 3.35)."""
        told = self.says("TriggerMessage", {"requestedMessage": "BootNotification"})
        boots = self.on_its_way is not None and self.on_its_way.action == "BootNotification"
        if told == {"status": "Accepted"}:
            assert boots or self.word == "Pending"
            self.boot_due = self.boot_due if boots else self.world.now
        else:
            assert told is None or not (boots or (self.word == "Pending" and self.is_told_to_wait))
        self.agree()

    @precondition(lambda self: self.linked)
    @rule(interval_s=st.sampled_from(("10", "60", "300", "100000", "0")))
    def is_configured(self, interval_s: str) -> None:
        told = self.says("ChangeConfiguration", {"key": "HeartbeatInterval", "value": interval_s})
        if told is not None:
            assert (told["status"] == "Accepted") == (int(interval_s) > 0)
        self.agree()
        stored = self.word != "Rejected" and int(interval_s) > 0
        if stored:
            if int(interval_s) != self.interval_s:
                self.quiet_since = self.world.now
            self.interval_s = int(interval_s)

    @precondition(lambda self: self.linked)
    @rule()
    def asks_for_the_interval(self) -> None:
        told = self.says("GetConfiguration", {"key": ["HeartbeatInterval"]})
        if told is not None:
            assert told["configurationKey"][0]["value"] == str(self.interval_s)

    @precondition(lambda self: self.linked)
    @rule(connector=CONNECTOR, starts=st.booleans())
    def remotely(self, connector: int, starts: bool) -> None:
        """Not allowed before acceptance (§4.2)."""
        told = (
            self.says("RemoteStartTransaction", {"connectorId": connector, "idTag": "TAG"})
            if starts
            else self.says("RemoteStopTransaction", {"transactionId": self.world.next_transaction_id})
        )
        assert told in (None, {"status": "Rejected"}) or self.word == "Accepted"
        self.agree()

    @rule(seconds=st.sampled_from((-90_000, -30, 0, 30, 90_000)))
    def central_clock_jumps(self, seconds: int) -> None:
        """No interval is longer or shorter for it."""
        self.ahead_ms = seconds * 1000

    # --- what happens ---

    @rule(connector=CONNECTOR)
    def driver_comes_or_goes(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "unplugged":
            plant.cable[connector], plant.asking[connector] = "plugged", True
            told: tuple[External, ...] = (CablePlugged(connector), EnergyRequested(connector))
        else:
            plant.cable[connector], plant.asking[connector] = "unplugged", False
            told = (EvUnplugged(connector), CableUnplugged(connector))
        for event in told:
            self.world.tell(event)
            self.agree()

    @rule(ms=st.sampled_from((1000, 9_999, 60_000)))
    def time_passes(self, ms: int) -> None:
        self.live(ms)
        self.agree()

    @rule(early_ms=st.sampled_from((-1, 0, 1)))
    def time_passes_until_it_is_due(self, early_ms: int) -> None:
        self.live(max(0, self.due - early_ms - self.world.now))
        self.agree()

    @rule()
    def link_is_up(self) -> None:
        if not self.linked:
            self.live(3000)
            self.connect()

    @rule(asks=st.booleans(), until_due=st.booleans())
    def link_is_lost(self, asks: bool, until_due: bool) -> None:
        """As it asks, or at another time; until after something was due, or for as long as it takes."""
        if asks:
            self.comes_to_it()
        if self.linked:
            self.world.tell(LinkLost(self.world.connection, 0))
            self.agree()
        if until_due:
            self.time_passes_until_it_is_due(-1)

    @rule(own_clock=st.booleans())
    def power_is_cut(self, own_clock: bool) -> None:
        self.cut(own_clock=own_clock)
        self.agree()

    @rule()
    def power_will_go_before_it_acts(self) -> None:
        """As soon as something is stored, and nothing of it is done."""
        self.world.fails_before_acting = True


def test_registration() -> None:
    walk(Registration, "registration", "heartbeat", "clock", "TriggerMessageReq")
