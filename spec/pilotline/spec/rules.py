"""The rules of OCPP 1.6J that a charge point keeps, numbered, each in one sentence with the sections it follows.

What carries a rule and which tests show it is in `docs/tables/rules.md`, generated from this table, from what is
declared and from the tests themselves. Where the standard leaves a choice the sentence is the choice we made.
"""

from typing import Final, NamedTuple

from pilotline.spec.messages.actions import FeatureProfile


class Rule(NamedTuple):
    """One thing a charge point has to do, or not to do."""

    number: int
    area: str
    statement: str
    sections: str
    comes_with: FeatureProfile | None = None
    """The feature profile without which the rule means nothing; None: it always holds."""


_Row = tuple[int, str, str] | tuple[int, str, str, FeatureProfile]


def _area(name: str, *rows: _Row) -> tuple[Rule, ...]:
    return tuple(Rule(row[0], name, row[1], row[2], row[3] if len(row) == 4 else None) for row in rows)


RULES: Final = (
    *_area(
        "connection and frames",
        (1, "connects to the endpoint's URL with its own identity, percent-encoded, behind it", "OCPP-J §3.1.1"),
        (2, "offers ocpp1.6 and speaks only where it was agreed on", "OCPP-J §3.1.2, §3.2"),
        (3, "a refused handshake, 404 too, is tried again, with longer and longer waits", "OCPP-J §3.2, errata 3.3"),
        (4, "a message is one JSON array in UTF-8: CALL, CALLRESULT or CALLERROR", "OCPP-J §4.1.2, §4.2"),
        (5, "an empty payload is sent as {} and read as {} or null", "OCPP-J §4.2.1, §4.2.2"),
        (6, "one CALL of its own is open at a time", "OCPP-J §4.1.1, errata 3.4"),
        (7, "answers while a CALL of its own is open", "OCPP-J §4.1.1"),
        (8, "a CALL has a time-out; what is answered later was not asked, but for the outbox's head", "errata 3.82"),
        (9, "a message id has at most 36 characters", "OCPP-J §4.1.4"),
        (10, "no two CALLs have one id, on any connection, but for a repeat", "OCPP-J §4.1.4, errata 2025-04 3.1"),
        (11, "an answer with an unknown id changes nothing", "OCPP-J §4.1.4"),
        (12, "an unknown message type gets no answer", "OCPP-J §4.1.3"),
        (13, "there are ten error codes", "OCPP-J §4.2.3"),
        (14, "two error codes keep their misspelling, and are read in either spelling", "OCPP-J errata 5.1, 5.2"),
        (15, "NotImplemented is for an unknown action, NotSupported for one not offered", "OCPP-J §4.2.3"),
        (16, "the first fault of a payload, in a fixed order of kinds, gives the error code", "OCPP-J §4.2.3"),
        (17, "a value outside its enumeration is a PropertyConstraintViolation", "errata 3.24, 3.38, 3.39"),
        (18, "what a confirmation can express is answered by a CALLRESULT", "OCPP-J §4.2.2"),
        (19, "an id that is being handled, or is too long, gets a CALLERROR", "OCPP-J §4.2.3"),
        (20, "text that cannot be answered is dropped", "OCPP-J §4.2"),
        (21, "no message has a field beyond its schema", "OCPP-J errata 3.1"),
        (22, "a reconnect alone brings no BootNotification", "OCPP-J §5.4"),
        (23, "pings go at WebSocketPingInterval, 0 ends them, a missing pong ends the link", "OCPP-J §7, errata 3.9"),
        (24, "at least one Heartbeat a day goes out", "OCPP-J §5.3, §4.6"),
        (25, "compression is what WebSocket itself negotiates", "OCPP-J §5.1"),
    ),
    *_area(
        "types",
        (26, "CiStrings are printable ASCII and compare without case, all other text with it", "§2.2"),
        (27, "the number of a CiString is its greatest length", "errata 3.58 to 3.62"),
        (28, "nothing is assumed of an idTag but its length", "§3.9"),
        (29, "a parentIdTag is compared with a parentIdTag only", "§3.10"),
        (30, "a time is read with any offset and fraction, and written in UTC", "§3.14, §3.15"),
        (31, "a sampled value is text, a limit has at most one decimal", "§7.14, §7.43"),
        (32, "a transactionId is any integer", "errata 3.54"),
        (33, "connectors are 1 to NumberOfConnectors, 0 is the station", "§3.8"),
    ),
    *_area(
        "boot and registration",
        (34, "BootNotification comes first after every boot, and nothing before its answer", "§4.2"),
        (35, "Accepted sets the Heartbeat's interval and the clock", "§4.2"),
        (36, "not accepted, it waits at least the interval given; 0 leaves the wait to it", "§4.2"),
        (37, "Rejected, it sends nothing and answers nothing until the interval is over", "§4.2"),
        (38, "Pending, it answers and asks nothing but BootNotification again", "§4.2"),
        (39, "Pending, RemoteStart and RemoteStop are Rejected", "§4.2"),
        (40, "after Accepted the status of the station and of each connector is told", "errata 3.22"),
        (41, "BootNotification without a usable answer is sent again after a wait", "§4.2, OCPP-J errata 3.8"),
        (42, "once accepted, a triggered BootNotification is Rejected", "errata 3.35", "RemoteTrigger"),
        (43, "never accepted, it charges only if the product says so", "§4.2.1"),
    ),
    *_area(
        "heartbeat and clock",
        (44, "a Heartbeat comes after an interval of silence, which any message begins anew", "§4.6, §9.1.10"),
        (45, "each answer sets the clock; dates follow it, timers do not", "§4.2, §4.6"),
        (46, "a new HeartbeatInterval counts at once", "§5.3"),
    ),
    *_area(
        "authorization and cache",
        (47, "energy flows only after authorization", "§4.1"),
        (48, "what is known here is looked up before the Central System is asked", "§3.5.3"),
        (49, "with LocalPreAuthorize a tag known to be valid starts unasked, without it never", "§3.5, §9.1.13"),
        (50, "online an unknown tag is asked about", "§4.1"),
        (51, "online a tag known not to be valid is asked about again", "§3.5.1"),
        (52, "offline, two keys decide on what is known and on what is not", "§3.5, §3.5.4"),
        (53, "offline a tag known to be Invalid, Blocked or Expired is refused in any case", "§3.5.2, §3.5.4"),
        (54, "the cache takes what any answer tells of a tag, valid or not", "§3.5.1, §4.1, §4.8, §4.10"),
        (55, "ReserveNow.conf tells nothing of a tag", "§5.13, §6.38"),
        (56, "a tag of the local list does not enter the cache", "§3.5.3", "LocalAuthListManagement"),
        (57, "a cached tag past its expiryDate is Expired", "§3.5.1, §7.27"),
        (58, "a full cache gives up what is not valid, then the oldest", "§3.5.1"),
        (59, "the cache survives a power cut", "§3.5.1, errata 3.4"),
        (60, "ClearCache empties the cache alone", "§5.4, errata 3.23"),
        (61, "an answer against the local list is reported", "§3.5.2", "LocalAuthListManagement"),
        (62, "the tag that started stops unasked", "§3.4, §4.1"),
        (63, "another tag stops only if both have one parentIdTag, and is asked about first", "§3.10"),
        (64, "a tag presented again before the plug is in ends the attempt", "§4.9"),
    ),
    *_area(
        "starting and stopping",
        (65, "a transaction starts once authorized and plugged in, with register and time of that", "§3.6, §6.45"),
        (66, "StartTransaction and its status come in either order, as do StopTransaction and its", "§4.8, §4.10"),
        (67, "the start that ends a reservation names it", "§4.8", "Reservation"),
        (68, "a start that is not accepted is stopped, or goes on without energy", "§3.5.4, errata 3.17"),
        (69, "MaxEnergyOnInvalidId grants a refused driver some energy", "§3.5.4, §9.1.14"),
        (70, "stopped so, the cable is kept until the tag or one of its group comes", "§3.5.4, errata 3.5"),
        (71, "without an answer to its start a transaction has the id -1", "errata 3.18"),
        (72, "not plugged in within ConnectionTimeOut it is Available again", "§9.1.6, errata 3.76"),
        (73, "plugged in without a tag in time it is Finishing until unplugged", "errata 3.20"),
        (74, "unplugged at the EV it stops with EVDisconnected", "§4.9, §4.10"),
        (75, "unless the key says otherwise: then it is suspended and locked until plugged in again", "§4.9, §4.10"),
        (76, "with fixed cables UnlockConnectorOnEVSideDisconnect is false and not writable", "errata 3.83"),
        (77, "only the reason Local may be left out; we always state it", "§6.49, OCPP-J errata 2.5"),
        (78, "each way to stop has its reason", "§7.36"),
        (79, "StopTransaction names the tag that stopped, or none", "§4.10, §6.49"),
        (80, "no answer undoes a stop", "§4.10"),
        (81, "a normal stop unlocks the cable", "§4.10"),
        (82, "power that fails stops a transaction with PowerLoss, or it is resumed", "§4.10, §7.36"),
    ),
    *_area(
        "queue of transaction messages",
        (83, "starts, stops, periodic and clock-aligned MeterValues are queued, nothing else", "§3.7"),
        (84, "they are delivered in the order of the events", "§3.7"),
        (85, "offline they are kept with their times", "§3.7"),
        (86, "other messages may overtake them", "§3.7"),
        (87, "a CALLERROR or no answer is a failed attempt", "OCPP-J errata 3.2, §4.7 to §4.10"),
        (88, "a lost link is none", "§3.7.1"),
        (89, "before a repeat it waits the interval times the attempts so far", "§3.7.1"),
        (90, "only when all attempts failed is a message skipped", "§3.7.1"),
        (91, "while the head waits, what is behind it waits", "§3.7"),
        (92, "what is behind an unanswered start gets its transactionId when that is answered", "errata 3.18"),
        (93, "the queue survives a power cut", "§5.14, errata 3.36"),
        (94, "triggered MeterValues are not queued", "§3.7, §5.17", "RemoteTrigger"),
    ),
    *_area(
        "status",
        (95, "every change of status is told, but for what was too short", "errata 3.19"),
        (96, "statuses follow the table", "§4.9"),
        (97, "made Inoperative while Preparing it is Available, then Unavailable", "§4.9"),
        (98, "connector 0 is Available, Unavailable or Faulted, by itself", "§4.9"),
        (99, "MinimumStatusDuration adds to the station's own delay", "§4.9, §9.1.20"),
        (100, "what a boot finds is a status, no transition", "errata 3.22"),
        (101, "an errorCode is always told; one beside another status than Faulted is a warning", "§4.9"),
        (102, "EVCommunicationError is a warning, and only beside an EV", "§4.9"),
        (103, "if both sides suspend it is SuspendedEVSE", "§4.9"),
        (104, "SuspendedEV is an EV that does not ask", "errata 3.55"),
        (105, "SuspendedEVSE is an EVSE that does not offer", "§7.7"),
        (106, "after a fault the status is the one before it", "§4.9"),
        (107, "after being offline only the present is told, if it changed", "§4.9"),
        (108, "Unavailable survives a power cut", "§4.9, §5.2"),
        (109, "what is told of a fault keeps its bounds, and has its time", "§6.47"),
    ),
    *_area(
        "meter values",
        (110, "MeterValues come at both intervals, 0 is never", "errata 3.15"),
        (111, "samples count from the start of the transaction", "§3.16.1, §7.35"),
        (112, "clock-aligned values lie on the day's grid", "§3.16.2"),
        (113, "what is measured per interval has the time of the interval's start", "§9.1.5, errata 3.75"),
        (114, "midnight is that of UTC", "§3.14"),
        (115, "values name the transaction they were taken in", "errata 3.16"),
        (116, "a message is of one connector, with all phases that are measured", "§3.16.3"),
        (117, "a list may name a phase, and have blanks", "§9.1.17"),
        (118, "a list with one bad item, or too many, is Rejected as a whole", "§3.16.4, §5.3"),
        (119, "unit and context are stated", "§4.7, §7.43"),
        (120, "with both lists empty there is no transactionData", "§3.16.5"),
        (121, "else it holds the values of begin and end, in any case", "errata 3.14, 3.89"),
        (122, "too many values are thinned evenly", "errata 3.89"),
        (123, "registers only grow", "§7.31, errata 3.9"),
        (124, "Celsius is spelled Celcius when sent, and read in either spelling", "OCPP-J errata 2025-04 2.1"),
        (125, "Frequency has no unit", "errata 3.84"),
        (126, "signed values are hexadecimal", "§4.7, §7.49"),
        (127, "each value has the context of its taking", "§5.17, §7.35, errata 3.46"),
    ),
    *_area(
        "requests of the Central System",
        (128, "the confirmation goes before what follows from it", "§5"),
        (129, "an Accepted RemoteStart is an attempt", "errata 3.32"),
        (130, "RemoteStart without a connector finds one; connector 0 is Rejected", "§5.11"),
        (131, "RemoteStart on a connector that is not fit is Rejected", "§5.11, §5.13"),
        (132, "AuthorizeRemoteTxRequests decides whether a remote start is authorized", "§5.11"),
        (133, "a charging profile that RemoteStart brings is for the transaction to come", "§5.11, errata 3.41"),
        (134, "RemoteStop of an unknown transaction is Rejected, else it stops with Remote", "§5.12, errata 3.33"),
        (135, "ChangeAvailability waits for a transaction (Scheduled)", "§5.2"),
        (136, "of a station partly in use the idle connectors change at once", "§5.2"),
        (137, "a reserved connector made Unavailable loses its reservation", "§5.13", "Reservation"),
        (138, "a soft reset stops all transactions first", "§5.14, errata 3.36"),
        (139, "a hard reset restarts at once", "§5.14"),
        (140, "after a reset comes BootNotification, and what lasts is kept", "§4.2, §5.14"),
        (141, "UnlockConnector stops a transaction first", "§5.18"),
        (142, "without a lock, UnlockConnector is NotSupported and stops nothing", "errata 3.85, §5.18"),
        (143, "ChangeConfiguration has four answers", "§5.3"),
        (144, "GetConfiguration without keys is all of them", "§5.8"),
        (145, "more keys than GetConfigurationMaxKeys are refused as a whole", "§5.8"),
        (146, "a key of a feature that is missing is not listed, a required key always", "§9"),
        (147, "a secret is never shown", "OCPP-J §6.2.2, errata 3.10"),
        (148, "DataTransfer of an unknown vendor or message says so", "§4.3, §7.23"),
    ),
)  # fmt: skip
"""By number, without a gap."""
