"""The last net before the wire: no request leaves without a permit of the gate that covers its effect.

The effect of a request follows from what it asks for (verb, group, resource, subresource), never from its HTTP method
alone: a GET on `pods/exec` runs commands. What the table does not know counts as EXECUTE.

A dry run stores nothing, but only if the server honours `dryRun=All`; a server that ignores the parameter would
change the cluster unasked. So a dry run needs a permit for the write itself, and a *rehearsal* permit allows writes
only as dry runs: the gate can try a change out before anybody approved it, and nothing else.

What really changes something must be a step of the plan that was rehearsed, and each step leaves once.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from tools.effects import Effect
from tools.kube.errors import NotPermitted
from tools.kube.plan import Passes, Wire
from tools.kube.sending import Sending
from tools.policy.rule import Verdict

Announce: TypeAlias = Callable[[Sending], Awaitable[float]]
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds that nobody sets and that pass while a process, or the whole machine, sleeps."""
    return time.clock_gettime(_CLOCK)


@dataclass(frozen=True, slots=True)
class Permit:
    """What the gate allowed: requests of one tool call, to one cluster, up to an effect.

    announce: writes down a change that is about to leave and says until when (`clock`) it may; raises NotSent when it
    may not any more. Without it nothing that changes anything is sent, but for rehearsals. plan: what may change;
    moment: when the call was asked for (UTC), for tools that write the time: the same at every try. judge: the policy,
    asked about every request (`tools.policy`). progress: takes a line about a call that takes long, for whoever
    watches; stopping: whether nobody wants such a call to go on; elsewhere: for a call that reads several clusters a
    permit for each of them, or why there is none.
    """

    call_id: str
    cluster: str
    ceiling: Effect
    rehearsal: bool = False
    announce: Announce | None = None
    plan: Passes | None = None
    moment: datetime | None = None
    judge: "Judge | None" = None
    progress: Callable[[str], None] | None = None
    stopping: Callable[[], Awaitable[bool]] | None = None
    elsewhere: "Mapping[str, Permit | str]" = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in the API's own words. verb: get, list, watch, create, update, patch, delete, deletecollection."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


Judge: TypeAlias = Callable[[Asked, Effect], Verdict]

_METADATA_ONLY = re.compile(r"as=(Table|PartialObjectMetadata(List)?)\b")
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._:~@-]+)+")
_OPEN_PATHS = re.compile(r"/(version|healthz|livez|readyz|api|apis|apis/[^/]+|apis/[^/]+/[^/]+|api/v1|openapi/.+)")

# The one thing a kubelet is asked through its proxy that it only answers: to the letter, and without any query.
_KUBELET_TELLS = re.compile(r"/api/v1/nodes/[a-z0-9]([-a-z0-9.]*[a-z0-9])?/proxy/stats/summary")

# What stands behind a proxy's own path is handed on to somebody else, in their words.
_HANDED_ON = re.compile(r"(/api/v1/(?:namespaces/[^/]+/)?(?:pods|services|nodes)/[^/]+/proxy)/(.*)", re.DOTALL)

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_RUNS_CODE = {
    ("", "pods", "exec"),
    ("", "pods", "attach"),
    ("", "pods", "portforward"),
    ("", "pods", "proxy"),
    ("", "pods", "ephemeralcontainers"),
    ("", "pods", "binding"),
    ("", "services", "proxy"),
    ("", "nodes", "proxy"),
    ("", "serviceaccounts", "token"),
    ("certificates.k8s.io", "certificatesigningrequests", "approval"),
}
_READING_SHOWS = {("", "secrets", ""), ("", "configmaps", ""), ("", "pods", "log")}
_QUESTIONS = {"authorization.k8s.io", "authentication.k8s.io"}
_KNOWN_SUBRESOURCES = {"", "status", "scale", "log", "eviction", "finalize", "resize"}


def check(
    permit: Permit | None, cluster: str, method: str, path: str, query: Mapping[str, str], accept: str = ""
) -> Effect:
    """The request's effect. Raises NotPermitted unless `permit` covers it."""
    effect = effect_of(method, path, query, accept)
    allowed = within(permit, cluster, effect, f"{method} {path}")
    if allowed.rehearsal and effect.writes and query.get("dryRun") != "All":
        raise NotPermitted(_TRY_ONLY)
    _ask_policy(allowed, understand(method, path, query), effect)
    return effect


_TRY_ONLY = "This call may only try the change out (dry run), not make it: nothing was sent."


def within(permit: Permit | None, cluster: str, effect: Effect, what: str) -> Permit:
    """The permit itself. Raises NotPermitted unless it is for this cluster and covers the effect; `what`: the request
    in words."""
    if permit is None:
        raise NotPermitted(
            "This request carries no permit, so it was not sent. Tools run through the portal's gate only."
        )
    if permit.cluster != cluster:
        raise NotPermitted(
            f'This call was allowed for cluster "{permit.cluster}", not for "{cluster}": nothing was sent.'
        )
    if not effect.within(permit.ceiling):
        raise NotPermitted(f"This call may do at most {permit.ceiling}, but {what} is {effect}: nothing was sent.")
    return permit


