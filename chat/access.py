"""Who may see and do what: roles give rights, ownership and sharing give conversations. Every door asks here."""

import uuid
from collections.abc import Iterable
from enum import StrEnum

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from chat import backend
from chat.errors import NotAllowed, NotFound
from chat.models import Approval, Conversation, Run, Share
from chat.models.share import Level


class Right(StrEnum):
    CONVERSE = "converse"  # begin conversations, send messages, stop runs
    CHANGE = "change"  # have the agent ask for changes
    DECIDE_OWN = "decide_own"  # approvals of one's own runs
    DECIDE_OTHERS = "decide_others"
    ADMINISTER = "administer"
    AUDIT = "audit"


ROLES: dict[str, frozenset[Right]] = {
    "viewer": frozenset({Right.CONVERSE}),
    "operator": frozenset({Right.CONVERSE, Right.CHANGE, Right.DECIDE_OWN}),
    "approver": frozenset({Right.CONVERSE, Right.CHANGE, Right.DECIDE_OWN, Right.DECIDE_OTHERS}),
    "administrator": frozenset(Right),
    "auditor": frozenset({Right.AUDIT}),
}


SEES_ALL = frozenset({Right.AUDIT, Right.ADMINISTER})  # either is enough


def group_names(user: User) -> frozenset[str]:
    """The person's groups, among them their role; a superuser counts as an administrator."""
    names = backend.groups(user)
    return names | {"administrator"} if user.is_superuser else names


def rights(user: User) -> frozenset[Right]:
    """From the groups named like the roles; a person without a role has no rights."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return ROLES["administrator"]
    return rights_of(group_names(user))


def rights_of(names: Iterable[str]) -> frozenset[Right]:
    return frozenset().union(*(ROLES.get(name, frozenset()) for name in names))


_WITHOUT = {
    Right.CONVERSE: "You may not talk to the agent here.",
    Right.CHANGE: "You may look, but not change anything.",
    Right.DECIDE_OWN: "You may not decide approvals.",
    Right.DECIDE_OTHERS: "You may only decide the approvals of your own runs.",
    Right.ADMINISTER: "This needs the role administrator.",
    Right.AUDIT: "This needs the role auditor.",
}


def require(user: User, right: Right) -> None:
    if right not in rights(user):
        raise NotAllowed(f"{_WITHOUT[right]} Ask an administrator for the role that allows it.")


def sees_all(user: User) -> bool:
    """Whether they read what everybody has done, in whatever conversation."""
    return bool(rights(user) & SEES_ALL)


def require_to_see_all(user: User) -> None:
    if not sees_all(user):
        require(user, Right.AUDIT)


def visible_to(user: User) -> QuerySet[Conversation]:
    """Conversations a person sees in the portal: their own, and what is shared with them, their groups or everyone."""
    return Conversation.objects.filter(Q(owner_id=user.pk) | Exists(_shares_with(user)), deleted_at=None)


def open_to(user: User) -> QuerySet[Conversation]:
    """Conversations a person may take part in: send, stop, steer, queue."""
    shares = _shares_with(user).filter(level=Level.TAKE_PART)
    return Conversation.objects.filter(Q(owner_id=user.pk) | Exists(shares), deleted_at=None)


def _shares_with(user: User) -> QuerySet[Share]:
    """Of the conversation of the query round it."""
    groups = User.groups.through.objects.filter(user_id=user.pk).values("group_id")
    with_them = Q(person_id=user.pk) | Q(group__in=groups) | Q(person=None, group=None)
    return Share.objects.filter(with_them, conversation=OuterRef("pk")).order_by()


def find(user: User, conversation_id: uuid.UUID | str) -> Conversation:
    """The conversation, or NotFound alike for what is not there and what is not theirs."""
    conversation = visible_to(user).filter(pk=_uuid(conversation_id)).select_related("owner").first()
    if conversation is None:
        raise NotFound("There is no such conversation, or it is not shared with you.")
    return conversation


def require_part(user: User, conversation: Conversation) -> None:
    """Of a conversation they see. Raises NotAllowed when it is shared with them for reading only."""
    if not may_take_part(user, conversation):
        raise NotAllowed("This conversation is shared with you for reading. Ask its owner to let you take part.")


def may_take_part(user: User, conversation: Conversation) -> bool:
    return conversation.owner_id == user.pk or open_to(user).filter(pk=conversation.pk).exists()


def find_own(user: User, conversation_id: uuid.UUID | str) -> Conversation:
    """For what only the owner may do: rename, share, delete."""
    conversation = find(user, conversation_id)
    if conversation.owner_id != user.pk:
        raise NotAllowed("Only the person who began this conversation may do that.")
    return conversation


def find_run(user: User, run_id: uuid.UUID | str) -> Run:
    run = (
        Run.objects.select_related("conversation", "message")
        .filter(pk=_uuid(run_id), conversation__in=visible_to(user))
        .first()
    )
    if run is None:
        raise NotFound("There is no such run, or it is not yours.")
    return run


_TOLD = ("tool_call__run__message__author", "tool_call__run__conversation", "decided_by", "edited_by")


def decidable_by(user: User) -> QuerySet[Approval]:
    """Approvals a person may see and decide: of their own runs in what they still see, and of everybody's with the
    right to."""
    mine = Q(tool_call__run__message__author=user, tool_call__run__conversation__in=visible_to(user))
    if Right.DECIDE_OTHERS in rights(user):
        mine = Q()
    elif Right.DECIDE_OWN not in rights(user):
        return Approval.objects.none()
    return Approval.objects.filter(mine).select_related(*_TOLD)


def find_approval(user: User, approval_id: uuid.UUID | str) -> Approval:
    """An approval the person may see: one they may decide, or one in a conversation they see."""
    approval = Approval.objects.select_related(*_TOLD).filter(pk=_uuid(approval_id)).first()
    if approval is None or not (decidable_by(user).filter(pk=approval.pk).exists() or _sees(user, approval)):
        raise NotFound("There is no such approval, or it is not yours to see.")
    return approval


def may_decide(user: User, approval: Approval) -> bool:
    return decidable_by(user).filter(pk=approval.pk).exists()


def _sees(user: User, approval: Approval) -> bool:
    return visible_to(user).filter(pk=approval.tool_call.run.conversation_id).exists()


def _uuid(value: uuid.UUID | str) -> uuid.UUID:
    try:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
    except ValueError as fault:
        raise NotFound("There is nothing under this address: an id has 32 hexadecimal digits.") from fault
