"""Every promise can be broken: for each one, a station that breaks it, made from one that keeps them all."""

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

import pytest
from immutables import Map
from msgspec.structs import replace

from pilotline.core.calendar import EPOCH
from pilotline.core.effects import (
    BreakContactor,
    CloseContactor,
    Drop,
    Effect,
    Put,
    Reboot,
    ReleaseAmount,
    SendCall,
    SendResult,
    SettleAmount,
)
from pilotline.core.events import (
    CablePlugged,
    ConnectorLocked,
    EnergyRequested,
    External,
    LinkUp,
    ResultReceived,
    TagPresented,
)
from pilotline.core.properties import ALWAYS, Always
from pilotline.core.sightings import SOMETIMES, at_rest
from pilotline.core.state import (
    Address,
    Answered,
    Bill,
    CardSession,
    ClockAligned,
    Counter,
    Diagnostics,
    DueStatuses,
    Entry,
    Firmware,
    HeldCall,
    Instant,
    KeptSample,
    Limit,
    ListVersion,
    Memory,
    MeterMessage,
    Moment,
    OpenCall,
    Period,
    Profile,
    Readings,
    Report,
    Reservation,
    Reset,
    Sample,
    SampledReading,
    Stamp,
    StartAnswer,
    State,
    Storage,
    TimerKey,
    UtcTime,
    Wh,
)
from pilotline.core.step import Step, Taken, step
from pilotline.core.step_properties import (
    ON_EVERY_STEP,
    no_tick_is_taken_twice,
    only_samples_in_between_are_thinned_out,
)
from pilotline.spec.configuration_keys import Refusal
from pilotline.spec.messages.actions import Confirmation, Request
from pilotline.spec.messages.core import (
    ChangeAvailabilityConf,
    ChangeAvailabilityReq,
    DataTransferConf,
    DataTransferReq,
    HeartbeatReq,
)
from pilotline.spec.messages.firmware_management import DiagnosticsStatusNotificationReq
from pilotline.spec.messages.local_auth_list_management import SendLocalListConf, SendLocalListReq
from pilotline.spec.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq
from pilotline.spec.messages.reservation import ReserveNowConf, ReserveNowReq
from pilotline.spec.messages.smart_charging import SetChargingProfileConf, SetChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.payment import CardSessionState, MinorUnits
from pilotline.spec.products import load_product
from pilotline.spec.types import ReadingContext
from pilotline.tools.check.environment import YES, powered_up
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes

PRODUCT = load_product("reference")
REGISTER = SampledReading("Energy.Active.Import.Register", "0", unit="Wh")


def after(*events: External) -> State:
    """The station after these events; the Central System answers all but the last request."""
    state = step(None, powered_up(PRODUCT, (False,) * 3), Instant(0)).state
    for event in events:
        while (opened := state.moment.call.open) is not None:
            state = step(state, agreed(state, opened.action, opened.message_id), Instant(0)).state
        state = step(state, event, Instant(0)).state
    return state


def agreed(state: State, action: str, message_id: str) -> External:
    return ResultReceived(state.moment.call.connection, message_id, YES.by_request()[action][0])


def charging() -> State:
    """Connector 1 charges; its StartTransaction is on its way."""
    return after(
        LinkUp(Counter(1)),
        CablePlugged(1),
        TagPresented(1, "TAG"),
        EnergyRequested(1),
        ConnectorLocked(1, Readings(Wh(0), (REGISTER,))),
    )


def with_memory(change: Callable[[Memory], Memory]) -> Callable[[State], State]:
    return lambda state: State(state.product, change(state.memory), state.moment)


def with_moment(change: Callable[[Moment], Moment]) -> Callable[[State], State]:
    return lambda state: State(state.product, state.memory, change(state.moment))


def at_1(slot: str, **fields: object) -> Callable[[State], State]:
    """The record of connector 1 (or reader 1) in a slot of the Moment with other fields."""

    def change(moment: Moment) -> Moment:
        records = getattr(moment, slot)
        return replace(moment, **{slot: (records[0], replace(records[1], **fields), *records[2:])})

    return with_moment(change)


