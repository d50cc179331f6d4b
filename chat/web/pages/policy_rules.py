"""One rule of the policy: written, changed, removed. A rule that does not fit comes back as it was typed."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render

from chat.access import Right, require
from chat.actions import policy as actions
from chat.errors import BadInput, NotFound
from chat.models.access_token import Scope
from chat.web.door import SignedIn, done, page
from chat.web.pages.policy import listed
from tools.effects import Effect
from tools.policy import Rule, book
from tools.policy.models import PolicyRule
from tools.policy.ours import BUILT_IN

_LISTS = ("persons", "groups", "clusters", "namespaces", "kinds")
_DECISIONS = {
    "deny": "Deny: it wins over everything else",
    "ask": "Ask: a person decides",
    "allow": "Allow: nobody is asked",
}


@page("GET", "HEAD", "POST")
def write(request: SignedIn) -> HttpResponseBase:
    require(request.user, Right.ADMINISTER)
    if request.method == "POST":
        return _saved(request, request.POST.get("name", "").strip())
    empty: dict[str, Any] = {"decision": "deny", "enabled": True, "effects": [], "tokens": []}
    return _form(request, empty, new=True)


@page("GET", "HEAD", "POST")
def change(request: SignedIn, name: str) -> HttpResponseBase:
    require(request.user, Right.ADMINISTER)
    if request.method == "POST":
        return _saved(request, name)
    row = PolicyRule.objects.filter(name=name).first()
    ours = next((rule for rule in BUILT_IN if rule.name == name), None)
    if (row is None and ours is None) or name in book.names_of_file():
        raise NotFound("The portal has no such rule to change: it may have been removed, or stands in the policy file.")
    fields = actions.as_data(row) if row else _of(ours) if ours else {}
    return _form(request, _as_text(fields), stored=row is not None, built_in=ours is not None)


@page("POST")
def remove(request: SignedIn, name: str) -> HttpResponseBase:
    actions.remove_rule(request.user, name)
    return done(request, "policy")


def _saved(request: SignedIn, name: str) -> HttpResponseBase:
    said = request.POST
    switches = {field: said.get(field) == "yes" for field in ("enabled", "second_person")}
    fields: dict[str, Any] = {field: listed(said.get(field, "")) for field in _LISTS} | switches
    fields |= {field: said.getlist(field) for field in ("effects", "tokens")}
    fields |= {"name": name, "decision": said.get("decision", ""), "note": said.get("note", "").strip()}
    try:
        actions.save_rule(request.user, fields)
    except BadInput as fault:
        new = "name" in said
        return _form(request, _as_text(fields), fault=str(fault), new=new, status=422)
    return done(request, "policy")


def _form(request: SignedIn, fields: Mapping[str, Any], *, status: int = 200, **more: Any) -> HttpResponseBase:
    context = {"fields": fields, "effects": list(Effect), "scopes": Scope.values, "decisions": _DECISIONS}
    return render(request, "chat/pages/policy_rule.html", context | more, status=status)


def _of(rule: Rule) -> dict[str, Any]:
    """A built-in rule as the row that would stand in its place."""
    several = {field: sorted(getattr(rule, field)) for field in (*_LISTS, "tokens", "effects")}
    return several | {
        "name": rule.name,
        "decision": rule.decision,
        "second_person": rule.second_person,
        "note": "",
        "enabled": True,
    }


def _as_text(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: ", ".join(value) if field in _LISTS else value for field, value in fields.items()}
