"""Claims that get no volume, and one that must grow."""

from tests.apiserver.manifests import claim, pod
from tests.scenarios.checks import both, bound, ready, unschedulable
from tests.scenarios.place import Object, Place
from tests.scenarios.scenario import Scenario, ask, call, here, patched

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: standard
  resources: {requests: {storage: 1Gi}}
"""


def uses_the_claim() -> Object:
    return pod("db", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])


async def unknown_class(place: Place) -> None:
    await place.create(claim("data", "1Gi", "fast"), uses_the_claim())
    await place.until(unschedulable("db"), "the pod waits for its volume")


async def claim_missing(place: Place) -> None:
    await place.create(uses_the_claim())
    await place.until(unschedulable("db"), "the pod waits for its claim")


async def too_small(place: Place) -> None:
    await place.create(claim("data", "10Gi"))
    await place.until(bound("data"), "the claim is bound")


async def has_grown(place: Place) -> bool:
    found = await place.find("persistentvolumeclaims", "data")
    volume = await place.find("persistentvolumes", found["spec"]["volumeName"])
    return bool(volume["spec"]["capacity"]["storage"] == "15Gi" == found["status"]["capacity"]["storage"])


SCENARIOS = (
    Scenario(
        "s23-pvc-class",
        unknown_class,
        (
            ask(
                "The pod db does not start.",
                here("k8s_describe", kind="pvc", name="data").saying("fast", "not found"),
                call("k8s_list", kind="storageclasses").saying("standard"),
                here("k8s_delete", kind="pvc", name="data"),
                here("k8s_apply", manifest=CLAIM).saying("created"),
            ),
        ),
        both(bound("data"), ready("db")),
        ("persistentvolumeclaims/data",),
    ),
    Scenario(
        "s24-pvc-missing",
        claim_missing,
        (
            ask(
                "The pod db does not start.",
                here("k8s_events", types="warning").saying('persistentvolumeclaim "data" not found'),
                here("k8s_apply", manifest=CLAIM).saying("created"),
            ),
        ),
        both(bound("data"), ready("db")),
        ("persistentvolumeclaims/data",),
    ),
    Scenario(
        "s25-pvc-resize",
        too_small,
        (
            ask(
                "Give the claim data 15 GiB.",
                here("k8s_get", kind="pvc", name="data").saying("10Gi"),
                patched("pvc", "data", {"spec": {"resources": {"requests": {"storage": "15Gi"}}}}).saying("15Gi"),
            ),
        ),
        has_grown,
        ("persistentvolumeclaims/data",),
    ),
)
