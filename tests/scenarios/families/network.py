"""Network policies: one that is wanted, and one that shuts out too much."""

from typing import Any

from tests.scenarios.place import Place
from tests.scenarios.scenario import Scenario, ask, here, patched

DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
WANTED = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "{ns}-two"}}}]
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
"""


async def second_namespace(place: Place) -> None:
    await place.namespace(f"{place.ns}-two")


async def as_the_server_would_have_it(place: Place) -> bool:
    """The same as a dry run of the wish, with all that a server fills in."""
    two = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"{place.ns}-two"}}}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [two]}, {"ports": DNS}]}
    body = {"metadata": {"name": "as-wanted"}, "spec": spec}
    _, tried = await place.ground.ask("POST", f"{place.path('networkpolicies')}?dryRun=All", body)
    return bool((await place.find("networkpolicies", "egress")).get("spec") == tried["spec"])


def admits(*tiers: str) -> list[dict[str, Any]]:
    return [{"from": [{"podSelector": {"matchLabels": {"tier": tier}}} for tier in tiers]}]


async def backend_only(place: Place) -> None:
    spec = {"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Ingress"], "ingress": admits("backend")}
    await place.create({"kind": "NetworkPolicy", "metadata": {"name": "api"}, "spec": spec})


async def frontend_too(place: Place) -> bool:
    return bool((await place.find("networkpolicies", "api"))["spec"]["ingress"] == admits("backend", "frontend"))


SCENARIOS = (
    Scenario(
        "s28-netpol-egress",
        second_namespace,
        (
            ask(
                "Pods here may only speak to the second namespace, and ask for names.",
                here("k8s_apply", manifest=WANTED).saying("created"),
            ),
        ),
        as_the_server_would_have_it,
        ("networkpolicies/egress",),
    ),
    Scenario(
        "s29-netpol-blocks",
        backend_only,
        (
            ask(
                "The frontend does not reach api.",
                here("k8s_list", kind="networkpolicies").saying("api"),
                here("k8s_get", kind="networkpolicy", name="api").saying("tier: backend"),
                patched("networkpolicy", "api", {"spec": {"ingress": admits("backend", "frontend")}}).saying(
                    "1 field changed"
                ),
            ),
        ),
        frontend_too,
        ("networkpolicies/api",),
    ),
)
