"""Probes of the last net and of the wire, each against a real server that counts: what they tell of must never be."""

import contextlib
import uuid
from collections.abc import Awaitable, Callable

from chat import tool_calls
from chat.actions import approvals, calls, leases, messages, people
from chat.agent.ports import Wish
from chat.errors import LeaseLost, RunOver
from chat.models import Run, ToolCall
from tests.conftest import in_database
from tests.tools.api import CLUSTER, Api, answering, cut, permit, serving
from tools.effects import Effect
from tools.kube.errors import KubeError, NotSent
from tools.kube.guard import Permit
from tools.kube.sending import Sending
from tools.kube.transport import Request

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
        found += await _reached(WRITES, Permit("call-1", CLUSTER, Effect.EXECUTE, announce=announce))
    return found


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
    approval = approvals.request(claim, call, "Make x", user.username)
    approvals.decide(user, approval.pk, "approve")
    run.refresh_from_db()
    claim = leases.claim("probe") or claim
    begun = [_begun(lambda: calls.begin_approved(claim, call, user.username)) for _ in range(2)]
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
    writes_go_out_once,
    an_approval_is_used_once,
)
