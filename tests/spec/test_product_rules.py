"""What is refused in a product file, always with file, key and reason."""

from importlib import resources

import pytest

from pilotline.spec.products import ProductError, VendorMessage, adjusted, load_product, parse_product

REFERENCE = load_product("reference")


def reference_text() -> str:
    return (resources.files("pilotline.spec.products") / "reference.toml").read_text("utf-8")


def findings(old: str, new: str) -> list[str]:
    """The lines of the error that the reference file gives with one piece of text replaced."""
    text = reference_text()
    assert old in text
    with pytest.raises(ProductError) as refused:
        parse_product(text.replace(old, new), "mine.toml")
    return str(refused.value).splitlines()


def test_text_that_is_not_toml_is_refused_with_the_place() -> None:
    with pytest.raises(ProductError, match=r"^mine\.toml: is not TOML: .*line 1"):
        parse_product("call_timeout_s 30", "mine.toml")


@pytest.mark.rule(125, 146)
@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("call_timeout_s = 30", 'call_timeout_s = "30"', "call_timeout_s: Input should be a valid integer"),
        (
            "call_timeout_s = 30",
            "call_timeout_s = 0",
            "call_timeout_s: Input should be greater than or equal to 1",
        ),
        ("call_timeout_s = 30\n", "", "call_timeout_s: Field required"),
        (
            "call_timeout_s = 30",
            "call_timeout = 30\ncall_timeout_s = 30",
            "call_timeout: Extra inputs are not permitted",
        ),
        ("backup_power = false", 'backup_power = "no"', "backup_power: Input should be a valid boolean"),
        ('power_cut = "resume"', 'power_cut = "ignore"', "power_cut: Input should be 'stop' or 'resume'"),
        ("reconnect_min_s = 2\n", "reconnect_min_s = 200\n", "reconnect_min_s: is above reconnect_max_s"),
        (
            'charge_point_model = "Reference"',
            f'charge_point_model = "{"x" * 21}"',
            "identity.charge_point_model: String should have at most 20 characters",
        ),
        (
            "[{ connectors = [1] }, { connectors = [2] }]",
            "[{ connectors = [3] }]",
            "readers: there is no connector 3",
        ),
        (
            "[{ connectors = [1] }, { connectors = [2] }]",
            "[{ connectors = [1, 2] }, { connectors = [2] }]",
            "readers: connector 2 is served twice",
        ),
        (
            "# start_without_authorization",
            "start_without_authorization",
            "start_without_authorization: goes only with no readers (§4.9)",
        ),
        (
            'measurand = "Frequency"',
            'measurand = "Noise"',
            "meter.11.measurand: Input should be 'Current.Export'",
        ),
        (
            'measurand = "Frequency"',
            'measurand = "Frequency"\nunit = "V"',
            "meter.11: unit: Frequency is in no unit, not V",
        ),
        (
            'measurand = "Temperature"',
            'measurand = "Temperature"\nunit = "Celsius"',
            "meter.12: unit: Temperature is in Celcius or Fahrenheit or K, not Celsius",
        ),
        (
            'measurand = "Current.Offered"',
            'measurand = "Voltage"',
            "meter: Voltage at Outlet is listed twice",
        ),
        (
            'measurand = "Energy.Active.Import.Register"',
            'measurand = "Energy.Active.Export.Register"',
            "meter: Energy.Active.Import.Register is missing; meterStart and meterStop need it (§6.45)",
        ),
        (
            'HeartbeatInterval = "300"',
            "HeartbeatInterval = 300",
            'configuration.HeartbeatInterval: every value is text here, as on the wire: "60"',
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartbeatInterval = "0"',
            "configuration.HeartbeatInterval: '0' is below 1",
        ),
        (
            'HeartbeatInterval = "300"\n',
            "",
            "configuration.HeartbeatInterval: is missing; profile Core requires it (§9.1.10, §4.2)",
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartbeatInterval = { access = "RW" }',
            "configuration.HeartbeatInterval: needs a value",
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartbeatInterval = { value = "300", access = "R" }',
            "configuration.HeartbeatInterval: access must be RW, not R (§9.1.10, §4.2)",
        ),
        (
            'NumberOfConnectors = "2"',
            'NumberOfConnectors = { value = "2", access = "RW" }',
            "configuration.NumberOfConnectors: access must be R, not RW (§9.1.21)",
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartBeatInterval = "300"',
            "configuration.HeartBeatInterval: is spelled HeartbeatInterval",
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartbeatInterval = "300"\nColour = "red"',
            "configuration.Colour: is no standard key; a key of the maker belongs into [[vendor_keys]]",
        ),
        (
            'HeartbeatInterval = "300"',
            'HeartbeatInterval = "300"\nSecurityProfile = "0"',
            "configuration.SecurityProfile: belongs to Security white paper, not listed in Supported",
        ),
        (
            'NumberOfConnectors = "2"',
            'NumberOfConnectors = "3"',
            "configuration.NumberOfConnectors: the product has 2",
        ),
        (
            'SupportedFeatureProfiles = "Core,',
            'SupportedFeatureProfiles = "',
            "configuration.SupportedFeatureProfiles: must list Core",
        ),
        (
            ',SmartCharging,RemoteTrigger"',
            ',RemoteTrigger"',
            "configuration.ChargingScheduleMaxPeriods: belongs to SmartCharging, not listed in",
        ),
        (
            'LocalAuthListMaxLength = "10000"\n',
            "",
            "configuration.LocalAuthListMaxLength: is missing; profile LocalAuthListManagement requires",
        ),
        (
            'MeterValuesSampledDataMaxLength = "20"',
            'MeterValuesSampledDataMaxLength = "3"',
            "configuration.MeterValuesSampledData: has more items than MeterValuesSampledDataMaxLength = 3",
        ),
        (
            'StopTxnSampledData = "Energy',
            'StopTxnSampledData = "SoC,Energy',
            "configuration.StopTxnSampledData: 'SoC,Energy.Active.Import.Register' has the item 'SoC'",
        ),
        (
            '"0.RST,1.RST,2.RTS"',
            '"0.RST,1.RST,3.RTS"',
            "configuration.ConnectorPhaseRotation: '0.RST,1.RST,3.RTS' has the item '3.RTS'",
        ),
    ],
)
def test_a_wrong_line_is_refused_with_file_key_and_reason(old: str, new: str, finding: str) -> None:
    assert any(line.startswith(f"mine.toml: {finding}") for line in findings(old, new)), findings(old, new)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            'cable = "socket"',
            'cable = "fixed"',
            "a fixed cable has no lock at the station, so lock must be false",
        ),
        ('kind = "AC"', 'kind = "DC"', "phases: must be 1 for DC"),
        ("min_current_a = 6", "min_current_a = 33", "min_current_a is above max_current_a"),
        ("max_current_a = 32", "max_current_a = nan", "max_current_a: Input should be a finite number"),
    ],
)
def test_each_contradictory_connector_is_named_by_its_number(old: str, new: str, finding: str) -> None:
    lines = findings(old, new)
    assert len(lines) == 2
    for number, line in enumerate(lines, start=1):
        assert line.startswith(f"mine.toml: connectors.{number}")
        assert finding in line


