"""Rows of the networking, discovery, policy, storage, RBAC, scheduling and coordination groups."""

from datetime import datetime
from typing import Any

from tools.demo.errors import Json
from tools.demo.printers.core import age_of, name_of
from tools.demo.printers.pods import NONE
from tools.demo.selectors import text_of


def ingresses(obj: Json, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    status = (obj.get("status") or {}).get("loadBalancer") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    shown = ",".join(hosts[:3]) + (f" + {len(hosts) - 3} more..." if len(hosts) > 3 else "")
    addresses = [entry.get("ip") or entry.get("hostname") or "" for entry in status.get("ingress") or []]
    return [
        name_of(obj),
        spec.get("ingressClassName") or NONE,
        shown or "*",
        ",".join(addresses),
        "80, 443" if spec.get("tls") else "80",
        age_of(obj, now),
    ]


def ingress_classes(obj: Json, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    parameters = spec.get("parameters")
    text = NONE
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        text = f"{parameters['kind']}{group}/{parameters['name']}"
    return [name_of(obj), spec.get("controller", ""), text, age_of(obj, now)]


def network_policies(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), text_of((obj.get("spec") or {}).get("podSelector") or {}) or NONE, age_of(obj, now)]


def endpoint_slices(obj: Json, now: datetime) -> list[Any]:
    ports = [_slice_port(port) for port in obj.get("ports") or []]
    addresses = [address for endpoint in obj.get("endpoints") or [] for address in endpoint.get("addresses") or []]
    return [
        name_of(obj),
        obj.get("addressType", ""),
        _few(ports, "<unset>"),
        _few(addresses, "<unset>"),
        age_of(obj, now),
    ]


def _slice_port(port: Json) -> str:
    return str(port["port"]) if port.get("port") is not None else "*"


def _few(texts: list[str], empty: str) -> str:
    return (",".join(texts[:3]) + (f" + {len(texts) - 3} more..." if len(texts) > 3 else "")) if texts else empty


def disruption_budgets(obj: Json, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    bounds = [str(spec[key]) if spec.get(key) is not None else "N/A" for key in ("minAvailable", "maxUnavailable")]
    return [name_of(obj), *bounds, (obj.get("status") or {}).get("disruptionsAllowed", 0), age_of(obj, now)]


def storage_classes(obj: Json, now: datetime) -> list[Any]:
    annotations = obj["metadata"].get("annotations") or {}
    default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        name_of(obj) + (" (default)" if default else ""),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "<unset>",
        bool(obj.get("allowVolumeExpansion")),
        age_of(obj, now),
    ]


def priority_classes(obj: Json, now: datetime) -> list[Any]:
    return [
        name_of(obj),
        obj.get("value", 0),
        bool(obj.get("globalDefault")),
        age_of(obj, now),
        obj.get("preemptionPolicy", ""),
    ]


def leases(obj: Json, now: datetime) -> list[Any]:
    return [name_of(obj), (obj.get("spec") or {}).get("holderIdentity") or "", age_of(obj, now)]


def bindings(obj: Json, now: datetime) -> list[Any]:
    reference = obj["roleRef"]
    people: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or []:
        home = f"{subject['namespace']}/" if subject["kind"] == "ServiceAccount" and subject.get("namespace") else ""
        people[subject["kind"]].append(home + subject["name"])
    role = f"{reference['kind']}/{reference['name']}"
    return [name_of(obj), role, age_of(obj, now), *(", ".join(names) for names in people.values())]


def name_and_creation(obj: Json, now: datetime) -> list[Any]:
    """The row of kinds without a printer of their own: when they were made, as a time."""
    return [name_of(obj), obj["metadata"].get("creationTimestamp")]
