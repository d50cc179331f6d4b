"""Rules of Services, Ingresses and NetworkPolicies."""

import ipaddress
from typing import Any

from tools.demo.validation import names
from tools.demo.validation.causes import Cause, duplicate, forbidden, invalid, one_of, required, unsupported
from tools.demo.validation.containers import PROTOCOLS, check_port
from tools.demo.validation.metadata import check_labels
from tools.demo.validation.selectors import check_selector

Json = dict[str, Any]

SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def check_service(service: Json, old: Json | None) -> list[Cause]:
    spec = service.get("spec") or {}
    found: list[Cause] = []
    external, headless = spec.get("type") == "ExternalName", spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and not external:
        found.append(required("spec.ports"))
    if external:
        name = (spec.get("externalName") or "").rstrip(".")
        found += [invalid("spec.externalName", name, why) for why in names.subdomain(name)] if name else []
        found += [] if name else [required("spec.externalName")]
    found += _check_ports(spec.get("ports") or [])
    found += check_labels(spec.get("selector") or {}, "spec.selector")
    found += one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"), needed=True)
    found += _check_addresses(spec)
    found += one_of("spec.type", spec.get("type"), SERVICE_TYPES, needed=True)
    if headless and spec.get("type") in ("NodePort", "LoadBalancer"):
        why = f"may not be set to 'None' for {spec['type']} services"
        found.append(invalid("spec.clusterIPs[0]", "None", why))
    if spec.get("type") in ("ClusterIP", None):
        for index, port in enumerate(spec.get("ports") or []):
            if port.get("nodePort"):
                why = "may not be used when `type` is 'ClusterIP'"
                found.append(forbidden(f"spec.ports[{index}].nodePort", why))
    return found + _check_address_change(spec, old)


def _check_ports(ports: list[Json]) -> list[Cause]:
    found: list[Cause] = []
    seen_names: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        here, name, number = f"spec.ports[{index}]", port.get("name") or "", port.get("port") or 0
        if len(ports) > 1 and not name:
            found.append(required(f"{here}.name"))
        elif name:
            found += [invalid(f"{here}.name", name, why) for why in names.label(name)]
            if name in seen_names:
                found.append(duplicate(f"{here}.name", name))
            seen_names.add(name)
        found += [invalid(f"{here}.port", number, why) for why in names.port_number(number)]
        found += one_of(f"{here}.protocol", port.get("protocol"), PROTOCOLS, needed=True)
        found += check_port(port.get("targetPort"), f"{here}.targetPort")
        key = (port.get("protocol"), number)
        if key in seen:
            found.append(duplicate(here, {"port": number, "protocol": port.get("protocol")}))
        seen.add(key)
    return found


def _check_addresses(spec: Json) -> list[Cause]:
    found: list[Cause] = []
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    for index, address in enumerate(addresses):
        if address == "None" and index == 0:
            continue
        try:
            ipaddress.ip_address(address)
        except ValueError:
            why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            found.append(invalid(f"spec.clusterIPs[{index}]", address, why))
    return found


def _check_address_change(spec: Json, old: Json | None) -> list[Cause]:
    before = (old or {}).get("spec") or {}
    if not before.get("clusterIP") or "ExternalName" in (before.get("type"), spec.get("type")):
        return []
    if spec.get("clusterIP") == before["clusterIP"]:
        return []
    wanted = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return [invalid("spec.clusterIPs[0]", wanted, "may not change once set")]


def check_ingress(ingress: Json, old: Json | None) -> list[Cause]:
    spec = ingress.get("spec") or {}
    found: list[Cause] = []
    if not spec.get("rules") and not spec.get("defaultBackend"):
        why = "either `defaultBackend` or `rules` must be specified"
        found.append(invalid("spec", spec, why))
    if isinstance(spec.get("defaultBackend"), dict):
        found += _check_backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or []):
        found += _check_rule(rule, f"spec.rules[{index}]")
    return found


