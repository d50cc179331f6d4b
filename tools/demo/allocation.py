"""Addresses and node ports for Services: what the server hands out when a Service is written."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from tools.demo.errors import Invalid
from tools.demo.store import Resource, Store

Json = dict[str, Any]

SERVICES = Resource("", "services")
RANGE = ipaddress.ip_network("10.0.0.0/16")
NODE_PORTS = range(30000, 32768)
WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


@dataclass(frozen=True)
class AllocationCause:
    """Why a requested address or port cannot be given."""

    message: str
    field: str
    reason: str = "FieldValueInvalid"


def allocate(store: Store, obj: Json, old: Json | None = None, *, dry_run: bool = False) -> None:
    """Completes `obj` in place: clusterIP(s), IP family, node ports. Invalid (422) for a taken or foreign address.

    On update, `old` is the stored Service: its address stays, its ports stay with the same port number. In a dry run
    nothing free is looked for: as from a real server, the answer has the range's own address, and the same one each
    time.
    """
    spec = obj.setdefault("spec", {})
    if spec.get("type") == "ExternalName":
        for key in ("clusterIPs", "clusterIP", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(key) or (old or {}).get("spec", {}).get(key) == spec.get(key):
                spec.pop(key, None)
        return
    before = (old or {}).get("spec") or {}
    if before.get("type") != "ExternalName":
        for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(key) and before.get(key):
                spec[key] = before[key]
    _allocate_address(store, obj, spec, before, dry_run)
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    _allocate_ports(store, obj, spec, before, dry_run)


def _others(store: Store, obj: Json) -> list[Json]:
    meta = obj.get("metadata") or {}
    mine = (meta.get("namespace", ""), meta.get("name", ""))
    return [
        each
        for each in store.list(SERVICES)
        if (each["metadata"].get("namespace", ""), each["metadata"]["name"]) != mine
    ]


def _refuse(obj: Json, field: str, value: str, why: str) -> Invalid:
    name = (obj.get("metadata") or {}).get("name", "")
    return Invalid("", "Service", name, [AllocationCause(f"Invalid value: {value}: {why}", field)])


def _allocate_address(store: Store, obj: Json, spec: Json, before: Json, dry_run: bool) -> None:
    wanted = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or []), "")
    if wanted == "None":
        spec["clusterIP"], spec["clusterIPs"] = "None", ["None"]
        return
    taken = {address for each in _others(store, obj) for address in each["spec"].get("clusterIPs") or []}
    if not wanted:
        wanted = str(RANGE.network_address) if dry_run else _free_address(store, taken)
    elif not before.get("clusterIP"):
        _check_address(obj, wanted, taken)
    spec["clusterIP"] = wanted
    spec["clusterIPs"] = [wanted, *(spec.get("clusterIPs") or [])[1:]]


def _check_address(obj: Json, wanted: str, taken: set[str]) -> None:
    shown = f'["{wanted}"]'
    if not _is_address(wanted):
        return  # validation says so in other words
    try:
        address = ipaddress.ip_address(wanted)
    except ValueError:
        return  # validation names it
    if address not in RANGE:
        why = f"failed to allocate IP {wanted}: the provided network does not match the current range"
        raise _refuse(obj, "spec.clusterIPs", shown, why)
    if wanted in taken:
        raise _refuse(
            obj, "spec.clusterIPs", shown, f"failed to allocate IP {wanted}: provided IP is already allocated"
        )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _free_address(store: Store, taken: set[str]) -> str:
    """A random free one; the lowest addresses are left to those who ask for them, as the server does."""
    reserved = 256
    while True:
        address = str(RANGE[store.random.randrange(reserved, RANGE.num_addresses - 1)])
        if address not in taken:
            return address


def _allocate_ports(store: Store, obj: Json, spec: Json, before: Json, dry_run: bool) -> None:
    ports = spec.get("ports") or []
    if spec.get("type") not in WITH_NODE_PORTS:
        if before.get("type") in WITH_NODE_PORTS:
            old_ports = {(port.get("port"), port.get("nodePort")) for port in before.get("ports") or []}
            for port in ports:
                if (port.get("port"), port.get("nodePort")) in old_ports:
                    port.pop("nodePort", None)
        return
    kept = {
        (port.get("port"), port.get("protocol")): port["nodePort"]
        for port in before.get("ports") or []
        if port.get("nodePort")
    }
    taken = {
        (port["nodePort"], port.get("protocol", "TCP"))
        for each in _others(store, obj)
        for port in each["spec"].get("ports") or []
        if port.get("nodePort")
    }
    if spec.get("type") == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        kept = {}
    for index, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        asked = port.get("nodePort") or kept.get((port.get("port"), protocol))
        if asked:
            _check_port(obj, f"spec.ports[{index}].nodePort", asked, (asked, protocol) in taken)
        elif spec.get("type") == "NodePort" or spec.get("allocateLoadBalancerNodePorts", True):
            numbers = {number for number, _ in taken}
            asked = max({NODE_PORTS.stop} | numbers) + 1 if dry_run else _free_port(store, numbers)
        else:
            continue
        port["nodePort"] = asked
        taken.add((asked, protocol))


def _check_port(obj: Json, field: str, asked: int, is_taken: bool) -> None:
    if asked not in NODE_PORTS:
        valid = f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
        raise _refuse(
            obj, field, str(asked), f"provided port is not in the valid range. The range of valid ports is {valid}"
        )
    if is_taken:
        raise _refuse(obj, field, str(asked), "provided port is already allocated")


def _free_port(store: Store, taken: set[int]) -> int:
    while True:
        port = store.random.choice(NODE_PORTS)
        if port not in taken:
            return port
