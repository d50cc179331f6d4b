"""Questions that are answered by looking: the answers have the facts, and nothing is written."""

from tests.apiserver.manifests import claim, deployment, pod
from tests.scenarios.checks import available, both, bound, waiting
from tests.scenarios.place import Place
from tests.scenarios.scenario import Check, Scenario, ask, here


async def measured(place: Place) -> bool:
    """Both pods that run: metrics come every 15 seconds at best."""
    code, found = await place.ground.ask("GET", f"/apis/metrics.k8s.io/v1beta1/namespaces/{place.ns}/pods")
    return code == 200 and len(found["items"]) == 2


async def something_of_everything(place: Place) -> None:
    ours = claim("ours", "1Gi")
    ours["metadata"]["annotations"] = {"team": "payments"}
    await place.create(deployment("web", 2), ours, claim("theirs", "1Gi"))
    await place.create(pod("broken", containers=[{"name": "app", "image": "registry.invalid/web:9"}]))
    stands = both(available("web", 2), bound("ours"), waiting("broken", "ImagePullBackOff"), measured)
    await place.until(stands, "all stands and is measured")


async def all_well(place: Place) -> None:
    await place.create(deployment("web", 2))
    await place.until(available("web", 2), "web is available")


def heard(*facts: tuple[str, ...]) -> Check:
    """The answers, one after another, have these words."""

    async def holds(place: Place) -> bool:
        told = zip(place.answers, facts, strict=False)
        return len(place.answers) == len(facts) and all(word in answer for answer, words in told for word in words)

    return holds


SCENARIOS = (
    Scenario(
        "s47-read-only",
        something_of_everything,
        (
            ask(
                "What runs here, how much does it use, and which claims are of team payments?",
                here("k8s_list", kind="pods", columns=["spec.containers[*].image"]),
                here("k8s_list", kind="pods", summary=True),
                here("k8s_top", scope="pods"),
                here("k8s_list", kind="pvc", where="metadata.annotations.team=payments"),
            ),
        ),
        heard(
            ("3 pods", "nginx:1.27", "registry.invalid/web:9"),
            ("3 pods", "Running 2", "ImagePull"),
            ("2 pods", "web-", "m"),
            ("1 persistentvolumeclaim", "ours"),
        ),
    ),
    Scenario(
        "s48-noop",
        all_well,
        (
            ask(
                "Is anything wrong here?",
                here("k8s_list", kind="deployments"),
                here("k8s_list", kind="pods", where="STATUS!=Running"),
                here("k8s_events", types="warning"),
            ),
        ),
        heard(("web", "2/2"), ("No pods",), ("No warning events",)),
    ),
)
