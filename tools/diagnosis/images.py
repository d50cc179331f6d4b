"""An image that cannot be fetched: mistyped, private, or in a registry that cannot be reached."""

import re

from tools.diagnosis.case import Case, earlier_images, still_serving
from tools.diagnosis.finding import Finding, Severity, Sign, Step, count, spec, status
from tools.pods import Object

PULL = Sign(
    "image-pull",
    Severity.CRITICAL,
    "an image that cannot be fetched: a mistyped name or tag, a private registry without a pull secret, a registry "
    "that cannot be reached, a name that is no image",
)
SIGNS = (PULL,)
REASONS = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
    | {"RegistryUnavailable"}
)
_REFUSED = re.compile(r"unauthori|denied|authentication|forbidden|\b401\b|\b403\b", re.IGNORECASE)
_AWAY = re.compile(r"no such host|lookup|timeout|dial|refused|unreachable", re.IGNORECASE)


def examine(case: Case, container: Object) -> Finding:
    image = str(case.declared(container["name"]).get("image") or container["image"])
    pulls = (event["message"] for event in case.world.warnings(case.thing) if "pull" in str(event["message"]).lower())
    said = next((text for text in pulls if text.lower().startswith("failed to pull")), "") or container["message"] or ""
    earlier = next((other for other in earlier_images(case.world, case.owner) if other != image), "")
    serving = still_serving(case.world, case.owner)
    evidence = [spec(f"image: {image}"), *([status(said)] if said else [])]
    if serving:
        pods = "1 pod" if serving == 1 else f"{serving} pods"
        evidence.append(count(f"The version before still answers: {pods} ready."))
    return PULL.on(
        case.owner,
        "cannot fetch its image",
        f"Kubernetes tries to fetch {image} and cannot. {_why(str(container['reason']), said)}",
        *evidence,
        fix=f"The version before was {earlier}, which could be fetched; or name the right tag."
        if earlier
        else "Name an image that exists.",
        step=_step(case),
        image=image,
        earlier_image=earlier,
        container=container["name"],
    )


def _why(reason: str, said: str) -> str:
    if reason == "InvalidImageName":
        return "That is not a valid image name."
    if _REFUSED.search(said) and "not found" not in said.lower():
        return "The registry refuses: the image is private and the pod has no valid pull secret (imagePullSecrets)."
    if _AWAY.search(said):
        return (
            "The registry cannot be reached under that name from the node: is the host name right, is the network open?"
        )
    return (
        "The registry says it does not have this image: the name or the tag is probably mistyped, or it was never "
        "pushed."
    )


def _step(case: Case) -> Step | None:
    if case.owner.kind != "Deployment":
        return Step("k8s_describe", {"kind": "Pod", "name": case.thing.name, "namespace": case.thing.namespace})
    return Step(
        "k8s_rollout_history", {"kind": "deployment", "name": case.owner.name, "namespace": case.owner.namespace}
    )
