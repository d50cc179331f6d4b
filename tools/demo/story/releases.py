"""Helm releases of the story, from a few lines to the Secret in which Helm 3 keeps each revision. Pure."""

import base64
import gzip
import json
from typing import Any

Json = dict[str, Any]


def secret(row: Json, moment: str) -> Json:
    """`row`: name, namespace, revision, status, chart, version, app_version, and what Helm keeps of it: description,
    notes, values, defaults, manifest. `moment`: when it was deployed, RFC 3339."""
    labels = {
        "owner": "helm",
        "name": row["name"],
        "status": row["status"],
        "version": str(row["revision"]),
    }
    packed = base64.b64encode(gzip.compress(json.dumps(_release(row, moment)).encode(), mtime=0)).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"sh.helm.release.v1.{row['name']}.v{row['revision']}",
            "namespace": row["namespace"],
            "labels": labels,
        },
        "type": "helm.sh/release.v1",
        "stringData": {"release": packed},
    }


def _release(row: Json, moment: str) -> Json:
    info = {
        "first_deployed": moment,
        "last_deployed": moment,
        "description": row["description"],
        "status": row["status"],
        "notes": row.get("notes", ""),
    }
    about = {"name": row["chart"], "version": row["version"], "appVersion": row["app_version"], "apiVersion": "v2"}
    return {
        "name": row["name"],
        "namespace": row["namespace"],
        "version": row["revision"],
        "info": info,
        "chart": {"metadata": about, "values": row.get("defaults", {}), "templates": [], "files": []},
        "config": row.get("values", {}),
        "manifest": row.get("manifest", ""),
        "hooks": [],
    }
