"""Share a conversation with a person, a group or everyone, and take it back."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from chat import audit
from chat.access import find_own
from chat.errors import BadInput, NotFound
from chat.models import Conversation, Share
from chat.models.share import Level

MOST = 100  # shares of one conversation
KINDS = ("person", "group", "everyone")


def add(user: User, conversation_id: Any, *, kind: str, name: str = "", level: str = Level.READ) -> Share:
    """Shares it, or changes how far it is shared. Only the owner may. Raises BadInput, NotFound, NotAllowed."""
    conversation = find_own(user, conversation_id)
    if level not in Level.values:
        raise BadInput("A share is `read` or `take_part`.")
    party = _party(kind, name, conversation)
    with transaction.atomic():
        Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)  # one change after another
        if not party_of(conversation, party) and conversation.shares.count() >= MOST:
            raise BadInput(f"A conversation has at most {MOST} shares: share it with a group instead.")
        share, _ = Share.objects.update_or_create(
            conversation=conversation, **party, defaults={"level": level, "by": user}
        )
        _record(conversation, user, {"with": kind, "name": name.strip(), "level": level})
    return share


def remove(user: User, conversation_id: Any, share_id: int) -> None:
    """Whoever watched it by that share alone is shown nothing more, at once. Only the owner may."""
    conversation = find_own(user, conversation_id)
    with transaction.atomic():
        gone, _ = Share.objects.filter(conversation=conversation, pk=share_id).delete()
        if not gone:
            raise NotFound("It is not shared like that any more. Reload the page.")
        _record(conversation, user, {"taken_back": share_id})


def _record(conversation: Conversation, by: User, request: dict[str, Any]) -> None:
    audit.record("conversation.shared", actor=by.get_username(), conversation_id=str(conversation.pk), request=request)


def with_everyone(conversation: Conversation, by: User, shared: bool) -> None:
    """The old switch: everyone takes part, or not everyone sees it. Inside the caller's transaction."""
    everyone = {"person": None, "group": None}
    if shared:
        level = {"level": Level.TAKE_PART, "by": by}
        Share.objects.update_or_create(conversation=conversation, **everyone, defaults=level)
    else:
        Share.objects.filter(conversation=conversation, **everyone).delete()


def party_of(conversation: Conversation, party: dict[str, Any]) -> bool:
    return Share.objects.filter(conversation=conversation, **party).exists()


def _party(kind: str, name: str, conversation: Conversation) -> dict[str, Any]:
    if kind == "everyone":
        return {"person": None, "group": None}
    if kind == "group":
        group = Group.objects.filter(name=name.strip()).first()
        if group is None:
            raise BadInput("There is no group of that name. Names distinguish capitals.", code="unknown_group")
        return {"person": None, "group": group}
    if kind != "person":
        raise BadInput(f"Share with one of {', '.join(KINDS)}.")
    person = User.objects.filter(username=name.strip(), is_active=True).first()
    if person is None:
        raise BadInput("There is nobody of that name. Names distinguish capitals.", code="unknown_person")
    if person.pk == conversation.owner_id:
        raise BadInput("The owner sees it anyway: name somebody else.")
    return {"person": person, "group": None}
