"""Messages of the Local Auth List Management feature profile (OCPP 1.6 §6)."""

from pilotline.spec.messages.structures import AuthorizationData, Structure
from pilotline.spec.types import Integer, Maybe, UpdateStatus, UpdateType


class GetLocalListVersionReq(Structure):
    """§6.27."""


class GetLocalListVersionConf(Structure):
    """§6.28. 0: the list is empty; -1: there is none."""

    list_version: Integer


class SendLocalListReq(Structure):
    """§6.41. Without localAuthorizationList the update is an empty one."""

    list_version: Integer
    update_type: UpdateType
    local_authorization_list: Maybe[tuple[AuthorizationData, ...]] = None


class SendLocalListConf(Structure):
    """§6.42."""

    status: UpdateStatus
