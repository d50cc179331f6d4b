"""Jobs that failed or never began, and a field that cannot be changed."""

from datetime import UTC, datetime, timedelta

from tests.apiserver.manifests import container, deployment, job
from tests.scenarios.checks import available, both, condition, exists
from tests.scenarios.place import Place
from tests.scenarios.scenario import Scenario, ask, here, patched

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: report}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: app, image: "busybox:1.36", command: [sh, -c, "echo done"]}]
"""
RENAMED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web, tier: front}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
"""
SELECTOR = {"app": "web", "tier": "front"}


async def failed(place: Place) -> bool:
    return condition(await place.find("jobs", "report"), "Failed") == "True"


async def complete(place: Place) -> bool:
    return condition(await place.find("jobs", "report"), "Complete") == "True"


async def job_failing(place: Place) -> None:
    await place.create(job("report", containers=[container("busybox:1.36", command=["sh", "-c", "exit 3"])]))
    await place.until(failed, "the job has given up")


async def suspended(place: Place) -> None:
    """Its last time is a while ago, so that a run is due as soon as it may run."""
    once = {"spec": {"template": job("once")["spec"]["template"]}}
    spec = {"schedule": "* * * * *", "suspend": True, "jobTemplate": once}
    await place.create({"kind": "CronJob", "metadata": {"name": "nightly"}, "spec": spec})
    then = (datetime.now(UTC) - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await place.change("cronjobs", "nightly/status", {"status": {"lastScheduleTime": then}})


async def a_job_of_it(place: Place) -> bool:
    owners = [each["metadata"].get("ownerReferences") or [] for each in await place.items("jobs")]
    return any(owner["name"] == "nightly" for each in owners for owner in each)


async def with_selector(place: Place) -> None:
    await place.create(deployment("web"))
    await place.until(available("web"), "web is available")


SCENARIOS = (
    Scenario(
        "s39-immutable",
        with_selector,
        (
            ask(
                "web's pods belong to tier front, its selector must say so.",
                here("k8s_apply", manifest=RENAMED, force=True).failing("immutable"),
                here("k8s_delete", kind="deployment", name="web"),
                here("k8s_apply", manifest=RENAMED).saying("created", "1 of 1 available"),
            ),
        ),
        both(available("web"), exists("deployments", "web", "spec", "selector", "matchLabels", value=SELECTOR)),
        ("deployments/web",),
    ),
    Scenario(
        "s41-job-failing",
        job_failing,
        (
            ask(
                "The report was not made.",
                here("k8s_describe", kind="job", name="report").saying("BackoffLimitExceeded"),
                here("k8s_logs", target="job/report"),
                here("k8s_delete", kind="job", name="report"),
                here("k8s_apply", manifest=JOB).saying("created"),
            ),
        ),
        complete,
        ("jobs/report",),
    ),
    Scenario(
        "s42-cronjob-suspended",
        suspended,
        (
            ask(
                "Why does nightly never run?",
                here("k8s_get", kind="cronjob", name="nightly", path="spec.suspend").saying("true"),
                patched("cronjob", "nightly", {"spec": {"suspend": False}}).saying("suspend"),
            ),
        ),
        a_job_of_it,
        ("cronjobs/nightly",),
    ),
)
