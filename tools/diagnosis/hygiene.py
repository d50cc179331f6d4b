"""What works and is still untidy or unsafe: told only when asked for."""

from collections.abc import Iterator

from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Severity, Sign, count, read, spec
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, containers_of, listed, space_of, template_of, thing_of
from tools.pods import Object, part, parts

UNUSED = Sign("config-unused", Severity.NOTE, "a ConfigMap that no pod or template names")
EMPTY = Sign("config-empty", Severity.NOTE, "a ConfigMap without data")
LARGE = Sign("config-large", Severity.NOTE, "a ConfigMap near the limit of 1 MiB")
PRIVILEGED = Sign("privileged", Severity.WARNING, "a container that may do anything on its node")
ACCOUNT = Sign("default-account", Severity.NOTE, "pods that use the default service account and carry its token")
ROLE = Sign("wide-role", Severity.WARNING, "a role or binding that grants everything")
UNBOUNDED = Sign("no-limits", Severity.NOTE, "containers without memory limit or requests")
LATEST = Sign("latest-tag", Severity.NOTE, "an image without a tag or with the tag latest")
SIGNS = (UNUSED, EMPTY, LARGE, PRIVILEGED, ACCOUNT, ROLE, UNBOUNDED, LATEST)
_NEAR_LIMIT = 900_000
_MADE_BY_KUBERNETES = ("kube-root-ca.crt", "extension-apiserver-authentication", "cluster-info", "kubeadm-config")
_WORKLOADS = ("deployments", "statefulsets", "daemonsets", "cronjobs")


def examine(world: World, told: Told) -> Iterator[Finding]:
    used = _used(world)
    for config in world.all("configmaps"):
        yield from _config(config, used)
    for kind in _WORKLOADS:
        for workload in world.all(kind):
            yield from _template(workload)
    for pod in world.all("pods"):
        if responsible(world, pod).kind == "Pod":
            yield from _pod_spec(pod, part(pod, "spec"))
    for role in (*world.all("roles"), *world.all("rolebindings")):
        yield from _role(role)


def _used(world: World) -> set[tuple[str, str]]:
    found = set()
    templates = [(space_of(w), part(template_of(w), "spec")) for kind in _WORKLOADS for w in world.all(kind)]
    for space, body in [*templates, *((space_of(pod), part(pod, "spec")) for pod in world.all("pods"))]:
        found |= {(space, name) for name in _named(body)}
    return found


def _named(body: Object) -> Iterator[str]:
    for volume in parts(body, "volumes"):
        yield str(part(volume, "configMap").get("name"))
        for source in parts(part(volume, "projected"), "sources"):
            yield str(part(source, "configMap").get("name"))
    for container in containers_of(body):
        for each in parts(container, "envFrom"):
            yield str(part(each, "configMapRef").get("name"))
        for each in parts(container, "env"):
            yield str(part(part(each, "valueFrom"), "configMapKeyRef").get("name"))


def _config(config: Object, used: set[tuple[str, str]]) -> Iterator[Finding]:
    thing = thing_of(config)
    if thing.name in _MADE_BY_KUBERNETES:
        return
    size = sum(len(str(v)) for key in ("data", "binaryData") for v in part(config, key).values())
    if not size:
        yield EMPTY.on(thing, "is empty", "It has no data.", count("0 keys with data"), fix="Fill it, or delete it.")
    elif size > _NEAR_LIMIT:
        yield LARGE.on(
            thing,
            "is very large",
            "One of 1 MiB is refused.",
            count(f"{size} bytes"),
            fix="Keep large files elsewhere.",
        )
    if (thing.namespace, thing.name) not in used and thing.namespace != "kube-system":
        yield UNUSED.on(
            thing, "is named by no pod", "Perhaps it is a leftover; programs may also read it through the API.",
            count("0 pods or templates name it"), fix="Delete it if nobody reads it.", step=read(thing),
        )  # fmt: skip


def _template(workload: Object) -> Iterator[Finding]:
    yield from _pod_spec(workload, part(template_of(workload), "spec"))


def _pod_spec(item: Object, body: Object) -> Iterator[Finding]:
    thing, every = thing_of(item), containers_of(body)
    wild = [str(c.get("name")) for c in every if part(c, "securityContext").get("privileged")]
    if wild:
        yield PRIVILEGED.on(
            thing, "may do anything on its node", "Whoever breaks into it has the machine.",
            spec(f"privileged: {listed(wild)}"), fix="Ask for the single capability that it needs.", step=read(thing),
        )  # fmt: skip
    if body.get("serviceAccountName", "default") == "default" and body.get("automountServiceAccountToken") is not False:
        yield ACCOUNT.on(
            thing, "uses the default service account", "Its pods carry a token that they hardly need.",
            spec("serviceAccountName: default"), fix="Give it an account of its own, or mount no token.",
        )  # fmt: skip
    free = [str(c.get("name")) for c in every if not part(part(c, "resources"), "limits").get("memory")]
    if free:
        yield UNBOUNDED.on(
            thing, "has no memory limit", "One of its containers can take the memory of its node.",
            spec(f"without limits.memory: {listed(free)}"), fix="Set requests and a memory limit.", step=read(thing),
        )  # fmt: skip
    floating = [str(c.get("image")) for c in every if _floats(str(c.get("image") or ""))]
    if floating:
        yield LATEST.on(
            thing, "names an image without a fixed version", "Each node may run another one.",
            spec(f"image: {listed(floating)}"), fix="Name a tag or a digest.", step=read(thing),
        )  # fmt: skip


def _floats(image: str) -> bool:
    last = image.rpartition("/")[2]
    return "@" not in last and (":" not in last or last.endswith(":latest"))


def _role(role: Object) -> Iterator[Finding]:
    thing = thing_of(role)
    wide = [
        rule
        for rule in parts(role, "rules")
        if "*" in (rule.get("verbs") or []) and "*" in (rule.get("resources") or [])
    ]
    to = part(role, "roleRef").get("name")
    if wide or to == "cluster-admin":
        yield ROLE.on(
            thing, "grants everything in its namespace", "Whoever holds it may read every Secret there.",
            spec("verbs: *, resources: *" if wide else f"roleRef: {to}"),
            fix="Grant what is needed.", step=read(thing),
        )  # fmt: skip
