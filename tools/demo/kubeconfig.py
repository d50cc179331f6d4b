"""The kubeconfig of the demo cluster: one cluster, one user with a token, one context called `demo`."""

import base64
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml

FILE_NAME = "demo-kubeconfig.yaml"
CONTEXT = "demo"


class Access(NamedTuple):
    """Where the cluster listens, the token it takes, and the certificate authority (PEM) that vouches for it.

    TLS although it is loopback: kubectl sends no token over plain HTTP.
    """

    server: str
    token: str
    authority: str


def write(path: Path, access: Access) -> None:
    """Puts the file in place at once and readable by its owner only."""
    encoded = base64.b64encode(access.authority.encode()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": access.server, "certificate-authority-data": encoded}}],
        "users": [{"name": CONTEXT, "user": {"token": access.token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}],
        "current-context": CONTEXT,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".demo-kubeconfig-")  # mode 0600
    with os.fdopen(handle, "w") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    os.replace(temporary, path)


def read(path: Path) -> Access | None:
    """The access a kubeconfig written here gives; None when there is none or it is something else."""
    try:
        document = yaml.safe_load(path.read_text())
        cluster, token = document["clusters"][0]["cluster"], document["users"][0]["user"]["token"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return Access(str(cluster["server"]), str(token), authority)
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return None
