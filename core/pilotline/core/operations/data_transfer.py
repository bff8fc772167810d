"""DataTransfer from the Central System (§4.3, §5.6): no vendor's messages are known yet."""

from pilotline.core.decision_table import DecisionTable, otherwise
from pilotline.core.reading import NoReads
from pilotline.spec.messages.core import DataTransferConf, DataTransferReq


def unknown_vendor(_reads: NoReads, _request: DataTransferReq) -> DataTransferConf:
    """The text says UnknownVendor, the enumeration UnknownVendorId; no data goes with it (§7.23)."""
    return DataTransferConf(status="UnknownVendorId")


DATA_TRANSFER_FROM_CENTRAL_SYSTEM: DecisionTable[NoReads, DataTransferReq] = DecisionTable(
    DataTransferReq, NoReads, (otherwise("no such vendor", unknown_vendor),)
)
