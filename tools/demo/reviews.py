"""Access reviews: may somebody do something, what may I do, who am I."""

from collections.abc import Callable
from typing import Any

from tools.demo import decoding
from tools.demo.api import Api, Call
from tools.demo.authentication import User
from tools.demo.authorization import Wish
from tools.demo.changing import heed, settle_namespace
from tools.demo.decoding import tidy
from tools.demo.errors import BadRequest, Cause, Invalid, Json
from tools.demo.http import Response
from tools.demo.kinds import Kind
from tools.demo.managed_fields import track
from tools.demo.options import write_options
from tools.demo.schema import of_object

NEITHER = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"


def review(api: Api, call: Call, kind: Kind) -> Response:
    """POST of any review; nothing is stored."""
    options = write_options(call.request, "CreateOptions")
    obj, odd = decoding.read_object(call.request, kind)
    heed(call, kind, odd, options)
    settle_namespace(obj, call.namespace(kind))
    obj = tidy(obj, of_object(obj))
    if kind.plural != "selfsubjectrulesreviews" and kind.plural != "selfsubjectreviews":
        _own(api, obj, options.manager)
    return call.answer(REVIEWS[kind.plural](api, call, obj), 201)


def _own(api: Api, obj: Json, manager: str) -> None:
    owners = track(None, obj, manager=manager, now=api.store.clock.text())
    for entry in owners:
        (entry["fieldsV1"].get("f:spec") or {}).pop(".", None)
    if owners:
        obj["metadata"]["managedFields"] = owners


def _access(api: Api, call: Call, obj: Json) -> Json:
    """SelfSubjectAccessReview."""
    return {**obj, "status": _decision(api, call.user, obj.get("spec") or {})}


def _other_access(api: Api, call: Call, obj: Json) -> Json:
    """SubjectAccessReview and its local form: the same about somebody else."""
    spec = obj.get("spec") or {}
    if not spec.get("user") and not spec.get("groups"):
        text = 'Invalid value: "": at least one of user or group must be specified'
        raise Invalid("authorization.k8s.io", "", "", [Cause("FieldValueInvalid", text, "spec.user")])
    user = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
    return {**obj, "status": _decision(api, user, spec)}


def _decision(api: Api, user: User, spec: Json) -> Json:
    wanted, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (wanted is None) == (path is None):
        cause = Cause("FieldValueInvalid", NEITHER, "spec.resourceAttributes")
        error = Invalid("authorization.k8s.io", "", "", [cause])
        raise error
    verdict = api.authorizer.decide(user, _wish(wanted, path))
    status: Json = {"allowed": verdict.allowed}
    if verdict.reason:
        status["reason"] = verdict.reason
    return status


def _wish(wanted: Json | None, path: Json | None) -> Wish:
    if wanted is None:
        return Wish((path or {}).get("verb", ""), path=(path or {}).get("path", ""))
    fields = {"verb": "verb", "group": "group", "plural": "resource", "subresource": "subresource"}
    values: dict[str, Any] = {ours: wanted.get(theirs, "") for ours, theirs in fields.items()}
    return Wish(**values, namespace=wanted.get("namespace", ""), name=wanted.get("name", ""))


def _rules(api: Api, call: Call, obj: Json) -> Json:
    """SelfSubjectRulesReview."""
    namespace = (obj.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise BadRequest("no namespace on request")
    rules = api.authorizer.rules(call.user, namespace)
    status = {
        "resourceRules": [
            _part(rule, "apiGroups", "resources", "resourceNames") for rule in rules if rule.get("resources")
        ],
        "nonResourceRules": [_part(rule, "nonResourceURLs") for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }
    meta: Json = {}
    return {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": meta, "spec": {}, "status": status}


def _part(rule: Json, *keys: str) -> Json:
    return {key: rule[key] for key in ("verbs", *keys) if rule.get(key)}


def _myself(api: Api, call: Call, obj: Json) -> Json:
    """SelfSubjectReview."""
    user = call.user
    info: Json = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    if user.groups:
        info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    meta = {"creationTimestamp": api.store.clock.text()}
    return {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": meta, "status": {"userInfo": info}}


REVIEWS: dict[str, Callable[[Api, Call, Json], Json]] = {
    "selfsubjectaccessreviews": _access,
    "subjectaccessreviews": _other_access,
    "localsubjectaccessreviews": _other_access,
    "selfsubjectrulesreviews": _rules,
    "selfsubjectreviews": _myself,
}
