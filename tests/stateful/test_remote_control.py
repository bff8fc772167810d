"""What the Central System starts, stops and triggers comes about as it was answered (§5.11, §5.12, §5.17)."""

from collections.abc import Sequence
from typing import Any

from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import rule
from stateful.station_machine import BUDGET, C6EU, CONNECTOR, SECOND, TAG, DrivenMachine
from typing_extensions import override

from pilotline.core.effects import Effect, SendCall
from pilotline.core.events import External, LinkUp
from pilotline.core.state import Asker, MeterMessage
from pilotline.spec.messages.actions import Request
from pilotline.spec.messages.core import (
    AuthorizeReq,
    BootNotificationReq,
    HeartbeatReq,
    MeterValuesReq,
    StatusNotificationReq,
    StopTransactionReq,
)
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    FirmwareStatusNotificationReq,
)
from pilotline.spec.products import adjusted

POINT = st.sampled_from((None, 0, 1, 2, 1, 2, 3))
PROFILES: dict[str, dict[str, Any]] = {
    "for the transaction": {},
    "for another": {"transactionId": 101},
    "a default": {"chargingProfilePurpose": "TxDefaultProfile"},
    "too high a level": {"stackLevel": 99},
}
PROFILE = st.sampled_from((None, None, "for the transaction", *PROFILES))
MESSAGES: dict[str, type[Request]] = {
    "BootNotification": BootNotificationReq,
    "Heartbeat": HeartbeatReq,
    "MeterValues": MeterValuesReq,
    "StatusNotification": StatusNotificationReq,
    "DiagnosticsStatusNotification": DiagnosticsStatusNotificationReq,
    "FirmwareStatusNotification": FirmwareStatusNotificationReq,
}
OF_FIRMWARE = ("DiagnosticsStatusNotification", "FirmwareStatusNotification")
WAYS = st.sampled_from(("answered", "refused", "silent"))


