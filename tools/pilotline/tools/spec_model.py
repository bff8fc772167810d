"""What the JSON document of all tables holds: the shape of `pilotline spec --json`, and its JSON Schema.

Names are those of the diagrams and of a trace: `binding` is what `explain` and coverage count.
"""

import json
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import GenerateJsonSchema

from pilotline.core.reading import SourceKind

FORMAT: Final = 1
"""Counted up when a reader of the document would have to change."""


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


class Window(_Table):
    """One field of what a machine or an operation may see of the station."""

    name: str
    kind: SourceKind
    of: str
    """The machine's records, the configuration key, the product's fact, the collection."""


class Timer(_Table):
    """A deadline of one instance. Leaving the states it runs in disarms it."""

    name: str
    event: str
    """What it becomes when it is reached."""
    runs_in: tuple[str, ...]


class Ignored(_Table):
    """Events that change nothing where no binding is taken."""

    events: tuple[str, ...]
    states: tuple[str, ...] | None
    """null: every state."""
    because: str


class Binding(_Table):
    """One row under one event. The first binding of the table whose source, event and guards fit is taken."""

    binding: str
    """Its name: unique within the machine."""
    row: str
    event: str
    sources: tuple[str, ...]
    target: str | None
    """null: the state stays."""
    guards: tuple[str, ...]
    """All must hold. One that begins with `not` is the negation of another."""
    action: str | None
    outputs: tuple[str, ...]
    """All that the action may hand out: effects, events for other machines, orders to the reducer."""
    raises: tuple[str, ...]
    """The events among the outputs; of a key that is set, the event that tells of it."""
    always_raises: tuple[str, ...]
    """Those of `raises` that come every time, in that order."""
    effects: tuple[str, ...]
    """What is asked of the world, among the outputs."""
    section: str
    """Where the standard says so."""
    remark: str


class Machine(_Table):
    """A family of instances, each in one of the states. A final state ends the instance."""

    name: str
    family: str
    named_by: str | None
    """The field of an event that names the instance; null: there is one only."""
    home: Literal["memory", "moment"]
    """Memory survives a power cut."""
    slot: str
    """Where in the station's state its records are; another machine's `reads` name it so."""
    initial: str
    states: tuple[str, ...]
    final: tuple[str, ...]
    lasting: tuple[str, ...]
    """States without a way out, which last until power is cut."""
    holds_call_in: tuple[str, ...]
    """States in which a request of the Central System waits for its answer."""
    events: tuple[str, ...]
    """All that it hears; any other event is not for it."""
    bindings: tuple[Binding, ...]
    ignores: tuple[Ignored, ...]
    timers: tuple[Timer, ...]
    reads: tuple[Window, ...]
    """All that its guards and actions see besides the instance's own record and the event."""


class Decision(_Table):
    """One row of an operation: the first one whose guards hold answers."""

    name: str
    guards: tuple[str, ...]
    answer: str
    outputs: tuple[str, ...]


class Operation(_Table):
    """What one request of the Central System does."""

    request: str
    reads: tuple[Window, ...]
    rows: tuple[Decision, ...]


class Coupling(_Table):
    """One machine or operation raises events for which another machine has bindings."""

    source: str
    target: str
    events: tuple[str, ...]


class Couplings(_Table):
    """All machines and operations by name, and what couples them."""

    machines: tuple[str, ...]
    operations: tuple[str, ...]
    couplings: tuple[Coupling, ...]


class Level(_Table):
    """Something that is told to the hardware whenever it is not what it was."""

    name: str
    per_connector: bool
    reads: tuple[str, ...]


class Key(_Table):
    """A configuration key, and who reads it."""

    name: str
    profile: str
    type: str
    unit: str
    access: str
    section: str
    required: bool
    minimum: int
    maximum: int
    items: tuple[str, ...] | None
    default: str | None
    takes_effect: str
    readers: tuple[str, ...]


class Action(_Table):
    """A pair of messages."""

    action: str
    request: str
    confirmation: str
    profile: str
    initiators: tuple[Literal["ChargePoint", "CentralSystem"], ...]


class StatusRow(_Table):
    """A row of the standard's table of statuses (§4.9)."""

    id: str
    source: str
    target: str
    remark: str


class Document(_Table):
    """Every table of the specification and of the core, each in its own order."""

    format: Literal[1] = FORMAT
    machines: tuple[Machine, ...]
    """In the order in which they act within a round."""
    operations: tuple[Operation, ...]
    couplings: tuple[Coupling, ...]
    levels: tuple[Level, ...]
    configuration_keys: tuple[Key, ...]
    actions: tuple[Action, ...]
    status_rows: tuple[StatusRow, ...]


def spec_schema() -> str:
    """The JSON Schema of the document, as indented text; `Machine` among its definitions is that of one machine."""
    schema: dict[str, Any] = {"$schema": GenerateJsonSchema.schema_dialect}
    schema |= Document.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
