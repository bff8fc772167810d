"""The whole charge point under everything that may happen to it, with rich data; both shipped products."""

from decimal import Decimal
from typing import Any

from core.profile_rules import ProfileRules
from core.whole_world import World
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from pilotline.core.effects import Reboot
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    CardPresented,
    DataTransferRequested,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    LinkLost,
    LinkUp,
    LocalLimitFound,
    LocalLimitLifted,
    MainsRestored,
    PowerFailing,
    TagPresented,
)
from pilotline.spec.products import Product, adjusted, load_product
from pilotline.spec.types import ChargePointErrorCode

CONNECTOR = st.sampled_from((1, 2))
TAG = st.sampled_from(("TAG", "tag", "OTHER", "FRIEND", "01234567890123456789"))
STATUS = st.sampled_from(
    ("Accepted", "Accepted", "Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
)
ID_TAG_INFO = st.fixed_dictionaries(
    {"status": STATUS},
    optional={
        "parentIdTag": st.sampled_from(("GROUP", "group", "ELSE")),
        "expiryDate": st.sampled_from(
            ("2020-01-01T00:00:00Z", "2026-11-23T12:00:00Z", "2099-01-01T00:00:00Z")
        ),
    },
)
TIME = st.sampled_from(
    (
        "2026-11-23T06:54:28.123Z",
        "2026-11-23T12:00:00Z",
        "2026-03-29T00:59:59Z",
        "1999-12-31T23:59:59Z",
        "2038-01-19T03:14:08Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2016-02-29T23:59:59.999+14:00",
    )
)
FAULT: st.SearchStrategy[ChargePointErrorCode] = st.sampled_from(
    (
        "GroundFailure",
        "HighTemperature",
        "OtherError",
        "ConnectorLockFailure",
        "PowerMeterFailure",
        "PowerSwitchFailure",
    )
)
KEYS = st.sampled_from(
    (
        ("HeartbeatInterval", "30"),
        ("HeartbeatInterval", "x"),
        ("ConnectionTimeOut", "5"),
        ("MeterValueSampleInterval", "10"),
        ("MeterValueSampleInterval", "0"),
        ("MinimumStatusDuration", "3"),
        ("TransactionMessageAttempts", "1"),
        ("TransactionMessageRetryInterval", "0"),
        ("StopTransactionOnInvalidId", "false"),
        ("StopTransactionOnEVSideDisconnect", "false"),
        ("LocalPreAuthorize", "true"),
        ("LocalAuthorizeOffline", "true"),
        ("AuthorizeRemoteTxRequests", "false"),
        ("AuthorizationCacheEnabled", "false"),
        ("AllowOfflineTxForUnknownId", "true"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Voltage"),
        ("ClockAlignedDataInterval", "60"),
        ("ClockAlignedDataInterval", "7000"),
        ("ClockAlignedDataInterval", "5"),
        ("ClockAlignedDataInterval", "0"),
        ("MeterValuesAlignedData", ""),
        ("StopTxnSampledData", ""),
        ("StopTxnSampledData", "Energy.Active.Import.Register"),
        ("StopTxnAlignedData", "Energy.Active.Import.Register"),
        ("StopTxnAlignedData", "Energy.Active.Import.Interval,Energy.Active.Import.Register"),
        ("MaxEnergyOnInvalidId", "20"),
        ("NumberOfConnectors", "3"),
        ("WebSocketPingInterval", "0"),
        ("ResetRetries", "1"),
        ("LightIntensity", "10"),
        ("UnlockConnectorOnEVSideDisconnect", "false"),
        ("MessageTimeout", "3"),
        ("CCOActive", "false"),
        ("CCOActive", "true"),
        ("CCOAuthorizationAmount", "100"),
        ("CCORequestSettlementAmountMessageAttempts", "1"),
        ("CCOFallbackPricePerKWh", "12.345"),
        ("CCOCurrency", "SEK"),
        ("NoSuchKey", "1"),
    )
)
FIXED = ("StopTransactionMaxMeterValues",)
VALUES = st.one_of(
    st.sampled_from(
        ("true", "FALSE", "0", "1", "0060", "-1", "2147483647", "2147483648", "", "Voltage", "A,B")
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
SETTLEMENT = st.sampled_from(
    (
        {"status": "Accepted", "data": '{"amount":250}'},
        {"status": "Accepted", "data": '{"amount":99999}'},
        {"status": "Accepted", "data": '{"amount":0}'},
        {"status": "Accepted"},
        {"status": "Rejected"},
    )
)
CALLS = st.one_of(
    st.tuples(
        st.just("RemoteStartTransaction"),
        st.fixed_dictionaries({"idTag": TAG}, optional={"connectorId": st.integers(0, 3)}),
    ),
    st.tuples(
        st.just("RemoteStopTransaction"),
        st.fixed_dictionaries({"transactionId": st.integers(-1, 2).map(lambda n: 100 + n)}),
    ),
    st.tuples(st.just("UnlockConnector"), st.fixed_dictionaries({"connectorId": st.integers(0, 3)})),
    st.tuples(
        st.just("ChangeAvailability"),
        st.fixed_dictionaries(
            {"connectorId": st.integers(0, 3), "type": st.sampled_from(("Operative", "Inoperative"))}
        ),
    ),
    st.tuples(st.just("ChangeConfiguration"), KEYS.map(lambda pair: {"key": pair[0], "value": pair[1]})),
    st.tuples(st.just("GetConfiguration"), st.just({})),
    st.tuples(st.just("ClearCache"), st.just({})),
    st.tuples(st.just("Reset"), st.fixed_dictionaries({"type": st.sampled_from(("Soft", "Hard"))})),
    st.tuples(
        st.just("DataTransfer"),
        st.fixed_dictionaries(
            {"vendorId": st.sampled_from(("org.example.vendor", "org.example.nobody"))},
            optional={"messageId": st.sampled_from(("Hello", "Question", "Other"))},
        ),
    ),
)


class WholeChargePoint(ProfileRules, RuleBasedStateMachine):
    """One station of one product in a world that does what it likes."""

    product: Product = adjusted(load_product("c6eu"), outbox_max=12, transaction_data_max=5)

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.product)

    @override
    def teardown(self) -> None:
        note("\n".join(("The story:", *self.world.story)))

    def tell(self, event: External) -> None:
        self.world.tell(event)

    @initialize(comes_far=st.sampled_from((False, True, True)), connector=CONNECTOR)
    def come_far(self, comes_far: bool, connector: int) -> None:
        if comes_far:
            self.charge(connector, "TAG", plugs_first=True, asks=True)

    # --- driver and car ---

    @rule(reader=CONNECTOR, tag=TAG)
    def present(self, reader: int, tag: str) -> None:
        self.tell(TagPresented(min(reader, len(self.product.readers)), tag))

    @rule(connector=CONNECTOR)
    def plug(self, connector: int) -> None:
        self.world.plant.cable[connector] = "plugged"
        self.tell(CablePlugged(connector))

    @rule(connector=CONNECTOR)
    def pull_at_the_car(self, connector: int) -> None:
        plant, fixed = self.world.plant, self.product.connectors[connector - 1].cable == "fixed"
        if plant.cable[connector] == "plugged":
            plant.cable[connector] = "unplugged" if fixed else "ev_side_out"
            plant.asking[connector] = False
            self.tell(EvUnplugged(connector))

    @rule(connector=CONNECTOR)
    def pull_at_the_station(self, connector: int) -> None:
        plant, fixed = self.world.plant, self.product.connectors[connector - 1].cable == "fixed"
        if plant.cable[connector] != "unplugged" and not fixed:
            plant.cable[connector] = "unplugged"
            plant.asking[connector] = False
            self.tell(CableUnplugged(connector))

    @rule(connector=CONNECTOR)
    def ask_or_decline(self, connector: int) -> None:
        plant = self.world.plant
        if plant.cable[connector] == "plugged":
            plant.asking[connector] = not plant.asking[connector]
            self.tell(EnergyRequested(connector) if plant.asking[connector] else EnergyDeclined(connector))

    @precondition(lambda self: self.product.terminals)
    @rule(connector=CONNECTOR, card=st.sampled_from(("visa", "girocard")))
    def pay(self, connector: int, card: str) -> None:
        self.tell(CardPresented(1, connector, card))

    @precondition(lambda self: self.product.terminals)
    @rule(connector=CONNECTOR, card=st.sampled_from(("visa", "girocard")), leaves=st.booleans())
    def charge_by_card(self, connector: int, card: str, leaves: bool) -> None:
        self.world.store_is_full = False
        self.connect()
        self.agree()
        self.plug(connector)
        self.pay(connector, card)
        self.agree()
        if leaves:
            self.world.pass_time(5000)
            self.pull_at_the_car(connector)
            self.agree()

    # --- hardware ---

    @precondition(lambda self: self.world.commands)
    @rule(fails=st.sampled_from((False, False, False, True)))
    def hardware_answers(self, fails: bool) -> None:
        self.world.feedback(fails)

    @rule(point=st.integers(0, 2), code=FAULT, prevents=st.booleans())
    def fault(self, point: int, code: ChargePointErrorCode, prevents: bool) -> None:
        self.tell(FaultDetected(point, code, info="found", prevents_charging=prevents))

    @rule(point=st.integers(0, 2))
    def mend(self, point: int) -> None:
        for raised in self.world.standing().moment.faults[point].raised:
            self.tell(FaultCleared(point, raised.error_code))

    @rule(point=st.integers(0, 2), limit_a=st.none() | st.sampled_from((0, 5, 9, 20)))
    def find_a_limit(self, point: int, limit_a: int | None) -> None:
        if limit_a is None:
            self.tell(LocalLimitLifted(point, "heat"))
        else:
            self.tell(LocalLimitFound(point, "heat", Decimal(limit_a), "A"))

    # --- network and Central System ---

    @rule()
    def connect(self) -> None:
        self.tell(LinkUp(self.world.connection))

    @rule(jitter=st.integers(0, 1000), stays=st.booleans())
    def disconnect(self, jitter: int, stays: bool) -> None:
        if not stays:
            self.tell(LinkLost(self.world.connection, jitter))

    def payload(self, data: st.DataObject, action: str) -> dict[str, Any]:
        match action:
            case "BootNotificationReq":
                status = data.draw(
                    st.sampled_from(("Accepted", "Accepted", "Accepted", "Pending", "Rejected"))
                )
                return {
                    "status": status,
                    "currentTime": data.draw(TIME),
                    "interval": data.draw(st.sampled_from((0, 5, 300))),
                }
            case "HeartbeatReq":
                return {"currentTime": data.draw(TIME)}
            case "AuthorizeReq":
                return {"idTagInfo": data.draw(ID_TAG_INFO)}
            case "StartTransactionReq":
                self.world.next_transaction_id += 1
                return {"idTagInfo": data.draw(ID_TAG_INFO), "transactionId": self.world.next_transaction_id}
            case "StopTransactionReq":
                return data.draw(st.one_of(st.just({}), ID_TAG_INFO.map(lambda info: {"idTagInfo": info})))
            case "DataTransferReq":
                return data.draw(SETTLEMENT)
            case _:
                return {}

    @precondition(lambda self: self.world.calls)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        self.world.answer(self.payload(data, type(self.world.calls[-1].request).__name__))

    @precondition(lambda self: self.world.calls)
    @rule(data=st.data(), most=st.integers(1, 12))
    def confirm_many(self, data: st.DataObject, most: int) -> None:
        for _ in range(most):
            if self.world.calls:
                self.confirm(data)

    @precondition(lambda self: self.world.calls)
    @rule()
    def refuse(self) -> None:
        self.world.answer(None)

    @precondition(lambda self: self.world.calls)
    @rule()
    def answer_with_nonsense(self) -> None:
        self.world.answer({"no": "sense"})

    @precondition(lambda self: self.world.old_calls)
    @rule(data=st.data())
    def answer_late(self, data: st.DataObject) -> None:
        self.world.answer(self.payload(data, type(self.world.old_calls[-1].request).__name__), late=True)

    @rule(call=CALLS)
    def be_called(self, call: tuple[str, dict[str, Any]]) -> None:
        self.be_told(*call)

    @rule(point=st.integers(0, 2), change=st.sampled_from(("Operative", "Inoperative")))
    def change_availability(self, point: int, change: str) -> None:
        self.be_told("ChangeAvailability", {"connectorId": point, "type": change})

    @rule(pair=KEYS)
    def change_configuration(self, pair: tuple[str, str]) -> None:
        self.be_told("ChangeConfiguration", {"key": pair[0], "value": pair[1]})

    @rule(data=st.data(), value=VALUES)
    def change_any_key(self, data: st.DataObject, value: str) -> None:
        """Whatever it is for; but what the Central System's view takes for fixed stays."""
        offered = sorted(key.name for key in self.product.factory_configuration.offered())
        name = data.draw(st.sampled_from([name for name in offered if name not in FIXED]))
        self.be_told("ChangeConfiguration", {"key": name, "value": value})

    @rule(connector=CONNECTOR)
    def unlock(self, connector: int) -> None:
        self.be_told("UnlockConnector", {"connectorId": connector})

    @rule(kind=st.sampled_from(("Soft", "Hard")), comes_about=st.booleans())
    def reset(self, kind: str, comes_about: bool) -> None:
        """Ordered, and carried out or refused when it is its turn."""
        self.be_told("Reset", {"type": kind})
        while any(isinstance(command, Reboot) for command in self.world.commands):
            self.world.feedback(fails=not comes_about)

    @rule()
    def clear_cache(self) -> None:
        self.be_told("ClearCache", {})

    @rule(back=st.booleans())
    def lose_mains(self, back: bool) -> None:
        """While a battery holds, where there is one."""
        self.tell(MainsRestored() if back else PowerFailing())

    @rule()
    def stop_from_afar(self) -> None:
        self.be_told("RemoteStopTransaction", {"transactionId": self.world.next_transaction_id})

    @override
    def be_told(self, action: str, payload: dict[str, Any]) -> None:
        self.world.serial += 1
        self.world.frame(2, f"cs-{self.world.serial}", action, payload)

    @rule()
    def transfer_data(self) -> None:
        self.tell(DataTransferRequested("vendor", None, "data"))

    # --- time, power, store ---

    @rule(
        ms=st.sampled_from((1, 500, 1000, 5000, 31_000, 61_000, 400_000)),
        meter_answers=st.booleans(),
    )
    def wait(self, ms: int, meter_answers: bool) -> None:
        self.world.pass_time(ms, meter_answers=meter_answers)

    @rule(
        cause=st.sampled_from(("PowerLoss", "PowerLoss", "Reboot", "HardReset", "SoftReset")),
        left=st.booleans(),
        connector=CONNECTOR,
        spared=st.booleans(),
    )
    def cut_power(self, cause: str, left: bool, connector: int, spared: bool) -> None:
        if spared:
            return
        if left:
            self.world.plant.cable[connector], self.world.plant.asking[connector] = "unplugged", False
        self.world.power_on(cause)

    @rule(full=st.sampled_from((False, False, True)))
    def fill_the_store(self, full: bool) -> None:
        self.world.store_is_full = full

    # --- whole stretches, so that the walk comes far ---

    def agree(self) -> None:
        """Everybody does what the station asks, until it asks no more."""
        world = self.world
        for _ in range(60):
            if world.calls:
                request = type(world.calls[-1].request).__name__
                if request == "StartTransactionReq":
                    world.next_transaction_id += 1
                world.answer(agreeable(request, world.next_transaction_id))
            elif world.commands:
                world.feedback(fails=False)
            else:
                break

    @rule(connector=CONNECTOR, tag=TAG, plugs_first=st.booleans(), asks=st.booleans())
    def charge(self, connector: int, tag: str, plugs_first: bool, asks: bool) -> None:
        self.world.store_is_full = False
        self.connect()
        self.agree()
        if plugs_first:
            self.plug(connector)
            self.agree()
        self.present(connector, tag)
        self.agree()
        if not plugs_first:
            self.plug(connector)
            self.agree()
        if self.world.plant.asking[connector] != asks:
            self.ask_or_decline(connector)

    @rule(interval_s=st.sampled_from(("5", "60")), sampled=st.booleans(), times=st.integers(1, 8))
    def meter(self, interval_s: str, sampled: bool, times: int) -> None:
        """Readings at short intervals, and a meter that answers: offline, more than the queue may hold."""
        key = "MeterValueSampleInterval" if sampled else "ClockAlignedDataInterval"
        self.be_told("ChangeConfiguration", {"key": key, "value": interval_s})
        for _ in range(times):
            self.world.pass_time(int(interval_s) * 1000, meter_answers=True)

    @rule(code=FAULT, connector=CONNECTOR)
    def fault_while_somebody_comes(self, code: ChargePointErrorCode, connector: int) -> None:
        self.present(connector, "TAG")
        while self.world.calls:
            self.world.answer(agreeable(type(self.world.calls[-1].request).__name__, 0))
        self.plug(connector)
        self.tell(FaultDetected(connector, code))

    @rule()
    def agree_to_all(self) -> None:
        self.agree()


def agreeable(request: str, transaction_id: int) -> dict[str, Any]:
    """What a Central System that agrees says to a request."""
    now = "2026-11-23T06:54:28.123Z"
    answers: dict[str, dict[str, Any]] = {
        "BootNotificationReq": {"status": "Accepted", "currentTime": now, "interval": 300},
        "HeartbeatReq": {"currentTime": now},
        "AuthorizeReq": {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}},
        "StartTransactionReq": {"idTagInfo": {"status": "Accepted"}, "transactionId": transaction_id},
        "DataTransferReq": {"status": "Accepted", "data": '{"amount":250}'},
    }
    return answers.get(request, {})


class WholeReference(WholeChargePoint):
    """With a battery as well: it has all there is."""

    product = adjusted(
        load_product("reference"), {"StopTransactionMaxMeterValues": "5"}, outbox_max=12, backup_power=True
    )


TestC6eu = WholeChargePoint.TestCase
TestReference = WholeReference.TestCase
