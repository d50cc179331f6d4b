"""Whom a tool call acts for, in the words of `tools`: always the person whose message the run answers."""

from django.contrib.auth.models import User

from chat.access import group_names
from chat.models import ToolCall
from tools.identity import Acting


def acting_for(call: ToolCall, person: User | None = None) -> Acting:
    """Read anew, unless the caller has just done that: names and groups may have changed while the run went on."""
    person = person or User.objects.get(pk=call.run.message.author_id)
    return acting(person, str(call.run_id), str(call.pk))


def acting(person: User, run_id: str = "", call_id: str = "") -> Acting:
    """Who is locked out is in no group."""
    groups = group_names(person) if person.is_active else frozenset[str]()
    return Acting(person.get_username(), groups, run_id, call_id)
