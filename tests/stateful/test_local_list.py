"""The local list is what was last agreed, over power cuts too (§5.15, §3.5.2)."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from stateful.station_machine import BUDGET, StationMachine

TAGS = st.sampled_from(("TAG", "tag", "OTHER", "FRIEND"))
STATUS = st.sampled_from(("Accepted", "Blocked", "Expired", "Invalid"))


class LocalList(StationMachine):
    """Held against a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.version = 0
        self.listed: dict[str, str] = {}

    @initialize()
    def begin(self) -> None:
        self.connect()

    @rule(version=st.integers(1, 6), entries=st.dictionaries(TAGS, STATUS, max_size=3))
    def is_sent_whole(self, version: int, entries: dict[str, str]) -> None:
        known = {tag.lower(): status for tag, status in entries.items()}
        if len(known) == len(entries):
            assert self.sends(version, "Full", entries) == "Accepted"
            self.agrees_on(version, known)

    @rule(version=st.integers(1, 6), entries=st.dictionaries(TAGS, st.none() | STATUS, max_size=3))
    def is_changed(self, version: int, entries: dict[str, str | None]) -> None:
        if len({tag.lower() for tag in entries}) < len(entries):
            return
        status = self.sends(version, "Differential", entries)
        if version <= self.version:
            assert status == "VersionMismatch"
            return
        assert status == "Accepted"
        changed = {tag.lower(): found for tag, found in entries.items()}
        self.agrees_on(version, {tag: found for tag, found in (self.listed | changed).items() if found})

    def agrees_on(self, version: int, listed: dict[str, str]) -> None:
        self.version = version if listed else 0  # which says that the list is empty (§5.10)
        self.listed = listed

    def sends(self, version: int, kind: str, entries: dict[str, Any]) -> str:
        listed = [
            {"idTag": tag} | ({"idTagInfo": {"status": status}} if status else {})
            for tag, status in entries.items()
        ]
        payload = {"listVersion": version, "updateType": kind, "localAuthorizationList": listed}
        return str(self.ask("SendLocalList", payload)["status"])

    @rule()
    def the_cache_is_cleared(self) -> None:
        """Which is no list (§5.4)."""
        self.ask("ClearCache", {})

    @rule()
    def power_is_cut(self) -> None:
        self.cut()
        self.connect()

    @invariant()
    def is_as_agreed(self) -> None:
        state = self.world.standing()
        found = {tag.lower(): listed.status for tag, listed in state.memory.local_list.items()}
        assert found == self.listed
        if state.moment.link.state == "up":
            assert self.ask("GetLocalListVersion", {})["listVersion"] == self.version


TestLocalList = LocalList.TestCase
TestLocalList.settings = BUDGET
