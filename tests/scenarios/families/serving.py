"""Services that lead nowhere, and one that leads to two versions."""

from typing import Any

from tests.apiserver.manifests import deployment
from tests.scenarios.checks import available, both, endpoints
from tests.scenarios.place import Object, Place
from tests.scenarios.scenario import Scenario, ask, here, patched


def service(name: str, **selector: str) -> Object:
    spec = {"selector": selector, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


async def wrong_selector(place: Place) -> None:
    await place.create(deployment("web", 2), service("web", app="wbe"))
    await place.until(available("web", 2), "web is available")


async def service_deleted(place: Place) -> None:
    await place.create(deployment("web", 2))
    await place.until(available("web", 2), "web is available")


async def one_version(place: Place) -> None:
    web = deployment("web", 2)
    web["spec"]["selector"]["matchLabels"]["track"] = web["spec"]["template"]["metadata"]["labels"]["track"] = "stable"
    await place.create(web, service("web", app="web", track="stable"))
    await place.until(both(available("web", 2), endpoints("web", 2)), "two pods are served")


async def half_and_half(place: Place) -> bool:
    pods = await place.items("pods", "app=web")
    return sorted(pod["spec"]["containers"][0]["image"] for pod in pods) == ["nginx:1.27"] * 2 + ["nginx:1.28"] * 2


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, protocol: TCP}]
"""
CANARY = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-canary, labels: {app: web, track: canary}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web, track: canary}}
  template:
    metadata: {labels: {app: web, track: canary}}
    spec: {containers: [{name: app, image: "nginx:1.28"}]}
"""
NO_TRACK: dict[str, Any] = {"spec": {"selector": {"track": None}}}

SCENARIOS = (
    Scenario(
        "s10-svc-selector",
        wrong_selector,
        (
            ask(
                "Nobody reaches web.",
                here("k8s_describe", kind="service", name="web").saying("wbe", "No pod matches the selector"),
                here("k8s_list", kind="pods", columns=["metadata.labels.app"]).saying("web"),
                patched("service", "web", {"spec": {"selector": {"app": "web"}}}).saying("wbe"),
            ),
        ),
        endpoints("web", 2),
        ("services/web",),
    ),
    Scenario(
        "s12-svc-deleted",
        service_deleted,
        (
            ask(
                "web has lost its address.",
                here("k8s_list", kind="services").saying("No services"),
                here("k8s_list", kind="deployments").saying("web", "2/2"),
                here("k8s_apply", manifest=SERVICE).saying("created"),
            ),
        ),
        endpoints("web", 2),
        ("services/web",),
    ),
    Scenario(
        "s14-canary",
        one_version,
        (
            ask(
                "Give half of web's traffic to nginx 1.28.",
                here("k8s_get", kind="service", name="web").saying("track: stable"),
                here("k8s_apply", manifest=CANARY).saying("created", "2 of 2 available"),
                patched("service", "web", NO_TRACK).saying("track"),
            ),
        ),
        both(available("web", 2), available("web-canary", 2), endpoints("web", 4), half_and_half),
        ("deployments/web-canary", "services/web"),
    ),
)
