"""The forms of the ten kinds a manifest can be drafted for. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tools.kube.errors import BadInput

Object: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a draft should say; see the tool's arguments."""

    name: str
    image: str | None
    replicas: int
    port: int | None
    target_port: int | None
    service_type: str
    host: str | None
    path: str
    target: str | None
    command: list[str] | None
    schedule: str
    size: str
    storage_class: str | None
    access_mode: str
    max_replicas: int
    cpu_percent: int
    data: Mapping[str, str] | None
    env: Mapping[str, str] | None

    @property
    def labels(self) -> Object:
        return {"app": self.target or self.name}


@dataclass(frozen=True, slots=True)
class Form:
    """`versions`: best first, as far back as Kubernetes 1.19; build: everything below metadata."""

    kind: str
    group: str
    versions: tuple[str, ...]
    build: Callable[[Wishes, str], Object]


def _pod(wishes: Wishes, **more: Any) -> Object:
    """A pod template. Small requests and no rights to gain: what most clusters' policies ask for."""
    if not wishes.image:
        raise BadInput("Name the image to run, with its tag.")
    container: Object = {"name": wishes.name, "image": wishes.image}
    if wishes.command:
        container["command"] = list(wishes.command)
    if wishes.port:
        container["ports"] = [{"containerPort": wishes.port, "protocol": "TCP"}]
    if wishes.env:
        container["env"] = [{"name": key, "value": value} for key, value in wishes.env.items()]
    container["resources"] = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    container["securityContext"] = {"allowPrivilegeEscalation": False}
    return {"metadata": {"labels": wishes.labels}, "spec": {**more, "containers": [container]}}


def _deployment(wishes: Wishes, api_version: str) -> Object:
    return {"spec": {"replicas": wishes.replicas, "selector": {"matchLabels": wishes.labels}, "template": _pod(wishes)}}


def _statefulset(wishes: Wishes, api_version: str) -> Object:
    template = _pod(wishes)
    template["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return {
        "spec": {
            "serviceName": wishes.name,
            "replicas": wishes.replicas,
            "selector": {"matchLabels": wishes.labels},
            "template": template,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _claim(wishes)}],
        }
    }


def _service(wishes: Wishes, api_version: str) -> Object:
    port = wishes.port or 80
    ports = [{"name": "main", "port": port, "targetPort": wishes.target_port or port, "protocol": "TCP"}]
    return {"spec": {"type": wishes.service_type, "selector": wishes.labels, "ports": ports}}


def _configmap(wishes: Wishes, api_version: str) -> Object:
    return {"data": dict(wishes.data or {})}


def _secret(wishes: Wishes, api_version: str) -> Object:
    """Keys only: a value that was typed into a conversation is no secret any more."""
    return {"type": "Opaque", "stringData": dict.fromkeys(wishes.data or {}, "")}


def _ingress(wishes: Wishes, api_version: str) -> Object:
    name, port = wishes.target or wishes.name, wishes.port or 80
    if api_version.endswith("/v1"):
        backend: Object = {"service": {"name": name, "port": {"number": port}}}
    else:
        backend = {"serviceName": name, "servicePort": port}
    route = {"path": wishes.path, "pathType": "Prefix", "backend": backend}
    host = {"host": wishes.host} if wishes.host else {}
    return {"spec": {"rules": [{**host, "http": {"paths": [route]}}]}}


def _claim(wishes: Wishes) -> Object:
    named = {"storageClassName": wishes.storage_class} if wishes.storage_class else {}
    return {"accessModes": [wishes.access_mode], **named, "resources": {"requests": {"storage": wishes.size}}}


def _autoscaler(wishes: Wishes, api_version: str) -> Object:
    least = max(1, wishes.replicas)
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": wishes.target or wishes.name}
    spec: Object = {"scaleTargetRef": aim, "minReplicas": least, "maxReplicas": max(least, wishes.max_replicas)}
    if api_version == "autoscaling/v1":
        return {"spec": spec | {"targetCPUUtilizationPercentage": wishes.cpu_percent}}
    goal = {"type": "Utilization", "averageUtilization": wishes.cpu_percent}
    return {"spec": spec | {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": goal}}]}}


def _job(wishes: Wishes, api_version: str) -> Object:
    return {"spec": {"backoffLimit": 3, "template": _pod(wishes, restartPolicy="Never")}}


def _cronjob(wishes: Wishes, api_version: str) -> Object:
    return {
        "spec": {
            "schedule": wishes.schedule,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": _job(wishes, api_version),
        }
    }


def _persistent_volume_claim(wishes: Wishes, api_version: str) -> Object:
    return {"spec": _claim(wishes)}


FORMS: Mapping[str, Form] = {
    "deployment": Form("Deployment", "apps", ("v1",), _deployment),
    "statefulset": Form("StatefulSet", "apps", ("v1",), _statefulset),
    "service": Form("Service", "", ("v1",), _service),
    "configmap": Form("ConfigMap", "", ("v1",), _configmap),
    "secret": Form("Secret", "", ("v1",), _secret),
    "ingress": Form("Ingress", "networking.k8s.io", ("v1", "v1beta1"), _ingress),
    "persistentvolumeclaim": Form("PersistentVolumeClaim", "", ("v1",), _persistent_volume_claim),
    "horizontalpodautoscaler": Form("HorizontalPodAutoscaler", "autoscaling", ("v2", "v2beta2", "v1"), _autoscaler),
    "job": Form("Job", "batch", ("v1",), _job),
    "cronjob": Form("CronJob", "batch", ("v1", "v1beta1"), _cronjob),
}
