"""Asks a cluster what the person who asks may do there, before anybody else is asked to approve it.

The cluster's own access review, made with the person's identity like every other request. It is a forecast: the
cluster decides again when the request comes, and may then still say no.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tools.kube.bodies import encode
from tools.kube.client import KubeClient
from tools.kube.errors import Ambiguous, BadAnswer, Forbidden, NotFound, Unreachable
from tools.kube.failures import failure
from tools.kube.guard import Asked
from tools.kube.together import together
from tools.kube.transport import Request

_ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_MYSELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_AT_ONCE = 8
_VERBS = {"apply": "patch"}  # what RBAC calls it


class Step(Protocol):
    """Something to be done, as `guard.Asked` says it: for the API's root group `group` is empty, for an object of no
    namespace `namespace` is."""

    @property
    def verb(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def subresource(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A step the cluster would not allow. `reason`: what the cluster said of it, often nothing."""

    verb: str
    resource: str
    namespace: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        why = f" ({self.reason})" if self.reason else ""
        return f"The cluster does not allow this identity to {self.verb} {self.resource}{where}{why}."


class _Status(msgspec.Struct):
    allowed: bool = False
    denied: bool = False
    reason: str = ""
    evaluationError: str = ""


class _Review(msgspec.Struct):
    kind: str = ""
    status: _Status | None = None


class RightsRule(msgspec.Struct, rename="camel"):
    """`authorization.k8s.io/v1 ResourceRule`: these verbs on these resources; * is all of them."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class Rights(msgspec.Struct, rename="camel"):
    """`SubjectRulesReviewStatus`. incomplete: the cluster knows that there may be more than it tells."""

    resource_rules: list[RightsRule] | None = None
    incomplete: bool = False


class _RulesReview(msgspec.Struct):
    status: Rights | None = None


class _UserInfo(msgspec.Struct):
    username: str = ""
    groups: list[str] | None = None


class _Whom(msgspec.Struct):
    userInfo: _UserInfo | None = None


class _Myself(msgspec.Struct):
    status: _Whom | None = None


async def refused(client: KubeClient, steps: Iterable[Step]) -> list[Refused]:
    """Those of the steps that the person may not do, each once, in order; empty when all may be done.
    Raises KubeError when the cluster cannot be asked: then nothing is known, and nobody should be asked to approve."""
    asked = list(dict.fromkeys(_asked(step) for step in steps))
    return [
        Refused(step.verb, _words(step), step.namespace, answer.reason)
        for step, answer in zip(asked, await _answers(client, asked), strict=True)
        if not _yes(answer)
    ]


async def which(client: KubeClient, steps: Sequence[Step]) -> list[bool]:
    """For each of the steps whether it may be done, in order."""
    return [_yes(answer) for answer in await _answers(client, [_asked(step) for step in steps])]


async def may(client: KubeClient, step: Step) -> bool:
    return (await which(client, [step]))[0]


async def answered(client: KubeClient, step: Step) -> tuple[bool, str]:
    """Whether it may be done, and what the cluster says of it, often nothing."""
    (answer,) = await _answers(client, [_asked(step)])
    return _yes(answer), answer.reason or answer.evaluationError


async def rights(client: KubeClient, namespace: str) -> Rights:
    """All that the person may do in a namespace, as far as the cluster's authorizers can list it."""
    body = {"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "spec": {"namespace": namespace}}
    try:
        found = msgspec.json.decode(await _post(client, _RULES, body), type=_RulesReview).status
    except msgspec.DecodeError:
        found = None
    if found is None:
        raise BadAnswer(f'Cluster "{client.cluster}" does not list what somebody may do.')
    return found


async def who(client: KubeClient) -> tuple[str, tuple[str, ...]]:
    """The user and groups the cluster takes the request for; ("", ()) from a cluster older than 1.28."""
    try:
        found = await _post(client, _MYSELF, {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"})
        info = msgspec.json.decode(found, type=_Myself).status
    except NotFound:
        return "", ()
    except Forbidden as fault:
        if fault.resource == "selfsubjectreviews":  # what nobody serves, no rule allows
            return "", ()
        raise
    except msgspec.DecodeError:
        raise BadAnswer(f'Cluster "{client.cluster}" does not say who is asking.') from None
    user = info.userInfo if info else None
    return (user.username, tuple(user.groups or ())) if user else ("", ())


def _asked(step: Step) -> Asked:
    verb = _VERBS.get(step.verb, step.verb)
    name = (
        ""
        if verb in ("list", "watch", "deletecollection") or (verb == "create" and not step.subresource)
        else step.name
    )
    return Asked(verb, step.group, step.resource, step.subresource, step.namespace, name)


def _words(step: Asked) -> str:
    return step.resource + (f"/{step.subresource}" if step.subresource else "")


def _yes(answer: _Status) -> bool:
    return answer.allowed and not answer.denied


async def _answers(client: KubeClient, asked: Sequence[Asked]) -> list[_Status]:
    parts = [asked[n : n + _AT_ONCE] for n in range(0, len(asked), _AT_ONCE)]
    return [answer for part in parts for answer in await together(*(_one(client, step) for step in part))]


async def _one(client: KubeClient, step: Asked) -> _Status:
    wanted = {
        "verb": step.verb,
        "group": step.group,
        "resource": step.resource,
        "subresource": step.subresource,
        "namespace": step.namespace,
        "name": step.name,
    }
    body = {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "spec": {"resourceAttributes": {key: value for key, value in wanted.items() if value}},
    }
    try:
        status = msgspec.json.decode(await _post(client, _ACCESS, body), type=_Review).status
    except msgspec.DecodeError:
        status = None
    if status is None:
        raise BadAnswer(f'Cluster "{client.cluster}" does not answer access reviews.')
    return status


async def _post(client: KubeClient, path: str, body: object) -> bytes:
    """A question, though it is sent as a POST: nothing is stored, so a broken connection leaves nothing open."""
    request = Request("POST", path, body=encode(body))
    try:
        answer = await client.transport.send(request, client.permit)
    except Ambiguous:
        raise Unreachable(f'Cluster "{client.cluster}" broke the connection while it was asked. Try again.') from None
    if answer.status >= 300:
        raise failure(client.cluster, request, answer, client.transport.access.renewal)
    return answer.body
