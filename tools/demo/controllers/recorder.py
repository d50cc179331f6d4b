"""Writes Events as the cluster's components do: repeated ones are counted, not written twice."""

from tools.demo.clock import parse_time
from tools.demo.controllers.kinds import EVENTS
from tools.demo.managed_fields import track
from tools.demo.store import Json, Store

LIFETIME = 3600  # seconds the API server keeps an event
LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # of generated names


class Recorder:
    """One per cluster; sources are `kubelet`, `deployment-controller`, `default-scheduler` and so on."""

    def __init__(self, store: Store, plain: bool = False) -> None:
        """`plain`: kubelet events as the recording's simple node agent writes them, none of them counted."""
        self._store = store
        self._plain = plain
        self.muted = False  # while a past is played that is older than any event can be
        self._known: dict[tuple[str, ...], str] = {}

    def record(
        self, source: str, about: Json, reason: str, message: str, kind: str = "Normal", field: str = ""
    ) -> None:
        """`about` is the object concerned, `field` a part of it (`spec.containers{web}`); `kind` Normal or Warning."""
        if self.muted:
            return
        meta = about["metadata"]
        namespace = meta.get("namespace", "default")
        if self._plain and source == "kubelet":
            self._store.create(EVENTS, self._bare(about, reason, message, kind))
            return
        key = (namespace, meta["uid"], source, reason, message, field)
        name = self._known.get(key)
        if name and self._store.get(EVENTS, namespace, name):
            self._count(namespace, name)
            return
        name = f"{meta['name']}.{self._store.random.getrandbits(64):016x}"
        self._known[key] = name
        event = self._modern(about) if source == "default-scheduler" else self._classic(source, about)
        event["metadata"] = {"name": name, "namespace": namespace}
        event |= {"reason": reason, "message": message, "type": kind}
        if field:
            event["involvedObject"]["fieldPath"] = field
        if source == "default-scheduler":
            event["action"] = "Binding" if reason == "Scheduled" else "Scheduling"
        self._own(event, source)
        self._store.create(EVENTS, event)

    def _own(self, event: Json, source: str) -> None:
        """managedFields: controllers write core/v1 events, the scheduler events.k8s.io/v1."""
        manager = source if source == "kubelet" else "kube-controller-manager"
        body = {key: value for key, value in event.items() if value not in ("", None)}
        if source == "default-scheduler":
            manager = "kube-scheduler"
            kept = ("metadata", "eventTime", "reportingInstance", "action", "reason", "type")
            body = {key: event[key] for key in kept} | {
                "apiVersion": "events.k8s.io/v1",
                "kind": "Event",
                "regarding": event["involvedObject"],
                "note": event["message"],
                "reportingController": event["reportingComponent"],
            }
        owners = track(None, body, manager=manager, now=self._store.clock.text())
        event["metadata"]["managedFields"] = owners

    def _bare(self, about: Json, reason: str, message: str, kind: str) -> Json:
        meta, now = about["metadata"], self._store.clock.text()
        reference = involved(about)
        del reference["resourceVersion"]
        event: Json = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{meta['name']}." + "".join(self._store.random.choices(LETTERS, k=5)),
                "generateName": f"{meta['name']}.",
                "namespace": meta.get("namespace", "default"),
            },
            "involvedObject": reference,
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": "",
            "reportingInstance": "",
        }
        self._own(event, "kubelet")
        return event

    def expire(self) -> None:
        """Removes events whose last occurrence is older than an hour."""
        now = self._store.clock.now()
        for event in self._store.list(EVENTS):
            seen = last_seen(event)
            if seen and (now - parse_time(seen)).total_seconds() > LIFETIME:
                self._store.remove(EVENTS, event["metadata"]["namespace"], event["metadata"]["name"])
        if len(self._known) > 5000:
            self._known.clear()

    def _count(self, namespace: str, name: str) -> None:
        clock = self._store.clock

        def again(event: Json) -> None:
            if event.get("eventTime"):
                series = event.setdefault("series", {"count": 1})
                series["count"] += 1
                series["lastObservedTime"] = clock.micro_text()
            else:
                event["count"] = event.get("count", 1) + 1
                event["lastTimestamp"] = clock.text()

        self._store.mutate(EVENTS, namespace, name, again)

    def _classic(self, source: str, about: Json) -> Json:
        now = self._store.clock.text()
        component: Json = {"component": source}
        if source == "kubelet" and about.get("spec", {}).get("nodeName"):
            component["host"] = about["spec"]["nodeName"]
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "involvedObject": involved(about),
            "source": component,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": component.get("host", ""),
        }

    def _modern(self, about: Json) -> Json:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "involvedObject": involved(about),
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": self._store.clock.micro_text(),
            "reportingComponent": "default-scheduler",
            "reportingInstance": "default-scheduler-demo",
        }


def involved(about: Json) -> Json:
    """The ObjectReference an event carries."""
    meta = about["metadata"]
    reference = {
        "kind": about["kind"],
        "namespace": meta.get("namespace", ""),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": about["apiVersion"],
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    return {key: value for key, value in reference.items() if value}


def last_seen(event: Json) -> str | None:
    """When the event happened last, whichever way it was written."""
    series = event.get("series") or {}
    return series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