def transaction_twice(memory: Memory) -> Memory:
    first = next(iter(memory.transactions.values()))
    second = replace(first, number=Counter(first.number + 1))
    return replace(memory, transactions=memory.transactions.set(second.number, second))


def stopped(memory: Memory) -> Memory:
    number, first = next(iter(memory.transactions.items()))
    return replace(memory, transactions=memory.transactions.set(number, replace(first, state="stopped")))


def stopping(memory: Memory) -> Memory:
    number, first = next(iter(memory.transactions.items()))
    return replace(memory, transactions=memory.transactions.set(number, replace(first, state="stopping")))


def samples(transaction: int, context: ReadingContext) -> Map[Counter, KeptSample]:
    sample = Sample(Stamp(Counter(1), Instant(0)), context, ())
    return Map({Counter(1): KeptSample(Counter(1), Counter(transaction), sample)})


def refused(memory: Memory) -> Memory:
    number, first = next(iter(memory.transactions.items()))
    answered = replace(first, answered=StartAnswer(1, "Invalid"))
    return replace(memory, transactions=memory.transactions.set(number, answered))


def inoperative(memory: Memory) -> Memory:
    zero, first, *others = memory.availability
    return replace(memory, availability=(zero, replace(first, state="inoperative"), *others))


def without_timer(machine: str) -> Callable[[State], State]:
    return with_moment(
        lambda moment: replace(
            moment, timers=Map({k: v for k, v in moment.timers.items() if k.machine != machine})
        )
    )


def reserved(connector: int) -> Callable[[Memory], Memory]:
    """Reserved for somebody else than who charges."""
    other = Reservation(1, "active", connector, "OTHER", UtcTime(1))
    return lambda memory: replace(memory, reservations=memory.reservations.set(1, other))


def paid_by(card: CardSession) -> Callable[[State], State]:
    return with_memory(lambda memory: replace(memory, card_sessions=Map({card.number: card})))


DEFAULT = Profile(
    2, 1, "TxDefaultProfile", 0, "Relative", "A", (Period(0, Decimal(10)),), installed=UtcTime(0)
)
TX_PROFILE = replace(DEFAULT, purpose="TxProfile", transaction=Counter(99))


def installed(*profiles: Profile) -> Callable[[State], State]:
    return with_memory(lambda memory: replace(memory, profiles=Map({p.profile_id: p for p in profiles})))


def limited(limit: Limit) -> Callable[[State], State]:
    """Connector 1 is held to this."""

    def change(moment: Moment) -> Moment:
        limits = (None, limit, *moment.smart_charging.limits[2:])
        return replace(moment, smart_charging=replace(moment.smart_charging, limits=limits))

    return with_moment(change)


