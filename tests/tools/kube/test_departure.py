"""A change is written down when nothing is left but to write it to the wire; otherwise it does not leave."""

import asyncio
import signal
import subprocess
import sys

import pytest
from aiohttp import web

from tests.freezing import until_frozen
from tests.tools.api import ANYTHING, Api, answering, cut, in_turn, serving
from tools.effects import Effect
from tools.kube.errors import Ambiguous, NotPermitted, NotSent
from tools.kube.execution import execute
from tools.kube.guard import Permit, clock
from tools.kube.resources import Resource, Target
from tools.kube.sending import Sending
from tools.kube.transport import Request

POD = "/api/v1/namespaces/shop/pods/web-1"
OK = answering({"kind": "Pod", "metadata": {"uid": "u1"}})
PODS = Resource("", "v1", "Pod", "pods", "pod", True)
WEB = Target(PODS, "shop", "web-1")
METHODS = ("POST", "PUT", "PATCH", "DELETE")


class Record:
    """Keeps what is announced, with how many requests the cluster had seen by then."""

    def __init__(self, api: Api, *, seconds: float = 5, fault: Exception | None = None) -> None:
        self.api, self.seconds, self.fault = api, seconds, fault
        self.announced: list[tuple[Sending, int]] = []

    async def announce(self, sending: Sending) -> float:
        self.announced.append((sending, len(self.api.seen)))
        until = clock() + self.seconds
        await asyncio.sleep(0.05)
        if self.fault is not None:
            raise self.fault
        return until

    def permit(self, ceiling: Effect = Effect.EXECUTE) -> Permit:
        return Permit("call-1", "test", ceiling, announce=self.announce, plan=ANYTHING)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("used_before", [False, True], ids=["new connection", "used connection"])
async def test_a_change_is_announced_before_its_first_byte(method: str, used_before: bool) -> None:
    async with serving(OK) as api:
        record = Record(api)
        if used_before:
            await api.transport().send(Request("GET", POD), record.permit())
        await api.transport().send(Request(method, POD, body=b"{}"), record.permit())
        assert [seen for _, seen in record.announced] == [int(used_before)]
        assert api.sent(method) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_change_that_could_not_be_announced_does_not_leave(method: str) -> None:
    async with serving(OK) as api:
        record = Record(api, fault=NotSent("somebody else has the run"))
        with pytest.raises(NotSent, match="somebody else"):
            await api.transport().send(Request(method, POD, body=b"{}"), record.permit())
        assert api.seen == []


@pytest.mark.parametrize("method", METHODS)
async def test_a_change_whose_time_has_passed_does_not_leave(method: str) -> None:
    async with serving(OK) as api:
        with pytest.raises(NotSent, match="stood still"):
            await api.transport().send(Request(method, POD, body=b"{}"), Record(api, seconds=0.01).permit())
        assert api.seen == []


async def test_the_connection_is_usable_again_after_a_change_that_did_not_leave() -> None:
    async with serving(OK) as api:
        with pytest.raises(NotSent):
            await api.transport().send(Request("DELETE", POD), Record(api, seconds=-1).permit())
        assert (await api.transport().send(Request("DELETE", POD), Record(api).permit())).status == 200


async def test_a_change_nobody_records_does_not_leave() -> None:
    async with serving(OK) as api:
        with pytest.raises(NotPermitted, match="keeps a record"):
            await api.transport().send(Request("DELETE", POD), Permit("call-1", "test", Effect.DESTROY, plan=ANYTHING))
        assert api.seen == []


async def test_a_rehearsal_and_a_question_change_nothing_and_need_no_record() -> None:
    async with serving(OK) as api:
        rehearsal = Permit("call-1", "test", Effect.CHANGE, rehearsal=True)
        await api.transport().send(Request("PATCH", POD, {"dryRun": "All"}, b"{}"), rehearsal)
        review = Request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=b"{}")
        await api.transport().send(review, Permit("call-1", "test", Effect.READ))
        assert len(api.seen) == 2