def spend(permit: Permit | None, sent: Wire, *, body_says_dry: bool) -> None:
    """Takes the plan's pass for a change that is about to leave. Raises NotPermitted when there is none (any more).

    body_says_dry: a DELETE with options in its body is a dry run only if they say so: the query is not read then.
    """
    if permit is not None and permit.rehearsal:
        if sent[0] == "DELETE" and not body_says_dry:
            raise NotPermitted(_TRY_ONLY)
        return
    if permit is None or permit.plan is None:
        raise NotPermitted("This change was not rehearsed, so nobody can have allowed it: nothing was sent.")
    if not permit.plan.spend(sent):
        raise NotPermitted(f"{sent[0]} {sent[1]} is not what was rehearsed and allowed, or went out already: not sent.")


def _ask_policy(permit: Permit, asked: Asked | None, effect: Effect) -> None:
    """What is asked of no resource is discovery when it only reads; else nobody can say what it is about."""
    if permit.judge is None or (asked is None and effect is Effect.READ):
        return
    verdict = permit.judge(asked or Asked("other", "", ""), effect)
    if verdict.decision == "deny" or (verdict.decision == "ask" and not effect.writes):
        raise NotPermitted(f"{verdict.reason} Nothing was sent (rule {verdict.rule}).")


def effect_of(method: str, path: str, query: Mapping[str, str], accept: str = "") -> Effect:
    if method == "GET" and not query and _is_plain(path) and _KUBELET_TELLS.fullmatch(path):
        return Effect.SENSITIVE
    asked = understand(method, path, query)
    if asked is None:
        return Effect.READ if method == "GET" and _is_plain(path) and _OPEN_PATHS.fullmatch(path) else Effect.EXECUTE
    return _effect(asked, metadata_only=_metadata_only(query, accept))


def understand(method: str, path: str, query: Mapping[str, str]) -> Asked | None:
    """None: not a request for a resource, or one we cannot read with certainty."""
    path = _without_what_is_handed_on(path)
    if not _is_plain(path):
        return None
    parts = path.strip("/").split("/")
    if parts[:2] == ["api", "v1"]:
        group, rest = "", parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, rest = parts[1], parts[3:]
    else:
        return None
    return _resource(method, group, rest, query)


def _is_plain(path: str) -> bool:
    return _PLAIN_PATH.fullmatch(path) is not None and not {".", ".."} & set(path.split("/"))


def _without_what_is_handed_on(path: str) -> str:
    """Of a path that leads out of its proxy again, all of it: nobody can say then what is asked for."""
    found = _HANDED_ON.fullmatch(path)
    return path if found is None or "%" in found[2] or {".", ".."} & set(found[2].split("/")) else found[1]


def _metadata_only(query: Mapping[str, str], accept: str) -> bool:
    """Whether every form of answer we would take leaves the object's content out."""
    forms = accept.split(",")
    return all(_METADATA_ONLY.search(form) for form in forms) and query.get("includeObject") != "Object"


def _resource(method: str, group: str, rest: list[str], query: Mapping[str, str]) -> Asked | None:
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    if not rest or rest[0] in ("watch", "proxy") or len(rest) > 3:
        return None  # old aliases with their own meaning
    resource, name, subresource = (*rest, "", "")[:3]
    asks = "GET" if method == "HEAD" and subresource == "proxy" else method
    verb = _verb(asks, name, query)
    return Asked(verb, group, resource, subresource, namespace, name) if verb else None


def _verb(method: str, name: str, query: Mapping[str, str]) -> str | None:
    if method == "GET":
        if query.get("watch", "false") not in ("", "0", "false"):
            return "watch"
        return "get" if name else "list"
    if method == "DELETE":
        return "delete" if name else "deletecollection"
    return _VERBS.get(method)


def _effect(asked: Asked, *, metadata_only: bool) -> Effect:
    what = (asked.group, asked.resource, asked.subresource)
    if what in _RUNS_CODE or asked.subresource not in _KNOWN_SUBRESOURCES:
        return Effect.EXECUTE
    if asked.verb in ("get", "list", "watch"):
        return Effect.SENSITIVE if what in _READING_SHOWS and not metadata_only else Effect.READ
    if asked.group in _QUESTIONS:
        return Effect.READ if asked.verb == "create" else Effect.EXECUTE
    if asked.verb in ("delete", "deletecollection") or asked.subresource in ("eviction", "finalize"):
        return Effect.DESTROY
    return Effect.EXECUTE if asked.subresource == "log" else Effect.CHANGE
