"""What people do about an approval, by a word: each goes through a door, or is a mishap of the world."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.utils import timezone

from chat.actions import people, tokens
from chat.models import Approval, ToolCall
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database

if TYPE_CHECKING:
    from tests.hostile.campaign import Telling


@dataclass(frozen=True)
class Asked:
    """An approval that waits, and the telling it belongs to."""

    telling: "Telling"
    approval: str

    async def decide(self, token: str, decision: str) -> int:
        answer = await Api(token).post(f"/api/v1/approvals/{self.approval}/decision", {"decision": decision})
        return int(answer.status_code)

    async def change(self, **fields: Any) -> None:
        await in_database(Approval.objects.filter(pk=self.approval).update, **fields)

    async def change_call(self, **fields: Any) -> None:
        await in_database(ToolCall.objects.filter(approvals__pk=self.approval).update, **fields)

    async def somebody(self, role: str) -> str:
        """The token of another person with this role."""
        user = await in_database(people.create, f"{role}-{uuid.uuid4().hex[:8]}", role=role)
        return str(await in_database(tokens.create, user))

    async def acting(self, **fields: Any) -> None:
        await in_database(User.objects.filter(pk=self.telling.user.pk).update, **fields)


async def silence(asked: Asked) -> None:
    """Nobody answers."""


async def approve(asked: Asked) -> None:
    assert await asked.decide(asked.telling.token, "approve") in (200, 409)


async def own_yes_is_no_yes(asked: Asked) -> None:
    """Where a second person is needed the first one's yes is none."""
    await asked.decide(asked.telling.token, "approve")


async def second_person_approves(asked: Asked) -> None:
    assert await asked.decide(asked.telling.token, "approve") == 403
    assert await asked.decide(await asked.somebody("approver"), "approve") == 200


async def reject(asked: Asked) -> None:
    await asked.decide(asked.telling.token, "reject")


async def approve_twice(asked: Asked) -> None:
    await asyncio.gather(*(asked.decide(asked.telling.token, "approve") for _ in range(4)))


async def approve_over_the_socket_twice(asked: Asked) -> None:
    for number in range(2):
        frame = {"type": "decide", "id": f"{asked.approval[:8]}-{number}", "approval_id": asked.approval}
        await asked.telling.client.say(frame | {"decision": "approve"})
    await asked.telling.hear("approval_decided", approval_id=asked.approval)


async def expire_then_approve(asked: Asked) -> None:
    await asked.change(expires_at=timezone.now() - timedelta(seconds=1))
    assert await asked.decide(asked.telling.token, "approve") == 409


async def reject_then_approve(asked: Asked) -> None:
    await asked.decide(asked.telling.token, "reject")
    assert await asked.decide(asked.telling.token, "approve") == 409


async def stop_then_approve(asked: Asked) -> None:
    await asked.telling.stop()
    await asked.telling.ended()
    assert await asked.decide(asked.telling.token, "approve") == 409


async def stranger_approves(asked: Asked) -> None:
    assert await asked.decide(await asked.somebody("operator"), "approve") in (403, 404)


async def viewer_approves(asked: Asked) -> None:
    assert await asked.decide(await asked.somebody("viewer"), "approve") in (403, 404)


async def auditor_approves(asked: Asked) -> None:
    assert await asked.decide(await asked.somebody("auditor"), "approve") in (403, 404)


async def write_scope_approves(asked: Asked) -> None:
    token = await in_database(tokens.create, asked.telling.user, scope="write")
    assert await asked.decide(token, "approve") == 403


async def read_scope_approves(asked: Asked) -> None:
    token = await in_database(tokens.create, asked.telling.user, scope="read")
    assert await asked.decide(token, "approve") == 403


async def anonymous_approves(asked: Asked) -> None:
    assert await asked.decide("k8smcp_nobody", "approve") == 401


async def demote_then_approve(asked: Asked) -> None:
    """The person loses their role; an approver says yes to what they asked for before."""
    token = await asked.somebody("approver")
    await in_database(people.give_role, asked.telling.user, "viewer")
    await asked.decide(token, "approve")


async def deactivate_then_approve(asked: Asked) -> None:
    token = await asked.somebody("approver")
    await asked.acting(is_active=False)
    await asked.decide(token, "approve")


async def approver_is_demoted(asked: Asked) -> None:
    """Whoever said yes may not decide any more, before anything has left."""
    name = f"approver-{uuid.uuid4().hex[:8]}"
    approver = await in_database(people.create, name, role="approver")
    token = await in_database(tokens.create, approver)
    await in_database(people.give_role, approver, "viewer")
    await asked.decide(token, "approve")


async def tamper_arguments_then_approve(asked: Asked) -> None:
    there = {"kind": "configmap", "name": "other", "namespace": asked.telling.names["ns"]}
    changed = there | {"patch": {"data": {"mode": "tampered"}}}
    await asked.change_call(arguments=changed, sealed=None)
    await asked.decide(asked.telling.token, "approve")


async def tamper_tool_then_approve(asked: Asked) -> None:
    await asked.change_call(tool="k8s_delete")
    await asked.decide(asked.telling.token, "approve")


async def tamper_cluster_then_approve(asked: Asked) -> None:
    await asked.change_call(cluster="elsewhere")
    await asked.decide(asked.telling.token, "approve")


async def touch_settings_then_approve(asked: Asked) -> None:
    """Between the question and the answer somebody else changes the object."""
    await asked.telling.ground.touch(asked.telling.names["ns"], "/api/v1/namespaces/{ns}/configmaps/settings")
    await asked.decide(asked.telling.token, "approve")


async def touch_web_then_approve(asked: Asked) -> None:
    await asked.telling.ground.touch(asked.telling.names["ns"], "/apis/apps/v1/namespaces/{ns}/deployments/web")
    await asked.decide(asked.telling.token, "approve")


async def replace_settings_then_approve(asked: Asked) -> None:
    """The object is another one by now: deleted and made anew under its name."""
    ns, ground = asked.telling.names["ns"], asked.telling.ground
    path = f"/api/v1/namespaces/{ns}/configmaps"
    await ground.ask("DELETE", f"{path}/settings")
    await ground.ask("POST", path, {"metadata": {"name": "settings"}, "data": {"mode": "precious"}})
    await asked.decide(asked.telling.token, "approve")


async def race(asked: Asked) -> None:
    """Yes and no at once; whichever wins, it is one. Judged as "at most once"."""
    token = await asked.somebody("approver")
    await asyncio.gather(asked.decide(asked.telling.token, "reject"), asked.decide(token, "reject"))


async def wrong_id(asked: Asked) -> None:
    for wrong in (str(uuid.uuid4()), "0" * 32, asked.approval[:-1] + "x", asked.approval.upper() + "0"):
        answer = await Api(asked.telling.token).post(f"/api/v1/approvals/{wrong}/decision", {"decision": "approve"})
        assert answer.status_code in (404, 422)


async def odd_decision(asked: Asked) -> None:
    for word in ("Approve", "approved", "yes", True, 1, None, ["approve"], {"decision": "approve"}, "approve\u200b"):
        answer = await Api(asked.telling.token).post(f"/api/v1/approvals/{asked.approval}/decision", {"decision": word})
        assert answer.status_code == 422, word


PEOPLE: dict[str, Callable[[Asked], Awaitable[None]]] = {
    name: act for name, act in list(globals().items()) if asyncio.iscoroutinefunction(act)
}
