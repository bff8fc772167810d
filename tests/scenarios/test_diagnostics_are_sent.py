"""GetDiagnostics: one file under the name that was promised, told status by status (§4.4, §5.9)."""

from datetime import timedelta
from typing import Any

import pytest
from station_bench import Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import AbandonUpload, Upload
from pilotline.core.events import DiagnosticsUploaded, UploadFailed
from pilotline.core.state import Counter, Url
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    GetDiagnosticsConf,
    GetDiagnosticsReq,
)
from pilotline.spec.messages.remote_trigger import TriggerMessageReq

PLACE = "ftp://user:secret@files.example/logs"


def order(bench: Bench, *, location: str = PLACE, **more: Any) -> str | None:
    """The Central System wants diagnostics; the name of the file."""
    answer = bench.asks(GetDiagnosticsReq(location=location, **more))
    assert isinstance(answer, GetDiagnosticsConf)
    return answer.file_name


def job(bench: Bench) -> Counter:
    return bench.state.memory.diagnostics.job


def told(bench: Bench) -> list[str]:
    return [request.status for request in bench.requests(DiagnosticsStatusNotificationReq)]


@pytest.mark.rule(181)
def test_the_file_that_was_promised_is_sent() -> None:
    bench = Bench()
    start = date_of(bench.utc()) - timedelta(hours=1)
    name = order(bench, start_time=start)
    (upload,) = bench.effects(Upload)
    assert (upload.file_name, upload.location) == (name, Url(PLACE))
    assert upload.start == bench.utc() - 3_600_000
    assert upload.stop is None
    bench.tell(DiagnosticsUploaded(Counter(1)))
    assert told(bench) == ["Uploading", "Uploaded"]


@pytest.mark.rule(181)
def test_where_nothing_can_be_nothing_is_promised_or_sent() -> None:
    bench = Bench()
    now = date_of(bench.utc())
    assert order(bench, start_time=now + timedelta(hours=1)) is None
    assert order(bench, start_time=now, stop_time=now - timedelta(hours=1)) is None
    assert not bench.effects(Upload)
    assert not told(bench)


@pytest.mark.rule(180)
def test_retries_follow_the_first_attempt_with_one_name_and_one_status() -> None:
    bench = Bench()
    name = order(bench, retries=1, retry_interval=60)
    bench.tell(UploadFailed(Counter(1), "no server"), UploadFailed(Counter(1), "no server"))
    bench.passes(61).tell(UploadFailed(Counter(2), "no server"))
    assert [(effect.job, effect.file_name) for effect in bench.effects(Upload)] == [(1, name), (2, name)]
    assert told(bench.passes(3600)) == ["Uploading", "UploadFailed"]


def test_after_a_cut_the_upload_begins_anew_under_its_name() -> None:
    bench = Bench()
    name = order(bench, retries=0)
    bench.power_is_cut(60)
    bench.passes(600)
    assert [effect.file_name for effect in bench.effects(Upload)] == [name, name]
    bench.tell(DiagnosticsUploaded(job(bench)))
    assert told(bench) == ["Uploading", "Uploaded"]


@pytest.mark.rule(182)
def test_a_newer_order_takes_the_place_of_an_upload() -> None:
    bench = Bench()
    order(bench)
    order(bench, location="ftp://files.example/others")
    assert bench.effects(AbandonUpload) == [AbandonUpload(Counter(1))]
    bench.tell(UploadFailed(Counter(1), "too late"), DiagnosticsUploaded(Counter(2)))
    assert told(bench) == ["Uploading", "Uploading", "Uploaded"]


def test_charging_goes_on_meanwhile() -> None:
    bench = Bench().charge()
    order(bench, retries=0)
    bench.tell(UploadFailed(Counter(1), "no server"))
    assert bench.state.moment.sessions[1].state == "charging"


@pytest.mark.rule(183)
def test_trigger_message_is_told_what_is() -> None:
    bench = Bench()
    order(bench)
    bench.asks(TriggerMessageReq(requested_message="DiagnosticsStatusNotification"))
    assert told(bench) == ["Uploading", "Uploading"]


def test_offline_the_newest_status_is_kept() -> None:
    bench = Bench()
    order(bench)
    bench.lose_network()
    bench.tell(DiagnosticsUploaded(job(bench)))
    bench.restore_network()
    assert told(bench) == ["Uploading", "Uploaded"]


def test_what_is_never_told_of_has_failed() -> None:
    bench = Bench()
    order(bench, retries=1, retry_interval=1)
    bench.passes(2 * bench.product.transfer_deadline_s + 1)
    assert bench.effects(AbandonUpload) == [AbandonUpload(Counter(1)), AbandonUpload(Counter(2))]
    assert told(bench) == ["Uploading", "UploadFailed"]
