"""Messages of the Firmware Management feature profile (OCPP 1.6 §6)."""

from pilotline.spec.messages.structures import Structure
from pilotline.spec.types import CiString255, DateTime, DiagnosticsStatus, FirmwareStatus, Integer, Maybe


class DiagnosticsStatusNotificationReq(Structure):
    """§6.17."""

    status: DiagnosticsStatus


class DiagnosticsStatusNotificationConf(Structure):
    """§6.18."""


class FirmwareStatusNotificationReq(Structure):
    """§6.19."""

    status: FirmwareStatus


class FirmwareStatusNotificationConf(Structure):
    """§6.20."""


class GetDiagnosticsReq(Structure):
    """§6.25. location is the URI of a folder to upload to; retryInterval in seconds."""

    location: str
    retries: Maybe[Integer] = None
    retry_interval: Maybe[Integer] = None
    start_time: Maybe[DateTime] = None
    stop_time: Maybe[DateTime] = None


class GetDiagnosticsConf(Structure):
    """§6.26. Without fileName there is nothing to upload."""

    file_name: Maybe[CiString255] = None


class UpdateFirmwareReq(Structure):
    """§6.55. location is the URI of the firmware; retryInterval in seconds."""

    location: str
    retrieve_date: DateTime
    retries: Maybe[Integer] = None
    retry_interval: Maybe[Integer] = None


class UpdateFirmwareConf(Structure):
    """§6.56."""
