"""Puts seeds into a cluster, asks the tool what is wrong, and counts what it found, missed and made up."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.apiserver.cluster import Cluster
from tests.conformance.place import Place
from tests.diagnosis.seeds import APART, HEALTHY, SEEDS, Object, Seed
from tests.tools.api import permit
from tools.catalogue.diagnosing import DiagnoseArguments, diagnose
from tools.kube.client import KubeClient
from tools.kube.kubeconfig import Access
from tools.kube.transport import Transport

PATIENCE = 45.0
GRAVE = ("critical", "warning")
CLASS = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "rig"}}
CLASS |= {"spec": {"controller": "example.com/rig"}}
_PLURALS = {"Ingress": "ingresses", "IngressClass": "ingressclasses", "NetworkPolicy": "networkpolicies"}
_OLDER = {
    ("HorizontalPodAutoscaler", "autoscaling/v2"): "autoscaling/v2beta2",
    ("PodDisruptionBudget", "policy/v1"): "policy/v1beta1",
    ("CronJob", "batch/v1"): "batch/v1beta1",
}


@dataclass
class Tally:
    """seeded, found: how many; missed: seeds by name; false_alarms: findings that nobody seeded."""

    seeded: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def line(self) -> str:
        return (
            f"seeded {self.seeded}, found {self.found}, missed {len(self.missed)}, "
            f"false alarms {len(self.false_alarms)} on healthy clusters"
        )


async def ask(cluster: Cluster, user: str = "admin", **arguments: Any) -> Object:
    """The tool's data."""
    authority = cluster.ca.read_text() if cluster.ca else ""
    access = Access(name="rig", server=cluster.server, token=cluster.tokens[user], ca_data=authority)
    client = KubeClient(Transport("rig", access), permit(cluster="rig"))
    return (await diagnose(client, DiagnoseArguments(**arguments, limit=200))).data


async def tally(cluster: Cluster) -> Tally:
    """Everything: a namespace where all is well, one with the seeds, and one for each that needs its own."""
    made, began = Tally(), time.monotonic()
    cluster.http().post("/apis/networking.k8s.io/v1/ingressclasses", CLASS)
    with contextlib.ExitStack() as stack:
        well = Place(cluster, stack.enter_context(cluster.namespace("well")))
        grow(well, HEALTHY)
        made.false_alarms += [f"healthy: {each}" for each in await _grave_when_settled(well)]
        places: list[tuple[Place, tuple[Seed, ...]]] = [
            (Place(cluster, stack.enter_context(cluster.namespace("broken"))), SEEDS)
        ]
        places += [(Place(cluster, stack.enter_context(cluster.namespace("apart"))), (seed,)) for seed in APART]
        known = int(cluster.http().get("/version").json["minor"].rstrip("+"))
        places = [(place, tuple(seed for seed in seeds if seed.since <= known)) for place, seeds in places]
        for place, seeds in places:
            sow(place, seeds)
        for place, seeds in places:
            await _count(made, place, seeds)
    made.seconds = round(time.monotonic() - began, 1)
    return made


def sow(place: Place, seeds: Iterable[Seed]) -> None:
    grow(place, [manifest for seed in seeds for manifest in seed.makes])
    for seed in seeds:
        for manifest in seed.later:
            path = address(place, manifest)
            place.wait(path, lambda found: found.get("status", {}).get("availableReplicas"), f"{seed.name} serves")
            answer = place.http.patch(path, {"spec": manifest["spec"]})
            assert answer.status == 200, answer.text


def grow(place: Place, manifests: Iterable[Object]) -> None:
    for each in manifests:
        older = _OLDER.get((each["kind"], each["apiVersion"]))
        version = place.served(each["kind"], each["apiVersion"], older) if older else each["apiVersion"]
        manifest = {**each, "apiVersion": version}
        answer = place.http.post(address(place, manifest).rpartition("/")[0], manifest)
        assert answer.status == 201, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.text}"


def address(place: Place, manifest: Object) -> str:
    kind = manifest["kind"]
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    return f"{place.all(plural, manifest['apiVersion'])}/{manifest['metadata']['name']}"


async def _count(made: Tally, place: Place, seeds: tuple[Seed, ...]) -> None:
    wanted = {pair: seed for seed in seeds for pair in seed.finds}
    deadline = time.monotonic() + PATIENCE
    while True:
        data = await ask(place.cluster, namespace=place.namespace)
        told = {(f["code"], f"{f['kind']}/{f['name']}"): f["severity"] for f in data["findings"]}
        extra = {pair for pair, severity in told.items() if severity in GRAVE and pair not in wanted}
        if (wanted.keys() <= told.keys() and not extra) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    missed = dict.fromkeys(seed.name for pair, seed in wanted.items() if pair not in told)
    made.seeded += len(seeds)
    made.missed += missed
    made.found += len(seeds) - len(missed)
    made.false_alarms += [f"{code} {about}" for code, about in sorted(extra)]


async def _grave_when_settled(place: Place) -> list[str]:
    """What is found grave once everything runs: a start is no fault, so it is looked at until it has settled."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = await ask(place.cluster, namespace=place.namespace)
        grave = [f"{f['code']} {f['kind']}/{f['name']}" for f in found["findings"] if f["severity"] in GRAVE]
        if all_ready(place) or time.monotonic() > deadline:
            return [*grave, *([] if all_ready(place) else ["it never settled"])]
        if grave:
            return [f"while it starts: {each}" for each in grave]
        await asyncio.sleep(0.3)


def all_ready(place: Place) -> bool:
    pods = place.http.get(place.all("pods")).json["items"]
    states = [pod["status"] for pod in pods]
    ready = [
        state.get("phase") == "Succeeded"
        or any(c["type"] == "Ready" and c["status"] == "True" for c in state.get("conditions", []))
        for state in states
    ]
    return len(pods) >= len(HEALTHY) // 2 and all(ready)
