"""Bounds of a namespace: quotas, and limits of a container."""

from tests.apiserver.manifests import container, deployment
from tests.scenarios.checks import available, short_of, told
from tests.scenarios.place import Place
from tests.scenarios.scenario import Scenario, ask, here, patched


async def quota_exceeded(place: Place) -> None:
    await place.create(
        {"kind": "ResourceQuota", "metadata": {"name": "cpu"}, "spec": {"hard": {"requests.cpu": "20m"}}}
    )
    await place.create(deployment("web", 3, containers=[container(resources={"requests": {"cpu": "10m"}})]))
    await place.until(short_of("web", 2), "the third pod is refused")
    await place.until(told("FailedCreate", "exceeded quota"), "the refusal is told")


async def limit_range(place: Place) -> None:
    bounds = {"limits": [{"type": "Container", "max": {"memory": "128Mi"}}]}
    await place.create({"kind": "LimitRange", "metadata": {"name": "small"}, "spec": bounds})


async def within_the_limit(place: Place) -> bool:
    pod = await place.find("pods", "cache")
    return bool(pod) and pod["spec"]["containers"][0]["resources"]["limits"] == {"memory": "128Mi"}


CACHE = """
apiVersion: v1
kind: Pod
metadata: {{name: cache}}
spec:
  containers:
    - name: app
      image: redis:7.4
      resources: {{limits: {{memory: {memory}}}}}
"""

SCENARIOS = (
    Scenario(
        "s21-quota-exceeded",
        quota_exceeded,
        (
            ask(
                "web has two pods of three.",
                here("k8s_events", types="warning").saying("exceeded quota: cpu"),
                here("k8s_get", kind="resourcequota", name="cpu").saying("20m"),
                patched("resourcequota", "cpu", {"spec": {"hard": {"requests.cpu": "60m"}}}).saying("60m"),
                here("k8s_rollout_do", action="restart", name="web").saying("3 of 3 available"),
            ),
        ),
        available("web", 3),
        ("resourcequotas/cpu", "deployments/web"),
    ),
    Scenario(
        "s22-limitrange",
        limit_range,
        (
            ask(
                "Run a redis called cache with 1 GiB of memory, or as much as is allowed.",
                here("k8s_apply", manifest=CACHE.format(memory="1Gi")).failing(
                    "maximum memory usage per Container is 128Mi"
                ),
                here("k8s_apply", manifest=CACHE.format(memory="128Mi")).saying("created"),
            ),
        ),
        within_the_limit,
        ("pods/cache",),
    ),
)
