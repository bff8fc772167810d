"""Which of the meter's readings a message carries (§3.16)."""

from pilotline.core.state import Readings


def selected(readings: Readings, measurands: tuple[str, ...]) -> Readings:
    """The readings that a list asks for: bare, all phases; with a phase (Voltage.L1), that one (§9.1.17)."""
    return Readings(
        readings.register,
        tuple(
            value
            for value in readings.values
            if value.measurand in measurands
            or (value.phase and f"{value.measurand}.{value.phase}" in measurands)
        ),
    )