def test_every_error_of_a_file_has_a_line_of_its_own() -> None:
    lines = findings("call_timeout_s = 30\nboot_retry_s = 30\n", "")
    assert lines == ["mine.toml: call_timeout_s: Field required", "mine.toml: boot_retry_s: Field required"]


def test_without_connectors_there_is_no_product() -> None:
    with pytest.raises(ProductError, match="connectors: there must be at least one"):
        adjusted(REFERENCE, connectors=(), readers=())


@pytest.mark.rule(76)
@pytest.mark.parametrize("value", ["true", "false"])
def test_fixed_cables_demand_a_read_only_false_for_unlocking(value: str) -> None:
    fixed = tuple(c.model_copy(update={"cable": "fixed", "lock": False}) for c in REFERENCE.connectors)
    with pytest.raises(
        ProductError, match=r"UnlockConnectorOnEVSideDisconnect: fixed cables need .*errata 3\.83"
    ):
        adjusted(REFERENCE, {"UnlockConnectorOnEVSideDisconnect": value}, connectors=fixed)


def test_one_socket_beside_a_fixed_cable_leaves_unlocking_to_the_central_system() -> None:
    first, second = REFERENCE.connectors
    mixed = (first.model_copy(update={"cable": "fixed", "lock": False}), second)
    assert adjusted(REFERENCE, connectors=mixed).factory_configuration.boolean(
        "UnlockConnectorOnEVSideDisconnect"
    )


