"""What was read of a cluster, indexed: the only thing that analyzers look at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from tools.diagnosis.finding import Thing
from tools.pods import Object, part, parts
from tools.rendering import moment

Labels = Mapping[str, str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """objects: by plural ("pods"), only kinds that were read; events: grouped warnings, newest first (see
    tools.catalogue.events); logs: the last lines by (namespace, pod, container); served: "group/version plural"; wide:
    whether everything that the kinds hold in the whole cluster was read; elsewhere: the pods or
    Services of all namespaces, when a rule asked for them."""

    objects: Mapping[str, list[Object]]
    now: datetime
    events: Sequence[Object] = ()
    logs: Mapping[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)
    served: frozenset[str] = frozenset()
    wide: bool = True
    elsewhere: Mapping[str, list[Object]] = field(default_factory=dict)

    def all(self, kind: str) -> list[Object]:
        return self.objects.get(kind, [])

    def everywhere(self, kind: str) -> list[Object]:
        """Of all namespaces, as far as they were read."""
        return self.elsewhere.get(kind) or self.all(kind)

    def knows(self, kind: str) -> bool:
        """Whether what is not found of this kind is not there."""
        return kind in self.objects

    def find(self, kind: str, name: object, namespace: str = "") -> Object | None:
        return self._by_name.get((kind, namespace, str(name)))

    def lacks(self, kind: str, name: object, namespace: str = "") -> bool:
        """Whether it is certain that there is no such object."""
        return self.knows(kind) and self.find(kind, name, namespace) is None

    def pods_with(self, namespace: str, labels: Labels) -> list[Object]:
        """Pods that carry all these labels; none for no labels."""
        wanted = [(namespace, str(key), str(value)) for key, value in labels.items()]
        if not wanted:
            return []
        rarest = min(wanted, key=lambda each: len(self._by_label.get(each, ())))
        return [pod for pod in self._by_label.get(rarest, ()) if carries(labels_of(pod), labels)]

    def within(self, kind: str, namespace: str) -> list[Object]:
        return self._by_namespace.get((kind, namespace), [])

    def selected(self, namespace: str, selector: object) -> list[Object]:
        """Pods that a LabelSelector fits; an empty one fits all of the namespace."""
        if not isinstance(selector, dict):
            return []
        labels = part(selector, "matchLabels")
        found = self.pods_with(namespace, labels) if labels else self.within("pods", namespace)
        return [pod for pod in found if fits(labels_of(pod), selector)]

    def owned(self, kind: str, owner: Object) -> list[Object]:
        return self._by_owner.get((kind, str(part(owner, "metadata").get("uid"))), [])

    def warnings(self, thing: Thing, *reasons: str) -> list[Object]:
        """Events about an object, newest first; with reasons, only those."""
        about = self._events.get((thing.namespace, f"{thing.kind}/{thing.name}"), [])
        return [event for event in about if not reasons or event["reason"] in reasons]

    def said(self, thing: Thing, *reasons: str) -> str:
        """The newest message among them, or ""."""
        return next((str(event["message"]) for event in self.warnings(thing, *reasons)), "")

    def seconds_since(self, stamp: object) -> float:
        """Of a Kubernetes timestamp; a very long time for none."""
        return (self.now - (moment(stamp) or _EPOCH)).total_seconds()

    def seconds_old(self, item: Object) -> float:
        return self.seconds_since(part(item, "metadata").get("creationTimestamp"))

    # ---- indexes -------------------------------------------------------------------------------------------------

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], Object]:
        return {(kind, space_of(item), name_of(item)): item for kind, item in self._every()}

    @cached_property
    def _by_owner(self) -> dict[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for kind, item in self._every():
            for owner in parts(part(item, "metadata"), "ownerReferences"):
                found[kind, str(owner.get("uid"))].append(item)
        return found

    @cached_property
    def _by_namespace(self) -> dict[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for kind, item in self._every():
            found[kind, space_of(item)].append(item)
        return found

    @cached_property
    def _by_label(self) -> dict[tuple[str, str, str], list[Object]]:
        found: dict[tuple[str, str, str], list[Object]] = defaultdict(list)
        for pod in self.all("pods"):
            for key, value in labels_of(pod).items():
                found[space_of(pod), str(key), str(value)].append(pod)
        return found

    @cached_property
    def _events(self) -> dict[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for event in self.events:
            namespace = "" if str(event["object"]).startswith("Node/") else str(event["namespace"])
            found[namespace, str(event["object"])].append(event)
        return found

    def _every(self) -> Iterator[tuple[str, Object]]:
        for kind, items in self.objects.items():
            for item in items:
                yield kind, item


def name_of(item: Object) -> str:
    return str(part(item, "metadata").get("name") or "")


def space_of(item: Object) -> str:
    return str(part(item, "metadata").get("namespace") or "")


def labels_of(item: Object) -> Labels:
    return part(part(item, "metadata"), "labels")


def thing_of(item: Object) -> Thing:
    return Thing(str(item.get("kind") or ""), name_of(item), space_of(item))


def condition(item: Object, kind: str) -> Object:
    """The condition of that type, or an empty one."""
    return next((c for c in parts(part(item, "status"), "conditions") if c.get("type") == kind), {})


def told(found: Object) -> str:
    """What a condition says: "Reason: message"."""
    return ": ".join(str(found[key]) for key in ("reason", "message") if found.get(key))


def is_ready(pod: Object) -> bool:
    return bool(condition(pod, "Ready").get("status") == "True")


def carries(labels: Labels, wanted: Labels) -> bool:
    return all(str(labels.get(key)) == str(value) for key, value in wanted.items())


def fits(labels: Labels, selector: Object) -> bool:
    """Whether a LabelSelector takes an object with these labels (`meta/v1`)."""
    return carries(labels, part(selector, "matchLabels")) and all(
        _holds(labels, rule) for rule in parts(selector, "matchExpressions")
    )


def _holds(labels: Labels, rule: Object) -> bool:
    key, values = str(rule.get("key")), rule.get("values") or []
    match rule.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def written(labels: Labels) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def template_of(workload: Object) -> Object:
    """The pod template of a workload, of a Job, or of a CronJob's jobs."""
    body = part(workload, "spec")
    inner = part(part(body, "jobTemplate"), "spec") if "jobTemplate" in body else body
    return part(inner, "template")


def containers_of(pod_spec: Object) -> list[Object]:
    return parts(pod_spec, "initContainers") + parts(pod_spec, "containers")


def listed(names: Iterable[str], most: int = 5) -> str:
    """a, b and 3 more."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
