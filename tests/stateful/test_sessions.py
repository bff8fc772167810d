"""What a connector is told to be is what is there, for long enough; and a session ends when and as it should
(§4.9, §4.10, §9.1).
"""

from collections.abc import Sequence

from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import rule
from stateful.station_machine import BUDGET, C6EU, CONNECTOR, SECOND, DrivenMachine
from typing_extensions import override

from pilotline.core.effects import Effect, SendCall, UnlockConnector
from pilotline.core.events import External, PoweredUp
from pilotline.spec.messages.core import StatusNotificationReq, StopTransactionReq

ENDS = st.sampled_from(("tag", "from afar", "at the car", "at the station", "unlock"))
REASONS = {
    "tag": "Local",
    "from afar": "Remote",
    "at the station": "EVDisconnected",
    "unlock": "UnlockCommand",
}
KEYS = st.sampled_from(
    (
        ("StopTransactionOnEVSideDisconnect", "true"),
        ("StopTransactionOnEVSideDisconnect", "false"),
        ("UnlockConnectorOnEVSideDisconnect", "true"),
        ("UnlockConnectorOnEVSideDisconnect", "false"),
        ("MinimumStatusDuration", "0"),
        ("MinimumStatusDuration", "5"),
    )
)


class Sessions(DrivenMachine):
    """Held against cables, cars, tags and transactions; and a list of how long each status lasted."""

    fixed = False

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[int, str] = {}
        self.first = {0, 1, 2}  # to be told after a boot or a loss of the link, however short
        self.spells: list[list[tuple[str, int]]] = [[], [], []]  # per connector: a status and since when
        self.minimum_ms = 0
        self.minimum_since = 0
        self.used = {1: False, 2: False}  # by a transaction, as far as this boot knows
        self.sent: list[StopTransactionReq] = []

    # --- what is told ---

    @override
    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        state, now = self.world.standing(), self.world.before_boot_ms + self.world.now
        if isinstance(event, PoweredUp):
            self.used = dict.fromkeys((1, 2), False)
        if isinstance(event, PoweredUp) or state.moment.link.state != "up":
            self.first = {0, 1, 2}
        for point, connector in enumerate(state.moment.connectors):
            if not self.spells[point] or self.spells[point][-1][0] != connector.state:
                self.spells[point].append((connector.state, now))
        for c in (1, 2):
            if any(t.connector == c and t.state == "running" for t in state.memory.transactions.values()):
                self.used[c] = True
            elif self.world.plant.cable[c] == "unplugged":
                self.used[c] = False
        for effect in effects:
            match effect:
                case SendCall(request=StatusNotificationReq(connector_id=point, status=status)):
                    self.hears(point, status, now)
                case SendCall(request=StopTransactionReq() as stop):
                    self.sent.append(stop)
                case _:
                    pass

    def hears(self, point: int, status: str, now: int) -> None:
        """No status is told that did not last (§4.9), but for the first on a connection."""
        ends = [*(since for _, since in self.spells[point][1:]), now]
        spells = [
            (since, end)
            for (name, since), end in zip(self.spells[point], ends, strict=True)
            if name == status
        ]
        assert spells, f"{status} never was"
        if point not in self.first and status != self.told.get(point):
            assert any(
                end - since >= self.minimum_ms or since <= self.minimum_since for since, end in spells
            ), f"{status} did not last"
            seen("a status that lasted" if self.minimum_ms else "a status at once")
        self.first.discard(point)
        self.told[point] = status

    # --- what is ---

    def may_show(self, connector: int) -> set[str]:
        state, cable = self.world.standing(), self.world.plant.cable[connector]
        session = state.moment.sessions[connector]
        if state.moment.faults[connector].state == "faulted":
            return {"Faulted"}
        for transaction in state.memory.transactions.values():
            if transaction.connector == connector and transaction.state == "running":
                asks = cable == "plugged" and self.world.plant.asking[connector]
                return {"Charging" if asks else "SuspendedEV"}
        if self.used[connector] and cable != "unplugged":
            return {"Finishing"}
        if session.id_tag and session.state in ("awaiting_plug", "starting", "held"):
            return {"Preparing"}
        if cable == "plugged":
            return {"Preparing", "Finishing"}
        return {"Available", "Finishing"} if cable == "ev_side_out" else {"Available"}

    @rule()
    def is_told(self) -> None:
        """What has settled is told, and is what a driver sees."""
        self.all_is_well()
        for fact in self.world.plant.facts():
            self.world.tell(fact)
        self.agree()
        for ms in (61_000, 11_000):  # what was not answered is told again; and what lasted long enough
            self.world.pass_time(ms)
            self.agree()
        if self.world.standing().moment.storage.state != "fine" or any(
            t.state == "stopping" for t in self.world.standing().memory.transactions.values()
        ):
            return
        for connector in (1, 2):
            assert self.told[connector] in self.may_show(connector), (self.told, self.may_show(connector))
            seen(f"told {self.told[connector]}")

    # --- what happens ---

    @rule(pair=KEYS)
    def configure(self, pair: tuple[str, str]) -> None:
        told = self.tries_to_ask("ChangeConfiguration", {"key": pair[0], "value": pair[1]})
        if pair[0] == "MinimumStatusDuration" and (told == {} or (told and told["status"] == "Accepted")):
            minimum_ms = int(pair[1]) * 1000 if self.offers(pair[0]) else 0
            if minimum_ms != self.minimum_ms:
                self.minimum_ms, self.minimum_since = minimum_ms, self.world.before_boot_ms + self.world.now

    def offers(self, name: str) -> bool:
        return self.value_of(name) is not None

    def value_of(self, name: str) -> str | None:
        self.world.fails_before_acting = False
        if not self.may_be_asked:
            return "5" if not self.fixed else None
        found = self.ask("GetConfiguration", {"key": [name]}).get("configurationKey", [])
        return found[0]["value"] if found else None

    @rule(connector=CONNECTOR, ends=ENDS, pair=KEYS)
    def session(self, connector: int, ends: str, pair: tuple[str, str]) -> None:
        """From a plug to its end, on a station that is well."""
        self.gone(connector)
        self.configure(pair)
        self.plug(connector)
        self.asks_or_declines(connector)
        self.all_is_well()
        self.present(connector, f"DRIVER{connector}")
        self.agree()
        session = self.world.standing().moment.sessions[connector]
        if (
            session.state != "charging"
            or session.id_tag != f"DRIVER{connector}"
            or session.transaction is None
        ):
            return  # the hardware does not work, or somebody else was there first
        answered = self.world.standing().memory.transactions[session.transaction].answered
        if answered is None:
            return  # its start waits behind a message that is to be repeated
        place, happened = len(self.sent), len(self.world.happenings)
        self.ends(connector, ends, answered.transaction_id)
        self.agree()
        stops = [stop.reason for stop in self.sent[place:]]
        if ends == "at the car" or (ends == "at the station" and self.fixed):
            always = self.value_of("StopTransactionOnEVSideDisconnect") == "true"
            assert stops == (["EVDisconnected"] if always else [])
            effects = [e for h in self.world.happenings[happened:] for e in h.effects]
            released = UnlockConnector(connector) in effects
            unlocks = self.value_of("UnlockConnectorOnEVSideDisconnect") == "true"
            assert self.fixed or released == (always and unlocks)
            seen(f"at the car: {stops}, {'released' if released else 'locked'}")
        else:
            nothing = ends == "unlock" and self.fixed
            assert stops == ([] if nothing else [REASONS[ends]])
            seen(f"{ends}: {stops}")

    def ends(self, connector: int, ends: str, transaction_id: int) -> None:
        match ends:
            case "tag":
                self.present(connector, f"DRIVER{connector}")
            case "from afar":
                assert (
                    self.ask("RemoteStopTransaction", {"transactionId": transaction_id})["status"]
                    == "Accepted"
                )
            case "at the car" | "at the station":
                self.leave(connector, at_the_car=ends == "at the car")
            case _:
                self.world.serial += 1
                self.world.frame(2, f"cs-{self.world.serial}", "UnlockConnector", {"connectorId": connector})


class SessionsOfC6eu(Sessions):
    """Fixed cables: nothing to unlock, and unplugged at the car is unplugged."""

    product = C6EU
    fixed = True


TestSessions = Sessions.TestCase
TestSessions.settings = BUDGET
TestSessionsOfC6eu = SessionsOfC6eu.TestCase
TestSessionsOfC6eu.settings = SECOND
