"""What a charge point does: machines, decision tables and one pure function.

The front door: `ChargePoint`, or `step` and `next_deadline` for who holds the state himself. The names are
loaded when they are first used, so that a machine or a record can be imported without all the others.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from pilotline.core.charge_point import ChargePoint, LocalProtocolError
    from pilotline.core.step import Step, next_deadline, step

__all__ = ["ChargePoint", "LocalProtocolError", "Step", "next_deadline", "step"]


class _FrontDoor(ModuleType):
    """Importing the module `step` would put it in the place of the function `step`; here it does not."""

    @override
    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value.step if name == "step" and isinstance(value, ModuleType) else value)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'pilotline.core' has no attribute {name!r}")
    return getattr(import_module("pilotline.core.charge_point"), name)


import_module(__name__).__class__ = _FrontDoor