BROKEN: dict[str, Callable[[State], State]] = {
    "one transaction per connector": with_memory(transaction_twice),
    "sessions and transactions agree": at_1("sessions", state="idle"),
    "the status follows the conditions": at_1("connectors", state="Available"),
    "the queue is in order": with_moment(
        lambda m: replace(m, queue=replace(m.queue, head=Counter(m.queue.head - 1)))
    ),
    "a stop is recorded once": with_memory(stopped),
    "one open call": with_moment(lambda m: replace(m, call=replace(m.call, open=None))),
    "whoever asked is answered": with_moment(
        lambda m: replace(m, heartbeat=replace(m.heartbeat, state="asked"))
    ),
    "online the queue moves": with_moment(lambda m: replace(m, queue=replace(m.queue, state="idle"))),
    "online the station registers": with_moment(
        lambda m: replace(m, registration=replace(m.registration, state="unregistered"))
    ),
    "what waits has a deadline": without_timer("call"),
    "timers run in their states": with_moment(
        lambda m: replace(m, timers=m.timers.set(TimerKey("session", "start", 2), Instant(1)))
    ),
    "Inoperative means unused": with_memory(inoperative),
    "samples are of open transactions": with_memory(lambda m: replace(m, samples=samples(99, "Other"))),
    "energy is withheld only while charging": with_moment(
        lambda m: replace(m, supplies=(*m.supplies[:2], replace(m.supplies[2], state="withheld")))
    ),
    "who was refused takes what is granted": with_memory(refused),
    "who charges is known": at_1("sessions", id_tag=""),
    "a busy reader has a question": at_1("readers", state="authorizing"),
    "no reservation outlives its expiryDate": with_memory(reserved(2)),
    "a reservation is of a usable connector": lambda state: with_memory(reserved(2))(
        with_memory(
            lambda m: replace(
                m, availability=(*m.availability[:2], replace(m.availability[2], state="inoperative"))
            )
        )(state)
    ),
    "nobody charges while firmware is installed": with_memory(
        lambda m: replace(m, firmware=Firmware("installing"))
    ),
    "connectors are held for an installation": with_memory(
        lambda m: replace(m, firmware=Firmware("downloaded"))
    ),
    "no installation is stuck": lambda _: with_memory(lambda m: replace(m, firmware=Firmware("downloaded")))(
        after()
    ),
    "orders go on": with_memory(lambda m: replace(m, diagnostics=Diagnostics("retrying"))),
    "statuses go in order": with_memory(
        lambda m: replace(m, firmware_due=DueStatuses(("Downloaded", "Installed")))
    ),
    "a TxProfile is of a running transaction": installed(TX_PROFILE),
    "one profile in each place": installed(DEFAULT, replace(DEFAULT, profile_id=3)),
    "limits keep within what is there": limited(Limit(Decimal(33), 3, suffices=True)),
    "limits are what is stated leaves": installed(DEFAULT),
    "only a car that is there asks": at_1("cables", state="unplugged"),
    "who is plugged in is seen": with_moment(
        lambda m: replace(m, cables=(*m.cables[:2], replace(m.cables[2], state="plugged")))
    ),
    "running transactions are sampled": without_timer("transaction"),
    "cleared means all is offered": limited(Limit(Decimal(31), 3, suffices=True)),
    "too low a limit suspends": limited(Limit(Decimal(5), 3, suffices=False)),
    "list and version agree": with_memory(lambda m: replace(m, list_version=ListVersion(3))),
    "who goes down begins nothing": lambda state: with_memory(
        lambda m: replace(m, reset=Reset("winding_down", "SoftReset"))
    )(at_1("sessions", state="starting")(state)),
    "a kept cable is locked": at_1("kept_cables", state="kept", id_tag=""),
    "what was told is what is": at_1("status_reports", state="told", settling=None, sent=None),
    "a card's tag charges reserved money": paid_by(CardSession(Counter(1), "releasing", id_tag="TAG")),
    "no more is taken than was reserved": paid_by(CardSession(Counter(1), "settling", amount=MinorUnits(1))),
    "reserved money is waited for": paid_by(CardSession(Counter(1), "waiting")),
}


class Watched:
    """A record that notes which of its slots are looked at."""

    def __init__(self, record: object, seen: set[str]) -> None:
        self._record, self._seen = record, seen

    def __getattr__(self, slot: str) -> object:
        self._seen.add(slot)
        return getattr(self._record, slot)


class WatchedState:
    """A state that notes which of its slots are looked at."""

    def __init__(self, state: State, seen: set[str]) -> None:
        self.product = state.product
        self.memory, self.moment = Watched(state.memory, seen), Watched(state.moment, seen)


@pytest.mark.parametrize("promise", ALWAYS, ids=lambda promise: promise.name)
def test_a_promise_looks_at_nothing_but_what_it_is_about(promise: Always) -> None:
    seen: set[str] = set()
    for kept in (charging(), after(LinkUp(Counter(1))), after(CablePlugged(2), TagPresented(1, "TAG"))):
        promise.holds(WatchedState(kept, seen))  # type: ignore[arg-type]  # it looks like one
    assert seen
    assert seen <= promise.about


