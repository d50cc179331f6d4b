"""One pod's case: all that is known about it, whose it is, and what it names that does not exist."""

import re
from dataclasses import dataclass, field

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Note, Severity
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.rows import items, thing_of, walk
from chat.agent.providers.guide.steps import Json

REFERENCE = re.compile(
    (
        r"(?P<kind>secret|configmap|persistentvolumeclaim|serviceaccount) "
        r"\"?(?P<name>[\w./-]+)\"? not found|couldn't find key (?P<key>\S+) in "
        r"(?P<kind2>Secret|ConfigMap) (?P<name2>\S+)"
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known about one pod. log: of the run that crashed; notes: warnings about the pod; images: earlier
    images of the workload, newest first; serving: ready pods of earlier revisions; largest: what the biggest node can
    give, by resource; services: that could be meant by a missing address, with their ports."""

    pod: Json
    log: str = ""
    notes: tuple[Note, ...] = ()
    images: tuple[str, ...] = ()
    largest: dict[str, float] = field(default_factory=dict)
    serving: int = 0
    services: tuple[tuple[Thing, str], ...] = ()

    @property
    def thing(self) -> Thing:
        return thing_of(self.pod, "pods")

    @property
    def owner(self) -> Thing:
        """The workload a person would change: the Deployment behind the ReplicaSet behind the pod."""
        return owner_of(self.pod)


def owner_of(pod: Json) -> Thing:
    me = thing_of(pod, "pods")
    owner = next(items(pod, "metadata", "ownerReferences"), {})
    kind, name = str(owner.get("kind", "")), str(owner.get("name", ""))
    if kind == "ReplicaSet":
        hash_ = str(walk(pod, "metadata", "labels", "pod-template-hash") or "")
        stem = name.removesuffix(f"-{hash_}") if hash_ else name.rpartition("-")[0]
        return Thing("deployments", stem, me.namespace) if stem != name else Thing("replicasets", name, me.namespace)
    known = {"StatefulSet": "statefulsets", "DaemonSet": "daemonsets", "Job": "jobs"}
    return Thing(known[kind], name, me.namespace) if kind in known and name else me


def missing_reference(case: Case, said: str) -> Finding | None:
    """A Secret, ConfigMap or claim that the pod names and that does not exist."""
    found = REFERENCE.search(said)
    if not found:
        return None
    kind = (found["kind"] or found["kind2"] or "").lower()
    name = (found["name"] or found["name2"] or "").rpartition("/")[2]
    key = f" the key {phrasing.code(found['key'])} in" if found["key"] else ""
    plural = kind + "s"
    return Finding(
        Severity.BROKEN,
        case.owner,
        f"needs a {kind} that is missing",
        (
            f"The pod cannot start because{key} the {kind} {phrasing.code(name)} does not "
            f"exist in {phrasing.code(case.thing.namespace)}."
        ),
        (f"The node said: {phrasing.code(said, 260)}",),
        f"Create it, or correct the name in {phrasing.thing(case.owner)}. The pod starts by itself a moment later.",
        (f"list {plural} in {case.thing.namespace}", f"give me a {kind} yaml called {name} in {case.thing.namespace}"),
        case.thing.name,
    )
