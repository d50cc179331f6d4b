"""Faults to put into a cluster, with what a diagnosis must say of each; and a namespace in which nothing is wrong."""

from dataclasses import dataclass
from typing import Any

from tests.apiserver.manifests import claim, configmap, container, deployment, job, pod, secret

Object = dict[str, Any]
SMALL = {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}}
TYPO = "registry.example.com/shop/recommendations:2.4.1-typo"


@dataclass(frozen=True)
class Seed:
    """finds: (code, "Kind/name") of each finding; later: manifests applied once the first are there; since: the minor
    version of Kubernetes that knows what is seeded."""

    name: str
    makes: tuple[Object, ...]
    finds: tuple[tuple[str, str], ...]
    later: tuple[Object, ...] = ()
    since: int = 0


def app(name: str, replicas: int = 1, *, annotations: dict[str, str] | None = None, **more: Any) -> Object:
    """A Deployment that asks for little; what containers have is given by name, the rest is the pod's."""
    of_container = {key: more.pop(key) for key in list(more) if key in _CONTAINER}
    one = container(**{"resources": SMALL, "ports": [{"containerPort": 80, "name": "http"}], **of_container})
    return deployment(name, replicas, annotations=annotations, containers=[one], **more)


_CONTAINER = {"image", "env", "envFrom", "command", "resources", "ports", "readinessProbe", "livenessProbe"}
_CONTAINER |= {"volumeMounts"}


def thing(api: str, kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def service(name: str, selector: Object, port: int = 80, target: Any = None) -> Object:
    ports = [{"port": port} | ({"targetPort": target} if target else {})]
    return thing("v1", "Service", name, {"selector": selector, "ports": ports})


def ingress(name: str, to: str, port: int = 80, kind: str = "rig", **more: Any) -> Object:
    backend = {"service": {"name": to, "port": {"number": port}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rules = [{"host": f"{name}.example.com", "http": {"paths": paths}}]
    return thing("networking.k8s.io/v1", "Ingress", name, {"ingressClassName": kind, "rules": rules, **more})


def scaler(name: str, kind: str, target: str) -> Object:
    aim = {"apiVersion": "apps/v1", "kind": kind, "name": target}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    spec = {"scaleTargetRef": aim, "minReplicas": 1, "maxReplicas": 3, "metrics": [metric]}
    return thing("autoscaling/v2", "HorizontalPodAutoscaler", name, spec)


def budget(name: str, selector: Object, **words: Any) -> Object:
    return thing("policy/v1", "PodDisruptionBudget", name, {"selector": {"matchLabels": selector}, **words})


def policy(name: str, selector: Object, rules: list[Object]) -> Object:
    spec = {"podSelector": {"matchLabels": selector}, "policyTypes": ["Ingress"], "ingress": rules}
    return thing("networking.k8s.io/v1", "NetworkPolicy", name, spec)


def cron(name: str, **spec: Any) -> Object:
    template = {"spec": {"template": job("x")["spec"]["template"]}}
    return thing("batch/v1", "CronJob", name, {"schedule": "0 4 * * *", "jobTemplate": template, **spec})


def set_of(kind: str, name: str, **spec: Any) -> Object:
    """A StatefulSet or DaemonSet made of what `app` has."""
    made = app(name)
    body = {key: made["spec"][key] for key in ("selector", "template")} | spec
    return thing("apps/v1", kind, name, body, labels={"app": name})


def quick(path: str = "/", port: Any = 80) -> Object:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 2}


def mounted(source: Object) -> Object:
    return {"volumes": [{"name": "v", **source}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}


AFFINITY = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"labelSelector": {"matchLabels": {"app": "spread"}}, "topologyKey": "kubernetes.io/hostname"}
        ]
    }
}
KEY = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "half", "key": "absent"}}}

