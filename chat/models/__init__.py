"""The rows of the conversation, one model a file."""

from chat.models.access_token import AccessToken
from chat.models.approval import Approval
from chat.models.audit_row import AuditHead, AuditRow
from chat.models.budget import Budget
from chat.models.change import Change
from chat.models.command import Command
from chat.models.conversation import Conversation
from chat.models.event import Event
from chat.models.journal_state import JournalState
from chat.models.message import Message
from chat.models.pot import Pot
from chat.models.reservation import Reservation
from chat.models.revocation import Revocation
from chat.models.run import Run
from chat.models.share import Share
from chat.models.sign_in_link import SignInLink
from chat.models.throttle import Throttle
from chat.models.tool_call import ToolCall

__all__ = [
    "AccessToken",
    "Approval",
    "AuditHead",
    "AuditRow",
    "Budget",
    "Change",
    "Command",
    "Conversation",
    "Event",
    "JournalState",
    "Message",
    "Pot",
    "Reservation",
    "Revocation",
    "Run",
    "Share",
    "SignInLink",
    "Throttle",
    "ToolCall",
]
