"""The small stateful face of `step`: holds the state, refuses misuse, reads and writes the frames.

It decides nothing. Whoever runs a loop of his own may hold the `State` himself and call `step`; whoever
embeds a station calls this. What the Central System does wrong becomes an answer; what the embedder does
wrong is refused here, before `step`, by a `LocalProtocolError`, and nothing has happened.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, get_args

from pilotline.core import frames
from pilotline.core.effects import Effect, SendCall, SendError, SendResult
from pilotline.core.events import (
    CableUnplugged,
    CardPresented,
    CommitFailed,
    ConnectorLocked,
    DataTransferAnswered,
    DataTransferRequested,
    External,
    FaultCleared,
    FaultDetected,
    FrameReceived,
    LinkLost,
    LinkUp,
    LocalLimitFound,
    LocalLimitLifted,
    LockFailed,
    MainsRestored,
    MeterRead,
    PoweredUp,
    PowerFailing,
    TagPresented,
)
from pilotline.core.state import Cause, Instant, Memory, Readings, State, UtcTime
from pilotline.core.step import Step, next_deadline, step
from pilotline.spec.products import Product
from pilotline.spec.types import LIMIT_MAX, ChargePointErrorCode, ChargingRateUnitType, DataTransferStatus

if TYPE_CHECKING:  # what is asked for seldom is imported when it is
    from pilotline.core.explain import Explanation, StatusExplanation
    from pilotline.core.explain_limit import LimitExplanation

ID_TAG_CHARACTERS_MAX: Final = 20
CARD_CHARACTERS_MAX: Final = 64
ENTROPY_DIGITS_MAX: Final = 16
"""With boot number and call number behind it a message id keeps within 36 characters (OCPP-J §4.1.4)."""
JITTER_MAX: Final = 1000

_ERROR_CODES: Final = frozenset(get_args(ChargePointErrorCode))


class LocalProtocolError(ValueError):
    """The embedder told what cannot be so; one line that says what, and what would be right."""


class ChargePoint:
    """One station. For each event: hand in, commit `changes`, then hand over `effects` in order.

    A complete round with a station that has just got its power:

    >>> from pilotline.core import ChargePoint
    >>> from pilotline.core.effects import OpenLink
    >>> from pilotline.core.events import CablePlugged, FrameReceived, LinkUp
    >>> from pilotline.spec.products import load_product
    >>> station = ChargePoint(load_product("reference"))
    >>> decided = station.power_on(now=0, entropy="c0ffee")
    >>> [effect for effect in decided.effects if isinstance(effect, OpenLink)]
    [OpenLink(connection=1)]
    >>> decided = station.receive(LinkUp(1), now=40)
    >>> station.frames(decided)[0][:36]
    '[2,"c0ffee-1-1","BootNotification",{'
    >>> answer = '[3,"c0ffee-1-1",{"status":"Accepted","currentTime":"2026-11-23T06:54:28Z","interval":300}]'
    >>> decided = station.receive(FrameReceived(1, answer), now=90)
    >>> decided = station.receive(CablePlugged(1), now=5_000)
    >>> station.state.moment.connectors[1].state
    'Preparing'
    """

    def __init__(self, product: Product, memory: Memory | None = None) -> None:
        """A station without power; `memory` is what its store gave (`memory_of`); None: a new one."""
        self._product = product
        self._state: State | Memory | None = memory
        self._before: tuple[State | Memory | None, External] | None = None
        self._now = Instant(0)

    @property
    def state(self) -> State:
        """The station as it stands. Raises `LocalProtocolError` before `power_on`."""
        if not isinstance(self._state, State):
            raise LocalProtocolError("the station has no power; call power_on first")
        return self._state

    def power_on(
        self,
        *,
        now: int,
        entropy: str,
        cause: Cause = "PowerLoss",
        plugged: Collection[int] = (),
        readings: Mapping[int, Readings] | None = None,
        utc: int | None = None,
    ) -> Step:
        """Power is on, for the first time or again: everything but the memory begins anew.

        `now` is the monotonic clock of this boot in ms, `utc` the wall clock in ms since 1970 if the station
        has one that keeps the time. `entropy` is up to 16 hexadecimal digits drawn by chance, kept from the
        first boot on. `plugged` and `readings` tell by connectorId where a cable is in and what meters show.
        """
        points = range(len(self._product.connectors) + 1)
        for connector in (*plugged, *(readings or {})):
            _check_connector(self._product, connector)
        event = PoweredUp(
            self._product,
            cause,
            tuple(point in plugged for point in points),
            tuple((readings or {}).get(point) for point in points),
            entropy,
            None if utc is None else UtcTime(utc),
        )
        return self.receive(event, now)

    def receive(self, event: External, now: int) -> Step:
        """What the station decides about an event. After a `LocalProtocolError` the event has not happened.

        Text of the Central System goes in as `FrameReceived`, whatever it is: nothing in it can raise.
        """
        return self._stepped(self._admitted(event, now), now)

    def _admitted(self, event: External, now: int) -> External:
        """The event as `step` takes it. Raises `LocalProtocolError` if it cannot be."""
        if isinstance(event, PoweredUp):
            _check_power(self._product, event)
            return event
        state = self.state
        if now < self._now:
            raise LocalProtocolError(f"{_name(event)}: time went back from {self._now} to {now} ms")
        _check(state, event)
        return frames.read(state, event) if isinstance(event, FrameReceived) else event

    def _stepped(self, event: External, now: int) -> Step:
        decided = step(self._state, event, Instant(now))
        self._before = self._state, event
        self._state, self._now = decided.state, Instant(now)
        return decided

    def commit_failed(self, now: int) -> Step:
        """The changes of the last step could not be stored: it is undone, with all its effects.

        Raises `LocalProtocolError` if that step was the start: a station that cannot store does not run.
        """
        if self._before is None:
            raise LocalProtocolError("CommitFailed: there is no step to be undone")
        self._state, event = self._before
        self._before = None
        if isinstance(event, PoweredUp):
            self._state = self._state.memory if isinstance(self._state, State) else self._state
            raise LocalProtocolError(
                "CommitFailed: the start is undone; call power_on when the store can be written"
            )
        return self._stepped(CommitFailed(event), now)

    # --- why ---

    def explain(self, event: External, now: int) -> "Explanation":
        """What the station would decide about an event, and why. Nothing happens.

        Every row that is tried, the guard that says no, and what that guard looks at. Here somebody holds a tag
        to the reader of a station that has nothing left to offer; `explained_as` also gives the same as JSON.

        >>> from pilotline.core import ChargePoint, explained_as
        >>> from pilotline.core.events import FaultDetected, TagPresented
        >>> from pilotline.spec.products import load_product
        >>> station = ChargePoint(load_product("c6eu"))
        >>> decided = station.power_on(now=0, entropy="c0ffee")
        >>> decided = station.receive(FaultDetected(0, "InternalError"), now=10)
        >>> why = station.explain(TagPresented(1, "ANNA"), now=20)
        >>> first, *_, last = [(row.row, row.refused_by) for row in why.rounds[0].heard[0].tried]
        >>> first, last
        (('D8/TagPresented', 'unreadable'), ('D3/TagPresented', None))
        >>> print(explained_as.text(why).splitlines()[-1])  # doctest: +ELLIPSIS
            ✓ D3/TagPresented, yes: cannot be meant (... faults 0 faulted raised=[error_code=InternalError]...
        """
        from pilotline.core.explain import explain

        return explain(self._state, self._admitted(event, now), Instant(now))

    def explain_last(self) -> "Explanation":
        """Why the station decided what it decided last. Raises `LocalProtocolError` if nothing happened yet."""
        if self._before is None:
            raise LocalProtocolError("explain_last: there is no step to be explained")
        from pilotline.core.explain import explain

        return explain(*self._before, self._now)

    def explain_status(self, connector: int) -> "StatusExplanation":
        """Why a connector (0: the main controller) has its status: what it follows from, and what leads on.

        >>> from pilotline.core import ChargePoint, explained_as
        >>> from pilotline.spec.products import load_product
        >>> station = ChargePoint(load_product("c6eu"))
        >>> decided = station.power_on(now=0, entropy="c0ffee")
        >>> print(explained_as.text(station.explain_status(1)))  # doctest: +ELLIPSIS
        connector 1 is Available, as its conditions imply (since 0 ms)
          fault: clear
          availability: operative
          session: idle
        ...
          on UseBegan
            ✓ A2/UseBegan → Preparing
        ...
        """
        if connector != 0:
            _check_connector(self._product, connector, "explain_status")
        from pilotline.core.explain import explain_status

        return explain_status(self.state, connector)

    def explain_limit(self, connector: int, now: int) -> "LimitExplanation":
        """Why a connector (1, 2 …) may draw what it may at this instant: profiles, bounds, the one that holds (§3.13).

        >>> from pilotline.core import ChargePoint, explained_as
        >>> from pilotline.spec.products import load_product
        >>> station = ChargePoint(load_product("c6eu"))
        >>> decided = station.power_on(now=0, entropy="c0ffee")
        >>> print(explained_as.text(station.explain_limit(1, now=0)).splitlines()[0])
        connector 1 may draw 250.0 A (100000.0 W on 1 phases), if somebody began now
        """
        _check_connector(self._product, connector, "explain_limit")
        from pilotline.core.explain_limit import explain_limit
        from pilotline.core.limiting import situation_of

        given, at = situation_of(self.state, Instant(now))
        return explain_limit(given, connector, at)

    # --- what to do with it ---

    def next_deadline(self) -> Instant | None:
        """When to hand in `DeadlinePassed`, in ms of the monotonic clock; None: nothing is awaited."""
        return next_deadline(self.state)

    def frames(self, decided: Step) -> tuple[str, ...]:
        """The texts to send over the WebSocket after this step, in order."""
        return tuple(text for effect in decided.effects if (text := self.frame_of(effect)) is not None)

    @staticmethod
    def frame_of(effect: Effect) -> str | None:
        """The text an effect asks to send; None: it is no frame."""
        return frames.text_of(effect) if isinstance(effect, SendCall | SendResult | SendError) else None

    def snapshot(self) -> bytes:
        """The station as it stands, timers and all, as CBOR; a store keeps `Step.changes` instead."""
        from pilotline.core.snapshot import encode_state

        return encode_state(self.state)

    @classmethod
    def restore(cls, data: bytes) -> "ChargePoint":
        """The station of a `snapshot`, to go on with the same monotonic clock. Raises `SnapshotError`."""
        from pilotline.core.snapshot import decode_state

        state = decode_state(data)
        station = cls(state.product)
        station._state = state
        return station


# --- misuse -------------------------------------------------------------------------------------------------


def _check_power(product: Product, event: PoweredUp) -> None:
    points = len(product.connectors) + 1
    if event.product != product:
        raise LocalProtocolError("PoweredUp: is of another product than this station")
    if len(event.plugged) != points or len(event.readings) != points:
        raise LocalProtocolError(
            f"PoweredUp: plugged and readings must have {points} items, one for each connectorId"
        )
    for readings in event.readings:
        _check_readings("PoweredUp", readings)
    digits = event.entropy
    if not 1 <= len(digits) <= ENTROPY_DIGITS_MAX or not set(digits) <= set("0123456789abcdef"):
        raise LocalProtocolError(f"PoweredUp: entropy must be 1 to {ENTROPY_DIGITS_MAX} digits 0-9 a-f")


def _check(state: State, event: External) -> None:
    """Whether this station may hear this event; what the Central System sends is not judged here."""
    product, name = state.product, _name(event)
    match event:
        case CommitFailed():
            raise LocalProtocolError("CommitFailed: is handed in by commit_failed")
        case LinkUp(connection) | LinkLost(connection) | FrameReceived(connection):
            last = state.moment.link.connection
            if connection > last:
                raise LocalProtocolError(f"{name}: no connection {connection} was opened; the last is {last}")
            if isinstance(event, LinkLost) and not 0 <= event.jitter <= JITTER_MAX:
                raise LocalProtocolError(f"{name}: jitter must be 0 to {JITTER_MAX}")
        case TagPresented(reader, id_tag):
            if not 1 <= reader <= len(product.readers):
                raise LocalProtocolError(f"{name}: there is no reader {reader} of {len(product.readers)}")
            _check_text(name, "id_tag", id_tag, ID_TAG_CHARACTERS_MAX, least=1)
        case CardPresented(terminal, chosen, card):
            if not 1 <= terminal <= len(product.terminals):
                raise LocalProtocolError(
                    f"{name}: there is no terminal {terminal} of {len(product.terminals)}"
                )
            _check_connector(product, chosen, name)
            _check_text(name, "card", card, CARD_CHARACTERS_MAX, least=1)
        case PowerFailing() | MainsRestored():
            if not product.backup_power:
                raise LocalProtocolError(f"{name}: this product has no back-up power")
        case FaultDetected() | FaultCleared():
            _check_fault(product, event)
        case LocalLimitFound() | LocalLimitLifted():
            _check_local_limit(product, event)
        case MeterRead(connector=0):
            pass  # the main meter (§4.7)
        case DataTransferRequested():
            _check_text(name, "vendor_id", event.vendor_id, 255)
            _check_text(name, "message_id", event.message_id, 50)
            _check_data(name, event.data)
        case DataTransferAnswered():
            if event.status not in get_args(DataTransferStatus):
                raise LocalProtocolError(f"{name}: {event.status!r} is no status of §7.23")
            if event.data is not None and event.status != "Accepted":
                raise LocalProtocolError(f"{name}: data goes only with Accepted, not with {event.status}")
            _check_data(name, event.data)
        case _:
            connector: object = getattr(event, "connector", None)
            if connector is not None:
                _check_connector(product, connector, name)
                _check_parts(product, event)
    _check_readings(name, getattr(event, "readings", None))


def _check_parts(product: Product, event: External) -> None:
    match event:
        case ConnectorLocked(connector=connector) | LockFailed(connector=connector):
            if not product.connectors[connector - 1].lock:
                raise LocalProtocolError(f"{_name(event)}: connector {connector} of this product has no lock")
        case CableUnplugged(connector=connector):
            if product.connectors[connector - 1].cable == "fixed":
                raise LocalProtocolError(f"{_name(event)}: the cable of connector {connector} is fixed")
        case _:
            pass


def _check_fault(product: Product, event: FaultDetected | FaultCleared) -> None:
    name = _name(event)
    if event.connector != 0:  # 0 is the main controller (§3.8)
        _check_connector(product, event.connector, name)
    if event.error_code not in _ERROR_CODES or event.error_code == "NoError":
        raise LocalProtocolError(f"{name}: {event.error_code!r} is no fault of §7.6")
    if isinstance(event, FaultDetected):
        _check_text(name, "info", event.info, 50)
        _check_text(name, "vendor_id", event.vendor_id, 255)
        _check_text(name, "vendor_error_code", event.vendor_error_code, 50)


def _check_local_limit(product: Product, event: LocalLimitFound | LocalLimitLifted) -> None:
    name = _name(event)
    if event.connector != 0:  # 0 is the grid connection
        _check_connector(product, event.connector, name)
    _check_text(name, "cause", event.cause, 50, least=1)
    if isinstance(event, LocalLimitFound):
        if not (event.limit.is_finite() and 0 <= event.limit <= LIMIT_MAX):
            raise LocalProtocolError(f"{name}: limit must be 0 to {LIMIT_MAX}")
        if event.unit not in get_args(ChargingRateUnitType):
            raise LocalProtocolError(f"{name}: {event.unit!r} is no unit of §7.12")


def _check_connector(product: Product, connector: object, name: str = "PoweredUp") -> None:
    last = len(product.connectors)
    if type(connector) is not int or not 1 <= connector <= last:
        raise LocalProtocolError(f"{name}: there is no connector {connector!r}; this product has 1 to {last}")


def _check_readings(name: str, readings: Readings | None) -> None:
    if readings is not None and (type(readings.register) is not int or readings.register < 0):
        raise LocalProtocolError(f"{name}: the energy register must be a whole number of Wh, 0 or more")


def _check_text(name: str, field: str, text: str | None, most: int, least: int = 0) -> None:
    if text is not None and not (least <= len(text) <= most and text.isascii() and text.isprintable()):
        raise LocalProtocolError(
            f"{name}: {field} must be {least} to {most} printable ASCII characters (§2.2)"
        )


def _check_data(name: str, data: str | None) -> None:
    """Any text that can be sent: half a surrogate pair cannot."""
    if data is not None and any("\ud800" <= character <= "\udfff" for character in data):
        raise LocalProtocolError(f"{name}: data must be text that UTF-8 can express")


def _name(event: External) -> str:
    return type(event).__name__
