"""Rows of the machines that the standard describes in prose, each with the section it follows.

The connector's own rows are the standard's table and live in `pilotline.spec.status`.
A row is written once, here; the core binds it to events. The target ``None`` means: the state stays.
"""

from typing import Final, Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct

S = TypeVar("S")


class Row(Struct, Generic[S], frozen=True):
    """One transition: from one or several states to one, or to none other (None)."""

    id: str
    source: S | tuple[S, ...]
    target: S | None
    remark: str
    section: str


LinkState: TypeAlias = Literal["waiting", "connecting", "up"]


class LinkRows:
    """The WebSocket to the Central System (OCPP-J §3): the charge point is the client and keeps trying."""

    L1: Final = Row[LinkState](
        "L1", "waiting", "connecting", "power is on, or the wait is over", "OCPP-J §3.1"
    )
    L2: Final = Row[LinkState]("L2", "connecting", "up", "the handshake agreed on ocpp1.6", "OCPP-J §3.2")
    L3: Final = Row[LinkState](
        "L3", "connecting", "waiting", "refused: wait, longer each time", "OCPP-J §3.2"
    )
    L4: Final = Row[LinkState]("L4", "up", "waiting", "the connection is lost", "OCPP-J §5.3")


ClockState: TypeAlias = Literal["unknown", "known"]


class ClockRows:
    """The wall clock (§4.2, §4.6): the Central System tells the time."""

    K1: Final = Row[ClockState](
        "K1", ("unknown", "known"), "known", "the Central System tells the time", "§4.2, §4.6"
    )
    K2: Final = Row[ClockState](
        "K2", "unknown", "known", "a clock of the station's own survived the cut", "§4.2"
    )


RegistrationState: TypeAlias = Literal["unregistered", "asked", "accepted", "pending", "rejected"]


class RegistrationRows:
    """BootNotification, and what may be said before it is accepted (§4.2)."""

    R1: Final = Row[RegistrationState](
        "R1", ("unregistered", "pending", "rejected"), "asked", "BootNotification is due", "§4.2"
    )
    R0: Final = Row[RegistrationState](
        "R0", "unregistered", "asked", "BootNotification is due: connected", "§4.2"
    )
    R2: Final = Row[RegistrationState]("R2", "asked", "accepted", "Accepted", "§4.2")
    R3: Final = Row[RegistrationState]("R3", "asked", "pending", "Pending: answer, ask nothing", "§4.2")
    R4: Final = Row[RegistrationState](
        "R4", "asked", "rejected", "Rejected: silence for the interval", "§4.2"
    )
    R5: Final = Row[RegistrationState](
        "R5", "asked", "unregistered", "no usable answer, or no room: again after a wait", "§4.2"
    )
    R6: Final = Row[RegistrationState](
        "R6", "asked", "unregistered", "the link is lost: again when it is up", "§4.2"
    )
    R8: Final = Row[RegistrationState](
        "R8", "pending", "asked", "TriggerMessage asks for it before the interval is over", "§4.2, §5.17"
    )
    R7: Final = Row[RegistrationState](
        "R7", ("pending", "rejected"), "unregistered", "the interval ends while offline", "§4.2"
    )


CallState: TypeAlias = Literal["closed", "idle", "open"]


class CallRows:
    """Our own CALLs: one is open at a time (OCPP-J §4.1.1)."""

    C1: Final = Row[CallState]("C1", "closed", "idle", "the link is up", "OCPP-J §4.1.1")
    C2: Final = Row[CallState]("C2", "idle", "open", "a request is sent", "OCPP-J §4.1.1")
    C3: Final = Row[CallState]("C3", "open", None, "a request waits for its turn", "OCPP-J §4.1.1")
    C4: Final = Row[CallState]("C4", "open", "idle", "the call ends and nothing waits", "OCPP-J §4.1.1")
    C5: Final = Row[CallState]("C5", "open", None, "the call ends and the next is sent", "OCPP-J §4.1.1")
    C9: Final = Row[CallState](
        "C9", "open", "idle", "BootNotification has ended: what waits is asked anew", "§4.2"
    )
    C6: Final = Row[CallState](
        "C6", ("idle", "open"), "closed", "the link is lost: all are withdrawn", "§3.7"
    )
    C7: Final = Row[CallState](
        "C7", ("closed", "idle", "open"), None, "offline, silenced or full: a request is withdrawn", "§4.2"
    )
    C8: Final = Row[CallState](
        "C8", ("idle", "open"), None, "an answer to nothing that is open", "OCPP-J §4.1.4"
    )


HeartbeatState: TypeAlias = Literal["off", "silent", "asked"]


class HeartbeatRows:
    """Heartbeat after an interval of silence (§4.6)."""

    H1: Final = Row[HeartbeatState]("H1", "off", "silent", "registered and connected", "§4.6")
    H2: Final = Row[HeartbeatState]("H2", "silent", None, "silence begins anew", "§4.6, §9.1.10")
    H3: Final = Row[HeartbeatState]("H3", "silent", "asked", "the interval of silence is over", "§4.6")
    H4: Final = Row[HeartbeatState]("H4", "asked", "silent", "the Heartbeat has ended", "§4.6")
    H5: Final = Row[HeartbeatState]("H5", ("silent", "asked"), "off", "the link is lost", "§4.6")


