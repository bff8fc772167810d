"""What `pilotline schedule` shows, and how it refuses."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pilotline.spec.products import load_product
from pilotline.tools.cli import _status
from pilotline.tools.schedule import CannotDrawError, Drawn, Question, drawn, plot_of, profiles_in, start_of
from pilotline.tools.schedule_picture import picture

START = datetime(2026, 12, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "docs/smart-charging/profiles.json"
NAMESPACE = "{http://www.w3.org/2000/svg}"


def payload(purpose: str = "TxDefaultProfile", connector: int = 1, **changes: Any) -> dict[str, Any]:
    schedule = {
        "chargingRateUnit": changes.pop("unit", "A"),
        "chargingSchedulePeriod": changes.pop("periods", [{"startPeriod": 0, "limit": 16.0}]),
    }
    return {
        "connectorId": connector,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
            **changes,
        },
    }


def asked(*payloads: dict[str, Any], connector: int = 1, duration_s: int = 86_400) -> Drawn:
    profiles = profiles_in(json.dumps(payloads), START)
    return drawn(Question(load_product("reference"), profiles, connector, START, duration_s, "A"))


def example() -> Drawn:
    return asked(*json.loads(EXAMPLE.read_text("utf-8")))


def test_each_period_has_its_limit_and_the_bound_that_wins() -> None:
    told = [(span.begins_s / 3600, span.limit, span.name) for span in example().spans]
    assert told == [
        (0, 24, "TxDefaultProfile 2"),
        (6, 10, "TxDefaultProfile 2"),
        (10, 16, "TxDefaultProfile 2"),
        (11, 20, "TxDefaultProfile 3"),
        (13, 28, "TxDefaultProfile 3"),
        (15, 16, "TxDefaultProfile 2"),
        (17, 14, "ChargePointMaxProfile 1"),
        (21, 16, "TxDefaultProfile 2"),
        (22, 24, "TxDefaultProfile 2"),
    ]


def test_each_profile_is_a_layer_with_the_time_in_which_it_speaks() -> None:
    layers = {layer.name: layer.spans for layer in example().layers}
    assert list(layers) == [
        "ChargePointMaxProfile 1, level 0",
        "TxDefaultProfile 3, level 1",
        "TxDefaultProfile 2, level 0",
    ]
    spans = layers["TxDefaultProfile 3, level 1"]
    assert [(span.begins_s / 3600, span.ends_s / 3600, span.limit) for span in spans] == [
        (11, 13, 20),
        (13, 15, 28),
    ]


def test_a_tx_profile_is_of_the_transaction_that_begins_at_the_start() -> None:
    told = asked(
        payload("TxProfile", periods=[{"startPeriod": 0, "limit": 8.0}, {"startPeriod": 60, "limit": 9.0}])
    )
    assert [(span.begins_s, span.limit, span.name) for span in told.spans] == [
        (0, 8, "TxProfile 1"),
        (60, 9, "TxProfile 1"),
    ]


def test_watts_are_told_in_amperes_and_of_the_station_all_bounds() -> None:
    told = asked(payload(unit="W", periods=[{"startPeriod": 0, "limit": 6900.0}]), connector=0)
    assert [(span.limit, span.name) for span in told.spans] == [(42, "TxDefaultProfile 1, product")]
    assert [layer.spans[0].limit for layer in told.layers] == [10]


def test_without_profiles_the_product_wins() -> None:
    assert [(span.limit, span.name, span.ends_s) for span in asked().spans] == [(32, "product", 86_400)]


@pytest.mark.parametrize(
    "given", [example(), asked(), asked(payload(periods=[{"startPeriod": 0, "limit": 0.0}]))]
)
def test_the_picture_shows_every_layer_and_who_wins(given: Drawn) -> None:
    root = ElementTree.fromstring(picture(given))
    texts = [element.text for element in root.iter(f"{NAMESPACE}text")]
    for layer in given.layers:
        assert layer.name in texts
    titles = [element.text for element in root.iter(f"{NAMESPACE}title")]
    wins = [span.name for span in given.spans]
    assert titles == [name for place, name in enumerate(wins) if not place or wins[place - 1] != name]


def test_the_plot_is_as_high_as_the_limit() -> None:
    lines = plot_of(example()).splitlines()
    assert lines[0].startswith("     28.0 ┤")
    assert lines[0].count("█") == 8, "two hours of a day in 96 columns"
    assert any(line.endswith("TxDefaultProfile 3, level 1") for line in lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "the file is no JSON"),
        ("{}", "must hold a JSON list"),
        ("[{}]", "profile 1 of the file, connectorId: Field required"),
        (
            json.dumps([payload(periods=[{"startPeriod": 5, "limit": 1.0}])]),
            "its first period must start at 0",
        ),
        (json.dumps([payload(periods=[{"startPeriod": 0, "limit": 1.0}] * 2)]), "its periods must ascend"),
        (json.dumps([payload("ChargePointMaxProfile")]), "is for connector 0"),
        (json.dumps([payload("TxProfile", 0)]), "a TxProfile is for a connector"),
        (json.dumps([payload(chargingProfileKind="Recurring")]), "needs a recurrencyKind"),
        (json.dumps([payload(unit="V")]), "profile 1 of the file, csChargingProfiles"),
        (json.dumps([payload(periods=[{"startPeriod": 0, "limit": -1.0}])]), "profile 1 of the file"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(CannotDrawError, match=reason):
        profiles_in(text, START)


def test_a_connector_that_is_not_there_is_refused() -> None:
    with pytest.raises(CannotDrawError, match="there is no connector 9"):
        asked(connector=9)
    with pytest.raises(CannotDrawError, match="there is no connector 8"):
        asked(payload(connector=8))


def test_a_schedule_of_too_many_changes_is_refused() -> None:
    daily = payload(
        chargingProfileKind="Recurring",
        recurrencyKind="Daily",
        periods=[{"startPeriod": 0, "limit": 6.0}, {"startPeriod": 60, "limit": 7.0}],
    )
    with pytest.raises(CannotDrawError, match="too many changes"):
        asked(daily, duration_s=86_400 * 20_000)


def test_a_date_without_an_offset_is_utc() -> None:
    assert start_of("2026-12-01T00:00:00") == START
    with pytest.raises(CannotDrawError, match="no date"):
        start_of("tomorrow")


def test_the_command_writes_a_table_and_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "schedule.svg"
    arguments = ["schedule", str(EXAMPLE), "--start", "2026-12-01T00:00:00Z"]
    assert _status([*arguments, "--svg", str(file)]) == 0
    assert file.read_text("utf-8") == picture(example())
    assert "14.0 A   ChargePointMaxProfile 1" in capsys.readouterr().out
    assert _status(arguments) == 0
    assert plot_of(example()) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.json"], "nowhere.json: No such file or directory"),
        ([str(EXAMPLE), "--connector", "7"], "there is no connector 7"),
        ([str(EXAMPLE), "--start", "soon"], "--start 'soon' is no date"),
        ([str(EXAMPLE), "--unit", "kW"], "kW"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(["schedule", *arguments]) != 0
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
