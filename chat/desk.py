"""What the portal itself tells a tool that goes to no cluster: kept results of one conversation, and the tools."""

from collections.abc import Sequence

from django.contrib.auth.models import User

from chat import given, policy
from chat.access import visible_to
from chat.hop import in_database
from chat.models import ToolCall
from tools import registry
from tools.kube.errors import NotFound
from tools.servers import offered
from tools.servers.offered import ServerTool
from tools.spec import Kept, Tool


class Desk:
    """`tools.spec.Desk` for one call: what its person may read, and use, now."""

    def __init__(self, call: ToolCall, person: User) -> None:
        self._conversation, self._token, self._person = call.run.conversation_id, call.run.token, person

    async def kept(self, ref: str) -> Kept:
        return await in_database(self._kept)(ref)

    def _kept(self, ref: str) -> Kept:
        calls = ToolCall.objects.filter(
            run__conversation=self._conversation, run__conversation__in=visible_to(self._person), ended_at__isnull=False
        )
        named = [call for call in calls.order_by("-requested_at").only("pk") if short(call) == ref]
        if not named:
            raise NotFound(f"There is no result {ref} in this conversation. Its name stands at its end.")
        call = calls.get(pk=named[0].pk)
        return Kept(call.tool, call.full or call.result, call.data)

    async def tools(self) -> Sequence[Tool]:
        return await in_database(usable)(self._person, self._token)


def short(call: ToolCall) -> str:
    return given.name(call.pk.hex)


def usable(user: User, token: str = "", known: tuple[str, ...] | None = None) -> tuple[Tool, ...]:
    """In stable order, the tools that a person may use somewhere. token: the scope of the access token they came by, ""
    for their own sign-in; known: the names of the clusters, if they have been read already. A tool of another MCP
    server is used at that server."""
    allowed = policy.effects(user, token, known)
    ours = tuple(tool for tool in registry.all_tools() if tool.effect in allowed)
    return ours + _of_servers(user, token, offered.all_tools())


def _of_servers(user: User, token: str, tools: Sequence[ServerTool]) -> tuple[Tool, ...]:
    if not tools:
        return ()
    who, in_force = policy.asker(user, token), policy.rules()

    def offered_here(tool: ServerTool) -> bool:
        return policy.of_server(who, tool, in_force).decision != "deny"

    return tuple(filter(offered_here, tools))