@pytest.mark.parametrize("promise", ALWAYS, ids=lambda promise: promise.name)
def test_a_promise_holds_of_a_station_that_charges_and_can_be_broken(promise) -> None:  # type: ignore[no-untyped-def]  # a parameter of pytest
    state = charging()
    assert promise.holds(state)
    assert not promise.holds(BROKEN[promise.name](state))


def taken(state: State, *effects: Effect, trace: tuple[Taken, ...] = ()) -> Step:
    return Step(state, effects, (), trace)


def heartbeat(connection: int) -> SendCall:
    return SendCall(Counter(connection), "h", HeartbeatReq())


TX_DEFAULT = ChargingProfile(
    charging_profile_id=1,
    stack_level=0,
    charging_profile_purpose="TxDefaultProfile",
    charging_profile_kind="Relative",
    charging_schedule=ChargingSchedule(
        charging_rate_unit="A",
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=Decimal(16)),),
    ),
)


def core_alone(memory: Memory) -> Memory:
    configuration = memory.configuration.with_value("SupportedFeatureProfiles", "Core")
    assert not isinstance(configuration, Refusal)
    return replace(memory, configuration=configuration)


def waiting_at_2(id_tag: str) -> Callable[[State], State]:
    """Somebody with this tag is to plug in at connector 2."""

    def change(moment: Moment) -> Moment:
        zero, first, second = moment.sessions
        waiting = replace(second, state="awaiting_plug", id_tag=id_tag)
        return replace(moment, sessions=(zero, first, waiting))

    return with_moment(change)


def forgotten(state: State) -> State:
    return State(state.product, replace(state.memory, transactions=Map()), state.moment)


def equal_but_another(state: State) -> State:
    copy = Map(dict(state.memory.outbox.items()))
    return State(state.product, replace(state.memory, outbox=copy), state.moment)


def ticked(state: State, tick: int | None) -> State:
    changed = state.memory.configuration.with_value("ClockAlignedDataInterval", "60")
    assert not isinstance(changed, Refusal)
    clock_aligned = ClockAligned(tick=None if tick is None else UtcTime(tick))
    return with_memory(lambda m: replace(m, configuration=changed, clock_aligned=clock_aligned))(state)


def recorded_off_its_tick(state: State) -> Step:
    sample = Sample(Stamp(Counter(1), Instant(0), UtcTime(7)), "Sample.Clock", (REGISTER,))
    entry = Entry(Counter(1), Counter(99), None, MeterMessage(1, (sample,)))
    return replace(taken(state), changes=(Put("outbox", Counter(99), entry),))


def start_thinned_out(state: State) -> Step:
    (number,) = state.memory.outbox
    return replace(taken(state), changes=(Drop("outbox", number),))


class Eager(SendCall, frozen=True):
    """It does not wait for the commit."""

    makes_safe: ClassVar[bool] = True


def answering(state: State, request: Request, confirmation: Confirmation, *also: Taken) -> Step:
    """A step that answers this so, whatever it means."""
    connection = state.moment.link.connection
    answered = Answered(connection, "x", request, confirmation)
    return taken(
        with_moment(lambda m: replace(m, answered=answered))(state),
        SendResult(connection, "x", confirmation),
        trace=(Taken(type(request).__name__, None, "some row"), *also),
    )


INOPERATIVE = ChangeAvailabilityReq(connector_id=1, type="Inoperative")


def put_off(machine: str) -> Callable[[State], State]:
    """Its timers run a millisecond longer."""
    return with_moment(
        lambda m: replace(
            m, timers=Map({k: Instant(at + (k.machine == machine)) for k, at in m.timers.items()})
        )
    )


def asked_about_an_upload(state: State) -> Step:
    opened = OpenCall("d", "DiagnosticsStatusNotificationReq", Address("diagnostics_notices"))
    asked = with_moment(lambda m: replace(m, call=replace(m.call, open=opened)))(state)
    request = DiagnosticsStatusNotificationReq(status="Uploaded")
    return taken(asked, SendCall(state.moment.link.connection, "d", request))


