"""A Central System that misbehaves: late answers, CALLERRORs, silence, dropped connections, a boot kept Pending.

What becomes of a request of the station is drawn when it comes in. What was processed is processed once, also if its
answer is lost: a repeat under the same message id gets what the first one got (`CentralSystem.begin`).
"""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import RegistrationStatus
from typing_extensions import override
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from pilotline.tools.central_system import CentralSystem, RecordedConnection, Tag

QUEUED: Final = ("StartTransaction", "MeterValues", "StopTransaction")
"""The actions that the station queues until they are answered (§3.7)."""
FATES: Final[Mapping[str, int]] = {
    "answered": 80,
    "answered late": 5,
    "answered after the time-out": 2,
    "refused with CALLERROR": 4,
    "not heard": 2,
    "processed, never answered": 2,
    "connection dropped before it": 2,
    "connection dropped after it": 3,
}
"""What becomes of a request, in percent."""
PENDING_PERCENT: Final = 10
_LATE_S: Final = (0.05, 0.7)
_TOO_LATE_S: Final = (1.1, 1.6)
REFUSED_TAG: Final = "X"
"""A tag that begins with this is fine when first asked for, and Invalid from then on: its start is refused (§4.8)."""


class MisbehavingCentralSystem(CentralSystem):
    """It misbehaves until `calm`; `on_queued` is called at every transaction-related request that comes in."""

    def __init__(self, chance: random.Random, on_queued: Callable[[], None]) -> None:
        super().__init__({}, heartbeat_interval_s=2)
        self.chance, self.on_queued = chance, on_queued
        self.calm = False
        self.fates: Counter[str] = Counter()
        self._asked: set[str] = set()

    @override
    def recorded(self, connection: ServerConnection, identity: str) -> RecordedConnection:
        return _MisbehavingConnection(connection, identity, self)

    @override
    def tag_info(self, id_tag: str) -> IdTagInfo:
        fine = not id_tag.startswith(REFUSED_TAG) or id_tag not in self._asked
        self._asked.add(id_tag)
        return Tag("Accepted" if fine else "Invalid").info()

    def fate_of(self, action: str) -> str:
        """What becomes of a request that came in."""
        pending = action == "BootNotification" and self.chance.random() * 100 < PENDING_PERCENT
        self.registration_status = (
            RegistrationStatus.pending if pending and not self.calm else RegistrationStatus.accepted
        )
        (fate,) = ["answered"] if self.calm else self.chance.choices([*FATES], [*FATES.values()])
        self.fates["boot kept Pending" if pending and not self.calm else fate] += 1
        return fate


class _MisbehavingConnection(RecordedConnection):
    """Hands on what is to be processed, and treats the answer as was drawn."""

    def __init__(
        self, connection: ServerConnection, station: str, central_system: MisbehavingCentralSystem
    ) -> None:
        super().__init__(connection, station, central_system)
        self._socket, self._system = connection, central_system
        self._fates: dict[str, str] = {}
        self._late: set[asyncio.Task[None]] = set()

    @override
    async def recv(self) -> str:
        while True:
            text = await super().recv()
            kind, message_id, *rest = json.loads(text)
            if kind != 2:
                return text
            fate = self._fates[message_id] = self._system.fate_of(rest[0])
            if rest[0] in QUEUED:
                self._system.on_queued()
            match fate:
                case "refused with CALLERROR":
                    await super().send(json.dumps([4, message_id, "InternalError", "not now", {}]))
                case "connection dropped before it":
                    self._socket.transport.abort()
                case "not heard":
                    pass
                case _:
                    return text

    @override
    async def send(self, text: str) -> None:
        match self._fates.pop(json.loads(text)[1], "answered"):
            case "answered late":
                self._send_later(text, _LATE_S)
            case "answered after the time-out":
                self._send_later(text, _TOO_LATE_S)
            case "connection dropped after it":
                self._socket.transport.abort()
            case "processed, never answered":
                pass
            case _:
                await super().send(text)

    def _send_later(self, text: str, delay_s: tuple[float, float]) -> None:
        task = asyncio.create_task(self._sent_after(text, self._system.chance.uniform(*delay_s)))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _sent_after(self, text: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        with contextlib.suppress(ConnectionClosed):
            await super().send(text)
