"""5,000 and 50,000 pods listed from a real API server: k8s_list beside `kubectl get pods -A` and the peer, in one run.

Each side is a process of its own. kubectl has everything to do, from its start on. The portal's process and the peer's
stand anyway: what counts is the call, the extra memory it takes, and for the portal the longest time in which the event
loop did nothing else; its start is told apart.

KUBEBUILDER_ASSETS names the folder with the API server, etcd and kubectl. LISTING_PODS: other numbers, by commas.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import peer
from tests.apiserver.control_plane import ControlPlane, start
from tests.apiserver.manifests import container, pod

ROUNDS = 3
MEGABYTE = 1 << 20
SIZES = (5_000, 50_000)
NAMESPACES = 20


async def measure() -> dict[str, Any]:
    assets = Path(os.environ["KUBEBUILDER_ASSETS"])
    sizes = [int(size) for size in os.environ.get("LISTING_PODS", "").split(",") if size] or SIZES
    plane = start(assets)
    try:
        _stop_controllers(plane)
        found, made = {}, 0
        for size in sizes:
            _make(plane, made, size)
            made = size
            found[str(size)] = await _compared(plane, assets / "kubectl")
    finally:
        plane.stop()
    goal = "faster than both, event loop never blocked over 100 ms, < 60 MB extra"
    return {"pods": found, "rounds": ROUNDS, "goal": goal, "met": all(each["met"] for each in found.values())}


def _stop_controllers(plane: ControlPlane) -> None:
    """So that the pods hold still and the processor is free; and nobody asks for metrics that are gone."""
    plane.http().delete("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
    for process in plane.processes:
        if process.name not in ("etcd", "kube-apiserver"):
            process.popen.terminate()
            process.popen.wait(20)


def _make(plane: ControlPlane, first: int, last: int) -> None:
    if not first:
        for number in range(NAMESPACES):
            plane.http().post("/api/v1/namespaces", {"metadata": {"name": f"many-{number}"}})
            account = {"metadata": {"name": "default"}}
            plane.http().post(f"/api/v1/namespaces/many-{number}/serviceaccounts", account)

    def one(number: int) -> None:
        env = [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(8)]
        spec = {"nodeName": "node-1", "automountServiceAccountToken": False}
        body = pod(f"web-7d9f8c5b6-{number:05}", containers=[container(env=env)], **spec)
        answer = plane.http().post(f"/api/v1/namespaces/many-{number % NAMESPACES}/pods", body)
        if answer.status != 201:
            raise RuntimeError(answer.text)

    with ThreadPoolExecutor(8) as several:
        list(several.map(one, range(first, last)))


async def _compared(plane: ControlPlane, kubectl: Path) -> dict[str, Any]:
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig), "HOME": str(plane.folder)}
    theirs = [_process([str(kubectl), "--context", "admin", "get", "pods", "-A"], environment) for _ in range(ROUNDS)]
    others = [await _peers(named, plane.kubeconfig) for _ in range(ROUNDS)] if (named := peer.program()) else []
    ours = [json.loads(_told([sys.executable, "-m", "bench.listing"], environment)) for _ in range(ROUNDS)]
    best = min(each["seconds"] for each in ours)
    kubectl_best = min(each["seconds"] for each in theirs)
    peer_best = min((each["seconds"] for each in others), default=None)
    extra = max(each["extra_mb"] for each in ours)
    blocked = max(each["longest_block_ms"] for each in ours)
    return {
        "kubectl": {"seconds": kubectl_best, "peak_mb": max(each["peak_mb"] for each in theirs)},
        "k8s_list": {"seconds": best, "peak_mb": max(each["peak_mb"] for each in ours), "extra_mb": extra},
        "peer": min(others, key=lambda each: each["seconds"]) if others else None,
        "start_of_our_process_seconds": min(each["start_seconds"] for each in ours),
        "longest_block_ms": blocked,
        "counted": ours[0]["counted"],
        "ratio": round(best / kubectl_best, 2),
        "ratio_peer": round(best / peer_best, 2) if peer_best else None,
        "met": peer_best is not None and best < min(kubectl_best, peer_best) and extra < 60 and blocked <= 100,
    }


def _process(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    began = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}")
    return {"seconds": round(time.perf_counter() - began, 2), "peak_mb": round(usage.ru_maxrss / 1024, 1)}


async def _peers(named: str, kubeconfig: Path) -> dict[str, Any]:
    """One call of its tool that lists every pod; its answer is as long as `characters`."""
    async with peer.connected(named, kubeconfig) as client:
        await peer.called(client, "namespaces_list", {})  # warm: it has discovered what there is
        before, began = peer.peak_mb(), time.perf_counter()
        text = await peer.called(client, "pods_list", {})
        took = time.perf_counter() - began
        peak = peer.peak_mb()
    return {
        "seconds": round(took, 2), "peak_mb": peak, "extra_mb": round(peak - before, 1), "characters": len(text)
    }  # fmt: skip


def _told(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


# ---- in a process of its own -------------------------------------------------------------------------------------


async def _listed() -> dict[str, Any]:
    """All pods read, judged and counted by `k8s_list`, while a watch is kept on the event loop."""
    from chat import hop
    from tools.catalogue import listing
    from tools.effects import Effect
    from tools.kube import connections, kubeconfig
    from tools.kube.client import KubeClient
    from tools.kube.guard import Permit
    from tools.kube.transport import Transport

    hop.take_short_turns()  # as the portal's process does at its start
    hop.put_away_what_stays()
    access = kubeconfig.read_context(Path(os.environ["KUBECONFIG"]), "admin")
    client = KubeClient(Transport("bench", access), Permit("bench", "bench", Effect.READ))
    await client.kinds()
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            at = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - at)

    before = _resident()
    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    found = await listing.list_objects(client, listing.ListArguments(kind="pods", sort="name", where="STATUS!=Gone"))
    took = time.perf_counter() - began
    watching.cancel()
    await connections.close_all()
    peak = _most_resident()
    return {
        "seconds": round(took, 2),
        "peak_mb": round(peak, 1),
        "extra_mb": round(peak - before, 1),
        "longest_block_ms": round(max(gaps) * 1000, 1),
        "counted": found.data["total"],
    }


def _resident() -> float:
    """Megabytes this process holds now."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def _most_resident() -> float:
    """Megabytes it ever held. The kernel's count for getrusage(2) begins with what the process that started it held."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    import tempfile

    import django
    import uvloop

    started = time.perf_counter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8smcp.settings")
    os.environ["K8SMCP_HOME"] = tempfile.mkdtemp()
    django.setup()
    import_module("tools.catalogue.listing")  # what a portal has loaded long before anybody asks
    ready = round(time.perf_counter() - started, 2)
    print(json.dumps({"start_seconds": ready, **uvloop.run(_listed())}))
