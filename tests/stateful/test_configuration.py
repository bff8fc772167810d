"""What is accepted is in force and is told; what is refused changes nothing (§5.3, §5.8)."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from stateful.station_machine import BUDGET, StationMachine

from pilotline.spec.products import load_product

OFFERED = sorted(key.name for key in load_product("reference").factory_configuration.offered())
VALUES = st.one_of(
    st.sampled_from(
        ("true", "FALSE", "0", "5", "0060", "-1", "2147483648", "", "Voltage", "1.5", " ", "A,B")
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)


class Configuration(StationMachine):
    """Held against what GetConfiguration told before: any key, any printable text."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, tuple[bool, str | None]] = {}  # readonly, value

    @initialize()
    def begin(self) -> None:
        self.connect()
        self.told = self.tells()
        assert self.told

    def tells(self) -> dict[str, tuple[bool, str | None]]:
        found = self.ask("GetConfiguration", {})["configurationKey"]
        return {one["key"]: (one["readonly"], one.get("value")) for one in found}

    @rule(name=st.sampled_from((*OFFERED, "NoSuchKey")), value=VALUES)
    def is_changed(self, name: str, value: str) -> None:
        status = self.ask("ChangeConfiguration", {"key": name, "value": value})["status"]
        self.agree()
        now = self.tells()
        known = self.told.get(name)
        if name == "NoSuchKey":
            assert status == "NotSupported"
        elif known is not None and known[0]:
            assert status == "Rejected", f"{name} is read-only"
        changed = {other for other in now if now[other] != self.told[other]}
        if status in ("Accepted", "RebootRequired"):
            assert changed <= {name}, "a change of one key is no change of another"
            assert known is None or means_the_same(now[name][1] or "", value)
        else:
            assert not changed, "what is refused changes nothing"
        self.told = now

    @rule()
    def power_is_cut(self) -> None:
        self.cut()
        self.connect()
        self.is_kept()

    @invariant()
    def is_kept(self) -> None:
        if self.told and self.world.standing().moment.link.state == "up":
            assert self.tells() == self.told


def means_the_same(told: str, sent: str) -> bool:
    """The same text, but for case, blanks and how a number is written."""
    one, other = (text.lower().replace(" ", "") for text in (told, sent))
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


TestConfiguration = Configuration.TestCase
TestConfiguration.settings = BUDGET
