"""Logs of a node: asked for once, as approved, of names that can be no way out, and read within bounds."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import CLUSTER, Api, cut, permit, serving, status
from tests.tools.catalogue.conftest import Ask
from tools import registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import Ambiguous, BadInput, KubeError, NotPermitted
from tools.kube.guard import Permit
from tools.kube.plan import Passes, Recorder
from tools.kube.rehearsing import RehearsalEnds, RehearsalTransport
from tools.spec import Result

NODE = {"kind": "Node", "metadata": {"name": "n1", "uid": "u1"}}
CORE = {"resources": [{"name": "nodes", "kind": "Node", "namespaced": False, "verbs": ["get", "list"]}]}
LOGS = "/api/v1/nodes/n1/proxy/logs/"
LINKS = b'<a href="/api/v1/x">kern.log</a>\n<a href="audit/">audit/</a>\n<a href="b">a&amp;b</a>\n'
LISTING = b"<!doctype html>\n<pre>\n" + LINKS + b"</pre>"
OFF = "serves no logs: enableSystemLogHandler"
MEGABYTE = 1 << 20


def cluster(answer: Any) -> Any:
    """One node, and its kubelet: bytes, or a function that answers."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if "/proxy/" in request.path:
            said = web.Response(body=answer) if isinstance(answer, bytes) else await answer(request)
            return said if isinstance(said, web.StreamResponse) else web.Response()
        known = {"/api": {"kind": "APIVersions"}, "/apis": {"kind": "APIGroupList", "groups": []}, "/api/v1": CORE}
        return web.json_response(known.get(request.path, NODE))

    return handler


def saying(body: bytes, code: int = 200, kind: str = "text/plain", **headers: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=code, headers=headers, content_type=kind)

    return answer


async def read(api: Api, allowed: Permit | None = None, **asked: Any) -> Result:
    tool = registry.find("node_logs")
    return await tool.run(
        KubeClient(api.transport(), allowed or permit()), toolbox.parse(tool, {"node": "n1", **asked})
    )


def asked_of_the_kubelet(api: Api) -> list[str]:
    return [path for _, path in api.seen if "/proxy/" in path]