SEEDS = (
    Seed(
        "s01 image typo, old pods serve",
        (app("typo", 2, image="registry.example.com/shop/recommendations:2.4.1"),),
        (("image-pull", "Deployment/typo"),),
        (app("typo", 2, image=TYPO),),
    ),
    Seed("five pods, one fault", (app("many", 5, image=TYPO),), (("image-pull", "Deployment/many"),)),
    Seed("s03 crash by arguments", (app("exits", command=["sh", "-c", "exit 3"], image="busybox:1.37"),), (("crash", "Deployment/exits"),)),
    Seed(
        "s04 crash, the log names the variable",
        (app("unset", image="registry.example.com/shop/checkout:1.9.0", annotations={"demo/requires-env": "PAYMENT_API_URL"}),),
        (("crash-variable", "Deployment/unset"),),
    ),
    Seed("s06 readiness path", (app("path", readinessProbe=quick("/no-such-path")),), (("readiness", "Deployment/path"),)),
    Seed("s07 liveness port", (app("probe-port", livenessProbe=quick(port=8099)),), (("liveness", "Deployment/probe-port"),)),
    Seed("s08 Secret missing", (app("no-secret", envFrom=[{"secretRef": {"name": "absent"}}]),), (("reference-missing", "Deployment/no-secret"),)),
    Seed("key missing", (secret("half", there="x"), app("no-key", env=[KEY])), (("reference-missing", "Deployment/no-key"),)),
    Seed("s09 ConfigMap mount", (app("no-config", **mounted({"configMap": {"name": "absent"}})),), (("reference-missing", "Deployment/no-config"),)),
    Seed("s10 selector matches nothing", (app("cart"), service("cart", {"app": "carts"})), (("service-nobody", "Service/cart"),)),
    Seed("port of no name", (app("named"), service("named", {"app": "named"}, target="web")), (("service-port", "Service/named"),)),
    Seed("port of no container", (app("numbered"), service("numbered", {"app": "numbered"}, target=8099)), (("service-port-unnamed", "Service/numbered"),)),
    Seed("s12 Service deleted", (app("orphan"), ingress("orphan", "orphan")), (("ingress-service", "Ingress/orphan"),)),
    Seed("ingress port", (app("front"), service("front", {"app": "front"}), ingress("front", "front", 8443)), (("ingress-service", "Ingress/front"),)),
    Seed("ingress class", (app("classless"), service("classless", {"app": "classless"}), ingress("classless", "classless", kind="no-such-class")), (("ingress-class", "Ingress/classless"),)),
    Seed("ingress certificate", (app("tls"), service("tls", {"app": "tls"}), ingress("tls", "tls", tls=[{"hosts": ["tls.example.com"], "secretName": "absent-tls"}])), (("ingress-secret", "Ingress/tls"),)),
    Seed("s15 node selector", (app("picky", nodeSelector={"disktype": "ssd-no-such"}),), (("node-selector", "Deployment/picky"),)),
    Seed("s17 anti-affinity", (app("spread", 5, affinity=AFFINITY),), (("anti-affinity", "Deployment/spread"),)),
    Seed("s19 too big", (app("giant", resources={"requests": {"cpu": "640"}}),), (("requests", "Deployment/giant"),)),
    Seed(
        "s23 claim of no class",
        (claim("slow", "1Gi", "no-such-class"), app("disk", **mounted({"persistentVolumeClaim": {"claimName": "slow"}}))),
        (("claim-class", "PersistentVolumeClaim/slow"), ("claim-unbound", "Deployment/disk")),
    ),
    Seed("s24 claim missing", (app("no-claim", **mounted({"persistentVolumeClaim": {"claimName": "absent"}})),), (("reference-missing", "Deployment/no-claim"),)),
    Seed(
        "s29 policy admits nobody that exists",
        (app("fenced"), service("fenced", {"app": "fenced"}), policy("fenced", {"app": "fenced"}, [{"from": [{"podSelector": {"matchLabels": {"tier": "no-such"}}}]}])),
        (("policy-nobody", "NetworkPolicy/fenced"),),
    ),
    Seed(
        "policy lets nobody in",
        (app("shut"), service("shut", {"app": "shut"}), policy("shut", {"app": "shut"}, [])),
        (("policy-blocks", "NetworkPolicy/shut"),),
    ),
    Seed(
        "policy admits another port",
        (app("door"), service("door", {"app": "door"}), policy("door", {"app": "door"}, [{"ports": [{"port": 9999, "protocol": "TCP"}]}])),
        (("policy-ports", "NetworkPolicy/door"),),
    ),
    Seed("policy for no pod", (policy("idle", {"app": "no-such-app"}, []),), (("policy-unused", "NetworkPolicy/idle"),)),
    Seed("autoscaler of nothing", (scaler("aimless", "Deployment", "no-such"),), (("autoscaler-target", "HorizontalPodAutoscaler/aimless"),)),
    Seed("autoscaler without requests", (app("blind", resources={}), scaler("blind", "Deployment", "blind")), (("autoscaler-metrics", "HorizontalPodAutoscaler/blind"),)),
    Seed("s32 scaled to zero", (app("zero", 0), service("zero", {"app": "zero"})), (("scaled-to-zero", "Deployment/zero"),)),
    Seed("s41 job failed", (job("fails", containers=[container("busybox:1.37", command=["sh", "-c", "exit 2"])]),), (("job-failed", "Job/fails"),)),
    Seed("job cannot fetch its image", (job("unfetched", containers=[container(TYPO)]),), (("image-pull", "Job/unfetched"),)),
    Seed("s42 cronjob suspended", (cron("asleep", suspend=True),), (("cronjob-suspended", "CronJob/asleep"),)),
    Seed("cronjob with too short a deadline", (cron("hasty", startingDeadlineSeconds=5),), (("cronjob-missed", "CronJob/hasty"),)),
    Seed("StatefulSet without its Service", (set_of("StatefulSet", "alone", serviceName="no-such"),), (("statefulset-service", "StatefulSet/alone"),)),
    Seed("DaemonSet that fits no node", (_nowhere := set_of("DaemonSet", "nowhere"),), (("daemonset-nowhere", "DaemonSet/nowhere"),)),
    Seed("rollout paused", (app("halted"),), (("rollout-paused", "Deployment/halted"),)),
    Seed("job suspended", ({**(_held := job("held")), "spec": _held["spec"] | {"suspend": True}},), (("job-suspended", "Job/held"),), since=22),
    Seed(
        "selectors overlap",
        (app("twin"), {**(_other := app("twin-two")), "spec": _other["spec"] | {"template": {**_other["spec"]["template"], "metadata": {"labels": {"app": "twin-two", "both": "yes"}}}, "selector": {"matchLabels": {"app": "twin-two"}}}}, {**(_third := app("twin-three")), "spec": _third["spec"] | {"template": {**_third["spec"]["template"], "metadata": {"labels": {"app": "twin-three", "both": "yes"}}}, "selector": {"matchLabels": {"both": "yes"}}}}),
        (("selectors-overlap", "Deployment/twin-three"),),
    ),
    Seed("account missing", (app("nobody", serviceAccountName="no-such"),), (("pods-refused", "Deployment/nobody"),)),
)  # fmt: skip
_nowhere["spec"]["template"]["spec"]["nodeSelector"] = {"disktype": "no-such"}
next(seed for seed in SEEDS if seed.name == "rollout paused").makes[0]["spec"]["paused"] = True

