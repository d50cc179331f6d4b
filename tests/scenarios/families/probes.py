"""Probes that ask for what is not served."""

from typing import Any

from tests.apiserver.manifests import container, deployment
from tests.scenarios.checks import available, both, containers, restarted, told
from tests.scenarios.place import Place
from tests.scenarios.scenario import Check, Scenario, ask, here, in_pods, patched

PORTS = [{"containerPort": 80}]


def probe(path: str = "/", port: int = 80) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 3}


async def wrong_path(place: Place) -> None:
    wrong = probe("/wrong")
    await place.create(
        deployment("web", 1, containers=[container(ports=PORTS, livenessProbe=wrong, readinessProbe=wrong)])
    )
    await place.until(told("Unhealthy", "404"), "the probes fail")


async def wrong_port(place: Place) -> None:
    await place.create(deployment("web", 1, containers=[container(ports=PORTS, livenessProbe=probe(port=9090))]))
    await place.until(restarted("web"), "the container is killed")


def asks_for(**probes: dict[str, Any]) -> Check:
    """These probes, and pods that are all well with them."""

    async def holds(place: Place) -> bool:
        found = (await place.find("deployments", "web"))["spec"]["template"]["spec"]["containers"][0]
        pods = await place.items("pods", "app=web")
        calm = all(not state["restartCount"] for pod in pods for state in containers(pod))
        return calm and all(
            (found.get(name) or {}).get("httpGet", {}).items() >= probe.items() for name, probe in probes.items()
        )

    return both(available("web"), holds)


RIGHT = {"path": "/", "port": 80}

SCENARIOS = (
    Scenario(
        "s06-probe-path",
        wrong_path,
        (
            ask(
                "web never gets ready.",
                here("k8s_events", types="warning").saying("probe failed", "404"),
                patched(
                    "deployment",
                    "web",
                    in_pods({"name": "app", "livenessProbe": probe(), "readinessProbe": probe()}),
                ).saying("1 of 1 available"),
            ),
        ),
        asks_for(livenessProbe=RIGHT, readinessProbe=RIGHT),
        ("deployments/web",),
    ),
    Scenario(
        "s07-probe-port",
        wrong_port,
        (
            ask(
                "web is restarted again and again.",
                here("k8s_events", types="warning").saying("Liveness probe failed", "9090"),
                patched("deployment", "web", in_pods({"name": "app", "livenessProbe": probe()})).saying(
                    "1 of 1 available"
                ),
            ),
        ),
        asks_for(livenessProbe=RIGHT),
        ("deployments/web",),
    ),
)
