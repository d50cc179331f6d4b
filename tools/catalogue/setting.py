"""Sets what is changed most in a workload's containers: images, environment, resources. One patch, one difference."""

import re
from typing import Any, Literal

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.catalogue.patching import bound, changed
from tools.catalogue.rolling import replaced
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, KubeError
from tools.kube.resources import Target, valid_name
from tools.pods import part, parts
from tools.spec import Arguments, Result, Tool, one_change

_VARIABLE = re.compile(r"[A-Za-z_][-._A-Za-z0-9]*")
_SOURCES = {"secret": "secretKeyRef", "configmap": "configMapKeyRef"}
_DEFAULT = "kubectl.kubernetes.io/default-container"
Resources = Literal["requests", "limits"]


class SetArguments(Arguments):
    kind: Literal["deployment", "statefulset", "daemonset", "replicaset", "cronjob"] = "deployment"
    name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    container: str | None = Field(None, description="For env and resources. Left out: the only one.")
    images: dict[str, str] = Field({}, description="Container to image.", max_length=20)
    env: dict[str, str | None] = Field({}, description="Variable to value; null removes it.", max_length=100)
    env_from: dict[str, str] = Field(
        {}, description="Variable to secret/NAME/KEY or configmap/NAME/KEY.", max_length=100
    )
    resources: dict[Resources, dict[str, str | None]] = Field(
        {}, description='{"limits": {"memory": "1Gi", "cpu": null}}; null removes.'
    )


async def set_fields(client: KubeClient, asked: SetArguments) -> Result:
    """data: as k8s_patch."""
    if not (asked.images or asked.env or asked.env_from or asked.resources):
        raise BadInput("Say what to set: images, env, env_from or resources.")
    target = await exact(client, _KINDS[asked.kind], asked.name, asked.namespace)
    found = await read(client, target)
    containers = {str(each.get("name")): each for each in _containers(found)}
    wanted: dict[str, Object] = {}
    for name, image in asked.images.items():
        _patch_of(wanted, containers, name)["image"] = _image(image)
    if asked.env or asked.env_from or asked.resources:
        one = _patch_of(wanted, containers, asked.container or _only(found, containers))
        if variables := _variables(asked):
            one["env"] = variables
        if asked.resources:
            one["resources"] = asked.resources
    body = _placed(found, wanted)
    after = await client.patch(target, bound(body, found, "strategic"), form="strategic")
    told = changed("Set", target, found, after)
    return Result(told.header, told.body, told.data, (replaced(found), *await _absent(client, target, asked)))


_KINDS = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "daemonset": "daemonsets.apps",
    "replicaset": "replicasets.apps",
    "cronjob": "cronjobs.batch",
}


def _pod_spec(found: Object) -> Object:
    spec = part(found, "spec")
    spec = part(part(spec, "jobTemplate"), "spec") if found.get("kind") == "CronJob" else spec
    return part(part(spec, "template"), "spec")


def _containers(found: Object) -> list[Object]:
    spec = _pod_spec(found)
    return [*parts(spec, "containers"), *parts(spec, "initContainers")]


def _patch_of(wanted: dict[str, Object], containers: dict[str, Object], name: str) -> Object:
    if name not in containers:
        raise BadInput(f'There is no container "{name[:63]}". Containers here: {", ".join(containers)}.')
    return wanted.setdefault(name, {"name": name})


def _only(found: Object, containers: dict[str, Object]) -> str:
    """The container that is meant when none is named."""
    main = [str(each.get("name")) for each in parts(_pod_spec(found), "containers")]
    template = part(part(found, "spec"), "template")
    marked = part(part(template, "metadata"), "annotations").get(_DEFAULT)
    if marked in main:
        return str(marked)
    if len(main) != 1:
        raise BadInput(f"Name the container: there are {', '.join(containers)}.")
    return main[0]


def _image(image: str) -> str:
    if not image or len(image) > 500 or any(sign.isspace() or not sign.isprintable() for sign in image):
        raise BadInput("An image is one word, such as nginx:1.28 or registry.example/shop/web@sha256:….")
    return image


def _variables(asked: SetArguments) -> list[Object]:
    """As a strategic patch takes them: what is not told of a variable would stay, so its other kind is taken out."""
    if twice := asked.env.keys() & asked.env_from.keys():
        raise BadInput(f"{min(twice)} stands in env and in env_from: choose one.")
    found: list[Object] = []
    for name, value in asked.env.items():
        kept = {"$patch": "delete"} if value is None else {"value": value, "valueFrom": None}
        found.append({"name": _variable(name), **kept})
    for name, source in asked.env_from.items():
        found.append({"name": _variable(name), "value": None, "valueFrom": _source(source)})
    return found


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise BadInput(f'"{name[:60]}" cannot name a variable: letters, digits, "_", "-" and ".", no digit first.')
    return name


def _source(source: str) -> dict[str, Any]:
    kind, name, key = _parts_of(source)
    return {_SOURCES[kind]: {"name": name, "key": key}}


def _parts_of(source: str) -> tuple[str, str, str]:
    kind, _, rest = source.partition("/")
    name, _, key = rest.partition("/")
    if kind not in _SOURCES or not name or not key or "/" in key:
        raise BadInput(f'"{source[:80]}" is no source of a variable: write secret/NAME/KEY or configmap/NAME/KEY.')
    return kind, valid_name(name), key


def _placed(found: Object, wanted: dict[str, Object]) -> Object:
    initial = {str(each.get("name")) for each in parts(_pod_spec(found), "initContainers")}
    lists = {
        "containers": [patch for name, patch in wanted.items() if name not in initial],
        "initContainers": [patch for name, patch in wanted.items() if name in initial],
    }
    spec: Object = {"template": {"spec": {key: patches for key, patches in lists.items() if patches}}}
    return {"spec": {"jobTemplate": {"spec": spec}} if found.get("kind") == "CronJob" else spec}


async def _absent(client: KubeClient, target: Target, asked: SetArguments) -> list[str]:
    """What its new pods would wait for: secrets and config maps that are not there. Their content is not read."""
    told = []
    for kind, name in sorted({_parts_of(source)[:2] for source in asked.env_from.values()}):
        source = Target(await client.resolve(f"v1/{kind}s"), target.namespace, name)
        try:
            if not (await client.look(source.path())).there:
                told.append(f"There is no {source.words}: new pods will not start before there is.")
        except KubeError:
            continue
    return told


def _intent(asked: SetArguments) -> str:
    what = [f"image {image} of {name}" for name, image in asked.images.items()]
    what += [f"variable {name}" for name in (*asked.env, *asked.env_from)]
    what += ["resources"] if asked.resources else []
    shown = ", ".join(what[:3]) + (f" and {len(what) - 3} more" if len(what) > 3 else "")
    return f"Set {shown or 'nothing'} in {asked.kind} {asked.name} in {asked.namespace}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_set",
        title="Set workload fields",
        description="Sets images, environment or resources of a workload's containers.",
        effect=Effect.CHANGE,
        arguments=SetArguments,
        run=set_fields,
        intent=_intent,
        changes=one_change,
    ),
)
