"""The table of configuration keys against chapter 9, and the reading of values."""

import re
import string
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotline.spec.configuration_keys import (
    FEATURE_PROFILES,
    KEY_BY_NAME,
    KEYS,
    PHASE_ROTATIONS,
    ConfigurationKey,
    Refusal,
    Value,
    canonical_text,
    parse_value,
)
from pilotline.spec.messages.actions import FeatureProfile

# What the standard says of each key, grouped: profile | required or optional | access | type : names.
STANDARD = """
Core|optional|RW|boolean: AllowOfflineTxForUnknownId AuthorizationCacheEnabled
Core|required|R or RW|boolean: AuthorizeRemoteTxRequests
Core|optional|RW|integer: BlinkRepeat LightIntensity MaxEnergyOnInvalidId MessageTimeout
Core|optional|RW|integer: MinimumStatusDuration WebSocketPingInterval
Core|required|RW|integer: ClockAlignedDataInterval ConnectionTimeOut HeartbeatInterval
Core|required|RW|integer: MeterValueSampleInterval ResetRetries TransactionMessageAttempts
Core|required|RW|integer: TransactionMessageRetryInterval
Core|required|RW|csl: ConnectorPhaseRotation MeterValuesAlignedData MeterValuesSampledData
Core|required|RW|csl: StopTxnAlignedData StopTxnSampledData
Core|optional|R|integer: ConnectorPhaseRotationMaxLength MeterValuesAlignedDataMaxLength
Core|optional|R|integer: MeterValuesSampledDataMaxLength StopTransactionMaxMeterValues
Core|optional|R|integer: StopTxnAlignedDataMaxLength StopTxnSampledDataMaxLength
Core|optional|R|integer: SupportedFeatureProfilesMaxLength
Core|required|R|integer: GetConfigurationMaxKeys NumberOfConnectors
Core|required|RW|boolean: LocalAuthorizeOffline LocalPreAuthorize StopTransactionOnInvalidId
Core|required|RW|boolean: UnlockConnectorOnEVSideDisconnect
Core|optional|R or RW|boolean: StopTransactionOnEVSideDisconnect
Core|required|R|csl: SupportedFeatureProfiles
LocalAuthListManagement|required|RW|boolean: LocalAuthListEnabled
LocalAuthListManagement|required|R|integer: LocalAuthListMaxLength SendLocalListMaxLength
Reservation|optional|R|boolean: ReserveConnectorZeroSupported
SmartCharging|required|R|integer: ChargeProfileMaxStackLevel ChargingScheduleMaxPeriods
SmartCharging|required|R|integer: MaxChargingProfilesInstalled
SmartCharging|required|R|csl: ChargingScheduleAllowedChargingRateUnit
SmartCharging|optional|R|boolean: ConnectorSwitch3to1PhaseSupported
FirmwareManagement|optional|R|csl: SupportedFileTransferProtocols
Security white paper|optional|R|boolean: AdditionalRootCertificateCheck
Security white paper|optional|W|string: AuthorizationKey
Security white paper|optional|R|integer: CertificateSignedMaxChainSize CertificateStoreMaxLength
Security white paper|optional|RW|string: CpoName
Security white paper|optional|RW|integer: SecurityProfile
ISO 15118 application note|optional|RW|boolean: CentralContractValidationAllowed
ISO 15118 application note|optional|RW|integer: CertSigningWaitMinimum CertSigningRepeatTimes
ISO 15118 application note|required|RW|boolean: ContractValidationOffline ISO15118PnCEnabled
"""


def standard() -> dict[str, tuple[str, bool, str, str]]:
    rows: dict[str, tuple[str, bool, str, str]] = {}
    for line in STANDARD.strip().splitlines():
        group, _, names = line.partition(":")
        profile, required, access, value_type = group.split("|")
        rows |= dict.fromkeys(names.split(), (profile, required == "required", access, value_type))
    return rows


def key(name: str) -> ConfigurationKey:
    return KEY_BY_NAME[name.lower()]


def reason(name: str, text: str, max_items: int | None = None) -> str:
    result = parse_value(key(name), text, max_items)
    assert isinstance(result, Refusal), f"{name} took {text!r} as {result!r}"
    return result.reason