OutboxState: TypeAlias = Literal["idle", "asked", "waiting"]


class OutboxRows:
    """Transaction-related messages: chronological, durable, repeated at growing intervals (§3.7)."""

    Q1: Final = Row[OutboxState]("Q1", ("idle", "asked", "waiting"), None, "a message is recorded", "§3.7")
    Q2: Final = Row[OutboxState]("Q2", "idle", "asked", "sending is possible: the head goes", "§3.7")
    Q3: Final = Row[OutboxState]("Q3", "asked", "idle", "the head is answered", "§3.7")
    Q3L: Final = Row[OutboxState]("Q3L", "waiting", "idle", "an earlier sending of it is answered", "§3.7")
    Q4: Final = Row[OutboxState](
        "Q4", "asked", "waiting", "not processed: wait attempts x interval", "§3.7.1"
    )
    Q5: Final = Row[OutboxState](
        "Q5", "asked", "idle", "the attempts are used up: the head is skipped", "§3.7.1"
    )
    Q6: Final = Row[OutboxState]("Q6", "asked", "idle", "the link is lost: no attempt is used", "§3.7.1")
    Q7: Final = Row[OutboxState]("Q7", "waiting", "asked", "the wait is over: once more", "§3.7.1")
    Q8: Final = Row[OutboxState]("Q8", "waiting", "idle", "the wait is over while offline", "§3.7.1")
    Q9: Final = Row[OutboxState](
        "Q9", ("idle", "asked", "waiting"), None, "full: every second sample in between goes", "§3.7"
    )
    Q9F: Final = Row[OutboxState](
        "Q9F", ("idle", "asked", "waiting"), None, "full of what must stay: the sample is left out", "§3.7"
    )
    Q10: Final = Row[OutboxState](
        "Q10", ("idle", "asked", "waiting"), None, "the time is known: what waits is dated", "§3.14"
    )


class StatusRows:
    """What a boot finds: it is no transition of §4.9, and the first report says so (errata 3.22)."""

    P1: Final = Row[str]("P1", "initial", "Available", "nobody is there", "errata 3.22")
    P2: Final = Row[str]("P2", "initial", "Preparing", "plugged in, no transaction", "errata 3.22")
    P3: Final = Row[str]("P3", "initial", "Charging", "resumed", "errata 3.22")
    P4: Final = Row[str]("P4", "initial", "SuspendedEV", "resumed, the EV does not ask yet", "errata 3.22")
    P5: Final = Row[str]("P5", "initial", "SuspendedEVSE", "resumed, the EVSE does not offer", "errata 3.22")
    P6: Final = Row[str]("P6", "initial", "Finishing", "stopped by the cut, still plugged in", "errata 3.22")
    P7: Final = Row[str]("P7", "initial", "Reserved", "the reservation survived the cut", "§5.13")
    P8: Final = Row[str]("P8", "initial", "Unavailable", "Inoperative before the cut", "§4.9")


StatusReportState: TypeAlias = Literal["silent", "told", "asked"]


class StatusReportRows:
    """StatusNotification.req of one connector (§4.9, errata 3.19, 3.22)."""

    N1: Final = Row[StatusReportState](
        "N1", "silent", "asked", "registered or back online: the status is due", "§4.9"
    )
    N2: Final = Row[StatusReportState]("N2", "silent", "told", "back online and nothing has changed", "§4.9")
    N3: Final = Row[StatusReportState]("N3", "told", "asked", "the status changed", "§4.9, errata 3.19")
    N4: Final = Row[StatusReportState](
        "N4", ("told", "asked"), None, "the status changed and has to settle", "§9.1.20"
    )
    N5: Final = Row[StatusReportState]("N5", "told", "asked", "the status has settled", "§9.1.20")
    N6: Final = Row[StatusReportState]("N6", "asked", None, "due, after the one that is on its way", "§4.9")
    N7: Final = Row[StatusReportState]("N7", "asked", "told", "reported", "§4.9")
    N8: Final = Row[StatusReportState]("N8", "asked", None, "reported, the next one goes", "§4.9")
    N9: Final = Row[StatusReportState]("N9", "asked", "told", "not processed: again after a wait", "§4.9")
    N10: Final = Row[StatusReportState]("N10", "asked", "silent", "withdrawn: only the newest counts", "§4.9")
    N11: Final = Row[StatusReportState]("N11", "told", "silent", "offline: only the newest counts", "§4.9")
    N12: Final = Row[StatusReportState]("N12", "told", None, "back to what was reported", "§9.1.20")


CableState: TypeAlias = Literal["unplugged", "plugged", "ev_side_out"]


class CableRows:
    """The cable between station and EV (§4.9, §9.1.33)."""

    P1: Final = Row[CableState](
        "P1", ("unplugged", "ev_side_out"), "plugged", "station and EV are joined", "§4.9"
    )
    P2: Final = Row[CableState](
        "P2", "plugged", "ev_side_out", "out at the EV, still in the socket", "§9.1.33"
    )
    P3: Final = Row[CableState](
        "P3", ("plugged", "ev_side_out"), "unplugged", "out at the station, or fixed", "§4.9"
    )


EvState: TypeAlias = Literal["content", "asking"]


class EvRows:
    """Whether the EV asks for energy (§4.9: S2 closed)."""

    V1: Final = Row[EvState]("V1", "content", "asking", "the EV asks for energy", "§4.9")
    V2: Final = Row[EvState](
        "V2", "asking", "content", "the EV stops asking, or is gone", "§4.9, errata 3.55"
    )


