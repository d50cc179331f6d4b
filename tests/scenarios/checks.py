"""What holds of a cluster: the questions that setups wait for and verifiers ask."""

from typing import Any

from tests.scenarios.place import Object, Place
from tests.scenarios.scenario import Check


def available(name: str, replicas: int = 1, *, image: str = "") -> Check:
    """A Deployment whose last change has come to its end: that many pods, all new, and no other left."""

    async def holds(place: Place) -> bool:
        found = await place.find("deployments", name)
        state = found.get("status") or {}
        if not found or state.get("observedGeneration") != found["metadata"]["generation"]:
            return False
        counts = {state.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
        images = {each["image"] for each in found["spec"]["template"]["spec"]["containers"]}
        return counts == {replicas} == {found["spec"]["replicas"]} and (not image or images == {image})

    return holds


def short_of(name: str, replicas: int) -> Check:
    """A Deployment that has that many available pods and wants more."""

    async def holds(place: Place) -> bool:
        found = await place.find("deployments", name)
        has = (found.get("status") or {}).get("availableReplicas", 0)
        return bool(found) and has == replicas < found["spec"]["replicas"]

    return holds


def waiting(app: str, *reasons: str) -> Check:
    """Some container of the app's pods waits for one of these reasons."""

    async def holds(place: Place) -> bool:
        states = [state for pod in await place.items("pods", f"app={app}") for state in containers(pod)]
        return any((state["state"].get("waiting") or {}).get("reason") in reasons for state in states)

    return holds


def restarted(app: str) -> Check:
    async def holds(place: Place) -> bool:
        pods = await place.items("pods", f"app={app}")
        return any(state["restartCount"] for pod in pods for state in containers(pod))

    return holds


def told(reason: str, words: str = "") -> Check:
    """An event of the namespace says so."""

    async def holds(place: Place) -> bool:
        events = await place.items("events")
        return any(event["reason"] == reason and words in event["message"] for event in events)

    return holds


def ready(pod: str) -> Check:
    async def holds(place: Place) -> bool:
        return condition(await place.find("pods", pod), "Ready") == "True"

    return holds


def unschedulable(app: str) -> Check:
    async def holds(place: Place) -> bool:
        return any(condition(pod, "PodScheduled") == "False" for pod in await place.items("pods", f"app={app}"))

    return holds


def bound(claim: str) -> Check:
    async def holds(place: Place) -> bool:
        return bool(((await place.find("persistentvolumeclaims", claim)).get("status") or {}).get("phase") == "Bound")

    return holds


def endpoints(service: str, count: int) -> Check:
    """That many ready addresses behind the Service, in its EndpointSlices."""

    async def holds(place: Place) -> bool:
        slices = await place.items("endpointslices", f"kubernetes.io/service-name={service}")
        addresses = [each for part in slices for each in part.get("endpoints") or []]
        return sum((each.get("conditions") or {}).get("ready") is True for each in addresses) == count

    return holds


def both(*checks: Check) -> Check:
    async def holds(place: Place) -> bool:
        for check in checks:
            if not await check(place):
                return False
        return True

    return holds


def exists(plural: str, name: str, *path: str, value: Any = None) -> Check:
    """The object is there; with a path, what it leads to is `value`."""

    async def holds(place: Place) -> bool:
        found: Any = await place.find(plural, name)
        for key in path:
            found = (found or {}).get(key)
        return bool(found) if value is None else bool(found == value)

    return holds


def containers(pod: Object) -> list[Object]:
    """The state of each container, as the kubelet reports it."""
    return list(pod["status"].get("containerStatuses") or [])


def condition(found: Object, kind: str) -> str:
    conditions = (found.get("status") or {}).get("conditions") or []
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")
