"""The kubeconfig of the demo cluster: one cluster, one user with a token, one context called `demo`."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml

FILE_NAME = "demo-kubeconfig.yaml"
CONTEXT = "demo"


class Access(NamedTuple):
    """Where the cluster listens and the token it takes."""

    server: str
    token: str


def write(path: Path, access: Access) -> None:
    """Puts the file in place at once and readable by its owner only."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": access.server}}],
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
        return Access(document["clusters"][0]["cluster"]["server"], document["users"][0]["user"]["token"])
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return None