def vendor_key(**changes: object) -> dict[str, object]:
    return {"name": "Colour", "type": "string", "access": "RW", "value": "red", **changes}


def test_a_vendor_key_reads_like_a_standard_one() -> None:
    own = adjusted(
        REFERENCE,
        vendor_keys=(vendor_key(type="csl", items=("red", "green"), value="RED", takes_effect="reboot"),),
    )
    assert own.factory_configuration.csl("colour") == ("red",)
    key = own.factory_configuration.key("Colour")
    assert key is not None
    assert (key.profile, key.takes_effect) == ("vendor", "reboot")


@pytest.mark.parametrize(
    ("keys", "finding"),
    [
        ((vendor_key(name="heartbeatinterval"),), "vendor_keys.heartbeatinterval: is a standard key"),
        ((vendor_key(), vendor_key(name="COLOUR")), "vendor_keys.Colour: is named twice"),
        ((vendor_key(aliases=("colour",)),), "vendor_keys.colour: is named twice"),
        ((vendor_key(type="integer"),), "vendor_keys.Colour: 'red' is not a whole number"),
        ((vendor_key(type="integer", value="5", maximum=4),), "vendor_keys.Colour: '5' is above 4"),
        ((vendor_key(name="x" * 51),), "vendor_keys.1.name: String should have at most 50 characters"),
    ],
)
def test_a_wrong_vendor_key_is_refused(keys: tuple[dict[str, object], ...], finding: str) -> None:
    with pytest.raises(ProductError) as refused:
        adjusted(REFERENCE, vendor_keys=keys)
    assert finding in str(refused.value)


def test_the_text_of_a_secret_stays_out_of_the_error() -> None:
    secret = vendor_key(type="integer", access="W", value="hunter2")
    with pytest.raises(ProductError) as refused:
        adjusted(REFERENCE, vendor_keys=(secret,))
    assert "hunter2" not in str(refused.value)
    assert "vendor_keys.Colour: the value is not a whole number" in str(refused.value)


@pytest.mark.parametrize(
    ("messages", "finding"),
    [
        (
            (VendorMessage(vendor_id="v"), VendorMessage(vendor_id="V")),
            "data_transfer: v without a message_id is",
        ),
        (
            (VendorMessage(vendor_id="v", message_id="m"), VendorMessage(vendor_id="v", message_id="M")),
            "data_transfer: v m is listed twice",
        ),
    ],
)
def test_a_vendors_message_has_one_line(messages: tuple[VendorMessage, ...], finding: str) -> None:
    with pytest.raises(ProductError, match=finding):
        adjusted(REFERENCE, data_transfer=messages)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            'status = "Rejected"',
            'status = "Rejected"\ndata = "why"',
            'data_transfer.2: data: goes only with status "Accepted"',
        ),
        (
            'message_id = "Hello"',
            'message_id = ""',
            "data_transfer.1.message_id: String should have at least 1",
        ),
        ('status = "Rejected"', 'status = "UnknownVendorId"', "data_transfer.2.status: Input should be"),
    ],
)
def test_what_a_vendors_message_may_be_answered(old: str, new: str, finding: str) -> None:
    assert any(finding in line for line in findings(old, new))
