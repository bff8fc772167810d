"""The configuration of a station as one frozen value: typed reads, changes, commissioning."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotline.spec.configuration_keys import Refusal
from pilotline.spec.products import (
    Configuration,
    ConfigurationError,
    adjusted,
    initial_configuration,
    load_product,
)

REFERENCE = load_product("reference")
C6EU = load_product("c6eu")
START = REFERENCE.factory_configuration


def changed(configuration: Configuration, name: str, text: str) -> Configuration:
    result = configuration.with_value(name, text)
    assert isinstance(result, Configuration)
    return result


@pytest.mark.rule(26)
def test_names_compare_without_case() -> None:
    for name in ("HeartbeatInterval", "heartbeatinterval", "HEARTBEATINTERVAL"):
        assert START.get(name) == START.integer(name) == 300
        assert START.text(name) == "300"


def test_each_type_has_its_reader() -> None:
    assert START.boolean("LocalAuthorizeOffline") is True
    assert START.boolean("LocalPreAuthorize") is False
    assert START.integer("ConnectionTimeOut") == 60
    assert START.csl("StopTxnSampledData") == ("Energy.Active.Import.Register",)
    assert C6EU.factory_configuration.get("CCOCurrency") == "EUR"


@pytest.mark.rule(146)
def test_a_key_the_product_does_not_offer_does_not_exist() -> None:
    station = C6EU.factory_configuration
    assert station.get("MinimumStatusDuration") is None
    assert station.key("MinimumStatusDuration") is None
    assert station.text("MinimumStatusDuration") is None
    assert station.integer("MinimumStatusDuration") is None
    assert station.integer("MinimumStatusDuration", 0) == 0
    assert station.boolean("AllowOfflineTxForUnknownId") is False
    assert station.csl("SupportedFileTransferProtocols") == ()
    assert station.with_value("MinimumStatusDuration", "1") == Refusal("is not a key of this product")


def test_a_boolean_is_no_integer() -> None:
    assert START.integer("LocalAuthorizeOffline") is None


def test_a_change_makes_another_configuration_and_leaves_the_first() -> None:
    after = changed(START, "heartbeatINTERVAL", "20")
    assert after.integer("HeartbeatInterval") == 20
    assert START.integer("HeartbeatInterval") == 300
    assert after.texts() == START.texts() | {"HeartbeatInterval": "20"}


def test_a_change_to_the_same_value_gives_the_same_object() -> None:
    assert START.with_value("HeartbeatInterval", "0300") is START
    assert START.with_value("LocalPreAuthorize", "FALSE") is START


def test_a_refused_change_names_the_reason() -> None:
    assert START.with_value("WebSocketPingInterval", "-1") == Refusal("is below 0")


def test_a_list_is_bounded_by_its_max_length_key_where_the_product_has_one() -> None:
    items = "Energy.Active.Import.Register,SoC,Voltage"
    station = C6EU.factory_configuration
    assert station.with_value("StopTxnSampledData", items) == Refusal("has 3 items, more than 2")
    assert len(changed(station, "MeterValuesSampledData", items).csl("MeterValuesSampledData")) == 3


def test_a_read_only_key_can_be_set_by_the_station_itself() -> None:
    assert changed(START, "GetConfigurationMaxKeys", "7").integer("GetConfigurationMaxKeys") == 7


def test_an_alias_changes_the_key_it_stands_for() -> None:
    after = changed(C6EU.factory_configuration, "CCORequestSettlementAmountMessageRetryInte", "30")
    assert after.text("CCORequestSettlementAmountMessageRetryInterval") == "30"
    assert "CCORequestSettlementAmountMessageRetryInte" not in after.texts()


def test_the_keys_are_listed_once_in_the_order_of_their_names() -> None:
    names = [key.name.lower() for key in C6EU.factory_configuration.offered()]
    assert names == sorted(set(names))
    assert len(names) == 40


@pytest.mark.rule(147)
def test_a_secret_is_stored_and_never_shown() -> None:
    secret = {"name": "Pin", "type": "string", "access": "W", "value": "hunter2"}
    station = adjusted(REFERENCE, vendor_keys=(secret,)).factory_configuration
    assert station.text("Pin") is None
    assert station.texts()["Pin"] == "hunter2"
    assert "hunter2" not in repr(station)
    assert "HeartbeatInterval" in repr(station)


def test_equal_configurations_are_equal_hash_alike_and_survive_pickling() -> None:
    there = changed(START, "ResetRetries", "9")
    back = changed(there, "ResetRetries", "3")
    assert back == START
    assert hash(back) == hash(START)
    assert there != START
    assert pickle.loads(pickle.dumps(there)) == there


def test_a_station_starts_with_the_values_of_its_product() -> None:
    assert initial_configuration(REFERENCE) == START
    assert initial_configuration(REFERENCE, {}) is START


def test_commissioning_may_set_read_only_keys_and_names_of_any_case() -> None:
    station = initial_configuration(REFERENCE, {"localauthlistmaxlength": "5", "HeartbeatInterval": "30"})
    assert station.integer("LocalAuthListMaxLength") == 5
    assert station.integer("HeartbeatInterval") == 30


def test_a_wider_bound_counts_for_the_list_commissioned_beside_it() -> None:
    overrides = {
        "StopTxnSampledData": "SoC,Voltage,Energy.Active.Import.Register",
        "StopTxnSampledDataMaxLength": "3",
    }
    assert len(initial_configuration(C6EU, overrides).csl("StopTxnSampledData")) == 3


@pytest.mark.parametrize(
    ("overrides", "lines"),
    [
        ({"Colour": "red"}, ["Colour: 'red' is refused: the product does not offer this key"]),
        ({"heartbeatinterval": "x"}, ["HeartbeatInterval: 'x' is not a whole number"]),
        ({"NumberOfConnectors": "7"}, ["NumberOfConnectors: '7' is refused: the product has 2 connectors"]),
        (
            {"UnlockConnectorOnEVSideDisconnect": "true"},
            [
                "UnlockConnectorOnEVSideDisconnect: 'true' is refused: "
                'fixed cables need value "false", access "R" (errata 3.83)'
            ],
        ),
        (
            {"StopTxnSampledDataMaxLength": "1"},
            [
                "StopTxnSampledData: 'SoC,Energy.Active.Import.Register' is refused: "
                "has more items than StopTxnSampledDataMaxLength = 1"
            ],
        ),
        (
            {"ResetRetries": "-1", "LightIntensity": "bright"},
            ["LightIntensity: 'bright' is not a whole number", "ResetRetries: '-1' is below 0"],
        ),
    ],
)
def test_a_refused_override_is_named_with_its_value_and_the_reason(
    overrides: dict[str, str], lines: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        initial_configuration(C6EU, overrides)
    assert str(refused.value).splitlines() == lines


NAMES = st.sampled_from([key.name for key in REFERENCE.offered_keys])


@given(st.lists(st.tuples(NAMES, st.sampled_from(["0", "1", "7", "true", "false", "", "Voltage,Frequency"]))))
def test_whatever_was_accepted_is_read_back_from_its_texts(changes: list[tuple[str, str]]) -> None:
    configuration = START
    for name, text in changes:
        key = configuration.key(name)
        after = configuration.with_value(name, text)
        if key is not None and key.access == "RW" and isinstance(after, Configuration):
            configuration = after
    assert initial_configuration(REFERENCE, configuration.texts()) == configuration