def delivered_and_winding_down(state: State) -> State:
    """A soft reset winds down, and nothing is left."""
    memory = replace(state.memory, reset=Reset("winding_down", "SoftReset"), outbox=Map(), transactions=Map())
    call = replace(state.moment.call, state="idle", open=None)
    reports = tuple(replace(report, state="told") for report in state.moment.status_reports)
    return State(state.product, memory, replace(state.moment, call=call, status_reports=reports))


BROKEN_STEPS: dict[str, Callable[[State], Step]] = {
    "an update that is not newer is told so": lambda s: answering(
        s,
        SendLocalListReq(list_version=1, update_type="Full"),
        SendLocalListConf(status="VersionMismatch"),
    ),
    "what is granted may be taken": lambda s: taken(s, trace=(Taken("allowance", 1, "E2/MeterRead"),)),
    "what is triggered is sent": lambda s: answering(
        s, TriggerMessageReq(requested_message="Heartbeat"), TriggerMessageConf(status="Accepted")
    ),
    "vendors are answered as declared": lambda s: answering(
        s, DataTransferReq(vendor_id="nobody"), DataTransferConf(status="UnknownMessageId")
    ),
    "the end is measured": lambda s: taken(with_memory(stopping)(s)),
    "a reservation is refused as the status says": lambda s: answering(
        s,
        ReserveNowReq(connector_id=2, expiry_date=EPOCH, id_tag="TAG", reservation_id=1),
        ReserveNowConf(status="Faulted"),
    ),
    "an amount is asked for as agreed": lambda s: taken(s, trace=(Taken("card_session", 1, "E12/Refused"),)),
    "progress is told": lambda s: taken(
        with_memory(lambda m: replace(m, diagnostics=Diagnostics("uploading")))(s)
    ),
    "the oldest status is told first": asked_about_an_upload,
    "samples keep their grid": lambda s: taken(put_off("transaction")(s)),
    "silence is measured from the last request": lambda s: taken(put_off("heartbeat")(s), heartbeat(1)),
    "attempts are counted": lambda s: taken(
        with_moment(lambda m: replace(m, queue=replace(m.queue, state="waiting")))(s)
    ),
    "a reset waits for nothing else": lambda s: taken(delivered_and_winding_down(s)),
    "an attempt has its time-out": lambda s: taken(at_1("sessions", state="awaiting_plug")(s)),
    "the end of an interruption is measured": lambda s: taken(at_1("contactors", state="closed")(s)),
    "time dates what waits": lambda s: taken(
        with_memory(lambda m: replace(m, samples=samples(min(m.transactions), "Transaction.Begin")))(s),
        trace=(Taken("clock", None, "K1/TimeTold"),),
    ),
    "levels are handed over": lambda s: taken(at_1("connectors", state="Faulted")(s)),
    "Memory is what is committed": lambda s: taken(
        forgotten(s), trace=(Taken("transaction", Counter(1), "some row"),)
    ),
    "what is awaited was asked for": lambda s: taken(
        with_memory(lambda m: replace(m, firmware=Firmware("downloading")))(s),
        trace=(Taken("firmware", None, "some row"),),
    ),
    "held calls are answered": lambda s: taken(at_1("unlocks", state="idle", call=None)(s)),
    "who waits here is told": lambda s: taken(at_1("readers", state="idle")(s)),
    "only what makes safe is done uncommitted": lambda s: taken(s, Eager(Counter(1), "h", HeartbeatReq())),
    "what is refused changes nothing": lambda s: answering(
        s, INOPERATIVE, ChangeAvailabilityConf(status="Rejected"), Taken("availability", 1, "some row")
    ),
    "what is accepted is so": lambda s: answering(s, INOPERATIVE, ChangeAvailabilityConf(status="Accepted")),
    "a failure is told of what failed": lambda s: taken(
        with_memory(lambda m: replace(m, diagnostics_due=DueStatuses(("UploadFailed",))))(s)
    ),
    "energy only after authorization": lambda s: taken(s, CloseContactor(2)),
    "phases are switched without energy": lambda s: taken(at_1("phase_switches", phases=1)(s)),
    "silence before acceptance": lambda s: taken(
        with_moment(lambda m: replace(m, registration=replace(m.registration, state="pending")))(s),
        heartbeat(1),
    ),
    "every change of status is a row of §4.9": lambda s: taken(at_1("connectors", state="Available")(s)),
    "one call at a time": lambda s: taken(s, heartbeat(1), heartbeat(1)),
    "transactions only go on": lambda s: taken(forgotten(s)),
    "a transaction begins only where it may": lambda s: taken(
        with_memory(transaction_twice)(at_1("cables", state="unplugged")(s)),
        trace=(Taken("transaction", Counter(2), "T1/TransactionBegan"),),
    ),
    "what is sent goes to the link that is up": lambda s: taken(
        s, SendResult(Counter(7), "x", ChangeAvailabilityConf(status="Accepted"))
    ),
    "reserved means reserved": lambda s: taken(
        s, trace=(Taken("transaction", min(s.memory.transactions), "T1/TransactionBegan"),)
    ),
    "what is triggered changes nothing else": lambda s: taken(
        at_1("cables", state="unplugged")(s), trace=(Taken("TriggerMessageReq", None, "of the station"),)
    ),
    "money is settled or released once": lambda s: taken(s, ReleaseAmount(1, Counter(1), "C-1")),
    "a restart has its reason stored": lambda s: taken(s, Reboot("HardReset")),
    "what was not confirmed may have been heard": lambda s: taken(
        at_1("status_reports", sent=None, confirmed=Report("Available"))(s)
    ),
    "no tick is taken twice": lambda s: taken(ticked(s, 60_001)),
    "aligned values bear their tick": recorded_off_its_tick,
    "only samples in between are thinned out": start_thinned_out,
    "the first sample stays": lambda s: taken(with_memory(lambda m: replace(m, samples=Map()))(s)),
    "unchanged means the same record": lambda s: taken(equal_but_another(s)),
    "a start leaves no file behind": lambda s: taken(
        with_memory(lambda m: replace(m, boot=replace(m.boot, number=Counter(m.boot.number + 1))))(s)
    ),
    "the last sample is kept": lambda s: taken(s, trace=(Taken("transaction", Counter(1), "T2/MeterRead"),)),
    "what is not offered is not accepted": lambda s: answering(
        with_memory(core_alone)(s),
        ReserveNowReq(connector_id=2, expiry_date=EPOCH, id_tag="TAG", reservation_id=1),
        ReserveNowConf(status="Accepted"),
    ),
    "what is wrong with a message is an error": lambda s: answering(
        s,
        SetChargingProfileReq(connector_id=9, cs_charging_profiles=TX_DEFAULT),
        SetChargingProfileConf(status="Rejected"),
    ),
    "a grant that waits is taken back first": lambda s: taken(
        at_1("sessions", state="ending")(s), trace=(Taken("reader", 2, "D2/TagPresented"),)
    ),
    "a closed contactor opens by its level": lambda s: taken(
        at_1("contactors", state="closed")(s), BreakContactor(1)
    ),
    "a reading is of who asked": lambda s: taken(
        s, trace=(Taken("transaction", Counter(1), "T2/MeterRead"), Taken("trigger", 1, "G1/MeterRead"))
    ),
    "the store is believed once it stored": lambda s: taken(s, trace=(Taken("storage", None, "some row"),)),
}


