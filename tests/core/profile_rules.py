"""What the Central System may ask of the profiles beside Core, as rules of the whole charge point's test."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

TAG = st.sampled_from(("TAG", "tag", "OTHER", "FRIEND"))
LISTED = st.sampled_from(("Accepted", "Blocked", "Expired", "ConcurrentTx", None))
NOW = datetime(2026, 11, 23, 6, 54, 28, tzinfo=UTC)
"""What the Central System's clock says, mostly."""
MESSAGES = (
    "BootNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
)


def entry(id_tag: str, status: str | None) -> dict[str, Any]:
    """An entry of the local list; without a status it takes the tag out."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status, "parentIdTag": "GROUP"}} if status else {})


def repeated(retries: int | None, interval_s: int | None) -> dict[str, Any]:
    """How often and how soon a transfer is tried again; None: the Central System does not say."""
    told = {"retries": retries, "retryInterval": interval_s}
    return {name: value for name, value in told.items() if value is not None}


class ProfileRules:
    """To be mixed into a station under test that can `be_told`."""

    def be_told(self, action: str, payload: dict[str, Any]) -> None:
        """Let the Central System ask."""
        raise AssertionError("the station under test says how")

    @rule(
        connector=st.integers(0, 3),
        number=st.integers(1, 2),
        id_tag=TAG,
        lasts_s=st.sampled_from((-5, 5, 60, 100_000)),
        parent=st.sampled_from((None, "GROUP")),
    )
    def reserve(self, connector: int, number: int, id_tag: str, lasts_s: int, parent: str | None) -> None:
        payload = {
            "connectorId": connector,
            "reservationId": number,
            "idTag": id_tag,
            "expiryDate": (NOW + timedelta(seconds=lasts_s)).isoformat(),
        }
        self.be_told("ReserveNow", payload | ({"parentIdTag": parent} if parent else {}))

    @rule(number=st.integers(1, 3))
    def cancel_reservation(self, number: int) -> None:
        self.be_told("CancelReservation", {"reservationId": number})

    @rule(
        version=st.integers(-1, 6),
        full=st.booleans(),
        entries=st.lists(st.tuples(TAG, LISTED), max_size=3),
    )
    def send_local_list(self, version: int, full: bool, entries: list[tuple[str, str | None]]) -> None:
        payload = {
            "listVersion": version,
            "updateType": "Full" if full else "Differential",
            "localAuthorizationList": [entry(*pair) for pair in entries],
        }
        self.be_told("SendLocalList", payload)

    @rule(message=st.sampled_from(MESSAGES), connector=st.sampled_from((None, 0, 1, 2, 3)))
    def trigger(self, message: str, connector: int | None) -> None:
        payload: dict[str, Any] = {"requestedMessage": message}
        self.be_told("TriggerMessage", payload | ({} if connector is None else {"connectorId": connector}))

    @rule(
        in_s=st.sampled_from((-60, 0, 60, 100_000)),
        retries=st.sampled_from((None, -1, 0, 2)),
        interval_s=st.sampled_from((None, -1, 0, 30)),
    )
    def update_firmware(self, in_s: int, retries: int | None, interval_s: int | None) -> None:
        payload = {
            "location": "ftp://user:secret@files.example/firmware",
            "retrieveDate": (NOW + timedelta(seconds=in_s)).isoformat(),
        }
        self.be_told("UpdateFirmware", payload | repeated(retries, interval_s))

    @rule(
        retries=st.sampled_from((None, 0, 2)),
        interval_s=st.sampled_from((None, 30)),
        start_s=st.sampled_from((None, -60, 60)),
        stop_s=st.sampled_from((None, -120, 0)),
    )
    def get_diagnostics(
        self, retries: int | None, interval_s: int | None, start_s: int | None, stop_s: int | None
    ) -> None:
        span = {"startTime": start_s, "stopTime": stop_s}
        payload = {"location": "ftp://user:secret@files.example/"} | {
            name: (NOW + timedelta(seconds=seconds)).isoformat()
            for name, seconds in span.items()
            if seconds is not None
        }
        self.be_told("GetDiagnostics", payload | repeated(retries, interval_s))

    @rule(
        point=st.integers(0, 2),
        purpose=st.sampled_from(("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")),
        limits=st.lists(st.sampled_from((0, 5.9, 6, 16, 40)), min_size=1, max_size=2),
        phases=st.sampled_from((1, 3)),
    )
    def limit(self, point: int, purpose: str, limits: list[float], phases: int) -> None:
        periods = [
            {"startPeriod": 20 * place, "limit": limit, "numberPhases": phases}
            for place, limit in enumerate(limits)
        ]
        profile = {
            "chargingProfileId": 3 * point + len(purpose) % 3,
            "stackLevel": 0,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
        }
        self.be_told("SetChargingProfile", {"connectorId": point, "csChargingProfiles": profile})

    @rule(number=st.none() | st.integers(0, 8))
    def clear_limits(self, number: int | None) -> None:
        self.be_told("ClearChargingProfile", {} if number is None else {"id": number})

    @rule(connector=st.integers(0, 3), duration=st.integers(-1, 100))
    def ask_for_the_limits(self, connector: int, duration: int) -> None:
        self.be_told("GetCompositeSchedule", {"connectorId": connector, "duration": duration})
