"""The words of Kubernetes in one or two plain sentences each, for people who meet them for the first time."""

import re

from chat.agent.providers.guide.kinds import kind_of

WORDS = {
    "pods": (
        "A **pod** is one running copy of your program: one container, or a few that "
        "belong together. Pods come and go; a Deployment keeps the wanted number of "
        "them running."
    ),
    "deployments": (
        "A **Deployment** says which image should run and how many copies (replicas) of "
        "it. It makes the pods, replaces the ones that die and rolls out new versions "
        "step by step."
    ),
    "replicasets": (
        "A **ReplicaSet** keeps a number of identical pods running. A Deployment makes "
        "one for each version; you rarely touch it yourself."
    ),
    "statefulsets": (
        "A **StatefulSet** runs pods that keep their name and their disk when they are replaced, such as databases."
    ),
    "daemonsets": "A **DaemonSet** runs one pod on every node, such as a log collector.",
    "jobs": "A **Job** runs a program until it succeeds, and tries again a limited number of times when it fails.",
    "cronjobs": "A **CronJob** starts a Job on a schedule.",
    "services": (
        "A **Service** is a stable name and address in front of pods. It finds them by "
        "their labels: when no ready pod carries the labels it looks for, nobody "
        "answers."
    ),
    "endpoints": (
        "**Endpoints** are the addresses of the ready pods behind a Service. None "
        "means: whoever calls the Service gets no answer."
    ),
    "ingresses": "An **Ingress** leads web requests from outside (a host name, a path) to a Service.",
    "configmaps": "A **ConfigMap** holds settings that are not secret, as keys and values.",
    "secrets": (
        "A **Secret** holds passwords, keys and the like. Their values are never shown "
        "here, only their names and sizes."
    ),
    "persistentvolumeclaims": (
        "A **PersistentVolumeClaim** (PVC) asks for a disk. While it is Pending, the pods that use it cannot start."
    ),
    "persistentvolumes": "A **PersistentVolume** is a piece of storage that a claim can be given.",
    "namespaces": (
        "A **namespace** is a folder for objects: names are unique within it, and rights and quotas are given for it."
    ),
    "nodes": "A **node** is one machine of the cluster. Pods run on nodes.",
    "events": (
        "**Events** are short notes that the cluster writes when something happens to "
        "an object: scheduled, pulled, failed, killed. They are kept for about an hour."
    ),
    "crashloopbackoff": (
        "**CrashLoopBackOff** means the program starts, ends with an error, is started "
        "again, and the waits between the tries grow (up to five minutes). The reason "
        "is nearly always in the log of the previous try."
    ),
    "imagepullbackoff": (
        "**ImagePullBackOff** means the image could not be fetched: a wrong name or "
        "tag, a private registry without a pull secret, or a registry that cannot be "
        "reached."
    ),
    "oomkilled": (
        "**OOMKilled** means the container used more memory than its limit and was "
        "killed (exit code 137). It needs a higher limit, or the program has to use "
        "less."
    ),
    "pending": (
        "**Pending** means no node has taken the pod yet, mostly because none has as "
        "much free CPU or memory as the pod asks for."
    ),
    "evicted": "**Evicted** means the node was short of memory or disk and threw the pod out.",
    "replicas": (
        "**Replicas** are identical copies of a pod. More of them share the load and survive the loss of a node."
    ),
    "rollout": (
        "A **rollout** replaces the pods of a Deployment step by step after a change, so that some always answer."
    ),
    "readiness probe": (
        "A **readiness probe** asks a container whether it can take requests. While it says no, Services send it none."
    ),
    "liveness probe": (
        "A **liveness probe** asks a container whether it is still alive. When it says "
        "no several times, the container is restarted."
    ),
    "requests": (
        "A **request** is the CPU and memory reserved for a container: the scheduler "
        "looks for a node with that much left. A **limit** is the most it may use."
    ),
    "labels": (
        "**Labels** are small key=value notes on objects. Services and Deployments find "
        "their pods by them (a *selector*)."
    ),
    "cordon": "To **cordon** a node means: start no new pods on it. The ones that run there stay.",
    "kubernetes": (
        "**Kubernetes** runs programs in containers on a group of machines: you say "
        "what should run, it keeps that true."
    ),
    "cluster": "A **cluster** is a group of machines (nodes) that one Kubernetes API server looks after.",
    "mcp": (
        "**MCP** is a protocol by which AI programs use tools. This portal offers its "
        "Kubernetes tools over it at `/mcp`."
    ),
}
SAME = {
    "errimagepull": "imagepullbackoff",
    "crashloop": "crashloopbackoff",
    "crash loop": "crashloopbackoff",
    "oom": "oomkilled",
    "limits": "requests",
    "limit": "requests",
    "request": "requests",
    "label": "labels",
    "selector": "labels",
    "selectors": "labels",
    "readiness": "readiness probe",
    "liveness": "liveness probe",
    "replica": "replicas",
    "k8s": "kubernetes",
    "image pull backoff": "imagepullbackoff",
    "endpointslices": "endpoints",
    "volumes": "persistentvolumes",
    "oom killed": "oomkilled",
    "probe": "readiness probe",
}
QUESTION = re.compile(
    r"^(?:(?:and |so |but )?what (?:is|are|does)|explain|define|was ist|was sind|meaning of|what is meant by|"
    r"what do you mean by) (?:an? |the |ein |eine )?'?"
    r"(?P<topic>[a-z0-9]+(?: [a-z]+)?)(?: mean| means| in kubernetes| stand for| do| again| exactly)*$"
)


def topic_of(text: str) -> str:
    """The glossary's key for "what is a pod" or "what does OOMKilled mean", or ""."""
    found = QUESTION.match(text)
    if not found:
        return ""
    topic = found["topic"].removesuffix(" mean").removesuffix(" do")
    kind = kind_of(topic)
    key = kind.resource if kind else SAME.get(topic, topic)
    return key if key in WORDS else ""
