"""`/api/v1/policy`: the rules that concern whoever asks, and for administrators the verdict on any question."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Query, Router, Schema

from chat import policy
from chat.access import Right, require
from chat.errors import NotFound
from chat.rest.door import caller, signed_in
from tools import clusters
from tools.effects import Effect
from tools.policy import Rule

router = Router(auth=signed_in, tags=["policy"])


class RuleOut(Schema):
    """Empty lists match everything."""

    name: str
    origin: str
    decision: str
    persons: list[str]
    groups: list[str]
    tokens: list[str]
    clusters: list[str]
    namespaces: list[str]
    kinds: list[str]
    effects: list[str]
    second_person: bool
    note: str


class RuleList(Schema):
    items: list[RuleOut]
    version: str


class VerdictIn(Schema):
    """namespace: empty for what belongs to none, * for all at once, left out when it is not known yet."""

    person: str
    cluster: str
    effect: Effect
    kind: str = ""
    namespace: str | None = None
    token: str = ""


class VerdictOut(Schema):
    decision: str
    rule: str
    reason: str
    second_person: bool


@router.get("/rules", response=RuleList)
def rules(request: HttpRequest) -> Any:
    in_force = policy.rules()
    shown = policy.concerning(caller(request), in_force.rules)
    return {"items": [_out(rule) for rule in shown], "version": in_force.version}


@router.get("/verdict", response=VerdictOut)
def verdict(request: HttpRequest, asked: Query[VerdictIn]) -> Any:
    require(caller(request), Right.ADMINISTER)
    user = User.objects.filter(username=asked.person).first() if "\x00" not in asked.person else None
    if user is None:
        raise NotFound("There is no such person.")
    if asked.cluster not in policy.places():
        clusters.find(asked.cluster)  # says which there are
    return policy.what_if(user, policy.Supposed(asked.cluster, asked.effect, asked.kind, asked.namespace, asked.token))


def _out(rule: Rule) -> dict[str, Any]:
    several = {
        name: sorted(getattr(rule, name)) for name in ("persons", "groups", "tokens", "clusters", "namespaces", "kinds")
    }
    single = {name: getattr(rule, name) for name in ("name", "origin", "decision", "second_person")}
    effects = [effect.value for effect in Effect if effect in rule.effects]
    return several | single | {"effects": effects, "note": rule.note or rule.reason}