ContactorState: TypeAlias = Literal["open", "closed"]


class ContactorRows:
    """The feedback of the contactor."""

    W1: Final = Row[ContactorState]("W1", "open", "closed", "the feedback says closed", "§3.6")
    W2: Final = Row[ContactorState]("W2", "closed", "open", "the feedback says open", "§3.6")


SupplyState: TypeAlias = Literal["offered", "withheld", "limited"]


class SupplyRows:
    """Whether the EVSE offers energy to the EV (§7.7, SuspendedEVSE)."""

    Y1: Final = Row[SupplyState](
        "Y1", "offered", "withheld", "the start was not accepted, yet may go on", "§9.1.24"
    )
    Y2: Final = Row[SupplyState]("Y2", ("withheld", "limited"), "offered", "the charging is over", "§4.9")
    Y3: Final = Row[SupplyState](
        "Y3", "offered", "withheld", "resumed, and the start was not accepted", "§9.1.24"
    )
    Y4: Final = Row[SupplyState]("Y4", "offered", "limited", "the limit is too low to charge", "§3.13, §7.7")
    Y5: Final = Row[SupplyState]("Y5", "limited", "offered", "the limit is high enough again", "§3.13, §7.7")
    Y6: Final = Row[SupplyState](
        "Y6", "limited", "withheld", "the start was not accepted, whatever the limit", "§9.1.24"
    )


FaultState: TypeAlias = Literal["clear", "warning", "faulted"]


class FaultRows:
    """Faults and warnings of a connector or of the main controller (§4.9, §7.6)."""

    F1: Final = Row[FaultState](
        "F1", ("clear", "warning"), "faulted", "a fault that prevents charging", "§4.9"
    )
    F2: Final = Row[FaultState]("F2", "clear", "warning", "an error that does not prevent charging", "§4.9")
    F3: Final = Row[FaultState]("F3", "faulted", None, "one more, or one of several faults cleared", "§4.9")
    F7: Final = Row[FaultState]("F7", "warning", None, "one more, or one of several warnings cleared", "§4.9")
    F4: Final = Row[FaultState](
        "F4", "faulted", "warning", "the last fault cleared, a warning is left", "§4.9"
    )
    F5: Final = Row[FaultState]("F5", "faulted", "clear", "the last fault cleared", "§4.9")
    F8: Final = Row[FaultState](
        "F8", ("faulted", "warning"), None, "what the station found itself is over", "§3.5.2, §4.9"
    )
    F6: Final = Row[FaultState]("F6", "warning", "clear", "the last warning cleared", "§4.9")


AvailabilityState: TypeAlias = Literal["operative", "scheduled", "inoperative", "to_be_held", "held"]


class AvailabilityRows:
    """ChangeAvailability of a connector or of the whole station (§5.2)."""

    B1: Final = Row[AvailabilityState](
        "B1", "operative", "inoperative", "Inoperative, and not in use", "§5.2"
    )
    B2: Final = Row[AvailabilityState](
        "B2", "operative", "scheduled", "Inoperative during a transaction", "§5.2"
    )
    B3: Final = Row[AvailabilityState]("B3", "scheduled", "inoperative", "the use is over", "§4.9, §5.2")
    B6: Final = Row[AvailabilityState](
        "B6", "scheduled", "inoperative", "the power cut ended the use", "§4.9, §5.2"
    )
    B4: Final = Row[AvailabilityState](
        "B4", "scheduled", "operative", "Operative cancels what was scheduled", "§5.2"
    )
    B5: Final = Row[AvailabilityState]("B5", "inoperative", "operative", "Operative", "§5.2")
    B7: Final = Row[AvailabilityState](
        "B7", "operative", "held", "firmware is to be installed, and not in use", "§5.19, errata 3.49"
    )
    B8: Final = Row[AvailabilityState](
        "B8", "operative", "to_be_held", "firmware is to be installed, after the transaction", "errata 3.49"
    )
    B9: Final = Row[AvailabilityState]("B9", "to_be_held", "held", "the use is over", "errata 3.49")
    B10: Final = Row[AvailabilityState](
        "B10", ("held", "to_be_held"), "operative", "installed, or failed: as the operator wants it", "§5.19"
    )
    B11: Final = Row[AvailabilityState](
        "B11", "held", "inoperative", "Inoperative outlasts the installation", "§5.2, §5.19"
    )
    B12: Final = Row[AvailabilityState](
        "B12", "to_be_held", "scheduled", "Inoperative outlasts the installation", "§5.2, §5.19"
    )
    B13: Final = Row[AvailabilityState](
        "B13", "inoperative", "held", "Operative, but firmware is to be installed", "§5.2, §5.19"
    )
    B14: Final = Row[AvailabilityState](
        "B14", "scheduled", "to_be_held", "Operative, but firmware is to be installed", "§5.2, §5.19"
    )


AllowanceState: TypeAlias = Literal["none", "looking", "counting"]