async def test_the_log_of_a_service_is_filtered_here_and_never_by_the_kubelet() -> None:
    said = [b"Failed" if n % 7 else b"fine " + b"abcdefghi"[n // 7 : n // 7 + 1] for n in range(60)]
    log = b"".join(b"Nov 26 10:00:%02d n1 kubelet[1]: %s\n" % (n, words) for n, words in enumerate(said))
    async with serving(cluster(log)) as api:
        at = replace(permit(), moment=datetime(2026, 11, 26, 10, 30, tzinfo=UTC))
        found = await read(api, at, service="kubelet", since="30m", match="fine", exclude="10:00:00", tail=3)
        assert found.header == "3 of 60 scanned lines match in the log of kubelet on node n1."
        assert [line.split()[2] for line in found.data["lines"]] == ["10:00:42", "10:00:49", "10:00:56"]
        assert asked_of_the_kubelet(api) == [f"{LOGS}?query=kubelet&tailLines=5000&sinceTime=2026-11-26T10%3A00%3A00Z"]
        api.seen.clear()
        found = await read(api, service="kubelet", tail=50)
        assert asked_of_the_kubelet(api) == [f"{LOGS}?query=kubelet&tailLines=50"]
        assert found.header.startswith("50 lines of the log of kubelet on node n1")


async def test_a_file_is_read_from_its_end() -> None:
    part = b"f a line\nlast but one\nlast\n"
    range_ = {"Content-Range": f"bytes 50000000-50000026/{50 * MEGABYTE}"}
    async with serving(cluster(saying(part, 206, **range_))) as api:
        found = await read(api, file="audit/shop_web/0.log")
        assert asked_of_the_kubelet(api) == [f"{LOGS}audit/shop_web/0.log"]
        assert api.headers[-1]["Range"] == f"bytes=-{4 * MEGABYTE}"
    assert found.data["lines"] == ["last but one", "last"]
    assert found.header == "2 lines of the log of audit/shop_web/0.log on node n1; its last 27 bytes of 50 MiB read."


async def test_files_are_listed() -> None:
    async with serving(cluster(saying(LISTING, kind="text/html"))) as api:
        found = await read(api)
        assert found.text == "3 log files and directories on node n1.\nkern.log\naudit/\na&b"
        await read(api, file="audit/")
        assert asked_of_the_kubelet(api) == [LOGS, f"{LOGS}audit/"]


OLD = saying(LISTING, kind="text/html")


@pytest.mark.parametrize(
    ("answer", "asked", "says"),
    [
        (OLD, {"service": "kubelet"}, "knows no log queries.*name one in file"),
        (saying(b"logs endpoint is disabled.\n", 405), {"service": "kubelet"}, OFF),
        (saying(b"404 page not found\n", 404), {"service": "kubelet"}, OFF),
        (saying(b"404 page not found\n", 404), {"file": "x.log"}, 'There is no log "x.log" on node n1'),
        (saying(b"Forbidden (user=a, verb=get)", 403), {"file": "x.log"}, "does not let the API server read its logs"),
        (saying(b"", 301, Location="audit/"), {"file": "audit"}, "audit is a directory: write audit/ to list it"),
        (saying(b"tailLines: Invalid value", 400), {"service": "a"}, "refuses this: tailLines: Invalid value"),
        (saying(b"\nlog not found for ghost\n"), {"service": "ghost"}, "has no log of ghost"),
        (
            saying(b"\noptions present and query resolved to log files for [a]\ntry without specifying options\n"),
            {"service": "a"},
            "a writes its log to a file",
        ),
        (saying(b"\nerror: journal output not available\n"), {"service": "a"}, "has no log of a"),
        (saying(b"\x1f\x8b\x08\x00\x00 rubbish"), {"file": "x.gz"}, "x.gz on node n1 is no text"),
        (saying(b"not a listing"), {"file": "x/"}, "does not list"),
        (status(503, "ServiceUnavailable", "dial tcp 10.0.0.1:10250: connection refused"), {}, "does not reach the"),
        (status(403, "Forbidden", 'User "x" cannot get resource "nodes/proxy"'), {}, "nodes/proxy"),
        (cut, {"service": "kubelet"}, "did not come to its end"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_told_in_a_sentence(answer: Any, asked: dict[str, str], says: str) -> None:
    async with serving(cluster(answer)) as api:
        with pytest.raises(KubeError, match=f"(?s){says}") as fault:
            await read(api, **asked)
        assert len(asked_of_the_kubelet(api)) == 1
    assert fault.value.sentence.endswith((".", ")"))
    assert isinstance(fault.value, Ambiguous) is (answer is cut)


HOSTILE = ["../x", "a/../b", "/etc/shadow", "a//b", "a/./b", ".ssh", "a%2fb", "a b", "-x", "a?b=c", "x" * 301, "", "/"]


@pytest.mark.parametrize("asked", [{"file": name} for name in HOSTILE] + [{"service": name} for name in HOSTILE])
async def test_a_name_that_may_lead_elsewhere_is_refused_before_anything_is_sent(asked: dict[str, str]) -> None:
    async with serving(cluster(b"secret")) as api:
        with pytest.raises(BadInput, match="is not a"):
            await read(api, **asked)
        assert api.seen == []


async def test_one_thing_is_asked_for_at_a_time_and_no_log_of_a_pod() -> None:
    async with serving(cluster(b"")) as api:
        for file in ("pods/", "pods", "pods/shop_web_u1/app/0.log", "containers/x.log"):
            with pytest.raises(BadInput, match="read with k8s_logs, under the rules of their namespace"):
                await read(api, file=file)
        with pytest.raises(BadInput, match="one of them"):
            await read(api, service="kubelet", file="x.log")
        with pytest.raises(BadInput, match="since goes with service"):
            await read(api, file="x.log", since="5m")
        assert api.seen == []


@pytest.mark.parametrize("asked", [{"service": "kubelet"}, {"file": "x.log"}, {}])
async def test_a_log_without_an_end_stays_small_in_memory(asked: dict[str, str]) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\xff\x1b[31m binary " * 4096)

    async with serving(cluster(endless)) as api:
        tracemalloc.start()
        told = ""
        try:
            told = (await read(api, **asked)).text
        except KubeError as fault:
            told = str(fault)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "does not list" in told if not asked else "cut at 4 MiB" in told
    assert "\x1b" not in told
    assert len(told) < 3000
    assert peak < 60 * MEGABYTE


async def test_only_what_was_rehearsed_leaves_and_once() -> None:
    at = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
    asked = {"service": "kubelet", "since": "5m"}
    async with serving(cluster(b"a line\n")) as api:
        recorder = Recorder()
        trial = KubeClient(
            RehearsalTransport(CLUSTER, api.access(), recorder), replace(permit(rehearsal=True), moment=at)
        )
        tool = registry.find("node_logs")
        with pytest.raises(RehearsalEnds):
            await tool.run(trial, toolbox.parse(tool, {"node": "n1", **asked}))
        assert asked_of_the_kubelet(api) == []
        (step,) = recorder.steps
        assert (step.verb, step.effect, step.resource, step.subresource) == ("run", Effect.EXECUTE, "nodes", "proxy")
        assert (step.address, step.whole) == ("/api/v1/nodes/n1", NODE)
        allowed = replace(permit(), plan=Passes([step]), moment=at)
        with pytest.raises(NotPermitted):
            await read(api, allowed, service="containerd", since="5m")
        assert (await read(api, allowed, **asked)).data["lines"] == ["a line"]
        with pytest.raises(NotPermitted):
            await read(api, allowed, **asked)


async def test_the_nodes_of_the_demo_cluster_have_logs(ask: Ask) -> None:
    pods = await ask("k8s_list", kind="pods", where="STATUS=CrashLoopBackOff")
    node = next(word for word in pods.text.split() if word.startswith("node-"))
    failing = await ask("node_logs", node=node, service="kubelet", match="CrashLoopBackOff", since="20m")
    assert "match in the log of kubelet on node" in failing.text
    assert 'Error syncing pod, skipping" err="failed to' in failing.text
    assert (await ask("node_logs", node=node)).text == f"2 log files and directories on node {node}.\napt/\nkern.log"
    assert "eth0: link is up" in (await ask("node_logs", node=node, file="kern.log")).text
    assert (await ask("node_logs", node=node, file="apt/")).data["names"] == ["history.log"]
    assert "has no log of ghost" in (await ask("node_logs", node=node, service="ghost")).text
    assert "is a directory" in (await ask("node_logs", node=node, file="apt")).text
    assert "Did you mean node-" in (await ask("node_logs", node="node-9")).text
