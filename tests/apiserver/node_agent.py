"""The fake node agent: three nodes whose pods live by rules; run as a child process beside the control plane.

`python -m tests.apiserver.node_agent FOLDER SERVER`, FOLDER holding kubeconfig.yaml and the certificates.
"""

import asyncio
import datetime
import itertools
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.apiserver.agent import exec_server, log_server, metrics, node_log_server, nodes, volumes
from tests.apiserver.agent.client import Client, Key, Mirror, open_session
from tests.apiserver.agent.pod_rules import Occurrence, Surroundings, report
from tests.apiserver.control_plane import NODES

Object = dict[str, Any]


class NodeAgent:
    """Follows pods and what they refer to, and writes status and Events by `pod_rules`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._due: dict[Key, float] = {}
        self._born: dict[str, float] = {}
        self._told: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._addresses: dict[str, str] = {}
        self._numbers = itertools.count(2)
        self._woken = asyncio.Event()
        self.pods = Mirror(client, "/api/v1/pods", self._pod_changed)
        self.secrets = Mirror(client, "/api/v1/secrets", self._neighbour_changed)
        self.configmaps = Mirror(client, "/api/v1/configmaps", self._neighbour_changed)
        self.claims = Mirror(client, "/api/v1/persistentvolumeclaims", self._claim_changed)
        self.volumes = Mirror(client, "/api/v1/persistentvolumes", self._volume_changed)
        self._errands: asyncio.Queue[tuple[str, Key]] = asyncio.Queue()

    def mirrors(self) -> list[Mirror]:
        return [self.pods, self.secrets, self.configmaps, self.claims, self.volumes]

    async def tend_pods(self) -> None:
        """Report every pod when it changed or its time has come."""
        while True:
            now = time.monotonic()
            ripe = [key for key, due in self._due.items() if due <= now]
            for key in ripe:
                del self._due[key]
            await asyncio.gather(*(self._tend(key) for key in ripe))
            pause = min(self._due.values(), default=now + 60) - time.monotonic()
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), max(pause, 0.01))
            except TimeoutError:
                continue

    async def tend_volumes(self) -> None:
        """Serve claims and released volumes in the order in which they changed."""
        while True:
            kind, key = await self._errands.get()
            item = (self.claims if kind == "claim" else self.volumes).objects.get(key)
            if item is not None:
                await (volumes.serve_claim if kind == "claim" else volumes.release)(self._client, item)

    async def _tend(self, key: Key) -> None:
        pod = self.pods.objects.get(key)
        if pod is None or pod["spec"].get("nodeName") not in NODES:
            return
        if "deletionTimestamp" in pod["metadata"]:
            await self._end(pod)
        elif pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            await self._report(key, pod)

    async def _report(self, key: Key, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        born = self._born.setdefault(uid, time.monotonic())
        address = self._addresses.setdefault(uid, self._new_address())
        now = datetime.datetime.now(datetime.UTC)
        found = report(pod, Surroundings(now, time.monotonic() - born, address, self._exists))
        if found.look_again is not None:
            self._due[key] = time.monotonic() + found.look_again + 0.01
        current = pod.get("status", {})
        if any(current.get(name) != value for name, value in found.status.items()):
            status, answer = await self._client.merge(f"{_path(pod)}/status", {"status": found.status})
            if status == 200 and self.pods.objects.get(key) is pod:
                self.pods.objects[key] = answer
        for occurrence in found.occurrences:
            await self._tell(pod, occurrence)

    async def _end(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        for container in pod["spec"]["containers"]:
            await self._tell(pod, Occurrence("Normal", "Killing", f"Stopping container {container['name']}"))
        await self._client.send("DELETE", _path(pod), {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})
        self._born.pop(uid, None)

    async def _tell(self, pod: Object, what: Occurrence) -> None:
        meta = pod["metadata"]
        events = f"/api/v1/namespaces/{meta['namespace']}/events"
        known = (meta["uid"], what.reason, what.message)
        name, count = self._told.get(known, ("", 0))
        if count >= what.count:
            return
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if name:
            self._told[known] = (name, what.count)
            await self._client.merge(f"{events}/{name}", {"count": what.count, "lastTimestamp": stamp})
            return
        name = f"{meta['name']}.{time.time_ns():x}"
        self._told[known] = (name, what.count)
        await self._client.send("POST", events, _event(pod, what, name, stamp))

    def _exists(self, kind: str, namespace: str, name: str, entry: str | None) -> bool:
        found = (self.secrets if kind == "secret" else self.configmaps).objects.get((namespace, name))
        return found is not None and (entry is None or entry in (found.get("data") or {}))

    def _pod_changed(self, key: Key) -> None:
        self._due[key] = time.monotonic()
        self._woken.set()

    def _neighbour_changed(self, key: Key) -> None:
        for pod in [pod for pod in self.pods.objects if pod[0] == key[0]]:
            self._pod_changed(pod)

    def _claim_changed(self, key: Key) -> None:
        self._errands.put_nowait(("claim", key))

    def _volume_changed(self, key: Key) -> None:
        self._errands.put_nowait(("volume", key))

    def _new_address(self) -> str:
        number = next(self._numbers)
        return f"10.244.{number // 250 % 250}.{number % 250 + 1}"


async def run(folder: Path, server: str, authority: bytes) -> None:
    """Wait for the API server, register the nodes, then work until killed."""
    async with open_session(folder / "kubeconfig.yaml") as session:
        client = Client(server, session)
        await _until_ready(client)
        agent = NodeAgent(client)
        runner, port = await _serve(agent.pods, folder)
        await volumes.define_class(client)
        await metrics.register(client, port, authority)
        await asyncio.gather(*(nodes.register(client, name, port) for name in NODES))
        work = [mirror.follow() for mirror in agent.mirrors()]
        work += [nodes.keep_alive(client, name) for name in NODES]
        work += [agent.tend_pods(), agent.tend_volumes()]
        try:
            await asyncio.gather(*work)
        finally:
            await runner.cleanup()


async def _serve(pods: Mirror, folder: Path) -> tuple[web.AppRunner, int]:
    application = web.Application(middlewares=[metrics.plain_json_only])
    log_server.add_routes(application, pods)
    exec_server.add_routes(application)
    node_log_server.add_routes(application)
    metrics.add_routes(application, pods, NODES)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    return runner, runner.addresses[0][1]


async def _until_ready(client: Client) -> None:
    while True:
        try:
            async with client.session.get(f"{client.server}/readyz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _event(pod: Object, what: Occurrence, name: str, stamp: str) -> Object:
    meta = pod["metadata"]
    involved = {
        "kind": "Pod",
        "apiVersion": "v1",
        "name": meta["name"],
        "namespace": meta["namespace"],
        "uid": meta["uid"],
    }
    return {
        "metadata": {"name": name, "namespace": meta["namespace"]},
        "involvedObject": involved,
        "type": what.type,
        "reason": what.reason,
        "message": what.message,
        "count": what.count,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "source": {"component": "kubelet", "host": pod["spec"]["nodeName"]},
    }


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[1], "ca.crt").read_bytes()))
