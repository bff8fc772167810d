"""A station and all that is around it: cars, hardware, network, store and a Central System, moved by rules."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from core.central_view import CentralView

from pilotline.adapters.happenings import Happening
from pilotline.core.effects import (
    AnswerDataTransfer,
    BreakContactor,
    Clear,
    CloseContactor,
    Download,
    Effect,
    Install,
    LockConnector,
    OpenContactor,
    OpenLink,
    Put,
    ReadMeter,
    Reboot,
    ReleaseAmount,
    ReleaseConnector,
    ReportWorld,
    ReserveAmount,
    SendCall,
    SettleAmount,
    Upload,
)
from pilotline.core.events import (
    AmountRefused,
    AmountReleased,
    AmountReserved,
    AmountSettled,
    CablePlugged,
    CableUnplugged,
    CommitFailed,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    DataTransferAnswered,
    DeadlinePassed,
    DiagnosticsUploaded,
    DownloadFailed,
    EnergyDeclined,
    EnergyRequested,
    ErrorReceived,
    EvUnplugged,
    External,
    FirmwareDownloaded,
    FirmwareInstalled,
    FrameReceived,
    InstallationFailed,
    LockFailed,
    MeterRead,
    PoweredUp,
    RebootFailed,
    UnlockFailed,
    UploadFailed,
)
from pilotline.core.frames import read
from pilotline.core.properties import ALWAYS
from pilotline.core.snapshot import decode_record, encode_record, memory_of
from pilotline.core.state import Counter, Instant, Readings, SampledReading, State, UtcTime, Wh
from pilotline.core.step import Step, next_deadline, step
from pilotline.core.step_properties import ON_EVERY_STEP
from pilotline.spec.products import Product

CONNECTORS: Final = (1, 2)


class Plant:
    """Two connectors, their cars and the registers: what goes on while power is cut, and after."""

    def __init__(self) -> None:
        self.cable = ["unplugged"] * 3
        self.asking = [False] * 3
        self.closed = [False] * 3
        self.register = [0, 1000, 2000]

    def readings(self, connector: int) -> Readings:
        """What the meter shows; 0 is the main meter."""
        register = self.register[connector] if connector else sum(self.register)
        sample = SampledReading("Energy.Active.Import.Register", str(register), unit="Wh")
        return Readings(Wh(register), (sample,))

    def pass_time(self, ms: int) -> None:
        """Energy flows."""
        for connector in CONNECTORS:
            if self.closed[connector] and self.asking[connector]:
                self.register[connector] += 1 + ms // 100

    def facts(self) -> list[External]:
        """All of it, told again."""
        told: list[External] = []
        for c in CONNECTORS:
            plugged = {"plugged": CablePlugged, "ev_side_out": EvUnplugged, "unplugged": CableUnplugged}
            told.append(plugged[self.cable[c]](c))
            told.append(EnergyRequested(c) if self.asking[c] else EnergyDeclined(c))
            told.append(ContactorClosed(c) if self.closed[c] else ContactorOpened(c, self.readings(c)))
        return told


class Till:
    """The payment provider: by reference what is reserved, settled and released; it outlives every power cut."""

    def __init__(self) -> None:
        self.holds: dict[str, tuple[int, int, int]] = {}

    def hear(self, command: ReserveAmount | SettleAmount | ReleaseAmount, fails: bool) -> External:
        """Carry a command out, once, and answer it each time."""
        number, reference = command.payment, command.reference
        reserved, settled, released = self.holds.get(reference, (0, 0, 0))
        match command:
            case ReserveAmount(amount=amount):
                assert reference not in self.holds, "an idTag is used twice"
                if fails:
                    return AmountRefused(number)
                self.holds[reference] = (amount, 0, 0)
                return AmountReserved(number)
            case SettleAmount(amount=amount):
                assert reserved, "nothing is reserved"
                assert (settled, released) in ((0, 0), (amount, reserved - amount)), (
                    "settled otherwise before"
                )
                self.holds[reference] = (reserved, amount, reserved - amount)
                return AmountSettled(number)
            case ReleaseAmount():
                assert settled == 0, "settled before"
                self.holds[reference] = (reserved, 0, reserved)
                return AmountReleased(number)

    def balance(self, state: State) -> None:
        """Whatever is not settled or released yet is remembered by the station."""
        remembered = {card.id_tag for card in state.memory.card_sessions.values()}
        for reference, (reserved, settled, released) in self.holds.items():
            assert reserved == settled + released or reference in remembered, f"{reference} is forgotten"


class World:
    """The station between its store and the rest of the world; every step is held against every promise."""

    def __init__(self, product: Product) -> None:
        self.till = Till()
        self.product, self.plant, self.view = product, Plant(), CentralView(product.outbox_max)
        self.stored: dict[tuple[str, Any], bytes] = {}
        self.story: list[str] = []
        self.happenings: list[Happening] = []
        """What the journal of this station would hold."""
        self.now = 0
        self.before_boot_ms = 0
        """How long all boots before this one took together."""
        self.store_is_full = False
        self.fails_before_acting = False
        """Power goes as soon as something is stored, and nothing of it is done."""
        self.unheard: set[int] = set()
        """The places among `happenings` of what was stored and not done."""
        self.watch: Callable[[External, Sequence[Effect]], None] = lambda event, effects: None
        """Is told of every event that was stored, and of what is done about it."""
        self.calls: list[SendCall] = []  # not answered yet
        self.old_calls: list[SendCall] = []  # answered, timed out or of an old connection
        self.commands: list[Effect] = []
        self.of_files: dict[str, External] = {}
        """What was last told of firmware and of diagnostics."""
        self.connection = Counter(0)
        self.serial = 0
        self.next_transaction_id = 100
        self.state: State | None = None
        self.power_on("PowerLoss")

    # --- power ---

    def power_on(self, cause: Any, utc: UtcTime | None = None) -> None:
        """Power is cut and comes back; nothing is left but what was stored, and a clock of its own if there is one."""
        memory = memory_of(
            self.product, [(c, k, decode_record(c, k, data)) for (c, k), data in self.stored.items()]
        )
        if self.state is not None:
            assert memory == self.state.memory, "the store does not hold what the station remembers"
        self.calls, self.old_calls, self.commands = [], [], []
        self.of_files = {}
        self.plant.closed = [False] * 3
        self.before_boot_ms += self.now
        self.now, self.store_is_full, self.fails_before_acting = 0, False, False
        event = PoweredUp(
            self.product,
            cause,
            tuple(cable == "plugged" for cable in self.plant.cable),
            (None, *(self.plant.readings(c) for c in CONNECTORS)),
            "c0ffee",
            utc,
        )
        self._note(event)
        taken = step(memory, event, Instant(0))
        self.happenings.append(Happening(Instant(0), event, taken.trace, taken.effects, memory))
        self._commit(taken)
        self._hold(None, taken)
        self.view.hear(None, event, taken)
        self.state = taken.state
        self.watch(event, taken.effects)
        self._obey(taken.effects)

    # --- one event ---

    def tell(self, event: External) -> Step:
        """The run loop: decide, commit, act."""
        before = self.standing()
        self._note(event)
        if isinstance(event, FrameReceived):
            event = read(before, event)
        taken = step(before, event, Instant(self.now))
        self.happenings.append(Happening(Instant(self.now), event, taken.trace, taken.effects, before))
        self._hold(before, taken)
        if self.store_is_full and taken.changes and not isinstance(event, CommitFailed):
            self._obey(effect for effect in taken.effects if effect.makes_safe)
            self.happenings.pop()  # it did not happen: the failed commit did
            return self.tell(CommitFailed(event))
        self._commit(taken)
        if isinstance(event, ErrorReceived) or any(t.binding.endswith("/CallTimedOut") for t in taken.trace):
            self.view.status_was_not_processed()
        self.view.hear(before, event, taken)
        self.state = taken.state
        self.till.balance(taken.state)
        if self.fails_before_acting and taken.changes:
            self.unheard.add(len(self.happenings) - 1)
            self.watch(event, ())
            self.power_on("PowerLoss")
        else:
            self.watch(event, taken.effects)
            self._obey(taken.effects)
        return taken

    def standing(self) -> State:
        assert self.state is not None
        return self.state

    def _note(self, event: External) -> None:
        text = f"PoweredUp({event.cause!r}, {event.plugged})" if isinstance(event, PoweredUp) else repr(event)
        self.story.append(f"{self.now:>9} ms  {text}")

    def _hold(self, before: State | None, taken: Step) -> None:
        for rule in ON_EVERY_STEP if before is not None else ():
            assert before is not None
            assert rule.holds(before, taken), rule.name
        for promise in ALWAYS:
            assert promise.holds(taken.state), promise.name

    def _commit(self, taken: Step) -> None:
        for change in taken.changes:
            if isinstance(change, Put):
                self.stored[change.collection, change.key] = encode_record(change.collection, change.record)
            elif isinstance(change, Clear):
                self.stored = {
                    name: data for name, data in self.stored.items() if name[0] != change.collection
                }
            else:
                del self.stored[change.collection, change.key]

    def _obey(self, effects: Any) -> None:
        for effect in effects:
            match effect:
                case OpenLink(connection):
                    self.connection = connection
                    self.old_calls.extend(self.calls)
                    self.calls = []
                case SendCall():
                    self.old_calls.extend(self.calls)
                    self.calls = [effect]
                case (
                    LockConnector()
                    | CloseContactor()
                    | OpenContactor()
                    | BreakContactor()
                    | ReadMeter()
                    | ReleaseConnector()
                    | ReportWorld()
                    | ReserveAmount()
                    | SettleAmount()
                    | ReleaseAmount()
                    | Reboot()
                    | AnswerDataTransfer()
                    | Download()
                    | Install()
                    | Upload()
                ):
                    if effect not in self.commands:  # who is told twice does it once
                        self.commands.append(effect)
                case _:
                    pass

    # --- the world acts ---

    def pass_time(self, ms: int, *, meter_answers: bool = False) -> None:
        """Time passes; deadlines are told when they are due, one after the other."""
        until = self.before_boot_ms + self.now + ms
        self.plant.pass_time(ms)
        for _ in range(200):
            due = next_deadline(self.standing())
            if due is None or self.before_boot_ms + due > until:
                break
            self.now = max(self.now, due)
            self.tell(DeadlinePassed())
            while meter_answers and any(isinstance(command, ReadMeter) for command in self.commands):
                self.feedback(fails=False)
        self.now = until - self.before_boot_ms

    def feedback(self, fails: bool) -> None:
        """The hardware does the oldest thing it was told, or fails to."""
        if not self.commands:
            return
        plant = self.plant
        match self.commands.pop(0):
            case LockConnector(c):
                self.tell(LockFailed(c) if fails else ConnectorLocked(c, plant.readings(c)))
            case ReleaseConnector(c):
                self.tell(UnlockFailed(c) if fails else ConnectorUnlocked(c))
            case CloseContactor(c) if not fails:
                plant.closed[c] = True
                self.tell(ContactorClosed(c))
            case OpenContactor(c) | BreakContactor(c) if not fails:
                plant.closed[c] = False
                self.tell(ContactorOpened(c, plant.readings(c)))
            case ReadMeter(c, transaction, context) if not fails:
                self.tell(MeterRead(c, transaction, context, plant.readings(c)))
            case ReserveAmount() | SettleAmount() | ReleaseAmount() as command:
                self.tell(self.till.hear(command, fails))
            case Reboot(cause):
                if fails:
                    self.tell(RebootFailed())
                else:
                    self.power_on(cause)
            case AnswerDataTransfer(call) if not fails:
                self.tell(DataTransferAnswered(call, "Accepted", "data"))
            case Download(job=job):
                self.of_files["firmware"] = DownloadFailed(job, "") if fails else FirmwareDownloaded(job)
                self.tell(self.of_files["firmware"])
            case Install(job):
                self.of_files["firmware"] = (
                    InstallationFailed(job, "") if fails else FirmwareInstalled(job, "2")
                )
                self.tell(self.of_files["firmware"])
            case Upload(job=job):
                self.of_files["diagnostics"] = UploadFailed(job, "") if fails else DiagnosticsUploaded(job)
                self.tell(self.of_files["diagnostics"])
            case ReportWorld():
                for fact in (*plant.facts(), *self.of_files.values()):
                    self.tell(fact)
            case _:
                pass

    def frame(self, *elements: object) -> None:
        """A frame of the Central System on the newest connection."""
        self.tell(FrameReceived(self.connection, json.dumps(elements)))

    def answer(self, payload: dict[str, Any] | None, *, late: bool = False) -> None:
        """The Central System answers the open CALL, or an old one; None: with a CALLERROR."""
        calls = self.old_calls if late else self.calls
        if not calls:
            return
        call = calls[-1]
        if not late:
            self.old_calls.append(calls.pop())
        if payload is None:
            self.frame(4, call.message_id, "InternalError", "", {})
        else:
            self.frame(3, call.message_id, payload)
