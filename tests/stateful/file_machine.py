"""A station whose files come and go when a rule says so; what is told of them is held against what there is to tell."""

from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from stateful.modelled_machine import ModelledMachine
from typing_extensions import override

from pilotline.core.effects import AbandonUpdate, AbandonUpload, Download, Install, Reboot, SendCall, Upload
from pilotline.core.events import LinkLost
from pilotline.core.step import next_deadline
from pilotline.spec.messages.core import BootNotificationReq
from pilotline.spec.products import adjusted, load_product

PLACE = "ftp://user:secret@files.example/"
KEPT_MAX = 5
"""The station keeps so many statuses for a Central System that does not answer."""
JOBS = (Download, Install, Upload)
RETRIES = st.sampled_from((None, -1, 0, 1, 2))
INTERVALS_S = st.sampled_from((None, 0, 7, 60))
RETRIES_OF_ITS_OWN, WAIT_OF_ITS_OWN_S, TRANSFER_S, INSTALLATION_S = 2, 30, 7200, 3600
"""What the product does where the Central System says nothing, and how long it waits for an end."""


class FileMachine(ModelledMachine):
    """Statuses are told at least once, in order; where nobody listened, at least the newest (errata 3.19)."""

    product = adjusted(
        load_product("reference"), {"MeterValueSampleInterval": "0", "StopTransactionMaxMeterValues": "5"}
    )
    notification: ClassVar[type]

    def __init__(self) -> None:
        super().__init__()
        self.job: Any = None  # what the world was asked to do and has not done
        self.reboots = False
        self.due: list[str] = []
        self.triggered: str | None = None
        self.triggered_ids: set[str] = set()
        self.answers_nothing = False
        self.refuses = False
        self.heard = 0
        self.old: list[Any] = []  # jobs that nobody waits for any more
        self.version = self.product.identity.firmware_version

    def conclude(self) -> None:
        """What follows by now."""
        raise AssertionError("the machine of a subsystem says what")

    def phase_told(self) -> str:
        """What TriggerMessage is to be answered with."""
        raise AssertionError("the machine of a subsystem says what")

    def stored(self) -> list[str]:
        """What the station is still to tell, by its own store."""
        raise AssertionError("the machine of a subsystem says where")

    def happens(self, status: str) -> None:
        """Without anybody who listens the newest will do."""
        self.due = [*self.due, status] if self.online else [status]

    @invariant()
    def what_is_due_is_kept(self) -> None:
        assert self.stored() == self.due, f"{self.stored()} instead of {self.due}"

    # --- the world ---

    @override
    def look(self) -> None:
        """Files and restarts are left to the rules."""
        self.conclude()
        deadline = next_deadline(self.world.standing())
        comes_next = deadline is not None and deadline <= self.world.now  # due at this very instant
        if len(self.due) > KEPT_MAX and not comes_next:
            kept = self.stored()
            assert 1 < len(kept) <= KEPT_MAX
            assert (kept[0], kept[-1]) == (self.due[0], self.due[-1])
            self.due = kept
        self.listen()

    @override
    def is_answered(self) -> bool:
        return not self.answers_nothing

    def listen(self) -> None:
        for happening in self.world.happenings[self.heard :]:
            for effect in happening.effects:
                match effect:
                    case Download() | Install() | Upload():
                        assert self.job is None, "one at a time"
                        self.job = effect
                    case AbandonUpdate(job) | AbandonUpload(job):
                        if self.job is not None:
                            assert self.job.job == job
                            self.old.append(self.job)
                        self.job = None
                    case Reboot():
                        self.reboots = True
                    case SendCall(request=BootNotificationReq(firmware_version=version)):
                        assert version in (None, self.version), "it runs on another (errata 3.47)"
                    case SendCall(message_id=sent, request=request) if isinstance(request, self.notification):
                        self.is_told(sent, request.status)  # type: ignore[attr-defined]
                    case _:
                        pass
        self.heard = len(self.world.happenings)
        kept = [command for command in self.world.commands if not isinstance(command, (*JOBS, Reboot))]
        self.world.commands[:] = kept

    def is_told(self, message_id: str, status: str) -> None:
        if self.triggered is not None:
            assert status == self.triggered
            self.triggered = None
            self.triggered_ids.add(message_id)
        else:
            assert self.due[:1] == [status], f"{status} is told, and due is {self.due}"

    @override
    def reply(self) -> None:
        call, opened = self.world.calls[-1], self.world.standing().moment.call.open
        if opened is None or opened.message_id != call.message_id:
            self.world.old_calls.append(self.world.calls.pop())  # it came to its time-out
            return
        is_notice = isinstance(call.request, self.notification)
        if is_notice and call.message_id not in self.triggered_ids:
            self.due.pop(0)
        payload = None if is_notice and self.refuses else self.answer(call)
        if payload is not None and "interval" in payload:
            payload["interval"] = 86_400
        self.world.answer(payload)

    def is_done(self, job: Any, fails: bool) -> None:
        self.world.commands.insert(0, job)
        self.world.feedback(fails)

    @override
    def cut(self, *, own_clock: bool = False) -> None:
        self.job, self.reboots = None, False
        super().cut(own_clock=own_clock)

    # --- rules ---

    @rule(nothing=st.booleans(), refuses=st.booleans())
    def central_system_behaves(self, nothing: bool, refuses: bool) -> None:
        """It answers nothing, or answers that it cannot."""
        self.answers_nothing, self.refuses = nothing, refuses
        self.agree()

    @rule(connects=st.booleans(), answers=st.booleans())
    def link_is_lost(self, connects: bool, answers: bool) -> None:
        self.answers_nothing = self.answers_nothing and not answers
        self.world.tell(LinkLost(self.world.connection, 0))
        kept = self.stored()
        assert kept in (self.due, self.due[-1:])
        self.due = kept
        self.agree()
        if connects:
            self.live(3000)
            self.connect()

    @rule(ms=st.sampled_from((1, 1000, 7000, 30_000, 60_000, TRANSFER_S * 1000)))
    def time_passes(self, ms: int) -> None:
        self.live(ms)
        self.agree()

    @rule(fails=st.booleans())
    def old_news_comes(self, fails: bool) -> None:
        """Of a job that was given up, or told once more."""
        for job in self.old[-2:]:
            self.is_done(job, fails)
            self.agree()

    @rule()
    def is_asked_for_it(self) -> None:
        """TriggerMessage (§5.17): told as it is, Idle if nothing is done (§7.24, §7.25)."""
        if self.online and not self.due and not self.answers_nothing:
            self.triggered = self.phase_told()
            message = self.notification.__name__.removesuffix("Req")
            assert self.ask("TriggerMessage", {"requestedMessage": message})["status"] == "Accepted"
            self.agree()
            assert self.triggered is None, "it was not told"

    def all_is_told(self) -> None:
        """The network holds, and everybody answers."""
        self.answers_nothing = self.refuses = False
        for _ in range(3):
            self.connect()
            self.live(130_000)
        assert not self.due


def waits_s(interval_s: int | None) -> timedelta:
    return timedelta(seconds=interval_s or WAIT_OF_ITS_OWN_S)


def retries(told: int | None) -> int:
    return RETRIES_OF_ITS_OWN if told is None else max(0, told)


def said(**fields: Any) -> dict[str, Any]:
    """A request without what is not said."""
    return {name: value for name, value in fields.items() if value is not None}
