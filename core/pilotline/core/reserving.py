"""Who may use a connector that somebody has reserved (§5.13): questions that several tables ask."""

from msgspec import Struct

from pilotline.core.fitness import usable
from pilotline.core.state import Availability, Fault, Map, Reservation, Session
from pilotline.spec.types import same


class Floor(Struct, frozen=True):
    """All connectors with what decides who may use them; by connectorId, 0 is the main controller."""

    sessions: tuple[Session, ...]
    faults: tuple[Fault, ...]
    availability: tuple[Availability, ...]
    reservations: Map[int, Reservation]


def is_for(reservation: Reservation, id_tag: str, parent_id_tag: str | None) -> bool:
    """The tag itself, or one of its group: parent is compared with parent (§3.10, §5.13)."""
    if same(reservation.id_tag, id_tag):
        return True
    parent = reservation.parent_id_tag
    return parent is not None and parent_id_tag is not None and same(parent, parent_id_tag)


def on_connector(reservations: Map[int, Reservation], connector: int) -> Reservation | None:
    """The reservation of this very connector."""
    for reservation in reservations.values():
        if reservation.connector == connector:
            return reservation
    return None


def used_by(
    reservations: Map[int, Reservation], connector: int, id_tag: str, parent_id_tag: str | None
) -> Reservation | None:
    """The reservation that a transaction of this tag here uses: the connector's own, else one of any connector."""
    own = on_connector(reservations, connector)
    if own is not None:
        return own if is_for(own, id_tag, parent_id_tag) else None
    for _, reservation in sorted(reservations.items()):
        if reservation.connector == 0 and is_for(reservation, id_tag, parent_id_tag):
            return reservation
    return None


def vacant(floor: Floor) -> list[int]:
    """The connectors that could still serve whoever reserved any: usable, not in use, not reserved themselves."""
    return [
        session.connector
        for session in floor.sessions[1:]
        if session.state in ("idle", "awaiting_id_tag")
        and usable(session.connector, floor.faults, floor.availability)
        and on_connector(floor.reservations, session.connector) is None
    ]


def of_any(reservations: Map[int, Reservation]) -> list[Reservation]:
    """The reservations that name no connector."""
    return [reservation for reservation in reservations.values() if reservation.connector == 0]


def may_use(floor: Floor, connector: int, id_tag: str, parent_id_tag: str | None) -> bool:
    """Neither reserved for somebody else, nor one of the last that are left for those who reserved any (§5.13)."""
    if not floor.reservations:
        return True
    own = on_connector(floor.reservations, connector)
    if own is not None:
        return is_for(own, id_tag, parent_id_tag)
    others = [r for r in of_any(floor.reservations) if not is_for(r, id_tag, parent_id_tag)]
    left = [other for other in vacant(floor) if other != connector]
    return not others or len(left) >= len(others)


def held_back(floor: Floor, connector: int) -> bool:
    """Whether an idle connector shows Reserved: its own reservation, or all that are left are spoken for. Not the main
    controller (0): it has no such status.
    """
    if not floor.reservations or connector == 0:
        return False
    if on_connector(floor.reservations, connector) is not None:
        return True
    spoken_for, left = of_any(floor.reservations), vacant(floor)
    return bool(spoken_for) and connector in left and len(left) <= len(spoken_for)
