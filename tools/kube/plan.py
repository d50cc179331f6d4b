"""What a call is going to send, step by step, and the pass that lets each of these steps out once. Pure.

A step is a request in the words of the wire: method, path, query, content type and a digest of the exact bytes. Whoever
approves a call approves its steps, and the guard lets nothing else out.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from tools.effects import Effect
from tools.kube.resources import Resource

Object: TypeAlias = dict[str, Any]
Wire: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str, str]  # method, path, query, content type, digest

_NOT_STATE = ("managedFields", "resourceVersion", "generation", "selfLink", "creationTimestamp")
_CHURNING = ("deployment.kubernetes.io/revision", "control-plane.alpha.kubernetes.io/leader")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MADE_UP = re.compile(r"kube-api-access-[a-z0-9]{5}")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One request that would change something.

    path: as it is sent; address: the object's own path; wire: the whole request; before and after: the object as it is
    and as the dry run gave it back, None where there is none; whole: the object itself, where `before` is one of its
    subresources; trial: the tool itself asks for a dry run only; untried: why the API server could not try it out, as
    half a sentence; blocked: why it would be refused at this moment, though it may wait for another; taken: the fields
    that a forced apply takes from others, a sentence each.
    """

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    address: str
    wire: Wire
    effect: Effect
    before: Object | None = None
    after: Object | None = None
    whole: Object | None = None
    trial: bool = False
    untried: str = ""
    blocked: str = ""
    taken: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """As kubectl writes it: `deployments.apps`, `pods`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def words(self) -> str:
        """As people say it: `deployments.apps web in shop`."""
        name = f" {self.name}" if self.name else ""
        sub = f" ({self.subresource})" if self.subresource and self.verb != "evict" else ""
        return f"{self.kind}{name}{sub}" + (f" in {self.namespace}" if self.namespace else "")

    def bound(self) -> dict[str, Any]:
        """What an approval binds of it: as JSON, digests only."""
        method, path, query, content_type, body = self.wire
        uid = str(((self.whole or self.before or {}).get("metadata") or {}).get("uid") or "")
        return {
            "verb": self.verb,
            "method": method,
            "path": path,
            "query": [list(pair) for pair in query],
            "content_type": content_type,
            "body": body,
            "uid": uid,
            "states": [state(self.before), state(self.after, made=self.before is None)],
            "untried": self.untried,
        }


def wire(
    method: str, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]], content_type: str, body: bytes | None
) -> Wire:
    pairs = tuple(query.items()) if isinstance(query, Mapping) else tuple(query)
    kind = content_type if body is not None else ""
    return (method, path, pairs, kind, hashlib.sha256(body or b"").hexdigest())


def state(found: Object | None, *, made: bool = False) -> str:
    """A fingerprint of what is wanted of an object: without its status and bookkeeping; of one that a dry run `made`
    also without what every run makes up anew, such as its uid, which a Job's pods bear as a label."""
    if found is None:
        return ""
    meta = {key: value for key, value in (found.get("metadata") or {}).items() if key not in _NOT_STATE}
    uid = str(meta.pop("uid", "")) if made else ""
    drawn = _UID.fullmatch(uid) is not None  # a short one could stand anywhere
    if isinstance(meta.get("annotations"), dict):
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key not in _CHURNING}
    wanted = {key: value for key, value in found.items() if key != "status"} | {"metadata": meta}
    written = json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    if made:
        written = _MADE_UP.sub("kube-api-access", written.replace(uid, "its uid") if drawn else written)
    return hashlib.sha256(written.encode()).hexdigest()


class Passes:
    """Lets each step of a plan out once. Kept by one permit, for one execution."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._left = Counter(step.wire for step in steps)

    def spend(self, sent: Wire) -> bool:
        """Whether this request is a step that has not gone out yet; from now on it has."""
        if self._left[sent] < 1:
            return False
        self._left[sent] -= 1
        return True


class Recorder:
    """Collects where a rehearsal takes place, its steps, and the kinds that would exist after them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.place = ("", "")  # the API server's address, and a fingerprint of the authority it is trusted by
        self._kinds: dict[str, Resource] = {}

    def add(self, step: Step, body: bytes | None) -> None:
        self.steps.append(step)
        if step.resource == "customresourcedefinitions" and body:
            self._kinds |= {f"{kind.api_version}/{kind.kind}": kind for kind in _defined(body)}

    def foretold(self, kind: str) -> Resource | None:
        """A kind (`group/version/Kind`) that an earlier step of this rehearsal defines."""
        return self._kinds.get(kind)

    def makes(self, name: str) -> Step | None:
        """The earlier step that makes an object of that name."""
        return next((step for step in self.steps if step.before is None and step.name == name), None)

    @property
    def made(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps if step.before is None and step.name)


def _defined(body: bytes) -> Iterable[Resource]:
    try:
        spec = (msgspec.json.decode(body) or {}).get("spec") or {}
        names = spec.get("names") or {}
        return [
            Resource(
                group=str(spec["group"]),
                version=str(version["name"]),
                kind=str(names["kind"]),
                plural=str(names["plural"]),
                singular=str(names.get("singular") or names["kind"]).lower(),
                namespaced=spec.get("scope") == "Namespaced",
            )
            for version in spec.get("versions") or []
        ]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return []