class AllowanceRows:
    """What a driver whose start was not accepted may still take: MaxEnergyOnInvalidId (§9.1.14)."""

    E1: Final = Row[AllowanceState](
        "E1", "none", "looking", "the start was not accepted, some energy is granted", "§3.5.4, §9.1.14"
    )
    E2: Final = Row[AllowanceState]("E2", "looking", "counting", "some of it is left", "§9.1.14")
    E3: Final = Row[AllowanceState]("E3", "looking", "none", "it is used up", "§9.1.14")
    E4: Final = Row[AllowanceState]("E4", "looking", "none", "the meter does not tell", "§9.1.14")
    E5: Final = Row[AllowanceState]("E5", "counting", "looking", "the meter is looked at again", "§9.1.14")
    E6: Final = Row[AllowanceState](
        "E6", ("looking", "counting"), "none", "the transaction has stopped", "§4.10"
    )


KeptCableState: TypeAlias = Literal["free", "kept"]


class KeptCableRows:
    """After some ends the driver's cable stays locked until the driver comes (§3.5.4, §9.1.33)."""

    O1: Final = Row[KeptCableState](
        "O1", "free", "kept", "stopped because the start was not accepted", "§3.5.4, errata 3.5"
    )
    O2: Final = Row[KeptCableState](
        "O2", "kept", "free", "the same tag, or one of its group, is presented", "§3.5.4, errata 3.5"
    )
    O3: Final = Row[KeptCableState]("O3", "kept", "free", "unplugged by force, or used anew", "§4.9")
    O4: Final = Row[KeptCableState](
        "O4", "free", "kept", "stopped because the EV was unplugged: it is not to open", "§4.10, §9.1.33"
    )
    O5: Final = Row[KeptCableState]("O5", "kept", "free", "UnlockConnector opened the lock", "§5.18")


SessionState: TypeAlias = Literal[
    "idle",
    "awaiting_id_tag",
    "awaiting_reserver",
    "awaiting_plug",
    "held",
    "starting",
    "charging",
    "ending",
    "finishing",
]


class SessionRows:
    """The use of a connector, from the first sign of a driver until nothing is left to do (§3.6, §4.9)."""

    S1: Final = Row[SessionState](
        "S1", ("idle", "finishing"), "awaiting_id_tag", "plugged in, a tag is awaited", "§4.9 A2, F2, H2"
    )
    S1T: Final = Row[SessionState]("S1T", "idle", "starting", "plugged in here, granted elsewhere", "§4.9 A2")
    S1F: Final = Row[SessionState]("S1F", "idle", "starting", "free vending: plugged in", "§4.9 A3, H3")
    S1W: Final = Row[SessionState](
        "S1W", "idle", "awaiting_reserver", "plugged in where it is reserved", "§5.13"
    )
    S1E: Final = Row[SessionState](
        "S1E", "awaiting_reserver", "awaiting_id_tag", "the reservation is over", "§4.9 G1, A2"
    )
    S2: Final = Row[SessionState]("S2", "idle", "awaiting_plug", "authorized, the plug is awaited", "§4.9 A2")
    S3: Final = Row[SessionState](
        "S3", ("awaiting_id_tag", "awaiting_reserver"), "starting", "plugged in, and now authorized", "§3.6"
    )
    S3P: Final = Row[SessionState](
        "S3P", "awaiting_plug", "starting", "authorized, and now plugged in", "§3.6"
    )
    S3F: Final = Row[SessionState](
        "S3F", "finishing", "starting", "the tag is presented or the cable plugged again", "§4.9 F2"
    )
    S3H: Final = Row[SessionState]("S3H", "held", "starting", "the fault is over", "§4.9 I2")
    S4: Final = Row[SessionState]("S4", "awaiting_plug", "held", "plugged in, but for a fault", "§4.9 B9")
    S4S: Final = Row[SessionState]("S4S", "starting", "held", "a fault came first", "§4.9 B9")
    S5: Final = Row[SessionState](
        "S5",
        ("awaiting_id_tag", "awaiting_reserver", "awaiting_plug", "held", "starting"),
        "idle",
        "made Inoperative",
        "§4.9 B1",
    )
    S5D: Final = Row[SessionState](
        "S5D",
        ("awaiting_id_tag", "awaiting_reserver", "awaiting_plug", "held", "starting"),
        "idle",
        "the station goes down",
        "§4.9 B1, §5.14",
    )
    S1R: Final = Row[SessionState](
        "S1R", "idle", "awaiting_id_tag", "plugged in, and the station stays up", "§4.9 A2"
    )
    S5P: Final = Row[SessionState](
        "S5P", "awaiting_plug", "idle", "the tag gives up, or no plug in time", "§4.9 B1"
    )
    S5U: Final = Row[SessionState](
        "S5U",
        ("awaiting_id_tag", "awaiting_reserver", "held", "starting"),
        "idle",
        "unplugged again",
        "§4.9 B1",
    )
    S6: Final = Row[SessionState](
        "S6", "awaiting_id_tag", "finishing", "no tag in time: unplug first", "§4.9 B6"
    )
    S7: Final = Row[SessionState]("S7", "starting", "awaiting_id_tag", "the start failed", "§4.9 B9")
    S7C: Final = Row[SessionState](
        "S7C", "starting", "awaiting_id_tag", "the start could not be stored", "§3.7"
    )
    S8: Final = Row[SessionState]("S8", "starting", "charging", "the transaction begins", "§3.6, §4.8")
    S8M: Final = Row[SessionState](
        "S8M", "starting", None, "the reading is too old: the meter is asked", "§4.8"
    )
    S8I: Final = Row[SessionState]("S8I", "charging", None, "the energy stops, the charging goes on", "§7.35")
    S8E: Final = Row[SessionState]("S8E", "charging", None, "the energy flows again", "§7.35")
    S9M: Final = Row[SessionState](
        "S9M", "ending", None, "the reading is too old: the meter is asked", "§4.10"
    )
    S9: Final = Row[SessionState]("S9", "charging", "ending", "the transaction is to stop", "§4.10")
    S9R: Final = Row[SessionState]("S9R", "ending", None, "the contactor tells the last register", "§4.10")
    S10: Final = Row[SessionState]("S10", "ending", "finishing", "stopped, the cable is still in", "§4.9 C6")
    S11: Final = Row[SessionState]("S11", "ending", "idle", "stopped, nothing is left to do", "§4.9 C1")
    S12: Final = Row[SessionState]("S12", "finishing", "idle", "the user has done all", "§4.9 F1, F8")
    S13: Final = Row[SessionState]("S13", "idle", "charging", "resumed after a power cut", "§3.6")
    S14: Final = Row[SessionState](
        "S14", "idle", "finishing", "stopped by the power cut, still plugged in", "§4.9"
    )


