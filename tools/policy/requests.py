"""From a request to an API server to the question it puts to the policy. Pure."""

from dataclasses import replace

from tools.effects import Effect
from tools.kube.guard import Asked
from tools.policy.kinds import cluster_scoped, kind_name
from tools.policy.rule import EVERY_NAMESPACE, UNKNOWN_KIND, Question, Verdict

_ABOUT_RIGHTS = ("authorization.k8s.io", "authentication.k8s.io")
_ALL_OF_THEM = ("list", "watch", "deletecollection")


def question(about: Question, asked: Asked, effect: Effect) -> Question:
    """`about` says who asks and of which cluster. A request on a namespace itself is a request in it, as in RBAC."""
    if not asked.resource or "/" in asked.resource:  # a step whose path could not be read bears it whole
        return replace(about, effect=effect, kind=UNKNOWN_KIND, namespace="")
    kind = kind_name(asked.group, asked.resource, asked.subresource)
    return replace(about, effect=effect, kind=kind, namespace=_namespace(asked))


def about_rights(asked: Asked, effect: Effect) -> Verdict | None:
    """What may be done is answered whatever the policy says: nothing is read or changed by asking."""
    if asked.group in _ABOUT_RIGHTS and effect is Effect.READ:
        return Verdict("allow", "about-rights", "Questions about rights are always allowed.")
    return None


def _namespace(asked: Asked) -> str:
    if asked.namespace:
        return asked.namespace
    if (asked.group, asked.resource) == ("", "namespaces"):
        return EVERY_NAMESPACE if asked.verb == "deletecollection" else asked.name
    every = asked.verb in _ALL_OF_THEM and not asked.name and not cluster_scoped(asked.group, asked.resource)
    return EVERY_NAMESPACE if every else ""
