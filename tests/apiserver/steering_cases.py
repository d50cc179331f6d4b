"""Fields, rollouts, labels and jobs on the real API server: what is set, and what is refused."""

from collections.abc import Callable

from tests.apiserver.cluster import await_true
from tests.apiserver.manifests import configmap, container, deployment
from tests.apiserver.stage_moves import field, fresh, path_of, present, without
from tests.apiserver.tool_case import Case, Json
from tests.apiserver.tool_stage import SECONDS, Stage

WORKS: dict[str, list[Case]] = {}
FAILS: dict[str, list[Case]] = {}
HERE = {"namespace": "{ns}"}


def first_container(name: str, check: Callable[[Json], Json]) -> Callable[[Stage], bool]:
    return field(
        "deployments", name, "apps/v1", lambda found: check(found["spec"]["template"]["spec"]["containers"][0])
    )


# ---- k8s_set -----------------------------------------------------------------------------------------------------

SET = {"name": "adjusted", **HERE}
ADJUSTED = deployment("adjusted", 0, containers=[container(env=[{"name": "OLD", "value": "1"}])])
WORKS["k8s_set"] = [
    Case(
        {**SET, "images": {"app": "nginx:1.28"}, "env": {"MODE": "fast", "OLD": None}},
        ("nginx:1.27", "nginx:1.28"),
        before=fresh(ADJUSTED),
        after=first_container("adjusted", lambda found: found["env"] == [{"name": "MODE", "value": "fast"}]),
    ),
    Case(
        {**SET, "env_from": {"OLD": "secret/keys/token"}, "resources": {"limits": {"memory": "64Mi"}}},
        ("Set",),
        before=fresh(ADJUSTED),
        after=first_container(
            "adjusted",
            lambda found: (
                found["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "keys"
                and found["resources"]["limits"] == {"memory": "64Mi"}
            ),
        ),
    ),
]
FAILS["k8s_set"] = [
    Case({**SET, "name": "ghost", "images": {"app": "nginx"}}, ("ghost",)),
    Case({**SET, "images": {"side": "nginx"}}, ("side", "app"), before=fresh(ADJUSTED)),
    Case({**SET, "resources": {"limits": {"memory": "much"}}}, ("refuses",), before=fresh(ADJUSTED)),
    Case({**SET, "images": {"app": "nginx:1.28"}}, ("viewer",), "viewer", before=fresh(ADJUSTED)),
]

# ---- k8s_rollout_do ----------------------------------------------------------------------------------------------


def restarted(stage: Stage) -> bool:
    template = stage.spec(path_of(stage, "deployments", "renewed", "apps/v1"))["template"]
    return "kubectl.kubernetes.io/restartedAt" in template["metadata"].get("annotations", {})


def twice_rolled_out(stage: Stage) -> None:
    """A Deployment of two revisions, the newer with another image."""
    fresh(deployment("back"))(stage)
    path, sets = path_of(stage, "deployments", "back", "apps/v1"), stage.all("replicasets", "apps/v1")

    def revisions() -> int:
        return sum(each["metadata"]["name"].startswith("back-") for each in stage.http.get(sets).json["items"])

    await_true(lambda: revisions() == 1, SECONDS, "the first revision is there")
    operation = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:1.28"}
    stage.http.patch(path, [operation], content_type="application/json-patch+json")
    await_true(lambda: revisions() == 2, SECONDS, "the second revision is there")


def paused(stage: Stage) -> None:
    fresh({**deployment("held", 0), "spec": {**deployment("held", 0)["spec"], "paused": True}})(stage)


RENEWED = {"action": "restart", "name": "renewed", **HERE}
WORKS["k8s_rollout_do"] = [
    Case(RENEWED, ("renewed",), before=fresh(deployment("renewed")), after=restarted),
    Case(
        {"action": "pause", "name": "renewed", **HERE},
        ("paused",),
        before=fresh(deployment("renewed", 0)),
        after=field("deployments", "renewed", "apps/v1", lambda found: found["spec"]["paused"]),
    ),
    Case(
        {"action": "resume", "name": "held", **HERE},
        ("paused",),
        before=paused,
        after=field("deployments", "held", "apps/v1", lambda found: "paused" not in found["spec"]),
    ),
    Case(
        {"action": "undo", "name": "back", **HERE},
        ("revision 1", "nginx:1.28", "nginx:1.27"),
        before=twice_rolled_out,
        after=first_container("back", lambda found: found["image"] == "nginx:1.27"),
    ),
]
FAILS["k8s_rollout_do"] = [
    Case({**RENEWED, "name": "ghost"}, ("ghost",)),
    Case({**RENEWED, "name": "web"}, ("viewer",), "viewer"),
    Case({**RENEWED, "action": "undo", "name": "held"}, ("resume it first",), before=paused),
    Case({**RENEWED, "action": "undo", "name": "web"}, ("no earlier revision",)),
    Case({**RENEWED, "action": "undo", "name": "web", "to_revision": 7}, ("no revision 7",)),
]

# ---- k8s_label ---------------------------------------------------------------------------------------------------

MARKED = configmap("marked", labels={"team": "a", "set": "marked"})
LABEL = {"kind": "configmap", **HERE}
WORKS["k8s_label"] = [
    Case(
        {**LABEL, "name": "marked", "labels": {"team": None, "example.com/tier": "b"}, "annotations": {"note": "x y"}},
        ("done",),
        before=fresh(MARKED),
        after=field(
            "configmaps",
            "marked",
            "v1",
            lambda found: found["metadata"]["labels"] == {"set": "marked", "example.com/tier": "b"},
        ),
    ),
    Case({**LABEL, "label_selector": "set=marked", "labels": {"team": "a"}}, ("unchanged",), before=fresh(MARKED)),
]
FAILS["k8s_label"] = [
    Case({**LABEL, "name": "ghost", "labels": {"a": "b"}}, ("ghost",)),
    Case({**LABEL, "name": "marked", "labels": {"a/b/c": "d"}}, ("refuses",), before=fresh(MARKED)),
    Case({**LABEL, "label_selector": "!no-such", "max_count": 1, "labels": {"a": "b"}}, ("max_count",)),
    Case({**LABEL, "name": "marked", "labels": {"a": "b"}}, ("viewer",), "viewer", before=fresh(MARKED)),
]

# ---- job_run -----------------------------------------------------------------------------------------------------


def cronjob(stage: Stage) -> None:
    """A suspended CronJob, in the version that this server has."""
    api = stage.served("CronJob", "batch/v1", "batch/v1beta1")
    pods = {"restartPolicy": "Never", "containers": [container("busybox:1.36")]}
    spec = {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": {"template": {"spec": pods}}}}
    fresh({"apiVersion": api, "kind": "CronJob", "metadata": {"name": "tidy"}, "spec": spec})(stage)


def tidy(stage: Stage) -> None:
    without("jobs", "tidy-now", "batch/v1")(stage)
    cronjob(stage)


RUN = {"cronjob": "tidy", "name": "tidy-now", **HERE}
WORKS["job_run"] = [Case(RUN, ("tidy-now",), before=tidy, after=present("jobs", "tidy-now", "batch/v1"))]
FAILS["job_run"] = [
    Case({**RUN, "cronjob": "ghost"}, ("ghost",)),
    Case({**RUN, "name": "No_Good"}, ("No_Good",), before=cronjob),
    Case(RUN, ("viewer",), "viewer", before=tidy),
]
