"""PodSecurity admission: the baseline and restricted standards, enforced or warned about by namespace label."""

from collections.abc import Callable, Iterator
from typing import Any

from tools.demo.errors import Forbidden
from tools.demo.store import Resource, Store

Json = dict[str, Any]

NAMESPACES = Resource("", "namespaces")
PODS = Resource("", "pods")
PREFIX = "pod-security.kubernetes.io/"
WORKLOADS = ("deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "replicationcontrollers")
DEFAULT_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
FREE_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image",
})  # fmt: skip
SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
})  # fmt: skip


def enforce(store: Store, kind: Resource, pod: Json, old: Json | None) -> None:
    """Forbidden for a pod that breaks the level its namespace enforces."""
    if kind != PODS or (old is not None and old.get("spec") == pod.get("spec")):
        return
    meta = pod["metadata"]
    namespace = store.get(NAMESPACES, "", meta.get("namespace", "")) or {}
    level, version = _level((namespace.get("metadata") or {}).get("labels") or {}, "enforce")
    if broken := violations(level, pod.get("spec") or {}):
        why = f'violates PodSecurity "{level}:{version}": {", ".join(broken)}'
        raise Forbidden("", "pods", meta.get("name", ""), why)


def warnings(labels: Json, kind: Resource, obj: Json) -> list[str]:
    """What the namespace's warn level has against a pod or a pod template."""
    spec = _pod_spec(kind, obj)
    if spec is None:
        return []
    level, version = _level(labels, "warn")
    broken = violations(level, spec)
    return [f'would violate PodSecurity "{level}:{version}": {", ".join(broken)}'] if broken else []


def _pod_spec(kind: Resource, obj: Json) -> Json | None:
    spec = obj.get("spec") or {}
    if kind == PODS:
        return dict(spec)
    if kind.plural not in WORKLOADS:
        return None
    if kind.plural == "cronjobs":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return dict((spec.get("template") or {}).get("spec") or {})


def _level(labels: Json, mode: str) -> tuple[str, str]:
    return str(labels.get(PREFIX + mode, "privileged")), str(labels.get(f"{PREFIX}{mode}-version", "latest"))


def violations(level: str, spec: Json) -> list[str]:
    """What a pod's spec has that the level does not allow, in the words of the standard's checks."""
    checks = {"baseline": BASELINE, "restricted": RESTRICTED}.get(level, ())
    return [text for check in checks if (text := check(spec))]


def _containers(spec: Json) -> Iterator[Json]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or []


def _security(container: Json) -> Json:
    return container.get("securityContext") or {}


