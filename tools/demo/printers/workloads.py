"""Rows of the apps, batch and autoscaling groups."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tools.demo.clock import parse_time
from tools.demo.errors import Json
from tools.demo.printers.core import age_of, labels_text, name_of
from tools.demo.printers.durations import age, human
from tools.demo.printers.pods import NONE
from tools.demo.selectors import text_of


def _containers(template: Json) -> list[str]:
    found = (template.get("spec") or {}).get("containers") or []
    return [",".join(c["name"] for c in found), ",".join(c.get("image", "") for c in found)]


def deployments(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    return [
        name_of(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age_of(obj, now),
        *_containers(spec["template"]),
        text_of(spec.get("selector")),
    ]


def replica_sets(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    selector = spec.get("selector") or {}
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        selector = {"matchLabels": selector}  # a ReplicationController's selector is a plain map
    return [name_of(obj), *counts, age_of(obj, now), *_containers(spec["template"]), text_of(selector)]


def stateful_sets(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    return [name_of(obj), ready, age_of(obj, now), *_containers(spec["template"])]


def daemon_sets(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    keys = ("desired", "current")
    return [
        name_of(obj),
        *(status.get(f"{key}NumberScheduled", 0) for key in keys),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        labels_text((spec["template"].get("spec") or {}).get("nodeSelector")),
        age_of(obj, now),
        *_containers(spec["template"]),
        text_of(spec.get("selector")),
    ]


def controller_revisions(obj: Json, now: datetime) -> list[Any]:
    owner = next((o for o in obj["metadata"].get("ownerReferences") or [] if o.get("controller")), None)
    text = NONE
    if owner:
        group = owner["apiVersion"].rpartition("/")[0]
        text = f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return [name_of(obj), text, obj.get("revision", 0), age_of(obj, now)]


def jobs(job: Json, now: datetime) -> list[Any]:
    spec, status = job["spec"], job.get("status") or {}
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        parallelism = spec.get("parallelism", 0)
        completions = f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"
    return [
        name_of(job),
        _job_status(job),
        completions,
        _job_duration(status, now),
        age_of(job, now),
        *_containers(spec["template"]),
        text_of(spec.get("selector")),
    ]


def _job_status(job: Json) -> str:
    conditions = {c["type"] for c in (job.get("status") or {}).get("conditions") or [] if c["status"] == "True"}
    for kind in ("Complete", "Failed"):
        if kind in conditions:
            return kind
    if job["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next(
        (kind for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if kind in conditions), "Running"
    )


def _job_duration(status: Json, now: datetime) -> str:
    if not status.get("startTime"):
        return ""
    end = parse_time(status["completionTime"]) if status.get("completionTime") else now
    return human(end - parse_time(status["startTime"]))


def cron_jobs(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    last = status.get("lastScheduleTime")
    return [
        name_of(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        "True" if spec.get("suspend") else "False",
        len(status.get("active") or []),
        age(last, now) if last else NONE,
        age_of(obj, now),
        *_containers((spec.get("jobTemplate") or {}).get("spec", {}).get("template", {})),
        text_of((spec.get("jobTemplate") or {}).get("spec", {}).get("selector")),
    ]


def autoscalers(obj: Json, now: datetime) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    reference = spec["scaleTargetRef"]
    return [
        name_of(obj),
        f"{reference['kind']}/{reference['name']}",
        _targets(spec.get("metrics") or [], status.get("currentMetrics") or []),
        str(spec["minReplicas"]) if spec.get("minReplicas") is not None else "<unset>",
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age_of(obj, now),
    ]


def _targets(wanted: Sequence[Json], current: Sequence[Json]) -> str:
    if not wanted:
        return NONE
    texts = [_target(metric, current[index] if index < len(current) else {}) for index, metric in enumerate(wanted)]
    if len(texts) > 2:
        return f"{', '.join(texts[:2])} + {len(texts) - 2} more..."
    return ", ".join(texts)


def _target(metric: Json, current: Json) -> str:
    part = metric["type"][0].lower() + metric["type"][1:]
    own, now = metric.get(part) or {}, (current.get(part) or {}).get("current") or {}
    target = own.get("target") or {}
    prefix = f"{own.get('name', '')}: " if metric["type"] in ("Resource", "ContainerResource") else ""
    if target.get("averageUtilization") is not None:
        seen = now.get("averageUtilization")
        return f"{prefix}{'<unknown>' if seen is None else f'{seen}%'}/{target['averageUtilization']}%"
    if target.get("averageValue") is not None:
        suffix = " (avg)" if metric["type"] in ("Object", "External") else ""
        return f"{prefix}{now.get('averageValue') or '<unknown>'}/{target['averageValue']}{suffix}"
    return f"{prefix}{now.get('value') or '<unknown>'}/{target.get('value', '<auto>')}"
