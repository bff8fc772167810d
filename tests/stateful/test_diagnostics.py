"""GetDiagnostics: one file of the promised name, tried as often as was said, told step by step (§4.4, §5.9)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from stateful.file_machine import (
    INTERVALS_S,
    PLACE,
    RETRIES,
    TRANSFER_S,
    FileMachine,
    retries,
    said,
    waits_s,
)
from stateful.modelled_machine import walk
from typing_extensions import override

from pilotline.core.calendar import date_of
from pilotline.spec.messages.firmware_management import DiagnosticsStatusNotificationReq

SPAN = st.sampled_from((None, -3600, -60, 0, 60))


class Order(NamedTuple):
    """What is left of it: at the hour the upload is given up, or begins anew."""

    name: str
    retries: int
    wait: timedelta
    span: tuple[datetime | None, datetime | None]
    sending: bool
    until_ms: int


class Diagnostics(FileMachine):
    """Held against the order as the Central System knows it."""

    notification = DiagnosticsStatusNotificationReq

    def __init__(self) -> None:
        super().__init__()
        self.order: Order | None = None

    @initialize()
    def begin(self) -> None:
        self.connect()

    @rule(number=RETRIES, interval_s=INTERVALS_S, start_s=SPAN, stop_s=SPAN)
    def is_ordered(
        self, number: int | None, interval_s: int | None, start_s: int | None, stop_s: int | None
    ) -> None:
        if not self.online:
            self.live(130_000)
            self.connect()
        if not self.online:
            return
        now = self.utc()
        start, stop = (None if s is None else now + timedelta(seconds=s) for s in (start_s, stop_s))
        request = said(
            location=PLACE,
            retries=number,
            retryInterval=interval_s,
            startTime=start and start.isoformat(),
            stopTime=stop and stop.isoformat(),
        )
        answer = self.ask("GetDiagnostics", request)
        nothing = start is not None and (start > now or (stop is not None and stop < start))
        assert ("fileName" not in answer) == nothing
        if not nothing:
            self.order = Order(
                answer["fileName"],
                retries(number),
                waits_s(interval_s),
                (start, stop),
                sending=True,
                until_ms=self.world.now + TRANSFER_S * 1000,
            )
            self.happens("Uploading")
        self.agree()

    @rule(fails=st.booleans())
    def upload_ends(self, fails: bool) -> None:
        if self.job is None:
            return
        job, self.job = self.job, None
        self.is_done(job, fails)
        self.old.append(job)
        if fails:
            self.fails()
        else:
            self.order = None
            self.happens("Uploaded")
        self.agree()

    @precondition(lambda self: self.order is not None)
    @rule(ends=st.lists(st.sampled_from(("fails", "says nothing")), min_size=1, max_size=3))
    def goes_badly(self, ends: list[str]) -> None:
        """So that the walk comes far."""
        for end in ends:
            self.live(60_000)
            self.agree()
            if end == "fails":
                self.upload_ends(fails=True)
            else:
                self.live(TRANSFER_S * 1000)
                self.agree()

    def fails(self) -> None:
        """Retries count what follows the first attempt (errata 3.50)."""
        assert self.order is not None
        if self.order.retries:
            self.waits(self.order.retries - 1)
        else:
            self.order = None
            self.happens("UploadFailed")

    def waits(self, left: int) -> None:
        assert self.order is not None
        until = self.world.now + self.order.wait // timedelta(milliseconds=1)
        self.order = self.order._replace(retries=left, sending=False, until_ms=until)

    @override
    def conclude(self) -> None:
        while self.order is not None and self.world.now >= self.order.until_ms:
            if self.order.sending:
                self.fails()
            else:
                until = self.order.until_ms + TRANSFER_S * 1000
                self.order = self.order._replace(sending=True, until_ms=until)

    @rule(connects=st.booleans())
    def power_is_cut(self, connects: bool) -> None:
        """What was on its way begins anew, and that is no failure."""
        self.cut()
        if self.order is not None:
            self.waits(self.order.retries)
        self.agree()
        if connects:
            self.connect()

    @override
    def stored(self) -> list[str]:
        return list(self.world.standing().memory.diagnostics_due.statuses)

    @override
    def phase_told(self) -> str:
        return "Idle" if self.order is None else "Uploading"

    @precondition(lambda self: self.order is not None)
    @rule()
    def all_goes_well(self) -> None:
        """Whatever became of the order so far: at last the file is there, and that is told."""
        self.live(60_000)
        self.agree()
        self.upload_ends(fails=False)
        assert self.order is None
        self.all_is_told()

    @invariant()
    def is_under_way(self) -> None:
        sending = self.order if self.order is not None and self.order.sending else None
        if sending is None:
            assert self.job is None
            return
        assert self.job is not None
        assert (self.job.location.text, self.job.file_name) == (PLACE, sending.name)
        told = tuple(None if utc is None else date_of(utc) for utc in (self.job.start, self.job.stop))
        assert told == sending.span


def test_diagnostics() -> None:
    walk(Diagnostics, "diagnostics", "diagnostics_notices", "GetDiagnosticsReq")
