"""Who may do what: rights of service accounts, tenants of their own, and a cluster's own rules."""

from tests.scenarios.checks import available
from tests.scenarios.place import Place
from tests.scenarios.scenario import Ask, Scenario, ask, call, here

TENANTS = ("red", "green", "blue")
READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: "{ns}"}]
"""
TENANT = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: default, namespace: "{ns}-COLOUR"}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: tenant}
spec: {hard: {pods: "10"}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: IMAGE}]}
"""


async def nothing(place: Place) -> None:
    """What is asked for is not there yet."""


async def reads_and_no_more(place: Place) -> bool:
    allowed = {
        verb: await place.may(f"{place.ns}:reader", verb, "pods") for verb in ("get", "list", "create", "delete")
    }
    return allowed == {"get": True, "list": True, "create": False, "delete": False}


def tenant(colour: str) -> Ask:
    namespace = f"{{ns}}-{colour}"
    return ask(
        f"Make a place for team {colour}.",
        call("namespace_create", name=namespace, labels={"team": colour}).saying(colour),
        call("k8s_apply", manifest=TENANT.replace("COLOUR", colour), namespace=namespace).saying("3 created"),
    )


async def kept_apart(place: Place) -> bool:
    """Everybody works at home and nowhere else, within bounds, behind a closed door."""
    for colour in TENANTS:
        account = f"{place.ns}-{colour}:default"
        homes = {
            other: await place.may(account, "create", "deployments.apps", f"{place.ns}-{other}") for other in TENANTS
        }
        if homes != {other: other == colour for other in TENANTS}:
            return False
        bounds = await place.other(f"{place.ns}-{colour}").find("resourcequotas", "tenant")
        door = await place.other(f"{place.ns}-{colour}").find("networkpolicies", "default-deny")
        if bounds.get("spec") != {"hard": {"pods": "10"}} or door["spec"]["policyTypes"] != ["Ingress", "Egress"]:
            return False
    return True


async def tags_wanted(place: Place) -> None:
    """Images of this namespace need a tag."""
    rule = {
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
            ]
        },
        "validations": [
            {
                "expression": "object.spec.template.spec.containers.all(c, c.image.contains(':'))",
                "message": "every image needs a tag",
            }
        ],
    }
    here_only = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.ns}}}
    bound = {"policyName": place.ns, "validationActions": ["Deny"], "matchResources": here_only}
    await place.create(
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": place.ns}, "spec": rule},
        {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": place.ns}, "spec": bound},
    )


SCENARIOS = (
    Scenario(
        "s27-rbac-readonly",
        nothing,
        (
            ask(
                "Make a service account that may read pods and nothing else.",
                here("k8s_apply", manifest=READER).saying("3 created"),
            ),
        ),
        reads_and_no_more,
        ("serviceaccounts/reader", "roles/reader", "rolebindings/reader"),
        role="approver",
    ),
    Scenario(
        "s37-vap-denies",
        tags_wanted,
        (
            ask(
                "Run nginx as web.",
                here("k8s_apply", manifest=WEB.replace("IMAGE", "nginx")).failing("every image needs a tag"),
                here("k8s_apply", manifest=WEB.replace("IMAGE", '"nginx:1.27"')).saying("created"),
            ),
        ),
        available("web", image="nginx:1.27"),
        ("deployments/web",),
        needs="ValidatingAdmissionPolicy",
    ),
    Scenario(
        "s50-ns-tenant",
        nothing,
        tuple(tenant(colour) for colour in TENANTS),
        kept_apart,
        (
            *(f"namespaces/{{ns}}-{colour}" for colour in TENANTS),
            "rolebindings/tenant",
            "resourcequotas/tenant",
            "networkpolicies/default-deny",
        ),
        role="approver",
    ),
)
