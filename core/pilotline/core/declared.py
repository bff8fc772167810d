"""Everything that is declared, in the order in which it acts within a round."""

from typing import Any, Final

from pilotline.core.decision_table import DecisionTable
from pilotline.core.machines.allowance import ALLOWANCE
from pilotline.core.machines.authorization import AUTHORIZATION_MACHINE, CACHE_KEEPER, LIST_KEEPER
from pilotline.core.machines.availability import AVAILABILITY
from pilotline.core.machines.call import CALL
from pilotline.core.machines.card_session import CARD_SESSION_MACHINE, TERMINAL
from pilotline.core.machines.clock import CLOCK
from pilotline.core.machines.clock_aligned import ALIGNED, CLOCK_ALIGNED
from pilotline.core.machines.conditions import CABLE, CONTACTOR, EV, KEPT_CABLE, SUPPLY
from pilotline.core.machines.connector import CONNECTOR_0, CONNECTOR_STATUS
from pilotline.core.machines.data_transfer import DATA_TRANSFER
from pilotline.core.machines.diagnostics import DIAGNOSTICS
from pilotline.core.machines.fault import FAULT
from pilotline.core.machines.firmware import FIRMWARE
from pilotline.core.machines.heartbeat import HEARTBEAT
from pilotline.core.machines.link import LINK
from pilotline.core.machines.notices import DIAGNOSTICS_NOTICES, FIRMWARE_NOTICES
from pilotline.core.machines.outbox import OUTBOX
from pilotline.core.machines.phase_switch import PHASE_SWITCH
from pilotline.core.machines.reader import READER_MACHINE
from pilotline.core.machines.registration import REGISTRATION
from pilotline.core.machines.reservation import RESERVATION_MACHINE, VACANCY
from pilotline.core.machines.reset import RESET
from pilotline.core.machines.sample_keeper import SAMPLE_KEEPER
from pilotline.core.machines.session import SESSION
from pilotline.core.machines.smart_charging import SMART_CHARGING
from pilotline.core.machines.status_report import STATUS_REPORT
from pilotline.core.machines.storage import STORAGE
from pilotline.core.machines.transaction import TRANSACTION_MACHINE
from pilotline.core.machines.trigger import TRIGGER
from pilotline.core.machines.unlock import UNLOCK
from pilotline.core.machines.vendor import VENDOR
from pilotline.core.operations.availability import CHANGE_AVAILABILITY
from pilotline.core.operations.cache import CLEAR_CACHE
from pilotline.core.operations.configuration import CHANGE_CONFIGURATION, GET_CONFIGURATION
from pilotline.core.operations.data_transfer import DATA_TRANSFER_FROM_CENTRAL_SYSTEM
from pilotline.core.operations.firmware_management import GET_DIAGNOSTICS, UPDATE_FIRMWARE
from pilotline.core.operations.local_list import GET_LOCAL_LIST_VERSION, SEND_LOCAL_LIST
from pilotline.core.operations.remote_control import REMOTE_START_TRANSACTION, REMOTE_STOP_TRANSACTION
from pilotline.core.operations.reservation import CANCEL_RESERVATION, RESERVE_NOW
from pilotline.core.operations.reset import RESET_OPERATION
from pilotline.core.operations.smart_charging import (
    CLEAR_CHARGING_PROFILE,
    GET_COMPOSITE_SCHEDULE,
    SET_CHARGING_PROFILE,
)
from pilotline.core.operations.trigger import TRIGGER_MESSAGE
from pilotline.core.operations.unlock import UNLOCK_CONNECTOR
from pilotline.core.statechart import Machine

MACHINES: Final[tuple[Machine[Any, Any], ...]] = (
    LINK,
    CLOCK,
    REGISTRATION,
    CALL,
    HEARTBEAT,
    OUTBOX,
    DATA_TRANSFER,
    VENDOR,
    STORAGE,
    CABLE,
    EV,
    CONTACTOR,
    FAULT,
    AVAILABILITY,
    RESET,
    READER_MACHINE,
    AUTHORIZATION_MACHINE,
    CACHE_KEEPER,
    LIST_KEEPER,
    RESERVATION_MACHINE,
    TERMINAL,
    CARD_SESSION_MACHINE,
    CLOCK_ALIGNED,
    SMART_CHARGING,  # before a transaction begins to charge its limit is known
    PHASE_SWITCH,
    TRANSACTION_MACHINE,
    SUPPLY,
    ALLOWANCE,
    SESSION,
    KEPT_CABLE,
    ALIGNED,
    SAMPLE_KEEPER,
    UNLOCK,
    CONNECTOR_0,
    CONNECTOR_STATUS,
    VACANCY,  # a connector that becomes free is Available before it is Reserved
    STATUS_REPORT,
    FIRMWARE,
    FIRMWARE_NOTICES,
    DIAGNOSTICS,
    DIAGNOSTICS_NOTICES,
    TRIGGER,
)

OPERATIONS: Final[tuple[DecisionTable[Any, Any], ...]] = (
    CANCEL_RESERVATION,
    CHANGE_AVAILABILITY,
    CHANGE_CONFIGURATION,
    CLEAR_CACHE,
    CLEAR_CHARGING_PROFILE,
    DATA_TRANSFER_FROM_CENTRAL_SYSTEM,
    GET_COMPOSITE_SCHEDULE,
    GET_CONFIGURATION,
    GET_DIAGNOSTICS,
    GET_LOCAL_LIST_VERSION,
    REMOTE_START_TRANSACTION,
    REMOTE_STOP_TRANSACTION,
    RESERVE_NOW,
    SEND_LOCAL_LIST,
    SET_CHARGING_PROFILE,
    TRIGGER_MESSAGE,
    RESET_OPERATION,
    UNLOCK_CONNECTOR,
    UPDATE_FIRMWARE,
)
