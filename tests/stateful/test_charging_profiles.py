"""What a connector is held to, and what is told of it, follow from what was accepted (§3.13, §5.5, §5.7, §5.16)."""

import json
import math
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.test_smart_charging import NOW as DRAWN_NOW
from core.test_smart_charging import profiles
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from stateful.modelled_machine import ChargedAtMachine, walk
from stateful.profile_samples import LEVELS, SOCKET, SPOILT, Beginning, Running, moved, place
from stateful.station_machine import CONNECTOR
from typing_extensions import override

from core import smart_charging_oracle as oracle
from pilotline.core.calendar import EPOCH, date_of
from pilotline.core.effects import LimitCurrent, SendCall
from pilotline.core.events import (
    ContactorClosed,
    LinkLost,
    LocalLimitFound,
    LocalLimitLifted,
)
from pilotline.spec.messages.core import StartTransactionReq
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.products import adjusted, load_product

PERIODS, PROFILES = 3, 5
UNITS = st.sampled_from(("Current,Power", "Current,Power", "Current", "Power"))


class ChargingProfiles(ChargedAtMachine):
    """Held against the evaluator that follows the text one instant at a time, with a list of what was accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.units = ""
        self.sent: dict[int, oracle.Sent] = {}  # by chargingProfileId
        self.running: dict[int, Running] = {}  # by connector
        self.ids: dict[int, int] = {}  # connector -> transactionId
        self.local: dict[int, tuple[Fraction, str]] = {}
        self.commanded: dict[int, tuple[Decimal, int]] = {}
        self.heard = 0

    @initialize(units=UNITS, charging=st.sets(CONNECTOR))
    def begin(self, units: str, charging: set[int]) -> None:
        keys = {
            "ChargeProfileMaxStackLevel": str(LEVELS),
            "ChargingScheduleMaxPeriods": str(PERIODS),
            "MaxChargingProfilesInstalled": str(PROFILES),
            "ChargingScheduleAllowedChargingRateUnit": units,
            "AllowOfflineTxForUnknownId": "true",
            "MeterValueSampleInterval": "0",
            "StopTransactionMaxMeterValues": "5",
        }
        self.units = units
        self.start(adjusted(load_product("reference"), keys))
        self.connect()
        for connector in charging:
            self.charges(connector)

    # --- the clock ---

    @override
    def answer(self, call: SendCall) -> dict[str, Any]:
        payload = super().answer(call)
        if isinstance(call.request, StartTransactionReq):
            self.ids[call.request.connector_id] = payload["transactionId"]
        return payload | ({"interval": 86_400} if "interval" in payload else {})

    def reckoned(self) -> datetime:
        """Without a clock the last time known goes on from the boot on."""
        known = self.world.standing().memory.boot.last_known
        if self.epoch is not None:
            return self.epoch
        return EPOCH if known is None or known.utc is None else date_of(known.utc)

    @override
    def present(self) -> datetime:
        return self.reckoned() + timedelta(milliseconds=self.world.now)

    def beginning(self, at: int) -> Beginning:
        return Beginning(
            self.boot, at, None if self.epoch is None else self.epoch + timedelta(milliseconds=at)
        )

    def date(self, of: Beginning) -> datetime:
        if of.date is not None:
            return of.date
        return self.reckoned() + timedelta(milliseconds=of.at if of.boot == self.boot else 0)

    # --- what is expected ---

    @override
    def look(self) -> None:
        """Who charges since when, and what the hardware was told last."""
        uses = {
            session.connector: session.transaction
            for session in self.world.standing().moment.sessions
            if session.state in ("charging", "ending") and session.transaction is not None
        }
        for connector in (1, 2):
            known = self.running.get(connector)
            if known is not None and known.number != uses.get(connector):
                del self.running[connector]
                self.sent = {
                    number: one
                    for number, one in self.sent.items()
                    if one.profile.charging_profile_purpose != "TxProfile" or one.connector != connector
                }
            number = uses.get(connector)
            if number is not None and connector not in self.running:
                self.running[connector] = Running(number, self.beginning(self.world.now))
        for happening in self.world.happenings[self.heard :]:
            for effect in happening.effects:
                if isinstance(effect, LimitCurrent):
                    self.commanded[effect.connector] = effect.current_a, effect.phases
            closed = happening.event.connector if isinstance(happening.event, ContactorClosed) else 0
            if closed in self.running and self.running[closed].charging is None:
                began = self.running[closed]._replace(charging=self.beginning(happening.at))
                self.running[closed] = began
        self.heard = len(self.world.happenings)

    def as_told(self) -> oracle.World:
        drawing = {
            connector: oracle.Drawing(
                one.number,
                self.date(one.started),
                None if one.charging is None else self.date(one.charging),
                None,
            )
            for connector, one in self.running.items()
        }
        local = tuple((point, *limit) for point, limit in self.local.items())
        return oracle.World({1: SOCKET, 2: SOCKET}, tuple(self.sent.values()), drawing, local)

    @invariant()
    def is_held_to_it(self) -> None:
        self.look()
        at, told = self.present(), self.as_told()
        for connector, drawing in told.drawing.items():
            if drawing.charging is None:
                told.drawing[connector] = drawing._replace(charging=at)
        expected = oracle.answers(told, at)
        for connector, commanded in self.commanded.items():
            held = (Decimal(32), 3)
            if connector in expected:
                found = expected[connector]
                held = Decimal(math.floor(found.amperes * 10)) / 10, found.phases
            assert commanded == held, f"connector {connector} at {at}: {commanded}, not {held}"

    # --- profiles ---

    @rule(
        of=st.integers(0, 5).flatmap(profiles),
        level=st.integers(0, LEVELS),
        spoilt=st.sampled_from((None,) * 20 + tuple(SPOILT)),
        where=st.sampled_from((None,) * 12 + (0, 1, 2)),
        named=st.sampled_from((None,) * 6 + (True, False)),
    )  # fmt: skip
    def is_sent(
        self, of: oracle.Sent, level: int, spoilt: str | None, where: int | None, named: bool | None
    ) -> None:
        connector = of.connector if where is None else where
        transaction = None if named is None else self.ids.get(connector, 0) if named else 98
        profile = moved(of.profile, self.present() - DRAWN_NOW)
        self.sends(
            connector,
            profile.model_copy(update={"stack_level": level, "transaction_id": transaction}),
            spoilt,
        )

    @rule(
        point=st.sampled_from((0, 1, 2)),
        number=st.integers(0, 5),
        kind=st.sampled_from(("Absolute", "Relative", "Daily", "Weekly")),
        begins_s=st.none() | st.sampled_from((-86_400, -30, 0, 30)),
        limits=st.lists(st.sampled_from((0, 5, 6, 16, 40)), min_size=1, max_size=3),
        phases=st.sampled_from((None, 1)),
        lasts_s=st.sampled_from((None, None, 30, 80)),
    )
    def charges_by_it(
        self,
        point: int,
        number: int,
        kind: str,
        begins_s: int | None,
        limits: list[int],
        phases: int | None,
        lasts_s: int | None,
    ) -> None:
        """So that the walk comes far: for all, for the transaction that runs, or for those to come."""
        self.charges(max(1, point))
        name = "ChargePointMax" if point == 0 else "Tx" if number % 2 else "TxDefault"
        each = 1 if "Current" in self.units else 690
        periods = tuple(
            ChargingSchedulePeriod(start_period=20 * place, limit=Decimal(limit * each), number_phases=phases)
            for place, limit in enumerate(limits)
        )
        schedule = ChargingSchedule(
            charging_rate_unit="A" if "Current" in self.units else "W",
            charging_schedule_period=periods,
            start_schedule=None if begins_s is None else self.present() + timedelta(seconds=begins_s),
            duration=lasts_s,
        )
        new = ChargingProfile(
            charging_profile_id=number,
            stack_level=number % 3,
            charging_profile_purpose=f"{name}Profile",  # type: ignore[arg-type]
            charging_profile_kind="Recurring" if kind in ("Daily", "Weekly") else kind,  # type: ignore[arg-type]
            charging_schedule=schedule,
            recurrency_kind=kind if kind in ("Daily", "Weekly") else None,  # type: ignore[arg-type]
        )
        self.sends(point, new)

    def sends(self, connector: int, profile: ChargingProfile, spoilt: str | None = None) -> None:
        self.reach()
        payload = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
        if spoilt is not None:
            SPOILT[spoilt](payload, payload["chargingSchedule"]["chargingSchedulePeriod"][0])
        told = {name: value for name, value in payload.items() if value is not None}
        answer = self.ask("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": told})
        of_transaction = profile.charging_profile_purpose == "TxProfile"
        number = self.running[connector].number if of_transaction and connector in self.running else None
        new = oracle.Sent(profile, connector, self.present(), number)
        refused = spoilt is not None or self.is_refused(new) or self.is_one_too_many(new)
        assert answer == {"status": "Rejected" if refused else "Accepted"}
        if not refused:
            self.sent = self.with_new(new)
        self.agree()

    def is_refused(self, new: oracle.Sent) -> bool:
        """It is not for there, not for now, or more than the keys say (§5.16, §9.4)."""
        profile, schedule = new.profile, new.profile.charging_schedule
        name = {"A": "Current", "W": "Power"}[schedule.charging_rate_unit]
        if len(schedule.charging_schedule_period) > PERIODS or name not in self.units:
            return True
        if profile.valid_from and profile.valid_to and profile.valid_to <= profile.valid_from:
            return True
        if profile.charging_profile_purpose == "TxProfile":
            known = self.ids.get(new.connector)
            return new.transaction is None or profile.transaction_id not in (None, known)
        for_the_station = profile.charging_profile_purpose == "ChargePointMaxProfile"
        return profile.transaction_id is not None or (for_the_station and new.connector != 0)

    def is_one_too_many(self, new: oracle.Sent) -> bool:
        after = self.with_new(new).values()
        purpose = new.profile.charging_profile_purpose
        alike = [one for one in after if one.profile.charging_profile_purpose == purpose]
        return len(after) > PROFILES or len(alike) > LEVELS

    def with_new(self, new: oracle.Sent) -> dict[int, oracle.Sent]:
        """What has its id gives way, and what has its place in the stack (§5.16.3)."""
        return {
            number: one
            for number, one in self.sent.items()
            if number != new.profile.charging_profile_id and place(one) != place(new)
        } | {new.profile.charging_profile_id: new}

    @rule(
        number=st.none() | st.integers(0, 5),
        connector=st.none() | st.integers(0, 2),
        purpose=st.sampled_from((None, "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")),
        level=st.none() | st.integers(0, LEVELS),
    )
    def are_cleared(
        self, number: int | None, connector: int | None, purpose: str | None, level: int | None
    ) -> None:
        """By the id, or else by all that is said (errata 3.25, 3.26)."""
        self.reach()
        criteria = {
            "id": number,
            "connectorId": connector,
            "chargingProfilePurpose": purpose,
            "stackLevel": level,
        }
        answer = self.ask("ClearChargingProfile", {n: v for n, v in criteria.items() if v is not None})
        meant = {
            found
            for found, one in self.sent.items()
            if (
                found == number
                if number is not None
                else connector in (None, one.connector)
                and purpose in (None, one.profile.charging_profile_purpose)
                and level in (None, one.profile.stack_level)
            )
        }
        assert answer == {"status": "Accepted" if meant else "Unknown"}
        self.sent = {found: one for found, one in self.sent.items() if found not in meant}
        self.agree()

    @rule(
        connector=st.integers(0, 2),
        duration=st.sampled_from((-1, 0, 1, 45)),
        unit=st.sampled_from((None, "A", "W")),
    )
    def is_asked(self, connector: int, duration: int, unit: str | None) -> None:
        self.reach()
        question = {"connectorId": connector, "duration": duration, "chargingRateUnit": unit}
        told = self.ask("GetCompositeSchedule", {n: v for n, v in question.items() if v is not None})
        unit = unit or ("A" if "Current" in self.units else "W")
        if duration < 0 or {"A": "Current", "W": "Power"}[unit] not in self.units:
            assert told == {"status": "Rejected"}
            return
        assert (told["status"], told["connectorId"]) == ("Accepted", connector)
        assert datetime.fromisoformat(told["scheduleStart"]) == self.present()
        schedule = ChargingSchedule.model_validate_json(json.dumps(told["chargingSchedule"]))
        oracle.confirm(self.as_told(), connector, self.present(), schedule, duration, unit)

    # --- the rest of the world ---

    def reach(self) -> None:
        """Whoever wants to ask connects first."""
        if not self.online:
            self.live(3000)
            self.connect()

    @rule(
        point=st.integers(0, 2), limit=st.none() | st.sampled_from((0, 7, 9, 20)), unit=st.sampled_from("AW")
    )
    def gets_hot(self, point: int, limit: int | None, unit: str) -> None:
        self.local.pop(point, None)
        if limit is None:
            self.world.tell(LocalLimitLifted(point, "heat"))
        else:
            rate = limit * (600 if unit == "W" else 1)
            self.local[point] = Fraction(rate), unit
            self.world.tell(LocalLimitFound(point, "heat", Decimal(rate), unit))  # type: ignore[arg-type]
        self.agree()

    @rule(ms=st.sampled_from((250, 1000, 20_000, 60_000, 86_280_000, 86_400_000, 604_740_000)))
    def time_passes(self, ms: int) -> None:
        """Looked at wherever a profile may begin to say something else."""
        until = self.world.now + ms
        zero = self.reckoned()
        last = zero + timedelta(milliseconds=until)
        edges = sorted(oracle.moments(self.as_told(), self.present(), last))
        for edge in [*edges[:20], last]:
            self.live(max(0, (edge - zero) // timedelta(milliseconds=1) - self.world.now))
            self.is_held_to_it()

    @rule(seconds=st.sampled_from((-86_400, -90, 90, 3600)))
    def the_clock_is_set(self, seconds: int) -> None:
        """The Central System has another time from now on."""
        self.reach()
        self.ahead_ms += seconds * 1000
        self.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
        self.agree()

    @rule(leaves=st.sampled_from((0, 0, 0, 1, 2)), connects=st.booleans(), own_clock=st.booleans())
    def power_is_cut(self, leaves: int, connects: bool, own_clock: bool) -> None:
        if leaves:
            self.world.plant.cable[leaves], self.world.plant.asking[leaves] = "unplugged", False
        self.cut(own_clock=own_clock)
        self.local = {}
        self.agree()
        if connects:
            self.connect()

    @rule()
    def link_is_lost(self) -> None:
        if self.world.standing().moment.link.state == "up":
            self.world.tell(LinkLost(self.world.connection, 0))
            self.agree()


def test_charging_profiles() -> None:
    tables = ("SetChargingProfileReq", "ClearChargingProfileReq", "GetCompositeScheduleReq")
    elsewhere = {"unknown connector", "the time is not known", "X4/BreakTimedOut"}
    walk(ChargingProfiles, "smart_charging", "phase_switch", *tables, but=elsewhere)