TransactionState: TypeAlias = Literal["initial", "running", "stopping", "stopped", "closed"]


class TransactionRows:
    """A transaction until its last message is delivered (§3.6, §4.8, §4.10)."""

    T1: Final = Row[TransactionState]("T1", "initial", "running", "StartTransaction is recorded", "§4.8")
    T1C: Final = Row[TransactionState](
        "T1C", "running", None, "energy is let flow for the first time", "§7.13"
    )
    T2: Final = Row[TransactionState]("T2", "running", None, "a sample is due or taken", "§3.16.1")
    T3: Final = Row[TransactionState](
        "T3", "running", None, "the start is accepted, or never will be", "§4.8"
    )
    T3R: Final = Row[TransactionState](
        "T3R", "running", None, "the start is not accepted", "§9.1.24, errata 3.17"
    )
    T3S: Final = Row[TransactionState](
        "T3S", ("stopping", "stopped"), None, "the start is answered when it is over", "§4.8, errata 3.18"
    )
    T2C: Final = Row[TransactionState]("T2C", "running", None, "a clock-aligned sample is taken", "§3.16.2")
    T2I: Final = Row[TransactionState]("T2I", "running", None, "the energy stops, or flows again", "§7.35")
    T4: Final = Row[TransactionState]("T4", "running", "stopping", "to stop, and why", "§4.10")
    T4M: Final = Row[TransactionState](
        "T4M", "stopping", None, "the contactor does not tell: the meter is asked", "§4.10"
    )
    T5: Final = Row[TransactionState](
        "T5", "stopping", "stopped", "the register is read: Stop recorded", "§4.10"
    )
    T6: Final = Row[TransactionState]("T6", "running", "stopped", "power was cut: Stop recorded", "§4.10")
    T7: Final = Row[TransactionState]("T7", "running", None, "power was cut: resumed", "§4.10")
    T8: Final = Row[TransactionState](
        "T8", "stopped", "closed", "the last message is delivered or skipped", "§3.7"
    )


ReaderState: TypeAlias = Literal["idle", "authorizing"]


class ReaderRows:
    """A tag reader and what a tag presented there means (§3.4, §3.6)."""

    D1: Final = Row[ReaderState]("D1", "idle", None, "the tag that began ends the attempt", "§4.9 B1")
    D2: Final = Row[ReaderState]("D2", "idle", None, "the tag that started stops", "§3.4")
    D3: Final = Row[ReaderState]("D3", "idle", None, "no connector could be meant: refused", "§3.6")
    D8: Final = Row[ReaderState]("D8", "idle", None, "no idTag at all: refused", "§2.2, §7.28")
    D9: Final = Row[ReaderState](
        "D9", "idle", None, "whose start was refused gets the cable", "§3.5.4, errata 3.5"
    )
    D10: Final = Row[ReaderState](
        "D10", "authorizing", "idle", "of the group whose start was refused", "§3.5.4, errata 3.5"
    )
    D4: Final = Row[ReaderState]("D4", "idle", "authorizing", "may this tag charge?", "§4.1")
    D5: Final = Row[ReaderState](
        "D5", "authorizing", "idle", "accepted: a tag of the same group stops", "§3.10"
    )
    D6: Final = Row[ReaderState]("D6", "authorizing", "idle", "accepted: a connector is granted", "§3.6")
    D7: Final = Row[ReaderState]("D7", "authorizing", "idle", "refused, or no connector is left", "§4.1")


AuthorizationState: TypeAlias = Literal["initial", "asking", "decided"]


class AuthorizationRows:
    """May this tag charge? Local knowledge first, then Authorize.req (§3.5, §4.1)."""

    U1: Final = Row[AuthorizationState]("U1", "initial", "decided", "decided by what is known here", "§3.5")
    U2: Final = Row[AuthorizationState]("U2", "initial", "asking", "the Central System is asked", "§4.1")
    U5: Final = Row[AuthorizationState](
        "U5", "asking", "decided", "valid by what is known here", "§3.5, §9.1.13"
    )
    U3: Final = Row[AuthorizationState]("U3", "asking", "decided", "the Central System has answered", "§4.1")
    U4: Final = Row[AuthorizationState]("U4", "asking", "decided", "no answer: decided as offline", "§3.5")


