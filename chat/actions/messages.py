"""Send a message: accepted once, journalled with its run, then the runner is woken."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from chat import journal, launch, leaving, storable
from chat.access import Right, find, require, require_part
from chat.actions import commands, conversations
from chat.actions.commands import Named
from chat.audit import talk as audited
from chat.errors import BadInput, TooMany
from chat.event_types import Notice, UserMessage
from chat.limits import MESSAGE_LENGTH
from chat.models import Conversation, Message, Run
from chat.models.run import ENDED
from tools import known_values, redaction

TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of a message: the same answer however often it is sent."""

    conversation_id: str
    run_id: str
    message_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Way:
    """How a message came: through which door, for a call without a model {"tool", "arguments"}, and the scope of the
    access token it was sent with."""

    door: str = "browser"
    direct: dict[str, Any] | None = None
    token: str = ""


def send(
    user: User,
    text: str,
    *,
    message_id: uuid.UUID | None = None,
    conversation_id: uuid.UUID | None = None,
    cluster: str = "",
    way: Way = Way(),
) -> Accepted:
    """Raises BadInput, NotFound, NotAllowed, TooMany, Unavailable while this process leaves, or Conflict for a repeated
    id with other words."""
    require(user, Right.CONVERSE)
    said = checked(text)
    kept = masked(said)

    def accept() -> dict[str, Any]:
        leaving.refuse_new_work()
        _check_bound(user)
        named = conversations.open_or_create(user, conversation_id, cluster=cluster, title=_title(kept))
        require_part(user, named)
        # From here on one after another: messages of a conversation are answered in the order of their ids.
        conversation = Conversation.objects.select_for_update(no_key=True).get(pk=named.pk)
        client_id = message_id or uuid.uuid4()
        message = Message.objects.create(conversation=conversation, author=user, client_id=client_id, text=kept)
        return asdict(_accept(message, way, hidden=kept != said))

    try:
        content = {"text": redaction.shapes(said)} | ({"direct": way.direct} if way.direct else {})
        done = commands.once(user, Named("send", str(message_id or "")), content, accept)
    except IntegrityError:
        if message_id is None:
            raise
        done = _taken(user, message_id, kept)
    if done.again:
        _check_again(user, done.answer["conversation_id"], conversation_id)
    return Accepted(**done.answer)


def _accept(message: Message, way: Way, *, hidden: bool) -> Accepted:
    conversation, text = message.conversation, message.text
    run = Run.objects.create(
        conversation=conversation, message=message, door=way.door, direct=way.direct, token=way.token
    )
    if not conversation.title:
        conversation.title = _title(text)
        conversation.save(update_fields=["title"])
    event = journal.append(
        UserMessage(
            conversation_id=str(conversation.pk),
            message_id=str(message.client_id),
            run_id=str(run.pk),
            author=message.author.get_username(),
            text=text,
        ),
        run=run,
    )
    if hidden:
        tell_masked(str(conversation.pk))
    audited.message("message.sent", message, run, message.author.get_username())
    transaction.on_commit(launch.wake)
    return Accepted(str(conversation.pk), str(run.pk), str(message.client_id), event.seq)


def _check_again(user: User, answered: str, named: uuid.UUID | None) -> None:
    """The first answer goes to whoever still sees the conversation, and meant this one."""
    find(user, answered)
    if named is not None and answered != str(named):
        raise commands.repeated()


def _taken(user: User, message_id: uuid.UUID, text: str) -> commands.Once:
    """Whose id it is: one's own from before commands were recorded, or somebody else's in the same conversation."""
    known = Message.objects.select_related("run").filter(author=user, client_id=message_id, text=text).first()
    if known is None:
        raise commands.repeated()
    seq = known.run.events.filter(type=UserMessage.type).values_list("seq", flat=True)[0]
    accepted = Accepted(str(known.conversation_id), str(known.run.pk), str(known.client_id), seq)
    return commands.Once(asdict(accepted), again=True)


def checked(text: str) -> str:
    """The words as they are kept. Raises BadInput."""
    text = storable.text(text.replace("\r\n", "\n").replace("\x00", "").strip())
    if not text:
        raise BadInput("Message is required: type what you want to know or do.", code="message_required")
    if len(text) > MESSAGE_LENGTH:
        raise BadInput(
            f"The message is too long: {len(text):,} characters, {MESSAGE_LENGTH:,} are accepted. Send it in parts.",
            code="too_long",
        )
    return text


def masked(said: str) -> str:
    """Without what looks like a credential, or is known to be one: neither the model nor the database gets it."""
    known_values.refresh()
    return redaction.text(said)


def tell_masked(conversation_id: str) -> None:
    """Inside the caller's transaction. Of no run: a message may wait long before its own begins."""
    journal.append(Notice(conversation_id=conversation_id, code="masked", text=_MASKED))


_MASKED = (
    "Looks like a password or a key: it was masked before the message was kept, and the agent does not see it. "
    "If it is a real one, put it into a Secret by other means and name that here."
)


def _check_bound(user: User) -> None:
    bound = settings.K8SMCP_MAX_RUNS_PER_USER
    if Run.objects.filter(message__author=user).exclude(status__in=ENDED).count() >= bound:
        raise TooMany(f"You have {bound} runs under way. Wait for one to end, or stop one.", code="too_many_runs")


def _title(text: str) -> str:
    line = text.splitlines()[0].strip()
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
