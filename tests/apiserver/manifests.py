"""Small manifests that tests put into a cluster, as plain dictionaries."""

from typing import Any

Object = dict[str, Any]


def container(image: str = "nginx:1.27", **fields: Any) -> Object:
    return {"name": "app", "image": image, **fields}


def pod(name: str, *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    """A Pod with label app=<name>; `spec` overrides the single default container."""
    metadata = {"name": name, "labels": {"app": name}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container()], **spec}}


def deployment(name: str, replicas: int = 1, *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    """A Deployment whose pods are those of `pod`."""
    template = pod(name, annotations=annotations, **spec)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": template["metadata"] | {"name": None}, "spec": template["spec"]},
        },
    }


def job(name: str, **spec: Any) -> Object:
    """A Job that makes one pod and never a second."""
    template = {"spec": {"restartPolicy": "Never", "containers": [container("busybox")], **spec}}
    body = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": body}


def configmap(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {}}


def secret(name: str, **text: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": text}


def claim(name: str, size: str, storage_class: str = "standard") -> Object:
    """A PersistentVolumeClaim for one writer."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}