DataTransferState: TypeAlias = Literal["idle", "asked"]


class DataTransferRows:
    """A DataTransfer of the station's own (§4.3)."""

    X1: Final = Row[DataTransferState]("X1", "idle", "asked", "the embedder has something to say", "§4.3")
    X2: Final = Row[DataTransferState]("X2", "asked", "idle", "ended: the embedder is told", "§4.3")
    X3: Final = Row[DataTransferState]("X3", "asked", None, "one at a time: the embedder is told", "§4.3")


VendorState: TypeAlias = Literal["idle", "asked"]


class VendorRows:
    """A DataTransfer of the Central System that the embedder answers (§4.3, §5.6)."""

    O1: Final = Row[VendorState]("O1", "idle", "asked", "the embedder is asked", "§5.6")
    O2: Final = Row[VendorState]("O2", "asked", "idle", "the embedder has answered", "§5.6")
    O3: Final = Row[VendorState]("O3", "asked", "idle", "Rejected: no answer in time", "§5.6")
    O4: Final = Row[VendorState]("O4", "asked", "idle", "nobody is left to be answered", "§5.6")


class CacheRows:
    """The authorization cache (§3.5.1)."""

    M1: Final = Row[Literal["keeping"]]("M1", "keeping", None, "an answer told of a tag", "§3.5.1")


class TriggerRows:
    """Messages that the Central System asks for; nothing else changes by them (§5.17)."""

    G1: Final = Row[Literal["watching"]]("G1", "watching", None, "the message is sent", "§5.17")
    G2: Final = Row[Literal["watching"]]("G2", "watching", None, "the meter is read first", "§5.17")
    G3: Final = Row[Literal["watching"]]("G3", "watching", None, "a Heartbeat tells the time", "§4.6")


ReservationState: TypeAlias = Literal["initial", "active", "ended"]


class ReservationRows:
    """A reservation from ReserveNow until it is used, over or called off (§5.13)."""

    V1: Final = Row[ReservationState]("V1", "initial", "active", "a connector is reserved", "§5.13")
    V2: Final = Row[ReservationState]("V2", "active", None, "replaced under the same id", "§5.13")
    V3: Final = Row[ReservationState]("V3", "active", "ended", "cancelled", "§5.1")
    V4: Final = Row[ReservationState]("V4", "active", "ended", "expiryDate is reached", "§5.13")
    V5: Final = Row[ReservationState]("V5", "active", "ended", "its transaction begins", "§5.13")
    V6: Final = Row[ReservationState]("V6", "active", "ended", "its connector becomes Faulted", "§5.13")
    V7: Final = Row[ReservationState]("V7", "active", "ended", "its connector becomes Unavailable", "§5.13")
    V8: Final = Row[ReservationState]("V8", "active", None, "it survives the power cut", "§5.13")


class VacancyRows:
    """How many connectors are left for those who reserved any one of them (§5.13, connector 0)."""

    O1: Final = Row[Literal["watching"]]("O1", "watching", None, "what is left may have changed", "§5.13")


class LocalListRows:
    """The local authorization list against what the Central System says (§3.5.2)."""

    A1: Final = Row[Literal["keeping"]]("A1", "keeping", None, "an answer contradicts the list", "§3.5.2")


class ClockAlignedRows:
    """The day divided into intervals from midnight, and which of them was read (§3.16.2, §9.1.5)."""

    J1: Final = Row[Literal["counting"]]("J1", "counting", None, "the next tick is reckoned", "§9.1.5")
    J2: Final = Row[Literal["counting"]]("J2", "counting", None, "a tick: all meters are read", "§3.16.2")


AlignedState: TypeAlias = Literal["idle", "reading"]


class AlignedRows:
    """The clock-aligned reading of one connector, or of the main meter (0) (§3.16.2, §4.7)."""

    J3: Final = Row[AlignedState](
        "J3", ("idle", "reading"), "reading", "a tick: the meter is asked", "§3.16.2"
    )
    J4: Final = Row[AlignedState]("J4", "reading", "idle", "read, outside of a transaction", "§3.16.2, §6.31")
    J4T: Final = Row[AlignedState]("J4T", "reading", "idle", "read, of a transaction", "errata 3.16")
    J5: Final = Row[AlignedState](
        "J5", "reading", "idle", "the meter is silent: this tick has no reading", "§3.16.2"
    )


class SampleRows:
    """What will be the transactionData of a StopTransaction (§3.16.6, errata 3.89)."""

    O1: Final = Row[Literal["keeping"]]("O1", "keeping", None, "a sample is kept", "§6.49")
    O2: Final = Row[Literal["keeping"]](
        "O2", "keeping", None, "too many: every second one in between goes", "errata 3.89"
    )
    O3: Final = Row[Literal["keeping"]]("O3", "keeping", None, "the time is told: all are dated", "§7.33")


StorageState: TypeAlias = Literal["fine", "failing"]


class StorageRows:
    """The station's memory, as far as it can be written (§3.7: what is queued must survive)."""

    G1: Final = Row[StorageState]("G1", "fine", "failing", "a step could not be stored", "§3.7")
    G2: Final = Row[StorageState](
        "G2", "failing", "fine", "storing works again: the world tells its facts", "§3.7"
    )


