"""The Central System's side of a certification case: it plays its part, and knows what must come next."""

import json
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from conformance.frame_schemas import FrameJudge
from ocpp.charge_point import camel_to_snake_case, remove_nones, serialize_as_dict, snake_to_camel_case
from ocpp.v16 import call
from ocpp.v16.enums import RegistrationStatus

from pilotline.tools.central_system import CentralSystem, RecordedFrame, Tag

Json = dict[str, Any]

STATION: Final = "CP-1"
VALID, VALID_2, FOREIGN, INVALID = "VALID-1", "VALID-2", "FOREIGN-3", "INVALID-4"
"""Two tags of one group, one of no group, and one that is refused."""
TAGS: Final = {
    VALID: Tag(parent_id_tag="FAMILY"),
    VALID_2: Tag(parent_id_tag="FAMILY"),
    FOREIGN: Tag(),
    INVALID: Tag("Invalid"),
}
_AT_ANY_TIME: Final = ("Heartbeat", "MeterValues")
_EPOCH: Final = datetime(2026, 1, 1, 6, 0, 0, tzinfo=UTC)


class Message(NamedTuple):
    """A request of the station: of its payload, what matters. A set: one of these; None: absent."""

    action: str
    fields: Json

    def fits(self, action: str, payload: Json) -> bool:
        """Whether that is the message meant."""
        return action == self.action and all(
            payload.get(name) in (wanted if isinstance(wanted, set) else {wanted})
            for name, wanted in self.fields.items()
        )


def message(action: str, **fields: object) -> Message:
    """A `Message`, written as it is read."""
    return Message(action, fields)


class CertificationTool(CentralSystem):
    """The Central System of a certification case.

    Requests of the station are taken one by one in their order; heartbeats and meter values may come at any
    time and are taken only where a case asks for them. Whatever a case does not take fails it at its end.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(TAGS, now=lambda: _EPOCH + timedelta(milliseconds=now_ms()))
        self._judge = FrameJudge(lambda: self.stations.get(STATION))
        self._unread: deque[tuple[str, Json]] = deque()
        self._at_any_time: dict[str, deque[tuple[datetime, Json]]] = defaultdict(deque)
        self.told_at: dict[str, datetime] = {}
        """When a request of each action came last, in the station's time."""
        self._boots: deque[tuple[str, int]] = deque()
        self.on_frame = self._take_in

    # --- what the station sends -----------------------------------------------------------------------------

    async def expects(self, action: str, **fields: object) -> Json:
        """The next request is this one; its payload."""
        (payload,) = await self.expects_in_any_order(Message(action, fields))
        return payload

    async def expects_in_any_order(self, *expected: Message) -> list[Json]:
        """The next requests are these; their payloads in the order of the call."""
        missing = dict(enumerate(expected))
        payloads: dict[int, Json] = {}
        while missing:
            action, payload = await self._next(*missing.values())
            place = next((place for place, wanted in missing.items() if wanted.fits(action, payload)), None)
            assert place is not None, self._story(f"expected {[*missing.values()]}, got {action} {payload}")
            payloads[place] = payload
            del missing[place]
        return [payloads[place] for place in range(len(expected))]

    async def expects_status_of_all(self, status: str, *others: Message) -> None:
        """A StatusNotification for the station and each connector, and these other requests."""
        wanted = (message("StatusNotification", connectorId=c, status=status) for c in range(3))
        await self.expects_in_any_order(*wanted, *others)

    async def takes(self, action: str, times: int = 1) -> list[tuple[datetime, Json]]:
        """The next heartbeats or meter values: when each came, in the station's time, and its payload."""
        queue = self._at_any_time[action]
        await self._wait(lambda: len(queue) >= times, f"expected {times} times {action}")
        return [queue.popleft() for _ in range(times)]

    def heard(self, action: str) -> bool:
        """Whether such a request is there which no step of the case has taken."""
        return bool(self._at_any_time[action]) or any(unread == action for unread, _ in self._unread)

    def ends_well(self) -> None:
        """Nothing came that no step has taken, and every frame was as the standard wants it."""
        assert not self._unread, self._story(f"nothing more was expected, got {list(self._unread)}")
        assert not self._judge.violations, "\n".join(self._judge.violations)

    # --- what the Central System does -----------------------------------------------------------------------

    async def asks(self, action: str, **payload: object) -> Json:
        """Send a request and return the payload of the answer, both with the names of the wire."""
        await self._wait(lambda: STATION in self.stations, "expected a connection")
        station = self.stations[STATION]
        request = getattr(call, action)(**camel_to_snake_case(payload))
        answer = await station.call(request, suppress=False)
        return snake_to_camel_case(remove_nones(serialize_as_dict(answer)))

    async def configures(self, **values: object) -> None:
        """Give keys these values, which the station must accept."""
        for key, value in values.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if await self.reads(key) != text:
                answer = await self.asks("ChangeConfiguration", key=key, value=text)
                assert answer == {"status": "Accepted"}, self._story(f"{key} = {text}: {answer}")

    async def configures_if_implemented(self, **values: object) -> None:
        """The same for keys that a station need not offer."""
        for key, value in values.items():
            if await self.reads(key) is not None:
                await self.configures(**{key: value})

    async def reads(self, key: str) -> str | None:
        """The value of a key; None: it is not implemented."""
        answer = await self.asks("GetConfiguration", key=[key])
        if "unknownKey" in answer:
            assert answer == {"unknownKey": [key]}, self._story(f"{key}: {answer}")
            return None
        (entry,) = answer["configurationKey"]
        assert entry["key"] == key, self._story(f"{key}: {answer}")
        return str(entry["value"])

    def answers_boots(self, *answers: tuple[str, int]) -> None:
        """What the next BootNotifications are told, one after the other: a status and an interval in s."""
        self._boots.extend(answers)

    def answers_tag(self, id_tag: str, status: str) -> None:
        """What the Central System says of a tag from now on."""
        self.tags[id_tag.casefold()] = Tag(status, self.tags[id_tag.casefold()].parent_id_tag)

    # --- the rest -------------------------------------------------------------------------------------------

    def _take_in(self, frame: RecordedFrame) -> None:
        self._judge.judge(frame)
        words = json.loads(frame.text)
        if frame.direction == "sent" or words[0] != 2:
            return
        _, _, action, payload = words
        self.told_at[action] = frame.at
        if action == "BootNotification" and self._boots:
            status, self.heartbeat_interval_s = self._boots.popleft()
            self.registration_status = RegistrationStatus(status)
        if action in _AT_ANY_TIME:
            self._at_any_time[action].append((frame.at, payload))
        else:
            self._unread.append((action, payload))

    async def _next(self, *expected: Message) -> tuple[str, Json]:
        await self._wait(lambda: bool(self._unread), f"expected {list(expected)}, nothing came")
        return self._unread.popleft()

    async def _wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        try:
            await self.until(condition)
        except TimeoutError:
            raise AssertionError(self._story(otherwise)) from None

    def _story(self, what: str) -> str:
        lines = [f"  {frame.at:%H:%M:%S.%f} {frame.direction:8} {frame.text}" for frame in self.frames]
        return "\n".join([what, *lines[-40:], *self._judge.violations])
