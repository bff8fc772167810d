"""The product files against the certificate, and what is refused in one."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.products import (
    Connector,
    Metered,
    Product,
    ProductError,
    Reader,
    adjusted,
    load_product,
    parse_product,
    product_names,
)

C6EU = load_product("c6eu")
REFERENCE = load_product("reference")

# Section "OCPP configuration" of certificate OCA.0016.0462.CS, in the spelling of the wire.
CERTIFIED = {
    "AuthorizationCacheEnabled": "true",
    "AuthorizeRemoteTxRequests": "true",
    "BlinkRepeat": "100",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "160",
    "ConnectorPhaseRotation": "1.NotApplicable,2.NotApplicable",
    "GetConfigurationMaxKeys": "41",
    "HeartbeatInterval": "60",
    "LightIntensity": "100",
    "LocalAuthorizeOffline": "false",
    "LocalPreAuthorize": "false",
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register,Voltage,Power.Active.Import,SoC,Current.Import,Temperature"
    ),
    "MeterValueSampleInterval": "60",
    "NumberOfConnectors": "2",
    "ResetRetries": "3",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "Energy.Active.Import.Register",
    "StopTxnAlignedDataMaxLength": "1",
    "StopTxnSampledData": "SoC,Energy.Active.Import.Register",
    "StopTxnSampledDataMaxLength": "2",
    "SupportedFeatureProfiles": (
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    ),
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "60",
    "UnlockConnectorOnEVSideDisconnect": "false",
    "WebSocketPingInterval": "15",
    "LocalAuthListEnabled": "true",
    "LocalAuthListMaxLength": "50",
    "SendLocalListMaxLength": "50",
    "ChargeProfileMaxStackLevel": "3",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "2",
    "MaxChargingProfilesInstalled": "9",
}
PAYMENT = {
    "CCOActive": "true",
    "CCOAuthorizationAmount": "5000",
    "CCORequestSettlementAmountMessageAttempts": "10",
    "CCORequestSettlementAmountMessageRetryInterval": "15",
    "CCOFallbackPricePerKWh": "0",
    "CCOCurrency": "EUR",
}


def reference_text() -> str:
    return (resources.files("pilotline.spec.products") / "reference.toml").read_text("utf-8")


def edited(**changes: Any) -> dict[str, Any]:
    """The facts of the reference product with some of them changed."""
    return {**tomllib.loads(reference_text()), **changes}


def test_both_products_come_with_pilotline() -> None:
    assert product_names() == ("c6eu", "reference")


def test_the_c6eu_offers_the_34_certified_keys_with_the_certified_values_and_the_6_of_its_maker() -> None:
    assert len(CERTIFIED) == 34
    assert C6EU.factory_configuration.texts() == CERTIFIED | PAYMENT


@pytest.mark.rule(76)
def test_the_c6eu_cannot_change_the_unlocking_of_its_fixed_cables() -> None:
    key = C6EU.factory_configuration.key("UnlockConnectorOnEVSideDisconnect")
    assert key is not None
    assert key.access == "R"


def test_the_c6eu_has_two_fixed_dc_cables_and_one_reader_for_both() -> None:
    assert [(c.kind, c.cable, c.lock) for c in C6EU.connectors] == [("DC", "fixed", False)] * 2
    assert [reader.connectors for reader in C6EU.readers] == [(1, 2)]
    assert C6EU.start_without_authorization is None


def test_the_c6eu_presents_itself_as_certified() -> None:
    assert C6EU.identity.charge_point_vendor == "X-CHARGE"
    assert C6EU.identity.charge_point_model == "C6EU"
    assert C6EU.identity.firmware_version == "V2.1.11_C6EU_OCPC"


def test_the_c6eu_measures_what_its_certified_lists_name_in_the_units_of_the_standard() -> None:
    assert {(m.measurand, m.unit, m.location) for m in C6EU.meter} == {
        ("Energy.Active.Import.Register", "Wh", "Outlet"),
        ("Voltage", "V", "Outlet"),
        ("Power.Active.Import", "W", "Outlet"),
        ("Current.Import", "A", "Outlet"),
        ("SoC", "Percent", "EV"),
        ("Temperature", "Celcius", "Body"),
    }


def test_the_cut_off_name_of_a_payment_key_finds_the_whole_one() -> None:
    key = C6EU.factory_configuration.key("ccorequestsettlementamountmessageretryinte")
    assert key is not None
    assert key.name == "CCORequestSettlementAmountMessageRetryInterval"
    assert len(C6EU.factory_configuration.offered()) == 40


def test_the_reference_offers_every_key_of_the_six_feature_profiles() -> None:
    beside = ("Security white paper", "ISO 15118 application note")
    assert {key.name for key in REFERENCE.offered_keys} == {k.name for k in KEYS if k.profile not in beside}


def test_the_reference_has_two_locked_three_phase_sockets_with_a_reader_each() -> None:
    assert [(c.kind, c.cable, c.lock, c.phases, c.max_current_a) for c in REFERENCE.connectors] == [
        ("AC", "socket", True, 3, 32)
    ] * 2
    assert [reader.connectors for reader in REFERENCE.readers] == [(1,), (2,)]


@pytest.mark.rule(116, 117)
def test_the_reference_takes_the_measurand_of_a_single_phase_and_not_one_it_lacks() -> None:
    configuration = REFERENCE.factory_configuration
    assert configuration.parse("MeterValuesSampledData", "Voltage.L1,Frequency") == (
        "Voltage.L1",
        "Frequency",
    )
    assert "SoC" in str(configuration.parse("MeterValuesSampledData", "SoC"))
    assert "Frequency.L1" in str(configuration.parse("MeterValuesSampledData", "Frequency.L1"))


def test_the_switch_in_the_reference_file_makes_a_station_that_needs_no_authorization() -> None:
    text = reference_text()
    text = text.replace("readers = [{ connectors = [1] }, { connectors = [2] }]\n", "", 1)
    text = text.replace("# readers = []", "readers = []").replace("# start_without", "start_without")
    free = parse_product(text, "free.toml")
    assert free.readers == ()
    assert free.start_without_authorization == "FREEVEND"


@pytest.mark.rule(23)
@pytest.mark.parametrize(
    "product", [C6EU, REFERENCE], ids=lambda product: product.identity.charge_point_model
)
def test_pings_find_a_dead_link_before_the_repeats_of_a_message_are_used_up(product: Product) -> None:
    configuration = product.factory_configuration
    attempts = configuration.integer("TransactionMessageAttempts", 0)
    interval_s = configuration.integer("TransactionMessageRetryInterval", 0)
    assert 0 < configuration.integer("WebSocketPingInterval", 0) < attempts * interval_s


def test_a_product_is_frozen_hashable_and_equal_to_one_read_from_the_same_text() -> None:
    again = parse_product(reference_text(), "reference.toml")
    assert again == REFERENCE
    assert hash(again) == hash(REFERENCE)
    with pytest.raises(ValidationError):
        again.call_timeout_s = 1  # type: ignore[misc]  # the claim is that this fails


def test_an_unknown_product_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProductError, match=r"product '\.\./c6eu': is not one of c6eu, reference"):
        load_product("../c6eu")


def test_a_product_may_narrow_the_access_where_the_standard_leaves_the_choice() -> None:
    text = reference_text().replace(
        'AuthorizeRemoteTxRequests = "true"', 'AuthorizeRemoteTxRequests = { value = "true", access = "R" }'
    )
    key = parse_product(text, "mine.toml").factory_configuration.key("AuthorizeRemoteTxRequests")
    assert key is not None
    assert key.access == "R"


def test_a_key_without_a_value_starts_with_the_default_of_the_table() -> None:
    text = reference_text().replace(
        'MinimumStatusDuration = "0"', 'MinimumStatusDuration = { takes_effect = "reboot" }'
    )
    product = parse_product(text, "mine.toml")
    assert product.factory_configuration.integer("MinimumStatusDuration") == 0
    key = product.factory_configuration.key("MinimumStatusDuration")
    assert key is not None
    assert key.takes_effect == "reboot"


def test_adjusting_changes_values_drops_keys_and_replaces_facts_and_leaves_the_product_alone() -> None:
    other = adjusted(
        C6EU, {"HeartbeatInterval": "10", "LightIntensity": None, "CCOActive": "false", "CCOCurrency": None},
        call_timeout_s=5, terminals=(), readers=(Reader(connectors=(1,)), Reader(connectors=(2,))),
    )  # fmt: skip
    texts = other.factory_configuration.texts()
    assert (texts["HeartbeatInterval"], texts["CCOActive"]) == ("10", "false")
    assert "LightIntensity" not in texts
    assert "CCOCurrency" not in texts
    assert (other.call_timeout_s, len(other.readers)) == (5, 2)
    assert C6EU.factory_configuration.texts() == CERTIFIED | PAYMENT
    key = other.factory_configuration.key("UnlockConnectorOnEVSideDisconnect")
    assert key is not None
    assert key.access == "R"


def test_adjusting_is_checked_like_a_file() -> None:
    with pytest.raises(ProductError) as refused:
        adjusted(C6EU, {"HeartbeatInterval": "soon", "CCOActive": "yes"})
    assert str(refused.value).splitlines() == [
        "adjusted product: configuration.HeartbeatInterval: 'soon' is not a whole number",
        "adjusted product: vendor_keys.CCOActive: 'yes' is neither true nor false",
    ]


def test_a_table_may_be_given_as_models_too() -> None:
    meter = (Metered(measurand="Energy.Active.Import.Register", unit="kWh"),)
    connector = Connector(
        kind="AC",
        cable="socket",
        lock=False,
        phases=1,
        nominal_voltage_v=230,
        min_current_a=6,
        max_current_a=16,
    )
    small = adjusted(
        REFERENCE,
        {
            "NumberOfConnectors": "1",
            "ConnectorPhaseRotation": "1.NotApplicable",
            "MeterValuesSampledData": "Energy.Active.Import.Register",
        },
        meter=meter,
        connectors=(connector,),
        readers=(),
    )
    assert small.meter[0].unit == "kWh"
    assert small.connectors == (connector,)


def test_the_product_files_stand_beside_the_code_that_reads_them() -> None:
    folder = Path(str(resources.files("pilotline.spec.products")))
    assert {file.stem for file in folder.glob("*.toml")} == set(product_names())


def test_the_facts_of_a_file_need_no_order() -> None:
    facts = edited()
    assert Product.model_validate(dict(reversed(facts.items()))) == REFERENCE
