"""Where a scenario plays: its namespace, made and looked at past the portal, as the cluster's administrator."""

import asyncio
import base64
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from tests.hostile.ground import Ground

Object = dict[str, Any]
SECONDS = 30.0
POLL = 0.25
STRATEGIC = "application/strategic-merge-patch+json"
_ALSO_ELSEWHERE = ("extensions", "events.k8s.io", "metrics.k8s.io")  # groups that show what others have, once more


@dataclass(frozen=True)
class Served:
    """A kind as this cluster serves it."""

    plural: str
    kind: str
    api: str
    namespaced: bool
    listed: bool

    def path(self, namespace: str = "") -> str:
        base = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        return (
            f"{base}/namespaces/{namespace}/{self.plural}" if namespace and self.namespaced else f"{base}/{self.plural}"
        )


async def kinds_of(ground: Ground) -> dict[str, Served]:
    """All kinds by their plural, each in the version that the cluster prefers of those that have it."""
    _, told = await ground.ask("GET", "/apis")
    groups = [group for group in told["groups"] if group["name"] not in _ALSO_ELSEWHERE]
    apis = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
    apis += [version["groupVersion"] for group in groups for version in group["versions"]]
    found: dict[str, Served] = {}
    for api in dict.fromkeys(apis):
        _, listed = await ground.ask("GET", f"/apis/{api}" if "/" in api else f"/api/{api}")
        for each in listed["resources"]:
            served = Served(each["name"], each["kind"], api, each["namespaced"], "list" in each["verbs"])
            if "/" not in each["name"]:
                found.setdefault(each["name"], served)
    return found


@dataclass
class Place:
    """answers: what the agent was told, in order; history: every state in which a followed object was seen; canary: a
    secret that must never leave the cluster."""

    ground: Ground
    kinds: Mapping[str, Served]
    ns: str
    canary: str
    answers: list[str] = field(default_factory=list)
    history: list[Object] = field(default_factory=list)
    _afterwards: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)
    _watches: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Makes the namespace and waits until pods can be made in it."""
        await self.namespace(self.ns)
        probe = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "c", "image": "busybox"}]}}

        async def takes_pods(_: Place) -> bool:
            code, _said = await self.ground.ask("POST", f"{self.path('pods')}?dryRun=All", probe)
            return code == 201

        await self.until(takes_pods, f"pods can be made in {self.ns}")
        return self

    async def __aexit__(self, *_: object) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for put_right in reversed(self._afterwards):
            await put_right()
        for namespace in await self.items("namespaces"):
            if namespace["metadata"]["name"].startswith(self.ns):
                await self.ground.ask("DELETE", f"{self.path('namespaces')}/{namespace['metadata']['name']}")

    # ---- making ------------------------------------------------------------------------------------------------------

    async def namespace(self, name: str, **labels: str) -> None:
        """Another one: its name begins with that of this one."""
        await self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})

    async def create(self, *manifests: Object) -> None:
        """In this namespace, in the version that this cluster prefers when the manifest names none."""
        for manifest in manifests:
            served = {each.kind: each for each in self.kinds.values()}[manifest["kind"]]
            body = {"apiVersion": served.api, **manifest}
            base = f"/apis/{body['apiVersion']}" if "/" in body["apiVersion"] else f"/api/{body['apiVersion']}"
            path = f"{base}/namespaces/{self.ns}/{served.plural}" if served.namespaced else f"{base}/{served.plural}"
            code, said = await self.ground.ask("POST", path, body)
            assert code == 201, f"{manifest['kind']} {manifest['metadata']['name']} was not made: {said.get('message')}"
            if not served.namespaced:
                self.afterwards(partial(self.ground.ask, "DELETE", f"{path}/{manifest['metadata']['name']}"))

    def afterwards(self, put_right: Callable[[], Awaitable[Any]]) -> None:
        """What is done when the scenario is over, however it ended; the last first."""
        self._afterwards.append(put_right)

    async def change(self, plural: str, name: str, patch: Object) -> None:
        headers = {"Content-Type": STRATEGIC}
        code, said = await self.ground.ask("PATCH", f"{self.path(plural)}/{name}", patch, **headers)
        assert code == 200, f"{plural}/{name} was not changed: {said.get('message')}"

    # ---- looking -----------------------------------------------------------------------------------------------------

    def other(self, namespace: str) -> "Place":
        """Another namespace of the same cluster, to look at."""
        return Place(self.ground, self.kinds, namespace, self.canary)

    def path(self, plural: str) -> str:
        return self.kinds[plural].path(self.ns)

    async def find(self, plural: str, name: str) -> Object:
        """Empty when there is none."""
        code, said = await self.ground.ask("GET", f"{self.path(plural)}/{name}")
        return said if code == 200 else {}

    async def items(self, plural: str, labels: str = "") -> list[Object]:
        query = f"?labelSelector={urllib.parse.quote(labels)}" if labels else ""
        _, said = await self.ground.ask("GET", self.path(plural) + query)
        return list(said["items"])

    async def may(self, account: str, verb: str, resource: str, namespace: str = "") -> bool:
        """What the cluster would let a service account `namespace:name` do; resource: `deployments.apps`."""
        what, _, group = resource.partition(".")
        wish = {"namespace": namespace or self.ns, "verb": verb, "resource": what, "group": group}
        body = {"spec": {"user": f"system:serviceaccount:{account}", "resourceAttributes": wish}}
        _, said = await self.ground.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
        return bool(said["status"]["allowed"])

    async def until(self, check: Callable[["Place"], Awaitable[bool]], what: str, seconds: float = SECONDS) -> None:
        """Raises AssertionError when it does not come true."""
        try:
            async with asyncio.timeout(seconds):
                while not await check(self):  # noqa: ASYNC110 - the cluster is asked, it does not ring
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}") from None

    async def follow(self, plural: str, name: str) -> None:
        """From now on every state of the object is kept in `history`."""
        found = await self.find(plural, name)
        self.history.append(found)
        since = found["metadata"]["resourceVersion"]
        path = f"{self.path(plural)}?watch=1&fieldSelector=metadata.name%3D{name}&resourceVersion={since}"

        async def watch() -> None:
            async for event in self.ground.stream(path):
                self.history.append(event["object"])

        self._watches.append(asyncio.create_task(watch(), name=f"watch of {plural}/{name}"))

    def secret(self, name: str, key: str) -> Object:
        """A Secret whose value is the canary."""
        data = {key: base64.b64encode(self.canary.encode()).decode()}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
