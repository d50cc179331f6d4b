"""Drafts of ten kinds, each of which the real API server must accept in a dry run and the portal must apply."""

import yaml

from tests.apiserver.tool_case import Case, Json
from tests.apiserver.tool_stage import Stage
from tools.kube.sending import FIELD_MANAGER

KINDS: dict[str, dict[str, Json]] = {
    "deployment": {"image": "nginx:1.27", "port": 80, "replicas": 2, "env": {"MODE": "fast"}},
    "service": {"port": 80, "target_port": 8080, "target": "web"},
    "configmap": {"data": {"mode": "fast", "port": "8080"}},
    "secret": {"data": {"token": "not-used"}},
    "ingress": {"host": "shop.example", "port": 80, "target": "web"},
    "persistentvolumeclaim": {"size": "2Gi", "storage_class": "standard"},
    "horizontalpodautoscaler": {"target": "web", "max_replicas": 4, "cpu_percent": 60},
    "job": {"image": "busybox:1.36", "command": ["sh", "-c", "true"]},
    "cronjob": {"image": "busybox:1.36", "schedule": "*/5 * * * *"},
    "statefulset": {"image": "nginx:1.27", "port": 80, "size": "1Gi"},
}

WORKS = {
    "manifest_draft": [
        Case({"kind": kind, "name": f"draft-{kind[:6]}", "namespace": "{ns}", **wishes}, ("nothing is created",))
        for kind, wishes in KINDS.items()
    ]
}
FAILS = {
    "manifest_draft": [
        Case({"kind": "deployment", "name": "web", "namespace": "{ns}"}, ("image",)),
        Case({"kind": "configmap", "name": "a/b", "namespace": "{ns}"}, ("a/b",)),
    ]
}


def accepted(stage: Stage, manifest: str) -> str:
    """Empty if a server-side dry run takes the manifest, else what the server says against it."""
    body = yaml.safe_load(manifest)
    api, kind = body["apiVersion"], body["kind"]
    base = f"/api/{api}" if "/" not in api else f"/apis/{api}"
    plurals = {each["kind"]: each["name"] for each in stage.http.get(base).json["resources"] if "/" not in each["name"]}
    path = f"{stage.all(plurals[kind], api)}/{body['metadata']['name']}?dryRun=All&fieldManager={FIELD_MANAGER}"
    answer = stage.http.request("PATCH", path, body, content_type="application/apply-patch+yaml")
    return "" if answer.status == 201 else answer.text
