"""Rows of the core group: nodes, services, volumes, events and the small kinds."""

from datetime import datetime
from typing import Any

from tools.demo.clock import parse_time
from tools.demo.errors import Json
from tools.demo.printers.durations import age, human
from tools.demo.printers.pods import NONE

ACCESS_MODES = (
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
)


def name_of(obj: Json) -> str:
    return str(obj["metadata"].get("name", ""))


def age_of(obj: Json, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def namespaces(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), obj.get("status", {}).get("phase", ""), age_of(obj, now)]


def config_maps(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age_of(obj, now)]


def secrets(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or {}), age_of(obj, now)]


def service_accounts(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), age_of(obj, now)]


def nodes(node: Json, now: datetime) -> list[Any]:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    return [
        name_of(node),
        _node_status(node),
        ",".join(_roles(node)) or NONE,
        age_of(node, now),
        info.get("kubeletVersion", ""),
        _node_address(status, "InternalIP"),
        _node_address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        _kernel(info),
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _kernel(info: Json) -> str:
    architecture = f" ({info['architecture']})" if info.get("architecture") else ""
    return f"{info['kernelVersion']}{architecture}" if info.get("kernelVersion") else "<unknown>"


def _node_status(node: Json) -> str:
    conditions = {c["type"]: c["status"] for c in node.get("status", {}).get("conditions") or []}
    ready = conditions.get("Ready")
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if node.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(node: Json) -> list[str]:
    roles = set()
    for key, value in (node["metadata"].get("labels") or {}).items():
        if key.startswith("node-role.kubernetes.io/"):
            roles.add(key.removeprefix("node-role.kubernetes.io/"))
        elif key == "kubernetes.io/role" and value:
            roles.add(value)
    return sorted(role for role in roles if role)


def _node_address(status: Json, kind: str) -> str:
    return next((entry["address"] for entry in status.get("addresses") or [] if entry["type"] == kind), NONE)


def services(service: Json, now: datetime) -> list[Any]:
    spec = service["spec"]
    return [
        name_of(service),
        spec.get("type", ""),
        spec.get("clusterIP") or NONE,
        _external_address(service),
        _ports(spec.get("ports") or []) or NONE,
        age_of(service, now),
        labels_text(spec.get("selector")),
    ]


def _external_address(service: Json) -> str:
    spec = service["spec"]
    kind, given = spec.get("type"), spec.get("externalIPs") or []
    if kind == "ExternalName":
        return str(spec.get("externalName", ""))
    if kind != "LoadBalancer":
        return ",".join(given) or NONE
    entries = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    found = [entry.get("ip") or entry.get("hostname") or "" for entry in entries]
    return ",".join([*found, *given]) or "<pending>"


def _ports(ports: list[Json]) -> str:
    texts = []
    for port in ports:
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        texts.append(f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}")
    return ",".join(texts)


def labels_text(labels: Json | None) -> str:
    """`a=1,b=2` in the order of the keys, `<none>` without any."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def endpoints(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), _endpoints_text(obj.get("subsets") or []), age_of(obj, now)]


def _endpoints_text(subsets: list[Json]) -> str:
    found: list[str] = []
    for subset in subsets:
        addresses = [entry["ip"] for entry in subset.get("addresses") or []]
        ports = [port["port"] for port in subset.get("ports") or []]
        found += [f"{address}:{port}" for port in ports for address in addresses] if ports else addresses
    if not found:
        return NONE
    return ",".join(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")


def access_modes(modes: list[str] | None) -> str:
    return ",".join(short for mode, short in ACCESS_MODES if mode in (modes or []))


def volumes(volume: Json, now: datetime) -> list[Any]:
    spec, status = volume["spec"], volume.get("status") or {}
    claim = spec.get("claimRef") or {}
    phase = status.get("phase", "")
    return [
        name_of(volume),
        (spec.get("capacity") or {}).get("storage", ""),
        access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if volume["metadata"].get("deletionTimestamp") else phase,
        f"{claim.get('namespace', '')}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age_of(volume, now),
        spec.get("volumeMode") or "<unset>",
    ]


def claims(claim: Json, now: datetime) -> list[Any]:
    spec, status = claim["spec"], claim.get("status") or {}
    bound = bool(spec.get("volumeName"))
    return [
        name_of(claim),
        "Terminating" if claim["metadata"].get("deletionTimestamp") else status.get("phase", ""),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "") if bound else "",
        access_modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or "<unset>",
        age_of(claim, now),
        spec.get("volumeMode") or "<unset>",
    ]


def resource_quotas(quota: Json, now: datetime) -> list[Any]:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        (limits if name.startswith("limits.") else requests).append(f"{name}: {used.get(name, '0')}/{hard[name]}")
    return [name_of(quota), ", ".join(requests), ", ".join(limits), age_of(quota, now)]


def events(event: Json, now: datetime) -> list[Any]:
    """Core and events.k8s.io events: the newer field names are looked up beside the older ones."""
    series = event.get("series") or {}
    first = event.get("firstTimestamp") or event.get("deprecatedFirstTimestamp") or event.get("eventTime")
    last = event.get("lastTimestamp") or event.get("deprecatedLastTimestamp") or first
    count = event.get("count") or event.get("deprecatedCount") or 1
    if series:
        last, count = series.get("lastObservedTime") or last, series.get("count", count)
    about = event.get("involvedObject") or event.get("regarding") or {}
    return [
        _since(last, now),
        event.get("type", ""),
        event.get("reason", ""),
        f"{about['kind'].lower()}/{about.get('name', '')}" if about.get("kind") else about.get("name", ""),
        about.get("fieldPath", ""),
        _source(event),
        str(event.get("message") or event.get("note") or "").strip(),
        _since(first, now),
        count,
        name_of(event),
    ]


def _since(timestamp: str | None, now: datetime) -> str:
    return human(now - parse_time(timestamp)) if timestamp else "<unknown>"


def _source(event: Json) -> str:
    source = event.get("source") or event.get("deprecatedSource") or {}
    component = source.get("component") or event.get("reportingComponent") or event.get("reportingController") or ""
    host = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else str(component)


def component_statuses(obj: Json, now: datetime) -> list[Any]:
    healthy: Json = next((c for c in obj.get("conditions") or [] if c["type"] == "Healthy"), {})
    status = "Healthy" if healthy.get("status") == "True" else "Unhealthy"
    return [name_of(obj), status, healthy.get("message", ""), healthy.get("error", "")]