ResetState: TypeAlias = Literal["up", "winding_down", "rebooting", "on_battery"]


class ResetRows:
    """The station goes down: Reset, or mains that fail while a battery holds (§5.14, §7.36)."""

    J1: Final = Row[ResetState](
        "J1", "up", "winding_down", "Soft: transactions stop, what they say may go", "§5.14, errata 3.36"
    )
    J2: Final = Row[ResetState](
        "J2", ("up", "winding_down", "on_battery"), "rebooting", "Hard: at once", "§5.14, errata 3.36"
    )
    J3: Final = Row[ResetState]("J3", "winding_down", "rebooting", "Soft: all is stopped and told", "§5.14")
    J3U: Final = Row[ResetState]("J3U", "up", "rebooting", "Soft: nothing is to be stopped or told", "§5.14")
    J4: Final = Row[ResetState](
        "J4", "winding_down", "rebooting", "Soft: what is not told by now stays queued", "§5.14"
    )
    J5: Final = Row[ResetState]("J5", "rebooting", None, "it did not come about: once more", "§9.1.22")
    J6: Final = Row[ResetState]("J6", "rebooting", "up", "given up: the station goes on", "§9.1.22")
    J7: Final = Row[ResetState](
        "J7", ("winding_down", "rebooting", "on_battery"), "up", "the station is up again", "§5.14"
    )
    J8: Final = Row[ResetState](
        "J8", "up", "on_battery", "mains fail, the battery holds: transactions stop", "§7.36"
    )
    J9: Final = Row[ResetState]("J9", "on_battery", "up", "mains are back", "§7.36")


UnlockState: TypeAlias = Literal["idle", "stopping", "releasing"]


class UnlockRows:
    """UnlockConnector: the transaction is stopped first, then the lock opens (§5.18)."""

    Z1: Final = Row[UnlockState]("Z1", "idle", "stopping", "a transaction runs: stop it first", "§5.18")
    Z2: Final = Row[UnlockState]("Z2", "idle", "releasing", "the lock is told to open", "§5.18")
    Z3: Final = Row[UnlockState]("Z3", "stopping", "releasing", "stopped: the lock is told to open", "§5.18")
    Z4: Final = Row[UnlockState]("Z4", "releasing", "idle", "Unlocked", "§5.18, §7.53")
    Z5F: Final = Row[UnlockState](
        "Z5F", "releasing", "idle", "UnlockFailed: the lock says so", "§5.18, §7.53"
    )
    Z5: Final = Row[UnlockState](
        "Z5", ("stopping", "releasing"), "idle", "UnlockFailed: not in time", "§5.18, §7.53"
    )
    Z6: Final = Row[UnlockState](
        "Z6", ("stopping", "releasing"), "idle", "nobody is left to be answered", "§5.18"
    )


FirmwareState: TypeAlias = Literal[
    "idle", "scheduled", "downloading", "retrying", "downloaded", "installing", "restarting"
]


class FirmwareRows:
    """UpdateFirmware, from the order to the boot on the new firmware (§4.5, §5.19)."""

    W1: Final = Row[FirmwareState](
        "W1", "idle", "scheduled", "an update is ordered: not before retrieveDate", "§5.19, errata 3.63"
    )
    W2: Final = Row[FirmwareState](
        "W2", ("scheduled", "retrying"), "scheduled", "a newer order takes the place of this one", "§5.19"
    )
    W2R: Final = Row[FirmwareState](
        "W2R", "downloading", "scheduled", "a newer order: the download is abandoned", "§5.19"
    )
    W2D: Final = Row[FirmwareState](
        "W2D", "downloaded", "scheduled", "a newer order: what is downloaded is not installed", "§5.19"
    )
    W3: Final = Row[FirmwareState](
        "W3", ("installing", "restarting"), None, "a newer order waits for the end of this one", "§5.19"
    )
    W4: Final = Row[FirmwareState](
        "W4", "scheduled", "downloading", "retrieveDate is reached: Downloading", "§4.5, §6.55"
    )
    W5: Final = Row[FirmwareState]("W5", "downloading", "retrying", "it failed, retries are left", "§6.55")
    W6: Final = Row[FirmwareState]("W6", "retrying", "downloading", "retryInterval is over", "§6.55")
    W7: Final = Row[FirmwareState](
        "W7", "downloading", "idle", "it failed and no retry is left: DownloadFailed", "§7.25"
    )
    W8: Final = Row[FirmwareState](
        "W8", "downloading", "downloaded", "Downloaded: no use begins any more", "§4.5, errata 3.49"
    )
    W9: Final = Row[FirmwareState](
        "W9", "downloaded", "installing", "no transaction runs: Installing", "errata 3.48, 3.49"
    )
    W10: Final = Row[FirmwareState](
        "W10", "installing", "restarting", "installed: the station starts anew on it", "errata 3.47"
    )
    W11: Final = Row[FirmwareState]("W11", "installing", "idle", "InstallationFailed", "§7.25")
    W12: Final = Row[FirmwareState](
        "W12", "restarting", "idle", "the new firmware has started: Installed", "errata 3.47"
    )
    W12I: Final = Row[FirmwareState](
        "W12I", "installing", "idle", "the installer started the new firmware: Installed", "errata 3.47"
    )
    W13: Final = Row[FirmwareState](
        "W13", "restarting", "idle", "no restart comes about, it is for the next: Installed", "errata 3.47"
    )
    W14: Final = Row[FirmwareState](
        "W14", "installing", "idle", "the old firmware has started: InstallationFailed", "§7.25"
    )
    W15: Final = Row[FirmwareState](
        "W15", "downloading", "retrying", "a start in between: the download begins anew", "§5.19"
    )
    W16: Final = Row[FirmwareState](
        "W16", "scheduled", None, "a start in between: retrieveDate is awaited", "§5.19"
    )
    W17: Final = Row[FirmwareState](
        "W17", "retrying", None, "a start in between: retryInterval is awaited", "§6.55"
    )


