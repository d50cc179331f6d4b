"""Probes of the last net and of the wire, each against a real server that counts: what they tell of must never be."""

import contextlib
import itertools
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import aiohttp
from aiohttp import web

from chat import tool_calls
from chat.actions import approvals, calls, leases, messages, people
from chat.agent.ports import Wish
from chat.asking import Question
from chat.audit.calls import Grounds
from chat.errors import LeaseLost, RunOver
from chat.models import Run, ToolCall
from tests.conftest import in_database
from tests.tools.api import ANYTHING, CLUSTER, Api, announced, answering, cut, permit, serving
from tools import policy
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import KubeError, NotSent
from tools.kube.guard import Asked, Permit
from tools.kube.identity import ActsAs
from tools.kube.plan import Passes, Step, wire
from tools.kube.resources import Resource, Target
from tools.kube.sending import Sending
from tools.kube.transport import Request
from tools.policy import Rule, Rules, Verdict, requests

POD = "/api/v1/namespaces/shop/pods/web-1"
MERGE = "application/merge-patch+json"
WRITES = (
    Request("POST", "/api/v1/namespaces/shop/pods", body=b"{}"),
    Request("PUT", POD, body=b"{}"),
    Request("PATCH", POD, body=b"{}", content_type=MERGE),
    Request("DELETE", POD),
    Request("POST", f"{POD}/eviction", body=b"{}"),
)
RUNS_CODE = (
    "/api/v1/nodes/node-1/proxy",
    "/api/v1/nodes/node-1/proxy/metrics",
    f"{POD}/exec",
    f"{POD}/attach",
    f"{POD}/portforward",
    f"{POD}/proxy",
    "/api/v1/namespaces/shop/services/web/proxy",
)


async def _reached(requests: tuple[Request, ...], given: Permit | None) -> list[str]:
    """Those of the requests that reached the server under this permit."""
    async with serving(answering({"kind": "Pod"})) as api:
        for request in requests:
            await _tried(api, request, given)
        return [f"{method} {path} reached the cluster" for method, path in api.seen]


async def _tried(api: Api, request: Request, given: Permit | None) -> None:
    with contextlib.suppress(KubeError):
        await api.transport().send(request, given)


async def ceilings_hold() -> list[str]:
    return await _reached(WRITES, permit(Effect.READ)) + await _reached(WRITES[3:], permit(Effect.CHANGE))


async def a_permit_is_for_its_cluster() -> list[str]:
    return await _reached((Request("GET", POD), *WRITES), permit(cluster=f"{CLUSTER}-2"))


async def nothing_leaves_without_a_permit() -> list[str]:
    return await _reached((Request("GET", POD), *WRITES), None)


async def a_denial_wins() -> list[str]:
    """A rule lets everybody do everything, and another keeps one namespace from them, in either order."""
    pair = (Rule("everything", "allow"), Rule("not-the-shop", "deny", namespaces=("shop",)))
    found: list[str] = []
    for rules in itertools.permutations(pair):
        judged = replace(permit(Effect.READ), judge=partial(_judged, Rules(rules)))
        found += await _reached((Request("GET", POD),), judged)
    return found


def _judged(in_force: Rules, asked: Asked, effect: Effect) -> Verdict:
    about = policy.Question("ann", frozenset(), CLUSTER, effect)
    return policy.judge(requests.question(about, asked, effect), in_force)


async def running_code_is_no_read() -> list[str]:
    return await _reached(tuple(Request("GET", path) for path in RUNS_CODE), permit(Effect.DESTROY))


async def rehearsals_change_nothing() -> list[str]:
    return await _reached(WRITES, permit(rehearsal=True))


async def nothing_leaves_unannounced() -> list[str]:
    async def refused(sending: Sending) -> float:
        raise NotSent("Not any more.")

    async def too_late(sending: Sending) -> float:
        return 0.0

    found = []
    for announce in (refused, too_late, None):
        found += await _reached(WRITES, Permit("call-1", CLUSTER, Effect.EXECUTE, announce=announce, plan=ANYTHING))
    return found


async def only_what_was_rehearsed_leaves() -> list[str]:
    """Without a plan nothing, with one its step, once, and not one byte of another."""
    step, other = WRITES[2], WRITES[3]
    found = []
    for plan in (None, Passes(())):
        found += await _reached(WRITES, Permit("call-1", CLUSTER, Effect.EXECUTE, announce=announced, plan=plan))
    once = Permit("call-1", CLUSTER, Effect.EXECUTE, announce=announced, plan=Passes([_step(step)]))
    found += await _reached((other, replace(step, body=b'{"a":1}'), replace(step, query={"force": "true"})), once)
    sent = await _reached((step, step), once)
    return found + sent[1:] + ([] if sent else ["what was rehearsed did not leave"])


def _step(request: Request) -> Step:
    sent = wire(request.method, request.path, request.query, request.content_type, request.body)
    return Step(verb="patch", group="", resource="pods", subresource="", namespace="shop", name="web-1",
                address=request.path, wire=sent, effect=Effect.CHANGE)  # fmt: skip