# Each in a namespace of its own, because what is wrong is the namespace's.
APART = (
    Seed(
        "s21 quota exceeded",
        (thing("v1", "ResourceQuota", "tight", {"hard": {"requests.cpu": "20m"}}), app("greedy", resources={"requests": {"cpu": "30m"}})),
        (("quota-exceeded", "Deployment/greedy"),),
    ),
    Seed(
        "quota used up",
        (configmap("one"), thing("v1", "ResourceQuota", "full", {"hard": {"configmaps": "1"}})),
        (("quota-full", "ResourceQuota/full"),),
    ),
    Seed(
        "s22 limit range",
        (thing("v1", "LimitRange", "range", {"limits": [{"type": "Container", "max": {"memory": "128Mi"}}]}), app("large", resources={"limits": {"memory": "1Gi"}})),
        (("limit-range", "Deployment/large"),),
    ),
    Seed("budget blocks every eviction", (app("fixed", 2), budget("fixed", {"app": "fixed"}, minAvailable=2)), (("budget-blocks", "PodDisruptionBudget/fixed"),)),
    Seed("budget for no pod", (budget("moot", {"app": "no-such-app"}, minAvailable=1),), (("budget-nobody", "PodDisruptionBudget/moot"),)),
)  # fmt: skip

HEALTHY = (
    app("web", 2, readinessProbe=quick(), env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "kept", "key": "a"}}}]),
    configmap("kept", {"a": "1"}),
    service("web", {"app": "web"}, target="http"),
    ingress("web", "web"),
    scaler("web", "Deployment", "web"),
    budget("web", {"app": "web"}, minAvailable=1),
    policy("web", {"app": "web"}, [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80, "protocol": "TCP"}]}]),
    set_of("StatefulSet", "db", serviceName="db", replicas=1),
    thing("v1", "Service", "db", {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 80}]}),
    set_of("DaemonSet", "agent"),
    claim("data", "1Gi"),
    pod("user", containers=[container(resources=SMALL, volumeMounts=[{"name": "v", "mountPath": "/v"}])], volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
    job("done"),
    cron("nightly"),
    thing("v1", "Service", "outside", {"type": "ExternalName", "externalName": "db.example.com"}),
)  # fmt: skip
