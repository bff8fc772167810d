"""Messages of the Remote Trigger feature profile (OCPP 1.6 §6)."""

from pilotline.spec.messages.structures import Structure
from pilotline.spec.types import Integer, Maybe, MessageTrigger, TriggerMessageStatus


class TriggerMessageReq(Structure):
    """§6.51."""

    requested_message: MessageTrigger
    connector_id: Maybe[Integer] = None


class TriggerMessageConf(Structure):
    """§6.52."""

    status: TriggerMessageStatus
