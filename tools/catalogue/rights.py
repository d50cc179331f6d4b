"""Tells what the person who asks may do in a cluster: one question, or all their rights in a namespace."""

import re
from collections import defaultdict
from typing import Literal

from pydantic import Field

from tools.effects import Effect
from tools.kube import reviews
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput
from tools.kube.guard import Asked
from tools.kube.resources import Resource, valid_name, valid_namespace
from tools.kube.reviews import Rights
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool

_Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
_MOST_SHOWN = 60


class CanIArguments(Arguments):
    verb: _Verb | None = None
    kind: str | None = Field(None, description="Kind, or kind/subresource: pods/exec. Left out: all rights.")
    namespace: str | None = Field(None, description="Left out: all namespaces; for all rights, the default one.")
    name: str | None = None


async def can_i(client: KubeClient, asked: CanIArguments) -> Result:
    """data: {"user", "groups", "allowed": bool, "reason", "verb", "kind", "namespace", "name"}, or for all rights
    {"user", "groups", "namespace", "rules": [{"verbs", "groups", "resources", "names"}], "incomplete": bool}."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    if bool(asked.verb) != bool(asked.kind):
        raise BadInput("Give verb and kind for one question, or neither for all rights in a namespace.")
    return await (_one(client, asked) if asked.kind else _all(client, asked))


async def _one(client: KubeClient, asked: CanIArguments) -> Result:
    kind, subresource = _parts(asked.kind or "")
    resource = await client.resolve(kind)
    if asked.name:
        valid_name(asked.name)
    namespace = (asked.namespace or "") if resource.namespaced else ""
    verb = str(asked.verb)
    step = Asked(verb, resource.group, resource.plural, subresource, namespace, asked.name or "")
    allowed, reason = await reviews.answered(client, step)
    user, groups = await _who(client)
    words = _words(asked, resource, subresource)
    header = f"{'Yes' if allowed else 'No'}: {user or 'this identity'} may {'' if allowed else 'not '}{words}."
    if allowed and not asked.namespace and resource.namespaced:
        header = header[:-1] + ", in every namespace."
    hint = "" if allowed or asked.namespace or not resource.namespaced else "It may still be allowed in one namespace."
    fact = {"allowed": allowed, "reason": reason, "verb": verb, "kind": resource.full_name, "subresource": subresource}
    data = {"user": user, "groups": list(groups), **fact, "namespace": namespace, "name": asked.name}
    return Result(header, "\n".join(part for part in (reason, hint) if part), data)


def _parts(words: str) -> tuple[str, str]:
    """`pods/exec` as kind and subresource; `v1/pods` and `apps/v1/Deployment` name a kind alone."""
    kind, slash, subresource = words.partition("/")
    alone = not slash or "/" in subresource or re.fullmatch(r"v\d\w*", kind)
    return (words, "") if alone else (kind, subresource)


def _words(asked: CanIArguments, resource: Resource, subresource: str) -> str:
    what = resource.full_name + (f"/{subresource}" if subresource else "")
    where = f" in {asked.namespace}" if resource.namespaced and asked.namespace else ""
    return f"{asked.verb} {what}" + (f" {asked.name}" if asked.name else "") + where


async def _all(client: KubeClient, asked: CanIArguments) -> Result:
    namespace = asked.namespace or client.transport.access.namespace
    found = await reviews.rights(client, namespace)
    user, groups = await _who(client)
    rules = _rules(found)
    rows = [
        [",".join(rule["resources"]), ",".join(rule["groups"]), ",".join(rule["verbs"]), ",".join(rule["names"])]
        for rule in rules
    ]
    header = f"{user or 'This identity'} has {counted(len(rules), 'rule')} in {namespace}"
    header += f"; {_MOST_SHOWN} are shown." if len(rules) > _MOST_SHOWN else "."
    if found.incomplete:
        header += " The cluster says that there may be more."
    data: Object = {"user": user, "groups": list(groups), "namespace": namespace, "rules": rules}
    shown = table(["RESOURCES", "GROUPS", "VERBS", "NAMES"], rows[:_MOST_SHOWN]) if rows else ""
    return Result(header, shown, data | {"incomplete": found.incomplete})


def _rules(found: Rights) -> list[Object]:
    """The same verbs on several resources in one line; the order is stable."""
    lines: dict[tuple[tuple[str, ...], ...], set[str]] = defaultdict(set)
    for rule in found.resource_rules or []:
        groups = tuple(sorted(group or "core" for group in rule.api_groups or []))
        key = (groups, tuple(sorted(set(rule.verbs or []))), tuple(sorted(rule.resource_names or [])))
        lines[key] |= set(rule.resources or [])
    facts = [
        {"resources": sorted(resources), "groups": list(groups), "verbs": list(verbs), "names": list(names)}
        for (groups, verbs, names), resources in lines.items()
    ]
    return sorted(facts, key=lambda fact: (fact["groups"], fact["resources"]))


async def _who(client: KubeClient) -> tuple[str, tuple[str, ...]]:
    """As the cluster itself says; one that is too old to say is believed what it was asked for."""
    user, groups = await reviews.who(client)
    acts_as = client.transport.access.acts_as
    return (acts_as.user, acts_as.groups) if not user and acts_as else (user, groups)


def _intent(asked: CanIArguments) -> str:
    where = f" in {asked.namespace}" if asked.namespace else ""
    return f"Ask whether {asked.verb} {asked.kind} is allowed{where}" if asked.kind else f"Look up the rights{where}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_can_i",
        title="Check rights",
        description="Whether the person asking may do something in the cluster, or all their rights in a namespace.",
        effect=Effect.READ,
        arguments=CanIArguments,
        run=can_i,
        intent=_intent,
    ),
)
