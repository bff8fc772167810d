"""Events and effects as plain values, and events back: what a journal keeps, and what a replay is held against.

Secrets stay out: the value of a key that can only be written is replaced by one of the same form and length, so that
the station decides the same, and a login in a URL by asterisks, in what is kept and in what a replay comes to alike.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pilotline.core.effects import Effect, SendCall, SendError, SendResult
from pilotline.core.events import CallReceived, CommitFailed, External
from pilotline.core.frames import text_of
from pilotline.core.snapshot import SnapshotError, plain_of, typed
from pilotline.core.state import Memory, State, Update, Url
from pilotline.spec.configuration_keys import KEY_BY_NAME, canonical_text
from pilotline.spec.messages.actions import Request
from pilotline.spec.messages.core import ChangeConfigurationReq
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq

_LOGIN: Final = re.compile(r"://[^/\s\"]*@")


def plain_event(event: External) -> list[Any]:
    """``[class, fields]``, without secrets."""
    if isinstance(event, CommitFailed):
        return ["CommitFailed", plain_event(event.event)]
    if isinstance(event, CallReceived) and isinstance(event.request, ChangeConfigurationReq):
        event = replace(event, request=_without_secret(event.request))
    return [type(event).__name__, _without_login(msgspec.to_builtins(event, enc_hook=plain_of))]


def event_of(plain: Any, where: str = "event") -> External:  # Any: what a file holds
    """The event that `plain_event` made this of. Raises `SnapshotError`."""
    if not isinstance(plain, list) or len(plain) != 2 or not isinstance(plain[0], str):
        raise SnapshotError(f"{where}: is no event")
    name, fields = plain
    if name == "CommitFailed":
        return CommitFailed(event_of(fields, where))
    kind = _events().get(name)
    if kind is None:
        raise SnapshotError(f"{where}: this program knows no event {name}; another version wrote it")
    event: External = typed(fields, kind, where)
    return event


def plain_effects(effects: Iterable[Effect]) -> list[list[Any]]:
    """Each ``[class, fields]``; a frame by its text, byte for byte."""
    return [
        [
            type(effect).__name__,
            _without_login(
                [effect.connection, text_of(effect)]
                if isinstance(effect, SendCall | SendResult | SendError)
                else msgspec.to_builtins(effect, enc_hook=plain_of)
            ),
        ]
        for effect in effects
    ]


def without_secrets(state: State) -> State:
    """The state with every key that can only be written replaced, also in the last CALL, kept to be answered again."""
    moment, last = state.moment, state.moment.answered
    if last is not None:
        moment = replace(moment, answered=replace(last, request=_request_without_secret(last.request)))
    return State(state.product, memory_without_secrets(state.memory), moment)


def _request_without_secret(request: Request) -> Request:
    match request:
        case ChangeConfigurationReq():
            return _without_secret(request)
        case UpdateFirmwareReq() | GetDiagnosticsReq():
            return request.model_copy(update={"location": _without_login(request.location)})
        case _:
            return request


def memory_without_secrets(memory: Memory) -> Memory:
    """The Memory with every key that can only be written replaced, and no login in a location."""
    configuration = memory.configuration
    for key in configuration.offered():
        if key.access == "W":
            text = canonical_text(configuration.values[key.name.lower()])
            values = configuration.values.set(key.name.lower(), _of_the_same_form(text))
            configuration = msgspec.structs.replace(configuration, values=values)
    firmware, diagnostics = memory.firmware, memory.diagnostics
    return replace(
        memory,
        configuration=configuration,
        firmware=replace(
            firmware,
            update=_update_without_login(firmware.update),
            next=None if firmware.next is None else _update_without_login(firmware.next),
        ),
        diagnostics=replace(diagnostics, location=Url(_without_login(diagnostics.location.text))),
    )


def _update_without_login(update: Update) -> Update:
    return replace(update, location=Url(_without_login(update.location.text)))


def _without_secret(request: ChangeConfigurationReq) -> ChangeConfigurationReq:
    key = KEY_BY_NAME.get(request.key.lower())
    if key is None or key.access != "W":
        return request
    return request.model_copy(update={"value": _of_the_same_form(request.value)})


def _of_the_same_form(text: str) -> str:
    """Hexadecimal digits stay such: the checks of the value come to the same."""
    return re.sub(r"[0-9A-Fa-f]", "0", re.sub(r"[^0-9A-Fa-f]", "*", text))


def _without_login(plain: Any) -> Any:  # Any: a plain value
    match plain:
        case str():
            return _LOGIN.sub("://***@", plain) if "://" in plain else plain
        case dict():
            return {name: _without_login(value) for name, value in plain.items()}
        case list() | tuple():
            return [_without_login(value) for value in plain]
        case _:
            return plain


@lru_cache(maxsize=1)
def _events() -> dict[str, type[External]]:
    return {kind.__name__: kind for kind in External.__subclasses__()}
