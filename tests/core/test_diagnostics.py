"""How the file of GetDiagnostics is named."""

from pilotline.core.machines.diagnostics import file_name
from pilotline.core.state import UtcTime
from pilotline.spec.products import load_product


def name_of(serial_number: str, at: int) -> str:
    identity = load_product("reference").identity
    return file_name(identity.model_copy(update={"charge_point_serial_number": serial_number}), UtcTime(at))


def test_names_sort_by_station_then_by_time() -> None:
    assert name_of("S 1/../é", 1_738_367_999_000) == "S_1_..__-20250131T235959Z.zip"
    assert len(name_of("x" * 300, 0)) == 255
    assert not name_of("../x", 0).startswith(".")
