"""Runs a CronJob now: one Job from its template, whatever its schedule says."""

from datetime import UTC, datetime

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.resources import valid_new_name
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change

_LONGEST_NAME = 63


class JobRunArguments(Arguments):
    cronjob: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    name: str | None = Field(None, description="Of the new job. Left out: made from the time.", min_length=1)


async def run_job(client: KubeClient, asked: JobRunArguments) -> Result:
    """data: {"job", "namespace", "cronjob"}."""
    target = await exact(client, "cronjobs.batch", asked.cronjob, asked.namespace)
    found = await read(client, target)
    name = valid_new_name(asked.name) if asked.name else _name(client, asked.cronjob)
    whole = await client.original(target)
    await client.create(await client.resolve("jobs.batch"), target.namespace, _job(whole, name))
    header = f"Job {name} in {asked.namespace} runs cronjob {asked.cronjob} now."
    data = {"job": name, "namespace": asked.namespace, "cronjob": asked.cronjob}
    return Result(header, "", data, tuple(_notes(found)))


def _name(client: KubeClient, cronjob: str) -> str:
    """From the moment the call was asked for: the same at every try."""
    moment = (client.permit.moment if client.permit else None) or datetime.now(UTC)
    ending = f"-manual-{moment:%m%d%H%M%S}"
    return f"{cronjob[: _LONGEST_NAME - len(ending)].rstrip('-.')}{ending}"


def _job(found: Object, name: str) -> Object:
    """As the controller of CronJobs makes it, and as kubectl marks one that a person began."""
    meta, template = part(found, "metadata"), part(part(found, "spec"), "jobTemplate")
    kept = part(template, "metadata")
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": meta.get("name"), "uid": meta.get("uid")}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": part(kept, "labels"),
            "annotations": {**part(kept, "annotations"), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": part(template, "spec"),
    }


def _notes(found: Object) -> list[str]:
    spec, running = part(found, "spec"), part(found, "status").get("active") or []
    told = []
    if spec.get("suspend"):
        told.append("The cronjob is suspended; this job runs all the same.")
    if running:
        policy = spec.get("concurrencyPolicy") or "Allow"
        told.append(f"{counted(len(running), 'job')} of it runs already (concurrencyPolicy {policy}, not asked here).")
    return told


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="job_run",
        title="Run a cronjob",
        description="Makes a job from a cronjob's template, now.",
        effect=Effect.CHANGE,
        arguments=JobRunArguments,
        run=run_job,
        intent=lambda asked: f"Run cronjob {asked.cronjob} in {asked.namespace} now",
        changes=one_change,
    ),
)