def test_the_table_holds_every_key_of_the_standard_and_no_other() -> None:
    assert {row.name for row in KEYS} == set(standard())
    assert len(KEY_BY_NAME) == len(KEYS)


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.name)
def test_each_key_has_the_profile_requirement_access_and_type_of_the_standard(row: ConfigurationKey) -> None:
    profile, required, access, value_type = standard()[row.name]
    assert (row.profile, row.required, row.type) == (profile, required, value_type)
    if row.name == "UnlockConnectorOnEVSideDisconnect":  # R with a fixed cable, errata 3.83
        assert (row.access, row.may_be_read_only) == ("RW", True)
    else:
        assert row.access == ("RW" if access == "R or RW" else access)
        assert row.may_be_read_only is (access == "R or RW")


@pytest.mark.parametrize("row", [row for row in KEYS if row.default is not None], ids=lambda row: row.name)
def test_each_default_is_a_value_of_its_key(row: ConfigurationKey) -> None:
    assert row.default is not None
    assert not isinstance(parse_value(row, row.default), Refusal)


def test_only_the_measurands_of_the_sampled_values_have_a_default_in_the_standard_itself() -> None:
    assert key("MeterValuesSampledData").default == "Energy.Active.Import.Register"


def test_the_feature_profiles_are_those_the_actions_belong_to() -> None:
    assert get_args(FeatureProfile) == FEATURE_PROFILES


def test_every_key_names_the_section_it_comes_from() -> None:
    assert all(re.search(r"§\d|errata \d", row.section) for row in KEYS)


def test_a_list_is_bounded_by_the_key_of_its_name_with_max_length() -> None:
    bounded = {row.name for row in KEYS if row.max_length_key and row.max_length_key.lower() in KEY_BY_NAME}
    assert bounded == {
        "ConnectorPhaseRotation",
        "MeterValuesAlignedData",
        "MeterValuesSampledData",
        "StopTxnAlignedData",
        "StopTxnSampledData",
        "SupportedFeatureProfiles",
    }
    assert key("LocalAuthListEnabled").max_length_key is None


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("FALSE", False), ("True", True), ("false", False)]
)
def test_booleans_are_read_in_any_case(text: str, value: bool) -> None:
    assert parse_value(key("LocalPreAuthorize"), text) is value


@pytest.mark.parametrize("text", ["", "1", "yes", " true", "truefalse"])
def test_what_is_neither_true_nor_false_is_refused(text: str) -> None:
    assert reason("LocalPreAuthorize", text) == "is neither true nor false"


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("86400", 86400), ("007", 7), ("-0", 0)])
def test_integers_are_read_as_decimal_numbers(text: str, value: int) -> None:
    result = parse_value(key("ClockAlignedDataInterval"), text)
    assert result == value
    assert type(result) is int


@pytest.mark.parametrize("text", ["", "1.0", "+1", " 1", "1 ", "0x1", "1e3", "--1", "1_000", "99999999999"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert reason("ClockAlignedDataInterval", text) == "is not a whole number"


def test_digits_of_another_script_are_refused() -> None:
    assert "printable ASCII" in reason("ClockAlignedDataInterval", "\u0661\u0662")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("WebSocketPingInterval", "-1", "is below 0"),
        ("ClockAlignedDataInterval", "86401", "is above 86400"),
        ("LightIntensity", "101", "is above 100"),
        ("HeartbeatInterval", "0", "is below 1"),
        ("TransactionMessageAttempts", "0", "is below 1"),
        ("ResetRetries", "2147483648", "is above 2147483647"),
    ],
)
def test_a_number_out_of_range_is_refused(name: str, text: str, expected: str) -> None:
    assert reason(name, text) == expected


@pytest.mark.rule(23)
def test_zero_switches_pings_and_samples_off() -> None:
    for name in ("WebSocketPingInterval", "MeterValueSampleInterval", "ClockAlignedDataInterval"):
        assert parse_value(key(name), "0") == 0


@pytest.mark.rule(117)
def test_list_items_are_trimmed_and_take_the_spelling_of_the_standard() -> None:
    value = parse_value(key("MeterValuesSampledData"), " soc ,  energy.active.import.register,VOLTAGE.l1-n ")
    assert value == ("SoC", "Energy.Active.Import.Register", "Voltage.L1-N")


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_the_empty_list(text: str) -> None:
    assert parse_value(key("StopTxnSampledData"), text) == ()


@pytest.mark.rule(118)
def test_one_unsupported_measurand_refuses_the_whole_list() -> None:
    assert (
        reason("MeterValuesSampledData", "SoC,Loudness") == "has the item 'Loudness', which is not supported"
    )