async def a_command_is_asked_for_once() -> list[str]:
    """The opening request of its WebSocket, on a connection that is cut and by a server that points elsewhere."""

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{POD}/exec?command=again"})

    found = []
    for handler in (cut, elsewhere):
        async with serving(handler) as api:
            with contextlib.suppress(KubeError, aiohttp.WSServerHandshakeError):
                await api.transport().websocket(f"{POD}/exec", [("command", "env")], ("v5.channel.k8s.io",), permit())
            found += ["the command was asked for again"] if len(api.seen) > 1 else []
    return found


async def requests_say_whom_they_are_for() -> list[str]:
    async with serving(answering({"kind": "Pod"})) as api:
        transport = api.transport(acts_as=ActsAs("jane", ("dev", "ops")), token="of-the-portal")
        for request in (Request("GET", POD), *WRITES):
            await transport.send(request, permit())
        return ["a request names nobody" for each in api.headers if each.get("Impersonate-User") != "jane"]


async def an_identity_for_looking_changes_nothing() -> list[str]:
    async with serving(answering({"kind": "Pod"})) as api:
        for request in WRITES:
            with contextlib.suppress(KubeError):
                await api.transport(no_changes="It is for looking only.").send(request, permit())
        return [f"{method} {path} reached the cluster" for method, path in api.seen]


async def answers_come_in_clean() -> list[str]:
    """Before any tool sees them, at any depth."""
    value = "aHVudGVyMi1odW50ZXIy"
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "keys"}, "data": {"token": value}}
    deep = {"kind": "Odd", "spec": {"template": {"items": [secret]}}}
    found = []
    for body in (secret, deep, {"kind": "SecretList", "items": [secret]}):
        async with serving(answering(body)) as api:
            told = json.dumps(await KubeClient(api.transport(), permit()).object(Request("GET", POD)))
            found += [f"a value of a Secret in {body['kind']}"] if value in told else []
    return found


async def masks_stay_out() -> list[str]:
    """What is shown in the place of a secret would take its place."""
    async with serving(answering({"kind": "Pod"})) as api:
        client = KubeClient(api.transport(), permit())
        pod = Target(Resource("", "v1", "Pod", "pods", "pod", namespaced=True), "shop", "web-1")
        for shown in ("<12 bytes>", "<12 bytes, fingerprint ab12cd>", "a <redacted token> b"):
            with contextlib.suppress(KubeError):
                await client.patch(pod, {"metadata": {"annotations": {"a": shown}}})
        return [f"{method} {path} wrote a mask" for method, path in api.seen]


async def writes_go_out_once() -> list[str]:
    """On a connection that is cut, and with servers that ask to come again."""
    busy = [answering({}, code, **{"Retry-After": "0"}) for code in (429, 500, 503)]
    found = []
    for handler in (cut, *busy):
        async with serving(handler) as api:
            for request in WRITES:
                await _tried(api, request, permit())
            again = len(api.seen) - len(WRITES)
            found += [f"{again} writes were sent again"] if again else []
    return found


async def an_approval_is_used_once() -> list[str]:
    """Two processes that both hold the run find one approval: one of them may begin."""
    return list(await in_database(_used_once))


def _used_once() -> list[str]:
    user = people.create(f"o-{uuid.uuid4().hex[:8]}", role="operator")
    run = Run.objects.get(pk=messages.send(user, "go").run_id)
    claim = leases.claim("probe")
    assert claim is not None
    wish = Wish("w", "namespace_create", {"name": "x"})
    call = _recorded(claim, run, wish)
    digest = "d" * 64
    approval = approvals.request(claim, call, "Make x", Question(plan={}, bound={}, digest=digest, rule="changing"))
    approvals.decide(user, approval.pk, "approve")
    run.refresh_from_db()
    claim = leases.claim("probe") or claim
    begun = [_begun(lambda: calls.begin_approved(claim, call, digest, Grounds())) for _ in range(2)]
    return ["an approval was used twice"] if begun.count(True) > 1 else []


def _begun(begin: Callable[[], bool]) -> bool:
    try:
        return begin()
    except (LeaseLost, RunOver):
        return False


def _recorded(claim: leases.Claim, run: Run, wish: Wish) -> ToolCall:
    call = tool_calls.record(run, wish)
    call.position = 1
    call.save()
    return call


PROBES: tuple[Callable[[], Awaitable[list[str]]], ...] = (
    ceilings_hold,
    a_permit_is_for_its_cluster,
    nothing_leaves_without_a_permit,
    running_code_is_no_read,
    rehearsals_change_nothing,
    nothing_leaves_unannounced,
    only_what_was_rehearsed_leaves,
    a_command_is_asked_for_once,
    requests_say_whom_they_are_for,
    an_identity_for_looking_changes_nothing,
    answers_come_in_clean,
    masks_stay_out,
    writes_go_out_once,
    an_approval_is_used_once,
)
