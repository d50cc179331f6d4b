"""How many pods there are, and how new ones take the place of old ones."""

from tests.apiserver.manifests import container, deployment
from tests.scenarios.checks import available, condition
from tests.scenarios.place import Object, Place
from tests.scenarios.scenario import Scenario, ask, here

AUTOSCALER = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 3
  targetCPUUtilizationPercentage: 50
"""
MOST_AWAY = 1


async def served(place: Place, replicas: int) -> Object:
    web = deployment("web", replicas, containers=[container(resources={"requests": {"cpu": "100m"}})])
    web["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": MOST_AWAY, "maxSurge": 1}}
    await place.create(web)
    await place.until(available("web", replicas), "web is available")
    return web


async def one(place: Place) -> None:
    await served(place, 1)


async def autoscaled(place: Place) -> bool:
    code, found = await place.ground.ask(
        "GET", f"/apis/autoscaling/v1/namespaces/{place.ns}/horizontalpodautoscalers/web"
    )
    if code != 200:
        return False
    spec = {key: found["spec"].get(key) for key in ("minReplicas", "maxReplicas", "targetCPUUtilizationPercentage")}
    able = condition(await place.find("horizontalpodautoscalers", "web"), "AbleToScale") == "True"
    able = able or '"AbleToScale","status":"True"' in (found["metadata"].get("annotations") or {}).get(
        "autoscaling.alpha.kubernetes.io/conditions", ""
    )
    return able and spec == {"minReplicas": 1, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}


async def none(place: Place) -> None:
    await place.create(deployment("web", 0))
    await place.until(available("web", 0), "web has no pods")


async def two(place: Place) -> None:
    await served(place, 2)
    await place.follow("deployments", "web")


async def twice_and_back(place: Place) -> bool:
    """As a watch saw it: two pods, four, two."""
    sizes = [each["spec"]["replicas"] for each in place.history]
    steps = [size for size, before in zip(sizes, [0, *sizes], strict=False) if size != before]
    return steps == [2, 4, 2] and await available("web", 2)(place)


async def four(place: Place) -> None:
    await served(place, 4)
    await place.follow("deployments", "web")


async def without_a_gap(place: Place) -> bool:
    """As a watch saw it: never fewer pods than the strategy promises, and more than one state on the way."""
    fewest = min(each["status"].get("availableReplicas", 0) for each in place.history)
    assert fewest >= 4 - MOST_AWAY, f"only {fewest} pods were available for a while"
    return len(place.history) > 2 and await available("web", 4, image="nginx:1.28")(place)


SCENARIOS = (
    Scenario(
        "s30-hpa-create",
        one,
        (
            ask(
                "Scale web between 1 and 3 pods at half of its CPU.",
                here("k8s_top", scope="pods"),
                here("k8s_apply", manifest=AUTOSCALER).saying("created"),
            ),
        ),
        autoscaled,
        ("horizontalpodautoscalers/web",),
    ),
    Scenario(
        "s32-scaled-to-zero",
        none,
        (
            ask(
                "web is gone.",
                here("k8s_get", kind="deployment", name="web", path="spec.replicas").saying("0"),
                here("k8s_scale", name="web", replicas=1).saying("from 0 to 1", "1 of 1 available"),
            ),
        ),
        available("web"),
        ("deployments/web",),
    ),
    Scenario(
        "s33-scale-relative",
        two,
        (
            ask(
                "Twice as many pods of web.",
                here("k8s_get", kind="deployment", name="web", path="spec.replicas").saying("2"),
                here("k8s_scale", name="web", replicas=4).saying("from 2 to 4", "4 of 4 available"),
            ),
            ask(
                "And half of that again.",
                here("k8s_get", kind="deployment", name="web", path="spec.replicas").saying("4"),
                here("k8s_scale", name="web", replicas=2).saying("from 4 to 2", "2 of 2 available"),
            ),
        ),
        twice_and_back,
        ("deployments/web",),
    ),
    Scenario(
        "s34-rolling-update",
        four,
        (
            ask(
                "Bring web to nginx 1.28, without a gap.",
                here("k8s_set", name="web", images={"app": "nginx:1.28"}).saying("4 of 4 available"),
                here("k8s_rollout_status", name="web").saying("done"),
            ),
        ),
        without_a_gap,
        ("deployments/web",),
    ),
)