def _check_rule(rule: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    host = rule.get("host") or ""
    if host:
        plain = host.removeprefix("*.")
        found += [invalid(f"{field}.host", host, why) for why in names.subdomain(plain)]
    http = rule.get("http")
    if isinstance(http, dict) and not http.get("paths"):
        found.append(required(f"{field}.http.paths"))
    for index, path in enumerate((http or {}).get("paths") or []):
        here, kind, text = f"{field}.http.paths[{index}]", path.get("pathType"), path.get("path") or ""
        if kind is None:
            found.append(required(f"{here}.pathType", "pathType must be specified"))
            continue
        if kind in ("Exact", "Prefix"):
            if not text.startswith("/"):
                found.append(invalid(f"{here}.path", text, "must be an absolute path"))
            found += [
                invalid(f"{here}.path", text, f"must not contain '{part}'")
                for part in ("//", "/./", "/../", "%2f", "%2F")
                if part in text
            ]
        elif kind not in PATH_TYPES:
            found.append(unsupported(f"{here}.pathType", kind, PATH_TYPES))
        found += _check_backend(path.get("backend") or {}, f"{here}.backend")
    return found


def _check_backend(backend: Json, field: str) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [invalid(field, "", "cannot set both resource and service backends")]
    if resource is not None:
        return []
    if service is None:
        return [invalid(field, "", "resource or service backend is required")]
    found: list[Cause] = []
    name, port = service.get("name") or "", service.get("port") or {}
    if not name:
        found.append(required(f"{field}.service.name"))
    else:
        found += [invalid(f"{field}.service.name", name, why) for why in names.label(name)]
    if port.get("name") and port.get("number"):
        found.append(invalid(field, "", "cannot set both port name & port number"))
    elif port.get("name"):
        found += [invalid(f"{field}.service.port.name", port["name"], why) for why in names.port_name(port["name"])]
    elif port.get("number"):
        number = port["number"]
        found += [invalid(f"{field}.service.port.number", number, why) for why in names.port_number(number)]
    else:
        found.append(required(field, "port name or number is required"))
    return found


def check_network_policy(policy: Json, old: Json | None) -> list[Cause]:
    spec = policy.get("spec") or {}
    found = check_selector(spec.get("podSelector") or {}, "spec.podSelector")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or []):
            here = f"spec.{direction}[{index}]"
            for place, port in enumerate(rule.get("ports") or []):
                found += _check_policy_port(port, f"{here}.ports[{place}]")
            for place, peer in enumerate(rule.get(peers) or []):
                found += _check_peer(peer, f"{here}.{peers}[{place}]")
    for index, kind in enumerate(spec.get("policyTypes") or []):
        found += one_of(f"spec.policyTypes[{index}]", kind, ("Egress", "Ingress"))
    return found


def _check_policy_port(port: Json, field: str) -> list[Cause]:
    found = one_of(f"{field}.protocol", port.get("protocol"), PROTOCOLS)
    return found + (check_port(port["port"], f"{field}.port") if port.get("port") is not None else [])


def _check_peer(peer: Json, field: str) -> list[Cause]:
    kinds = [key for key in ("podSelector", "namespaceSelector", "ipBlock") if isinstance(peer.get(key), dict)]
    if not kinds:
        return [required(field, "must specify a peer")]
    found: list[Cause] = []
    for key in kinds[:2]:
        if key != "ipBlock":
            found += check_selector(peer[key], f"{field}.{key}")
    if "ipBlock" in kinds:
        if len(kinds) > 1:
            found.append(forbidden(field, "may not specify both ipBlock and another peer"))
        cidr = peer["ipBlock"].get("cidr") or ""
        if not cidr:
            return [*found, required(f"{field}.ipBlock.cidr")]
        try:
            ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            found.append(invalid(f"{field}.ipBlock.cidr", cidr, why))
    return found
