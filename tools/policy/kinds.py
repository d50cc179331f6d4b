"""How the policy names kinds (`deployments.apps`, `pods/exec`), and which of them belong to no namespace. Pure."""

SERVER = "mcp:"  # before the name of another MCP server, where a cluster's would stand
OF_SERVERS = "mcp"  # the group of their tools: `<server>.mcp`
UNASSIGNED = "unassigned"  # those that nobody has given an effect yet: `<server>/unassigned.mcp`


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


CORE = _names(
    "bindings componentstatuses configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims "
    "persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services"
)
# Groups whose every kind is cluster-scoped, and single kinds of other groups. What is not here counts as namespaced:
# to list it without a namespace is judged as all namespaces at once, which is the strict side to err on.
_GROUPS = _names(
    "admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io authentication.k8s.io "
    "certificates.k8s.io flowcontrol.apiserver.k8s.io node.k8s.io scheduling.k8s.io"
)
_KINDS = _names(
    "componentstatuses namespaces nodes persistentvolumes nodes.metrics.k8s.io clusterroles.rbac.authorization.k8s.io "
    "clusterrolebindings.rbac.authorization.k8s.io storageclasses.storage.k8s.io volumeattachments.storage.k8s.io "
    "csidrivers.storage.k8s.io csinodes.storage.k8s.io volumeattributesclasses.storage.k8s.io "
    "ingressclasses.networking.k8s.io ipaddresses.networking.k8s.io servicecidrs.networking.k8s.io "
    "deviceclasses.resource.k8s.io resourceslices.resource.k8s.io devicetaintrules.resource.k8s.io "
    "gatewayclasses.gateway.networking.k8s.io selfsubjectaccessreviews.authorization.k8s.io "
    "selfsubjectrulesreviews.authorization.k8s.io subjectaccessreviews.authorization.k8s.io"
)


def kind_name(group: str, resource: str, subresource: str = "") -> str:
    """`deployments/scale.apps`: what a pattern of the policy is held against."""
    what = f"{resource}/{subresource}" if subresource else resource
    return f"{what}.{group}" if group else what


def unassigned(kind: str) -> bool:
    """Of a kind at a server (`SERVER`)."""
    return kind.endswith(f"/{UNASSIGNED}.{OF_SERVERS}")


def cluster_scoped(group: str, resource: str) -> bool:
    return group in _GROUPS or kind_name(group, resource) in _KINDS