DiagnosticsState: TypeAlias = Literal["idle", "uploading", "retrying"]


class DiagnosticsRows:
    """GetDiagnostics, from the order until the file is there or will not be (§4.4, §5.9)."""

    E1: Final = Row[DiagnosticsState]("E1", "idle", "uploading", "diagnostics are ordered: Uploading", "§5.9")
    E2: Final = Row[DiagnosticsState](
        "E2", "retrying", "uploading", "a newer order takes the place of this one", "§5.9"
    )
    E2R: Final = Row[DiagnosticsState](
        "E2R", "uploading", None, "a newer order: the upload is abandoned", "§5.9"
    )
    E3: Final = Row[DiagnosticsState](
        "E3", "uploading", "retrying", "it failed, retries are left", "§6.25, errata 3.50"
    )
    E4: Final = Row[DiagnosticsState]("E4", "retrying", "uploading", "retryInterval is over", "§6.25")
    E5: Final = Row[DiagnosticsState]("E5", "uploading", "idle", "the file is there: Uploaded", "§7.24")
    E6: Final = Row[DiagnosticsState](
        "E6", "uploading", "idle", "it failed and no retry is left: UploadFailed", "§7.24"
    )
    E7: Final = Row[DiagnosticsState](
        "E7", "uploading", "retrying", "a start in between: the upload begins anew", "§5.9"
    )
    E8: Final = Row[DiagnosticsState](
        "E8", "retrying", None, "a start in between: what was awaited is awaited", "§5.9"
    )


NoticesState: TypeAlias = Literal["told", "due", "asked"]


class NoticesRows:
    """What the Central System is told of an update, or of diagnostics, each status once (§4.4, §4.5)."""

    Q1: Final = Row[NoticesState]("Q1", ("told", "due"), "asked", "a status to tell", "§4.4, §4.5")
    Q2: Final = Row[NoticesState]("Q2", ("told", "due"), "due", "nobody listens: the newest is kept", "§4.2")
    Q3: Final = Row[NoticesState]("Q3", "asked", None, "the one before it is on its way", "§4.4, §4.5")
    Q4: Final = Row[NoticesState]("Q4", "due", "asked", "somebody listens again", "§4.2")
    Q5: Final = Row[NoticesState]("Q5", "asked", None, "answered: the next", "OCPP-J §4.1.1")
    Q6: Final = Row[NoticesState]("Q6", "asked", "told", "answered: all is told", "§4.4, §4.5")
    Q7: Final = Row[NoticesState]("Q7", "asked", "due", "not answered: later, once more", "§3.7")
    Q8: Final = Row[NoticesState]("Q8", "asked", "due", "offline: the newest is kept", "§3.7")
    Q9: Final = Row[NoticesState]("Q9", "told", "due", "what was due before the start still is", "§3.7")


class SmartChargingRows:
    """The limit of each connector, found anew whenever it may be another (§3.13)."""

    M1: Final = Row[Literal["watching"]]("M1", "watching", None, "a transaction begins or charges", "§3.13.1")
    M2: Final = Row[Literal["watching"]](
        "M2", "watching", None, "the use is over: its TxProfiles go with it", "§3.13.1, §7.10"
    )
    M3: Final = Row[Literal["watching"]]("M3", "watching", None, "profiles are others", "§5.5, §5.16")
    M4: Final = Row[Literal["watching"]](
        "M4", "watching", None, "a period, or a profile, begins or ends", "§7.13"
    )
    M5: Final = Row[Literal["watching"]]("M5", "watching", None, "a limit on the spot is another", "§3.13")
    M6: Final = Row[Literal["watching"]]("M6", "watching", None, "the time is told", "§4.6")
    M7: Final = Row[Literal["watching"]]("M7", "watching", None, "power is back", "errata 3.37")


PhaseSwitchState: TypeAlias = Literal["settled", "breaking"]


class PhaseSwitchRows:
    """On how many phases a connector is closed; it changes with the contactor open only (§9.4.4)."""

    X1: Final = Row[PhaseSwitchState](
        "X1", "settled", "breaking", "energy flows: the contactor opens first", "§9.4.4"
    )
    X2: Final = Row[PhaseSwitchState]("X2", "settled", None, "no energy flows: at once", "§9.4.4")
    X3: Final = Row[PhaseSwitchState](
        "X3", "breaking", "settled", "open: from now on so many phases", "§9.4.4"
    )
    X5: Final = Row[PhaseSwitchState](
        "X5", "settled", "breaking", "the contactor is on its way to close: it opens first", "§9.4.4"
    )
    X4: Final = Row[PhaseSwitchState]("X4", "breaking", None, "the contactor does not open in time", "§7.6")
