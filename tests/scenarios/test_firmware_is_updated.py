"""UpdateFirmware: retrieved from retrieveDate on, installed when nobody charges, told step by step (§4.5, §5.19)."""

from datetime import timedelta
from typing import Any

import pytest
from station_bench import TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import AbandonUpdate, Download, Install, Reboot
from pilotline.core.events import (
    CableUnplugged,
    DownloadFailed,
    FirmwareDownloaded,
    FirmwareInstalled,
    InstallationFailed,
)
from pilotline.core.state import Counter, Url
from pilotline.spec.messages.core import (
    BootNotificationConf,
    BootNotificationReq,
    ChangeAvailabilityReq,
    RemoteStartTransactionReq,
    ResetReq,
    StatusNotificationReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.firmware_management import (
    FirmwareStatusNotificationConf,
    FirmwareStatusNotificationReq,
    UpdateFirmwareConf,
    UpdateFirmwareReq,
)
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.messages.reservation import ReserveNowReq

PLACE = "ftp://user:secret@files.example/firmware.bin"


def order(bench: Bench, *, in_s: int = 0, location: str = PLACE, **more: Any) -> Bench:
    """The Central System orders an update; what is due at once happens."""
    retrieve_date = date_of(bench.utc()) + timedelta(seconds=in_s)
    request = UpdateFirmwareReq(location=location, retrieve_date=retrieve_date, **more)
    assert bench.asks(request) == UpdateFirmwareConf()
    return bench.passes(0)


def job(bench: Bench) -> Counter:
    return bench.state.memory.firmware.job


def downloaded(bench: Bench) -> Bench:
    return bench.tell(FirmwareDownloaded(job(bench)))


def installed(bench: Bench, version: str | None = "2.0") -> Bench:
    return bench.tell(FirmwareInstalled(job(bench), version))


def told(bench: Bench) -> list[str]:
    return [request.status for request in bench.requests(FirmwareStatusNotificationReq)]


def firmware_state(bench: Bench) -> str:
    return bench.state.memory.firmware.state


def statuses(bench: Bench) -> list[str]:
    return [connector.state for connector in bench.state.moment.connectors]


def test_a_whole_update() -> None:
    """The new version is told by the BootNotification before Installed (errata 3.47)."""
    bench = order(Bench())
    assert bench.effects(Download) == [Download(Counter(1), Url(PLACE))]
    downloaded(bench)
    assert bench.effects(Install) == [Install(Counter(1))]
    assert statuses(bench) == ["Available", "Unavailable", "Unavailable"]
    known = len(bench.sent)
    installed(bench)
    assert told(bench) == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert isinstance(bench.sent[known], BootNotificationReq)
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "2.0"
    assert statuses(bench) == ["Available"] * 3


def test_the_version_is_told_until_the_product_tells_another() -> None:
    bench = installed(downloaded(order(Bench())))
    bench.power_is_cut()
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "2.0"
    identity = bench.product.identity.model_copy(update={"firmware_version": "3.0"})
    bench.product = bench.product.model_copy(update={"identity": identity})
    bench.power_is_cut()
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "3.0"


def test_the_new_version_is_not_told_while_the_old_one_still_runs() -> None:
    """An unregistered station goes on asking to be accepted until it starts anew (§6.3, errata 3.47)."""
    bench = order(Bench())
    bench.says["BootNotificationReq"] = None
    bench.power_is_cut()
    bench.passes(bench.product.boot_retry_s)
    installed(downloaded(bench))
    assert firmware_state(bench) == "restarting"
    bench.passes(bench.product.boot_retry_s)
    assert firmware_state(bench) == "restarting"
    assert bench.requests(BootNotificationReq)[-1].firmware_version is None
    bench.passes(bench.product.soft_reset_wait_s)
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "2.0"


@pytest.mark.rule(175)
def test_not_before_retrieve_date_whatever_is_cut() -> None:
    bench = order(Bench(), in_s=3600)
    bench.passes(1800).power_is_cut(600)
    bench.passes(1100)
    assert not bench.effects(Download)
    assert not told(bench)
    bench.passes(200)
    assert bench.effects(Download)


@pytest.mark.rule(180)
def test_retries_follow_the_first_attempt_and_downloading_is_told_once() -> None:
    bench = order(Bench(), retries=2, retry_interval=60)
    for attempt in (1, 2, 3):
        assert [effect.job for effect in bench.effects(Download)] == list(range(1, attempt + 1))
        bench.tell(DownloadFailed(job(bench), "no server"))
        bench.tell(DownloadFailed(job(bench), "no server"))
        bench.passes(59)
        bench.passes(1)
    assert told(bench) == ["Downloading", "DownloadFailed"]
    assert firmware_state(bench) == "idle"
    assert len(bench.effects(Download)) == 3


@pytest.mark.rule(178)
def test_an_installation_waits_for_whoever_charges_and_holds_the_others() -> None:
    bench = downloaded(order(Bench().charge(1)))
    assert told(bench) == ["Downloading", "Downloaded"]
    assert statuses(bench) == ["Available", "Charging", "Unavailable"]
    bench.present()
    assert told(bench)[-1] == "Installing"
    bench.unplug_at_the_ev(1).tell(CableUnplugged(1))
    assert statuses(bench) == ["Available", "Unavailable", "Unavailable"]
    bench.tell(InstallationFailed(job(bench), "no valid image"))
    assert told(bench)[-1] == "InstallationFailed"
    assert statuses(bench) == ["Available"] * 3


def test_what_the_operator_wants_outlasts_the_installation() -> None:
    bench = Bench()
    bench.asks(ChangeAvailabilityReq(connector_id=1, type="Inoperative"))
    downloaded(order(bench))
    bench.asks(ChangeAvailabilityReq(connector_id=1, type="Operative"))
    bench.asks(ChangeAvailabilityReq(connector_id=2, type="Inoperative"))
    assert statuses(bench) == ["Available", "Unavailable", "Unavailable"]
    bench.tell(InstallationFailed(job(bench), "no valid image"))
    assert statuses(bench) == ["Available", "Available", "Unavailable"]


def test_a_cut_half_way_through_the_download_begins_it_anew() -> None:
    """The cut is no attempt that failed, and Downloading is told already."""
    bench = order(Bench(), retries=0, retry_interval=30)
    bench.power_is_cut()
    bench.passes(30)
    assert [effect.job for effect in bench.effects(Download)] == [1, 2]
    assert told(downloaded(bench)) == ["Downloading", "Downloaded", "Installing"]


def test_a_cut_half_way_through_the_installation_has_failed() -> None:
    bench = downloaded(order(Bench()))
    bench.power_is_cut()
    assert told(bench)[-1] == "InstallationFailed"
    assert bench.effects(AbandonUpdate) == [AbandonUpdate(job(bench))], "the file was left behind"
    assert statuses(bench) == ["Available"] * 3


@pytest.mark.rule(179)
def test_an_installer_may_start_the_new_firmware_itself() -> None:
    bench = downloaded(order(Bench()))
    identity = bench.product.identity.model_copy(update={"firmware_version": "3.0"})
    bench.product = bench.product.model_copy(update={"identity": identity})
    bench.power_is_cut()
    assert told(bench) == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "3.0"


def test_a_restart_that_does_not_come_about_is_told_as_installed() -> None:
    """It runs from the next start on (errata 3.47)."""
    bench = downloaded(order(Bench()))
    bench.reboots = False
    installed(bench).passes(3600)
    assert told(bench)[-1] == "Installed"
    assert statuses(bench) == ["Available"] * 3


@pytest.mark.rule(182)
def test_a_newer_order_takes_the_place_of_a_download() -> None:
    bench = order(Bench())
    order(bench, location="ftp://files.example/newer.bin")
    assert bench.effects(AbandonUpdate) == [AbandonUpdate(Counter(1))]
    bench.tell(FirmwareDownloaded(Counter(1)))
    assert firmware_state(bench) == "downloading"
    assert bench.effects(Download)[-1] == Download(Counter(2), Url("ftp://files.example/newer.bin"))


@pytest.mark.rule(182)
def test_a_newer_order_waits_for_the_end_of_an_installation() -> None:
    bench = downloaded(order(Bench()))
    order(bench, location="ftp://files.example/newer.bin")
    assert firmware_state(bench) == "installing"
    installed(bench).passes(1)
    assert told(bench)[-2:] == ["Installed", "Downloading"]
    assert bench.effects(Download)[-1].location == Url("ftp://files.example/newer.bin")


def test_a_newer_order_lets_drivers_in_again() -> None:
    bench = downloaded(order(Bench().charge(1)))
    order(bench, in_s=60)
    assert statuses(bench) == ["Available", "Charging", "Available"]
    assert bench.effects(AbandonUpdate) == [AbandonUpdate(Counter(1))], "what was downloaded goes"


def test_an_installation_that_is_overdue_is_ended_before_anybody_may_charge() -> None:
    """Errata 3.49."""
    bench = downloaded(order(Bench()))
    bench.passes(bench.product.installation_deadline_s)
    assert told(bench)[-1] == "InstallationFailed"
    assert bench.effects(AbandonUpdate) == [AbandonUpdate(job(bench))]
    assert statuses(bench) == ["Available"] * 3


def test_offline_the_newest_status_is_kept() -> None:
    bench = order(Bench())
    bench.lose_network()
    downloaded(bench).tell(InstallationFailed(job(bench), "no valid image"))
    bench.restore_network()
    assert told(bench) == ["Downloading", "InstallationFailed"]


def test_a_status_that_is_not_answered_is_told_once_more() -> None:
    bench = Bench(MessageTimeout="10")
    bench.says["FirmwareStatusNotificationReq"] = None
    order(bench).passes(300)
    bench.says["FirmwareStatusNotificationReq"] = FirmwareStatusNotificationConf()
    assert set(told(bench)) == {"Downloading"}
    downloaded(bench.passes(300))
    assert told(bench)[-2:] == ["Downloaded", "Installing"]
    known = len(told(bench))
    bench.passes(1800)
    assert len(told(bench)) == known


def test_before_acceptance_nothing_is_told() -> None:
    bench = downloaded(order(Bench()))
    known = len(told(bench))
    says = bench.says["BootNotificationReq"]
    bench.says["BootNotificationReq"] = BootNotificationConf(
        status="Pending", current_time=date_of(bench.utc()), interval=30
    )
    installed(bench)
    assert len(told(bench)) == known
    bench.says["BootNotificationReq"] = says
    bench.passes(31)
    assert told(bench)[known:] == ["Installed"]


@pytest.mark.rule(183)
def test_trigger_message_is_told_what_is() -> None:
    bench = Bench()
    trigger = TriggerMessageReq(requested_message="FirmwareStatusNotification")
    bench.asks(trigger)
    order(bench, retries=0).asks(trigger)
    assert told(bench) == ["Idle", "Downloading", "Downloading"]
    bench.tell(DownloadFailed(job(bench), "no server")).asks(trigger)
    assert told(bench)[3:] == ["DownloadFailed", "Idle"]


def test_no_reset_half_way_through_an_installation() -> None:
    bench = downloaded(order(Bench()))
    assert bench.asks(ResetReq(type="Hard")).status == "Rejected"
    bench.tell(InstallationFailed(job(bench), ""))
    assert bench.asks(ResetReq(type="Hard")).status == "Accepted"


def test_a_reset_during_a_download_begins_it_anew() -> None:
    bench = order(Bench())
    assert bench.asks(ResetReq(type="Hard")).status == "Accepted"
    assert firmware_state(bench.passes(1)) == "retrying"
    assert len(bench.passes(600).effects(Download)) == 2


def test_the_connectors_are_reported_unavailable_and_available() -> None:
    bench = downloaded(order(Bench().passes(60))).passes(5)
    bench.tell(InstallationFailed(job(bench), "")).passes(5)
    reported = [r.status for r in bench.requests(StatusNotificationReq) if r.connector_id == 1]
    assert reported == ["Available", "Unavailable", "Available"]


def test_what_is_never_told_of_has_failed() -> None:
    bench = order(Bench(), retries=1, retry_interval=1)
    bench.passes(bench.product.transfer_deadline_s + 1)
    assert bench.effects(AbandonUpdate) == [AbandonUpdate(Counter(1))]
    downloaded(bench)
    bench.passes(bench.product.installation_deadline_s)
    assert told(bench) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert statuses(installed(bench)) == ["Available"] * 3
    order(bench, retries=0).passes(bench.product.transfer_deadline_s)
    assert told(bench)[-1] == "DownloadFailed"


def test_a_version_that_no_boot_notification_takes_is_cut() -> None:
    bench = installed(downloaded(order(Bench())), "é\n2.0" + "x" * 60)
    assert bench.requests(BootNotificationReq)[-1].firmware_version == "2.0" + "x" * 47


@pytest.mark.rule(176)
def test_installing_is_told_before_the_station_starts_anew() -> None:
    """However fast the installer is; but a Central System that does not answer is not waited for, for ever."""
    bench = order(Bench(MessageTimeout="5"))
    bench.says["FirmwareStatusNotificationReq"] = None
    installed(downloaded(bench))
    assert not bench.effects(Reboot)
    bench.says["FirmwareStatusNotificationReq"] = FirmwareStatusNotificationConf()
    bench.passes(300)
    assert told(bench)[-2:] == ["Installing", "Installed"]
    bench.says["FirmwareStatusNotificationReq"] = None
    installed(downloaded(order(bench))).passes(bench.product.soft_reset_wait_s)
    assert len(bench.effects(Reboot)) == 2


def reservation(bench: Bench) -> ReserveNowReq:
    until = date_of(bench.utc()) + timedelta(hours=1)
    return ReserveNowReq(connector_id=1, expiry_date=until, id_tag=TAG, reservation_id=1)


def test_while_firmware_is_installed_nobody_begins_but_a_cable_comes_out() -> None:
    bench = downloaded(order(Bench()))
    start = RemoteStartTransactionReq(id_tag=TAG, connector_id=1)
    assert bench.asks(start).status == "Rejected"
    assert bench.asks(reservation(bench)).status == "Unavailable"
    assert bench.asks(UnlockConnectorReq(connector_id=1)).status == "Unlocked"
    bench.plug(1).present()
    assert statuses(bench) == ["Available", "Unavailable", "Unavailable"]
    bench.tell(InstallationFailed(job(bench), "no valid image"))
    assert statuses(bench) == ["Available", "Preparing", "Available"]
    bench.present()
    assert statuses(bench)[1] == "Charging"


def test_a_reservation_ends_when_its_connector_is_held() -> None:
    """As it does when the operator makes it Inoperative (§5.13)."""
    bench = order(Bench())
    assert bench.asks(reservation(bench)).status == "Accepted"
    downloaded(bench)
    assert not bench.state.memory.reservations
