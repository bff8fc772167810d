"""What the Central System got wrong, one line each, for whoever reads the log. The station goes on in any case."""

from collections.abc import Iterator

from pilotline.adapters.happenings import Happening
from pilotline.core.events import ErrorReceived, FrameDropped, ResultReceived
from pilotline.core.plain import printable
from pilotline.core.state import State
from pilotline.spec.messages.core import StartTransactionConf


def complaints(happening: Happening) -> Iterator[str]:
    """A frame that is none, an error for an answer, a transactionId that is in use."""
    before = happening.before
    if not isinstance(before, State):
        return
    match happening.event:
        case FrameDropped(reason=reason):
            yield f"a frame of the Central System was dropped: {reason}"
        case ErrorReceived(message_id=message_id, code=code, description=description):
            opened = before.moment.call.open
            if opened is not None and opened.message_id == message_id:
                request = f"{opened.action.removesuffix('Req')}.req"
                yield f"{request} was answered by {code}: {printable(description) or 'it does not say why'}"
        case ResultReceived(confirmation=StartTransactionConf(transaction_id=transaction_id)):
            for transaction in before.memory.transactions.values():
                answered = transaction.answered
                if answered is not None and answered.processed and answered.transaction_id == transaction_id:
                    where = f"transaction {transaction.number}, on connector {transaction.connector}"
                    yield f"transactionId {transaction_id} was given twice: {where}, has it, too"
        case _:
            pass