BEFORE: dict[str, Callable[[State], State]] = {
    "reserved means reserved": with_memory(reserved(1)),
    "the end of an interruption is measured": with_memory(
        lambda m: replace(m, samples=samples(min(m.transactions), "Interruption.Begin"))
    ),
    "an amount is asked for as agreed": paid_by(
        CardSession(
            Counter(1),
            "asking",
            bill=Bill(1, 0),
            terms=replace(CardSession(Counter(1)).terms, attempts_max=2),
        )
    ),
    "held calls are answered": at_1("unlocks", state="releasing", call=HeldCall(Counter(1), "x")),
    "who waits here is told": at_1("readers", state="authorizing"),
    "what was not confirmed may have been heard": at_1("status_reports", sent=Report("Preparing")),
    "a grant that waits is taken back first": waiting_at_2("tag"),
    "a start leaves no file behind": with_memory(lambda m: replace(m, firmware=Firmware("installing"))),
    "the store is believed once it stored": with_moment(lambda m: replace(m, storage=Storage("failing"))),
}
"""The state before the step, where it is not just the one that keeps all promises."""


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (None, 60_000, True),
        (60_000, 120_000, True),
        (120_000, 60_000, False),
        (120_000, 120_000, True),
        (None, 60_001, False),
        (86_400_000 * 3, 86_400_000 * 2 + 60_000, False),
        (86_400_000 * 3, 86_400_000 * 2 - 60_000, True),
    ],
)
def test_ticks_go_on_along_the_grid(before: int | None, after: int, kept: bool) -> None:
    assert no_tick_is_taken_twice(ticked(charging(), before), taken(ticked(charging(), after))) is kept


