"""Defaults of Jobs and CronJobs."""

from typing import Any

from tools.demo.defaults.pods import default_template

Json = dict[str, Any]


def default_job(job: Json) -> None:
    spec = job.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("backoffLimit", _NO_LIMIT if spec.get("backoffLimitPerIndex") is not None else 6)
    spec.setdefault("podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed")
    template = spec.setdefault("template", {})
    default_template(template)
    _no_restart_default(template)
    spec.setdefault("manualSelector", False)
    meta = job.setdefault("metadata", {})
    labels = (template.get("metadata") or {}).get("labels")
    if not meta.get("labels") and labels:
        meta["labels"] = dict(labels)


_NO_LIMIT = 2**31 - 1


def default_cron_job(cron_job: Json) -> None:
    spec = cron_job.setdefault("spec", {})
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    template = job.setdefault("spec", {}).setdefault("template", {})
    default_template(template)
    _no_restart_default(template)


def _no_restart_default(template: Json) -> None:
    """Jobs share the pods' default (Always), which their own validation then refuses."""
    template.setdefault("spec", {}).setdefault("restartPolicy", "Always")