def _names(word: str, names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{word if len(names) == 1 else word + 's'} {listed}"


def _those(spec: Json, condition: Callable[[Json], bool]) -> str:
    names = [each.get("name", "") for each in _containers(spec) if condition(each)]
    return _names("container", names) if names else ""


def _escalation(spec: Json) -> str:
    who = _those(spec, lambda each: _security(each).get("allowPrivilegeEscalation") is not False)
    return who and f"allowPrivilegeEscalation != false ({who} must set securityContext.allowPrivilegeEscalation=false)"


def _added(spec: Json, allowed: frozenset[str]) -> tuple[str, str]:
    odd: list[str] = []

    def adds_more(container: Json) -> bool:
        more = [
            each for each in (_security(container).get("capabilities") or {}).get("add") or [] if each not in allowed
        ]
        odd.extend(each for each in more if each not in odd)
        return bool(more)

    who = _those(spec, adds_more)
    return who, ", ".join(f'"{each}"' for each in sorted(odd))


def _capabilities(spec: Json) -> str:
    who, odd = _added(spec, DEFAULT_CAPABILITIES)
    return who and f"non-default capabilities ({who} must not include {odd} in securityContext.capabilities.add)"


def _few_capabilities(spec: Json) -> str:
    keeping = _those(spec, lambda each: "ALL" not in ((_security(each).get("capabilities") or {}).get("drop") or []))
    who, odd = _added(spec, frozenset({"NET_BIND_SERVICE"}))
    parts = [f'{keeping} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    if who:
        parts.append(f"{who} must not include {odd} in securityContext.capabilities.add")
    return f"unrestricted capabilities ({'; '.join(parts)})" if parts else ""


def _host_namespaces(spec: Json) -> str:
    used = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return f"host namespaces ({', '.join(used)})" if used else ""


def _host_paths(spec: Json) -> str:
    names = [each.get("name", "") for each in spec.get("volumes") or [] if "hostPath" in each]
    return f"hostPath volumes ({_names('volume', names)})" if names else ""


def _host_ports(spec: Json) -> str:
    ports: list[str] = []

    def uses_host(container: Json) -> bool:
        mine = [str(each["hostPort"]) for each in container.get("ports") or [] if each.get("hostPort")]
        ports.extend(each for each in mine if each not in ports)
        return bool(mine)

    who = _those(spec, uses_host)
    word = "hostPort" if len(ports) == 1 else "hostPorts"
    uses = "uses" if who.startswith("container ") else "use"
    return who and f"hostPort ({who} {uses} {word} {', '.join(ports)})"


def _privileged(spec: Json) -> str:
    who = _those(spec, lambda each: bool(_security(each).get("privileged")))
    return who and f"privileged ({who} must not set securityContext.privileged=true)"


def _volume_types(spec: Json) -> str:
    odd = [
        (each.get("name", ""), kind)
        for each in spec.get("volumes") or []
        for kind in each
        if kind != "name" and kind not in FREE_VOLUMES
    ]
    if not odd:
        return ""
    kinds = ", ".join(f'"{kind}"' for kind in sorted({kind for _, kind in odd}))
    names = _names("volume", [name for name, _ in odd])
    uses = "uses" if len(odd) == 1 else "use"
    word = "type" if len({kind for _, kind in odd}) == 1 else "types"
    return f"restricted volume types ({names} {uses} restricted volume {word} {kinds})"


def _non_root(spec: Json) -> str:
    pod = (spec.get("securityContext") or {}).get("runAsNonRoot")
    explicit = _those(spec, lambda each: _security(each).get("runAsNonRoot") is False)
    if explicit or pod is False:
        who = " or ".join(filter(None, ["pod" if pod is False else "", explicit]))
        return f"runAsNonRoot != true ({who} must not set securityContext.runAsNonRoot=false)"
    silent = "" if pod else _those(spec, lambda each: _security(each).get("runAsNonRoot") is None)
    return silent and f"runAsNonRoot != true (pod or {silent} must set securityContext.runAsNonRoot=true)"


def _root_user(spec: Json) -> str:
    pod = (spec.get("securityContext") or {}).get("runAsUser") == 0
    who = _those(spec, lambda each: _security(each).get("runAsUser") == 0)
    both = " and ".join(filter(None, ["pod" if pod else "", who]))
    return both and f"runAsUser=0 ({both} must not set runAsUser=0)"


def _profile(context: Json | None) -> str:
    return str(((context or {}).get("seccompProfile") or {}).get("type", ""))


def _seccomp(spec: Json) -> str:
    pod = _profile(spec.get("securityContext")) == "Unconfined"
    who = _those(spec, lambda each: _profile(_security(each)) == "Unconfined")
    both = " and ".join(filter(None, ["pod" if pod else "", who]))
    return both and f'seccompProfile ({both} must not set securityContext.seccompProfile.type to "Unconfined")'


def _strict_seccomp(spec: Json) -> str:
    if broken := _seccomp(spec):
        return broken
    good = ("RuntimeDefault", "Localhost")
    if _profile(spec.get("securityContext")) in good:
        return ""
    who = _those(spec, lambda each: _profile(_security(each)) not in good)
    wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return who and f"seccompProfile (pod or {who} {wanted})"


def _sysctls(spec: Json) -> str:
    settings = (spec.get("securityContext") or {}).get("sysctls") or []
    odd = [each.get("name", "") for each in settings if each.get("name") not in SAFE_SYSCTLS]
    return f"forbidden sysctls ({', '.join(odd)})" if odd else ""


BASELINE = (_capabilities, _host_namespaces, _host_paths, _host_ports, _privileged, _seccomp, _sysctls)
RESTRICTED = (
    _escalation,
    _few_capabilities,
    _host_namespaces,
    _host_ports,
    _privileged,
    _volume_types,
    _non_root,
    _root_user,
    _strict_seccomp,
    _sysctls,
)
