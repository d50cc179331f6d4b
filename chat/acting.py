"""Whom a tool call acts for, in the words of `tools`: always the person whose message the run answers."""

from django.contrib.auth.models import User

from chat.models import ToolCall
from tools.identity import Acting


def acting_for(call: ToolCall) -> Acting:
    """Read anew: names and groups may have changed while the run went on."""
    return acting(User.objects.get(pk=call.run.message.author_id), str(call.run_id), str(call.pk))


def acting(person: User, run_id: str = "", call_id: str = "") -> Acting:
    """A superuser counts as an administrator, as for rights; who is locked out is in no group."""
    groups = set(person.groups.values_list("name", flat=True)) if person.is_active else set()
    if person.is_active and person.is_superuser:
        groups.add("administrator")
    return Acting(person.get_username(), frozenset(groups), run_id, call_id)
