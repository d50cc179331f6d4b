"""ServiceAccount admission: every pod has an account, and a token unless somebody declined it."""

from typing import Any

from tools.demo.errors import Forbidden
from tools.demo.store import Resource, Store

Json = dict[str, Any]

ACCOUNTS = Resource("", "serviceaccounts")
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
TOKEN_SECONDS = 3607


def give_account(store: Store, pod: Json) -> None:
    """Sets the account and mounts its token; Forbidden when the account is not there."""
    meta, spec = pod["metadata"], pod["spec"]
    name = spec.get("serviceAccountName") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    namespace = meta.get("namespace", "")
    account = store.get(ACCOUNTS, namespace, name)
    if account is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise Forbidden("", "pods", meta.get("name", ""), why)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(each) for each in account["imagePullSecrets"]]
    wanted = spec.get("automountServiceAccountToken")
    if wanted is None:
        wanted = account.get("automountServiceAccountToken")
    if wanted is not False:
        _mount_token(store, spec)


def _mount_token(store: Store, spec: Json) -> None:
    bare = [
        container
        for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
        if all(mount.get("mountPath") != TOKEN_PATH for mount in container.get("volumeMounts") or [])
    ]
    if not bare:
        return
    name = _token_volume(store, spec)
    for container in bare:
        mount = {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}
        container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]


def _token_volume(store: Store, spec: Json) -> str:
    for volume in spec.get("volumes") or []:
        if volume.get("name", "").startswith("kube-api-access-"):
            return str(volume["name"])
    name = "kube-api-access-" + "".join(store.random.choice(SUFFIX_LETTERS) for _ in range(5))
    sources: list[Json] = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
                ],
            },
        },
    ]
    volume = {"name": name, "projected": {"sources": sources, "defaultMode": 0o644}}
    spec["volumes"] = [*(spec.get("volumes") or []), volume]
    return name
