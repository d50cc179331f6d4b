"""Programs that end at once, and what they are given: commands, variables, Secrets, ConfigMaps."""

from typing import Any

from tests.apiserver.manifests import container, deployment, pod
from tests.scenarios.checks import available, both, containers, ready, told, waiting
from tests.scenarios.place import Object, Place
from tests.scenarios.scenario import Scenario, ask, here, in_pods, patched

VARIABLE = "PAYMENT_API_URL"
NEEDY = container("registry.example.com/shop/checkout:1.9.0", ports=[{"containerPort": 8080}])


async def crashing(place: Place, name: str, **spec: Any) -> None:
    await place.create(deployment(name, 1, **spec))
    await place.until(waiting(name, "CrashLoopBackOff"), f"{name} crash-loops")


async def wrong_arguments(place: Place) -> None:
    await crashing(place, "worker", containers=[container(command=["sh", "-c", "exit 1"])])


async def missing_variable(place: Place) -> None:
    await crashing(place, "checkout", annotations={"demo/requires-env": VARIABLE}, containers=[NEEDY])


async def stays_up(place: Place) -> bool:
    """None of its containers has been started again."""
    pods = await place.items("pods", "app=worker")
    return all(not state["restartCount"] for each in pods for state in containers(each))


async def has_variable(place: Place) -> bool:
    spec = (await place.find("deployments", "checkout"))["spec"]["template"]["spec"]
    return any(each["name"] == VARIABLE for each in spec["containers"][0].get("env", []))


def given(secret: str) -> Object:
    return {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": secret, "key": "password"}}}]}


async def secret_missing(place: Place) -> None:
    """The Secret is there, under another name."""
    await place.create(place.secret("db-credentials", "password"))
    await place.create(deployment("api", 1, containers=[container(**given("db-creds"))]))
    await place.until(waiting("api", "CreateContainerConfigError"), "the container cannot be configured")


async def configmap_mount(place: Place) -> None:
    mount = [{"name": "settings", "mountPath": "/etc/app"}]
    volume = [{"name": "settings", "configMap": {"name": "app-settings"}}]
    await place.create(pod("app", containers=[container(volumeMounts=mount)], volumes=volume))
    await place.until(told("FailedMount"), "the mount fails")


SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-settings}\ndata: {mode: fast}\n"

SCENARIOS = (
    Scenario(
        "s03-crashloop-args",
        wrong_arguments,
        (
            ask(
                "worker is not running.",
                here("k8s_logs", target="deployment/worker", previous=True),
                here(
                    "k8s_get", kind="deployment", name="worker", path="spec.template.spec.containers[0].command"
                ).saying("exit 1"),
                patched("deployment", "worker", in_pods({"name": "app", "command": None})).saying("1 of 1 available"),
            ),
        ),
        both(available("worker"), stays_up),
        ("deployments/worker",),
    ),
    Scenario(
        "s04-crashloop-env",
        missing_variable,
        (
            ask(
                "checkout restarts all the time.",
                here("k8s_logs", target="deployment/checkout", previous=True).saying(f"{VARIABLE} is not set"),
                here("k8s_set", name="checkout", env={VARIABLE: "http://gateway"}).saying("1 of 1 available"),
            ),
        ),
        both(available("checkout"), has_variable),
        ("deployments/checkout",),
    ),
    Scenario(
        "s08-secret-missing",
        secret_missing,
        (
            ask(
                "Why does api not start?",
                here("k8s_describe", kind="deployment", name="api").saying('secret "db-creds" not found'),
                here("k8s_list", kind="secrets").saying("db-credentials"),
                here("k8s_get", kind="secret", name="db-credentials").saying("password"),
                patched("deployment", "api", in_pods({"name": "app", **given("db-credentials")})).saying(
                    "1 of 1 available"
                ),
            ),
        ),
        available("api"),
        ("deployments/api",),
    ),
    Scenario(
        "s09-configmap-mount",
        configmap_mount,
        (
            ask(
                "The pod app hangs in ContainerCreating.",
                here("k8s_events", object="pod/app").saying('configmap "app-settings" not found'),
                here("k8s_apply", manifest=SETTINGS).saying("created"),
            ),
        ),
        ready("app"),
        ("configmaps/app-settings",),
    ),
)
