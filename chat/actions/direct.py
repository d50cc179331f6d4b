"""A tool call that a program asks for, without a model: a message and a run like any other, so that it is seen, judged,
approved and kept like any other."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User

from chat.access import find, visible_to
from chat.actions import messages
from chat.actions.messages import Accepted, Way
from chat.errors import NotFound
from chat.models import Conversation, Run, ToolCall
from chat.models.run import ENDED
from tools import registry, toolbox

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Through:
    """Where a call comes from: how it was sent, the caller's own id for it, and the conversation it belongs to."""

    way: Way
    message_id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None


def ask(user: User, name: str, arguments: Arguments, through: Through) -> Accepted:
    """Raises UnknownTool and BadArguments before anything is recorded, and what `messages.send` raises."""
    tool = registry.find(name)
    intent = tool.intent(toolbox.parse(tool, arguments))
    if through.conversation_id is not None:
        find(user, through.conversation_id)
    way = replace(through.way, direct={"tool": name, "arguments": dict(arguments)})
    return messages.send(user, intent, message_id=through.message_id, conversation_id=through.conversation_id, way=way)


def call_of(user: User, run_id: uuid.UUID | str) -> ToolCall:
    """The call that a run made. Raises NotFound alike for what is not there and what is not theirs."""
    call = ToolCall.objects.filter(run_id=run_id, run__conversation__in=visible_to(user)).select_related("run").first()
    if call is None:
        raise NotFound("The run ended before the call was made. Its conversation says why.")
    return call


def quiet_conversation(user: User, door: str) -> uuid.UUID | None:
    """The newest of the person's conversations that holds nothing but calls through this door, when nothing is under
    way in it: a program that calls one tool after another fills one conversation, and waits for no approval of
    another call."""
    busy = Run.objects.exclude(status__in=ENDED).values("conversation_id")
    mixed = Run.objects.exclude(door=door).values("conversation_id")
    own = Conversation.objects.filter(owner=user, deleted_at=None, runs__door=door)
    quiet = own.exclude(pk__in=busy).exclude(pk__in=mixed).order_by("-updated_at")
    return quiet.values_list("pk", flat=True).first()
