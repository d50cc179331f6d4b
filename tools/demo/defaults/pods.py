"""Defaults of pods and pod templates."""

from typing import Any

Json = dict[str, Any]

VOLUME_MODE = 0o644


def default_pod(pod: Json) -> None:
    """A pod; unlike a template it gets service links, and requests equal to its limits."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        resources = container["resources"]
        requests = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
        if requests:
            resources["requests"] = requests
    if spec.get("hostNetwork"):
        _host_ports(spec)
    _pair_addresses(pod.get("status") or {})


def _pair_addresses(status: Json) -> None:
    """The single address and the first of the list are one and the same."""
    if status.get("podIP"):
        status["podIPs"] = [{"ip": status["podIP"]}, *(status.get("podIPs") or [])[1:]]
    elif status.get("podIPs"):
        status["podIP"] = status["podIPs"][0].get("ip")


def default_template(template: Json) -> None:
    """A pod template inside a workload."""
    template.setdefault("metadata", {})
    spec = template.setdefault("spec", {})
    spec.setdefault("containers", None)
    default_pod_spec(spec)
    if spec.get("hostNetwork"):
        _host_ports(spec)


def _host_ports(spec: Json) -> None:
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        for port in container.get("ports") or []:
            port.setdefault("hostPort", port.get("containerPort"))


def default_pod_spec(spec: Json) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        default_container(container)
    for container in spec.get("ephemeralContainers") or []:
        default_container(container)
    for volume in spec.get("volumes") or []:
        default_volume_source(volume)


def default_container(container: Json) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", pull_policy(container.get("image") or ""))
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            _default_probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and isinstance(hook.get("httpGet"), dict):
            _default_http_get(hook["httpGet"])
    for variable in container.get("env") or []:
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(field, dict):
            field.setdefault("apiVersion", "v1")


def pull_policy(image: str) -> str:
    """Always for images without a fixed tag."""
    name, _, digest = image.partition("@")
    tag = name.rsplit("/", 1)[-1].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _default_probe(probe: Json) -> None:
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        if not probe.get(key):
            probe[key] = value
    if isinstance(probe.get("httpGet"), dict):
        _default_http_get(probe["httpGet"])
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"].setdefault("service", "")


def _default_http_get(action: Json) -> None:
    if not action.get("path"):
        action["path"] = "/"
    if not action.get("scheme"):
        action["scheme"] = "HTTP"


def default_volume_source(volume: Json) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}
    for kind in ("secret", "configMap", "downwardAPI", "projected"):
        if isinstance(volume.get(kind), dict):
            volume[kind].setdefault("defaultMode", VOLUME_MODE)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    for source in (volume.get("projected") or {}).get("sources") or []:
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        _default_field_items(source.get("downwardAPI"))
    _default_field_items(volume.get("downwardAPI"))
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if isinstance(claim, dict):
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _default_field_items(source: Any) -> None:
    for item in (source or {}).get("items") or []:
        if isinstance(item.get("fieldRef"), dict):
            item["fieldRef"].setdefault("apiVersion", "v1")