def test_what_a_step_records_and_drops_again_is_lost() -> None:
    state = charging()
    dropped = replace(taken(state), changes=(Drop("outbox", Counter(99)),))
    assert not only_samples_in_between_are_thinned_out(state, dropped)


@pytest.mark.parametrize("rule", ON_EVERY_STEP, ids=lambda rule: rule.name)
def test_a_promise_on_steps_holds_of_a_real_one_and_can_be_broken(rule) -> None:  # type: ignore[no-untyped-def]  # a parameter of pytest
    state = charging()
    real = step(state, CablePlugged(2), Instant(0))
    assert rule.holds(state, real)
    before = BEFORE.get(rule.name, lambda s: s)(state)
    assert not rule.holds(before, BROKEN_STEPS[rule.name](state))


MONEY = next(rule for rule in ON_EVERY_STEP if rule.name == "money is settled or released once")


@pytest.mark.parametrize(
    ("before", "after", "effects"),
    [
        ("started", None, ()),
        ("settling", "releasing", ()),
        ("releasing", "settling", ()),
        ("reserving", "granted", ()),
        ("due", "started", ()),
        ("settling", "settling", (SettleAmount(1, Counter(1), "C-1", MinorUnits(5)),)),
    ],
)
def test_money_goes_no_other_way(
    before: CardSessionState, after: CardSessionState | None, effects: tuple[Effect, ...]
) -> None:
    old = paid_by(CardSession(Counter(1), before))(charging())
    new = charging() if after is None else paid_by(CardSession(Counter(1), after))(charging())
    assert not MONEY.holds(old, taken(new, *effects))


def test_every_promise_names_its_section() -> None:
    assert all(promise.section for promise in (*ALWAYS, *ON_EVERY_STEP))
    names = [promise.name for promise in (*ALWAYS, *ON_EVERY_STEP)]
    assert len(set(names)) == len(names)
    assert {*BROKEN, *BROKEN_STEPS} == set(names)


def test_a_station_that_has_just_booted_shows_nothing_and_is_at_rest() -> None:
    state = after()
    assert at_rest(state)
    assert [sometimes.name for sometimes in SOMETIMES if sometimes.holds(state)] == []


def test_a_station_that_charges_is_not_at_rest() -> None:
    assert not at_rest(charging())


def test_a_promise_that_breaks_is_what_a_search_stops_at(monkeypatch: pytest.MonkeyPatch) -> None:
    never_plugged = ALWAYS[0]._replace(
        name="nobody comes", holds=lambda s: s.moment.cables[1].state != "plugged"
    )
    monkeypatch.setattr("pilotline.tools.check.explorer.ALWAYS", (never_plugged,))
    violation = Search(scopes()["faults"]).run().violation
    assert violation is not None
    assert violation.promise == "nobody comes"
    assert len(violation.story) == 2
