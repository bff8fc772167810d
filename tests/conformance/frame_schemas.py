"""Every frame held against OCPP-J and the official JSON schemas, which come with the `ocpp` package.

The one deviation that OCPP knows is in those schemas already: the unit of a temperature is Celcius or Celsius
(OCPP-J errata 2.1).
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft4Validator, FormatChecker

from pilotline.tools.central_system import RecordedFrame

_ERROR_CODES: Final = {
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
}
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time_with_zone(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def _schema(name: str) -> Draft4Validator:
    file = resources.files("ocpp.v16").joinpath("schemas", f"{name}.json")
    return Draft4Validator(json.loads(file.read_text("utf-8-sig")), format_checker=_FORMATS)


class FrameJudge:
    """Judges all frames of one station, both directions; what is wrong is collected in `violations`.

    `connection` tells which connection is in use: calls are answered on their own or never (OCPP-J §4.1).
    """

    def __init__(self, connection: Callable[[], object]) -> None:
        self.violations: list[str] = []
        self._connection = connection
        self._last_connection: object = None
        self._open: dict[str, tuple[str, str]] = {}
        self._used_ids: set[tuple[str, str]] = set()

    def judge(self, frame: RecordedFrame) -> None:
        """One more frame."""
        connection = self._connection()
        if connection is not self._last_connection:
            self._last_connection = connection
            self._open.clear()
            self._used_ids.clear()
        found = self._problems(frame)
        self.violations.extend(f"{frame.direction} {problem}: {frame.text}" for problem in found)

    def _problems(self, frame: RecordedFrame) -> list[str]:
        try:
            message = json.loads(frame.text, parse_constant=_refuse)
        except ValueError as error:
            return [f"is not JSON ({error})"]
        match message:
            case [2, str(message_id), str(action), dict(payload)]:
                return self._call(frame.direction, message_id, action, payload)
            case [3, str(message_id), dict(payload)]:
                return self._result(frame.direction, message_id, payload)
            case [4, str(message_id), str(code), str(description), dict()]:
                return self._error(frame.direction, message_id, code, description)
            case _:
                return ["is no message of OCPP-J §4.2"]

    def _call(self, sender: str, message_id: str, action: str, payload: dict[str, Any]) -> list[str]:
        problems = []
        if len(message_id) > 36 or (sender, message_id) in self._used_ids:
            problems.append("has an id that is too long or was used before (OCPP-J §4.1.4)")
        if sender in self._open:
            problems.append(f"came while {self._open[sender]} was open (OCPP-J §4.1.1)")
        self._used_ids.add((sender, message_id))
        self._open[sender] = (message_id, action)
        return problems + _against(action, payload)

    def _result(self, sender: str, message_id: str, payload: dict[str, Any]) -> list[str]:
        action = self._closed(sender, message_id)
        return ["answers nothing"] if action is None else _against(f"{action}Response", payload)

    def _error(self, sender: str, message_id: str, code: str, description: str) -> list[str]:
        problems = [] if self._closed(sender, message_id) else ["answers nothing"]
        if code not in _ERROR_CODES:
            problems.append(f"has the error code {code}, which OCPP-J §4.2.3 does not know")
        if len(description) > 255:
            problems.append("has a description of more than 255 characters")
        return problems

    def _closed(self, answerer: str, message_id: str) -> str | None:
        """The action of the CALL that is answered, which is open no more; None: there is none."""
        caller = "sent" if answerer == "received" else "received"
        open_id, action = self._open.get(caller, ("", ""))
        if open_id != message_id:
            return None
        del self._open[caller]
        return action


def _against(name: str, payload: dict[str, Any]) -> list[str]:
    try:
        schema = _schema(name)
    except FileNotFoundError:
        return [f"is {name}, which OCPP 1.6 does not know"]
    return [f"{error.json_path} {error.message}" for error in schema.iter_errors(payload)]


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")
