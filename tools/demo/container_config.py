"""What a container is given: its environment, and what is missing before it can start."""

import base64
import contextlib
from typing import NamedTuple

from tools.demo.controllers.kinds import CLAIMS, CONFIG_MAPS, SECRETS
from tools.demo.programs import MOUNTED
from tools.demo.store import Json, Resource, Store


class Config(NamedTuple):
    """`problem` is the kubelet's sentence for what is missing, "" when nothing is."""

    environment: dict[str, str]
    problem: str


def configure(store: Store, pod: Json, container: Json) -> Config:
    """Resolves `envFrom` and `env`; Secret values only count as present, they are not decoded."""
    environment: dict[str, str] = {}
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom") or []:
        for resource, word, key in ((CONFIG_MAPS, "configmap", "configMapRef"), (SECRETS, "secret", "secretRef")):
            if key not in source:
                continue
            found = store.get(resource, namespace, source[key]["name"])
            if found is None and not source[key].get("optional"):
                return Config(environment, f'{word} "{source[key]["name"]}" not found')
            prefix = source.get("prefix", "")
            environment |= {prefix + name: text for name, text in ((found or {}).get("data") or {}).items()}
    for entry in container.get("env") or []:
        value, problem = value_of(store, pod, entry)
        if problem:
            return Config(environment, problem)
        if value is not None:
            environment[entry["name"]] = value
    return Config(environment, "")


def value_of(store: Store, pod: Json, entry: Json) -> tuple[str | None, str]:
    """(value, problem) of one entry of `env`."""
    source = entry.get("valueFrom")
    if not source:
        return entry.get("value", ""), ""
    for resource, word, key in (
        (CONFIG_MAPS, "configmap", "configMapKeyRef"),
        (SECRETS, "secret", "secretKeyRef"),
    ):
        if key in source:
            return from_key(store, pod, source[key], resource, word)
    return field_value(pod, source), ""


def from_key(store: Store, pod: Json, reference: Json, resource: Resource, word: str) -> tuple[str | None, str]:
    namespace, name, key = pod["metadata"]["namespace"], reference["name"], reference["key"]
    found = store.get(resource, namespace, name)
    value = ((found or {}).get("data") or {}).get(key)
    if value is not None or reference.get("optional"):
        return value, ""
    if found is None:
        return None, f'{word} "{name}" not found'
    kind = "ConfigMap" if word == "configmap" else "Secret"
    return None, f"couldn't find key {key} in {kind} {namespace}/{name}"


def field_value(pod: Json, source: Json) -> str:
    path = (source.get("fieldRef") or {}).get("fieldPath", "")
    meta = pod["metadata"]
    known = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "status.podIP": pod.get("status", {}).get("podIP", ""),
    }
    return str(known.get(path, "1"))


def mount_problem(store: Store, pod: Json) -> str:
    """The first volume that cannot be mounted, as the event FailedMount words it; "" when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        for word, resource, name, optional in references(volume):
            if name and not optional and store.get(resource, namespace, name) is None:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {word} "{name}" not found'
    return ""


def mounted_secrets(store: Store, pod: Json) -> dict[str, str]:
    """The texts of mounted Secrets by `file:<secret>/<key>`; what is no text is left out."""
    found: dict[str, str] = {}
    for volume in pod["spec"].get("volumes") or []:
        name = (volume.get("secret") or {}).get("secretName", "")
        secret = store.get(SECRETS, pod["metadata"]["namespace"], name) if name else None
        for key, text in ((secret or {}).get("data") or {}).items():
            with contextlib.suppress(ValueError):
                found[f"{MOUNTED}{name}/{key}"] = base64.b64decode(text).decode()
    return found


def references(volume: Json) -> list[tuple[str, Resource, str, bool]]:
    """(word, resource, name, optional) for everything a volume draws from."""
    found = []
    sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
    for source in sources:
        if "configMap" in source:
            each = source["configMap"]
            found.append(("configmap", CONFIG_MAPS, each["name"], bool(each.get("optional"))))
        if "secret" in source:
            each = source["secret"]
            name = each.get("secretName") or each.get("name", "")
            found.append(("secret", SECRETS, name, bool(each.get("optional"))))
    claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
    return [*found, ("persistentvolumeclaim", CLAIMS, claim, False)]
