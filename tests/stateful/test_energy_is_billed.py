"""Whatever is cut, every Wh that a car drew is in exactly one transaction, told in order."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from stateful.station_machine import BUDGET, CONNECTOR, StationMachine
from typing_extensions import override

from pilotline.core.effects import SendCall
from pilotline.core.events import (
    CablePlugged,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    LinkLost,
    TagPresented,
)
from pilotline.spec.messages.core import StartTransactionReq, StopTransactionReq
from pilotline.spec.products import adjusted, load_product


class EnergyIsBilled(StationMachine):
    """The Central System keeps a ledger by what it is told first; the meters say what was drawn."""

    product = adjusted(
        load_product("reference"),
        outbox_max=1000,
        configuration={
            "StopTransactionMaxMeterValues": "5",
            "LocalAuthorizeOffline": "true",
            "AllowOfflineTxForUnknownId": "true",
            "TransactionMessageAttempts": "1000",  # what is skipped for want of an answer is not billed
            "TransactionMessageRetryInterval": "1",
        },
    )

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, int] = {}  # message id of a start -> transactionId
        self.open: dict[int, tuple[int, int]] = {}  # transactionId -> connector, meterStart
        self.heard: set[str] = set()
        self.billed = {1: 0, 2: 0}

    @initialize()
    def begin(self) -> None:
        self.connect()

    @override
    def answer(self, call: SendCall) -> dict[str, object]:
        """A repeat is known by its message id, and answered as before."""
        told, message_id = call.request, call.message_id
        if isinstance(told, StartTransactionReq):
            if message_id not in self.ids:
                self.ids[message_id] = 101 + len(self.ids)
                self.open[self.ids[message_id]] = (told.connector_id, told.meter_start)
            return {"idTagInfo": {"status": "Accepted"}, "transactionId": self.ids[message_id]}
        if isinstance(told, StopTransactionReq) and message_id not in self.heard:
            self.heard.add(message_id)
            connector, meter_start = self.open.pop(told.transaction_id)  # KeyError: it came before its start
            self.billed[connector] += told.meter_stop - meter_start
        return super().answer(call)

    @rule(connector=CONNECTOR)
    def comes(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "unplugged":
            plant.cable[connector], plant.asking[connector] = "plugged", True
            self.world.tell(CablePlugged(connector))
            self.world.tell(EnergyRequested(connector))

    @rule(connector=CONNECTOR)
    def presents(self, connector: int) -> None:
        self.world.tell(TagPresented(min(connector, len(self.product.readers)), f"TAG{connector}"))

    @rule(connector=CONNECTOR)
    def leaves(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "plugged":
            plant.cable[connector], plant.asking[connector] = "ev_side_out", False
            self.world.tell(EnergyDeclined(connector))
            self.world.tell(EvUnplugged(connector))

    @rule(connector=CONNECTOR, ms=st.sampled_from((1000, 60_000)))
    def charges(self, connector: int, ms: int) -> None:
        """So that the walk comes far."""
        self.comes(connector)
        self.presents(connector)
        self.agree()
        self.time_passes(ms)

    @rule(times=st.integers(1, 12))
    def hardware_works(self, times: int) -> None:
        for _ in range(times):
            self.world.feedback(fails=False)

    @rule()
    def one_answer(self) -> None:
        if self.world.calls:
            self.world.answer(self.answer(self.world.calls[-1]))

    @rule()
    def an_answer_is_lost(self) -> None:
        """The Central System has it, and the link goes before the station knows."""
        if self.world.calls:
            self.answer(self.world.calls[-1])
            self.link_is_lost()

    @rule()
    def link_is_lost(self) -> None:
        self.world.tell(LinkLost(self.world.connection, 0))

    @rule()
    def power_is_cut(self) -> None:
        self.cut()

    @rule(ms=st.sampled_from((1000, 60_000)))
    def time_passes(self, ms: int) -> None:
        """The hardware is done before: what a contactor and a meter do not tell in time, nobody can bill."""
        while self.world.commands:
            self.world.feedback(fails=False)
        self.world.pass_time(ms)

    @rule()
    def all_is_told(self) -> None:
        """Everybody leaves, the network holds: the ledger and the meters agree."""
        for connector in (1, 2):
            self.leaves(connector)
        self.connect()
        self.wait_until(lambda: not self.open and not self.world.standing().memory.outbox)
        assert not self.open, f"{self.open} never stopped"
        assert not self.world.standing().memory.outbox
        drawn = {c: self.world.plant.register[c] - 1000 * c for c in (1, 2)}
        assert self.billed == drawn


TestEnergyIsBilled = EnergyIsBilled.TestCase
TestEnergyIsBilled.settings = BUDGET
