"""Pods that no node takes."""

from typing import Any

from tests.apiserver.manifests import container, deployment, pod
from tests.scenarios.checks import available, both, short_of, unschedulable
from tests.scenarios.place import Place
from tests.scenarios.scenario import Scenario, ask, call, here, in_pods, patched

LABEL = {"disk": "ssd"}
APART = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}


async def pending(place: Place, replicas: int = 1, **spec: Any) -> None:
    await place.create(deployment("web", replicas, **spec))
    await place.until(unschedulable("web"), "a pod finds no node")


async def node_selector(place: Place) -> None:
    await pending(place, nodeSelector=LABEL)


async def anti_affinity(place: Place) -> None:
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [APART]}}
    await pending(place, 5, affinity=affinity)
    await place.until(short_of("web", 3), "three of five run")


async def too_big(place: Place) -> None:
    await pending(place, containers=[container(resources={"requests": {"cpu": "64"}})])


async def cordoned(place: Place) -> None:
    """One node is closed, and the others are full."""
    nodes = await place.items("nodes")
    for node in nodes:
        name, room = node["metadata"]["name"], node["status"]["allocatable"]["cpu"]
        if name != place.ground.node:
            full = container(resources={"requests": {"cpu": room}})
            await place.create(pod(f"fills-{name}", containers=[full], nodeName=name))
    await place.change("nodes", place.ground.node, {"spec": {"unschedulable": True}})
    place.afterwards(lambda: place.change("nodes", place.ground.node, {"spec": {"unschedulable": None}}))
    await pending(place, containers=[container(resources={"requests": {"cpu": "200m"}})])


async def all_nodes_open(place: Place) -> bool:
    return not any(node["spec"].get("unschedulable") for node in await place.items("nodes"))


PREFERRED = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": None,
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": APART}],
    }
}
# The pods that are there keep new ones away from their nodes, so some must go before any can come.
_SOME_AWAY = {"strategy": {"rollingUpdate": {"maxUnavailable": 3}}}
TOGETHER = {"spec": in_pods(affinity=PREFERRED)["spec"] | _SOME_AWAY}

SCENARIOS = (
    Scenario(
        "s15-node-selector",
        node_selector,
        (
            ask(
                "web stays Pending.",
                here("k8s_events", types="warning").saying("FailedScheduling"),
                call("k8s_list", kind="nodes", label_selector="disk=ssd").saying("No nodes"),
                patched("deployment", "web", in_pods(nodeSelector={"disk": None})).saying("1 of 1 available"),
            ),
        ),
        available("web"),
        ("deployments/web",),
    ),
    Scenario(
        "s17-anti-affinity",
        anti_affinity,
        (
            ask(
                "Only three of five pods of web run.",
                here("k8s_events", types="warning").saying("FailedScheduling", "anti-affinity"),
                patched("deployment", "web", TOGETHER).saying("5 of 5 available"),
            ),
        ),
        available("web", 5),
        ("deployments/web",),
    ),
    Scenario(
        "s18-cordoned",
        cordoned,
        (
            ask(
                "There is no room for web.",
                here("k8s_events", types="warning").saying("FailedScheduling", "Insufficient cpu"),
                call("k8s_list", kind="nodes").saying("SchedulingDisabled"),
                call("node_uncordon", node="{node}").saying("open"),
            ),
        ),
        both(available("web"), all_nodes_open),
        ("nodes/{node}",),
        alone=True,
    ),
    Scenario(
        "s19-requests-too-big",
        too_big,
        (
            ask(
                "web does not start.",
                here("k8s_events", types="warning").saying("Insufficient cpu"),
                call("k8s_top", scope="nodes").saying("CPU"),
                here("k8s_set", name="web", resources={"requests": {"cpu": "100m"}}).saying("1 of 1 available"),
            ),
        ),
        available("web"),
        ("deployments/web",),
    ),
)