async def test_what_the_http_library_would_send_again_is_announced_once() -> None:
    async with serving(in_turn(OK, cut)) as api:
        record = Record(api)
        await api.transport().send(Request("GET", POD), record.permit())
        with pytest.raises(Ambiguous):
            await api.transport().send(Request("PUT", POD, body=b"{}"), record.permit())
        assert len(record.announced) == 1


async def test_several_at_once_are_each_announced_as_themselves() -> None:
    async with serving(OK) as api:
        record, transport = Record(api), api.transport()
        changes = [
            Request("DELETE", POD, sending=Sending("delete", f"{POD}{n}", f"pod {n}")) for n in range(8)
        ]  # fmt: skip
        await asyncio.gather(*(transport.send(change, record.permit()) for change in changes))
        assert sorted(sending.words for sending, _ in record.announced) == [f"pod {n}" for n in range(8)]


async def test_a_command_is_announced_before_it_is_asked_for() -> None:
    async with serving(answering({}, 500)) as api:
        record = Record(api, fault=NotSent("too late"))
        with pytest.raises(NotSent):
            await execute(api.transport(), record.permit(), WEB, "app", ["ls"], 5)
        assert api.seen == []
        assert [(sending.verb, sending.words) for sending, _ in record.announced] == [("run", "pod web-1 in shop")]


async def test_a_command_whose_connection_breaks_may_have_run() -> None:
    async with serving(cut) as api:
        with pytest.raises(Ambiguous):
            await execute(api.transport(), Record(api).permit(), WEB, "app", ["ls"], 5)


async def test_a_client_whose_change_did_not_leave_has_written_nothing() -> None:
    async with serving(OK) as api:
        client = api.client()
        client.permit = Record(api, seconds=-1).permit()
        with pytest.raises(NotSent):
            await client.delete(WEB, {})
        assert not client.wrote


async def test_what_the_call_saw_before_is_announced_with_the_change() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        meta = {"uid": "u1", "resourceVersion": "7", "managedFields": [{"manager": "kubectl", "operation": "Update"}]}
        return web.json_response({"kind": "Pod", "apiVersion": "v1", "metadata": meta})

    async with serving(answer) as api:
        client, record = api.client(), Record(api)
        client.permit = record.permit()
        assert "managedFields" not in (await client.get(WEB))["metadata"]
        await client.patch(WEB, {"spec": {}})
        before = record.announced[0][0].before
        assert before is not None
        assert (before.uid, before.version, before.managers) == ("u1", "7", ("kubectl",))


# ---- a process that is frozen at the very last moment ------------------------------------------------------------

FROZEN = """
import asyncio, os, signal, sys
from tools.effects import Effect
from tools.kube.errors import KubeError
from tools.kube.guard import Permit, clock
from tools.kube.kubeconfig import Access
from tools.kube.transport import Request, Transport

class Anything:
    def spend(self, sent):
        return True

async def announce(sending):
    until = clock() + 1
    os.kill(os.getpid(), signal.SIGSTOP)
    return until

async def main():
    transport = Transport("test", Access(name="test", server=sys.argv[1]))
    permit = Permit("call-1", "test", Effect.CHANGE, announce=announce, plan=Anything())
    try:
        await transport.send(Request("POST", "/api/v1/namespaces", body=b"{}"), permit)
        print("sent")
    except KubeError as fault:
        print(fault.code)

asyncio.run(main())
"""


@pytest.mark.parametrize(("seconds", "said", "arrived"), [(1.5, "not_sent", 0), (0.0, "sent", 1)])
async def test_a_process_that_is_frozen_between_the_record_and_the_wire(
    seconds: float, said: str, arrived: int
) -> None:
    async with serving(answering({"kind": "Namespace"}, 201)) as api:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", FROZEN, api.server, stdout=subprocess.PIPE)
        try:
            await until_frozen(process.pid)
            assert api.seen == []
            await asyncio.sleep(seconds)
            process.send_signal(signal.SIGCONT)
            out, _ = await asyncio.wait_for(process.communicate(), 30)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert out.decode().strip() == said
        assert len(api.seen) == arrived
