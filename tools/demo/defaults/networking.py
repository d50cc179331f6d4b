"""Defaults of Services, endpoints, network policies and ingress classes."""

from typing import Any

Json = dict[str, Any]

CLIENT_AFFINITY_SECONDS = 10800


def default_service(service: Json) -> None:
    spec = service.setdefault("spec", {})
    for key, value in (("sessionAffinity", "None"), ("type", "ClusterIP")):
        if not spec.get(key):
            spec[key] = value
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", CLIENT_AFFINITY_SECONDS)
    for port in spec.get("ports") or []:
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if spec["type"] in ("NodePort", "LoadBalancer") or spec.get("externalIPs"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def default_endpoints(endpoints: Json) -> None:
    for subset in endpoints.get("subsets") or []:
        for port in subset.get("ports") or []:
            port.setdefault("protocol", "TCP")


def default_endpoint_slice(endpoint_slice: Json) -> None:
    for port in endpoint_slice.get("ports") or []:
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def default_network_policy(policy: Json) -> None:
    spec = policy.setdefault("spec", {})
    for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
        for port in rule.get("ports") or []:
            port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def default_ingress_class(ingress_class: Json) -> None:
    parameters = (ingress_class.get("spec") or {}).get("parameters")
    if isinstance(parameters, dict):
        parameters.setdefault("scope", "Cluster")
