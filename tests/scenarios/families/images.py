"""Images that cannot be pulled."""

from tests.apiserver.manifests import deployment
from tests.scenarios.checks import available, both, condition, waiting
from tests.scenarios.place import Place
from tests.scenarios.scenario import Scenario, ask, here, in_pods

TYPO = "nginx:typo"


async def new_version(place: Place, **spec: int) -> None:
    """A good first version, then one whose image does not exist."""
    web = deployment("web", 3)
    web["spec"] |= spec
    await place.create(web)
    await place.until(available("web", 3), "the first version is available")
    await place.change("deployments", "web", in_pods({"name": "app", "image": TYPO}))
    await place.until(waiting("web", "ImagePullBackOff"), "the new image cannot be pulled")


async def image_typo(place: Place) -> None:
    await new_version(place)


async def out_of_time(place: Place) -> bool:
    return condition(await place.find("deployments", "web"), "Progressing") == "False"


async def rollout_stuck(place: Place) -> None:
    await new_version(place, progressDeadlineSeconds=3)
    await place.until(out_of_time, "the rollout is out of time")


async def came_to_its_end(place: Place) -> bool:
    conditions = (await place.find("deployments", "web"))["status"]["conditions"]
    return any(each["reason"] == "NewReplicaSetAvailable" for each in conditions)


SCENARIOS = (
    Scenario(
        "s01-image-typo",
        image_typo,
        (
            ask(
                "The new version of web does not come up.",
                here("k8s_list", kind="pods").saying("ImagePull"),
                here("k8s_events", types="warning").saying(TYPO),
                here("k8s_set", name="web", images={"app": "nginx:1.28"}).saying("3 of 3 available"),
            ),
        ),
        available("web", 3, image="nginx:1.28"),
        ("deployments/web",),
    ),
    Scenario(
        "s02-rollout-stuck",
        rollout_stuck,
        (
            ask(
                "The rollout of web hangs. Bring the last version back.",
                here("k8s_rollout_status", name="web").saying("stuck", "timed out progressing"),
                here("k8s_rollout_history", name="web").saying("nginx:1.27", TYPO),
                here("k8s_rollout_do", action="undo", name="web").saying("3 of 3 available"),
            ),
        ),
        both(available("web", 3, image="nginx:1.27"), came_to_its_end),
        ("deployments/web",),
    ),
)