def profile(kind: str) -> dict[str, Any]:
    """For the transaction to come, but for what its kind says."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
    return {
        "chargingProfileId": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    } | PROFILES[kind]


class RemoteControl(DrivenMachine):
    """Held against what is sent after the answer."""

    manages_firmware = True

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    @override
    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        self.sent.extend(effect.request for effect in effects if isinstance(effect, SendCall))

    # --- start ---

    def free(self) -> set[int]:
        """Nobody has identified here, and it may be used: no cable is left behind, without its car, by who was here."""
        state = self.world.standing()
        shown = [connector.state for connector in state.moment.connectors]
        return {
            c
            for c in (1, 2)
            if shown[0] != "Faulted"
            and shown[c] in ("Available", "Preparing", "Finishing")
            and (
                state.moment.sessions[c].state in ("idle", "awaiting_id_tag")
                or (state.moment.sessions[c].state == "finishing" and self.world.plant.cable[c] == "plugged")
            )
            and Asker("connector", c) not in state.moment.authorizations
            and state.memory.reset.state == "up"
        }

    @rule(
        connector=POINT,
        id_tag=TAG,
        kind=PROFILE,
        well=st.booleans(),
        plugged=st.booleans(),
        asks=st.booleans(),
    )
    def start(
        self, connector: int | None, id_tag: str, kind: str | None, well: bool, plugged: bool, asks: bool
    ) -> None:
        if well:
            self.gone(connector if connector in (1, 2) else 1)
            self.tries_to_ask(
                "ChangeConfiguration", {"key": "AuthorizeRemoteTxRequests", "value": str(asks).lower()}
            )
        if well and plugged and connector in (1, 2):
            self.plug(connector)
            self.agree()
        free = self.free() & ({1, 2} if connector is None else {connector})
        payload = {"idTag": id_tag}
        payload |= {} if connector is None else {"connectorId": connector}
        payload |= {} if kind is None else {"chargingProfile": profile(kind)}
        told = self.tries_to_ask("RemoteStartTransaction", payload)
        if not told:
            return
        expected = bool(free) and kind in (None, "for the transaction")
        assert told["status"] == ("Accepted" if expected else "Rejected")
        seen(f"RemoteStart {told['status']}")
        if expected and well:
            self.comes_about(free, id_tag, asks=asks, with_profile=kind is not None)

    def comes_about(self, free: set[int], id_tag: str, *, asks: bool, with_profile: bool) -> None:
        """The tag is asked for if that is configured; once plugged in it charges, and with its profile."""
        assert any(call.request == AuthorizeReq(id_tag=id_tag) for call in self.world.calls) == asks
        self.agree()
        began = ("awaiting_plug", "starting", "charging")
        sessions = [self.world.standing().moment.sessions[c] for c in free]
        (connector,) = (s.connector for s in sessions if s.state in began and s.id_tag == id_tag)
        self.plug(connector)
        self.agree()
        memory = self.world.standing().memory
        running = [
            t for t in memory.transactions.values() if t.state == "running" and t.connector == connector
        ]
        if any(fault.state == "faulted" for fault in self.world.standing().moment.faults):
            return
        assert [transaction.id_tag for transaction in running] == [id_tag]
        installed = [p for p in memory.profiles.values() if p.transaction == running[0].number]
        assert [p.profile_id for p in installed] == ([7] if with_profile else [])
        seen("charges by a profile" if with_profile else "charges from afar")

    # --- stop ---

    @rule(place=st.sampled_from((0, 1, None)), well=st.booleans())
    def stop(self, place: int | None, well: bool) -> None:
        if well:
            self.all_is_well()
        running = [
            t
            for t in self.world.standing().memory.transactions.values()
            if t.state == "running" and t.answered is not None and t.answered.processed
        ]
        known = place is not None and place < len(running)
        transaction_id = running[place or 0].answered.transaction_id if known else -1  # type: ignore[union-attr]
        told = self.tries_to_ask("RemoteStopTransaction", {"transactionId": transaction_id})
        if not told:
            return
        assert told["status"] == ("Accepted" if known else "Rejected")
        seen(f"RemoteStop {told['status']}")
        if known and well:
            self.agree()
            stops = [
                r
                for r in self.sent
                if isinstance(r, StopTransactionReq) and r.transaction_id == transaction_id
            ]
            assert [stop.reason for stop in stops] == ["Remote"]

    # --- trigger ---

    @rule(message=st.sampled_from(tuple(MESSAGES)), connector=POINT, way=WAYS)
    def trigger(self, message: str, connector: int | None, way: str) -> None:
        """Sent once, of each connector that is meant, whatever is said to it."""
        self.all_is_well()
        self.triggers(message, connector, way, boots="Rejected")

    def triggers(self, message: str, connector: int | None, way: str, boots: str) -> None:
        of_points = message in ("MeterValues", "StatusNotification")
        expected = "Rejected" if of_points and connector == 3 else "Accepted"
        if message in OF_FIRMWARE and not self.manages_firmware:
            expected = "NotImplemented"
        elif message == "BootNotification":
            expected = boots
        place = len(self.sent)
        payload = {"requestedMessage": message} | ({} if connector is None else {"connectorId": connector})
        told = self.ask("TriggerMessage", payload)
        assert told["status"] == expected
        seen(f"{message} {expected}")
        for _ in range(6):
            while self.world.commands:
                self.world.feedback(fails=False)
            if self.world.calls and way != "silent":
                self.world.answer(self.answer(self.world.calls[-1]) if way == "answered" else None)
            elif self.world.calls:
                self.world.pass_time(30_000)
        queued = [entry.message for entry in self.world.standing().memory.outbox.values()]
        samples = [sample for m in queued if isinstance(m, MeterMessage) for sample in m.samples]
        assert "Trigger" not in {sample.context for sample in samples}
        heard = [r for r in self.sent[place:] if is_triggered(r, message)]
        if expected != "Accepted":
            assert not heard
        elif way != "silent":
            points = [0, 1, 2] if connector is None else [connector]
            assert [getattr(r, "connector_id", None) for r in heard] == (points if of_points else [None])

    @rule(message=st.sampled_from(tuple(MESSAGES)), connector=POINT)
    def hesitates(self, message: str, connector: int | None) -> None:
        """A station that is Pending tells what it is asked for, and charges nobody (§4.2)."""
        self.all_is_well()
        self.cut()
        self.world.tell(LinkUp(self.world.connection))
        pending = {"status": "Pending", "currentTime": self.utc().isoformat(), "interval": 3600}
        self.world.answer(pending)
        for action, payload in (
            ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1}),
            ("RemoteStopTransaction", {"transactionId": 101}),
        ):
            assert self.ask(action, payload)["status"] == "Rejected"
        self.triggers(message, connector, "answered", boots="Accepted")
        if message != "BootNotification":
            self.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
        self.agree()

    @rule(connector=CONNECTOR)
    def charges(self, connector: int) -> None:
        """So that the walk comes far."""
        self.gone(connector)
        self.charge(connector, "TAG", plugs_first=True)


def is_triggered(request: Request, message: str) -> bool:
    """Of MeterValues only what says so: others may be due."""
    if isinstance(request, MeterValuesReq):
        values = [value for meter_value in request.meter_value for value in meter_value.sampled_value]
        if any(value.context != "Trigger" for value in values):
            return False
    return isinstance(request, MESSAGES[message])


class RemoteControlOfC6eu(RemoteControl):
    """Without FirmwareManagement, of which nothing can be triggered."""

    product = adjusted(
        C6EU,
        {
            "SupportedFeatureProfiles": (
                "Core, LocalAuthListManagement, Reservation, SmartCharging, RemoteTrigger"
            )
        },
    )
    manages_firmware = False


TestRemoteControl = RemoteControl.TestCase
TestRemoteControl.settings = BUDGET
TestRemoteControlOfC6eu = RemoteControlOfC6eu.TestCase
TestRemoteControlOfC6eu.settings = SECOND