def test_a_phase_that_does_not_exist_is_refused() -> None:
    assert "Voltage.L4" in reason("MeterValuesSampledData", "Voltage.L4")


@pytest.mark.parametrize("text", ["SoC,", ",SoC", "SoC,,Voltage", ","])
def test_an_empty_item_refuses_the_list(text: str) -> None:
    assert reason("MeterValuesSampledData", text) == "has an empty item"


@pytest.mark.rule(118)
def test_a_list_may_be_as_long_as_its_bound_and_no_longer() -> None:
    assert parse_value(key("StopTxnSampledData"), "SoC,Voltage", 2) == ("SoC", "Voltage")
    assert reason("StopTxnSampledData", "SoC,Voltage,RPM", 2) == "has 3 items, more than 2"


def test_an_item_named_twice_is_refused() -> None:
    assert reason("StopTxnSampledData", "SoC,Voltage,soc") == "names 'soc' twice"


@pytest.mark.parametrize("rotation", PHASE_ROTATIONS)
def test_a_phase_rotation_is_written_with_its_connector(rotation: str) -> None:
    assert parse_value(key("ConnectorPhaseRotation"), f"0.RST, 1.{rotation}") == ("0.RST", f"1.{rotation}")


@pytest.mark.parametrize("text", ["2", "RST", "1.XYZ", "1.", "-1.RST", "99.RST", "01.RST"])
def test_what_is_not_of_the_form_of_a_phase_rotation_is_refused(text: str) -> None:
    assert "is not supported" in reason("ConnectorPhaseRotation", text)


def test_a_connector_has_one_phase_rotation() -> None:
    assert reason("ConnectorPhaseRotation", "1.RST,1.RTS") == "names '1' twice"


def test_a_list_without_stated_items_takes_any() -> None:
    free = ConfigurationKey("Colours", "vendor", "csl", "RW", "vendor")
    assert parse_value(free, "red, Green") == ("red", "Green")


@pytest.mark.parametrize(("text", "value"), [("0", "0"), ("0.35", "0.35"), ("00.50", "0.50"), ("7", "7")])
def test_decimals_are_kept_exactly(text: str, value: str) -> None:
    assert parse_value(ConfigurationKey("Price", "vendor", "decimal", "RW", "vendor"), text) == value


@pytest.mark.parametrize("text", ["", ".5", "1.", "1,5", "1e3", "NaN", "Infinity", "-0.01"])
def test_what_is_no_decimal_in_range_is_refused(text: str) -> None:
    price = ConfigurationKey("Price", "vendor", "decimal", "RW", "vendor", minimum=0)
    assert isinstance(parse_value(price, text), Refusal)


def test_a_value_holds_at_most_500_printable_characters() -> None:
    assert parse_value(key("CpoName"), "x" * 500) == "x" * 500
    assert reason("CpoName", "x" * 501) == "is longer than 500 characters"
    for text in ("line\nbreak", "tab\t", "ü", "\x7f", "\x00"):
        assert reason("CpoName", text) == "holds a character that is not printable ASCII"


KEY = st.sampled_from(KEYS)


@given(
    KEY,
    st.one_of(
        st.text(), st.text(string.digits + ".-, " + "truefals"), st.text(string.printable, min_size=490)
    ),
)
def test_any_text_is_a_value_or_refused_with_a_reason(row: ConfigurationKey, text: str) -> None:
    result = parse_value(row, text)
    if isinstance(result, Refusal):
        assert result.reason
        assert "\n" not in result.reason
    else:
        assert parse_value(row, canonical_text(result)) == result


@st.composite
def key_and_value(draw: st.DrawFn) -> tuple[ConfigurationKey, Value]:
    row = draw(KEY)
    match row.type:
        case "boolean":
            return row, draw(st.booleans())
        case "integer":
            return row, draw(st.integers(row.minimum, row.maximum))
        case "csl":
            assert row.items is not None
            subject = (lambda item: item.partition(".")[0]) if row.one_per_connector else str
            return row, tuple(draw(st.lists(st.sampled_from(row.items), max_size=12, unique_by=subject)))
        case _:
            return row, draw(st.text(string.ascii_letters + string.digits + " -", max_size=500))


@given(key_and_value())
def test_the_canonical_text_of_a_value_reads_as_that_value(pair: tuple[ConfigurationKey, Value]) -> None:
    row, value = pair
    again = parse_value(row, canonical_text(value))
    assert again == value
    assert type(again) is type(value)
