"""API versions that the cluster still serves and that a newer Kubernetes drops."""

from collections.abc import Iterator

from tools.diagnosis.finding import Finding, Severity, Sign, Thing, count
from tools.diagnosis.told import Told
from tools.diagnosis.world import World

OLD = Sign("old-api", Severity.NOTE, "an API version that is served and that a newer Kubernetes drops")
SIGNS = (OLD,)
# https://kubernetes.io/docs/reference/using-api/deprecation-guide/: (version and kind, dropped in, what to use)
REMOVALS = (
    ("extensions/v1beta1 ingresses", "1.22", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1 ingresses", "1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1 roles", "1.22", "rbac.authorization.k8s.io/v1"),
    ("batch/v1beta1 cronjobs", "1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1 endpointslices", "1.25", "discovery.k8s.io/v1"),
    ("policy/v1beta1 poddisruptionbudgets", "1.25", "policy/v1"),
    ("policy/v1beta1 podsecuritypolicies", "1.25", "pod security admission"),
    ("autoscaling/v2beta1 horizontalpodautoscalers", "1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2 horizontalpodautoscalers", "1.26", "autoscaling/v2"),
    ("storage.k8s.io/v1beta1 csistoragecapacities", "1.27", "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2 flowschemas", "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3 flowschemas", "1.32", "flowcontrol.apiserver.k8s.io/v1"),
)


def examine(world: World, told: Told) -> Iterator[Finding]:
    for served, dropped, instead in REMOVALS:
        if served in world.served:
            version, _, kind = served.partition(" ")
            yield OLD.on(
                Thing("APIVersion", version),
                f"is served, and Kubernetes {dropped} drops it",
                f"Manifests of {kind} that name {version} stop working when the cluster is upgraded to {dropped}.",
                count(f"served: {served}"),
                fix=f"Write {instead} in the manifests.",
            )
