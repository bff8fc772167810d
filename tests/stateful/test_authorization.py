"""Who may charge, by the Central System, the local list and the cache; and what is remembered of whom
(§3.5, §4.1, §5.4, §9.1.24).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from stateful.station_machine import BUDGET, C6EU, SECOND, TAG, DrivenMachine
from typing_extensions import override

from pilotline.core.calendar import utc_of
from pilotline.core.effects import Effect, SendCall, SignalTag
from pilotline.core.events import CallReceived, External, LinkLost, ResultReceived
from pilotline.spec.messages.actions import Request
from pilotline.spec.messages.core import (
    AuthorizeReq,
    ChangeConfigurationReq,
    ClearCacheReq,
    StartTransactionReq,
    StopTransactionReq,
)
from pilotline.spec.messages.local_auth_list_management import SendLocalListReq

Info = dict[str, Any]
INFO: st.SearchStrategy[Info] = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            ("Accepted", "Accepted", "Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
        )
    },
    optional={
        "parentIdTag": st.sampled_from(("GROUP", "ELSE")),
        "expiryDate": st.sampled_from(
            ("2020-01-01T00:00:00Z", "2026-11-23T07:30:00Z", "2099-01-01T00:00:00Z")
        ),
    },
)
KEYS = (
    "LocalPreAuthorize",
    "LocalAuthorizeOffline",
    "AllowOfflineTxForUnknownId",
    "StopTransactionOnInvalidId",
    "AuthorizationCacheEnabled",
    "LocalAuthListEnabled",
)
WAY = st.sampled_from(("answered", "answered", "refused", "silent", "offline"))


class Authorization(DrivenMachine):
    """Held against three dicts: what the Central System thinks of a tag, the cache, and the local list."""

    def __init__(self) -> None:
        super().__init__()
        self.registered: dict[str, Info] = {}
        self.cache: dict[str, Info] = {}
        self.listed: dict[str, Info] = {}
        self.keys: dict[str, bool] = {}
        self.requests: dict[str, Request] = {}
        self.waiting: set[str] = set()

    @initialize()
    @override
    def begin(self) -> None:
        super().begin()
        told = self.ask("GetConfiguration", {})["configurationKey"]
        self.keys = {one["key"]: one.get("value") == "true" for one in told if one["key"] in KEYS}

    # --- the Central System ---

    @override
    def answer(self, call: SendCall) -> dict[str, Any]:
        request = call.request
        tag = getattr(request, "id_tag", None)
        if isinstance(request, AuthorizeReq | StartTransactionReq | StopTransactionReq) and tag:
            return super().answer(call) | {"idTagInfo": self.thinks_of(tag)}
        return super().answer(call)

    def thinks_of(self, id_tag: str) -> Info:
        return self.registered.get(id_tag.lower(), {"status": "Accepted"})

    @rule(id_tag=TAG, info=INFO)
    def changes_its_mind(self, id_tag: str, info: Info) -> None:
        self.registered[id_tag.lower()] = info

    @rule(name=st.sampled_from(KEYS), value=st.booleans())
    def configure(self, name: str, value: bool) -> None:
        told = self.tries_to_ask("ChangeConfiguration", {"key": name, "value": str(value).lower()})
        assert not told or told["status"] == ("Accepted" if name in self.keys else "NotSupported")

    @rule(entries=st.dictionaries(TAG.map(str.upper), INFO, max_size=2))
    def send_list(self, entries: dict[str, Info]) -> None:
        listed = [{"idTag": tag, "idTagInfo": info} for tag, info in entries.items()]
        payload = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": listed}
        told = self.tries_to_ask("SendLocalList", payload)
        assert not told or told["status"] == "Accepted"

    @rule()
    def clear_cache(self) -> None:
        told = self.tries_to_ask("ClearCache", {})
        assert not told or (told["status"] == "Accepted") == self.keys["AuthorizationCacheEnabled"]

    # --- who may charge ---

    def known(self, id_tag: str) -> tuple[Info | None, bool]:
        """The entry that counts, as it is by now, and whether the list has it."""
        tag = id_tag.lower()
        listed = tag in self.listed and self.keys["LocalAuthListEnabled"]
        cached = tag in self.cache and self.keys["AuthorizationCacheEnabled"]
        info = self.listed[tag] if listed else self.cache[tag] if cached else None
        now = self.believed()
        if (
            info
            and info["status"] in ("Accepted", "ConcurrentTx")
            and "expiryDate" in info
            and now is not None
        ):
            over = now >= utc_of(datetime.fromisoformat(info["expiryDate"]))
            info = info | ({"status": "Expired"} if over else {})
        return info, listed

    def passes_at_once(self, id_tag: str) -> bool:
        info, listed = self.known(id_tag)
        valid = ("Accepted", "ConcurrentTx") if listed else ("Accepted",)
        return self.keys["LocalPreAuthorize"] and info is not None and info["status"] in valid

    def passes_offline(self, id_tag: str) -> bool:
        info, _ = self.known(id_tag)
        if info is not None and info["status"] not in ("Accepted", "ConcurrentTx"):
            return False
        by_heart = info is not None and self.keys["LocalAuthorizeOffline"]
        return by_heart or self.keys.get("AllowOfflineTxForUnknownId", False)

    def nobody_is_there(self) -> None:
        for connector in (1, 2):
            self.gone(connector)
        if any(session.state != "idle" for session in self.world.standing().moment.sessions[1:]):
            self.world.pass_time(161_000)
            self.all_is_well()

    @rule(id_tag=TAG, way=WAY, keys=st.sets(st.sampled_from(KEYS)))
    def comes(self, id_tag: str, way: str, keys: set[str]) -> None:
        """To a station where these keys are changed before."""
        self.all_is_well()
        for name in sorted(keys):
            self.configure(name, not self.keys.get(name))
        self.may_charge(id_tag, way)

    def may_charge(self, id_tag: str, way: str) -> bool:
        """To a station that is free and well: nothing decides but who is asked."""
        self.nobody_is_there()
        if way == "offline":
            self.world.tell(LinkLost(self.world.connection, 0))
        place, at_once = len(self.world.happenings), way != "offline" and self.passes_at_once(id_tag)
        self.present(1, id_tag)
        if at_once or way == "offline":
            asked = [call for call in self.world.calls if isinstance(call.request, AuthorizeReq)]
            assert not asked, "nobody is to be asked"
            expected = at_once or self.passes_offline(id_tag)
        else:
            (call,) = self.world.calls
            assert call.request == AuthorizeReq(id_tag=id_tag)
            if way == "silent":
                self.world.pass_time(30_000)
            else:
                self.world.answer(self.answer(call) if way == "answered" else None)
            expected = self.passes_offline(id_tag)
            if way == "answered":
                expected = self.thinks_of(id_tag)["status"] == "Accepted"
        effects = [effect for happening in self.world.happenings[place:] for effect in happening.effects]
        assert [effect.accepted for effect in effects if isinstance(effect, SignalTag)] == [expected]
        seen(f"{'at once' if at_once else way}: {'yes' if expected else 'no'}")
        return expected

    @rule(id_tag=TAG, way=WAY, then=st.none() | INFO)
    def charges(self, id_tag: str, way: str, then: Info | None) -> None:
        """A start that turns out to be no good ends, or gives no energy (§9.1.24)."""
        if not self.may_charge(id_tag, way):
            return
        if then:
            self.changes_its_mind(id_tag, then)
        self.plug(1)
        self.asks_or_declines(1)
        self.all_is_well()
        self.wait_until(lambda: not self.world.standing().memory.outbox)  # its head was not answered before
        session, memory = self.world.standing().moment.sessions[1], self.world.standing().memory
        good = self.thinks_of(id_tag)["status"] == "Accepted"
        if session.state not in ("charging", "finishing"):
            return  # the hardware does not work
        assert not memory.outbox
        assert (session.state == "charging") == (good or not self.keys["StopTransactionOnInvalidId"])
        assert self.world.plant.closed[1] == (good and session.state == "charging")
        seen("charges" if good else f"refused, {session.state}")

    # --- what is remembered ---

    @override
    def happened(self, event: External, effects: Sequence[Effect]) -> None:
        match event:
            case CallReceived(request=ClearCacheReq()) if self.keys["AuthorizationCacheEnabled"]:
                self.cache = {}
            case CallReceived(request=ChangeConfigurationReq(key=name, value=value)) if name in self.keys:
                self.keys[name] = value == "true"
            case CallReceived(request=SendLocalListReq(local_authorization_list=entries)):
                self.listed = {
                    entry.id_tag.lower(): entry.id_tag_info.model_dump(
                        mode="json", by_alias=True, exclude_none=True
                    )
                    for entry in entries or ()
                    if entry.id_tag_info is not None
                }
            case ResultReceived(message_id=message_id) if message_id in self.waiting:
                self.learns(self.requests[message_id], event)
            case _:
                pass
        for effect in effects:
            if isinstance(effect, SendCall):
                self.requests[effect.message_id] = effect.request
        self.waiting = self.may_be_answered()
        found = {
            tag: (cached.status, cached.parent_id_tag)
            for tag, cached in self.world.standing().memory.cache.items()
        }
        assert found == {tag: (info["status"], info.get("parentIdTag")) for tag, info in self.cache.items()}

    def may_be_answered(self) -> set[str]:
        """The CALL that is open; and of the queue its head, however late (errata 3.18)."""
        state = self.world.standing()
        opened, boot = state.moment.call.open, state.memory.boot
        head = state.memory.outbox[min(state.memory.outbox)] if state.memory.outbox else None
        ids = {f"{boot.entropy}-{head.boot:x}-q{head.number:x}"} if head else set()
        return ids | ({opened.message_id} if opened else set())

    def learns(self, request: Request, event: ResultReceived) -> None:
        told = event.confirmation.model_dump(mode="json", by_alias=True, exclude_none=True)
        id_tag, info = getattr(request, "id_tag", None), told.get("idTagInfo")
        if id_tag and info and self.keys["AuthorizationCacheEnabled"] and id_tag.lower() not in self.listed:
            self.cache[id_tag.lower()] = info
            seen(f"remembered {type(request).__name__}")


class AuthorizationOfC6eu(Authorization):
    """Which has no AllowOfflineTxForUnknownId."""

    product = C6EU


TestAuthorization = Authorization.TestCase
TestAuthorization.settings = BUDGET
TestAuthorizationOfC6eu = AuthorizationOfC6eu.TestCase
TestAuthorizationOfC6eu.settings = SECOND
